"""The face of a backend: what starts workers, gives them jobs and hears of their answers.

Which job goes to which worker, and what is done when a worker dies, is the same for all backends
and stands in :mod:`scratchcard.workers.pool`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Literal, NamedTuple, Protocol

__all__ = ["Backend", "Event", "Work", "WorkersError"]

Work = Callable[[Any], Any]
"""What is done with a job. It is pickled, so it is a function of a module that workers can import,
a ``functools.partial`` of one, or an instance of a class with ``__call__``."""


class WorkersError(RuntimeError):
    """Workers that cannot be started, or that cannot work; it says why."""


class Event(NamedTuple):
    """What became of a worker.

    Attributes
    ----------
    worker : object
        Which one.
    kind : str
        ``"ready"`` once it has started; ``"done"`` and ``"failed"`` end its job; ``"failed"``
        instead of ``"ready"`` says that it cannot work; ``"died"`` says that it is no more.
    value : object
        The result of a job that is done, the exception of what failed, and what is known about a
        death.
    """

    worker: Hashable
    kind: Literal["ready", "done", "failed", "died"]
    value: Any = None


class Backend(Protocol):
    """Where workers are. Each does one job at a time.

    A backend is given its :data:`Work` when it is made, and sends it to each worker once.
    """

    @property
    def n_workers(self) -> int:
        """How many workers there can be at a time."""
        ...

    def start(self) -> Hashable:
        """Start a worker and return it; an event says when it is ready."""
        ...

    def begin(self, worker: Hashable, job: Any) -> None:
        """Give a job to a worker that is ready and has none."""
        ...

    def events(self, seconds: float) -> list[Event]:
        """Wait for events, at most so long, and return those that there are.

        Raises
        ------
        WorkersError
            If no worker can be started.
        """
        ...

    def close(self) -> None:
        """End all workers at once, whatever they do."""
        ...

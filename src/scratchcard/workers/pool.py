"""Gives jobs to workers, and gives a job again when its worker dies.

Jobs are pure: doing one again gives the same result. So which worker does a job, in which order,
and how many workers die meanwhile, changes no result.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from scratchcard.workers.face import Backend, Event, WorkersError

SECONDS_BETWEEN_CHECKS = 0.1  # how long an interrupt may wait to be noticed
MOST_DEATHS = 3  # of workers in a row, by one job or while they start


def never() -> bool:
    """Return False: nothing asks to stop."""
    return False


@dataclass
class _Job:
    key: Hashable
    job: Any
    deaths: int = 0


class Workers:
    """Workers of a backend, started as they are needed and ended with the context.

    Parameters
    ----------
    backend : Backend
        Where they are. It is closed when the context is left.

    Examples
    --------
    >>> from functools import partial
    >>> from scratchcard.workers import workers
    >>> with workers(partial(pow, 2), n_workers=1) as pool:
    ...     pool.begin("a", 10)
    ...     pool.next_result()
    ('a', 1024)
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._waiting: deque[_Job] = deque()
        self._busy: dict[Hashable, _Job] = {}
        self._idle: list[Hashable] = []
        self._starting: set[Hashable] = set()
        self._home: dict[Hashable, Hashable] = {}  # which worker did the last job of a key
        self._events: deque[Event] = deque()
        self._failed_starts = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._backend.close()

    @property
    def n_workers(self) -> int:
        """How many jobs go on at a time."""
        return self._backend.n_workers

    @property
    def n_unfinished(self) -> int:
        """How many jobs were begun and have no result yet."""
        return len(self._waiting) + len(self._busy)

    @property
    def has_room(self) -> bool:
        """Whether another job would find a worker without one."""
        return self.n_unfinished < self.n_workers

    def begin(self, key: Hashable, job: Any) -> None:
        """Begin a job, or let it wait until a worker is free.

        Parameters
        ----------
        key : hashable
            Returned with the result. A job goes to the worker that did the last job of this key,
            where that one is free when the job's turn comes; so a worker may keep what only the
            jobs of a key need.
        job : object
            What ``work`` is called with; pickled.
        """
        self._waiting.append(_Job(key, job))
        self._give_out()

    def next_result(self, stop: Callable[[], bool] = never) -> tuple[Hashable, Any]:
        """Wait for a job to be done; return its key and its result.

        Parameters
        ----------
        stop : callable
            Asked several times a second.

        Raises
        ------
        KeyboardInterrupt
            If ``stop`` returned True.
        MemoryError
            If workers died of the job, which is usually for want of memory.
        WorkersError
            If no worker can be started.
        Exception
            Whatever ``work`` raised, with the worker's traceback as a note.
        """
        while True:
            while not self._events:
                if stop():
                    raise KeyboardInterrupt
                self._events.extend(self._backend.events(SECONDS_BETWEEN_CHECKS))
            event = self._events.popleft()
            if event.kind in ("failed", "died") and stop():
                raise KeyboardInterrupt  # what ended the worker may have been meant for all of us
            job = self._after(event)
            self._give_out()
            if event.kind == "failed":
                raise event.value
            if event.kind == "done":
                assert job is not None
                return job.key, event.value

    def _after(self, event: Event) -> _Job | None:
        """Take note of an event; return the job that it was about."""
        worker = event.worker
        job = self._busy.pop(worker, None)
        if event.kind == "died":
            self._mourn(worker, job, event.value)
        elif event.kind != "failed" or job is not None:
            self._starting.discard(worker)
            self._failed_starts = 0
            self._idle.append(worker)
        return job

    def _mourn(self, worker: Hashable, job: _Job | None, why: str | None) -> None:
        """Let the job of a worker that died be done again, unless it is what workers die of."""
        if worker in self._idle:
            self._idle.remove(worker)
        if worker in self._starting:
            self._starting.remove(worker)
            self._failed_starts += 1
            if self._failed_starts == MOST_DEATHS:
                raise WorkersError(
                    f"{MOST_DEATHS} workers in a row ended as they were started"
                    + (f": {why}" if why else "")
                )
        if job is not None:
            job.deaths += 1
            if job.deaths == MOST_DEATHS:
                raise self._ended()
            self._waiting.appendleft(job)

    def _ended(self) -> MemoryError:
        if self.n_workers == 1:
            return MemoryError(
                f"the worker was ended, {MOST_DEATHS} times in a row by the same job; there may be "
                "too little memory"
            )
        return MemoryError(
            f"one of {self.n_workers} workers was ended, {MOST_DEATHS} times in a row by the same "
            "job; try fewer"
        )

    def _give_out(self) -> None:
        """Give waiting jobs to idle workers, and start workers for the others."""
        for worker in list(self._idle):
            job = next((job for job in self._waiting if self._home.get(job.key) == worker), None)
            if job is not None:
                self._give(job, worker)
        while self._idle and self._waiting:
            self._give(next(filter(self._is_homeless, self._waiting), self._waiting[0]))
        n_workers = len(self._idle) + len(self._busy) + len(self._starting)
        for _ in range(min(len(self._waiting) - len(self._starting), self.n_workers - n_workers)):
            self._starting.add(self._backend.start())

    def _is_homeless(self, job: _Job) -> bool:
        """Whether no living worker did the last job of this key."""
        return self._home.get(job.key) not in self._busy

    def _give(self, job: _Job, worker: Hashable | None = None) -> None:
        """Give a waiting job to an idle worker, the one that has been idle for the longest time."""
        worker = self._idle[0] if worker is None else worker
        self._waiting.remove(job)
        self._idle.remove(worker)
        self._busy[worker] = job
        self._home[job.key] = worker
        self._backend.begin(worker, job.job)

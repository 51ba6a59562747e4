"""Checkpoint: saves the population at intervals, so that no search is lost with its process."""

from __future__ import annotations

import contextlib
import math
import os
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from scratchcard.search.callbacks.base import Callback
from scratchcard.search.population import Population

if TYPE_CHECKING:
    from scratchcard.search.loop import Loop

SECONDS = 30.0  # from one save to the next, by default
SHARE = 0.005  # of the time may go into copying the state, and as much into saving it

Complain = Callable[[str], object]


def warn(message: str) -> None:
    """Warn of a checkpoint that could not be saved."""
    warnings.warn(message, stacklevel=2)


@contextlib.contextmanager
def told(path: str | os.PathLike[str], complain: Complain) -> Iterator[None]:
    """Tell of a checkpoint that cannot be written in the context, which is no reason to stop.

    Parameters
    ----------
    path : str or path-like
        The file.
    complain : callable
        Is told in a line.
    """
    try:
        yield
    except OSError as error:
        complain(
            f"could not save the search to {os.fspath(path)!r}: {error.strerror or error}; it goes "
            "on, and what was saved before is whole"
        )


class Pace:
    """Says when something is due, so that it takes a small share of the time at most.

    Parameters
    ----------
    seconds : float
        Least time between two times that it is done.

    Raises
    ------
    ValueError
        For a number of seconds that is negative or not finite.
    """

    def __init__(self, seconds: float = 0.0) -> None:
        if not 0 <= seconds < math.inf:
            raise ValueError(f"seconds takes a number from 0, got {seconds!r}")
        self.seconds = seconds
        self._due = -math.inf

    @property
    def is_due(self) -> bool:
        """Whether to do it now."""
        return time.monotonic() >= self._due

    def do(self, work: Callable[[], object]) -> None:
        """Do it.

        Parameters
        ----------
        work : callable
            What is to be done; how long it takes says when it is due again.
        """
        began = time.monotonic()
        work()
        ended = time.monotonic()
        self._due = ended + max(self.seconds, (ended - began) / SHARE)


class Snapshots(Callback):
    """Keeps the state of a search as some generation has left it; a subclass does more with it.

    Attributes
    ----------
    population : Population or None
        The state, from which the search can go on.
    """

    def __init__(self) -> None:
        self.population: Population | None = None
        self._pace = Pace()

    def on_start(self, loop: Loop) -> None:
        """Keep the first population.

        Parameters
        ----------
        loop : Loop
            The search.
        """
        self._keep(loop)

    def on_generation(self, loop: Loop) -> None:
        """Keep the population if enough time has passed.

        Parameters
        ----------
        loop : Loop
            The search.
        """
        if self._pace.is_due:
            self._keep(loop)

    def on_end(self, loop: Loop) -> None:
        """Keep the last population, unless its generation was cut short.

        Parameters
        ----------
        loop : Loop
            The search.
        """
        if loop.stopped_by != "interrupt":
            self._keep(loop)

    def _keep(self, loop: Loop) -> None:
        def copy() -> None:
            self.population = loop.population()

        self._pace.do(copy)


class Checkpoint(Snapshots):
    """Saves the population to a file every so often, and when the search ends.

    :meth:`Population.load <scratchcard.search.Population.load>` reads it, and ``evolve(...,
    resume=population)`` goes on from there, if it is the same search on the same rows. A file that
    cannot be written is warned of, and the search goes on.

    Parameters
    ----------
    path : str or path-like
        The file; it is replaced whole.
    seconds : float
        Least time between two saves. Where saving takes long it is longer, so that at most a
        hundredth of the time goes into it.

    Raises
    ------
    ValueError
        For a number of seconds that is negative or not finite.
    """

    def __init__(self, path: str | os.PathLike[str], seconds: float = SECONDS) -> None:
        super().__init__()
        self.path = path
        self._saving = Pace(seconds)

    def on_generation(self, loop: Loop) -> None:
        """Keep the population, and save it, if enough time has passed.

        Parameters
        ----------
        loop : Loop
            The search.
        """
        super().on_generation(loop)
        if self._saving.is_due:
            self._saving.do(lambda: self._save(loop))

    def on_end(self, loop: Loop) -> None:
        """Save the population after the last whole generation, from which a search can go on.

        Parameters
        ----------
        loop : Loop
            The search.
        """
        super().on_end(loop)
        self._save(loop)

    def _save(self, loop: Loop) -> None:
        if self.population is None:
            return
        with told(self.path, warn):
            replace(self.population, identity=loop.identity).save(self.path)

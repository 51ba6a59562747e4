"""Checkpoint: saves the population at intervals, so that no search is lost with its process."""

from __future__ import annotations

import math
import os
import time
import warnings
from collections.abc import Callable
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


class Saves:
    """Saves a search to its file; that it cannot is no reason to end the search.

    Parameters
    ----------
    path : str, path-like or None
        The file.
    complain : callable
        Is told in a line where it cannot be written, once until that works again.
    """

    def __init__(self, path: str | os.PathLike[str] | None, complain: Complain) -> None:
        self.path, self._complain = path, complain
        self._works = True

    def __call__(self, save: Callable[[str | os.PathLike[str]], object]) -> bool:
        """Save it, or complain.

        Parameters
        ----------
        save : callable
            Called with the file, writes it whole or not at all.

        Returns
        -------
        bool
            Whether it was written.
        """
        assert self.path is not None
        did_work = self._works
        try:
            save(self.path)
        except (OSError, MemoryError) as error:
            self._works = False
            if did_work:
                reason = getattr(error, "strerror", None) or error or "out of memory"
                whole = ", and what was saved before is whole" if _is_there(self.path) else ""
                self._complain(
                    f"could not save the search to {os.fspath(self.path)!r}: {reason}; it goes on"
                    f"{whole}"
                )
        else:
            self._works = True
        return self._works


def _is_there(path: str | os.PathLike[str]) -> bool:
    try:
        return os.path.isfile(path)
    except (OSError, ValueError):
        return False


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
        """Keep the population if enough time has passed, unless a callback has just stopped it.

        Who goes on from there would not be stopped again.

        Parameters
        ----------
        loop : Loop
            The search.
        """
        if self._pace.is_due and not loop.stopped_by:
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
    cannot be written is warned of, once until it can be, and the search goes on.

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
        self._saves, self._saving = Saves(path, warn), Pace(seconds)

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
        if self.population is not None:
            population = replace(self.population, identity=loop.identity)
            self._saves(population.save)

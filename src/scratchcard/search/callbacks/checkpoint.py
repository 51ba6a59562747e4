"""Checkpoint: saves the population at intervals, so that no search is lost with its process."""

from __future__ import annotations

import math
import os
import time
from typing import TYPE_CHECKING

from scratchcard.search.callbacks.base import Callback
from scratchcard.search.population import Population

if TYPE_CHECKING:
    from scratchcard.search.loop import Loop

SHARE = 0.01  # most of the time that may go into saving, as a share


class Checkpoint(Callback):
    """Saves the population to a file every so often, and when the search ends.

    :meth:`Population.load <scratchcard.search.Population.load>` reads it, and ``evolve(...,
    resume=population)`` goes on from there.

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

    def __init__(self, path: str | os.PathLike[str], seconds: float = 30.0) -> None:
        if not 0 <= seconds < math.inf:
            raise ValueError(f"seconds takes a number from 0, got {seconds!r}")
        self.path = path
        self.seconds = seconds
        self.due = -math.inf
        self.population: Population | None = None  # as the last whole generation left it

    def on_start(self, loop: Loop) -> None:
        """Keep the first population, to be saved when the search ends.

        Parameters
        ----------
        loop : Loop
            The search.
        """
        self.population = loop.population()

    def on_generation(self, loop: Loop) -> None:
        """Keep the population, and save it if enough time has passed.

        Parameters
        ----------
        loop : Loop
            The search.
        """
        self.population = loop.population()
        if time.monotonic() >= self.due:
            self._save()

    def on_end(self, loop: Loop) -> None:
        """Save the population after the last whole generation, from which a search can go on.

        Parameters
        ----------
        loop : Loop
            The search.
        """
        self._save()

    def _save(self) -> None:
        began = time.monotonic()
        if self.population is not None:
            self.population.save(self.path)
        ended = time.monotonic()
        self.due = ended + max(self.seconds, (ended - began) / SHARE)

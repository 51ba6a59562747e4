"""The course of a search on islands: which leg may begin, with which masks, and what is kept."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from scratchcard.search.islands.folder import Folder
from scratchcard.search.islands.results import Result
from scratchcard.search.islands.settings import Islands


class Course:
    """What every island has found so far.

    Parameters
    ----------
    islands : Islands
        The settings.
    folder : Folder
        Where results stand; those that are there are gone on from.

    Attributes
    ----------
    latest : dict of int to Result
        What is known of each island that has returned.

    Raises
    ------
    CheckpointError
        For a file that is damaged, or of another search.
    """

    def __init__(self, islands: Islands, folder: Folder) -> None:
        self._islands, self._folder = islands, folder
        self._arrived: dict[int, Result] = {}  # at the end of a leg
        self._offered: dict[tuple[int, int], NDArray[np.uint8]] = {}
        self.latest: dict[int, Result] = {}
        for result in folder.results():
            self.note(result)

    @property
    def is_over(self) -> bool:
        """Whether all islands have ended."""
        found = self._arrived.values()
        return len(found) == self._islands.count and all(one.has_ended for one in found)

    def note(self, result: Result) -> None:
        """Take note of what a job has found, and remove what nobody can need any more.

        Parameters
        ----------
        result : Result
            What it has found.
        """
        self.latest[result.island] = result
        if result.is_pause:
            return
        self._arrived[result.island] = result
        self._offered[result.island, result.leg] = result.best
        self._folder.forget(result.island, result.leg - 1, "population")
        for island, leg in [one for one in self._offered if not self._is_needed(*one)]:
            del self._offered[island, leg]
            self._folder.forget(island, leg, "result")

    def ready(self) -> Iterator[tuple[int, int, tuple[NDArray[np.uint8], ...]]]:
        """Yield what may be done now, those first that are behind.

        Yields
        ------
        island, leg : int
            Their numbers.
        migrants : tuple of ndarray of uint8
            Packed masks that the island takes in.
        """
        legs = {island: self._leg_of(island) + 1 for island in range(self._islands.count)}
        for island in sorted(legs, key=lambda island: (legs[island], island)):
            if self._has_ended(island):
                continue
            leg, before = legs[island], self._islands.before(island)
            if leg == 0 or before is None:
                yield island, leg, ()
            elif self._leg_of(before) >= leg - 1 or self._has_ended(before):
                yield island, leg, (self._offered[before, min(leg - 1, self._leg_of(before))],)

    def _leg_of(self, island: int) -> int:
        """Return the last leg that an island has ended."""
        return self._arrived[island].leg if island in self._arrived else -1

    def _has_ended(self, island: int) -> bool:
        return island in self._arrived and self._arrived[island].has_ended

    def _is_needed(self, island: int, leg: int) -> bool:
        """Return whether a result is an island's last, or another island has yet to read it."""
        after = self._islands.after(island)
        return leg >= self._leg_of(island) or (
            after is not None and self._leg_of(after) <= leg and not self._has_ended(after)
        )

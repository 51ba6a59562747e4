"""Ours: trials that the memetic search decides, as ``evolve`` counts them; three readings of it."""

from __future__ import annotations

from ..cases import Case
from ..reading import memetic
from ..steady import SteadySearch
from .base import Contender


class MemeticContender(Contender):
    """A search under way, from random masks on."""

    def __init__(self, case: Case, reading: str) -> None:
        super().__init__(case)
        self.name = f"scratchcard, memetic, {reading}"
        self.search = SteadySearch(case, memetic(reading, case.density, len(case.rows)))
        self.detail = f"density ≤ {case.density:g}; {self.search.start:.1f} s to start, not counted"

    def rate(self, seconds: float) -> float:
        """Trials decided per second."""
        return self.search.rate(seconds)

"""The study ``survivors``: which connections survive in the masks of several tickets."""

from __future__ import annotations

from scratchcard.research.survivors.cases import Group, search_again
from scratchcard.research.survivors.runs import Survivors, survivors, times

__all__ = ["Group", "Survivors", "search_again", "survivors", "times"]

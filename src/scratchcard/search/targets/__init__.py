"""Targets: what the network should answer for each row. A new kind is a file here.

It is handed to ``evolve(targets=...)``.
"""

from __future__ import annotations

from scratchcard.search.targets.base import Targets
from scratchcard.search.targets.consensus import Consensus
from scratchcard.search.targets.given import Given
from scratchcard.search.targets.neighbours import Neighbours

__all__ = ["Consensus", "Given", "Neighbours", "Targets"]

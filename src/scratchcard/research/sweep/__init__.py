"""The study ``sweep``: many independent searches, and which of their tickets none beats."""

from __future__ import annotations

from scratchcard.research.sweep.cases import Setting, Sweep
from scratchcard.research.sweep.runs import SweepRuns

__all__ = ["Setting", "Sweep", "SweepRuns"]

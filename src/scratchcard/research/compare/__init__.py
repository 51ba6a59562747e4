"""The study ``compare``: methods side by side on one data set, on the same random networks."""

from __future__ import annotations

from scratchcard.research.compare.cases import Comparison
from scratchcard.research.compare.runs import ComparisonRuns

__all__ = ["Comparison", "ComparisonRuns"]

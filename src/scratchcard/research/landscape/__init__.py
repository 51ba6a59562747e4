"""Landscape analysis: what a search sees of each metric, and which metric guides it best.

A mask has as many neighbours as the network has weights: each differs from it by one flip. Trials
are exact and cheap, so all neighbours are computed, not a sample. Reads training rows; validation
rows only to say how good the masks are that the guided searches found; test rows never.
"""

from __future__ import annotations

from scratchcard.research.landscape.metrics import METRICS, Reader, metric_names
from scratchcard.research.landscape.settings import Settings
from scratchcard.research.landscape.study import Study, sweep_cases

__all__ = ["METRICS", "Reader", "Settings", "Study", "metric_names", "sweep_cases"]

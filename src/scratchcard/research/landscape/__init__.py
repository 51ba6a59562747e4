"""The study ``landscape``: what a search sees of each metric, and which metric guides it best.

A mask has as many neighbours as the network has weights: each differs from it by one flip. Trials
are exact and cheap, so all neighbours are computed, not a sample. Reads training rows; validation
rows only to say how good the masks are that the guided searches found; test rows never.
"""

from __future__ import annotations

from scratchcard.research.landscape.cases import Settings, sweep_cases
from scratchcard.research.landscape.measures.metrics import METRICS, Reader, metric_names
from scratchcard.research.landscape.runs import Study

__all__ = ["METRICS", "Reader", "Settings", "Study", "metric_names", "sweep_cases"]

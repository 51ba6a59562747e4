"""Insight: what a ticket reads, what each column is worth to it, and whether it is needed at all.

NumPy and scikit-learn.
"""

from __future__ import annotations

from scratchcard.insight.columns import MOST_INPUTS, ColumnInputs, Use, columns_of, uses_of
from scratchcard.insight.importance import Importance, importance_of
from scratchcard.insight.judging import Confusion, Judged, judged
from scratchcard.insight.maps import LayerUse, layers_of
from scratchcard.insight.simple import MANY_VALUES, SimpleModel, Split, beside_simple

__all__ = [
    "MANY_VALUES",
    "MOST_INPUTS",
    "ColumnInputs",
    "Confusion",
    "Importance",
    "Judged",
    "LayerUse",
    "SimpleModel",
    "Split",
    "Use",
    "beside_simple",
    "columns_of",
    "importance_of",
    "judged",
    "layers_of",
    "uses_of",
]

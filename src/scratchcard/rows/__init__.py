"""Rows: the data that a search reads, the order they are read in, and how they are varied."""

from __future__ import annotations

from scratchcard.rows.augmentation import AUGMENTATIONS
from scratchcard.rows.order import shuffled
from scratchcard.rows.pairs import paired
from scratchcard.rows.rows import MAX_ROW_WEIGHT, Rows, check_fit, integer_weights

__all__ = [
    "AUGMENTATIONS",
    "MAX_ROW_WEIGHT",
    "Rows",
    "check_fit",
    "integer_weights",
    "paired",
    "shuffled",
]

"""Rows: what a search reads, in which order, drawn how and varied how."""

from __future__ import annotations

from scratchcard.rows.augmentation import AUGMENTATIONS
from scratchcard.rows.order import shuffled
from scratchcard.rows.rows import MAX_ROW_WEIGHT, Rows, check_fit, integer_weights

__all__ = ["AUGMENTATIONS", "MAX_ROW_WEIGHT", "Rows", "check_fit", "integer_weights", "shuffled"]

"""Rows: what a search reads, in which order, drawn how and varied how."""

from __future__ import annotations

from scratchcard.rows.rows import Rows, check_fit, integer_weights, shuffled

__all__ = ["Rows", "check_fit", "integer_weights", "shuffled"]

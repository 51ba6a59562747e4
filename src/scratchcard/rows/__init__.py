"""Rows: what a search reads, in which order, drawn how and varied how."""

from __future__ import annotations

from scratchcard.rows.rows import Rows, integer_weights

__all__ = ["Rows", "integer_weights"]

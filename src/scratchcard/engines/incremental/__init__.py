"""The incremental engine: exact trials at the price of what they change."""

from __future__ import annotations

from scratchcard.engines.incremental.engine import IncrementalEngine

__all__ = ["IncrementalEngine"]

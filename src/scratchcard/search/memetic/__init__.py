"""The memetic search, the default algorithm: its settings are what others import."""

from __future__ import annotations

from scratchcard.search.memetic.settings import Memetic

__all__ = ["Memetic"]

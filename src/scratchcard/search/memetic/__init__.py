"""The memetic search: individuals that learn by trials, then recombine."""

from __future__ import annotations

from scratchcard.search.memetic.settings import Memetic

__all__ = ["Memetic"]

"""Evolution: decides which connections stay."""

from __future__ import annotations

from scratchcard.evolution.driver import Limits, Outcome, Progress, accuracy, evolve
from scratchcard.evolution.memetic import Memetic

__all__ = ["Limits", "Memetic", "Outcome", "Progress", "accuracy", "evolve"]

"""The controls: what a ticket must be better than, to be more than luck."""

from __future__ import annotations

from scratchcard.search.controls.control import Chance, Control, as_rows, chance, controls
from scratchcard.search.controls.random_masks import best_of_random, scattered

__all__ = [
    "Chance",
    "Control",
    "as_rows",
    "best_of_random",
    "chance",
    "controls",
    "scattered",
]

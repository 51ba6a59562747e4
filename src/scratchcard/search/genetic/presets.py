"""Presets: the paper's three configurations of the genetic algorithm."""

from __future__ import annotations

from typing import NamedTuple


class Preset(NamedTuple):
    """How random masks are drawn, and how masks mutate."""

    bound: float | None  # accuracy that a random mask must pass; None for no bound
    adaptive: bool  # whether the bound falls
    connected: bool  # whether every individual must have a path from an input to an output
    mutation: str  # name of the mutation


PRESETS = {
    "GA": Preset(None, False, False, "bit"),
    "GA (static AB)": Preset(0.7, False, True, "layer_bit"),
    "GA (adaptive AB)": Preset(0.85, True, True, "layer_bit"),
}
"""The paper's three configurations; AB stands for accuracy bound."""

"""Drawing: how all pictures look, a network with its survivors, and what ``show`` draws.

matplotlib, which is imported when something is drawn.
"""

from __future__ import annotations

from scratchcard.drawing.network import (
    Counted,
    blocks,
    counted,
    draw_maps,
    draw_units_and_lines,
    is_drawn_by_unit,
    places,
)
from scratchcard.drawing.style import (
    BLACK,
    BLUE,
    COLOURS,
    GREEN,
    MARKERS,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    canvas,
    label,
    patch,
    plain_ticks,
    save,
    sheet,
)
from scratchcard.drawing.ticket import KINDS, picture

__all__ = [
    "BLACK",
    "BLUE",
    "COLOURS",
    "GREEN",
    "KINDS",
    "MARKERS",
    "ORANGE",
    "PURPLE",
    "SKY",
    "VERMILION",
    "Counted",
    "blocks",
    "canvas",
    "counted",
    "draw_maps",
    "draw_units_and_lines",
    "is_drawn_by_unit",
    "label",
    "patch",
    "picture",
    "places",
    "plain_ticks",
    "save",
    "sheet",
]

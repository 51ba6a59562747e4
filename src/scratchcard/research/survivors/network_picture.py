"""Draws a network with the survivors of several tickets, or heat maps of a large one.

A file of its own beside ``pictures``, for its length.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from scratchcard.drawing import (
    BLUE,
    VERMILION,
    Counted,
    canvas,
    draw_maps,
    draw_units_and_lines,
    is_drawn_by_unit,
    save,
)


def draw_network(counts: Counted, title: str, out: Path, name: str) -> list[Path]:
    """Draw the network with its survivors, or heat maps of its layers; return the files."""
    if not is_drawn_by_unit(counts):
        figure, axes = canvas(rows=len(counts.shares), size=(9.0, 4.2))
        figure.suptitle(title, x=0.01, ha="left")
        draw_maps(axes[:, 0], counts)
        return save(figure, out, name)
    height = float(np.clip(max(counts.sizes) * 0.1, 4.5, 11.0))
    figure, axes = canvas(size=(3.2 * len(counts.sizes), height))
    axis = axes[0, 0]
    draw_units_and_lines(axis, counts)
    labels = [
        f"{size} inputs" if i == 0 else f"{size} hidden" for i, size in enumerate(counts.sizes)
    ]
    labels[-1] = f"{counts.sizes[-1]} outputs"
    axis.set_xticks(range(len(labels)), labels)
    axis.set_title(title)
    axis.legend(handles=_legend(counts), loc="upper center", bbox_to_anchor=(0.5, -0.04), ncols=3)
    return save(figure, out, name)


def _legend(counts: Counted) -> list[Any]:
    from matplotlib.lines import Line2D

    often = [Line2D([], [], color="black", lw=2.2, label=f"survives in all {counts.runs} runs")]
    if counts.runs > 1:
        often.append(Line2D([], [], color="black", alpha=0.35, lw=0.8, label="in some"))
    dot = Line2D([], [], marker="o", mfc="white", mec="black", ls="", ms=5, label="unit not in use")
    if counts.signs is None:
        return [*often, dot]
    signs = [(BLUE, "weight above 0"), (VERMILION, "weight below 0")]
    return [*(Line2D([], [], color=c, lw=2.2, label=name) for c, name in signs), *often, dot]

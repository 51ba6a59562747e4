"""The picture of a comparison of clusterers: accuracy and NMI of every run. matplotlib."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from scratchcard.drawing import COLOURS, MARKERS, canvas, label, save

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from pandas import DataFrame


def draw_measures(runs: DataFrame, folder: Path) -> list[Path]:
    """Draw accuracy and NMI of each method: a dot for a run, a line for the median."""
    methods = list(dict.fromkeys(runs["method"]))
    size = (max(4.5, 1.4 + 0.9 * len(methods)), 4.4)
    figure, axes = canvas(columns=2, size=size)
    first = runs.iloc[0]
    for here, measure, name in (
        (axes[0, 0], "accuracy", "accuracy after matching, %"),
        (axes[0, 1], "nmi", "NMI, hundredths"),
    ):
        _draw(here, runs, methods, measure)
        title = f"{first['data']}, {first['clusters']} clusters"
        label(here, title, "dots: runs; line: their median", name)
    return save(figure, folder, "clusters")


def _draw(here: Axes, runs: DataFrame, methods: list[str], measure: str) -> None:
    for place, method in enumerate(methods):
        values = 100 * runs.loc[runs["method"] == method, measure]
        colour = COLOURS[place % len(COLOURS)]
        marker = MARKERS[place % len(MARKERS)]
        here.plot([place] * len(values), values, marker, color=colour, alpha=0.5, markersize=5)
        here.hlines(values.median(), place - 0.3, place + 0.3, color=colour, linewidth=2.5)
    here.set_xticks(range(len(methods)), methods, rotation=30)
    here.set_xlim(-0.5, len(methods) - 0.5)

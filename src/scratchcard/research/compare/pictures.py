"""Pictures of a comparison: accuracy by method, and against what a model takes. matplotlib."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from scratchcard.drawing import COLOURS, MARKERS, canvas, label, plain_ticks, save
from scratchcard.research.shared.statistics import described, paired

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from pandas import DataFrame


def accuracies(runs: DataFrame) -> DataFrame:
    """Return test accuracies described, by method, with intervals cut off at 0 and 1."""
    found = described(runs)
    found[["low", "high"]] = found[["low", "high"]].clip(0.0, 1.0)
    return found


def draw_accuracies(runs: DataFrame, folder: Path) -> list[Path]:
    """Draw the accuracy of each method: a dot for a seed, lines between those of a seed, means."""
    values, means = paired(runs) * 100, accuracies(runs) * 100
    methods = list(means.index)
    figure, axes = canvas(size=(max(5.0, 1.6 + 1.1 * len(methods)), 4.6))
    here = axes[0, 0]
    here.plot(range(len(methods)), values.T, color="0.6", alpha=0.35, linewidth=0.8, zorder=1)
    for place, method in enumerate(methods):
        colour, marker = look(place)
        seeds = values[method].dropna()
        here.plot([place] * len(seeds), seeds, marker, color=colour, alpha=0.45, markersize=5)
        mean, low, high = means.loc[method, ["mean", "low", "high"]]
        here.errorbar(
            place + 0.22,
            mean,
            [[mean - low], [high - mean]],
            fmt=marker,
            color=colour,
            markeredgecolor="black",
            markersize=8,
            capsize=5,
            elinewidth=2,
        )
    here.set_xticks(range(len(methods)), [method.replace("@", "\n@ ") for method in methods])
    here.set_xlim(-0.5, len(methods) - 0.3)
    label(here, _title(runs), "dots: seeds; beside them mean and 95 % interval", "test accuracy, %")
    return save(figure, folder, "accuracy")


def draw_sizes(runs: DataFrame, folder: Path) -> list[Path]:
    """Draw accuracy against density, and against the bytes that a model takes."""
    from matplotlib.ticker import LogLocator, NullFormatter

    figure, axes = canvas(columns=2, size=(5.4, 4.4))
    for here, field, scale, name in (
        (axes[0, 0], "density", 100, "density, % of weights that stay"),
        (axes[0, 1], "bytes", 1, "bytes of the model"),
    ):
        _draw_against(here, runs, field, scale)
        here.set_xscale("log")
        wide = runs[field].max() > 50 * runs[field].min()
        here.xaxis.set_major_locator(LogLocator(subs=(1,) if wide else (1, 2, 5)))
        here.xaxis.set_minor_formatter(NullFormatter())
        plain_ticks(here.xaxis)
        label(here, _title(runs), name, "test accuracy, %")
    handles, names = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside right center")
    return save(figure, folder, "size")


def _draw_against(here: Axes, runs: DataFrame, field: str, scale: float) -> None:
    for place, (method, group) in enumerate(runs.groupby("method", sort=False)):
        colour, marker = look(place)
        x, y = scale * group[field], 100 * group["test_accuracy"]
        here.plot(x, y, marker, color=colour, alpha=0.45, markersize=5, markeredgewidth=0)
        here.plot(
            x.mean(),
            y.mean(),
            marker,
            color=colour,
            markersize=9,
            markeredgecolor="black",
            label=str(method),
        )


def look(place: int) -> tuple[str, str]:
    """Return the colour and marker of the method at this place, from 0."""
    colours, markers = COLOURS, MARKERS
    shifted = place + place // len(colours)  # the same colour comes with another marker
    return colours[place % len(colours)], markers[shifted % len(markers)]


def _title(runs: DataFrame) -> str:
    return f"{runs['data'].iloc[0]}, {runs['network'].iloc[0]}"

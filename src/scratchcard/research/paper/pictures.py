"""Pictures of the runs: accuracy by network, accuracy by classes, sparsity. matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from scratchcard.drawing import (
    BLACK,
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    canvas,
    label,
    patch,
    save,
)
from scratchcard.research.paper.cases import (
    ENTRANTS,
    EVOLVED,
    EXPERIMENTS,
    REFERENCE,
    Experiment,
)
from scratchcard.research.paper.claims import GA_SPARSITIES
from scratchcard.research.paper.tables import of_case, of_experiment

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from pandas import DataFrame


class Look(NamedTuple):
    """How an entrant is drawn: colour, marker, dashes, and whether the marker is filled."""

    colour: str
    marker: str
    dashes: str = "-"
    filled: bool = True


LOOKS = {
    "memetic": Look(BLUE, "o"),
    "memetic-signed": Look(BLUE, "o", ":", filled=False),
    "ga": Look(ORANGE, "s"),
    "ga-adaptive": Look(VERMILION, "D", "--"),
    "edge-popup@0.5": Look(GREEN, "^"),
    "edge-popup@ga": Look(GREEN, "^", ":", filled=False),
    "signed@0.5": Look(PURPLE, "v"),
    "signed@ga": Look(PURPLE, "v", ":", filled=False),
    "mlp": Look(BLACK, "X", "-."),
    "twin": Look(SKY, "P", "-."),
}

NETWORK_EXPERIMENTS = ("moons", "circles", "digits", "digits-2")
CLASS_EXPERIMENTS = ("classes", "blobs")
WIDTH_OF_A_NETWORK = 0.7  # along the axis, where networks are 1 apart


def draw_all(runs: DataFrame, experiments: Sequence[str], folder: Path) -> list[Path]:
    """Draw these experiments into a folder, as PNG and SVG, and return the paths."""
    paths: list[Path] = []
    for draw, names in (
        (_draw_networks, NETWORK_EXPERIMENTS),
        (_draw_classes, CLASS_EXPERIMENTS),
        (_draw_sparsity, NETWORK_EXPERIMENTS),
    ):
        found = [EXPERIMENTS[name] for name in names if name in experiments]
        found = [experiment for experiment in found if len(of_experiment(runs, experiment))]
        if found:
            paths += draw(runs, found, folder)
    return paths


def _draw_networks(runs: DataFrame, experiments: list[Experiment], folder: Path) -> list[Path]:
    """Draw a panel for each data set, in which every run is a dot and every median a marker."""
    figure, axes = _panels(len(experiments), (7.0, 4.0))
    for here, experiment in zip(axes, experiments, strict=False):
        group = of_experiment(runs, experiment)
        names = _entrants(group)
        for place, case in enumerate(experiment.cases):
            for number, name in enumerate(names):
                cell = of_case(group, case.data, case.network)
                values = 100 * cell.loc[cell["method"] == name, "test_accuracy"]
                if len(values):
                    x = place + WIDTH_OF_A_NETWORK * ((number + 0.5) / len(names) - 0.5)
                    _draw_cell(here, x, values.to_numpy(), LOOKS[name])
        _name_networks(here, [case.network for case in experiment.cases])
        label(here, experiment.title, "network", "test accuracy, %")
    _legend(figure, _entrants(runs), lines=False)
    return save(figure, folder, "paper-accuracy")


def _draw_cell(here: Axes, x: float, values: Any, look: Look) -> None:
    here.plot([x] * len(values), values, ".", color=look.colour, alpha=0.5, markersize=4, zorder=2)
    here.plot(
        x,
        np.median(values),
        look.marker,
        color=look.colour,
        markerfacecolor=look.colour if look.filled else "white",
        markersize=7,
        zorder=3,
    )


def _draw_classes(runs: DataFrame, experiments: list[Experiment], folder: Path) -> list[Path]:
    """Draw a panel for digits and one for blobs, with a line through the medians of each method."""
    figure, axes = _panels(len(experiments), (7.0, 4.4))
    for here, experiment in zip(axes, experiments, strict=False):
        group = of_experiment(runs, experiment)
        group = group.assign(classes=group["network"].str.rpartition("-")[2].astype(int))
        for name in _entrants(group):
            own = group[group["method"] == name]
            median = 100 * own.groupby("classes")["test_accuracy"].median()
            look = LOOKS[name]
            here.plot(
                median.index,
                median,
                look.marker,
                color=look.colour,
                linestyle=look.dashes,
                markerfacecolor=look.colour if look.filled else "white",
                zorder=4 if name == REFERENCE else 3,  # no other method may hide it
            )
        here.set_xticks(sorted(group["classes"].unique()))
        label(here, experiment.title, "classes", "test accuracy, %, median")
    _legend(figure, _entrants(runs), lines=True)
    return save(figure, folder, "paper-classes")


def _draw_sparsity(runs: DataFrame, experiments: list[Experiment], folder: Path) -> list[Path]:
    """Draw sparsity after evolution (a bar), after pruning (the hatched rest), and the paper's.

    Only masks on uniform weights are drawn, as the paper evolves them.
    """
    figure, axes = _panels(len(experiments), (7.0, 4.0))
    names = [one for one in _entrants(runs) if one in EVOLVED and one != "memetic-signed"]
    width = WIDTH_OF_A_NETWORK / max(1, len(names))
    for here, experiment in zip(axes, experiments, strict=False):
        group = of_experiment(runs, experiment)
        for place, case in enumerate(experiment.cases):
            cell = of_case(group, case.data, case.network)
            for number, name in enumerate(names):
                own = cell.loc[cell["method"] == name, ["density", "pruned_density"]]
                if len(own):
                    after, then = 100 * (1 - own.median())
                    x = place + width * (number - (len(names) - 1) / 2)
                    _draw_bar(here, x, width, after, then, LOOKS[name].colour)
            theirs = GA_SPARSITIES.get(experiment.name, {}).get(case.network)
            if theirs is not None:
                ends = [place - WIDTH_OF_A_NETWORK / 2, place + WIDTH_OF_A_NETWORK / 2]
                here.plot(ends, [100 * theirs] * 2, color=BLACK, linestyle="--")
        _name_networks(here, [case.network for case in experiment.cases])
        here.set_ylim(0, 105)
        label(here, experiment.title, "network", "sparsity, %, median")
    _sparsity_legend(figure, names, any(one.name in GA_SPARSITIES for one in experiments))
    return save(figure, folder, "paper-sparsity")


def _draw_bar(here: Axes, x: float, width: float, after: float, then: float, colour: str) -> None:
    edge: dict[str, Any] = {"edgecolor": "white", "linewidth": 0.8}
    here.bar(x, after, width, color=colour, **edge)
    here.bar(x, then - after, width, bottom=after, color=colour, alpha=0.45, hatch="///", **edge)


def _sparsity_legend(figure: Any, names: list[str], is_known: bool) -> None:
    from matplotlib.lines import Line2D

    handles = [patch(LOOKS[name].colour, ENTRANTS[name].label) for name in names]
    handles.append(patch("0.7", "more by pruning", "///"))
    if is_known:
        line = Line2D([], [], color=BLACK, linestyle="--", label="GA in the paper")
        handles.append(line)
    columns = 3 if len(figure.axes) == 1 else len(handles)
    figure.legend(handles=handles, loc="outside lower center", ncols=columns)


def _legend(figure: Any, names: list[str], lines: bool) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D(
            [],
            [],
            color=LOOKS[name].colour,
            marker=LOOKS[name].marker,
            linestyle=LOOKS[name].dashes if lines else "",
            markerfacecolor=LOOKS[name].colour if LOOKS[name].filled else "white",
            label=ENTRANTS[name].label,
        )
        for name in names
    ]
    columns = 2 if len(figure.axes) == 1 else 5
    figure.legend(handles=handles, loc="outside lower center", ncols=min(columns, len(handles)))


def _name_networks(here: Axes, names: list[str]) -> None:
    here.set_xticks(range(len(names)), names)
    here.set_xlim(-0.5, len(names) - 0.5)


def _panels(n: int, size: tuple[float, float]) -> tuple[Any, list[Any]]:
    """Return a figure with n axes, two in a line."""
    columns = min(2, n)
    figure, axes = canvas(columns=columns, rows=-(-n // columns), size=size)
    for spare in axes.flat[n:]:
        spare.set_axis_off()
    return figure, list(axes.flat)


def _entrants(runs: DataFrame) -> list[str]:
    """Return the names of those that took part, in the order of the table."""
    present = set(runs["method"])
    return [name for name in ENTRANTS if name in present]

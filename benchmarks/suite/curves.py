"""Accuracy against seconds: the memetic search beside edge-popup and the trained dense twin.

Search and training both have a schedule that ends with their budget, so accuracy at time t is
that of a run whose budget is t. Each budget is a run of its own for everybody; the longest is
drawn as a curve as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from scratchcard import drawing

from .report import Part, Table, percent
from .runs import EDGE_POPUP, LONG, MEMETIC, TWIN, Arena, Run
from .settings import Settings

BELOW_BEST = (0.10, 0.05, 0.03, 0.02, 0.01, 0.005)  # accuracies in the table of times
DEEPEST = 15.0  # points of accuracy below the best that are drawn

MARKER = {MEMETIC: "o", EDGE_POPUP: "s", TWIN: "X"}
DASH = {MEMETIC: "-", EDGE_POPUP: "--", TWIN: ":"}


def measure(settings: Settings) -> Part:
    """All runs, who by who, so that what a slow minute costs falls on neighbours."""
    arena = Arena(settings)
    print(f"curves: {arena.name}", flush=True)
    runs = []
    for budget in settings.budgets:
        for density in settings.densities:
            runs += [arena.memetic(density, budget), arena.edge_popup(density, budget)]
        runs.append(arena.twin(budget))
    names = list(dict.fromkeys(run.name for run in runs))
    where = f"{arena.name}, {settings.jobs} thread{'s' * (settings.jobs > 1)}, seed {settings.seed}"
    tables = [
        Table(f"Accuracy at a time: {where}", _at_times(runs, names), AT_NOTE),
        Table(f"Seconds to a validation accuracy: {where}", _to_accuracies(runs, names), TO_NOTE),
    ]
    data = {"arena": arena.name, "runs": [run.plain() for run in runs]}
    return Part(data, tables, _draw(runs, names, where, settings))


AT_NOTE = (
    "Each cell is a run with that budget: test (validation) accuracy. With budgets of "
    f"{LONG:g} s and more memetic reads a calibrated softmax (docs/search.md)."
)
TO_NOTE = "The earliest moment at which any of the runs, of whatever budget, was as good."


def _at_times(runs: list[Run], names: list[str]) -> list[dict[str, Any]]:
    found = {(run.name, run.budget): run for run in runs}
    rows = []
    for name in names:
        row: dict[str, Any] = {"": name}
        for budget in sorted({run.budget for run in runs}):
            run = found[name, budget]
            row[f"{budget:g} s"] = f"{percent(run.test)} ({percent(run.validation)})"
        rows.append({**row, "density": run.surviving})
    return rows


def _to_accuracies(runs: list[Run], names: list[str]) -> list[dict[str, Any]]:
    rows = []
    for target in _targets(runs):
        row: dict[str, Any] = {"accuracy": percent(target)}
        for name in names:
            row[name] = _earliest(target, (run for run in runs if run.name == name))
        rows.append(row)
    return rows


def _targets(runs: list[Run]) -> list[float]:
    """Accuracies in half points, up to the best that was seen."""
    best = max(accuracy for run in runs for _, accuracy in run.curve)
    return sorted({float(np.floor(200 * (best - step)) / 200) for step in BELOW_BEST})


def _earliest(target: float, runs: Iterable[Run]) -> float | None:
    times = [s for run in runs for s, accuracy in run.curve if accuracy >= target]
    return min(times, default=None)


def _draw(runs: list[Run], names: list[str], where: str, settings: Settings) -> list[Path]:
    figure, axes = drawing.canvas(size=(9.2, 5.4))
    panel = axes[0, 0]
    colours = dict(zip(settings.densities, drawing.COLOURS, strict=False))
    for name in names:
        mine = sorted((run for run in runs if run.name == name), key=lambda run: run.budget)
        is_twin = mine[0].who == TWIN
        _draw_one(panel, mine, drawing.BLACK if is_twin else colours[mine[0].density])
    longest = max(run.budget for run in runs)
    panel.set_xscale("log")
    panel.set_xlim(longest / 100, 1.15 * max(run.seconds for run in runs))
    drawing.plain_ticks(panel.xaxis)
    panel.set_ylim(*_visible(runs))
    panel.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    note = f"marks: a run with that budget; thin: the run of {longest:g} s on its way"
    drawing.label(panel, where, f"seconds (logarithmic)\n{note}", "validation accuracy, %")
    return drawing.save(figure, settings.out, "curves")


def _draw_one(panel: Any, mine: list[Run], colour: str) -> None:
    """The ends of one contender's runs, by budget, and the way of the longest."""
    longest = mine[-1]
    dash = DASH[longest.who]
    seconds, accuracies = zip(*longest.curve, strict=True)
    percents = 100 * np.array(accuracies)
    panel.plot(seconds, percents, dash, color=colour, alpha=0.55, linewidth=1.3)
    ends = [100 * run.validation for run in mine]
    times = [run.seconds for run in mine]
    panel.plot(times, ends, dash + MARKER[longest.who], color=colour, label=longest.name)


def _visible(runs: list[Run]) -> tuple[float, float]:
    """Limits of the axis, in percent: what was reached in the end, and some of the way.

    Runs that failed may fall off below; the tables have them.
    """
    ends = [100 * run.validation for run in runs]
    low = max(min(ends), max(ends) - DEEPEST)
    margin = 0.1 * (max(ends) - low) + 0.3
    return low - 2 * margin, min(100.0, max(ends) + margin)

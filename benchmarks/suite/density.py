"""Accuracy against density, everybody with the same seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scratchcard import drawing

from .report import Part, Table, percent
from .runs import EDGE_POPUP, MEMETIC, Arena, Run
from .settings import Settings


def measure(settings: Settings) -> Part:
    """The memetic search and edge-popup at each density, and the dense twin."""
    arena, budget = Arena(settings), settings.budgets[0]
    print(f"density: {arena.name}, {budget:g} s", flush=True)
    pairs = []
    for density in settings.density_axis:
        pairs.append((arena.memetic(density, budget), arena.edge_popup(density, budget)))
    twin = arena.twin(budget)
    where = f"{arena.name}, {budget:g} s, {settings.jobs} thread{'s' * (settings.jobs > 1)}"
    rows = [_row(*pair) for pair in pairs]
    note = f"Dense twin in the same time: {percent(twin.test)}. Validation accuracy in parentheses."
    runs = [run for pair in pairs for run in pair] + [twin]
    data = {"arena": arena.name, "runs": [run.plain() for run in runs]}
    table = Table(f"Test accuracy against density: {where}", rows, note)
    return Part(data, [table], _draw(runs, where, settings.out))


def _row(ours: Run, theirs: Run) -> dict[str, Any]:
    return {
        "density at most": ours.density,
        "memetic": f"{percent(ours.test)} ({percent(ours.validation)})",
        "its density": ours.surviving,
        "edge-popup": f"{percent(theirs.test)} ({percent(theirs.validation)})",
    }


def _draw(runs: list[Run], where: str, out: Path) -> list[Path]:
    figure, axes = drawing.canvas(size=(7.2, 4.8))
    panel = axes[0, 0]
    looks = {MEMETIC: (drawing.VERMILION, "-o"), EDGE_POPUP: (drawing.BLUE, "--s")}
    for who, (colour, line) in looks.items():
        mine = [run for run in runs if run.who == who]
        densities = [100 * run.surviving for run in mine]
        panel.plot(densities, [100 * run.test for run in mine], line, color=colour, label=who)
    twin = runs[-1]
    panel.axhline(100 * twin.test, color=drawing.BLACK, linestyle=":", label="dense twin")
    panel.set_xscale("log")
    ticks = sorted({100 * run.density for run in runs})
    panel.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    panel.minorticks_off()
    panel.legend(loc="lower right")
    drawing.label(panel, where, "surviving weights, % (logarithmic)", "test accuracy, %")
    return drawing.save(figure, out, "density")

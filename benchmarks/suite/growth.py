"""How the cost of a trial grows: with rows, width, depth, density and threads, one at a time.

Around a middle case on the first rows of the data set. Short searches from random masks, one thread
but for the curve over threads. Each curve twice: every trial reads every row, and as it is.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from scratchcard import Network, drawing
from scratchcard.rows import Rows

from .cases import Case, case
from .reading import AS_IT_IS, EXACT, memetic
from .report import Part, Table
from .settings import Settings
from .steady import SteadySearch
from .timing import interleaved

ROWS = (1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000)
WIDTHS = (32, 64, 128, 256, 512)
DEPTHS = (1, 2, 3, 4)
DENSITIES = (0.01, 0.02, 0.05, 0.10, 0.20, 0.50)
MIDDLE_ROWS, MIDDLE_WIDTH, MIDDLE_DENSITY = 8_000, 128, 0.05
LONGEST = 3.0  # seconds for a point
Curve = dict[float, float]  # microseconds per trial

LINES: dict[str, dict[str, Any]] = {
    EXACT: {"color": drawing.BLUE, "linestyle": "-", "marker": "o"},
    AS_IT_IS: {"color": drawing.VERMILION, "linestyle": "--", "marker": "s"},
}
NAMES = {
    "rows": "rows",
    "width": "units in the hidden layer",
    "depth": f"hidden layers of {MIDDLE_WIDTH} units",
    "density": "largest share of weights that stays, %",
    "threads": "threads",
}


def measure(settings: Settings) -> Part:
    """All five axes; each point is microseconds of wall clock per trial decided."""
    whole = case(settings.dataset, (MIDDLE_WIDTH,), MIDDLE_DENSITY, 1, settings.seed)
    middle = _first_rows(whole, MIDDLE_ROWS)
    n_rows = len(whole.rows)
    cases: dict[str, dict[float, Case]] = {
        "rows": {n: _first_rows(whole, n) for n in sorted({min(n, n_rows) for n in ROWS})},
        "width": {width: _with_hidden(middle, (width,)) for width in WIDTHS},
        "depth": {n: _with_hidden(middle, (MIDDLE_WIDTH,) * n) for n in DEPTHS},
        "density": {100 * share: replace(middle, density=share) for share in DENSITIES},
        "threads": {n: replace(whole, jobs=n) for n in range(1, settings.jobs + 1)},
    }
    costs = {
        axis: _costs(axis, _some(points, settings), settings) for axis, points in cases.items()
    }
    note = (
        f"Middle: {middle.name}, {len(middle.rows):,} rows, density at most {MIDDLE_DENSITY:g}, "
        f"one thread; the curve over threads reads {n_rows:,} rows. Wall clock."
    )
    rows = [
        {"axis": NAMES[axis], "value": value}
        | {f"{line}, µs": costs[axis][line][value] for line in LINES}
        for axis, lines in costs.items()
        for value in lines[EXACT]
    ]
    return Part(
        {"middle": middle.name, "costs": costs},
        [Table("Growth of the cost of a trial", rows, note)],
        _draw(costs, settings.out),
    )


def _costs(axis: str, points: dict[float, Case], settings: Settings) -> dict[str, Curve]:
    """A curve for each reading."""
    seconds = min(settings.seconds, LONGEST)
    searches = {
        (reading, value): SteadySearch(one, memetic(reading, one.density, len(one.rows)))
        for reading in LINES
        for value, one in points.items()
    }
    rates = {key: search.rate for key, search in searches.items()}
    measured = interleaved(rates, settings.repeats, seconds)
    costs: dict[str, Curve] = {reading: {} for reading in LINES}
    for (reading, value), found in measured.items():
        costs[reading][value] = 1e6 / median(found)
        cost = costs[reading][value]
        print(f"growth, {axis} {value:g}, {reading}: {cost:.1f} µs per trial", flush=True)
    return costs


def _some(points: dict[float, Case], settings: Settings) -> dict[float, Case]:
    """All points, or the first, the middle and the last for a quick look."""
    values = list(points)
    kept = values if not settings.quick else [values[0], values[len(values) // 2], values[-1]]
    return {value: points[value] for value in kept}


def _first_rows(whole: Case, n: int) -> Case:
    """The data set comes shuffled, so these are a sample."""
    rows = whole.rows
    return replace(whole, rows=Rows(rows.inputs[:n], rows.targets[:n]))


def _with_hidden(middle: Case, hidden: tuple[int, ...]) -> Case:
    sizes = (middle.network.n_inputs, *hidden, middle.network.n_outputs)
    return replace(middle, network=Network.dense(sizes, seed=middle.seed))


def _draw(costs: dict[str, dict[str, Curve]], out: Path) -> list[Path]:
    figure, axes = drawing.canvas(3, 2, size=(4.4, 3.6))
    panels = list(axes.flat)
    for panel, (axis, lines) in zip(panels, costs.items(), strict=False):
        panel.set_xscale("log")
        panel.set_yscale("log")
        panel.margins(x=0.1)
        for reading, points in lines.items():
            panel.plot(list(points), list(points.values()), **LINES[reading], label=reading)
        values = list(lines[EXACT])
        ideal = _proportional(axis, lines[EXACT])
        if ideal:
            panel.plot(values, ideal, ":", color=drawing.BLACK, label="proportional to exact")
        panel.set_xticks(values, [_tick(value) for value in values])
        _ticks_between(panel, [*ideal, *(c for points in lines.values() for c in points.values())])
        drawing.label(panel, axis, NAMES[axis], "µs per trial")
    for panel in panels[len(costs) :]:
        panel.set_axis_off()
    handles, names = panels[0].get_legend_handles_labels()
    panels[-1].legend(handles, names, loc="center")
    return drawing.save(figure, out, "growth")


def _proportional(axis: str, exact: Curve) -> list[float]:
    """Where cost would lie if it were proportional to rows, or to one over the threads."""
    if axis not in ("rows", "threads"):
        return []
    power = 1 if axis == "rows" else -1
    (first, cost), *_ = exact.items()
    return [cost * (value / first) ** power for value in exact]


def _ticks_between(panel: Any, found: list[float]) -> None:
    """Ticks at 1, 2 and 5 of each decade, written out."""
    low, high = min(found) / 2, max(found) * 2
    ticks = [m * 10.0**e for e in range(-2, 7) for m in (1, 2, 5)]
    panel.set_yticks([t for t in ticks if low <= t <= high])
    panel.set_yticklabels([f"{t:,g}" for t in ticks if low <= t <= high])
    panel.minorticks_off()
    panel.set_ylim(low, high)


def _tick(value: float) -> str:
    return f"{value / 1000:.2g}k" if value >= 1000 else f"{value:g}"

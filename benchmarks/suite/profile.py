"""Where the time of a trial goes, and how far that is from what this machine could do.

The same short search, on one thread, with one thing left out at a time: the growing window of rows,
the races, and the exponentials, which accuracy as an objective does without. Beside it stands the
least time in which a copy loop and an exp loop could do what a trial on all rows must touch.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from scratchcard import Mask, drawing

from .cases import Case, case
from .footprint import Footprint, footprint
from .loops import SIZES, copied_bytes_per_second, exponentials_per_second
from .reading import AS_IT_IS, EXACT, RACED, memetic
from .report import Part, Table
from .settings import Settings
from .steady import SteadySearch
from .timing import interleaved

DENSITY = 0.05
EVERYTHING = "exact: all rows read"
VARIANTS = {
    "as it is": (AS_IT_IS, "cross_entropy"),
    "raced over all rows": (RACED, "cross_entropy"),
    EVERYTHING: (EXACT, "cross_entropy"),
    "exact, no exponentials": (EXACT, "accuracy"),
}


def measure(settings: Settings) -> Part:
    """Microseconds per trial of the variants, and the machine's limit."""
    chosen = case(settings.dataset, settings.hidden, DENSITY, 1, settings.seed)
    print(f"profile: {chosen.name}", flush=True)
    speeds = {level: copied_bytes_per_second(size) for level, size in SIZES.items()}
    exps = exponentials_per_second()
    mask = Mask.from_flat(chosen.network.layers, chosen.masks(1)[0])
    touched = footprint(chosen.network, mask, settings.seed)
    limits = {level: _least(chosen, touched, speed, exps) for level, speed in speeds.items()}
    found = {}
    searches = {
        name: SteadySearch(chosen, memetic(reading, DENSITY, len(chosen.rows)), objective)
        for name, (reading, objective) in VARIANTS.items()
    }
    rates = {name: search.rate for name, search in searches.items()}
    for name, measured in interleaved(rates, settings.repeats, settings.seconds).items():
        found[name] = 1e6 / median(measured)
        print(f"profile, {name}: {found[name]:.1f} µs per trial", flush=True)
    data = {
        "case": chosen.name,
        "rows": len(chosen.rows),
        "copy_bytes_per_second": speeds,
        "exponentials_per_second": exps,
        "footprint_per_row": asdict(touched),
        "microseconds": found,
        "limit_microseconds": limits,
    }
    tables = [_machine(speeds, exps), _trial(chosen, touched), _times(chosen, found, limits)]
    return Part(data, tables, _draw(chosen, found, limits, settings.out))


def _least(chosen: Case, touched: Footprint, speed: float, exps: float) -> dict[str, float]:
    """Microseconds for bytes and for exponentials of a trial that reads all rows."""
    n = 1e6 * len(chosen.rows)
    return {"bytes": n * touched.bytes / speed, "exponentials": n * touched.exps / exps}


def _machine(speeds: dict[str, float], exps: float) -> Table:
    rows = [
        {
            "loop": f"copy, {SIZES[level] >> 10:,} KiB ({level})",
            "reaches": f"{speed / 1e9:.1f} GB/s",
        }
        for level, speed in speeds.items()
    ]
    rows.append({"loop": "exp2, as the engine computes it", "reaches": f"{exps / 1e9:.2f} G/s"})
    return Table("What one core reaches", rows, "Bytes read plus bytes written.")


def _trial(chosen: Case, touched: Footprint) -> Table:
    title = f"What a trial must touch, for each row: {chosen.name}, density {DENSITY:g}"
    row = {
        "hidden units": touched.units,
        "connections": touched.edges,
        "classes": touched.classes,
        "bytes": touched.bytes,
        "exponentials and logarithms": touched.exps,
    }
    return Table(title, [row], "Means over random flips of a random mask.")


def _times(chosen: Case, found: dict[str, float], limits: dict[str, dict[str, float]]) -> Table:
    rows: list[dict[str, Any]] = [
        {"trial": name, "µs": cost, "times the limit": None} for name, cost in found.items()
    ]
    for level, limit in limits.items():
        least = sum(limit.values())
        rows.append(
            {
                "trial": f"limit: all rows, bytes from {level}",
                "µs": least,
                "times the limit": found[EVERYTHING] / least,
            }
        )
    note = f"{len(chosen.rows):,} rows, one thread. Last column: '{EVERYTHING}' over this limit."
    return Table(f"Time of a trial: {chosen.name}", rows, note)


def _draw(
    chosen: Case, found: dict[str, float], limits: dict[str, dict[str, float]], out: Path
) -> list[Path]:
    figure, axes = drawing.canvas(size=(8.6, 4.0))
    panel = axes[0, 0]
    for name, cost in found.items():
        bar = panel.barh(name, cost, color=drawing.BLUE)
        panel.bar_label(bar, [f"{cost:.4g}"], padding=4)
    for level, limit in limits.items():
        name = f"limit, bytes from {level}"
        panel.barh(name, limit["bytes"], color=drawing.SKY, hatch="//", edgecolor="white")
        bar = panel.barh(name, limit["exponentials"], left=limit["bytes"], color=drawing.ORANGE)
        panel.bar_label(bar, [f"{sum(limit.values()):.4g}"], padding=4)
    panel.invert_yaxis()
    panel.grid(axis="y", visible=False)
    panel.margins(x=0.12)
    handles = [
        drawing.patch(drawing.BLUE, "measured"),
        drawing.patch(drawing.SKY, "limit: bytes", "//"),
        drawing.patch(drawing.ORANGE, "limit: exponentials"),
    ]
    panel.legend(handles=handles, loc="lower right")
    title = f"{chosen.name}, {len(chosen.rows):,} rows, one thread"
    drawing.label(panel, title, "µs per trial", "")
    return drawing.save(figure, out, "profile")

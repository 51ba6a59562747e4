"""Candidates per second: everybody on the same rows, network and threads, in the same run."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from scratchcard import drawing

from .cases import case
from .contenders import DENSE, Contender, assembled
from .reading import READINGS
from .report import Part, Table
from .settings import Settings
from .timing import interleaved

CASES = (
    ("digits", (100,), 0.10),
    ("fashion-mnist", (256,), 0.05),
    ("fashion-mnist", (300, 100), 0.10),
)
CHECKED = 2  # candidates whose loss everybody must agree on


def measure(settings: Settings) -> Part:
    """Rates of all contenders in all cases, and ours over each."""
    data = [_measure_case(settings, *chosen) for chosen in CASES]
    tables = [Table(_title(entry, settings), _rows(entry), NOTE) for entry in data]
    return Part(data, tables, _draw(data, settings.out))


NOTE = (
    "Medians. Ratios: our search in each reading over this contender, the median of the repeats' "
    "ratios. Only 'exact' reads every row for every candidate, as the peers do; 'raced' may stop "
    "early, and 'as it is' begins on few rows. Deviation: the largest relative difference from the "
    "dense engine's loss on the same candidates."
)


def _title(entry: dict[str, Any], settings: Settings) -> str:
    return (
        f"Candidates per second: {entry['case']}, {entry['rows']:,} rows, "
        f"{settings.jobs} thread{'s' * (settings.jobs > 1)}"
    )


def _measure_case(
    settings: Settings, dataset: str, hidden: tuple[int, ...], density: float
) -> dict[str, Any]:
    chosen = case(dataset, hidden, density, settings.jobs, settings.seed)
    print(f"candidates: {chosen.name}, {len(chosen.rows):,} rows", flush=True)
    contenders = assembled(chosen)
    rates = interleaved(
        {key: one.rate for key, one in contenders.items()}, settings.repeats, settings.seconds
    )
    exact = contenders[DENSE].losses(chosen.masks(CHECKED))
    assert exact is not None
    entries = []
    for key, one in contenders.items():
        entries.append(
            {
                "contender": one.name,
                "detail": one.detail,
                "rates": rates[key],
                "median": median(rates[key]),
                "ratios": {way: _ratio(rates[way], rates[key]) for way in READINGS},
                "deviation": _deviation(one, chosen.masks(CHECKED), exact),
            }
        )
    return {
        "case": chosen.name,
        "rows": len(chosen.rows),
        "density": density,
        "contenders": entries,
    }


def _ratio(ours: list[float], theirs: list[float]) -> float:
    """The median of the repeats' ratios."""
    return median(mine / other for mine, other in zip(ours, theirs, strict=True))


def _deviation(one: Contender, masks: Any, exact: Any) -> float | None:
    found = one.losses(masks)
    return None if found is None else float(np.abs(found / exact - 1.0).max())


def _rows(entry: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "contender": one["contender"],
            "how": one["detail"],
            "candidates/s": one["median"],
            **{f"{way} / this": ratio for way, ratio in one["ratios"].items()},
            "deviation": one["deviation"],
        }
        for one in entry["contenders"]
    ]


def _draw(data: list[dict[str, Any]], out: Path) -> list[Path]:
    """One panel per case: a bar for each contender, on a logarithmic axis."""
    figure, axes = drawing.canvas(1, len(data), size=(8.5, 3.4))
    for panel, entry in zip(axes[:, 0], data, strict=True):
        everybody = entry["contenders"]
        names = [one["contender"] for one in everybody]
        rates = [one["median"] for one in everybody]
        colours = [drawing.VERMILION] * len(READINGS) + [drawing.BLUE] * (
            len(names) - len(READINGS)
        )
        bars = panel.barh(names, rates, color=colours)
        panel.bar_label(
            bars, [f"{rate:,.3g}" if rate < 100 else f"{rate:,.0f}" for rate in rates], padding=4
        )
        panel.set_xscale("log")
        drawing.plain_ticks(panel.xaxis)
        panel.set_xlim(min(rates) / 3, max(rates) * 6)
        panel.invert_yaxis()
        panel.grid(axis="y", visible=False)
        drawing.label(
            panel,
            f"{entry['case']}, {entry['rows']:,} rows",
            "candidates decided per second (logarithmic)",
            "",
        )
    return drawing.save(figure, out, "candidates")

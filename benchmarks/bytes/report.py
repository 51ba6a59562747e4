"""The report: a table and a picture for each data set, and tables of the sweep."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from benchmarks.suite.report import Table, percent

from scratchcard.drawing import COLOURS, MARKERS, canvas, label, plain_ticks, save
from scratchcard.research.shared.results import Row

ORDER = (
    "ticket", "tree (emlearn)", "forest (emlearn)", "logistic regression (int8)", "net (int8)",
    "net (emlearn, float)",
)  # fmt: skip
NOTE = (
    "Pareto fronts by flash and validation accuracy. Flash is that of a Cortex-M0, all of it; the "
    "payload is the tables or trees alone, of a ticket its file, which holds also how rows are "
    "scaled."
)

SHOWN = 40  # percentage points below the best that a picture shows

Fronts = Mapping[str, Sequence[Row]]


def table(name: str, rows: str, fronts: Fronts) -> Table:
    """Every model on a front; test accuracy is shown, validation accuracy has chosen."""
    lines = [
        {
            "model": contender,
            "settings": model["what"],
            "payload": model["payload"],
            "flash": model["flash"],
            "validation": percent(model["validation"]),
            "test": percent(model["test"]),
        }
        for contender in ORDER
        for model in fronts.get(contender, ())
    ]
    return Table(f"{name}, {rows}", lines, NOTE)


def draw(named: Mapping[str, Fronts], out: Path, name: str) -> list[Path]:
    """Test accuracy against flash, a panel for each data set and a line for each front.

    What is far below the best is left to the table.
    """
    columns = min(len(named), 3)
    figure, axes = canvas(columns, -(-len(named) // columns))
    for panel in axes.flat[len(named) :]:
        panel.set_axis_off()
    for panel, (title, fronts) in zip(axes.flat, named.items(), strict=False):
        best = max((model["test"] for models in fronts.values() for model in models), default=1)
        for contender, colour, marker in zip(ORDER, COLOURS, MARKERS, strict=False):
            models = fronts.get(contender, ())
            flash = [model["flash"] for model in models]
            accuracy = [100 * model["test"] for model in models]
            panel.plot(flash, accuracy, color=colour, marker=marker, label=contender)
        panel.set_xscale("log")
        panel.set_ylim(100 * best - SHOWN, 100 * best + SHOWN / 20)
        plain_ticks(panel.xaxis)
        label(panel, title, "bytes of flash, Cortex-M0", "test accuracy, %")
    axes.flat[0].legend()
    return save(figure, out, name)


def sweep_tables(rows: Iterable[Row]) -> list[Table]:
    """Means over seeds for each width and family, one table for each number of bytes."""
    grouped: dict[tuple[str, int], dict[tuple[int, str], list[Row]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for row in rows:
        if row["accuracy"] is not None:
            grouped[row["data"], row["bytes"]][row["width"], row["weights"]].append(row)
    return [
        Table(
            f"{data}, files of at most {most_bytes:,} bytes",
            [
                {
                    "width": width,
                    "weights": weights,
                    "seeds": len(found),
                    "survivors": _mean(found, "survivors"),
                    "density": f"{np.mean([row['density'] for row in found]):.4f}",
                    "bytes": _mean(found, "file"),
                    "validation accuracy": percent(np.mean([row["accuracy"] for row in found])),
                    "from": percent(min(row["accuracy"] for row in found)),
                    "to": percent(max(row["accuracy"] for row in found)),
                }
                for (width, weights), found in sorted(cells.items())
            ],
            "Means over seeds; the least and the greatest accuracy at the end.",
        )
        for (data, most_bytes), cells in sorted(grouped.items())
    ]


def _mean(rows: Sequence[Row], name: str) -> int:
    return round(np.mean([row[name] for row in rows]))

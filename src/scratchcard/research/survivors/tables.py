"""Writes the report on survivors: CSV tables, pictures, and a summary in Markdown. pandas."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scratchcard.research.shared.words import NONE, p_value, percent, plain, tabulated
from scratchcard.research.survivors.runs import Row, Survivors
from scratchcard.ticket import Ticket

LIBRARIES = ("matplotlib", "pandas", "tabulate")
TABLES = ("tickets", "layers", "degrees", "shared", "pairs", "overlap", "inputs")


def write_report(
    found: Survivors, tickets: Sequence[Ticket], out: Path, names: Sequence[str]
) -> list[Path]:
    """Write CSV tables, pictures and ``survivors.md`` into an existing folder.

    Parameters
    ----------
    found : Survivors
        What was counted.
    tickets : sequence of Ticket
        The tickets.
    out : Path
        The folder.
    names : sequence of str
        Names of the tickets.

    Returns
    -------
    list of Path
        The files that were written.
    """
    import pandas as pd

    from scratchcard.research.survivors.pictures import draw

    written = []
    for name in TABLES:
        written.append(out / f"{name}.csv")
        pd.DataFrame(getattr(found, name)).to_csv(written[-1], index=False)
    drawn = draw(found, tickets, out, names)
    images = [f"![{path.stem}]({path.name})" for path in drawn if path.suffix == ".png"]
    written.append(out / "survivors.md")
    text = "\n\n".join(["# Survivors", summary(found), "## Pictures", *images])
    written[-1].write_text(text + "\n", encoding="utf-8")
    return written + drawn


def summary(found: Survivors) -> str:
    """Return a summary as Markdown: tickets, overlaps, what survives, weights and degrees."""
    overlap = [
        {
            "masks": "same weights" if row["same_weights"] else "different weights",
            "pairs": row["pairs"],
            "Jaccard": plain(row["jaccard"]),
            "by chance": plain(row["jaccard_by_chance"]),
            "z": plain(row["z"], 1),
            "p": p_value(row["p"]),
        }
        for row in found.overlap
    ]
    shared = [
        {
            "runs": f"{row['group']} ({row['runs']})",
            "layer": row["layer"],
            "survives in": row["survives_in"],
            "connections": row["connections"],
            "by chance": plain(row["by_chance"], 1),
            "p": p_value(row["p"]),
        }
        for row in found.shared
    ]
    parts = [
        ("Tickets", _tickets(found)),
        ("Overlap of two masks, on average", overlap),
        ("How many connections survive in all, at least half, fewer, none of the runs", shared),
        ("Surviving weights, mean over tickets (lowest … highest)", _weights(found.layers)),
        ("Degrees of hidden units, mean over tickets", _hidden(found.degrees)),
    ]
    unread = sum(row["read_by"] == 0 for row in found.inputs)
    what = "inputs are" if "input" in found.inputs[0] else "places of the first kernels are"
    last = f"{unread} of {len(found.inputs)} {what} read by no ticket."
    return "\n\n".join(
        [*(f"## {title}\n\n{tabulated(rows, 'github')}" for title, rows in parts if rows), last]
    )


def _tickets(found: Survivors) -> list[Row]:
    return [
        {
            "ticket": row["ticket"],
            "network": row["network"],
            "seed": row["seed"],
            "survivors": row["survivors"],
            "density %": percent(row["density"]),
            "on a path %": percent(row["effective_density"]),
        }
        for row in found.tickets
    ]


def _weights(layers: Sequence[Row]) -> list[Row]:
    return [
        {
            "layer": number,
            "density %": _range(rows, "density", 100),
            "mean |w|": _mean(rows, "magnitude", 1),
            "of all": _mean(rows, "magnitude_of_all", 1),
            "P(survivor larger)": _range(rows, "larger"),
            "share above 0": _range(rows, "positive"),
            "of all ": _mean(rows, "positive_of_all"),
        }
        for number, rows in _by(layers, "layer").items()
    ]


def _hidden(degrees: Sequence[Row]) -> list[Row]:
    return [
        {"hidden layer": number, "units": rows[0]["units"]}
        | {
            f"{way}: {short}": _mean(rows, f"{way}_{name}", 2)
            for way in ("in", "out")
            for name, short in (
                ("mean", "mean"),
                ("deviation", "sd"),
                ("deviation_by_chance", "sd by chance"),
            )
        }
        | {"feed nothing %": percent(_average(rows, "feed_nothing"))}
        for number, rows in _by(degrees, "hidden_layer").items()
    ]


def _by(rows: Sequence[Row], name: str) -> dict[Any, list[Row]]:
    found: dict[Any, list[Row]] = {}
    for row in rows:
        found.setdefault(row[name], []).append(row)
    return found


def _values(rows: Sequence[Row], name: str) -> list[float]:
    return [row[name] for row in rows if row[name] is not None]


def _average(rows: Sequence[Row], name: str) -> float | None:
    values = _values(rows, name)
    return sum(values) / len(values) if values else None


def _mean(rows: Sequence[Row], name: str, digits: int = 3) -> str:
    return plain(_average(rows, name), digits)


def _range(rows: Sequence[Row], name: str, factor: float = 1) -> str:
    values = [factor * value for value in _values(rows, name)]
    if not values:
        return NONE
    mean = sum(values) / len(values)
    return f"{mean:.3g} ({min(values):.3g} … {max(values):.3g})"

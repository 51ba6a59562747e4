"""What a sweep leaves behind: runs and front as files, tables as Markdown, a picture. pandas."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean, stdev
from textwrap import fill
from typing import TYPE_CHECKING, Any

from scratchcard.research.shared.results import Row
from scratchcard.research.shared.words import (
    frame,
    percent,
    percent_with_deviation,
    plain,
    seconds,
    tabulated,
    whole,
    write_table,
)
from scratchcard.research.sweep.cases import SWEPT
from scratchcard.research.sweep.pictures import draw_front, score_name

if TYPE_CHECKING:
    pass

LIBRARIES = ("pandas", "matplotlib", "tabulate")
TITLES = {
    "hidden": "hidden",
    "init": "init",
    "max_density": "max density",
    "max_bytes": "max bytes",
}
WIDTH = 100  # characters of a line of text on a terminal
OPEN = "chosen"  # what stands for a setting that each search chooses


def grouped(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return what the runs of each combination have in common, as plain values.

    Parameters
    ----------
    rows : sequence of dict
        A row for each run.

    Returns
    -------
    list of dict
        The combination; how many runs; mean, standard deviation (None for one run) and best of
        their validation scores; mean and least bytes; mean density and seconds.
    """
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in SWEPT), []).append(row)
    return [dict(zip(SWEPT, key, strict=True)) | _summary(group) for key, group in groups.items()]


def _summary(group: Sequence[Row]) -> dict[str, Any]:
    scores = [row["validation_score"] for row in group]
    return {
        "runs": len(group),
        "validation_score": fmean(scores),
        "deviation": stdev(scores) if len(group) > 1 else None,
        "best_validation_score": max(scores),
        "least_bytes": min(row["bytes"] for row in group),
        **{name: fmean(row[name] for row in group) for name in ("bytes", "density", "seconds")},
    }


def combinations_table(rows: Sequence[Row]) -> list[dict[str, str]]:
    """Return a row for each combination, in words."""
    answers = rows[0]["answers"]
    name = score_name(answers)
    return [
        {
            **_swept(group, rows),
            "runs": str(group["runs"]),
            name: _with_deviation(answers, group["validation_score"], group["deviation"]),
            "best": _score(answers, group["best_validation_score"]),
            "bytes": whole(group["bytes"]),
            "least bytes": whole(group["least_bytes"]),
            "density %": percent(group["density"]),
            "seconds": seconds(group["seconds"]),
        }
        for group in grouped(rows)
    ]


def front_table(front: Sequence[Row]) -> list[dict[str, str]]:
    """Return a row for each ticket of the front, in words."""
    answers = front[0]["answers"]
    return [
        {
            "bytes": whole(row["bytes"]),
            f"validation {score_name(answers)}": _score(answers, row["validation_score"]),
            f"test {score_name(answers)}": _score(answers, row["test_score"]),
            "network": row["network"],
            "weights": row["weights"],
            "density %": percent(row["density"]),
            "ticket": row["ticket"],
        }
        for row in front
    ]


def sections(
    rows: Sequence[Row], front: Sequence[Row]
) -> Iterator[tuple[str, list[dict[str, str]], str]]:
    """Yield the title, the table and the explanation of each part of the report."""
    yield (
        f"{rows[0]['data']}, {len(rows)} runs",
        combinations_table(rows),
        "Scores on validation rows: mean ± standard deviation between seeds, and the best seed. "
        "Other columns: means, but for the least bytes.",
    )
    yield (
        "The front: tickets that none beats in bytes and validation score",
        front_table(front),
        "Test rows were read for this report alone, and by the tickets of this table alone; they "
        "chose nothing. Chance flatters the best of many validation scores, but no test score.",
    )


def markdown_report(rows: Sequence[Row], front: Sequence[Row]) -> str:
    """Return the report as Markdown."""
    parts = []
    for title, table, explanation in sections(rows, front):
        parts += [f"## {title}", tabulated(table, "pipe"), explanation]
    return "\n\n".join(parts) + "\n"


def plain_report(rows: Sequence[Row], front: Sequence[Row]) -> str:
    """Return the report for a terminal."""
    parts = []
    for title, table, explanation in sections(rows, front):
        parts += [title, tabulated(table, "simple"), fill(explanation, WIDTH), ""]
    return "\n".join(parts).rstrip()


def write(
    rows: Sequence[Row], front: Sequence[Row], folder: Path, format: str = "csv"
) -> list[Path]:
    """Write the runs and the front as CSV or Parquet, table.md and the picture.

    Parameters
    ----------
    rows : sequence of dict
        A row for each run, at least one.
    front : sequence of dict
        Those on the front, with their scores on test rows.
    folder : Path
        An existing folder.
    format : str
        "csv" or "parquet".

    Returns
    -------
    list of Path
        The files that were written.
    """
    runs, best = frame(rows), frame(front)
    paths = [write_table(runs, folder, "runs", format), write_table(best, folder, "front", format)]
    table = folder / "table.md"
    table.write_text(markdown_report(rows, front), encoding="utf-8")
    return [*paths, table, *draw_front(runs, best, folder)]


def _swept(group: Row, rows: Sequence[Row]) -> dict[str, str]:
    """Return the combination in words, without what no run was given."""
    given = [name for name in SWEPT if any(row[name] is not None for row in rows)]
    return {TITLES[name]: OPEN if group[name] is None else f"{group[name]}" for name in given}


def score_in_words(row: Row) -> str:
    """Return how good a run is on validation rows, in words."""
    if row["answers"] == "classes":
        return f"{100 * row['validation_score']:.1f} % of validation rows"
    return f"R² {row['validation_score']:.3f} on validation rows"


def _score(answers: str, score: float) -> str:
    return percent(score) if answers == "classes" else plain(score)


def _with_deviation(answers: str, mean: float, deviation: float | None) -> str:
    if answers == "classes":
        return percent_with_deviation(mean, deviation)
    return plain(mean) if deviation is None else f"{plain(mean)} ± {plain(deviation)}"

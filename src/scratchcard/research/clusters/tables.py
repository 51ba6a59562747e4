"""What a comparison of clusterers leaves behind: runs as a file, tables, a picture. pandas."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from scratchcard.research.clusters.methods import METHODS
from scratchcard.research.clusters.pictures import draw_measures
from scratchcard.research.shared.statistics import compared, described, remark
from scratchcard.research.shared.words import (
    intervals,
    percent,
    plain,
    seconds,
    table_of_tests,
    tabulated,
    whole,
    write_table,
)

if TYPE_CHECKING:
    from pandas import DataFrame

LIBRARIES = ("pandas", "matplotlib", "statsmodels", "tabulate")
MEASURES = {"accuracy": "accuracy", "nmi": "NMI", "ari": "ARI"}
"""Names of the measures, by their fields."""


def methods_table(runs: DataFrame) -> DataFrame:
    """Return a row for each method, in words: medians, intervals, rows set aside, and effort."""
    import pandas as pd

    found = {name: described(runs, name) for name in MEASURES}
    accuracy = found["accuracy"]
    others = runs.groupby("method", sort=False)[
        ["aside_accuracy", "aside_nmi", "density", "bytes", "seconds"]
    ].median()
    return pd.DataFrame(
        {
            "runs": accuracy["runs"].astype(int),
            "accuracy %": [percent(value) for value in accuracy["median"]],
            "95 % interval": intervals(accuracy.clip(upper=1.0)),
            "NMI": [plain(value) for value in found["nmi"]["median"]],
            "ARI": [plain(value) for value in found["ari"]["median"]],
            "aside: accuracy %": [percent(value) for value in others["aside_accuracy"]],
            "aside: NMI": [plain(value) for value in others["aside_nmi"]],
            "density %": [percent(value) for value in others["density"]],
            "bytes": [whole(value) for value in others["bytes"]],
            "seconds": [seconds(value) for value in others["seconds"]],
        },
        index=accuracy.index,
    )


def repeated(runs: DataFrame) -> DataFrame:
    """Return the runs, with that of a method without chance as if it had been done for each seed.

    It would give the same clusters each time.
    """
    import pandas as pd

    seeds = sorted(set(runs["seed"]))
    parts = []
    for method, group in runs.groupby("method", sort=False):
        if method in METHODS and not METHODS[str(method)].has_chance:
            parts += [group.iloc[:1].assign(seed=seed) for seed in seeds]
        else:
            parts.append(group)
    return pd.concat(parts, ignore_index=True)


def compared_by(runs: DataFrame, measure: str) -> DataFrame:
    """Return the tests of every method against the first, by one measure."""
    return compared(repeated(runs), value=measure)


def sections(runs: DataFrame) -> Iterator[tuple[str, DataFrame, str]]:
    """Yield the title, the table and the explanation of each part of the report."""
    first = runs.iloc[0]
    yield (
        f"{first['data']}: {first['rows']} rows, {first['clusters']} clusters",
        methods_table(runs),
        f"{_of_rows(runs)} Medians over the runs, which differ in the seed; the interval is "
        "Student's t of the mean accuracy. Accuracy: the share of rows in the cluster that is "
        "matched with their label, by the Hungarian method. NMI: normalised mutual information. "
        "ARI: adjusted Rand index. "
        "No method reads a label. A method without chance is run once. Seconds: on one thread.",
    )
    for measure, name in MEASURES.items():
        tests = compared_by(runs, measure)
        if len(tests) and measure != "ari":
            yield (
                f"Paired tests of {name} against {first['method']}",
                table_of_tests(tests),
                f"Difference of a method from the reference in points (hundredths) of {name}, mean "
                "and Student's t interval; Wilcoxon's signed-rank test, two-sided, with Holm's "
                "correction over this table; matched-pairs rank-biserial correlation. Runs of the "
                "same seed are paired; the one run of a method without chance is paired with each. "
                f"{remark(tests)}".rstrip(),
            )


def _of_rows(runs: DataFrame) -> str:
    n_aside = int(runs["rows_aside"].iloc[0])
    if n_aside == 0:
        return "All rows were searched; none were set aside."
    return (
        f"Aside: {n_aside} rows that no method saw until it was done; only some methods can put "
        "new rows into clusters."
    )


def markdown_report(runs: DataFrame) -> str:
    """Return the report as Markdown."""
    parts = []
    for title, table, explanation in sections(runs):
        parts += [f"## {title}", tabulated(table, "pipe"), explanation]
    return "\n\n".join(parts) + "\n"


def plain_report(runs: DataFrame) -> str:
    """Return the tables for a terminal."""
    parts = []
    for title, table, _ in sections(runs):
        parts += [title, tabulated(table, "simple"), ""]
    return "\n".join([*parts, remark(compared_by(runs, "accuracy"))]).rstrip()


def write(runs: DataFrame, folder: Path, format: str = "csv") -> list[Path]:
    """Write runs.csv or runs.parquet, table.md and the picture.

    Parameters
    ----------
    runs : DataFrame
        A row for each run.
    folder : Path
        An existing folder.
    format : str
        "csv" or "parquet".

    Returns
    -------
    list of Path
        The files that were written.
    """
    data, table = write_table(runs, folder, "runs", format), folder / "table.md"
    table.write_text(markdown_report(runs), encoding="utf-8")
    return [data, table, *draw_measures(runs, folder)]

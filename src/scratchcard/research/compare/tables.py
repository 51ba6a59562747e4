"""What a comparison leaves behind: its runs as a file, tables as Markdown, pictures. pandas."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scratchcard.research.compare.pictures import accuracies, draw_accuracies, draw_sizes
from scratchcard.research.shared.results import Row
from scratchcard.research.shared.statistics import compared, remark
from scratchcard.research.shared.words import (
    intervals,
    percent,
    percent_with_deviation,
    seconds,
    table_of_tests,
    tabulated,
    whole,
    write_table,
)

if TYPE_CHECKING:
    from pandas import DataFrame

LIBRARIES = ("pandas", "matplotlib", "statsmodels", "tabulate")


def methods_table(runs: DataFrame) -> DataFrame:
    """Return a row for each method, in words: accuracy on test rows, densities, size and effort."""
    import pandas as pd

    means = runs.groupby("method", sort=False)[
        ["density", "effective_density", "bytes", "evaluations", "seconds"]
    ].mean()
    found = accuracies(runs).join(means)
    return pd.DataFrame(
        {
            "runs": found["runs"].astype(int),
            "accuracy %": list(map(percent_with_deviation, found["mean"], found["deviation"])),
            "95 % interval": intervals(found),
            "median %": [percent(value) for value in found["median"]],
            "density %": [percent(value) for value in found["density"]],
            "effective density %": [percent(value) for value in found["effective_density"]],
            "bytes": [whole(value) for value in found["bytes"]],
            "evaluations": [whole(value) for value in found["evaluations"]],
            "seconds": [seconds(value) for value in found["seconds"]],
        },
        index=found.index,
    )


def controls_table(controls: Sequence[Row]) -> DataFrame:
    """Return a row for each kind of control, in words: means over tickets and draws."""
    import pandas as pd

    table = pd.DataFrame(list(controls)).rename(columns={"name": "control"})
    groups = table.groupby("control", sort=False)
    means = groups[["masks", "chosen_from", "density", "test_accuracy", "test_deviation"]].mean()
    deviations = means["test_deviation"].astype(float)
    return pd.DataFrame(
        {
            "test accuracy %": list(
                map(percent_with_deviation, means["test_accuracy"], deviations)
            ),
            "density %": [percent(value) for value in means["density"]],
            "masks": [whole(value) for value in means["masks"]],
            "chosen from": [whole(value) for value in means["chosen_from"]],
        },
        index=means.index,
    )


def sections(runs: DataFrame, controls: Sequence[Row]) -> Iterator[tuple[str, DataFrame, str]]:
    """Yield the title, the table and the explanation of each part of the report."""
    first = runs.iloc[0]
    yield (
        f"{first['data']}, network {first['network']}, {first['weights']} weights, "
        f"{first['biases']} biases",
        methods_table(runs),
        "Accuracy on test rows: mean ± standard deviation between seeds, and Student's t interval "
        "of the mean. Other columns: means. Masks of the same seed are of the same frozen weights. "
        "Bytes: of the ticket; of a dense model four for each parameter; of biprop, whose kept "
        "weights are scaled signs, those of its mask.",
    )
    tests = compared(runs)
    if len(tests):
        yield (
            f"Paired tests against {first['method']}",
            table_of_tests(tests),
            "Difference of a method from the reference in points of accuracy, mean and Student's t "
            "interval; Wilcoxon's signed-rank test, two-sided, with Holm's correction over this "
            f"table; matched-pairs rank-biserial correlation. {remark(tests)}".rstrip(),
        )
    if controls:
        seeds = sorted({row["seed"] for row in controls})
        which = f"seed {seeds[0]}" if len(seeds) == 1 else f"{len(seeds)} seeds"
        yield (
            f"Controls of {controls[0]['method']}, {which}",
            controls_table(controls),
            f"{_evaluated(runs, controls[0]['method'], seeds)}The best of random is chosen, by "
            "training accuracy, from as many masks as the search evaluated or as its time "
            "allowed. Shuffled: the mask's bits, within each layer. Re-drawn: the mask on other "
            "weights.",
        )


def _evaluated(runs: DataFrame, method: str, seeds: list[int]) -> str:
    counts = runs[(runs["method"] == method) & runs["seed"].isin(seeds)]["evaluations"].dropna()
    return f"The search evaluated {counts.mean():,.0f} masks. " if len(counts) else ""


def markdown_report(runs: DataFrame, controls: Sequence[Row] = ()) -> str:
    """Return the report as Markdown."""
    parts = []
    for title, table, explanation in sections(runs, controls):
        parts += [f"## {title}", tabulated(table, "pipe"), explanation]
    return "\n\n".join(parts) + "\n"


def plain_report(runs: DataFrame, controls: Sequence[Row] = ()) -> str:
    """Return the tables for a terminal."""
    parts = []
    for title, table, _ in sections(runs, controls):
        parts += [title, tabulated(table, "simple"), ""]
    return "\n".join([*parts, remark(compared(runs))]).rstrip()


def write(
    runs: DataFrame, controls: Sequence[Row], folder: Path, format: str = "csv"
) -> list[Path]:
    """Write runs.csv or runs.parquet, table.md and the pictures.

    Parameters
    ----------
    runs : DataFrame
        A row for each run.
    controls : sequence of dict
        A row for each control.
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
    table.write_text(markdown_report(runs, controls), encoding="utf-8")
    return [data, table, *draw_accuracies(runs, folder), *draw_sizes(runs, folder)]

"""What a comparison leaves behind: its runs as a file, tables as Markdown, pictures. pandas."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scratchcard.research.comparison_pictures import accuracies, draw_accuracies, draw_sizes
from scratchcard.research.ledger import Row
from scratchcard.research.statistics import compared, remark

if TYPE_CHECKING:
    from pandas import DataFrame

LIBRARIES = ("pandas", "matplotlib", "statsmodels", "tabulate")
NONE = "-"


def frame(rows: Sequence[Row]) -> DataFrame:
    """Rows of a ledger as a table."""
    import pandas as pd

    table = pd.DataFrame(list(rows))
    return table.astype({"evaluations": "Int64"})  # None for descents


def methods_table(runs: DataFrame) -> DataFrame:
    """A row for each method, in words: accuracy on test rows, densities, size and effort."""
    import pandas as pd

    accuracy = accuracies(runs)
    means = runs.groupby("method", sort=False)[
        ["density", "effective_density", "bytes", "evaluations", "seconds"]
    ].mean()
    found = accuracy.join(means)
    return pd.DataFrame(
        {
            "runs": found["runs"].astype(int),
            "accuracy %": [
                f"{100 * mean:.2f}" + ("" if pd.isna(sd) else f" ± {100 * sd:.2f}")
                for mean, sd in zip(found["mean"], found["deviation"], strict=True)
            ],
            "95 % interval": _intervals(found, 100.0),
            "median %": [_percent(value) for value in found["median"]],
            "density %": [_percent(value) for value in found["density"]],
            "effective density %": [_percent(value) for value in found["effective_density"]],
            "bytes": [f"{value:,.0f}" for value in found["bytes"]],
            "evaluations": [
                NONE if pd.isna(value) else f"{value:,.0f}" for value in found["evaluations"]
            ],
            "seconds": [f"{value:.3g}" for value in found["seconds"]],
        },
        index=found.index,
    )


def tests_table(tests: DataFrame) -> DataFrame:
    """A row for each method that was tested against the reference, in words."""
    import pandas as pd

    def p(value: float) -> str:
        return NONE if pd.isna(value) else f"{value:.2g}"

    counts = zip(tests["better"], tests["equal"], tests["worse"], strict=True)
    return pd.DataFrame(
        {
            "pairs": tests["pairs"],
            "difference, points": [_points(value) for value in tests["difference"]],
            "95 % interval": _intervals(tests, 100.0, sign="+"),
            "better / equal / worse": [" / ".join(map(str, each)) for each in counts],
            "rank-biserial": [NONE if pd.isna(r) else f"{r:+.2f}" for r in tests["effect"]],
            "p": [p(value) for value in tests["p"]],
            "p, Holm": [p(value) for value in tests["p_holm"]],
            "significant": ["yes" if yes else "no" for yes in tests["significant"]],
        },
        index=tests.index,
    )


def controls_table(controls: Sequence[Row]) -> DataFrame:
    """A row for each kind of control, in words: test accuracy, its mean over tickets and draws."""
    import pandas as pd

    table = pd.DataFrame(list(controls)).rename(columns={"name": "control"})
    groups = table.groupby("control", sort=False)
    means = groups[["masks", "chosen_from", "density", "test_accuracy", "test_deviation"]].mean()
    return pd.DataFrame(
        {
            "test accuracy %": [
                f"{100 * mean:.2f}" + ("" if pd.isna(sd) else f" ± {100 * sd:.2f}")
                for mean, sd in zip(
                    means["test_accuracy"], means["test_deviation"].astype(float), strict=True
                )
            ],
            "density %": [_percent(value) for value in means["density"]],
            "masks": [f"{value:,.0f}" for value in means["masks"]],
            "chosen from": [f"{value:,.0f}" for value in means["chosen_from"]],
        },
        index=means.index,
    )


def sections(runs: DataFrame, controls: Sequence[Row]) -> Iterator[tuple[str, DataFrame, str]]:
    """Title, table and remark of each part of the report."""
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
            tests_table(tests),
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


def markdown(runs: DataFrame, controls: Sequence[Row] = ()) -> str:
    """The report as Markdown."""
    parts = []
    for title, table, words in sections(runs, controls):
        parts += [f"## {title}", _tabulated(table, "pipe"), words]
    return "\n\n".join(parts) + "\n"


def plain(runs: DataFrame, controls: Sequence[Row] = ()) -> str:
    """The tables for a terminal."""
    parts = []
    for title, table, _ in sections(runs, controls):
        parts += [title, _tabulated(table, "simple"), ""]
    return "\n".join([*parts, remark(compared(runs))]).rstrip()


def write(
    runs: DataFrame, controls: Sequence[Row], folder: Path, format: str = "csv"
) -> list[Path]:
    """Write runs.csv or runs.parquet, table.md and the pictures; returns their paths."""
    data, table = write_runs(runs, folder, format), folder / "table.md"
    table.write_text(markdown(runs, controls), encoding="utf-8")
    return [data, table, *draw_accuracies(runs, folder), *draw_sizes(runs, folder)]


def write_runs(runs: DataFrame, folder: Path, format: str = "csv") -> Path:
    """Write runs.csv or runs.parquet; returns its path."""
    path = folder / f"runs.{format}"
    if format == "parquet":
        runs.to_parquet(path, index=False)
    else:
        runs.to_csv(path, index=False)
    return path


def _tabulated(table: DataFrame, style: str) -> str:
    text: Any = table.to_markdown(tablefmt=style, disable_numparse=True)
    return str(text)


def _percent(share: float) -> str:
    return f"{100 * share:.2f}" if share >= 0.01 else f"{100 * share:.3g}"


def _points(difference: float) -> str:
    return NONE if difference != difference else f"{100 * difference:+.2f}"


def _intervals(table: DataFrame, scale: float, sign: str = "") -> list[str]:
    return [
        NONE if low != low else f"{scale * low:{sign}.2f} to {scale * high:{sign}.2f}"
        for low, high in zip(table["low"], table["high"], strict=True)
    ]

"""What a comparison leaves behind: its runs as a file, tables as Markdown, pictures. pandas."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scratchcard.experiments import pictures
from scratchcard.experiments.ledger import Row
from scratchcard.experiments.statistics import compared, described, paired, remark

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from pandas import DataFrame

FORMATS = ("csv", "parquet")
LIBRARIES = ("pandas", "matplotlib", "statsmodels", "tabulate")
NONE = "-"


def check_libraries(format: str) -> None:
    """Raise ImportError, with the extra that has it, for a library that a report needs."""
    from importlib.util import find_spec

    for library in LIBRARIES:
        if find_spec(library) is None:
            raise ImportError(
                f"comparing needs {library}: pip install 'scratchcard[experiments]'"
            ) from None
    if format == "parquet" and find_spec("pyarrow") is None:
        raise ImportError("Parquet needs pyarrow: pip install 'scratchcard[parquet]'")


def frame(rows: Sequence[Row]) -> DataFrame:
    """Rows of a ledger as a table."""
    import pandas as pd

    table = pd.DataFrame(list(rows))
    return table.astype({"evaluations": "Int64"})  # None for descents


def _accuracies(runs: DataFrame) -> DataFrame:
    """Accuracies described; what an interval has beyond 0 and 1 is cut off."""
    found = described(runs)
    found[["low", "high"]] = found[["low", "high"]].clip(0.0, 1.0)
    return found


def methods_table(runs: DataFrame) -> DataFrame:
    """A row for each method, in words: accuracy on test rows, densities, size and effort."""
    import pandas as pd

    accuracy = _accuracies(runs)
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
        "of the mean. Other columns: means. Every method gets the same frozen weights for a seed.",
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
        asked = {
            int(row["evaluations"])
            for row in runs.to_dict("records")
            if row["method"] == controls[0]["method"] and row["seed"] in seeds
        }
        yield (
            f"Controls of {controls[0]['method']}, {which}",
            controls_table(controls),
            f"The search evaluated {' and '.join(f'{n:,}' for n in sorted(asked))} masks; "
            "the best of random is chosen, by training accuracy, from as many as its time "
            "allowed. Shuffled: the mask's bits, within each layer. Re-drawn: the mask on other "
            "weights.",
        )


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
    data, table = folder / f"runs.{format}", folder / "table.md"
    if format == "parquet":
        runs.to_parquet(data, index=False)
    else:
        runs.to_csv(data, index=False)
    table.write_text(markdown(runs, controls), encoding="utf-8")
    return [data, table, *draw_accuracies(runs, folder), *draw_sizes(runs, folder)]


def draw_accuracies(runs: DataFrame, folder: Path) -> list[Path]:
    """Accuracy of each method: a dot for a seed, lines between those of the same seed, means."""
    values, means = paired(runs) * 100, _accuracies(runs) * 100
    methods = list(means.index)
    figure, axes = pictures.canvas(size=(max(5.0, 1.6 + 1.1 * len(methods)), 4.6))
    here = axes[0, 0]
    here.plot(range(len(methods)), values.T, color="0.6", alpha=0.35, linewidth=0.8, zorder=1)
    for place, method in enumerate(methods):
        colour, marker = _look(place)
        seeds = values[method].dropna()
        here.plot([place] * len(seeds), seeds, marker, color=colour, alpha=0.45, markersize=5)
        mean, low, high = means.loc[method, ["mean", "low", "high"]]
        here.errorbar(
            place + 0.22,
            mean,
            [[mean - low], [high - mean]],
            fmt=marker,
            color=colour,
            markeredgecolor="black",
            markersize=8,
            capsize=5,
            elinewidth=2,
        )
    here.set_xticks(range(len(methods)), [method.replace("@", "\n@ ") for method in methods])
    here.set_xlim(-0.5, len(methods) - 0.3)
    pictures.label(
        here, _what(runs), "dots: seeds; beside them mean and 95 % interval", "test accuracy, %"
    )
    return pictures.save(figure, folder, "accuracy")


def draw_sizes(runs: DataFrame, folder: Path) -> list[Path]:
    """Accuracy against density, and against the bytes that a model takes."""
    from matplotlib.ticker import LogLocator, NullFormatter

    figure, axes = pictures.canvas(columns=2, size=(5.4, 4.4))
    for here, field, scale, name in (
        (axes[0, 0], "density", 100, "density, % of weights that stay"),
        (axes[0, 1], "bytes", 1, "bytes of the model"),
    ):
        _draw_against(here, runs, field, scale)
        here.set_xscale("log")
        here.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        here.xaxis.set_minor_formatter(NullFormatter())
        pictures.plain_ticks(here.xaxis)
        pictures.label(here, _what(runs), name, "test accuracy, %")
    handles, names = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside right center")
    return pictures.save(figure, folder, "size")


def _draw_against(here: Axes, runs: DataFrame, field: str, scale: float) -> None:
    for place, (method, group) in enumerate(runs.groupby("method", sort=False)):
        colour, marker = _look(place)
        x, y = scale * group[field], 100 * group["test_accuracy"]
        here.plot(x, y, marker, color=colour, alpha=0.45, markersize=5, markeredgewidth=0)
        here.plot(
            x.mean(),
            y.mean(),
            marker,
            color=colour,
            markersize=9,
            markeredgecolor="black",
            label=str(method),
        )


def _look(place: int) -> tuple[str, str]:
    colours, markers = pictures.COLOURS, pictures.MARKERS
    turn = place + place // len(colours)  # the same colour comes with another marker
    return colours[place % len(colours)], markers[turn % len(markers)]


def _what(runs: DataFrame) -> str:
    return f"{runs['data'].iloc[0]}, {runs['network'].iloc[0]}"


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

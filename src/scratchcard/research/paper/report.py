"""Writes what a reproduction leaves behind: runs.csv, report.md with all tables, pictures. pandas.

A file of its own beside ``tables``: it also puts the report into a page of documentation.
"""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scratchcard import __version__
from scratchcard.research.paper import tables
from scratchcard.research.paper.cases import EXPERIMENTS, Experiment
from scratchcard.research.paper.claims import claims_table, paper_claims
from scratchcard.research.paper.pictures import draw_all
from scratchcard.research.paper.runs import Reproduction
from scratchcard.research.paper.tables import PRUNED_FIELDS, of_experiment, results_table
from scratchcard.research.shared.results import Row
from scratchcard.research.shared.statistics import SIGNIFICANCE_LEVEL, pairs_needed
from scratchcard.research.shared.words import frame, markdown

if TYPE_CHECKING:
    from pandas import DataFrame

BEGIN, END = "<!-- begin: scratchcard reproduce paper -->", "<!-- end -->"
IMAGES = "images"
PICTURES = {
    "paper-accuracy": "Test accuracy by network and method: every run a dot, medians as markers",
    "paper-classes": "Median test accuracy against the number of classes, by method",
    "paper-sparsity": "Median sparsity after evolution and after pruning, by network and method",
}


def write(reproduction: Reproduction, rows: Sequence[Row], folder: Path) -> list[Path]:
    """Write runs.csv, report.md and the pictures into a folder, and return their paths."""
    runs = frame(rows, PRUNED_FIELDS)
    data, text = folder / "runs.csv", folder / "report.md"
    runs.to_csv(data, index=False)
    images = folder / IMAGES
    images.mkdir(exist_ok=True)
    drawn = draw_all(runs, reproduction.experiments, images)
    text.write_text(report(reproduction, runs, drawn), encoding="utf-8")
    return [data, text, *drawn]


def report(reproduction: Reproduction, runs: DataFrame, drawn: Sequence[Path] = ()) -> str:
    """Return the whole report as Markdown; its headings are of the third level."""
    parts = [_settings(reproduction, runs)]
    for title, words in _sections(reproduction, runs):
        parts.append(f"### {title}\n\n{words}")
    parts += [
        f"![{words}]({IMAGES}/{name}.png)"
        for name, words in PICTURES.items()
        if any(path.stem == name for path in drawn)
    ]
    return "\n\n".join(parts) + "\n"


def _sections(reproduction: Reproduction, runs: DataFrame) -> Iterator[tuple[str, str]]:
    """Yield titles, and the Markdown below each."""
    yield "The paper's claims", markdown(claims_table(paper_claims(runs)))
    experiments = [EXPERIMENTS[name] for name in reproduction.experiments]
    for experiment in experiments:
        group = of_experiment(runs, experiment)
        if len(group):
            yield experiment.title, markdown(results_table(group))
    yield from _test_sections(runs, experiments)


def _test_sections(runs: DataFrame, experiments: list[Experiment]) -> Iterator[tuple[str, str]]:
    tests = tables.case_tests(runs)
    if not len(tests):
        return
    pooled = tables.pooled_tests(runs, experiments)
    yield (
        "Memetic against the other methods, all cases of an experiment",
        f"{_method_of_tests()}\n\n{markdown(tables.paired_table(pooled))}",
    )
    behind, many = tables.behind(tests), len(tables.with_masks(tests))
    title = "Cases in which memetic is not at least as good and as sparse"
    if len(behind):
        significant = int((behind["verdict"] == "worse").sum())
        yield (
            title,
            "Every case in which another mask has the higher mean accuracy, or fewer weights than "
            f"the memetic one: {len(behind)} of {many} pairings with masks, of which {significant} "
            f"are significantly more accurate.\n\n{markdown(tables.paired_table(behind))}",
        )
    else:
        yield title, f"None of {many}."
    many = max(len(tests) for _, tests in tests.groupby([*tables.CASE, "reference"]))
    most, needed = int(tests["pairs"].max()), pairs_needed(many)
    remark = ""
    if most < needed:
        remark = (
            f" With so few seeds ({most}) no single case can be significant at "
            f"{SIGNIFICANCE_LEVEL}: with Holm's correction over {many} tests at least {needed} are "
            "needed. Every verdict here is a tie; the pooled tests above tell more."
        )
    yield (
        "Memetic against the other methods, case by case",
        f"Holm's correction is over the methods of a case.{remark}\n\n"
        + markdown(tables.paired_table(tests)),
    )


def _method_of_tests() -> str:
    return (
        "Memetic is tested against every other method, memetic ±1 against edge-popup on the same "
        "weights. Difference in test accuracy, memetic less the other; Wilcoxon's signed-rank test "
        "on runs from the same seed, two-sided, with Holm's correction; matched-pairs "
        "rank-biserial correlation, 1 where memetic is always better."
    )


def _settings(reproduction: Reproduction, runs: DataFrame) -> str:
    """Return what was run, for how long, and how many of the runs are done."""
    kind = "quick" if reproduction.quick else "full"
    spent = float(runs["seconds"].sum() + runs.get("pruning_seconds", runs["seconds"] * 0).sum())
    lines = [
        f"scratchcard {__version__}, {kind} run, {reproduction.seeds} seeds; {len(runs)} of "
        f"{reproduction.total} runs, {spent:,.0f} seconds of one core in all "
        f"(Python {platform.python_version()}, {platform.system()} {platform.machine()}).",
        _lengths(reproduction),
        "Accuracies are of test rows. Mean ± standard deviation between seeds; other columns are "
        "means. *Density*: weights that stay; *effective*: those on a path from an input to an "
        "output; *pruned to*: density after the paper's pruning pass on training rows, with the "
        "accuracy *then*. *edge-popup, as GA* keeps what the GA's run from the same seed kept; "
        "*±1* is on signed-constant weights, the same for all runs of a seed.",
    ]
    return "\n\n".join(lines)


def _lengths(reproduction: Reproduction) -> str:
    def own(value: int | None) -> str:
        return "its own" if value is None else f"{value:,}"

    parts = [
        f"{family}: {own(length.ga)} generations of the GA ({length.draws} draws for an adaptive "
        f"bound), {own(length.memetic)} of memetic, {own(length.edge_popup)} epochs of edge-popup, "
        f"{own(length.twin)} of Adam, {own(length.mlp)} of scikit-learn"
        for family, length in reproduction.lengths.items()
        if family in {case.family for case in reproduction.cases}
    ]
    return (
        "Lengths at most (*its own*: the method's default limit, which is the paper's for the GA). "
        + "; ".join(parts)
        + "."
    )


def insert(folder: Path, page: Path) -> list[Path]:
    """Put report.md between the marks of a page, and its pictures into images beside the page.

    Parameters
    ----------
    folder : Path
        Where the report is.
    page : Path
        A Markdown file with the marks.

    Returns
    -------
    list of Path
        The files that were written.

    Raises
    ------
    ValueError
        For a page without the marks.
    """
    before, after = _around(page)
    text = (folder / "report.md").read_text(encoding="utf-8")
    page.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{after}", encoding="utf-8")
    images = page.parent / IMAGES
    images.mkdir(exist_ok=True)
    copied = [images / f"{name}.png" for name in PICTURES]
    for path in copied:
        if (folder / IMAGES / path.name).exists():
            shutil.copyfile(folder / IMAGES / path.name, path)
    return [page, *(path for path in copied if path.exists())]


def check_page(page: Path) -> None:
    """Raise ValueError unless the page has the marks and can be written."""
    _around(page)
    if not os.access(page, os.W_OK):
        raise ValueError(f"into takes a file that may be written, got {str(page)!r}")


def _around(page: Path) -> tuple[str, str]:
    """Return what is before and after the marks."""
    try:
        text = page.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"into takes a Markdown file, got {str(page)!r}: {error}") from None
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(
            f"into takes a file with the lines {BEGIN!r} and {END!r}, got {str(page)!r}"
        )
    return before, after

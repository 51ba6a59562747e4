"""Tables of the runs: results of each case, and paired tests of the memetic search. pandas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from scratchcard.research.paper.cases import ENTRANTS, MASKS, OPPONENTS, Experiment
from scratchcard.research.shared import words
from scratchcard.research.shared.statistics import ROUNDING, compared, described
from scratchcard.research.shared.words import percent, percent_with_deviation, seconds, whole

if TYPE_CHECKING:
    from pandas import DataFrame, Series

CASE = ["data", "network"]
AFTER_PRUNING = ("density", "effective_density", "test_accuracy", "bytes")
"""Fields of a run that are measured again after pruning."""

PRUNED_FIELDS = tuple(f"pruned_{name}" for name in AFTER_PRUNING)
"""Their names then, in runs that were pruned."""


def of_experiment(runs: DataFrame, experiment: Experiment) -> DataFrame:
    """Return the runs of an experiment's cases, case by case."""
    import pandas as pd

    parts = [of_case(runs, case.data, case.network) for case in experiment.cases]
    return pd.concat(parts) if parts else runs[:0]


def of_case(runs: DataFrame, data: str, network: str) -> DataFrame:
    """Return the runs of one network on one data set."""
    return runs[(runs["data"] == data) & (runs["network"] == network)]


def medians(runs: DataFrame, value: str = "test_accuracy") -> Series:
    """Return the medians of a value over seeds, by data, network and method."""
    return runs.groupby([*CASE, "method"], sort=False)[value].median()


def results_table(runs: DataFrame) -> DataFrame:
    """Return a row for each case and method: accuracy on test rows, densities and effort."""
    import pandas as pd

    by = [*CASE, "method"]
    accuracy = described(runs, by=by)
    means = runs.groupby(by, sort=False).mean(numeric_only=True)
    table = pd.DataFrame(
        {
            "data": [key[0] for key in accuracy.index],
            "network": [key[1] for key in accuracy.index],
            "method": [ENTRANTS[key[2]].label for key in accuracy.index],
            "median %": accuracy["median"].map(percent),
            "mean %": list(map(percent_with_deviation, accuracy["mean"], accuracy["deviation"])),
            "density %": means["density"].map(percent),
            "effective %": means["effective_density"].map(percent),
            "pruned to %": means["pruned_density"].map(percent),
            "mean % then": means["pruned_test_accuracy"].map(percent),
            "evaluations": [whole(value) for value in means["evaluations"]],
            "seconds": means["seconds"].map(seconds),
        }
    )
    return table.drop(columns="data") if runs["data"].nunique() == 1 else table


# -- paired tests ----------------------------------------------------------------------------------


def case_tests(runs: DataFrame) -> DataFrame:
    """Test the memetic search against its opponents, case by case.

    Parameters
    ----------
    runs : DataFrame
        A row for each run.

    Returns
    -------
    DataFrame
        A row for each case, reference and opponent, with the columns of ``compared`` and ``data``,
        ``network``, ``reference``, ``method``; ``reference_density`` and ``density``, which are
        means; and ``verdict`` on the reference's accuracy: better, tie (Holm's p is 0.05 or more)
        or worse.
    """
    parts = []
    for (data, network), group in runs.groupby(CASE, sort=False):
        density = group.groupby("method")["density"].mean()
        for reference, tests in _tests(group, ("seed",)):
            tests.insert(0, "data", data)
            tests.insert(1, "network", network)
            tests["reference_density"] = density[reference]
            tests["density"] = tests["method"].map(density)
            parts.append(tests)
    return _judged(parts)


def pooled_tests(runs: DataFrame, experiments: list[Experiment]) -> DataFrame:
    """Test the memetic search over all the cases of each experiment at once.

    Pairs share data, network and seed. Where seeds are few a single case has few pairs; together
    its experiment's cases have more.
    """
    parts = []
    for experiment in experiments:
        for _, tests in _tests(of_experiment(runs, experiment), (*CASE, "seed")):
            tests.insert(0, "experiment", experiment.name)
            parts.append(tests)
    return _judged(parts)


def _tests(runs: DataFrame, pairs: tuple[str, ...]) -> Iterator[tuple[str, DataFrame]]:
    """Yield each reference that was run, and its tests against those opponents that were."""
    for reference, opponents in OPPONENTS.items():
        group = runs[runs["method"].isin((reference, *opponents))]
        if reference in set(group["method"]) and group["method"].nunique() > 1:
            tests = compared(group, reference, pairs=pairs).reset_index()
            tests.insert(0, "reference", reference)
            yield reference, tests


def _judged(parts: list[DataFrame]) -> DataFrame:
    """Return all tests with verdicts on the reference."""
    import pandas as pd

    if not parts:
        return pd.DataFrame()
    tests = pd.concat(parts, ignore_index=True)
    verdicts = [
        "tie" if not significant else "better" if difference < 0 else "worse"
        for significant, difference in zip(tests["significant"], tests["difference"], strict=True)
    ]
    return tests.assign(verdict=verdicts)


def with_masks(tests: DataFrame) -> DataFrame:
    """Return the tests against other masks, without those against trained networks."""
    return tests[tests["method"].isin(MASKS)]


def behind(tests: DataFrame) -> DataFrame:
    """Return tests where another mask is more accurate on average than the reference, or sparser.

    They need not be significant: with few seeds a tie says little.
    """
    masks = with_masks(tests)
    return masks[
        (masks["difference"] > ROUNDING)
        | (masks["reference_density"] > masks["density"] + ROUNDING)
    ]


def paired_table(tests: DataFrame) -> DataFrame:
    """Return the tests in words; differences are the reference's from the other method."""
    import pandas as pd

    shown = words.table_of_tests(tests, of_reference=True)
    found: dict[str, Any] = {name: tests[name] for name in ("experiment", *CASE) if name in tests}
    found["who"] = [ENTRANTS[name].label for name in tests["reference"]]
    found["against"] = [ENTRANTS[name].label for name in tests["method"]]
    for name in ("difference, points", "better / equal / worse", "rank-biserial", "p, Holm"):
        found[name] = shown[name]
    if "density" in tests:
        pairs = zip(tests["reference_density"], tests["density"], strict=True)
        found["densities %"] = [f"{percent(own)} / {percent(other)}" for own, other in pairs]
    found["is"] = tests["verdict"]
    return pd.DataFrame(found)

"""Paired tests of the memetic search against the other entrants, case by case and over cases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from scratchcard.research.paper.cases import ENTRANTS, MASKS, OPPONENTS, Experiment
from scratchcard.research.paper.tables import NONE, of_experiment, percent
from scratchcard.research.statistics import TIE, compared

if TYPE_CHECKING:
    from pandas import DataFrame

KEYS = ["data", "network"]


def case_tests(runs: DataFrame) -> DataFrame:
    """A row for each case, reference and opponent of it, with the columns of ``compared`` and

    ``data``, ``network``, ``reference``, ``method``; ``reference_density`` and ``density``, means;
    and ``verdict`` on the reference: better, tie (Holm's p is 0.05 or more) or worse, in accuracy.
    """
    parts = []
    for (data, network), group in runs.groupby(KEYS, sort=False):
        density = group.groupby("method")["density"].mean()
        for reference, tests in _tests(group, ("seed",)):
            tests.insert(0, "data", data)
            tests.insert(1, "network", network)
            tests["reference_density"] = density[reference]
            tests["density"] = tests["method"].map(density)
            parts.append(tests)
    return _judged(parts)


def pooled_tests(runs: DataFrame, experiments: list[Experiment]) -> DataFrame:
    """The same over all the cases of each experiment: pairs share data, network and seed.

    A single case has few pairs where seeds are few; its neighbours then lend theirs.
    """
    parts = []
    for experiment in experiments:
        for _, tests in _tests(of_experiment(runs, experiment), (*KEYS, "seed")):
            tests.insert(0, "experiment", experiment.name)
            parts.append(tests)
    return _judged(parts)


def _tests(runs: DataFrame, pairs: tuple[str, ...]) -> Iterator[tuple[str, DataFrame]]:
    """Each reference that was run, and its tests against those of its opponents that were."""
    for reference, opponents in OPPONENTS.items():
        group = runs[runs["method"].isin((reference, *opponents))]
        if reference in set(group["method"]) and group["method"].nunique() > 1:
            tests = compared(group, reference, pairs=pairs).reset_index()
            tests.insert(0, "reference", reference)
            yield reference, tests


def _judged(parts: list[DataFrame]) -> DataFrame:
    """All of them with verdicts on the reference; differences are those of the others from it."""
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
    """Those against other masks, not against trained networks."""
    return tests[tests["method"].isin(MASKS)]


def behind(tests: DataFrame) -> DataFrame:
    """Cases where another mask's mean accuracy is above the reference's, or its density below.

    Significant or not: with few seeds a tie says little.
    """
    masks = with_masks(tests)
    return masks[
        (masks["difference"] > TIE) | (masks["reference_density"] > masks["density"] + TIE)
    ]


def tests_table(tests: DataFrame) -> DataFrame:
    """The tests in words; differences are the reference's from the other method."""
    import pandas as pd

    def p(value: float) -> str:
        return NONE if pd.isna(value) else f"{value:.2g}"

    def points(value: float) -> str:
        return NONE if pd.isna(value) else f"{0.0 - 100 * value:+.2f}"

    keys = [name for name in ("experiment", *KEYS) if name in tests]
    found: dict[str, Any] = {name: tests[name] for name in keys}
    found["who"] = [ENTRANTS[name].label for name in tests["reference"]]
    found["against"] = [ENTRANTS[name].label for name in tests["method"]]
    found["difference, points"] = tests["difference"].map(points)
    wins = zip(tests["worse"], tests["equal"], tests["better"], strict=True)
    found["wins / ties / losses"] = [" / ".join(map(str, each)) for each in wins]
    found["effect"] = tests["effect"].map(lambda r: NONE if pd.isna(r) else f"{0.0 - r:+.2f}")
    found["p, Holm"] = tests["p_holm"].map(p)
    if "density" in tests:
        pairs = zip(tests["reference_density"], tests["density"], strict=True)
        found["densities %"] = [f"{percent(own)} / {percent(other)}" for own, other in pairs]
    found["is"] = tests["verdict"]
    return pd.DataFrame(found)

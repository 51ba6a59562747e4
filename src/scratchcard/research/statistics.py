"""Statistics of runs: means with intervals, and paired tests. pandas, SciPy, statsmodels.

Runs are rows of a table, :class:`pandas.DataFrame`, with the fields of the ledger. Two methods are
compared on pairs: runs that started from the same weights, on the same rows. Differences are those
of a method from the reference, so below zero where the reference is better.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pandas import DataFrame

Values = NDArray[np.float64]

CONFIDENCE = 0.95
LEVEL = 0.05  # at which a corrected p counts as significant
TIE = 1e-12  # differences of accuracies below this are rounding


class Interval(NamedTuple):
    """A mean and the interval that holds the true one; not a number where one value says none."""

    mean: float
    low: float
    high: float


def mean_interval(values: Values, confidence: float = CONFIDENCE) -> Interval:
    """Mean of values, (n,), and Student's t interval of it; NaN bounds for one value."""
    from scipy import stats

    mean = float(np.mean(values))
    if len(values) < 2:
        return Interval(mean, math.nan, math.nan)
    error = float(stats.sem(values))
    if error == 0:
        return Interval(mean, mean, mean)
    low, high = stats.t.interval(confidence, len(values) - 1, mean, error)
    return Interval(mean, float(low), float(high))


def described(
    runs: DataFrame, value: str = "test_accuracy", by: str | list[str] = "method"
) -> DataFrame:
    """Describe the values of each group of runs.

    Index: the groups, in the order in which they come. Columns: ``runs``, ``mean``, ``deviation``
    (of the sample; NaN for one run), ``low`` and ``high`` (Student's t, 95 %) and ``median``.
    """
    import pandas as pd

    groups = runs.groupby(by, sort=False)[value]
    found = {}
    for name, group in groups:
        values = group.to_numpy(np.float64)
        mean, low, high = mean_interval(values)
        found[name] = {
            "runs": len(values),
            "mean": mean,
            "deviation": float(np.std(values, ddof=1)) if len(values) > 1 else math.nan,
            "low": low,
            "high": high,
            "median": float(np.median(values)),
        }
    table = pd.DataFrame.from_dict(found, orient="index")
    table.index.names = [by] if isinstance(by, str) else by
    return table


def paired(
    runs: DataFrame,
    value: str = "test_accuracy",
    by: str = "method",
    pairs: Sequence[str] = ("seed",),
) -> DataFrame:
    """Values with a row for each pairing and a column for each method; NaN where a run is missing.

    pairs : the fields that paired runs share. Raises ValueError where a method has two such runs.
    """
    keys = [*pairs, by]
    twice = runs.duplicated(keys)
    if twice.any():
        which = ", ".join(f"{key} {runs[twice].iloc[0][key]}" for key in keys)
        raise ValueError(f"runs takes one run for each pair and method, got two of {which}")
    table = runs.pivot(index=list(pairs), columns=by, values=value)
    return table[list(dict.fromkeys(runs[by]))].astype(np.float64)


class SignedRank(NamedTuple):
    """Wilcoxon's signed-rank test of differences, and matched-pairs rank-biserial correlation.

    ``p`` is two-sided. ``effect`` is from -1 (every difference is negative) to 1, weighted by rank.
    """

    p: float
    effect: float


def signed_rank(differences: Values) -> SignedRank:
    """Test whether differences, (n,), are symmetric about zero; zeros are dropped.

    SciPy's method "auto": the exact distribution for few differences, the normal one for many or
    for ties among more than 13. p is 1 and the effect 0 if all are zero; p is NaN of none.
    """
    from scipy import stats

    if len(differences) == 0:
        return SignedRank(math.nan, math.nan)
    moved = differences[np.abs(differences) > TIE]
    if len(moved) == 0:
        return SignedRank(1.0, 0.0)
    moved = np.round(moved, 12)  # or equal differences of accuracies would not tie
    with warnings.catch_warnings():  # older SciPy remarks that few pairs are few
        warnings.simplefilter("ignore", UserWarning)
        p = float(stats.wilcoxon(moved).pvalue)
        ranks = stats.wilcoxon(moved, alternative="greater", method="asymptotic")
    positive = float(ranks.statistic)  # sum of the ranks of those above zero
    return SignedRank(p, 4 * positive / (len(moved) * (len(moved) + 1)) - 1)


def compared(
    runs: DataFrame,
    reference: str | None = None,
    value: str = "test_accuracy",
    by: str = "method",
    pairs: Sequence[str] = ("seed",),
) -> DataFrame:
    """Test every method against a reference, the first method if None, on the pairs both have.

    Index: the other methods. Columns: ``pairs``; ``difference``, the mean one, with ``low`` and
    ``high`` (Student's t, 95 %), in units of ``value``; ``better``, ``equal`` and ``worse``, pairs
    in which the method is; ``effect``, rank-biserial; ``p``; ``p_holm``, corrected by Holm's method
    for all tests in this table; ``significant``, whether that is below 0.05.
    Raises ValueError for a reference that has no runs.
    """
    import pandas as pd

    table = paired(runs, value, by, pairs)
    reference = reference if reference is not None else str(table.columns[0])
    if reference not in table:
        raise ValueError(f"reference takes {', '.join(table.columns)}, got {reference!r}")
    found = {}
    for method in table.columns.drop(reference):
        differences = (table[method] - table[reference]).dropna().to_numpy()
        mean, low, high = Interval(math.nan, math.nan, math.nan)
        if len(differences):
            mean, low, high = mean_interval(differences)
        p, effect = signed_rank(differences)
        found[method] = {
            "pairs": len(differences),
            "difference": mean,
            "low": low,
            "high": high,
            "better": int(np.sum(differences > TIE)),
            "equal": int(np.sum(np.abs(differences) <= TIE)),
            "worse": int(np.sum(differences < -TIE)),
            "effect": effect,
            "p": p,
        }
    tests = pd.DataFrame.from_dict(found, orient="index")
    tests.index.name = by
    if len(tests):
        tests["p_holm"] = holm(tests["p"].to_numpy())
        tests["significant"] = tests["p_holm"] < LEVEL
    return tests


def holm(p: Values) -> Values:
    """Correct p values, (n,), of one family by Holm's method; NaN stays, and counts for none."""
    from statsmodels.stats.multitest import multipletests

    corrected = np.full(len(p), np.nan)
    known = ~np.isnan(p)
    if known.any():
        corrected[known] = multipletests(p[known], method="holm")[1]
    return corrected


def pairs_needed(tests: int = 1) -> int:
    """Fewest pairs with which any of so many tests can be significant after Holm's correction.

    The least p of n pairs is 2 / 2**n, and Holm multiplies the least of a family by its size.
    """
    return math.ceil(1 + math.log2(max(1, tests) / LEVEL))


def remark(tests: DataFrame) -> str:
    """Say if these tests have too few pairs for any to be significant; empty if they have not."""
    needed = pairs_needed(len(tests))
    if len(tests) == 0 or int(tests["pairs"].max()) >= needed:
        return ""
    most = int(tests["pairs"].max())
    pairs = "1 pair" if most == 1 else f"{most} pairs"
    many = (
        "one test needs" if len(tests) == 1 else f"{len(tests)} tests with Holm's correction need"
    )
    return f"With {pairs} no difference can be significant at {LEVEL}: {many} at least {needed}."

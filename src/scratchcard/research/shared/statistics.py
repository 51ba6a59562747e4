"""Statistics of runs: means with intervals, and paired tests. pandas, SciPy, statsmodels.

Runs are rows of a table, :class:`pandas.DataFrame`, with the fields of the results file. Two
methods are compared on pairs: runs that started from the same weights, on the same rows. A
difference is that of a method from the reference: below zero where the reference is better.
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
SIGNIFICANCE_LEVEL = 0.05  # a corrected p below it counts as significant
ROUNDING = 1e-12  # accuracies that differ by less than this are equal


class Interval(NamedTuple):
    """A mean and its confidence interval; the bounds are NaN where one value tells none."""

    mean: float
    low: float
    high: float


def mean_interval(values: Values, confidence: float = CONFIDENCE) -> Interval:
    """Return the mean of values and Student's t interval of it.

    Parameters
    ----------
    values : (n,) array
        At least one number.
    confidence : float
        How often such an interval holds the true mean.

    Returns
    -------
    Interval
        With NaN as bounds if there is one value only.
    """
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

    Parameters
    ----------
    runs : DataFrame
        A row for each run.
    value : str
        The field that is described.
    by : str or list of str
        The fields that make a group.

    Returns
    -------
    DataFrame
        Its index holds the groups, in the order in which they come. Its columns are ``runs``,
        ``mean``, ``deviation`` (of the sample; NaN for one run), ``low`` and ``high`` (Student's t,
        95 %) and ``median``.
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
    """Arrange values with a row for each pair of runs and a column for each method.

    Parameters
    ----------
    runs : DataFrame
        A row for each run.
    value : str
        The field whose values are arranged.
    by : str
        The field that names the method.
    pairs : sequence of str
        The fields that paired runs share.

    Returns
    -------
    DataFrame
        With NaN where a method has no run.

    Raises
    ------
    ValueError
        If a method has two runs of one pair.
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
    """Test whether differences are symmetric about zero; differences of zero are dropped.

    SciPy's method "auto" takes the exact distribution for few differences, and the normal one for
    many or for ties among more than 13.

    Parameters
    ----------
    differences : (n,) array
        One for each pair.

    Returns
    -------
    SignedRank
        ``p`` is 1 and ``effect`` 0 if all differences are zero; both are NaN without differences.
    """
    from scipy import stats

    if len(differences) == 0:
        return SignedRank(math.nan, math.nan)
    moved = differences[np.abs(differences) > ROUNDING]
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
    """Test every method against a reference, on the pairs that both have.

    Parameters
    ----------
    runs : DataFrame
        A row for each run.
    reference : str or None
        The method that the others are tested against; the first one if None.
    value, by, pairs
        As :func:`paired` takes them.

    Returns
    -------
    DataFrame
        Its index holds the other methods. Its columns are ``pairs``; ``difference``, the mean one,
        with ``low`` and ``high`` (Student's t, 95 %), in units of ``value``; ``better``, ``equal``
        and ``worse``, the pairs in which the method is; ``effect``, rank-biserial; ``p``;
        ``p_holm``, corrected by Holm's method for all tests in this table; and ``significant``,
        whether that is below 0.05.

    Raises
    ------
    ValueError
        For a reference that has no runs.
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
            "better": int(np.sum(differences > ROUNDING)),
            "equal": int(np.sum(np.abs(differences) <= ROUNDING)),
            "worse": int(np.sum(differences < -ROUNDING)),
            "effect": effect,
            "p": p,
        }
    tests = pd.DataFrame.from_dict(found, orient="index")
    tests.index.name = by
    if len(tests):
        tests["p_holm"] = holm(tests["p"].to_numpy())
        tests["significant"] = tests["p_holm"] < SIGNIFICANCE_LEVEL
    return tests


def holm(p: Values) -> Values:
    """Correct the p values of one family of tests by Holm's method.

    Parameters
    ----------
    p : (n,) array
        A NaN stays, and does not count as a test.

    Returns
    -------
    (n,) array
    """
    from statsmodels.stats.multitest import multipletests

    corrected = np.full(len(p), np.nan)
    known = ~np.isnan(p)
    if known.any():
        corrected[known] = multipletests(p[known], method="holm")[1]
    return corrected


def pairs_needed(tests: int = 1) -> int:
    """Return the fewest pairs with which one of ``tests`` tests can be significant.

    The smallest p of n pairs is 2 / 2**n, and Holm's correction multiplies the smallest p of a
    family by the number of its tests.
    """
    return math.ceil(1 + math.log2(max(1, tests) / SIGNIFICANCE_LEVEL))


def remark(tests: DataFrame) -> str:
    """Return a sentence if these tests have too few pairs for any to be significant, or ""."""
    needed = pairs_needed(len(tests))
    if len(tests) == 0 or int(tests["pairs"].max()) >= needed:
        return ""
    most = int(tests["pairs"].max())
    pairs = "1 pair" if most == 1 else f"{most} pairs"
    many = (
        "one test needs" if len(tests) == 1 else f"{len(tests)} tests with Holm's correction need"
    )
    return (
        f"With {pairs} no difference can be significant at {SIGNIFICANCE_LEVEL}: "
        f"{many} at least {needed}."
    )

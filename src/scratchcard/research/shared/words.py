"""Writes rows and numbers as people read them: tables, percentages, p values. pandas, tabulate."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pandas import DataFrame

NONE = "-"
SMALLEST_P = 1e-12  # a smaller p value is shown as smaller than this


def frame(rows: Sequence[Mapping[str, Any]], optional: Sequence[str] = ()) -> DataFrame:
    """Return rows of results as a table.

    Parameters
    ----------
    rows : sequence of mappings
        Plain values; at least one row.
    optional : sequence of str
        Fields that every table has, filled with NaN where no row has them.

    Returns
    -------
    DataFrame
        A row for each run. ``evaluations``, which gradient descent has none of, are integers.
    """
    import pandas as pd

    table = pd.DataFrame(list(rows))
    for name in optional:
        if name not in table:
            table[name] = np.nan
    return table.astype({"evaluations": "Int64"}) if "evaluations" in table else table


def is_missing(value: Any) -> bool:
    """Return whether a value is None, NaN or pandas' NA."""
    import pandas as pd

    return bool(pd.isna(value))


def percent(share: float | None, digits: int = 2) -> str:
    """Return a fraction of 1 in percent, without the sign; three significant digits below 1 %."""
    if share is None or is_missing(share):
        return NONE
    return f"{100 * share:.{digits}f}" if share >= 0.01 else f"{100 * share:.3g}"


def percent_with_deviation(mean: float, deviation: float | None, digits: int = 2) -> str:
    """Return a mean and its standard deviation in percent, as 97.31 ± 0.42."""
    shown = f"{100 * mean:.{digits}f}"
    return shown if is_missing(deviation) else f"{shown} ± {100 * float(deviation or 0):.{digits}f}"


def points(difference: float) -> str:
    """Return a difference of accuracies in percentage points, with its sign."""
    return NONE if is_missing(difference) else f"{100 * difference + 0.0:+.2f}"


def plain(value: float | None, digits: int = 3) -> str:
    """Return a number with ``digits`` decimals, or a dash for none."""
    return NONE if value is None or is_missing(value) else f"{value:.{digits}f}"


def whole(value: float | None) -> str:
    """Return a count with separated thousands, or a dash for none."""
    return NONE if value is None or is_missing(value) else f"{value:,.0f}"


def seconds(value: float) -> str:
    """Return a time with three significant digits, or as a whole number if it is long."""
    return f"{value:.3g}" if value < 999.5 else f"{value:,.0f}"


def p_value(p: float | None) -> str:
    """Return a p value with two significant digits, or a dash for none."""
    if p is None or is_missing(p):
        return NONE
    return f"{p:.2g}" if p >= SMALLEST_P else f"< {SMALLEST_P:g}"


def intervals(table: DataFrame, sign: str = "") -> list[str]:
    """Return the intervals of the columns ``low`` and ``high``, fractions of 1, in percent."""
    return [
        NONE if is_missing(low) else f"{100 * low + 0.0:{sign}.2f} to {100 * high + 0.0:{sign}.2f}"
        for low, high in zip(table["low"], table["high"], strict=True)
    ]


def table_of_tests(tests: DataFrame, of_reference: bool = False) -> DataFrame:
    """Return paired tests in words, a row for each.

    Parameters
    ----------
    tests : DataFrame
        As :func:`~scratchcard.research.shared.statistics.compared` returns them.
    of_reference : bool
        Whether differences are those of the reference from the other method, instead of those of
        the method from the reference.

    Returns
    -------
    DataFrame
        All cells are text but ``pairs``; its index is that of the tests.
    """
    import pandas as pd

    if of_reference:
        tests = tests.assign(
            difference=-tests["difference"],
            low=-tests["high"],
            high=-tests["low"],
            better=tests["worse"],
            worse=tests["better"],
            effect=-tests["effect"],
        )
    counts = zip(tests["better"], tests["equal"], tests["worse"], strict=True)
    return pd.DataFrame(
        {
            "pairs": tests["pairs"],
            "difference, points": [points(value) for value in tests["difference"]],
            "95 % interval": intervals(tests, sign="+"),
            "better / equal / worse": [" / ".join(map(str, each)) for each in counts],
            "rank-biserial": [
                NONE if is_missing(r) else f"{r + 0.0:+.2f}" for r in tests["effect"]
            ],
            "p": [p_value(value) for value in tests["p"]],
            "p, Holm": [p_value(value) for value in tests["p_holm"]],
            "significant": ["yes" if yes else "no" for yes in tests["significant"]],
        },
        index=tests.index,
    )


def markdown(table: DataFrame | Sequence[Mapping[str, Any]]) -> str:
    """Return a table as Markdown, without its index and without padding."""
    text = tabulated(table, "pipe", index=False)
    return re.sub("-{4,}", "---", re.sub(" {2,}", " ", text))


def tabulated(
    table: DataFrame | Sequence[Mapping[str, Any]], style: str, index: bool = True
) -> str:
    """Return a table as text in one of tabulate's styles; no cell is taken for a number."""
    from tabulate import tabulate

    more: dict[str, Any] = {} if isinstance(table, Sequence) else {"showindex": index}
    return str(tabulate(table, headers="keys", tablefmt=style, disable_numparse=True, **more))


def write_table(table: DataFrame, folder: Path, name: str, format: str) -> Path:
    """Write a table as CSV or Parquet, and return its path."""
    path = folder / f"{name}.{format}"
    if format == "parquet":
        table.to_parquet(path, index=False)
    else:
        table.to_csv(path, index=False)
    return path

"""Tables of the runs in words, for Markdown. pandas, tabulate."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from scratchcard.research.ledger import Row
from scratchcard.research.paper.cases import ENTRANTS, Experiment
from scratchcard.research.statistics import described

if TYPE_CHECKING:
    from pandas import DataFrame, Series

NONE = "-"


def frame(rows: Sequence[Row]) -> DataFrame:
    """Rows of the ledger as a table, (n_runs, n_fields); at least one row."""
    import pandas as pd

    table = pd.DataFrame(list(rows))
    for name in ("density", "effective_density", "test_accuracy", "bytes"):
        if f"pruned_{name}" not in table:
            table[f"pruned_{name}"] = np.nan
    return table.astype({"evaluations": "Float64"})


def of_experiment(runs: DataFrame, experiment: Experiment) -> DataFrame:
    """The runs of an experiment's cases, case by case."""
    import pandas as pd

    parts = [of_case(runs, case.data, case.network) for case in experiment.cases]
    return pd.concat(parts) if parts else runs[:0]


def of_case(runs: DataFrame, data: str, network: str) -> DataFrame:
    """The runs of one network on one data set."""
    return runs[(runs["data"] == data) & (runs["network"] == network)]


def results_table(runs: DataFrame) -> DataFrame:
    """A row for each case and method: accuracy on test rows, densities and effort."""
    import pandas as pd

    by = ["data", "network", "method"]
    accuracy = described(runs, by=by)
    means = runs.groupby(by, sort=False).mean(numeric_only=True)
    table = pd.DataFrame(
        {
            "data": [key[0] for key in accuracy.index],
            "network": [key[1] for key in accuracy.index],
            "method": [ENTRANTS[key[2]].label for key in accuracy.index],
            "median %": accuracy["median"].map(percent),
            "mean %": [
                percent(mean) + ("" if pd.isna(sd) else f" ± {100 * sd:.2f}")
                for mean, sd in zip(accuracy["mean"], accuracy["deviation"], strict=True)
            ],
            "density %": means["density"].map(percent),
            "effective %": means["effective_density"].map(percent),
            "pruned to %": means["pruned_density"].map(percent),
            "mean % then": means["pruned_test_accuracy"].map(percent),
            "evaluations": means["evaluations"].map(whole),
            "seconds": means["seconds"].map(lambda s: f"{s:.3g}" if s < 999.5 else f"{s:,.0f}"),
        }
    )
    return table.drop(columns="data") if runs["data"].nunique() == 1 else table


def markdown(table: DataFrame) -> str:
    """The table as Markdown, without its index."""
    text: Any = table.to_markdown(index=False, tablefmt="pipe", disable_numparse=True)
    return re.sub("-{4,}", "---", re.sub(" {2,}", " ", str(text)))  # no padding


def medians(runs: DataFrame, value: str = "test_accuracy") -> Series:
    """Medians of a value over seeds, by data, network and method."""
    return runs.groupby(["data", "network", "method"], sort=False)[value].median()


def percent(share: float) -> str:
    """A share of 1 in percent without the sign, or a dash for none."""
    if share != share:
        return NONE
    return f"{100 * share:.2f}" if share >= 0.01 else f"{100 * share:.3g}"


def whole(value: Any) -> str:
    """A count with thousands apart, or a dash for none."""
    import pandas as pd

    return NONE if pd.isna(value) else f"{value:,.0f}"

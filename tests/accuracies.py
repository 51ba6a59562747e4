"""Runs with given test accuracies. Several tests use it."""

from __future__ import annotations

import pandas as pd


def runs(**accuracies) -> pd.DataFrame:
    """Runs whose test accuracies, by method and seed, are these."""
    rows = [
        {"method": method, "seed": seed, "test_accuracy": value}
        for method, values in accuracies.items()
        for seed, value in enumerate(values)
    ]
    return pd.DataFrame(rows)

"""How many of the rows a trial reads: the same search in three ways, which are no equals.

as it is : of many rows a sample of those that matter, and of these a window that grows while the
    search lasts, with races that end early. Most of its trials decide on a few rows. It is what a
    user runs.
raced : all rows are there from the start, and a race may end before a trial has read them.
exact : every trial reads every row. Only this does the same work as a peer that computes the
    objective of a candidate in full.
"""

from __future__ import annotations

from typing import Any

from scratchcard.search import Memetic

AS_IT_IS, RACED, EXACT = "as it is", "raced", "exact"
READINGS = (AS_IT_IS, RACED, EXACT)


def memetic(reading: str, density: float, n_rows: int) -> Memetic:
    """The search that reads ``n_rows`` rows in one of these ways."""
    settings: dict[str, dict[str, Any]] = {
        AS_IT_IS: {},
        RACED: {"sample": 1.0, "first_rows": n_rows},
        EXACT: {"sample": 1.0, "first_rows": n_rows, "race_error": 0.0},
    }
    return Memetic(max_density=density, **settings[reading])

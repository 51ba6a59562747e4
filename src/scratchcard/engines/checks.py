"""What every engine checks of its objective."""

from __future__ import annotations

from scratchcard.objectives import Objective
from scratchcard.rows import Rows


def check_group(objective: Objective, rows: Rows) -> None:
    """Raise ValueError for an objective over groups of rows that the rows do not come in."""
    if objective.group not in (1, rows.group):
        raise ValueError(
            f"objective {objective.name!r} takes rows in groups of {objective.group}, "
            f"got groups of {rows.group}"
        )


def one_statistic_only(objective: Objective, n_outputs: int) -> None:
    """Raise ValueError for an objective with more statistics of a row than one."""
    n_statistics = objective.n_statistics(n_outputs)
    if n_statistics > 1:
        raise ValueError(
            f"row statistics take an objective with one for each row, {objective.name!r} has "
            f"{n_statistics}"
        )

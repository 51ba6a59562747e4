"""Checks that every engine makes of its objective."""

from __future__ import annotations

from scratchcard.objectives import Objective
from scratchcard.rows import Rows


def check_group(objective: Objective, rows: Rows) -> None:
    """Raise an error unless the rows come in the groups that the objective is defined for.

    Parameters
    ----------
    objective : Objective
        The objective.
    rows : Rows
        The rows.

    Raises
    ------
    ValueError
        If the group sizes differ.
    """
    if objective.group not in (1, rows.group):
        raise ValueError(
            f"objective {objective.name!r} takes rows in groups of {objective.group}, "
            f"got groups of {rows.group}"
        )


def check_answers(objective: Objective, rows: Rows) -> None:
    """Raise an error unless the targets are what the objective is defined for.

    Parameters
    ----------
    objective : Objective
        The objective.
    rows : Rows
        The rows.

    Raises
    ------
    ValueError
        For numbers where it takes classes, for classes where it takes numbers, and for numbers
        below 0 where it takes counts.
    """
    if objective.answers != rows.answers:
        raise ValueError(
            f"objective {objective.name!r} takes rows whose targets are {objective.answers}, "
            f"got {rows.answers}"
        )
    if objective.from_zero and rows.targets.min() < 0:
        raise ValueError(
            f"objective {objective.name!r} takes targets from 0, got {rows.targets.min()}"
        )


def check_targets(n_outputs: int, rows: Rows) -> None:
    """Raise an error unless the targets of rows suit the outputs of a network.

    Parameters
    ----------
    n_outputs : int
        Outputs of the network.
    rows : Rows
        Rows with other targets than before; all else is not looked at again.

    Raises
    ------
    ValueError
        For a class that is not below the number of outputs, and for another number of numbers.
    """
    if rows.answers == "numbers":
        if rows.targets.shape[1] != n_outputs:
            raise ValueError(
                f"targets takes {n_outputs} numbers for each row, one for each of the network's "
                f"outputs, got {rows.targets.shape[1]}"
            )
        return
    largest = int(rows.targets.max(initial=0))
    if largest >= n_outputs:
        raise ValueError(
            f"targets takes classes below the network's {n_outputs} outputs, got {largest}"
        )


def one_statistic_only(objective: Objective, n_outputs: int) -> None:
    """Raise an error unless the objective has one statistic of a row.

    Parameters
    ----------
    objective : Objective
        The objective.
    n_outputs : int
        Outputs of the network.

    Raises
    ------
    ValueError
        If a row has more statistics.
    """
    n_statistics = objective.n_statistics(n_outputs)
    if n_statistics > 1:
        raise ValueError(
            f"row statistics take an objective with one for each row, {objective.name!r} has "
            f"{n_statistics}"
        )

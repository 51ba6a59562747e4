"""Objectives: what a search minimises, declared as statistics of rows and a scalar of the sums."""

from __future__ import annotations

from functools import cache

from scratchcard.objectives.base import Objective, ObjectiveError, bits_per_output
from scratchcard.objectives.counts import ACCURACY, BALANCED_ACCURACY, MACRO_F1
from scratchcard.objectives.custom import custom_objective
from scratchcard.objectives.information import MUTUAL_INFORMATION, mutual_information
from scratchcard.objectives.margin import MARGIN
from scratchcard.objectives.numbers import (
    ABSOLUTE_ERROR,
    POISSON,
    QUANTILE,
    SQUARED_ERROR,
    quantile_loss,
)
from scratchcard.objectives.softmax import BRIER, CROSS_ENTROPY
from scratchcard.ticket.heads.fitting import level_of, loss_named

OBJECTIVES = {
    objective.name: objective
    for objective in (
        CROSS_ENTROPY,
        ACCURACY,
        BALANCED_ACCURACY,
        MACRO_F1,
        BRIER,
        MARGIN,
        SQUARED_ERROR,
        ABSOLUTE_ERROR,
        QUANTILE,
        POISSON,
        MUTUAL_INFORMATION,
    )
}
"""The built-in objectives by name. A new one is a file here and a row in this table."""


def get_objective(objective: str | Objective) -> Objective:
    """Return the objective of this name, or the objective itself.

    Parameters
    ----------
    objective : str or Objective
        A name in :data:`OBJECTIVES`, "quantile:LEVEL" with a level between 0 and 1, or an
        objective.

    Returns
    -------
    Objective
        The objective.

    Raises
    ------
    ValueError
        If there is no objective of that name.
    """
    if isinstance(objective, Objective):
        return objective
    if isinstance(objective, str) and objective.startswith("quantile:"):
        try:
            name = loss_named(objective)
            return OBJECTIVES[name] if name in OBJECTIVES else _quantile(name)
        except ValueError:
            raise ValueError(
                f"objective takes 'quantile:LEVEL' with a level between 0 and 1, got {objective!r}"
            ) from None
    if not isinstance(objective, str) or objective not in OBJECTIVES:
        raise ValueError(f"objective takes one of {', '.join(OBJECTIVES)}, got {objective!r}")
    return OBJECTIVES[objective]


@cache
def _quantile(name: str) -> Objective:
    return quantile_loss(level_of(name))


__all__ = [
    "OBJECTIVES",
    "Objective",
    "ObjectiveError",
    "bits_per_output",
    "custom_objective",
    "get_objective",
    "mutual_information",
    "quantile_loss",
]

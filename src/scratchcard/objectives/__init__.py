"""Objectives: what a search minimises, declared as statistics of rows and a scalar of the sums."""

from __future__ import annotations

from scratchcard.objectives.base import Objective, ObjectiveError, bits_per_output
from scratchcard.objectives.counts import ACCURACY, BALANCED_ACCURACY, MACRO_F1
from scratchcard.objectives.custom import custom_objective
from scratchcard.objectives.information import MUTUAL_INFORMATION, mutual_information
from scratchcard.objectives.margin import MARGIN
from scratchcard.objectives.softmax import BRIER, CROSS_ENTROPY

OBJECTIVES = {
    objective.name: objective
    for objective in (
        CROSS_ENTROPY,
        ACCURACY,
        BALANCED_ACCURACY,
        MACRO_F1,
        BRIER,
        MARGIN,
        MUTUAL_INFORMATION,
    )
}
"""The built-in objectives by name. A new one is a file here and a row in this table."""


def get_objective(objective: str | Objective) -> Objective:
    """Return the objective of this name, or the objective itself.

    Parameters
    ----------
    objective : str or Objective
        A name in :data:`OBJECTIVES`, or an objective.

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
    if not isinstance(objective, str) or objective not in OBJECTIVES:
        raise ValueError(f"objective takes one of {', '.join(OBJECTIVES)}, got {objective!r}")
    return OBJECTIVES[objective]


__all__ = [
    "OBJECTIVES",
    "Objective",
    "ObjectiveError",
    "bits_per_output",
    "custom_objective",
    "get_objective",
    "mutual_information",
]

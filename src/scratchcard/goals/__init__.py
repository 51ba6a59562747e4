"""Goals: what a ticket is to answer for a data set, who says what is right, and how it is judged.

A new goal is a file here; it is handed to ``find(goal=...)``.
"""

from __future__ import annotations

from scratchcard.datasets import DataError, Dataset
from scratchcard.goals.agreement import matched_accuracy, shared_with_labels
from scratchcard.goals.base import Goal
from scratchcard.goals.clusters import ClusterGoal
from scratchcard.goals.labels import LabelGoal
from scratchcard.goals.numbers import NumberGoal
from scratchcard.goals.teacher import TeacherGoal

__all__ = [
    "ClusterGoal",
    "Goal",
    "LabelGoal",
    "NumberGoal",
    "TeacherGoal",
    "goal_of",
    "matched_accuracy",
    "shared_with_labels",
]

GOALS: dict[str, type[Goal]] = {"classes": LabelGoal, "numbers": NumberGoal}
"""The goals that need no settings, by what a data set says of its rows."""


def goal_of(dataset: Dataset) -> Goal:
    """Return the goal that a data set has by itself.

    Parameters
    ----------
    dataset : Dataset
        The data set.

    Returns
    -------
    Goal
        To answer with its classes, or with its numbers.

    Raises
    ------
    DataError
        For a data set that says nothing of its rows.
    """
    if dataset.answers not in GOALS:
        raise DataError(f"{dataset.name} has no answers to predict; goal takes ClusterGoal(10)")
    return GOALS[dataset.answers]()

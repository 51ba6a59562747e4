"""LabelGoal: the classes that come with the data set."""

from __future__ import annotations

from typing import Any

from scratchcard.datasets import DataError, Dataset, Part
from scratchcard.goals.base import Goal, accuracies
from scratchcard.objectives import Objective
from scratchcard.search.problem import Labelled
from scratchcard.ticket import Classes, Head, Ticket


class LabelGoal(Goal):
    """Answer with the classes that the labels of the data set name."""

    name = "classes"

    def head(self, dataset: Dataset, objective: Objective) -> Head:
        """Return the classes of the training rows."""
        if dataset.answers != "classes":
            raise DataError(f"{dataset.name} has no classes to predict")
        return Classes(dataset.classes)

    def labelled(self, dataset: Dataset, part: Part, head: Head) -> Labelled:
        """Return rows with the indices of their labels."""
        return Labelled(part.X, head.targets(part.y))

    def judged(self, dataset: Dataset, ticket: Ticket) -> dict[str, Any]:
        """Return the accuracies."""
        return accuracies(dataset, ticket)

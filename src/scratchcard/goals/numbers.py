"""NumberGoal: the numbers that come with the data set."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchcard.datasets import DataError, Dataset, Part
from scratchcard.goals.base import Goal
from scratchcard.objectives import Objective
from scratchcard.search.problem import Labelled
from scratchcard.ticket import Head, Numbers, Ticket


class NumberGoal(Goal):
    """Answer with the numbers that the data set gives.

    The objective says whether these are means, medians, quantiles, or the means of counts.
    """

    name = "numbers"
    objective = "squared_error"

    def check(
        self,
        objective: Objective,
        augment: str | None,
        prune: str | None,
        max_bytes: int | None,
    ) -> None:
        """Raise ValueError for an objective of classes, and for pruning, which counts errors."""
        if objective.answers != "numbers":
            raise ValueError(
                "objective takes squared_error, absolute_error, quantile:LEVEL or poisson for "
                f"numbers, got {objective.name!r}"
            )
        if prune is not None:
            raise ValueError(f"prune takes None for numbers, it counts wrong labels; got {prune!r}")

    def head(self, dataset: Dataset, objective: Objective) -> Head:
        """Return a head for numbers like those of the training rows."""
        if dataset.answers != "numbers":
            raise DataError(f"{dataset.name} has no numbers to predict")
        return Numbers.of(dataset.train.y, loss=objective.name)

    def labelled(self, dataset: Dataset, part: Part, head: Head) -> Labelled:
        """Return rows with their numbers as integers."""
        return Labelled(part.X, head.targets(part.y))

    def judged(self, dataset: Dataset, ticket: Ticket) -> dict[str, Any]:
        """Return R² on each part, and errors on test rows, beside those of the mean."""
        test_X, test_y = dataset.test
        error = np.abs(ticket.predict(test_X).reshape(test_y.shape) - test_y)
        mean = dataset.train.y.mean(axis=0)
        return {
            "train_r2": ticket.score(*dataset.train),
            "validation_r2": ticket.score(*dataset.validation),
            "test_r2": ticket.score(*dataset.test),
            "test_mean_absolute_error": float(error.mean()),
            "mean_absolute_error_of_mean": float(np.abs(mean - test_y).mean()),
        }

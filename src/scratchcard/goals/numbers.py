"""NumberGoal: the numbers that come with the data set."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from scratchcard.datasets import DataError, Dataset, Part
from scratchcard.goals.base import Goal
from scratchcard.objectives import Objective
from scratchcard.search.problem import Labelled
from scratchcard.ticket import Head, Numbers, Ticket
from scratchcard.ticket.heads.fitting import level_of

Floats = npt.NDArray[np.float64]

PARTS = ("train", "validation", "test")


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
        """Return R² and the loss on each part, and errors on test rows, beside those of constants.

        The loss is the one that the numbers are least for; beside it stands that of the best
        constant of the training rows. Of quantiles, how many rows are not above is told too.
        """
        head: Any = ticket.head
        loss: str = head.loss
        answers = {name: _columns(ticket.predict(getattr(dataset, name).X)) for name in PARTS}
        right = {name: _columns(getattr(dataset, name).y) for name in PARTS}
        mean = right["train"].mean(axis=0)
        constant = best_constant(loss, right["train"])
        found: dict[str, Any] = {
            **{f"{name}_r2": ticket.score(*getattr(dataset, name)) for name in PARTS},
            **{f"{name}_loss": mean_loss(loss, answers[name], right[name]) for name in PARTS},
            "test_loss_of_constant": mean_loss(loss, constant, right["test"]),
            "test_mean_absolute_error": float(np.abs(answers["test"] - right["test"]).mean()),
            "mean_absolute_error_of_mean": float(np.abs(mean - right["test"]).mean()),
        }
        if loss.startswith("quantile"):
            found["level"] = level_of(loss)
            found["test_share_not_above"] = float((right["test"] <= answers["test"]).mean())
        return found


def _columns(values: Floats) -> Floats:
    return values.astype(np.float64).reshape(len(values), -1)


def best_constant(loss: str, y: Floats) -> Floats:
    """Return the numbers with the least loss of those that are the same for all rows.

    Parameters
    ----------
    loss : str
        Name of a loss of numbers.
    y : ndarray of shape (n_rows, n_outputs)
        The right answers.

    Returns
    -------
    ndarray of shape (n_outputs,)
        Means, medians or quantiles.
    """
    if loss in ("squared_error", "poisson"):
        found: Floats = y.mean(axis=0)
        return found
    return np.quantile(y, level_of(loss), axis=0, method="inverted_cdf")


def mean_loss(loss: str, answers: Floats, y: Floats) -> float:
    """Return the mean loss of answers: what scikit-learn's metric of that name gives.

    Parameters
    ----------
    loss : str
        "squared_error", "absolute_error", "quantile:LEVEL" (the pinball loss) or "poisson" (the
        deviance).
    answers : ndarray of shape (n_rows, n_outputs) or (n_outputs,)
        Numbers; above 0 for "poisson".
    y : ndarray of shape (n_rows, n_outputs)
        The right answers.

    Returns
    -------
    float
        At least 0.
    """
    gaps = y - answers
    if loss == "squared_error":
        found = gaps**2
    elif loss == "absolute_error":
        found = np.abs(gaps)
    elif loss == "poisson":
        logarithms = np.log(np.where(y > 0, y, 1.0)) - np.log(np.where(y > 0, answers, 1.0))
        found = 2.0 * (y * logarithms - gaps)
    else:
        found = np.where(gaps > 0, level_of(loss), level_of(loss) - 1.0) * gaps
    return float(found.mean())

"""TeacherGoal: the classes that a teacher says rows are of; labels in the data are not searched."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

from scratchcard.datasets import DataError, Dataset, Part
from scratchcard.goals.base import Goal
from scratchcard.objectives import Objective
from scratchcard.search.problem import Labelled
from scratchcard.search.targets.teacher import LEAST_CLASSES, Taught, ask, is_module
from scratchcard.ticket import Classes, Head, Ticket

Array = npt.NDArray[Any]

PARTS = ("train", "validation", "test")


class TeacherGoal(Goal):
    """Answer as a teacher does: a fitted estimator, or a torch module.

    The teacher is asked for the training rows that are searched, for the validation rows that
    choose, and at the end for the test rows. Where a data set names its columns and the teacher was
    fitted to named ones, they must be the same, in any order.

    Parameters
    ----------
    teacher : estimator or torch.nn.Module
        What :meth:`TicketClassifier.fit <scratchcard.TicketClassifier.fit>` takes, but no array,
        which cannot be asked.

    Raises
    ------
    ValueError
        For something that cannot be asked.
    """

    name = "teacher"

    def __init__(self, teacher: Any) -> None:
        if not hasattr(teacher, "predict") and not is_module(teacher):
            raise ValueError(
                "teacher takes a fitted model with predict, or a torch module, "
                f"got {type(teacher).__name__}"
            )
        self.teacher = teacher

    def head(self, dataset: Dataset, objective: Objective) -> Head:
        """Return the classes of the teacher."""
        taught = self._ask(dataset, dataset.train.X, dataset.validation.X)
        found = np.unique(taught.labels)
        if len(found) < LEAST_CLASSES:
            raise DataError(f"{dataset.name}: the teacher says {found[0]!s} of every row")
        return Classes(taught.classes)

    def labelled(self, dataset: Dataset, part: Part, head: Head) -> Labelled:
        """Return rows with what the teacher says of them."""
        return Labelled(part.X, head.targets(self._ask(dataset, part.X).labels))

    def judged(self, dataset: Dataset, ticket: Ticket) -> dict[str, Any]:
        """Return how often the ticket agrees with the teacher, and how often each is right.

        Only here are labels read. Accuracies stand there where labels in the data are classes of
        the teacher.
        """
        found: dict[str, Any] = {"teacher": type(self.teacher).__name__}
        for name in PARTS:
            part: Part = getattr(dataset, name)
            answers, taught = ticket.predict(part.X), self._ask(dataset, part.X)
            found[f"{name}_agreement"] = share_alike(answers, taught.labels)
            if not dataset.is_labelled or part.y.ndim != 1:
                continue
            if not set(taught.classes.tolist()).isdisjoint(part.y.tolist()):
                found[f"{name}_accuracy"] = share_alike(answers, part.y)
                found[f"teacher_{name}_accuracy"] = share_alike(taught.labels, part.y)
        return found

    def _ask(self, dataset: Dataset, *rows: Array) -> Taught:
        X = np.concatenate(rows)
        own, names = getattr(self.teacher, "feature_names_in_", None), dataset.feature_names
        if own is None or names is None:
            return ask(self.teacher, X)
        for column in own:
            if column not in names:
                raise DataError(
                    f"{dataset.name}: no column {column!r}, to which the teacher was fitted"
                )
        for column in names:
            if column not in own:  # the labels perhaps, which the ticket would read
                raise DataError(
                    f"{dataset.name}: the teacher was not fitted to column {column!r}; if it "
                    "holds labels, target takes its name"
                )
        X = X[:, [names.index(name) for name in own]]
        with warnings.catch_warnings():  # its names have just been checked
            warnings.filterwarnings("ignore", "X does not have valid feature names")
            return ask(self.teacher, X)


def share_alike(labels: Array, others: Array) -> float:
    """Return the share of rows with equal labels; text is never equal to a number."""
    return float(np.mean(labels.astype(object) == others.astype(object)))

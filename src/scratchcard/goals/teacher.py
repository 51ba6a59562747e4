"""TeacherGoal: the classes that a teacher says rows are of; labels in the data are not searched."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

from scratchcard.datasets import DataError, Dataset, Part
from scratchcard.goals.agreement import matched_accuracy
from scratchcard.goals.base import Goal
from scratchcard.objectives import Objective
from scratchcard.search.problem import Labelled
from scratchcard.search.targets.teacher import LEAST_CLASSES, Taught, ask, is_module
from scratchcard.ticket import Classes, Head, Table, Ticket

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
        self._said: list[tuple[Array, Array]] = []  # of which rows it said what
        self._head: Classes | None = None

    def head(self, dataset: Dataset, objective: Objective) -> Head:
        """Return the classes of the teacher."""
        if self._head is not None and self._is_known(dataset.train, dataset.validation):
            return self._head
        parts = dataset.train.X, dataset.validation.X
        tables = dataset.table_of(dataset.train), dataset.table_of(dataset.validation)
        rows = np.concatenate([table.X for table in tables])
        taught = self._ask(dataset, Table(rows, tables[0].values, tables[0].names))
        found = np.unique(taught.labels)
        if len(found) < LEAST_CLASSES:
            raise DataError(f"{dataset.name}: the teacher says {found[0]!s} of every row")
        self._said = list(zip(parts, np.split(taught.labels, [len(parts[0])]), strict=True))
        self._head = Classes(taught.classes)
        return self._head

    def labelled(self, dataset: Dataset, part: Part, head: Head) -> Labelled:
        """Return rows with what the teacher says of them."""
        return Labelled(part.X, head.targets(self._labels(dataset, part)))

    def right(self, dataset: Dataset, part: Part) -> Array:
        """Return what the teacher says of rows."""
        return self._labels(dataset, part)

    def judged(self, dataset: Dataset, ticket: Ticket) -> dict[str, Any]:
        """Return how often the ticket agrees with the teacher, and how often each is right.

        Only here are labels read. Accuracies are told where all labels in the data are classes that
        the teacher lists. Where they are not, as beside a clusterer, whose numbers only happen to
        be labels, each answer is matched with a label first.
        """
        found: dict[str, Any] = {"teacher": type(self.teacher).__name__}
        if dataset.has_labels:
            found["matched"] = not self._knows(dataset)
        for name in PARTS:
            part: Part = getattr(dataset, name)
            answers, said = ticket.predict(part.X), self._labels(dataset, part)
            found[f"{name}_agreement"] = share_alike(answers, said)
            if dataset.has_labels:
                right = matched_accuracy if found["matched"] else share_alike
                found[f"{name}_accuracy"] = right(part.y, answers)
                found[f"teacher_{name}_accuracy"] = right(part.y, said)
        return found

    def _knows(self, dataset: Dataset) -> bool:
        """Return whether all labels in the data are classes that the teacher lists."""
        classes = None if is_module(self.teacher) else getattr(self.teacher, "classes_", None)
        if classes is None:
            return False
        labels = [getattr(dataset, name).y for name in PARTS]
        return set(np.concatenate(labels).tolist()) <= set(np.asarray(classes).tolist())

    def _is_known(self, *parts: Part) -> bool:
        """Return whether the teacher has been asked for these first, and for no other rows."""
        asked = [X for X, _ in self._said[: len(parts)]]
        return all(X is part.X for X, part in zip(asked, parts, strict=True))

    def _labels(self, dataset: Dataset, part: Part) -> Array:
        """Return what the teacher says of rows of the data set, which it is asked for once."""
        for X, labels in self._said:
            if X is part.X:
                return labels
        found = self._ask(dataset, dataset.table_of(part), least_classes=1).labels
        self._said.append((part.X, found))
        return found

    def _ask(self, dataset: Dataset, table: Table, least_classes: int = LEAST_CLASSES) -> Taught:
        own, names = getattr(self.teacher, "feature_names_in_", None), table.names
        if own is not None and names is not None:
            _check_columns(dataset.name, names, own)
        asked = table.X if table.is_plain else _frame(dataset.name, table)
        if own is not None and names is not None:
            asked = (
                asked[:, [names.index(name) for name in own]] if table.is_plain else asked[[*own]]
            )
        with warnings.catch_warnings():  # where there are names, they have just been checked
            warnings.filterwarnings("ignore", "X (does not have valid|has) feature names")
            return ask(self.teacher, asked, least_classes)


def _frame(data: str, table: Table) -> Any:
    """Return a table with categories as the data frame that a teacher of such rows takes."""
    try:
        import pandas as pd
    except ImportError as error:
        raise DataError(
            f"{data}: to ask a teacher about categories needs pandas: pip install pandas"
        ) from error
    names: tuple[Any, ...] = table.names or tuple(range(table.n_columns))
    columns: dict[Any, Any] = {}
    for k, (name, values) in enumerate(zip(names, table.values, strict=True)):
        cells = table.X[:, k]
        if values is not None:
            cells = np.array([None if np.isnan(c) else values[int(c)] for c in cells], object)
        columns[name] = cells
    return pd.DataFrame(columns)


def _check_columns(data: str, names: tuple[str, ...], own: Array) -> None:
    """Raise DataError unless a data set has the columns that the teacher was fitted to."""
    for column in own:
        if column not in names:
            raise DataError(f"{data}: no column {column!r}, to which the teacher was fitted")
    for column in names:
        if column not in own:  # the labels perhaps, which the ticket would read
            raise DataError(
                f"{data}: the teacher was not fitted to column {column!r}; if it holds labels, "
                "target takes its name"
            )


def share_alike(labels: Array, others: Array) -> float:
    """Return the share of rows with equal labels; text is never equal to a number."""
    return float(np.mean(labels.astype(object) == others.astype(object)))

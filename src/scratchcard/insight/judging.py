"""Judging: how a ticket does on rows whose answers are known, and what it owes to each column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from scratchcard.datasets import Part
from scratchcard.insight.columns import ColumnInputs, on_features
from scratchcard.insight.importance import Importance, importance_of
from scratchcard.ticket import Classes, Ticket

MOST_CLASSES = 1000  # of which each has a row in a confusion matrix, whether it occurs or not


class Confusion(NamedTuple):
    """How often each class is taken for each.

    Attributes
    ----------
    labels : ndarray of shape (n_classes,)
        Labels: all of the ticket, or of more than a thousand those that occur.
    counts : ndarray of shape (n_classes, n_classes), int64
        Rows of the data by what is right, in rows, and by what the ticket answers, in columns.
    """

    labels: npt.NDArray[Any]
    counts: npt.NDArray[np.int64]


class Judged(NamedTuple):
    """How a ticket does on some rows.

    Attributes
    ----------
    right, answers : ndarray of shape (n_rows, ...)
        What is right, and what the ticket answers.
    score : float
        Accuracy of classes, R² of numbers.
    confusion : Confusion or None
        How often each class is taken for each; None for numbers.
    mean_absolute_error : float or None
        Of numbers; None for classes.
    importance : Importance or None
        What the score loses where a column is permuted; None for a ticket with a convolution, which
        reads all pixels alike.
    """

    right: npt.NDArray[Any]
    answers: npt.NDArray[Any]
    score: float
    confusion: Confusion | None
    mean_absolute_error: float | None
    importance: Importance | None


def judged(ticket: Ticket, columns: Sequence[ColumnInputs], rows: Part) -> Judged:
    """Return how a ticket does on rows.

    Parameters
    ----------
    ticket : Ticket
        The ticket.
    columns : sequence of ColumnInputs
        Its columns; not read for a ticket with a convolution.
    rows : Part
        Rows and what is right.

    Returns
    -------
    Judged
        How it does.

    Raises
    ------
    ValueError
        For rows of another width, and for answers that the ticket cannot give.
    """
    ticket, X = on_features(ticket, rows.X)
    outputs = ticket.outputs(X)
    answers = ticket.head.predict(outputs)
    score = ticket.head.score(outputs, rows.y)  # which refuses answers that the ticket cannot give
    confusion = error = None
    if isinstance(ticket.head, Classes):
        confusion = _confusion(ticket.head, rows.y, answers)
    else:
        error = float(np.abs(rows.y.reshape(answers.shape) - answers).mean())
    return Judged(
        right=rows.y,
        answers=answers,
        score=score,
        confusion=confusion,
        mean_absolute_error=error,
        importance=None if ticket.network.has_maps else importance_of(ticket, columns, X, rows.y),
    )


def _confusion(head: Classes, right: npt.NDArray[Any], answers: npt.NDArray[Any]) -> Confusion:
    from sklearn.metrics import confusion_matrix

    is_right, is_said = head.targets(right), head.targets(answers)
    shown = np.arange(head.n_outputs)
    if head.n_outputs > MOST_CLASSES:
        shown = np.union1d(is_right, is_said)
    return Confusion(head.labels[shown], confusion_matrix(is_right, is_said, labels=shown))

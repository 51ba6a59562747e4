"""A teacher: labels for rows from a fitted model, or from an array of probabilities.

Neither scikit-learn nor torch is imported: whoever has a model of theirs has imported it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from scratchcard.text import one_line

__all__ = ["Taught", "ask", "is_module"]

Array = npt.NDArray[Any]

LEAST_CLASSES = 2
SUM_ERROR = 1e-2  # how far the probabilities of a row may be from adding up to 1: half precision
BATCH = 4096  # rows that a torch module is given at once


@dataclass(frozen=True)
class Taught:
    """What a teacher says of rows.

    Attributes
    ----------
    labels : ndarray of shape (n_rows,)
        The label of each row.
    classes : ndarray of shape (n_classes,)
        The labels that the teacher can give, each once.
    """

    labels: Array
    classes: Array


def ask(teacher: Any, X: Any, least_classes: int = LEAST_CLASSES) -> Taught:
    """Return the labels that a teacher gives to rows.

    Of an estimator these are its predictions; of a torch module, or of probabilities, the classes
    are 0, 1, 2, ... and the largest number of a row wins, of several the first. A torch module is
    asked in evaluation mode, without gradients, and left in the mode that it was in.

    Parameters
    ----------
    teacher : estimator, torch.nn.Module or array-like of shape (n_rows, n_classes)
        A fitted estimator of scikit-learn's kind, a module that turns (n_rows, n_features) floats
        into (n_rows, n_classes) logits, or a row of probabilities for each row.
    X : array-like of shape (n_rows, n_features)
        The rows.
    least_classes : int
        How many classes the teacher must be able to give; one that does not list them, such as a
        clusterer, is taken at what it says of these rows.

    Returns
    -------
    Taught
        Their labels.

    Raises
    ------
    ValueError
        For something that is no teacher or is not fitted, for rows that it cannot answer, and for
        answers that are not one class for each row.
    """
    if isinstance(teacher, type):
        raise ValueError(f"teacher takes a fitted model, got the class {teacher.__name__}")
    if is_module(teacher):
        taught = _ask_module(teacher, X)
    elif hasattr(teacher, "predict"):
        taught = _ask_estimator(teacher, X)
    else:
        taught = _of_probabilities(teacher, len(X))
    if len(taught.classes) < least_classes:
        raise ValueError(
            f"teacher takes a model that tells two classes or more apart, {_name(teacher)} has 1"
        )
    return taught


def is_module(teacher: Any) -> bool:
    """Return whether something is a torch module; torch is not imported to find out.

    Parameters
    ----------
    teacher : object
        Anything.

    Returns
    -------
    bool
        Whether it is one.
    """
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(teacher, torch.nn.Module)


def _ask_estimator(teacher: Any, X: Any) -> Taught:
    _check_features(teacher, X)
    labels = _listed(teacher, "labels", _answered(teacher, X, teacher.predict))
    if labels.shape != (len(X),):
        _refuse_shape(teacher, labels, f"a label for each of {len(X)} rows")
    classes = getattr(teacher, "classes_", None)
    if classes is None:  # a clusterer, say
        if labels.dtype.kind not in "biuUSO":
            raise ValueError(
                f"teacher takes a model that predicts classes, {_name(teacher)} predicts numbers"
            )
        return Taught(labels, np.unique(labels))
    found = _listed(teacher, "classes_", classes)
    if found.ndim != 1:
        raise ValueError(
            f"teacher takes a model of one answer for each row, {_name(teacher)} has classes_ of "
            f"shape {found.shape}"
        )
    if found.dtype.kind != labels.dtype.kind and "O" in (found.dtype.kind, labels.dtype.kind):
        found, labels = found.astype(object), labels.astype(object)
        known = set(found.tolist())
        is_known = np.array([label in known for label in labels.tolist()], bool)
    else:
        is_known = np.isin(labels, found)
    if not is_known.all():
        unknown = labels[~is_known][0]
        raise ValueError(f"teacher: {_name(teacher)} predicts {unknown!r}, not of its classes_")
    return Taught(labels, found)


def _listed(teacher: Any, what: str, values: Any) -> Array:
    """Return labels as an array, or say that they are of several kinds."""
    try:
        found = np.asarray(values)
        np.unique(found)  # which compares them
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"teacher takes a model whose {what} are all text, or all numbers: those of "
            f"{_name(teacher)} cannot be compared ({one_line(str(error))})"
        ) from error
    return found


def _check_features(teacher: Any, X: Any) -> None:
    n_features = getattr(teacher, "n_features_in_", None)
    if len(np.shape(X)) != 2:
        raise ValueError(f"X takes shape (n_rows, n_features), got {np.shape(X)}")
    given = np.shape(X)[1]
    if n_features is not None and n_features != given:
        raise ValueError(
            f"teacher takes the features that it was fitted to: {_name(teacher)} has {n_features}, "
            f"the rows {given}"
        )


def _ask_module(teacher: Any, X: Any) -> Taught:
    logits = np.asarray(_answered(teacher, X, lambda rows: _logits(teacher, rows)))
    if logits.ndim != 2 or logits.shape[1] < LEAST_CLASSES or len(logits) != len(X):
        _refuse_shape(
            teacher, logits, f"a logit for each of {len(X)} rows and of two classes or more"
        )
    if np.isnan(logits).any():
        row = int(np.flatnonzero(np.isnan(logits).any(axis=1))[0])
        raise ValueError(f"teacher: {_name(teacher)} answers row {row} with NaN")
    return _largest(logits)


def _logits(module: Any, X: Any) -> Array:
    """Return what a module answers, (n_rows, n_classes) float32, batch by batch."""
    torch: Any = sys.modules["torch"]
    parameter = next(module.parameters(), torch.zeros(0))
    rows = np.ascontiguousarray(X, dtype=np.float32)
    learning = [part for part in module.modules() if part.training]
    module.eval()
    found = []
    try:
        with torch.no_grad():
            for start in range(0, len(rows), BATCH):
                batch = torch.from_numpy(rows[start : start + BATCH])
                answer = module(batch.to(device=parameter.device, dtype=parameter.dtype))
                found.append(answer.to(device="cpu", dtype=torch.float32).numpy())
    finally:
        for part in learning:
            part.training = True
    return np.concatenate(found)


def _of_probabilities(given: Any, n_rows: int) -> Taught:
    wanted = "an array of probabilities (n_rows, n_classes)"
    try:
        found = np.asarray(given)
    except Exception as error:  # an array of another library that cannot be had as NumPy's
        raise ValueError(f"teacher takes {wanted}, got {_name(given)}: {error}") from error
    if found.dtype.kind not in "fiub" or found.ndim == 0:
        raise ValueError(
            f"teacher takes a fitted model with predict, a torch module or {wanted}, "
            f"got {_name(given)}"
        )
    if found.ndim != 2 or found.shape[1] < LEAST_CLASSES or len(found) != n_rows:
        hint = "; labels go to y" if found.ndim == 1 else ""
        raise ValueError(
            f"teacher takes {wanted} with a row for each of {n_rows} rows and a column for each of "
            f"two classes or more, got shape {found.shape}{hint}"
        )
    probabilities = found.astype(np.float64)
    is_wrong = ~(probabilities >= 0).all(axis=1)
    is_wrong |= ~(np.abs(probabilities.sum(axis=1) - 1) <= SUM_ERROR)
    if is_wrong.any():
        row = int(np.flatnonzero(is_wrong)[0])
        raise ValueError(
            "teacher takes probabilities: numbers from 0 that add up to 1 in each row, "
            f"but row {row} is {_some(probabilities[row])}"
        )
    return _largest(probabilities)


def _largest(answers: Array) -> Taught:
    return Taught(np.argmax(answers, axis=1), np.arange(answers.shape[1]))


def _answered(teacher: Any, X: Any, answer: Callable[[Any], Any]) -> Any:
    """Return what a teacher answers; whatever goes wrong in it is an error of the argument."""
    try:
        return answer(X)
    except Exception as error:
        if type(error).__name__ == "NotFittedError":
            raise ValueError(
                f"teacher takes a fitted model, {_name(teacher)} is not fitted"
            ) from error
        raise ValueError(
            f"teacher: {_name(teacher)} cannot answer rows of {np.shape(X)[1]} features: "
            f"{one_line(str(error))}"
        ) from error


def _refuse_shape(teacher: Any, answers: Array, wanted: str) -> None:
    raise ValueError(
        f"teacher takes a model that gives {wanted}, {_name(teacher)} gives shape {answers.shape}"
    )


def _name(teacher: Any) -> str:
    return type(teacher).__name__


def _some(numbers: Array) -> str:
    shown = ", ".join(f"{number:.3g}" for number in numbers[:4])
    return f"({shown}{', …' if len(numbers) > 4 else ''})"

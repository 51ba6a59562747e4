"""Simple models: what a plain tree and a linear model reach on the rows of a ticket.

They say when a ticket is not needed. scikit-learn.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from scratchcard.datasets import Part

DEPTHS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20)
"""Depths of a tree that validation rows choose from."""
ITERATIONS = 1000, 100  # of logistic regression, at most; the second of many values
MANY_VALUES = 1_000_000
"""Values in the training rows; fitting simple models to more takes minutes."""
SEED = 0
CLOSE = 2.0  # standard errors of a mean difference that rows cannot tell from none

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]


class SimpleModel(NamedTuple):
    """A simple model beside a ticket.

    Attributes
    ----------
    name : str
        What it is called in a report: "tree", "logistic_regression", "ridge", "commonest_class" or
        "mean".
    settings : dict
        What was chosen, as plain values: the depth of a tree and how many leaves it has.
    test_score : float
        Accuracy, or R² of numbers, on the test rows.
    verdict : {"better", "as good", "worse"}
        How it compares with the ticket on the same rows. It is as good where the mean difference
        between rows is within two standard errors of none.
    """

    name: str
    settings: dict[str, int]
    test_score: float
    verdict: str


class Split(NamedTuple):
    """The rows that models are compared on, with what is right.

    Attributes
    ----------
    train, validation, test : Part
        Rows to fit to, to choose by, and to compare on.
    """

    train: Part
    validation: Part
    test: Part


def beside_simple(
    split: Split, answers: Array, *, numbers: bool, stop: Callable[[], bool] = lambda: False
) -> list[SimpleModel]:
    """Fit simple models and hold them against a ticket's answers.

    Parameters
    ----------
    split : Split
        The rows that the ticket was found on, and what is right.
    answers : ndarray of the shape of ``split.test.y``
        What the ticket says of the test rows.
    numbers : bool
        Whether answers are numbers, not classes.
    stop : callable
        Asked before each fit; true ends the comparison.

    Returns
    -------
    list of SimpleModel
        A decision tree whose depth the validation rows chose; logistic regression, or ridge
        regression of numbers, on standardised features; and the commonest class, or the mean. The
        models that were fitted before ``stop`` was true.
    """
    found = []
    own = _losses(split.test.y, answers, numbers)
    for name, model, settings in _fitted(split, numbers, stop):
        said = model.predict(split.test.X)
        score = float(model.score(*split.test))
        verdict = _verdict(_losses(split.test.y, said, numbers) - own)
        found.append(SimpleModel(name, settings, score, verdict))
    return found


def _fitted(
    split: Split, numbers: bool, stop: Callable[[], bool]
) -> Iterator[tuple[str, Any, dict[str, int]]]:
    from sklearn.dummy import DummyClassifier, DummyRegressor
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    tree = _tree(split, numbers, stop)
    if tree is None or stop():
        return
    yield "tree", tree, {"depth": int(tree.get_depth()), "leaves": int(tree.get_n_leaves())}
    if stop():
        return
    steps = ITERATIONS[split.train.X.size > MANY_VALUES]
    linear = make_pipeline(
        StandardScaler(), Ridge() if numbers else LogisticRegression(max_iter=steps)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # it is good enough to compare with
        linear.fit(*split.train)
    yield "ridge" if numbers else "logistic_regression", linear, {}
    dummy = DummyRegressor() if numbers else DummyClassifier()
    yield "mean" if numbers else "commonest_class", dummy.fit(*split.train), {}


def _tree(split: Split, numbers: bool, stop: Callable[[], bool]) -> Any:
    """Return the tree that is best on validation rows, of equals the shallowest; None to stop."""
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    kind = DecisionTreeRegressor if numbers else DecisionTreeClassifier
    best, best_score = None, -np.inf
    for depth in DEPTHS:
        if stop():
            return None
        tree = kind(max_depth=depth, random_state=SEED).fit(*split.train)
        score = tree.score(*split.validation)
        if score > best_score:
            best, best_score = tree, score
        if tree.get_depth() < depth:  # no leaf is left to split
            break
    return best


def _losses(y: Array, answers: Array, numbers: bool) -> Floats:
    """Return the loss of each row: 1 for a wrong label, or the squared error of its numbers."""
    if not numbers:
        wrong: Array = y.astype(object) != answers.astype(object)
        return wrong.astype(np.float64)
    right = y.astype(np.float64).reshape(len(y), -1)
    spread = np.maximum(right.std(axis=0), np.finfo(np.float64).tiny)
    gaps = (right - answers.astype(np.float64).reshape(right.shape)) / spread
    losses: Floats = (gaps**2).mean(axis=1)  # their mean over rows is 1 - R²
    return losses


def _verdict(more: Floats) -> str:
    """Return what rows say of a model that loses so much more than the ticket on each of them."""
    mean, error = float(more.mean()), float(more.std()) / len(more) ** 0.5
    if abs(mean) <= CLOSE * error or mean == 0:
        return "as good"
    return "better" if mean < 0 else "worse"

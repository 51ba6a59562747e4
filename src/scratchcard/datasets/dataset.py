"""Dataset: rows with class labels, split once and for all. NumPy and scikit-learn.

Unless a data set comes with test rows of its own, 25 % of the rows are test rows; of the rest, 15 %
are validation rows and the others training rows. Both cuts are stratified by class and fixed::

    rest, test = train_test_split(..., test_size=0.25, stratify=y, random_state=0)
    train, validation = train_test_split(rest, test_size=0.15, stratify=..., random_state=0)

The seed of a search never changes the split.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scratchcard.text import one_line

Array = NDArray[Any]

MOST_TEXT = 500  # most characters of an error
TEST_SHARE = 0.25
VALIDATION_SHARE = 0.15
SPLIT_SEED = 0
MIN_ROWS_PER_CLASS = 3


class DataError(ValueError):
    """Data cannot be read or used. The message says what is wrong, and where.

    It is one line of bounded length, with control characters as escapes, whatever the data holds.

    Parameters
    ----------
    message : str
        What is wrong.
    """

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message, MOST_TEXT))


class Part(NamedTuple):
    """Some rows of a data set.

    Attributes
    ----------
    X : ndarray of shape (n_rows, n_features)
        Numbers.
    y : ndarray of shape (n_rows,)
        Labels.
    """

    X: Array
    y: Array


@dataclass(frozen=True, eq=False)
class Dataset:
    """Training, validation and test rows of a data set.

    The search reads ``train``, choosing and pruning read ``validation``, and ``test`` is read once,
    by the final report.

    Parameters
    ----------
    name : str
        What the data set is called.
    train, validation, test : Part
        The rows.
    feature_names : tuple of str or None
        Names of the features.

    Raises
    ------
    DataError
        For rows whose shapes do not fit together, for numbers that are not finite, and for a class
        without training rows.
    """

    name: str
    train: Part
    validation: Part
    test: Part
    feature_names: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        for part in ("train", "validation", "test"):
            self._check_part(part, getattr(self, part))
        for part, labels in (("validation", self.validation.y), ("test", self.test.y)):
            unknown = np.setdiff1d(labels, self.classes)
            if len(unknown):
                raise DataError(
                    f"{self.name}: class {unknown[0]!s} has {part} rows but no training rows"
                )

    def _check_part(self, name: str, part: Part) -> None:
        where = f"{self.name}: {name}"
        if part.X.ndim != 2 or part.y.shape != part.X.shape[:1]:
            raise DataError(
                f"{where} rows take X (n_rows, n_features) and y (n_rows,), got {part.X.shape} and "
                f"{part.y.shape}"
            )
        if len(part.y) == 0:
            raise DataError(f"{where} has no rows")
        if part.X.shape[1] != self.n_features:
            raise DataError(
                f"{where} rows have {part.X.shape[1]} features, the training rows {self.n_features}"
            )
        check_finite(f"{where} X", part.X)

    @cached_property
    def classes(self) -> Array:
        """Class labels of the training rows, sorted, (n_classes,)."""
        return np.unique(self.train.y)

    @property
    def n_features(self) -> int:
        """Number of features."""
        return int(self.train.X.shape[1])

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return len(self.classes)

    def targets(self, part: Part) -> NDArray[np.int64]:
        """Return the class indices of the labels of a part.

        Parameters
        ----------
        part : Part
            Rows of this data set.

        Returns
        -------
        ndarray of shape (n_rows,), int64
            Indices into :attr:`classes`.
        """
        return np.searchsorted(self.classes, part.y).astype(np.int64)


def split(
    name: str,
    X: Array,
    y: Array,
    *,
    test: Part | None = None,
    test_rows: int | None = None,
    feature_names: tuple[str, ...] | None = None,
) -> Dataset:
    """Split rows into training, validation and test rows, always in the same way.

    Parameters
    ----------
    name : str
        What the data set is called.
    X : ndarray of shape (n_rows, n_features)
        Finite numbers.
    y : ndarray of shape (n_rows,)
        Labels.
    test : Part or None
        Test rows that come with the data; X and y are then the other rows.
    test_rows : int or None
        How many rows to test on, instead of 25 %.
    feature_names : tuple of str or None
        Names of the features.

    Returns
    -------
    Dataset
        The three parts.

    Raises
    ------
    DataError
        If a class, or the whole, has too few rows.
    """
    from sklearn.model_selection import train_test_split

    check_rows(name, X, y, has_test=test is not None)
    if test is None:
        n_test = test_rows or math.ceil(TEST_SHARE * len(y))
        X, test_X, y, test_y = train_test_split(
            X, y, test_size=n_test, stratify=y, random_state=SPLIT_SEED
        )
        test = Part(test_X, test_y)
    train_X, validation_X, train_y, validation_y = train_test_split(
        X, y, test_size=VALIDATION_SHARE, stratify=y, random_state=SPLIT_SEED
    )
    return Dataset(
        name, Part(train_X, train_y), Part(validation_X, validation_y), test, feature_names
    )


def check_rows(name: str, X: Array, y: Array, *, has_test: bool = False) -> None:
    """Raise an error unless there are enough rows, of each class too, to split.

    Parameters
    ----------
    name : str
        What the data set is called.
    X : ndarray of shape (n_rows, n_features)
        Features.
    y : ndarray of shape (n_rows,)
        Labels.
    has_test : bool
        Whether test rows come with the data.

    Raises
    ------
    DataError
        If there are too few rows, no features, one class only, or numbers that are not finite.
    """
    if len(y) == 0:
        raise DataError(f"{name}: no rows")
    if X.shape[1] == 0:
        raise DataError(f"{name}: no feature columns beside the labels")
    check_finite(f"{name}: X", X)
    classes, counts = np.unique(y, return_counts=True)
    if len(classes) == 1:
        raise DataError(f"{name}: all {len(y)} rows are of one class, {classes[0]!s}; two needed")
    smallest = counts.argmin()
    if counts[smallest] < MIN_ROWS_PER_CLASS:
        raise DataError(
            f"{name}: {len(classes)} classes in {len(y)} rows, and class {classes[smallest]!s} has "
            f"only {counts[smallest]}; each class needs at least {MIN_ROWS_PER_CLASS} rows, one "
            "each to train, to validate and to test"
        )
    rest = len(y) if has_test else len(y) - math.ceil(TEST_SHARE * len(y))
    if math.ceil(VALIDATION_SHARE * rest) < len(classes):
        raise DataError(
            f"{name}: {len(y)} rows are too few for {len(classes)} classes; the validation rows, "
            f"{VALIDATION_SHARE:.0%} of those left after the test rows, need one of each class"
        )


def check_finite(where: str, X: Array) -> None:
    """Raise DataError with the place of the first value that is NaN or infinite."""
    if X.dtype.kind == "f" and not np.isfinite(X).all():
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(X))[0])
        raise DataError(f"{where}{list(place)} is {X[place]}; takes finite numbers")

"""Dataset: rows and what they are, split once and for all. NumPy and scikit-learn.

Unless a data set comes with test rows of its own, 25 % of the rows are test rows; of the rest, 15 %
are validation rows and the others training rows. Both cuts are fixed, and stratified by class where
the rows have classes that a search may read::

    rest, test = train_test_split(..., test_size=0.25, stratify=y, random_state=0)
    train, validation = train_test_split(rest, test_size=0.15, stratify=..., random_state=0)

The seed of a search never changes the split. How the columns of a table become features is fitted
to the training rows; only which columns may lack cells is asked of all rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scratchcard.text import one_line
from scratchcard.ticket import Column, Columns, InputScaling, Table, Ticket
from scratchcard.ticket.columns_fit import fit_columns, lacking

Array = NDArray[Any]
Answers = Literal["classes", "numbers", "none"]
"""What a search may read of rows: their classes, numbers, or nothing."""

AS_FOUND = "; of a file give --target, --drop and --missing as for find"
MOST_TEXT = 500  # most characters of an error
TEST_SHARE = 0.25
VALIDATION_SHARE = 0.15
SPLIT_SEED = 0
MIN_ROWS_PER_CLASS = 3
LEAST_ROWS = 6  # so that each part has one, and the training rows some


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


class LabelError(DataError):
    """Labels, or numbers to predict, cannot be used: perhaps they are in another column."""


class Part(NamedTuple):
    """Some rows of a data set.

    Attributes
    ----------
    X : ndarray of shape (n_rows, n_features)
        Finite numbers: the features that columns have become.
    y : ndarray of shape (n_rows,), of several numbers for each row (n_rows, n_answers)
        Labels or numbers; of rows that nothing is known of, zeros.
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
    answers : {"classes", "numbers", "none"}
        What a search may read of ``y``: class labels, numbers, or nothing.
    is_labelled : bool
        Whether ``y`` says anything. Where it does, but ``answers`` is "none", only the final report
        reads it, and only where it holds labels.
    columns : Columns or None
        How the columns of a table became features; None where the rows came as features.
    scaling : InputScaling or None
        How these features become integers, fitted to the training rows; None to fit that later.
    tables : tuple of three Table, or None
        The training, validation and test rows as they came; None where they are the features.
    notes : str
        What was assumed in reading a file, in a line; "" for nothing.

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
    answers: Answers = "classes"
    is_labelled: bool = True
    columns: Columns | None = None
    scaling: InputScaling | None = None
    tables: tuple[Table, Table, Table] | None = None
    notes: str = ""

    def __post_init__(self) -> None:
        for part in ("train", "validation", "test"):
            self._check_part(part, getattr(self, part))
        if self.answers != "classes":
            return
        for part, labels in (("validation", self.validation.y), ("test", self.test.y)):
            unknown = np.setdiff1d(labels, self.classes)
            if len(unknown):
                raise DataError(
                    f"{self.name}: class {unknown[0]!s} has {part} rows but no training rows"
                )

    def _check_part(self, name: str, part: Part) -> None:
        where = f"{self.name}: {name}"
        shape = part.y.shape[:1] if self.answers == "numbers" else part.y.shape
        if part.X.ndim != 2 or part.y.ndim > 2 or shape != part.X.shape[:1]:
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
        if self.answers == "numbers":
            check_finite(f"{where} y", part.y)

    @cached_property
    def classes(self) -> Array:
        """Class labels of the training rows, sorted, (n_classes,)."""
        return np.unique(self.train.y)

    @property
    def has_labels(self) -> bool:
        """Whether ``y`` holds labels, which clusters can be held against, and not numbers."""
        is_one = self.train.y.ndim == 1 and self.train.y.dtype.kind != "f"
        return self.is_labelled and self.answers != "numbers" and is_one

    @property
    def n_features(self) -> int:
        """Number of features."""
        return int(self.train.X.shape[1])

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return len(self.classes)

    def on_features(self, ticket: Ticket) -> Ticket:
        """Return a ticket as one whose rows are the features of this data set.

        Its scaling has the pairs of all features, also of those that the ticket does not read, so
        that it can be compared with other masks.

        Parameters
        ----------
        ticket : Ticket
            A ticket that was found on this data set.

        Returns
        -------
        Ticket
            A ticket without columns.

        Raises
        ------
        DataError
            If the ticket was found on other columns.
        """
        mine, own = self.columns, ticket.columns
        if own is None:
            return ticket
        if mine is None or self.scaling is None:
            alike, scaling = own.is_plain, ticket.scaling
        else:
            if not (mine.is_named and own.is_named):
                mine, own = mine.without_names(), own.without_names()
            alike, scaling = mine.n_inputs == own.n_inputs, self.scaling
            if alike:
                read = mine.keeping(own.kept, scaling)
                alike = read[0].columns == own.columns and read[1] == ticket.scaling
        if not alike:
            raise DataError(
                f"{self.name}: the ticket was found on other columns or other rows{AS_FOUND}"
            )
        return Ticket(ticket.network, ticket.mask, scaling, ticket.head)

    def table_of(self, part: Part) -> Table:
        """Return the rows of a part as they came.

        Parameters
        ----------
        part : Part
            One of the three parts of this data set.

        Returns
        -------
        Table
            Its rows; of a data set that came as features, these.
        """
        if self.tables is not None:
            for own, table in zip(
                (self.train, self.validation, self.test), self.tables, strict=True
            ):
                if own is part:
                    return table
        return Table(part.X, (None,) * part.X.shape[1], self.feature_names)

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
    X: Array | Table,
    y: Array | None,
    *,
    answers: Answers = "classes",
    test: Part | None = None,
    test_rows: int | None = None,
    feature_names: tuple[str, ...] | None = None,
    bare: bool = False,
) -> Dataset:
    """Split rows into training, validation and test rows, always in the same way.

    Parameters
    ----------
    name : str
        What the data set is called.
    X : ndarray of shape (n_rows, n_features), or Table
        The rows: finite numbers, or columns of any kind.
    y : ndarray of shape (n_rows,) or (n_rows, n_answers), or None
        Labels or numbers; None where nothing is known of the rows.
    answers : {"classes", "numbers", "none"}
        What a search may read of ``y``. Of "none" no cut depends on ``y`` either.
    test : Part or None
        Test rows that come with the data; X and y are then the other rows.
    test_rows : int or None
        How many rows to test on, instead of 25 %.
    feature_names : tuple of str or None
        Names of the features, where X has none; a ticket does not hold these.
    bare : bool
        Whether tickets are not to hold the names of a table's columns.

    Returns
    -------
    Dataset
        The three parts.

    Raises
    ------
    DataError
        If a class, or the whole, has too few rows; for a table of which no column varies.
    """

    is_labelled = y is not None
    is_named = isinstance(X, Table) and not bare
    table = X if isinstance(X, Table) else Table(X, (None,) * X.shape[1], feature_names)
    y = np.zeros(table.n_rows, dtype=np.int64) if y is None else y
    check_rows(name, table, y, answers=answers, has_test=test is not None)
    rest, test_table, rest_y, test_y = table, None, y, None
    if test is None:
        n_test = test_rows or math.ceil(TEST_SHARE * len(y))
        rest, test_table, rest_y, test_y = _cut(table, y, n_test, answers)
    else:
        test_table, test_y = Table(test.X, table.values, table.names), test.y
    train, validation, train_y, validation_y = _cut(rest, rest_y, VALIDATION_SHARE, answers)
    tables = train, validation, test_table
    try:
        columns, scaling = fit_columns(train, is_named=is_named, missing=lacking(table))
        parts = [
            one.X if columns is None or columns.is_plain else columns.features(one, scaling)
            for one in tables
        ]
    except ValueError as error:
        raise DataError(f"{name}: {error}") from error
    names = table.names
    if columns is not None and not columns.is_plain:
        names = tuple(replace(columns, columns=_named(columns, names)).input_names())
    labels = train_y, validation_y, test_y
    train_part, validation_part, test_part = map(Part, parts, labels)
    return Dataset(
        name,
        train_part,
        validation_part,
        test_part,
        names,
        answers,
        is_labelled,
        columns,
        None if columns is None else scaling,
        None if columns is None or columns.is_plain else tables,
    )


def _cut(
    table: Table, y: Array, size: float, answers: Answers
) -> tuple[Table, Table, Array, Array]:
    """Return the rows before and after a cut, and their labels."""
    from sklearn.model_selection import train_test_split

    before, after = train_test_split(
        np.arange(len(y)),
        test_size=size,
        stratify=y if answers == "classes" else None,
        random_state=SPLIT_SEED,
    )
    return table.take(before), table.take(after), y[before], y[after]


def _named(columns: Columns, names: tuple[str, ...] | None) -> tuple[Column, ...]:
    """Return columns with names, which their tickets may not hold."""
    if names is None:
        return columns.columns
    pairs = zip(columns.columns, names, strict=True)
    return tuple(replace(column, name=name) for column, name in pairs)


def check_rows(
    name: str, X: Table, y: Array, *, answers: Answers = "classes", has_test: bool = False
) -> None:
    """Raise an error unless there are enough rows, of each class too, to split.

    Parameters
    ----------
    name : str
        What the data set is called.
    X : Table
        Rows.
    y : ndarray of shape (n_rows, ...)
        Labels or numbers.
    answers : {"classes", "numbers", "none"}
        What a search may read of ``y``.
    has_test : bool
        Whether test rows come with the data.

    Raises
    ------
    DataError
        If there are too few rows, no features, one class or one number only, or numbers that are
        not finite.
    """
    if len(y) == 0:
        raise DataError(f"{name}: no rows")
    if X.n_columns == 0:
        raise DataError(f"{name}: no feature columns" + " beside the labels" * (answers != "none"))
    check_finite(f"{name}: X", X.X, may_miss=True)
    if answers == "classes":
        _check_classes(name, y, has_test)
        return
    if len(y) < LEAST_ROWS:
        raise DataError(f"{name}: {len(y)} rows are too few; takes at least {LEAST_ROWS}")
    if answers == "numbers":
        check_finite(f"{name}: y", y)
        if (np.ptp(y, axis=0) == 0).all():
            raise LabelError(f"{name}: all {len(y)} rows have the same number to predict")


def _check_classes(name: str, y: Array, has_test: bool) -> None:
    classes, counts = np.unique(y, return_counts=True)
    if len(classes) == 1:
        raise LabelError(f"{name}: all {len(y)} rows are of one class, {classes[0]!s}; two needed")
    smallest = counts.argmin()
    if counts[smallest] < MIN_ROWS_PER_CLASS:
        raise LabelError(
            f"{name}: {len(classes)} classes in {len(y)} rows, and class {classes[smallest]!s} has "
            f"only {counts[smallest]}; each class needs at least {MIN_ROWS_PER_CLASS} rows, one "
            "each to train, to validate and to test"
        )
    rest = len(y) if has_test else len(y) - math.ceil(TEST_SHARE * len(y))
    if math.ceil(VALIDATION_SHARE * rest) < len(classes):
        raise LabelError(
            f"{name}: {len(y)} rows are too few for {len(classes)} classes; the validation rows, "
            f"{VALIDATION_SHARE:.0%} of those left after the test rows, need one of each class"
        )


def check_finite(where: str, X: Array, *, may_miss: bool = False) -> None:
    """Raise DataError with the place of the first value that is infinite, or NaN unless it may."""
    if X.dtype.kind != "f":
        return
    is_bad = np.isinf(X) if may_miss else ~np.isfinite(X)
    if is_bad.any():
        place = tuple(int(i) for i in np.argwhere(is_bad)[0])
        raise DataError(f"{where}{list(place)} is {X[place]}; takes finite numbers")

"""Data sets: by name, or from a CSV, Parquet, NPZ or IDX file, each with one fixed split.

NumPy, scikit-learn and pyarrow.

The split is documented in :mod:`scratchcard.datasets.dataset`, the names in
:mod:`scratchcard.datasets.named`, tables in files in :mod:`scratchcard.datasets.files`, folders
with IDX files in :mod:`scratchcard.datasets.idx`.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from scratchcard.datasets.dataset import (
    Answers,
    Array,
    DataError,
    Dataset,
    LabelError,
    Part,
    split,
)
from scratchcard.datasets.files import FILE_KINDS, STANDARD_INPUT, read_features, read_labelled
from scratchcard.datasets.idx import read_folder
from scratchcard.datasets.images import as_images, check_plain
from scratchcard.datasets.named import NAMES, is_name, load_named
from scratchcard.datasets.reading import Known, ReadingOptions
from scratchcard.ticket.table import Table

__all__ = [
    "NAMES",
    "STANDARD_INPUT",
    "Answers",
    "DataError",
    "Dataset",
    "Known",
    "Part",
    "ReadingOptions",
    "as_images",
    "check_plain",
    "is_name",
    "load",
    "load_features",
    "load_table",
    "split",
]


def load(
    data: str | Path,
    target: str | None = None,
    answers: Answers | None = None,
    reading: ReadingOptions | None = None,
    *,
    bare: bool = False,
) -> Dataset:
    """Read a data set and split it into training, validation and test rows.

    Parameters
    ----------
    data : str or Path
        A name (see ``NAMES``), a file, ``-`` for standard input, or a folder with the four IDX
        files of MNIST's kind.
    target : str or None
        The column (or NPZ array) with the answers; the last column (or ``y``) if None. A column
        without a name has its place, from 0.
    answers : {"classes", "numbers", "none"} or None
        What a search may read of the answers. None for what a named data set has; of a file, for
        classes, and an error that asks where they may be numbers. With "none" every column of a
        file but ``target`` is a feature, and no cut depends on the answers. ``target`` may then
        hold anything; where it holds no label for each row, or what may be numbers, the data set
        has no labels.
    reading : ReadingOptions or None
        What is known of how a file is written; the rest is found out, and ``notes`` says what.
    bare : bool
        Whether tickets are not to hold the names of columns, which are then found by their places.

    Returns
    -------
    Dataset
        Training, validation and test rows.

    Raises
    ------
    DataError
        If there is no such data, or it cannot be read, or a column cannot be used; it says why.
    """
    if answers not in (None, "classes", "numbers", "none"):
        raise DataError(f"answers takes 'classes', 'numbers', 'none' or None, got {answers!r}")
    if is_name(str(data)):
        _refuse_options(data, reading)
        if target is not None:
            raise DataError(f"target names a column of a file; {data} has its own labels")
        return load_named(str(data), answers)
    path = _existing(data)
    if path.is_dir():
        _refuse_options(data, reading)
        return read_folder(path, str(data), answers or "classes")
    name = "standard input" if str(data) == STANDARD_INPUT else str(data)
    read = read_labelled(path, target, answers, reading)
    try:
        kind = answers or "classes"
        dataset = split(name, read.table, read.answers, answers=kind, bare=bare)
    except LabelError as error:
        if not read.labels:
            raise
        hint = "" if target else "; --target (target) takes another"
        raise DataError(f"{error}. The labels are in column {read.labels}{hint}") from error
    return replace(dataset, notes=read.notes)


def load_features(
    data: str | Path, target: str | None = None, reading: ReadingOptions | None = None
) -> Array:
    """Read the rows to predict, where all columns are numbers.

    Every column of a file is a feature but ``target``, which is left out. A name, or a folder with
    IDX files, gives its test rows.

    Parameters
    ----------
    data : str or Path
        A name (see ``NAMES``), a file, ``-`` for standard input, or a folder with the four IDX
        files of MNIST's kind.
    target : str or None
        The column (or NPZ array) with labels, if there is one to leave out.
    reading : ReadingOptions or None
        What is known of how a file is written.

    Returns
    -------
    ndarray of shape (n_rows, n_features)
        The features, NaN for what is missing.

    Raises
    ------
    DataError
        If there is no such data, or it cannot be read, or a column cannot be used; it says why.
    """
    table, _ = load_table(data, target, reading)
    for column, values in enumerate(table.values):
        if values is not None:
            raise DataError(
                f"{data}: column {table.name_of(column)} holds {next(iter(values), '')!r}, not a "
                "number; load_table reads categories"
            )
    return table.X


def load_table(
    data: str | Path,
    target: str | None = None,
    reading: ReadingOptions | None = None,
    like: Known | None = None,
    *,
    spare_last: bool = False,
) -> tuple[Table, str]:
    """Read the rows to predict, and say what was assumed in reading them.

    Parameters
    ----------
    data : str or Path
        A name (see ``NAMES``), a file, ``-`` for standard input, or a folder with the four IDX
        files of MNIST's kind.
    target : str or None
        The column (or NPZ array) with labels, if there is one to leave out.
    reading : ReadingOptions or None
        What is known of how a file is written.
    like : Known or None
        What a ticket knows of its columns, so that they are found and read as it takes them; None
        for all columns.
    spare_last : bool
        Whether the last column of a file is left out where there is one more than a ticket takes,
        and no ``target``.

    Returns
    -------
    tuple of Table, and str
        The rows; what was assumed, in a line, or "".

    Raises
    ------
    DataError
        If there is no such data, or it cannot be read, or a column cannot be used; it says why.
    """
    if is_name(str(data)):
        _refuse_options(data, reading)
        dataset = load_named(str(data))
        return dataset.table_of(dataset.test), ""
    path = _existing(data)
    if path.is_dir():
        _refuse_options(data, reading)
        X = read_folder(path, str(data)).test.X
        return Table(X, (None,) * X.shape[1]), ""
    return read_features(path, target, reading, like, spare_last=spare_last)


def _existing(data: str | Path) -> Path:
    path = Path(data)
    # unlike Path's, os.path.exists is False for a name that is too long
    if str(data) == STANDARD_INPUT or os.path.exists(path):
        return path
    raise DataError(
        f"no data set or file {str(data)!r}; names: {', '.join(NAMES)}; files: {FILE_KINDS}"
    )


def _refuse_options(data: str | Path, reading: ReadingOptions | None) -> None:
    """Raise DataError for an option that only a file with a table takes."""
    for option in [] if reading is None else reading.given:
        raise DataError(f"{option} is for a file with a table; {data} is none")

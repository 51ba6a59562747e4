"""Data sets: by name, or from a CSV, Parquet, NPZ or IDX file, each with one fixed split.

NumPy and scikit-learn; pyarrow if a Parquet file is read.

The split is documented in :mod:`scratchcard.datasets.dataset`, the names in
:mod:`scratchcard.datasets.named`, the file formats in :mod:`scratchcard.datasets.files` and
:mod:`scratchcard.datasets.idx`.
"""

from __future__ import annotations

import os
from pathlib import Path

from scratchcard.datasets.dataset import Answers, Array, DataError, Dataset, Part, split
from scratchcard.datasets.files import FILE_KINDS, read_features, read_labelled
from scratchcard.datasets.idx import read_folder
from scratchcard.datasets.named import NAMES, is_name, load_named

__all__ = [
    "NAMES",
    "Answers",
    "DataError",
    "Dataset",
    "Part",
    "is_name",
    "load",
    "load_features",
    "load_named_features",
    "split",
]


def load(data: str | Path, target: str | None = None, answers: Answers | None = None) -> Dataset:
    """Read a data set and split it into training, validation and test rows.

    Parameters
    ----------
    data : str or Path
        A name (see ``NAMES``), a file, or a folder with the four IDX files of MNIST's kind.
    target : str or None
        The column (or NPZ array) with the answers; the last column (or ``y``) if None.
    answers : {"classes", "numbers", "none"} or None
        What a search may read of the answers. None for what a named data set has; of a file, for
        classes, and an error that asks where they may be numbers. With "none" every column of a
        file but ``target`` is a feature, and no cut depends on the answers. ``target`` may then
        hold anything; where it holds no label for each row, or what may be numbers, the data set
        has no labels.

    Returns
    -------
    Dataset
        Training, validation and test rows.

    Raises
    ------
    DataError
        If there is no such data, or it cannot be read, or a row cannot be used; it says why.
    """
    if answers not in (None, "classes", "numbers", "none"):
        raise DataError(f"answers takes 'classes', 'numbers', 'none' or None, got {answers!r}")
    if is_name(str(data)):
        if target is not None:
            raise DataError(f"target names a column of a file; {data} has its own labels")
        return load_named(str(data), answers)
    path = _existing(data)
    if path.is_dir():
        return read_folder(path, str(data), answers or "classes")
    features, found, names = read_labelled(path, target, answers)
    return split(str(data), features, found, answers=answers or "classes", feature_names=names)


def load_features(data: str | Path, target: str | None = None) -> Array:
    """Read the rows to predict.

    Every column of a file is a feature but ``target``, which is left out. A name, or a folder with
    IDX files, gives its test rows.

    Parameters
    ----------
    data : str or Path
        A name (see ``NAMES``), a file, or a folder with the four IDX files of MNIST's kind.
    target : str or None
        The column (or NPZ array) with labels, if there is one to leave out.

    Returns
    -------
    ndarray of shape (n_rows, n_features)
        The features.

    Raises
    ------
    DataError
        If there is no such data, or it cannot be read, or a row cannot be used; it says why.
    """
    return load_named_features(data, target)[0]


def load_named_features(
    data: str | Path, target: str | None = None, n_features: int | None = None
) -> tuple[Array, tuple[str, ...] | None]:
    """Read rows as :func:`load_features` does, and the names of their features.

    Parameters
    ----------
    data : str or Path
        A name (see ``NAMES``), a file, or a folder with the four IDX files of MNIST's kind.
    target : str or None
        The column (or NPZ array) with labels, if there is one to leave out.
    n_features : int or None
        How many features there are to be. Where a file has one column more, and no ``target`` is
        named, its last is left out.

    Returns
    -------
    tuple of ndarray of shape (n_rows, n_features), and tuple of str or None
        The features; their names, where they have some.

    Raises
    ------
    DataError
        If there is no such data, or it cannot be read, or a row cannot be used; it says why.
    """
    if is_name(str(data)):
        dataset = load_named(str(data))
        return dataset.test.X, dataset.feature_names
    path = _existing(data)
    if path.is_dir():
        return read_folder(path, str(data)).test.X, None
    return read_features(path, target, n_features)


def _existing(data: str | Path) -> Path:
    path = Path(data)
    if os.path.exists(path):  # unlike Path's, False for a name that is too long
        return path
    raise DataError(
        f"no data set or file {str(data)!r}; names: {', '.join(NAMES)}; files: {FILE_KINDS}"
    )

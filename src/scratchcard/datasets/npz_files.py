"""NPZ files: an array of features and one of answers. NumPy.

Arrays ``X`` (n_rows, ...) and ``y`` (n_rows,), or the answers in the array named as target and the
features in ``X`` or the only other array. Nothing pickled is ever loaded.
"""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from scratchcard.datasets.answers import answers_of_array
from scratchcard.datasets.dataset import Answers, Array, DataError
from scratchcard.datasets.reading import ReadingOptions
from scratchcard.ticket.table import Table

__all__ = ["read_npz"]


def read_npz(
    shown: str,
    source: Path | bytes,
    target: str | None,
    answers: Answers | None,
    labelled: bool,
    reading: ReadingOptions,
) -> tuple[Table, Array | None]:
    """Read the features, and the answers if they are wanted.

    Parameters
    ----------
    shown : str
        The file, for errors.
    source : Path or bytes
        The file, or its bytes.
    target : str or None
        The array with the answers; None for ``y``.
    answers : {"classes", "numbers", "none"} or None
        What they are.
    labelled : bool
        Whether they are wanted.
    reading : ReadingOptions
        Nothing: an option that is given is an error.

    Returns
    -------
    tuple of Table, and ndarray (n_rows, ...) or None
        Features, and answers.

    Raises
    ------
    DataError
        If the file cannot be read, or its arrays do not fit together.
    """
    if reading.given:
        raise DataError(f"{shown}: an NPZ file takes no {reading.given[0]}")
    with _archive(shown, source) as archive:
        features_name, labels_name = _names(shown, archive.files, target, labelled)
        features = _array(shown, archive, features_name)
        labels = _array(shown, archive, labels_name) if labelled else None
    features = _features(f"{shown}: {features_name}", features)
    table = Table(features, (None,) * features.shape[1])
    if labels is None:
        return table, None
    if answers == "none" and labels.shape != (len(features),):
        return table, None
    shape = labels.shape[:1] if answers == "numbers" and labels.ndim == 2 else labels.shape
    if shape != (len(features),):
        raise DataError(
            f"{shown}: {labels_name} has shape {labels.shape}, but {features_name} has "
            f"{len(features)} rows; the labels must be one per row"
        )
    return table, answers_of_array(f"{shown}: {labels_name}", labels, answers)


def _names(shown: str, names: list[str], target: str | None, labelled: bool) -> tuple[str, str]:
    """Return the names of the arrays with the features and with the answers."""
    listed = ", ".join(names[:12]) + (f", … ({len(names)} in all)" if len(names) > 12 else "")
    labels_name = target or "y"
    if target is not None and target not in names:
        raise DataError(f"{shown}: no array {target!r}; its arrays: {listed}")
    others = [name for name in names if name != labels_name]
    if "X" not in names and len(others) != 1:
        raise DataError(f"{shown}: no array 'X'; its arrays: {listed or 'none'}")
    if labelled and labels_name not in names:
        raise DataError(
            f"{shown}: no array 'y' with the labels, and no other named as target; its arrays: "
            f"{listed}"
        )
    return "X" if "X" in names else others[0], labels_name


def _archive(shown: str, source: Path | bytes) -> Any:
    file: Any = io.BytesIO(source) if isinstance(source, bytes) else source
    if not zipfile.is_zipfile(file):
        raise DataError(f"{shown}: not an NPZ file")
    try:
        return np.load(file, allow_pickle=False)
    except (zipfile.BadZipFile, OSError) as error:
        raise DataError(f"{shown}: damaged: {error}") from error


def _array(shown: str, archive: Any, name: str) -> Array:
    try:
        found = archive[name]
    except ValueError as error:
        raise DataError(f"{shown}: array {name!r} cannot be read: {error}") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError) as error:
        raise DataError(f"{shown}: damaged: array {name!r}: {error}") from error
    if not isinstance(found, np.ndarray):
        raise DataError(f"{shown}: {name!r} is not an array")
    return found


def _features(where: str, features: Array) -> Array:
    if features.ndim < 2:
        raise DataError(f"{where} has shape {features.shape}; takes (n_rows, n_features)")
    if features.dtype.kind not in "biuf":
        raise DataError(f"{where} has type {features.dtype}; takes numbers")
    if features.dtype.kind == "f" and np.isinf(features).any():
        place = [int(i) for i in np.argwhere(np.isinf(features))[0]]
        raise DataError(f"{where}{place} is {features[tuple(place)]}; takes finite numbers")
    return features.reshape(len(features), math.prod(features.shape[1:]))

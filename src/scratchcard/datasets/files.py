"""CSV, Parquet and NPZ files: numeric features and one column of answers. NumPy; pyarrow if there.

CSV : comma separated, UTF-8, names in the first row. Parquet : needs pyarrow. In both the answers
are the column named as target, or the last; every other column is a numeric feature.
NPZ : arrays ``X`` (n_rows, ...) and ``y`` (n_rows,), or the answers in the array named as target
and the features in ``X`` or the only other array. Nothing pickled is ever loaded.

:mod:`scratchcard.datasets.answers` says what a label is, and what a number.
"""

from __future__ import annotations

import csv
import math
import re
import zipfile
import zlib
from array import array
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from scratchcard.datasets.answers import EMPTY, answers_of_array, answers_of_text
from scratchcard.datasets.dataset import Answers, Array, DataError, check_finite

FILE_KINDS = ".csv, .parquet, .npz, or a folder with the four IDX files of MNIST's kind"

_PANDAS_INDEX = re.compile(r"__index_level_\d+__")  # how pandas stores an index, no column


class _Table(NamedTuple):
    features: Array
    labels: Array | None
    names: tuple[str, ...] | None


class _Wanted(NamedTuple):
    """Which column holds the answers, and what they are."""

    target: str | None
    labelled: bool  # whether the answers are read
    answers: Answers | None = None
    n_features: int | None = None  # columns, beside which a last one is left out

    @property
    def is_unread(self) -> bool:
        """Whether a search does not read the answers, so that they may be anything."""
        return self.answers == "none"


def read_labelled(
    path: Path, target: str | None, answers: Answers | None = None
) -> tuple[Array, Array | None, tuple[str, ...] | None]:
    """Read the features, the answers and the names of the features from a file.

    Parameters
    ----------
    path : Path
        A CSV, Parquet or NPZ file.
    target : str or None
        The column, or array, with the answers; None for the last, or ``y``.
    answers : {"classes", "numbers", "none"} or None
        What the answers are. None for classes; more than 30 different numbers are an error that
        asks. Of "none" every column but ``target`` is a feature, and a target that holds no label
        for each row counts as none.

    Returns
    -------
    tuple of ndarray (n_rows, n_features), ndarray (n_rows, ...) or None, and tuple of str or None
        Features; labels or numbers, None where there are none; names of the features.

    Raises
    ------
    DataError
        If the file cannot be read, or a row cannot be used.
    """
    labelled = answers != "none" or target is not None
    return _read(path, _Wanted(target, labelled, answers))


def read_features(
    path: Path, target: str | None, n_features: int | None = None
) -> tuple[Array, tuple[str, ...] | None]:
    """Read the features of all columns but the target from a file, and their names.

    Parameters
    ----------
    path : Path
        A CSV, Parquet or NPZ file.
    target : str or None
        The column, or array, to leave out; None for none.
    n_features : int or None
        How many features there are to be. Where there is no target, and one column more than these,
        the last is left out.

    Returns
    -------
    tuple of ndarray of shape (n_rows, n_features), and tuple of str or None
        Features; their names.

    Raises
    ------
    DataError
        If the file cannot be read, or a row cannot be used.
    """
    table = _read(path, _Wanted(target, labelled=False, n_features=n_features))
    if table.features.size == 0:
        raise DataError(f"{path}: no rows to predict")
    return table.features, table.names


def _read(path: Path, wanted: _Wanted) -> _Table:
    readers = {".csv": _read_csv, ".parquet": _read_parquet, ".npz": _read_npz}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise DataError(f"{path}: unknown kind of file; takes {FILE_KINDS}")
    try:
        return reader(path, wanted)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error


def _target_index(path: Path, names: Sequence[str], wanted: _Wanted) -> int | None:
    """Return the place of the answers among the columns; None if every column is a feature."""
    repeated = {name for name in names if names.count(name) > 1}
    if repeated:
        raise DataError(f"{path}: more than one column is named {min(repeated)!r}")
    if wanted.target is None:
        has_last = wanted.labelled or len(names) - 1 == wanted.n_features
        return len(names) - 1 if has_last else None
    if wanted.target not in names:
        raise DataError(f"{path}: no column {wanted.target!r}; its columns: {_some(names)}")
    return names.index(wanted.target)


def _some(names: Sequence[str]) -> str:
    more = f", … ({len(names)} in all)" if len(names) > 12 else ""
    return ", ".join(names[:12]) + more


# CSV


def _read_csv(path: Path, wanted: _Wanted) -> _Table:
    with path.open(newline="", encoding="utf-8-sig") as file:
        lines = csv.reader(file, strict=True)
        try:
            names = _header(path, next(lines, []))
            place = _target_index(path, names, wanted)
            values, labels = _read_cells(path, lines, names, place, wanted)
        except UnicodeDecodeError as error:
            raise DataError(f"{path}: not a text file in UTF-8") from error
        except csv.Error as error:
            raise DataError(f"{path}: line {lines.line_num}: {error}") from error
    feature_names = tuple(name for i, name in enumerate(names) if i != place)
    n_rows = len(labels) if wanted.labelled else len(values) // max(1, len(feature_names))
    features = np.asarray(values).reshape(n_rows, len(feature_names))
    if place is None or not wanted.labelled:
        return _Table(features, None, feature_names)
    where = f"{path}: the labels in column {names[place]!r}"
    return _Table(features, answers_of_text(where, labels, wanted.answers), feature_names)


def _header(path: Path, cells: list[str]) -> list[str]:
    names = [cell.strip() for cell in cells]
    if not names:
        raise DataError(f"{path}: empty; the first row must name the columns")
    if "" in names:
        raise DataError(f"{path}: column {names.index('') + 1} has no name in the first row")
    if all(_is_number(name) for name in names):
        raise DataError(f"{path}: the first row must name the columns, but holds numbers")
    return names


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text  # which Python takes between digits


def _read_cells(
    path: Path, lines: Any, names: list[str], place: int | None, wanted: _Wanted
) -> tuple[array[float], list[str]]:
    """Read all rows: the features as one flat array, and the label cells if they are wanted."""
    values = array("d")
    labels: list[str] = []
    for cells in lines:
        if not cells:
            continue
        where = f"{path}: line {lines.line_num}"
        if len(cells) != len(names):
            raise DataError(f"{where} has {len(cells)} cells, the first row {len(names)}")
        label = "" if place is None else cells.pop(place).strip()
        if wanted.labelled and place is not None:
            labels.append(label)
            if label.lower() in EMPTY and not wanted.is_unread:
                raise DataError(f"{where} has no label in column {names[place]!r}")
        try:
            row = [float(cell) for cell in cells]
            # NaN and infinity survive a sum
            usable = math.isfinite(sum(row)) and "_" not in "".join(cells)
        except ValueError:
            usable = False
        if not usable:
            features = [name for i, name in enumerate(names) if i != place]
            _refuse_cells(where, features, cells, _remedy(place))
        values.extend(row)
    return values, labels


def _remedy(place: int | None) -> str:
    """Return what to do about a feature that is no number; it may be the answers."""
    hint = "" if place is not None else "; or if it holds labels, --target (target) takes its name"
    return f"encode it as numbers first{hint}"


def _refuse_cells(where: str, names: list[str], cells: list[str], remedy: str) -> None:
    """Raise DataError for the first cell that is no finite number, if there is one."""
    for name, cell in zip(names, cells, strict=True):
        if not cell.strip():
            raise DataError(f"{where} has no value in column {name!r}")
        if not _is_number(cell):
            raise DataError(
                f"{where}: column {name!r} holds {cell.strip()!r}, not a number; {remedy}"
            )
        if not math.isfinite(float(cell)):
            raise DataError(f"{where}: column {name!r} holds {cell.strip()}; takes finite numbers")


# Parquet


def _read_parquet(path: Path, wanted: _Wanted) -> _Table:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise DataError(
            f"{path}: reading Parquet needs pyarrow: pip install 'scratchcard[parquet]'"
        ) from error
    try:
        # one file, not a folder of partitions: the column names are then as they stand in it
        table = parquet.ParquetFile(path).read()
    except pa.ArrowException as error:
        raise DataError(f"{path}: not a Parquet file that can be read: {error}") from error
    names = [name for name in table.column_names if not _PANDAS_INDEX.fullmatch(name)]
    if not names:
        raise DataError(f"{path}: no columns")
    place = _target_index(path, names, wanted)
    columns = dict(zip(table.column_names, table.columns, strict=True))
    feature_names = tuple(name for i, name in enumerate(names) if i != place)
    for name in names if wanted.labelled and not wanted.is_unread else feature_names:
        if columns[name].null_count:
            row = columns[name].is_null().to_pylist().index(True) + 1
            raise DataError(f"{path}: row {row} has no value in column {name!r}")
    features = np.empty((table.num_rows, len(feature_names)))
    for i, name in enumerate(feature_names):
        features[:, i] = _arrow_numbers(path, name, columns[name], _remedy(place))
    if place is None or not wanted.labelled:
        return _Table(features, None, feature_names)
    values = columns[names[place]]
    if wanted.is_unread and values.null_count:
        return _Table(features, None, feature_names)
    labels = _arrow_answers(f"{path}: column {names[place]!r}", values, wanted.answers)
    return _Table(features, labels, feature_names)


def _arrow_answers(where: str, values: Any, answers: Answers | None) -> Array | None:
    """Return the labels or the numbers of a column that has no empty place."""
    import pyarrow as pa

    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    kind = values.type
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    is_number = any(is_kind(kind) for is_kind in _arrow_number_kinds())
    if not is_text and not is_number:
        if answers == "none":
            return None
        takes = "numbers" if answers == "numbers" else "strings, integers or booleans"
        raise DataError(f"{where}: of type {kind}; takes {takes}")
    if is_text and answers == "numbers":
        return answers_of_text(where, [cell.strip() for cell in values.to_pylist()], answers)
    found = values.to_numpy(zero_copy_only=False)
    if pa.types.is_decimal(kind):
        found = found.astype(np.float64)
    return answers_of_array(where, found, answers)


def _arrow_number_kinds() -> tuple[Callable[[Any], bool], ...]:
    from pyarrow import types

    return types.is_integer, types.is_floating, types.is_boolean, types.is_decimal


def _arrow_numbers(path: Path, name: str, column: Any, remedy: str) -> Array:
    kind = column.type
    if not any(is_kind(kind) for is_kind in _arrow_number_kinds()):
        shown = repr(column[0].as_py()) if len(column) else f"type {kind}"
        raise DataError(f"{path}: column {name!r} holds {shown}, not a number; {remedy}")
    values: Array = column.to_numpy(zero_copy_only=False).astype(np.float64)
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        found = f"column {name!r} holds {values[bad[0]]}"
        raise DataError(f"{path}: row {bad[0] + 1}: {found}; takes finite numbers")
    return values


# NPZ


def _read_npz(path: Path, wanted: _Wanted) -> _Table:
    with _npz_archive(path) as archive:
        features_name, labels_name = _npz_names(path, archive.files, wanted)
        features = _npz_array(path, archive, features_name)
        labels = _npz_array(path, archive, labels_name) if wanted.labelled else None
    features = _npz_features(f"{path}: {features_name}", features)
    if labels is None:
        return _Table(features, None, None)
    if wanted.is_unread and labels.shape != (len(features),):
        return _Table(features, None, None)
    shape = labels.shape[:1] if wanted.answers == "numbers" and labels.ndim == 2 else labels.shape
    if shape != (len(features),):
        raise DataError(
            f"{path}: {labels_name} has shape {labels.shape}, but {features_name} has "
            f"{len(features)} rows; the labels must be one per row"
        )
    answers = answers_of_array(f"{path}: {labels_name}", labels, wanted.answers)
    return _Table(features, answers, None)


def _npz_names(path: Path, names: list[str], wanted: _Wanted) -> tuple[str, str]:
    """Return the names of the arrays with the features and with the answers."""
    target = wanted.target
    labels_name = target or "y"
    if target is not None and target not in names:
        raise DataError(f"{path}: no array {target!r}; its arrays: {_some(names)}")
    others = [name for name in names if name != labels_name]
    if "X" not in names and len(others) != 1:
        raise DataError(f"{path}: no array 'X'; its arrays: {_some(names) or 'none'}")
    if wanted.labelled and labels_name not in names:
        raise DataError(
            f"{path}: no array 'y' with the labels, and no other named as target; its arrays: "
            f"{_some(names)}"
        )
    return "X" if "X" in names else others[0], labels_name


def _npz_archive(path: Path) -> Any:
    if not zipfile.is_zipfile(path):
        raise DataError(f"{path}: not an NPZ file")
    try:
        return np.load(path, allow_pickle=False)
    except zipfile.BadZipFile as error:
        raise DataError(f"{path}: damaged: {error}") from error


def _npz_array(path: Path, archive: Any, name: str) -> Array:
    try:
        found = archive[name]
    except ValueError as error:
        raise DataError(f"{path}: array {name!r} cannot be read: {error}") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:  # or encrypted
        raise DataError(f"{path}: damaged: array {name!r}: {error}") from error
    if not isinstance(found, np.ndarray):
        raise DataError(f"{path}: {name!r} is not an array")
    return found


def _npz_features(where: str, features: Array) -> Array:
    if features.ndim < 2:
        raise DataError(f"{where} has shape {features.shape}; takes (n_rows, n_features)")
    if features.dtype.kind not in "biuf":
        raise DataError(f"{where} has type {features.dtype}; takes numbers")
    check_finite(where, features)
    return features.reshape(len(features), math.prod(features.shape[1:]))

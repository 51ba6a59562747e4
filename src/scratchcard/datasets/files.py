"""Files with tables: CSV, Parquet and NPZ, as rows and what is known of them.

A file is read by what its first bytes say, or else by its suffix. Answers are in the column named
as target, or in the last; columns that are dropped, and an index, are left out; every other column
is a feature, of numbers or of categories. What was assumed is said in a line.

:mod:`scratchcard.datasets.answers` says what a label is, and what a number.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from scratchcard.datasets.csv_tables import CsvTable
from scratchcard.datasets.dataset import Answers, Array, DataError
from scratchcard.datasets.kinds import codes_as
from scratchcard.datasets.npz_files import read_npz
from scratchcard.datasets.parquet_files import ParquetTable
from scratchcard.datasets.reading import Known, ReadingOptions
from scratchcard.datasets.text_files import unpacked
from scratchcard.text import shortened
from scratchcard.ticket.table import Table

FILE_KINDS = (
    ".csv, .tsv, .txt or .data, also with .gz, .parquet, .npz, - for standard input, or a folder "
    "with the four IDX files of MNIST's kind"
)
STANDARD_INPUT = "-"
"""What is given instead of a file to read standard input."""

_TEXT = (".csv", ".tsv", ".tab", ".txt", ".data", ".dat")
_TABS = (".tsv", ".tab")
_ID = re.compile(r"^(?i:id|nr|no|no\.|row|number|#)$|[^a-zA-Z](?i:id)$|[a-z](Id|ID)$")
_STRANGE_ROWS = 10  # fewer may well hold no value that a ticket reads
_PARQUET, _ZIP = b"PAR1", b"PK\x03\x04"


class Labelled(NamedTuple):
    """What a file holds.

    Attributes
    ----------
    table : Table
        Features.
    answers : ndarray of shape (n_rows, ...) or None
        Labels or numbers; None where there are none.
    labels : str
        What the column that holds them is called; "" where it is none.
    notes : str
        What was assumed, in a line; "" for nothing.
    """

    table: Table
    answers: Array | None
    labels: str = ""
    notes: str = ""


def read_labelled(
    path: Path,
    target: str | None,
    answers: Answers | None = None,
    reading: ReadingOptions | None = None,
) -> Labelled:
    """Read the features and the answers from a file.

    Parameters
    ----------
    path : Path
        A CSV, Parquet or NPZ file, or ``-`` for standard input.
    target : str or None
        The column, or array, with the answers; None for the last, or ``y``.
    answers : {"classes", "numbers", "none"} or None
        What the answers are. None for classes; more than 30 different numbers are an error that
        asks. Of "none" every column but ``target`` is a feature, and a target that holds no label
        for each row counts as none.
    reading : ReadingOptions or None
        What is known of how the file is written.

    Returns
    -------
    Labelled
        Features, and labels or numbers.

    Raises
    ------
    DataError
        If the file cannot be read, or a column cannot be used.
    """
    reading = reading or ReadingOptions()
    labelled = answers != "none" or target is not None
    source = _opened(path, reading, target)
    if isinstance(source, _Npz):
        arrays = read_npz(source.shown, source.source, target, answers, labelled, reading)
        return Labelled(*arrays)
    dropped = _dropped(source, reading.drop)
    left_out = {k: what for k, what in source.left_out.items() if k not in dropped}
    rest = [k for k in range(source.n_columns) if k not in dropped and k not in left_out]
    place = _place_of(source, target, "--target (target)") if target is not None else None
    if place in dropped and labelled and answers != "none":
        raise DataError(f"{source.shown}: --drop (drop) leaves out --target (target), {target!r}")
    if labelled and place is None:
        if not rest:
            raise DataError(f"{source.shown}: no column is left for the labels")
        place = rest[-1]
    found = None
    if labelled and place is not None:
        found = _answers(source, place, answers, target)
        left_out.pop(place, None)
    features = [k for k in rest if k != place]
    hint = "" if place is not None else "; or if it holds labels, --target (target) takes its name"
    table = _table(source, features, [None] * len(features), hint)
    more = "" if place is not None else "no labels: --target takes the column that holds them"
    notes = _notes(source, table, features, left_out, None if target else place, more)
    return Labelled(table, found, "" if place is None else source.name_of(place), notes)


def read_features(
    path: Path,
    target: str | None,
    reading: ReadingOptions | None = None,
    like: Known | None = None,
    *,
    spare_last: bool = False,
) -> tuple[Table, str]:
    """Read the features to predict from a file.

    Parameters
    ----------
    path : Path
        A CSV, Parquet or NPZ file, or ``-`` for standard input.
    target : str or None
        The column, or array, to leave out; None for none.
    reading : ReadingOptions or None
        What is known of how the file is written.
    like : Known or None
        What a ticket knows of its columns. By their names they are found wherever they stand, and
        others are ignored; without names columns are those that are left, in their order.
    spare_last : bool
        Whether the last column is left out where there is one more than a ticket takes.

    Returns
    -------
    tuple of Table, and str
        Features; what was assumed, "" for nothing.

    Raises
    ------
    DataError
        If the file cannot be read, or lacks a column.
    """
    reading = reading or ReadingOptions()
    source = _opened(path, reading, target, like)
    if isinstance(source, _Npz):
        table, _ = read_npz(source.shown, source.source, target, None, False, reading)
        _check_rows(source.shown, table)
        _check_count(source.shown, table.n_columns, like, target)
        return table, ""
    dropped = _dropped(source, reading.drop)
    left_out = {k: what for k, what in source.left_out.items() if k not in dropped}
    aside = {*dropped, *left_out}
    if target is not None:
        aside.add(_place_of(source, target, "--target (target)"))
    rest = [k for k in range(source.n_columns) if k not in aside]
    if like is not None and like.names is not None and source.names is not None:
        places = _by_name(source, like.names, aside - set(left_out))
        table, strange = _known_table(source, list(places.values()), list(places), like)
        return table, _notes(source, table, [], {}, strange=strange)
    if like is not None:
        if spare_last and target is None and len(rest) == like.n_columns + 1:
            left_out[rest.pop()] = "the last column"
        _check_count(source.shown, len(rest), like, target)
        table, strange = _known_table(source, rest, range(like.n_columns), like)
        return table, _notes(source, table, [], left_out, strange=strange)
    table = _table(source, rest, [None] * len(rest), "")
    _check_rows(source.shown, table)
    return table, _notes(source, table, rest, left_out)


# Which file


class _Npz:
    """An NPZ file that is read as a whole."""

    def __init__(self, shown: str, source: Path | bytes) -> None:
        self.shown, self.source = shown, source


def _opened(
    path: Path, reading: ReadingOptions, target: str | None, like: Known | None = None
) -> CsvTable | ParquetTable | _Npz:
    """Return the table in a file."""
    try:
        if str(path) == STANDARD_INPUT:
            shown = "standard input"
            content = unpacked(shown, sys.stdin.buffer.read()) if sys.stdin else b""
            if content.startswith(_PARQUET):
                return ParquetTable(shown, content, reading)
            if content.startswith(_ZIP):
                return _Npz(shown, content)
            return _csv(shown, content, reading, target, like, "")
        shown, suffixes = str(path), [suffix.lower() for suffix in path.suffixes]
        suffix = suffixes[-1] if suffixes else ""
        if suffix == ".parquet":
            return ParquetTable(shown, path, reading)
        if suffix == ".npz":
            return _Npz(shown, path)
        if suffix == ".gz":
            suffix = suffixes[-2] if len(suffixes) > 1 else ""
        if suffix not in _TEXT:
            raise DataError(f"{shown}: unknown kind of file; takes {FILE_KINDS}")
        content = path.read_bytes()
        if content.startswith(_PARQUET):
            return ParquetTable(shown, content, reading)
        if content.startswith(_ZIP):
            raise DataError(
                f"{shown}: a spreadsheet or another ZIP archive, not text; save the table as CSV"
            )
        return _csv(shown, content, reading, target, like, suffix)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error


def _csv(
    shown: str,
    content: bytes,
    reading: ReadingOptions,
    target: str | None,
    like: Known | None,
    suffix: str,
) -> CsvTable:
    wanted = [*reading.drop, *([target] if target is not None else [])]
    wanted += [part.strip() for item in reading.drop for part in item.split(",")]
    return CsvTable(shown, content, reading, wanted, like, tabs=suffix in _TABS)


# Which columns


def _place_of(source: CsvTable | ParquetTable, name: str, option: str) -> int:
    """Return the column of a name, or of a place where columns have no names."""
    names = source.names
    if names is not None and name in names:
        return names.index(name)
    if (
        name.isdecimal()
        and int(name) < source.n_columns
        and (names is None or not names[int(name)])
    ):
        return int(name)
    if names is None:
        raise DataError(
            f"{source.shown}: no column {name!r}; without a header {option} takes a place from 0 "
            f"to {source.n_columns - 1}. If the first row names the columns, say --header "
            "(header=True)"
        )
    raise DataError(f"{source.shown}: no column {name!r}; its columns: {_some(names)}")


def _dropped(source: CsvTable | ParquetTable, drop: Sequence[str]) -> set[int]:
    """Return the columns to drop; one text may name several, parted by commas."""
    names = source.names or []
    found = set()
    for item in drop:
        is_list = "," in item and not any("," in name for name in names)
        for part in item.split(",") if is_list else [item]:
            found.add(_place_of(source, part.strip() if is_list else part, "--drop (drop)"))
    return found


def _some(names: Sequence[str]) -> str:
    more = f", … ({len(names)} in all)" if len(names) > 12 else ""
    return ", ".join(name or "(no name)" for name in names[:12]) + more


def _by_name(
    source: CsvTable | ParquetTable, wanted: Sequence[str | None], aside: set[int]
) -> dict[int, int]:
    """Return where the columns stand that a ticket names, by their places in the ticket."""
    assert source.names is not None
    place_of = {name: k for k, name in enumerate(source.names) if k not in aside}
    missing = [name for name in wanted if name is not None and name not in place_of]
    dropped = [name for name in missing if name in source.names]
    if dropped:
        raise DataError(
            f"{source.shown}: --target or --drop leaves out what the ticket reads: {_some(dropped)}"
        )
    if missing:
        raise DataError(
            f"{source.shown}: the ticket reads {'a column' if len(missing) == 1 else 'columns'} "
            f"that {'is' if len(missing) == 1 else 'are'} not there: {_some(missing)}; its "
            f"columns: {_some(source.names)}"
        )
    return {k: place_of[name] for k, name in enumerate(wanted) if name is not None}


def _check_count(shown: str, n_columns: int, like: Known | None, target: str | None) -> None:
    if like is None or n_columns == like.n_columns:
        return
    hint = ""
    if n_columns > like.n_columns:
        columns = "the column" if n_columns == like.n_columns + 1 else "columns"
        how = "--target or --drop" if target is None else "--drop"
        hint = f"; name {columns} to leave out with {how}"
    raise DataError(
        f"{shown} has {n_columns} columns and the ticket takes {like.n_columns} features{hint}"
    )


def _check_rows(shown: str, table: Table) -> None:
    if table.X.size == 0:
        raise DataError(f"{shown}: no rows to predict")


# What they hold


def _answers(
    source: CsvTable | ParquetTable, place: int, answers: Answers | None, target: str | None
) -> Array | None:
    try:
        return source.answers(place, answers)
    except DataError as error:
        if target is not None:
            raise
        raise DataError(f"{error}; --target (target) takes another column") from error


def _table(
    source: CsvTable | ParquetTable,
    places: Sequence[int],
    kinds: Sequence[bool | None],
    hint: str,
    known: Sequence[tuple[str, ...]] | None = None,
) -> Table:
    """Return columns as a table.

    kinds: whether each is a category; None to find out. known: for each its values, if known.
    """
    names = source.names
    for k in places:
        if names is not None and not names[k]:
            is_text = isinstance(source, CsvTable)
            hint = ", or if that row is data, say --no-header (header=False)" if is_text else ""
            raise DataError(
                f"{source.shown}: column {k} has no name{' in the first row' if is_text else ''}; "
                f"--drop {k} (drop) leaves it out{hint}"
            )
    X = np.empty((source.n_rows, len(places)), order="F")
    values: list[tuple[str, ...] | None] = []
    for k, place in enumerate(places):
        X[:, k], found = source.feature(place, kinds[k], hint, known[k] if known else ())
        values.append(found)
    named = None if names is None else tuple(names[k] for k in places)
    return Table(np.ascontiguousarray(X), tuple(values), named)


def _known_table(
    source: CsvTable | ParquetTable, places: Sequence[int], own: Sequence[int], like: Known
) -> tuple[Table, list[str]]:
    """Return columns as a ticket takes them, with the values of categories written as it has them.

    own: the places of these columns in the ticket. Also returned is what to say of columns none of
    whose cells holds a value that the ticket reads.
    """
    known = [like.values.get(k, ()) for k in own]
    table = _table(source, places, [k in like.categories for k in own], "", known)
    _check_rows(source.shown, table)
    return _as_known(table, known)


def _as_known(table: Table, knowns: Sequence[tuple[str, ...]]) -> tuple[Table, list[str]]:
    """Do that with the values of categories that a ticket reads, of each column."""
    if not any(knowns):
        return table, []
    X, all_values, strange = table.X.copy(), list(table.values), []
    for k, (known, values) in enumerate(zip(knowns, table.values, strict=True)):
        if not known or values is None:
            continue
        X[:, k], all_values[k] = codes_as(X[:, k], values, known)
        present, written = X[~np.isnan(X[:, k]), k], all_values[k] or ()
        if len(present) >= _STRANGE_ROWS and set(known).isdisjoint(written):
            strange.append(
                f"no cell of column {table.name_of(k)} holds a value that the ticket reads, such "
                f"as {known[0]!r}; the first holds {shortened(written[int(present[0])], 60)!r}"
            )
    return Table(X, tuple(all_values), table.names), strange


def _notes(
    source: CsvTable | ParquetTable,
    table: Table,
    places: Sequence[int],
    left_out: dict[int, str],
    labels: int | None = None,
    more: str = "",
    strange: Sequence[str] = (),
) -> str:
    """Return what was assumed, in a line.

    places: the columns whose kinds were found out. strange: what is said of unknown values.
    """
    n_categories = sum(values is not None for values in table.values) if places else 0
    n_numbers = table.n_columns - n_categories
    n_missing = int(np.isnan(table.X).sum())
    kinds = [
        *([_count(n_numbers, "number")] if n_categories and n_numbers else []),
        *([_count(n_categories, "category", "categories")] if n_categories else []),
        *([_count(n_missing, "missing value")] if n_missing and places else []),
    ]
    more = more if n_categories else ""
    ids = [
        k
        for k, place in enumerate(places)
        if table.names is not None and _is_id(table.names[k]) and source.counts(place)
    ]
    left = ", ".join(left_out.values())
    parts = [
        *([", ".join(source.assumed)] if source.assumed else []),
        *([", ".join(kinds)] if kinds else []),
        *([f"left out: {left}"] if left else []),
        *([more] if more else []),
        *[f"column {table.name_of(k)} counts the rows; --drop leaves it out" for k in ids[:1]],
        *strange,
    ]
    if parts and labels is not None:
        named = source.name_of(labels) if source.names else f"column {labels}"
        parts.insert(bool(source.assumed) + bool(kinds), f"labels in {named}")
    return f"{source.shown}: {shortened('; '.join(parts), 400)}" if parts else ""


def _count(n: int, one: str, several: str = "") -> str:
    return f"{n:,} {one}" if n == 1 else f"{n:,} {several or one + 's'}"


def _is_id(name: str) -> bool:
    """Return whether a name says that a column numbers the rows: id, row_id, PassengerId, No."""
    return _ID.search(name) is not None

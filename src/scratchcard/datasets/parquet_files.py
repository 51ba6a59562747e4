"""Parquet files: typed columns, without those that pandas calls the index. It needs pyarrow."""

from __future__ import annotations

import io
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import numpy as np

from scratchcard.datasets.answers import answers_of_array, answers_of_text
from scratchcard.datasets.dataset import Answers, Array, DataError
from scratchcard.datasets.kinds import check_values, drop_of, sorted_codes
from scratchcard.datasets.reading import ReadingOptions
from scratchcard.datasets.spelling import (
    Spelling,
    missing_beside,
    no_numbers,
    numbers_of,
    without_missing,
)
from scratchcard.text import shortened
from scratchcard.ticket.table import DATES, as_text, first_repeated

__all__ = ["ParquetTable"]


class ParquetTable:
    """The table in a Parquet file.

    Parameters
    ----------
    shown : str
        The file, for errors.
    source : Path or bytes
        The file, or its bytes.
    reading : ReadingOptions
        What else stands for a missing value.

    Attributes
    ----------
    names : list of str
        The names of its columns.
    n_columns, n_rows : int
        Their numbers.
    left_out : dict of int to str
        Columns that are no features, and what they are.
    assumed : list of str
        What was found out of how it is written: nothing.

    Raises
    ------
    DataError
        For what cannot be read.
    """

    def __init__(self, shown: str, source: Path | bytes, reading: ReadingOptions) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        if reading.of_text:
            raise DataError(f"{shown}: a Parquet file takes no {reading.of_text[0]}")
        self.shown = shown
        try:
            # one file, not a folder of partitions: the column names are then as they stand in it
            file = parquet.ParquetFile(io.BytesIO(source) if isinstance(source, bytes) else source)
            self._table = file.read()
        except pa.ArrowException as error:
            raise DataError(f"{shown}: not a Parquet file that can be read: {error}") from error
        self.names: list[str] = self._table.column_names
        self.n_columns, self.n_rows = len(self.names), self._table.num_rows
        if not self.names:
            raise DataError(f"{shown}: no columns")
        if len(set(self.names)) < len(self.names):
            repeated = first_repeated(self.names)
            raise DataError(f"{shown}: more than one column is named {repeated!r}")
        index, self._categories = _pandas_columns(self._table.schema)
        self.left_out = {
            k: f"index {name!r}" if not name.startswith("__index_level_") else "index"
            for k, name in enumerate(self.names)
            if name in index
        }
        self.assumed: list[str] = []
        self._missing = reading.missing

    def counts(self, place: int) -> bool:
        """Return whether a column counts the rows, from 0 or 1.

        Parameters
        ----------
        place : int
            The column.

        Returns
        -------
        bool
            Whether it does.
        """
        from pyarrow import types

        column = self._table.column(place)
        if not types.is_integer(column.type) or column.null_count or not self.n_rows:
            return False
        numbers, rows = column.to_numpy(), np.arange(self.n_rows)
        return any(np.array_equal(numbers, rows + first) for first in (0, 1))

    def name_of(self, place: int) -> str:
        """Return what a column is called in messages.

        Parameters
        ----------
        place : int
            The column.

        Returns
        -------
        str
            Its name in quotes.
        """
        return repr(self.names[place])

    def feature(
        self, place: int, is_category: bool | None, hint: str = "", known: Collection[str] = ()
    ) -> tuple[Array, tuple[str, ...] | None]:
        """Return a column as numbers or as a category.

        Parameters
        ----------
        place : int
            The column.
        is_category : bool or None
            Whether it is one; None for what its type says.
        hint : str
            What else may be done about a column that is no feature, for errors.
        known : collection of str
            Values of a category that a ticket reads. Other text that says so in a CSV file is a
            missing value for a ticket.

        Returns
        -------
        tuple of ndarray of shape (n_rows,), and tuple of str or None
            Numbers with NaN for what is missing; the values of a category that they stand for.

        Raises
        ------
        DataError
            For a column that is neither.
        """
        from pyarrow import types

        where = f"{self.shown}: column {self.name_of(place)}"
        drop = f"{drop_of(self.names[place])} leaves the column out{hint}"
        column = self._table.column(place)
        is_dictionary = types.is_dictionary(column.type)
        column = column.cast(column.type.value_type) if is_dictionary else column
        is_asked = is_category is not None
        if not is_asked:
            is_category = is_dictionary or self.names[place] in self._categories or None
        if types.is_temporal(column.type):
            raise DataError(f"{where} holds dates or times ({column.type}); {DATES}, or {drop}")
        if _is_text(column.type):
            missing = missing_beside(known, self._missing) if is_asked else self._missing
            column = _without(column, missing)
            if not is_asked:
                present = column.drop_null()
                shown = repr(shortened(present[0].as_py(), 60)) if len(present) else "nothing"
                check_values(f"{where} holds {shown}", present.unique(), len(present), drop)
            if is_category is not False:
                return sorted_codes(column)
            numbers = self._numbers_of_text(place, column)
        elif not any(is_kind(column.type) for is_kind in _number_kinds()):
            raise DataError(f"{where} is of type {column.type}, not numbers or text; {drop}")
        else:
            numbers = _numbers(column)
        infinite = np.flatnonzero(np.isinf(numbers))
        if len(infinite):
            row = infinite[0]
            raise DataError(
                f"{self.shown}: row {row + 1}: column {self.name_of(place)} holds {numbers[row]}; "
                "takes finite numbers"
            )
        if is_category:
            return sorted_codes(_as_texts(numbers))
        return numbers, None

    def _numbers_of_text(self, place: int, column: Any) -> Array:
        """Return text as numbers, where a ticket takes some."""
        spelling = Spelling(missing=missing_beside((), self._missing))
        numbers = numbers_of(column, spelling)
        if numbers is not None:
            return numbers
        row = int(no_numbers(without_missing(column, spelling.missing), spelling).argmax())
        raise DataError(
            f"{self.shown}: row {row + 1}: column {self.name_of(place)} holds "
            f"{shortened(column[row].as_py(), 60)!r}, not a number; if it means a missing value, "
            "--missing (missing) takes it"
        )

    def _is_empty(self, column: Any) -> Array:
        """Return where a label is missing: null, NaN, blank text, or what the user says is."""
        import pyarrow as pa
        import pyarrow.compute as pc
        from pyarrow import types

        found = column.is_null(nan_is_null=types.is_floating(column.type))
        if _is_text(column.type):
            texts = pc.utf8_trim_whitespace(column.cast(pa.large_string()))
            empty = pa.array(("", *self._missing), pa.large_string())
            found = pc.or_(found, pc.is_in(texts, empty))
        return np.asarray(found.to_numpy(), dtype=np.bool_)

    def answers(self, place: int, answers: Answers | None) -> Array | None:
        """Return a column as labels or numbers.

        Parameters
        ----------
        place : int
            The column.
        answers : {"classes", "numbers", "none"} or None
            What they are, see ``answers_of_array``.

        Returns
        -------
        ndarray of shape (n_rows,) or None
            Labels or numbers; None if answers are "none" and not all values are labels.

        Raises
        ------
        DataError
            For a value that is missing or not what it should be.
        """
        from pyarrow import types

        column = self._table.column(place)
        where = f"{self.shown}: column {self.name_of(place)}"
        if types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        kind = column.type
        is_empty = self._is_empty(column)
        if is_empty.any():
            if answers == "none":
                return None
            row = int(is_empty.argmax()) + 1
            raise DataError(f"{self.shown}: row {row} has no value in column {self.name_of(place)}")
        if not _is_text(kind) and not any(is_kind(kind) for is_kind in _number_kinds()):
            if answers == "none":
                return None
            takes = "numbers" if answers == "numbers" else "strings, integers or booleans"
            raise DataError(f"{where}: of type {kind}; takes {takes}")
        if _is_text(kind) and answers == "numbers":
            return answers_of_text(where, [cell.strip() for cell in column.to_pylist()], answers)
        found = column.to_numpy(zero_copy_only=False)
        if types.is_decimal(kind):
            found = found.astype(np.float64)
        return answers_of_array(where, found, answers)


def _pandas_columns(schema: Any) -> tuple[set[str], set[str]]:
    """Return the names of the columns that pandas calls its index, and those of categories."""
    try:
        said = schema.pandas_metadata or {}
        index = {name for name in said.get("index_columns", []) if isinstance(name, str)}
        kinds = {column["name"]: column["pandas_type"] for column in said.get("columns", [])}
    except (ValueError, TypeError, AttributeError, LookupError):  # it may hold anything
        return set(), set()
    return index, {name for name, kind in kinds.items() if kind == "categorical"}


def _without(column: Any, missing: tuple[str, ...]) -> Any:
    """Return text in one piece, null where it stands for a missing value."""
    import pyarrow as pa

    column = column.cast(pa.large_string()).combine_chunks()
    if isinstance(column, pa.ChunkedArray):
        column = pa.concat_arrays(column.chunks)
    return without_missing(column, missing) if missing else column


def _is_text(kind: Any) -> bool:
    from pyarrow import types

    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def _number_kinds() -> tuple[Callable[[Any], bool], ...]:
    from pyarrow import types

    return types.is_integer, types.is_floating, types.is_boolean, types.is_decimal, types.is_null


def _numbers(column: Any) -> Array:
    """Return numbers of any type as floats, NaN where one is missing."""
    import pyarrow as pa
    from pyarrow import types

    if types.is_decimal(column.type) or types.is_boolean(column.type):
        column = column.cast(pa.float64())
    if types.is_null(column.type):
        return np.full(len(column), np.nan)
    found: Array = column.to_numpy(zero_copy_only=False).astype(np.float64)
    return found


def _as_texts(numbers: Array) -> Any:
    import pyarrow as pa

    texts = [None if np.isnan(number) else as_text(number) for number in numbers]
    return pa.array(texts, pa.string())

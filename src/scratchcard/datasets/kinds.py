"""Kinds: whether the cells of a column are numbers or a category. It needs pyarrow.

Cells are numbers if all that are not missing are; ``True`` and ``False`` are 1 and 0. A column of
text is a category, unless it has a different value in nearly every row, holds dates, numbers with
units, or looks like numbers with a few cells that are none: those are errors.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from scratchcard.datasets.dataset import Array, DataError
from scratchcard.datasets.spelling import (
    DATE,
    FALSE,
    PARTED,
    THOUSANDS,
    TRUE,
    Spelling,
    no_numbers,
    numbers_of,
    without_missing,
)
from scratchcard.text import shortened
from scratchcard.ticket.columns_fit import MOST_VALUES
from scratchcard.ticket.table import DATES, as_text

__all__ = ["Column", "check_values", "codes_as", "drop_of", "sorted_codes"]

LONGEST_VALUE = 1000  # characters
_BARE = "[+-]?[0-9][0-9.,]*"
_DRESSED = r"^([^\p{L}\p{N}_#]{0,3}#[^#\p{N}]*|(USD|EUR|GBP|CHF|Rs\.?) ?#)$"  # 12 kg, 3 %, $ 5
_FEW_UNITS = 3  # in one column
_HEX = "^0[xX][0-9a-fA-F]+$"
_WRITTEN = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]*)?")  # 007 is no 7
_FEW_ROWS = 10  # of which all may be different
_NEARLY_ALL = 0.9
_FEW_NUMBERS = 20  # a category may have values that are numbers, but not more
_FEW_TEXTS = 3
_SLIPS = 0.05  # a smaller share of cells is no value of a category beside numbers, but a slip
_MARKERS = r"(?i)^([^\p{L}\p{N}]+|unknown|missing|none|n\.?a\.?|not available|unk|undefined)$"


@dataclass(frozen=True, eq=False)
class Column:
    """A column of cells.

    Parameters
    ----------
    shown : str
        The file, for errors.
    name : str
        What the column is called: its name in quotes, or its place.
    cells : pyarrow.Array of strings
        Its cells, without blanks around them. A null is missing.
    spelling : Spelling
        How numbers and missing values are written.
    row_name : callable
        Returns the name of a row, such as "line 17".
    bare_name : str
        The same as options take it.
    hint : str
        What else may be done about a column that is no feature.
    """

    shown: str
    name: str
    cells: Any
    spelling: Spelling
    row_name: Callable[[int], str]
    bare_name: str
    hint: str = ""

    @property
    def _drop(self) -> str:
        return f"{drop_of(self.bare_name)} leaves the column out{self.hint}"

    def _at(self, row: int) -> str:
        return f"{self.shown}: {self.row_name(row)}: column {self.name} holds"

    def _cell(self, row: int) -> str:
        return repr(shortened(str(self.cells[int(row)].as_py()), 60))

    def feature(self, may_be_text: bool = True) -> tuple[Array, tuple[str, ...] | None]:
        """Return a column as numbers, or as a category.

        Parameters
        ----------
        may_be_text : bool
            Whether it may be a category.

        Returns
        -------
        tuple of ndarray of shape (n_rows,), and tuple of str or None
            Numbers with NaN for what is missing; the values of a category that they stand for.

        Raises
        ------
        DataError
            For dates, numbers that are not finite, numbers with text among them, and text that is
            no category.
        """
        numbers = numbers_of(self.cells, self.spelling)
        if numbers is None:
            if not may_be_text:
                self._refuse_text()
            self._check_category()
            return self.category()
        infinite = np.flatnonzero(np.isinf(numbers))
        if len(infinite):
            row = int(infinite[0])
            raise DataError(f"{self._at(row)} {self.cells[row]}; takes finite numbers")
        return numbers, None

    def category(self) -> tuple[Array, tuple[str, ...]]:
        """Return a column as a category, whatever it holds.

        Returns
        -------
        tuple of ndarray of shape (n_rows,), and tuple of str
            Places in the values, NaN for what is missing; the values, sorted.
        """
        return sorted_codes(self._known)

    @property
    def _known(self) -> Any:
        """The cells, null where they are missing."""
        return without_missing(self.cells, self.spelling.missing)

    def _refuse_text(self) -> None:
        """Raise DataError for the first cell that is no number."""
        row = int(np.flatnonzero(no_numbers(self._known, self.spelling))[0])
        raise DataError(
            f"{self._at(row)} {self._cell(row)}, not a number; if it means a missing value, "
            "--missing (missing) takes it"
        )

    def _check_category(self) -> None:
        import pyarrow.compute as pc

        known = self._known
        n_known = len(known) - known.null_count
        different = known.drop_null().unique()
        is_text = no_numbers(known, self.spelling)
        row = int(is_text.argmax())
        texts = pc.unique(known.filter(_mask(is_text)))
        if pc.all(pc.match_substring_regex(texts, DATE)).as_py():
            raise DataError(
                f"{self._at(row)} {self._cell(row)}, a date or a time; {DATES}, or {self._drop}"
            )
        if (
            pc.any(pc.match_substring_regex(texts, THOUSANDS)).as_py()
            and pc.all(pc.match_substring_regex(texts, PARTED)).as_py()
        ):
            raise DataError(
                f"{self._at(row)} {self._cell(row)}: take thousands separators out, or if it has a "
                "decimal mark, --decimal (decimal) takes it"
            )
        self._check_slips(known, is_text, texts)
        check_values(f"{self._at(row)} {self._cell(row)}", different, n_known, self._drop)

    def _check_slips(self, known: Any, is_text: Array, texts: Any) -> None:
        """Raise DataError where a column of numbers has a few cells that are none."""
        import pyarrow.compute as pc

        n_known, n_text = len(known) - known.null_count, int(is_text.sum())
        n_numbers, few = n_known - n_text, _SLIPS * n_known
        if n_numbers == 0:
            return
        n_values = len(known.filter(_mask(~is_text)).drop_null().unique())
        recur = n_values <= _FEW_NUMBERS and n_numbers >= 2 * n_values
        is_category = (
            n_numbers < few
            or (recur and n_text >= few)
            or (n_text > n_numbers and len(texts) > _FEW_TEXTS)
        )
        looks_missing = pc.all(pc.match_substring_regex(texts, _MARKERS)).as_py()
        if looks_missing or not is_category:
            row = int(is_text.argmax())
            cell = shortened(str(self.cells[row].as_py()), 60)
            quoted = shlex.quote(cell) if "'" in cell else f"'{cell}'"
            raise DataError(
                f"{self._at(row)} {cell!r}, numbers elsewhere; mend it, or say --missing {quoted} "
                f"(missing) if it means a missing value; {self._drop}"
            )


def drop_of(name: str) -> str:
    """Return the option that leaves a column out, as a shell takes it.

    Parameters
    ----------
    name : str
        The name of the column, or its place.

    Returns
    -------
    str
        The option, and what it is in Python.
    """
    return f"--drop {shlex.quote(name)} (drop)"


def check_values(holds: str, different: Any, n_known: int, drop: str) -> None:
    """Raise DataError for text that is no category.

    Parameters
    ----------
    holds : str
        The column and a cell that it holds, for the error.
    different : pyarrow.Array of strings
        Its different values.
    n_known : int
        How many cells are not missing.
    drop : str
        What may be done about it.
    """
    import pyarrow.compute as pc

    if len(different) > _FEW_NUMBERS and (beside := _beside_numbers(different)):
        raise DataError(f"{holds}, a number beside {beside}; leave the number alone, or {drop}")
    is_nearly_all = n_known >= _FEW_ROWS and len(different) > _NEARLY_ALL * n_known
    longest = pc.max(pc.utf8_length(different)).as_py() or 0
    if longest > LONGEST_VALUE:
        raise DataError(
            f"{holds}, text; of its values one has {longest:,} characters, {LONGEST_VALUE:,} are "
            f"the most; {drop}"
        )
    if is_nearly_all or len(different) > MOST_VALUES:
        raise DataError(
            f"{holds}, text with {len(different):,} different values in {n_known:,} rows, not a "
            f"number or one of at most {MOST_VALUES} categories; {drop}"
        )


def _beside_numbers(different: Any) -> str:
    """Return what stands beside the number in each cell, such as a unit; "" for other cells."""
    import pyarrow.compute as pc

    if pc.all(pc.match_substring_regex(different, _HEX)).as_py():
        return "'0x'"
    around = pc.unique(pc.replace_substring_regex(different, _BARE, "#"))
    if len(around) > _FEW_UNITS or not pc.all(pc.match_substring_regex(around, _DRESSED)).as_py():
        return ""
    beside = [text.replace("#", "").strip() for text in around.to_pylist()]
    return " or ".join(repr(shortened(unit, 20)) for unit in beside) if all(beside) else ""


def sorted_codes(cells: Any) -> tuple[Array, tuple[str, ...]]:
    """Return text as numbers that stand for its values.

    Parameters
    ----------
    cells : pyarrow.Array of strings
        The cells; null for what is missing.

    Returns
    -------
    tuple of ndarray of shape (n_rows,), and tuple of str
        Places in the values, NaN for what is missing; the values, sorted.
    """
    encoded = cells.dictionary_encode()
    values = encoded.dictionary.to_pylist()
    order = sorted(range(len(values)), key=values.__getitem__)
    place_of = np.empty(len(values) + 1)
    place_of[order] = np.arange(len(values))
    place_of[-1] = np.nan
    codes = encoded.indices.fill_null(len(values)).to_numpy(zero_copy_only=False)
    return place_of[codes], tuple(values[k] for k in order)


def codes_as(
    codes: Array, values: tuple[str, ...], known: Sequence[str]
) -> tuple[Array, tuple[str, ...]]:
    """Return the cells of a category with its values written as others are known.

    The same number may be written as ``1``, ``1.0`` or ``True``, and blanks around text mean
    nothing: that is how CSV files, typed columns and data frames differ.

    Parameters
    ----------
    codes : ndarray of shape (n_rows,)
        Places in the values, NaN for what is missing.
    values : tuple of str
        The values.
    known : sequence of str
        Values as they are to be written. One that is there as it stands stays what it is.

    Returns
    -------
    tuple of ndarray of shape (n_rows,), and tuple of str
        Places in the values, NaN for what is missing; the values.
    """
    meant: dict[str, list[str]] = {}
    for value in known:
        meant.setdefault(_meaning(value), []).append(value)
    written = []
    for value in values:
        same = [] if value in known else meant.get(_meaning(value), [])
        written.append(same[0] if len(same) == 1 else value)
    found = tuple(sorted(set(written)))
    place_of = {value: place for place, value in enumerate(found)}
    places = np.array([*(place_of[value] for value in written), np.nan])
    return places[np.where(np.isnan(codes), len(values), codes).astype(np.int64)], found


def _meaning(value: str) -> str:
    """Return the one way to write what may be written in several."""
    value = value.strip()
    if value in TRUE or value in FALSE:
        return str(int(value in TRUE))
    return as_text(float(value)) if _WRITTEN.fullmatch(value) else value


def _mask(rows: Array) -> Any:
    import pyarrow as pa

    return pa.array(rows)

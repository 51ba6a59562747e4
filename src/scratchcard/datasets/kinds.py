"""Kinds: whether the cells of a column are numbers or a category. It needs pyarrow.

Cells are numbers if all that are not missing are; ``True`` and ``False`` are 1 and 0. A column of
text is a category, unless it has a different value in nearly every row, holds dates, or looks like
numbers with a few cells that are none: those are errors.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from scratchcard.datasets.dataset import Array, DataError
from scratchcard.text import shortened
from scratchcard.ticket.table import DATES

__all__ = [
    "MISSING",
    "Column",
    "Kind",
    "Spelling",
    "decimal_of",
    "is_date",
    "kind_of",
    "numbers_of",
    "sorted_codes",
]

MISSING: tuple[str, ...] = ("", "?", "<NA>", "#N/A", "NA", "N/A", "n/a", "nan", "NaN", "NAN")
MISSING += ("-nan", "null", "NULL", "Null")
MOST_VALUES = 255  # of a category
LONGEST_VALUE = 1000  # characters
_LONG = 1000  # of more cells the first are tried alone, which is quick where they are text
_SAMPLE = 10_000  # rows that tell a decimal mark
_FEW_ROWS = 10  # of which all may be different
_NEARLY_ALL = 0.9
_FEW_NUMBERS = 20  # a category may have values that are numbers, but not more
_FEW_TEXTS = 3
_SLIPS = 0.05  # a smaller share of cells is no value of a category beside numbers, but a slip

_TRUE, _FALSE = ("True", "TRUE", "true"), ("False", "FALSE", "false")
_DATE = (
    r"^(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([T ]\d{1,2}:\d{2}.*)?"
    r"|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}( \d{1,2}:\d{2}.*)?"
    r"|\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?[AaPp][Mm])?"
    r"|\d{1,2}[- .][A-Za-z]{3,9}[- .]\d{2,4}|[A-Za-z]{3,9} \d{1,2}, ?\d{4})$"
)
_NUMBER = r"^(?i:-?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?|-?(inf|infinity|nan))$"
_COMMA_NUMBER = r"^[+-]?[0-9]*,[0-9]+([eE][+-]?[0-9]+)?$"
_MAYBE_THOUSANDS = r"^[+-]?[1-9][0-9]{0,2}(,[0-9]{3})+$"
_THOUSANDS = r"^[+-]?[0-9]{1,3}([,.' ][0-9]{3})+([.,][0-9]+)?$"
_MARKERS = r"(?i)^([^\p{L}\p{N}]+|unknown|missing|none|n\.?a\.?|not available|unk|undefined)$"


Kind = Literal["numbers", "booleans", "dates", "text", "nothing"]


class Spelling(NamedTuple):
    """How numbers and missing values are written.

    Attributes
    ----------
    decimal : {".", ","}
        The decimal mark.
    missing : tuple of str
        Cells that stand for a missing value.
    """

    decimal: str = "."
    missing: tuple[str, ...] = MISSING


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
    hint : str
        What else may be done about a column that is no feature.
    """

    shown: str
    name: str
    cells: Any
    spelling: Spelling
    row_name: Callable[[int], str]
    hint: str = ""

    @property
    def _drop(self) -> str:
        return f"--drop {self.name.strip(chr(39))} (drop) leaves the column out{self.hint}"

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
        return _without_missing(self.cells, self.spelling.missing)

    def _refuse_text(self) -> None:
        """Raise DataError for the first cell that is no number."""
        row = int(np.flatnonzero(_no_numbers(self._known, self.spelling))[0])
        raise DataError(
            f"{self._at(row)} {self._cell(row)}, not a number; if it means a missing value, "
            "--missing (missing) takes it"
        )

    def _check_category(self) -> None:
        import pyarrow.compute as pc

        known = self._known
        n_known = len(known) - known.null_count
        different = known.drop_null().unique()
        is_text = _no_numbers(known, self.spelling)
        row = int(is_text.argmax())
        texts = pc.unique(known.filter(_mask(is_text)))
        if pc.all(pc.match_substring_regex(texts, _DATE)).as_py():
            raise DataError(
                f"{self._at(row)} {self._cell(row)}, a date or a time; {DATES}, or {self._drop}"
            )
        if pc.all(pc.match_substring_regex(texts, _THOUSANDS)).as_py():
            raise DataError(
                f"{self._at(row)} {self._cell(row)}: take thousands separators out, or if it has a "
                "decimal mark, --decimal (decimal) takes it"
            )
        self._check_slips(known, is_text, texts)
        longest = pc.max(pc.utf8_length(different)).as_py()
        if longest > LONGEST_VALUE:
            row = pc.utf8_length(self.cells).to_pylist().index(longest)
            raise DataError(f"{self._at(row)} a text of {longest:,} characters; {self._drop}")
        is_nearly_all = n_known >= _FEW_ROWS and len(different) > _NEARLY_ALL * n_known
        if is_nearly_all or len(different) > MOST_VALUES:
            raise DataError(
                f"{self._at(row)} {self._cell(row)}, text with {len(different):,} different values "
                f"in {n_known:,} rows, not a number or one of at most {MOST_VALUES} categories; "
                f"{self._drop}"
            )

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
            cell = self._cell(row)
            raise DataError(
                f"{self._at(row)} {cell}, numbers elsewhere; mend it, or say --missing {cell} "
                f"(missing) if it means a missing value; {self._drop}"
            )


def is_date(cells: Any, spelling: Spelling) -> bool:
    """Return whether all cells that are not missing are dates or times.

    Parameters
    ----------
    cells : pyarrow.Array of strings
        The cells.
    spelling : Spelling
        How missing values are written.

    Returns
    -------
    bool
        Whether they are.
    """
    import pyarrow.compute as pc

    known = _without_missing(cells, spelling.missing)
    return bool(pc.all(pc.match_substring_regex(known, _DATE)).as_py())


def numbers_of(cells: Any, spelling: Spelling) -> Array | None:
    """Return cells as numbers, if all are that are not missing.

    Parameters
    ----------
    cells : pyarrow.Array of strings
        The cells.
    spelling : Spelling
        How numbers and missing values are written.

    Returns
    -------
    ndarray of shape (n_rows,) or None
        Numbers, NaN for what is missing. None for other text.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if len(cells) > _LONG and numbers_of(cells.slice(0, _LONG), spelling) is None:
        return None
    if spelling.missing == MISSING:  # the way that is fast, of most columns
        is_comma = spelling.decimal == ","
        plain = pc.replace_substring(cells, ",", ".") if is_comma else cells
        try:
            numbers = _to_numpy(plain.cast(pa.float64()))
            if not is_comma or not pc.any(pc.match_substring(cells, ".")).as_py():
                return numbers
        except pa.ArrowInvalid:
            pass
    known = _without_missing(cells, spelling.missing)
    try:
        return _to_numpy(_plain_numbers(known, spelling).cast(pa.float64()))
    except pa.ArrowInvalid:
        pass
    is_true, is_false = (pc.is_in(known, pa.array(texts)) for texts in (_TRUE, _FALSE))
    if pc.all(pc.or_(pc.or_(is_true, is_false), known.is_null())).as_py():
        return np.where(_to_numpy(known.is_null()), np.nan, _to_numpy(is_true))
    return None


def kind_of(cell: str, spelling: Spelling) -> Kind:
    """Return what a single cell is.

    Parameters
    ----------
    cell : str
        The cell.
    spelling : Spelling
        How numbers and missing values are written.

    Returns
    -------
    {"numbers", "booleans", "dates", "text", "nothing"}
        What it is.
    """
    if cell in spelling.missing:
        return "nothing"
    if cell in _TRUE + _FALSE:
        return "booleans"
    plain = cell if spelling.decimal == "." else cell.replace(".", "_").replace(",", ".")
    if re.match(_NUMBER, plain.removeprefix("+")):
        return "numbers"
    return "dates" if re.match(_DATE, cell) else "text"


def decimal_of(shown: str, columns: Sequence[tuple[str, Any, Array | None]], delimiter: str) -> str:
    """Return the decimal mark of a file.

    Parameters
    ----------
    shown : str
        The file, for errors.
    columns : sequence of (str, pyarrow.Array of strings, ndarray or None)
        The name of each column, its cells, and the numbers that they are with decimal points.
    delimiter : str
        What parts columns.

    Returns
    -------
    str
        "." or ",".

    Raises
    ------
    DataError
        If both are decimal marks, or a comma may as well part thousands.
    """
    import pyarrow.compute as pc

    column, may_be_thousands = "", True
    for name, cells, numbers in columns:
        if numbers is not None:
            continue
        known = _without_missing(cells.slice(0, _SAMPLE), MISSING).drop_null()
        n_commas = pc.sum(pc.match_substring_regex(known, _COMMA_NUMBER)).as_py()
        n_whole = pc.sum(pc.match_substring_regex(known, r"^[+-]?[0-9]+$")).as_py()
        if not n_commas or n_commas + n_whole < 0.5 * len(known):
            continue
        column = column or name
        if may_be_thousands:
            has_comma = cells.filter(pc.match_substring(cells, ","))
            is_maybe = pc.match_substring_regex(has_comma, _MAYBE_THOUSANDS)
            may_be_thousands = pc.all(is_maybe).as_py()
    if not column:
        return "."
    for name, cells, numbers in columns:
        if numbers is not None and pc.any(pc.match_substring(cells, ".")).as_py():
            raise DataError(
                f"{shown}: numbers have decimal commas in column {column} and decimal points in "
                f"column {name}; --decimal (decimal) says which the mark is"
            )
    if may_be_thousands and delimiter != ";":
        raise DataError(
            f"{shown}: commas in the numbers of column {column} may be decimal marks or part "
            "thousands; --decimal , (decimal=',') says the former, else take them out"
        )
    return ","


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


def _to_numpy(values: Any) -> Array:
    found: Array = values.to_numpy(zero_copy_only=False)
    return found


def _mask(rows: Array) -> Any:
    import pyarrow as pa

    return pa.array(rows)


def _without_missing(cells: Any, missing: tuple[str, ...]) -> Any:
    """Return cells, null where they are missing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    is_null = pc.is_in(cells, pa.array(missing, cells.type))
    return pc.if_else(is_null, pa.scalar(None, cells.type), cells)


def _plain_numbers(cells: Any, spelling: Spelling) -> Any:
    """Return cells with numbers as C writes them."""
    import pyarrow.compute as pc

    if spelling.decimal == ",":
        cells = pc.replace_substring(cells, ".", "_")  # no decimal mark here
        cells = pc.replace_substring(cells, ",", ".")
    return pc.replace_substring_regex(cells, r"^\+([0-9.])", r"\1")


def _no_numbers(known: Any, spelling: Spelling) -> Array:
    """Return which cells are neither numbers nor missing."""
    import pyarrow.compute as pc

    plain = _plain_numbers(known, spelling)
    is_number = pc.match_substring_regex(plain, _NUMBER)
    return ~_to_numpy(is_number.fill_null(True)).astype(bool)

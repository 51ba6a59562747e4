"""Spelling: how text says numbers, dates, and that nothing is there. It needs pyarrow."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from scratchcard.datasets.dataset import Array, DataError

__all__ = [
    "DATE",
    "FALSE",
    "MISSING",
    "PARTED",
    "THOUSANDS",
    "TRUE",
    "Kind",
    "Spelling",
    "decimal_of",
    "is_date",
    "kind_of",
    "missing_beside",
    "no_numbers",
    "numbers_of",
    "without_missing",
]

MISSING: tuple[str, ...] = ("", "?", "<NA>", "#N/A", "NA", "N/A", "n/a", "nan", "NaN", "NAN")
MISSING += ("-nan", "null", "NULL", "Null")
_LONG = 1000  # of more cells the first are tried alone, which is quick where they are text
_SAMPLE = 10_000  # rows that tell a decimal mark
_FEW_POINTS = 3  # fewer may have three digits after the point by chance

TRUE, FALSE = ("True", "TRUE", "true"), ("False", "FALSE", "false")
DATE = (
    r"^(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([T ]\d{1,2}:\d{2}.*)?"
    r"|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}( \d{1,2}:\d{2}.*)?"
    r"|\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?[AaPp][Mm])?"
    r"|\d{1,2}[- .][A-Za-z]{3,9}[- .]\d{2,4}|[A-Za-z]{3,9} \d{1,2}, ?\d{4}"
    r"|(19|20)\d{2}[-/](0[1-9]|1[0-2])|(0?[1-9]|1[0-2])/(19|20)\d{2})$"
)
_NUMBER = r"^(?i:-?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?|-?(inf|infinity|nan))$"
_COMMA_NUMBER = r"^[+-]?[0-9]*,[0-9]+([eE][+-]?[0-9]+)?$"
_MAYBE_THOUSANDS = r"^[+-]?[1-9][0-9]{0,2}(,[0-9]{3})+$"
_POINT_THOUSANDS = r"^[+-]?([1-9][0-9]{0,2}\.[0-9]{3}|[0-9]{1,3})$"
_PARTS = ",.' \u00a0\u2009\u202f\u2019"  # blanks that are never broken, and the Swiss mark
THOUSANDS = rf"^[+-]?[0-9]{{1,3}}([{_PARTS}][0-9]{{3}})+([.,][0-9]+)?$"
PARTED = rf"^[+-]?[0-9]{{1,3}}([{_PARTS}]?[0-9]{{3}})*([.,][0-9]+)?$"
"""Numbers with thousands separators, or so small that they have none."""

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


def missing_beside(known: Collection[str], said: tuple[str, ...]) -> tuple[str, ...]:
    """Return what stands for a missing value in a category whose values are known.

    Parameters
    ----------
    known : collection of str
        Values that a ticket reads, such as ``?`` or ``NA`` from a data frame.
    said : tuple of str
        What the user says is missing.

    Returns
    -------
    tuple of str
        The cells that are missing.
    """
    return tuple(cell for cell in MISSING if cell not in known) + said


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

    known = without_missing(cells, spelling.missing)
    return bool(pc.all(pc.match_substring_regex(known, DATE)).as_py())


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
    known = without_missing(cells, spelling.missing)
    try:
        return _to_numpy(_plain_numbers(known, spelling).cast(pa.float64()))
    except pa.ArrowInvalid:
        pass
    is_true, is_false = (pc.is_in(known, pa.array(texts)) for texts in (TRUE, FALSE))
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
    if cell in TRUE + FALSE:
        return "booleans"
    plain = cell if spelling.decimal == "." else cell.replace(".", "_").replace(",", ".")
    if re.match(_NUMBER, plain.removeprefix("+")):
        return "numbers"
    return "dates" if re.match(DATE, cell) else "text"


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
        If both are decimal marks, or a comma or a point may as well part thousands.
    """
    import pyarrow.compute as pc

    column, may_be_thousands = "", True
    for name, cells, numbers in columns:
        if numbers is not None:
            continue
        known = without_missing(cells.slice(0, _SAMPLE), MISSING).drop_null()
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
        if delimiter != ",":
            _refuse_point_thousands(shown, columns)
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


def _refuse_point_thousands(shown: str, columns: Sequence[tuple[str, Any, Array | None]]) -> None:
    """Raise DataError for points that seem to part thousands: 987 beside 1.234, but never 1.5."""
    import pyarrow.compute as pc

    for name, cells, numbers in columns:
        if numbers is None:
            continue
        known = numbers[~np.isnan(numbers)]
        whole = np.floor(known) == known
        if whole.all() or not whole.any() or np.abs(known).max() >= 1000:
            continue
        cells = without_missing(cells, MISSING).drop_null()
        if pc.all(pc.match_substring_regex(cells, _POINT_THOUSANDS)).as_py():
            parted = cells.filter(pc.match_substring(cells, ".")).to_pylist()
            if len(parted) < _FEW_POINTS or len(parted) == len(cells):
                continue  # in every cell three digits after a point are how all are written
            raise DataError(
                f"{shown}: points in the numbers of column {name}, such as {parted[0]!r}, may be "
                "decimal marks or part thousands; --decimal . (decimal='.') says the former, else "
                "take them out"
            )


def _to_numpy(values: Any) -> Array:
    found: Array = values.to_numpy(zero_copy_only=False)
    return found


def without_missing(cells: Any, missing: tuple[str, ...]) -> Any:
    """Return cells, null where they are missing.

    Parameters
    ----------
    cells : pyarrow.Array of strings
        The cells.
    missing : tuple of str
        Cells that stand for a missing value.

    Returns
    -------
    pyarrow.Array of strings
        The cells.
    """
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


def no_numbers(known: Any, spelling: Spelling) -> Array:
    """Return which cells are neither numbers nor missing.

    Parameters
    ----------
    known : pyarrow.Array of strings
        The cells, null where they are missing.
    spelling : Spelling
        How numbers are written.

    Returns
    -------
    ndarray of shape (n_rows,), bool
        Which they are.
    """
    import pyarrow.compute as pc

    plain = _plain_numbers(known, spelling)
    is_number = pc.match_substring_regex(plain, _NUMBER)
    return ~_to_numpy(is_number.fill_null(True)).astype(bool)

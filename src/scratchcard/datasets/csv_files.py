"""CSV files as cells: what parts them is found out, and every row knows its line. It needs pyarrow.

Cells are parted by commas, semicolons, tabs or bars. A cell in double quotes may hold all of these,
line ends too. Lines of blanks are no rows.
"""

from __future__ import annotations

import contextlib
import csv
import io
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from scratchcard.datasets.dataset import DataError

__all__ = ["DELIMITERS", "Cells", "cells_of"]

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", " ": "blanks"}

_GUESSED = ",;\t|"
_SAMPLE = 1 << 16  # characters to guess from, unless a line is longer
_LARGEST_BLOCK = (1 << 31) - 1
# Excel writes and reads it
_SEPARATOR_LINE = re.compile(r'"?sep=([,;|:\t])"?\r?\n', re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]*,[0-9]+")
_NUMBER = re.compile(r"[+-]?[0-9.,]+(e[+-]?[0-9]+)?", re.IGNORECASE)
_BLANKS = re.compile(r" +")


@dataclass(frozen=True, eq=False)
class Cells:
    """The cells of a CSV file.

    Parameters
    ----------
    shown : str
        The file, for errors.
    text : str
        What is in it.
    delimiter : str
        What parts the cells.
    columns : list of pyarrow.Array
        The cells of each column as text, without blanks around them; the first row too.
    first_line : int
        The line of the text that is its first.
    """

    shown: str
    text: str
    delimiter: str
    columns: list[Any]
    first_line: int = 1

    @property
    def n_rows(self) -> int:
        """Number of rows, the first one counted."""
        return len(self.columns[0])

    @property
    def first(self) -> list[str]:
        """The cells of the first row."""
        return [column[0].as_py() for column in self.columns]

    def line_of(self, row: int) -> int:
        """Return the line where a row begins.

        Parameters
        ----------
        row : int
            The row, from 0.

        Returns
        -------
        int
            The line, from 1.
        """
        rows = _rows(self.text, self.delimiter, len(self.columns))
        for k, (line, _) in enumerate(rows):
            if k == row:
                return line + self.first_line - 1
        raise ValueError(f"row takes a row of {self.shown}, got {row}")


def cells_of(shown: str, text: str, delimiter: str | None, header: bool | None = None) -> Cells:
    """Return the cells of a CSV file.

    Parameters
    ----------
    shown : str
        The file, for errors.
    text : str
        What is in it.
    delimiter : str or None
        What parts cells; None to find out.
    header : bool or None
        Whether the first row names columns. Unless it does not, an empty cell is put before it if
        it has no name for the names of rows.

    Returns
    -------
    Cells
        Its cells.

    Raises
    ------
    DataError
        If rows have different numbers of cells, or a quote has no end.
    """
    first_line = 1
    said = _SEPARATOR_LINE.match(text)
    if said:
        text, first_line = text[said.end() :].removeprefix("\ufeff"), 2
        delimiter = delimiter or said[1]
    if not text.strip():
        raise DataError(f"{shown}: empty")
    delimiter = delimiter or _delimiter_of(shown, text)
    if delimiter == " ":
        text = "\n".join(_BLANKS.sub(" ", line.strip(" ")) for line in text.splitlines())
    width = _width(shown, text, delimiter)
    if header is not False and _lacks_a_name(text, delimiter, width):
        text, width = _with_a_first_name(text, delimiter), width + 1
    if width == 1:
        text = text.rstrip()
    text = text.rstrip("\x1a")  # with which DOS ends a file
    if not text.endswith("\n"):
        text += "\n"
    whole = Cells(shown, text, delimiter, [], first_line)
    if text.count('"') % 2:  # a quote without an end would swallow all lines below it
        _check_rows(whole, width)
    return Cells(shown, text, delimiter, _columns(whole, width), first_line)


def _width(shown: str, text: str, delimiter: str) -> int:
    """Return how many cells the first row has."""
    with _fields_of_any_size():
        for cells in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if cells and (len(cells) > 1 or cells[0].strip()):
                return len(cells)
    raise DataError(f"{shown}: empty")


def _lacks_a_name(text: str, delimiter: str, width: int) -> bool:
    """Return whether the first row names all columns but the first, as R writes names of rows.

    All rows below have one cell more then, and not an empty one at the end.
    """
    sample = _sampled(_sample(text), delimiter, whole=len(text) <= _SAMPLE)
    first, rows = sample[0], sample[1:]
    return (
        width > 1
        and bool(rows)
        and not first[0].startswith("#")
        and all(len(cells) == width + 1 for cells in rows)
        and any(cells[-1].strip() for cells in rows)
        and not any(_NUMBER.fullmatch(cell.strip()) or not cell.strip() for cell in first)
    )


def _with_a_first_name(text: str, delimiter: str) -> str:
    """Return the text with an empty cell before its first row."""
    start = len(text) - len(text.lstrip("\r\n"))
    return f'{text[:start]}""{delimiter}{text[start:]}'


def _columns(whole: Cells, width: int) -> list[Any]:
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import csv as arrow

    def is_bad(row: Any) -> str:
        text = row.text if whole.delimiter in row.text else row.text.strip()
        return "error" if text.strip(' "') else "skip"

    content = whole.text.encode("utf-8", "surrogatepass")
    try:
        table = arrow.read_csv(
            pa.BufferReader(content),
            arrow.ReadOptions(
                use_threads=False,
                block_size=min(len(content) + 1, _LARGEST_BLOCK),
                autogenerate_column_names=True,
            ),
            arrow.ParseOptions(
                delimiter=whole.delimiter, newlines_in_values=True, invalid_row_handler=is_bad
            ),
            arrow.ConvertOptions(
                column_types={f"f{k}": pa.string() for k in range(width)}, strings_can_be_null=False
            ),
        )
    except pa.ArrowException as error:
        _check_rows(whole, width)
        raise DataError(f"{whole.shown}: cannot be read: {error}") from error
    if table.num_columns != width:
        raise DataError(f"{whole.shown}: cannot be read: the first row is damaged")
    columns = [column.combine_chunks() for column in table.columns]
    columns = [c.chunk(0) if isinstance(c, pa.ChunkedArray) else c for c in columns]
    if not whole.text.isascii() or any(blank in whole.text for blank in " \t\v\f"):
        columns = [pc.utf8_trim_whitespace(column) for column in columns]
    return columns


def _check_rows(whole: Cells, width: int) -> None:
    """Raise DataError for the first row that has another number of cells, or a quote without end.

    A quote that stands inside a cell means nothing.
    """
    line = 1
    for row in _rows(whole.text, whole.delimiter, width, with_blank=True):
        line, count = row[0], len(row[1])
        if count != width and (count > 1 or "".join(row[1]).strip()):
            break
    else:
        count = width
    where = f"{whole.shown}: line {line + whole.first_line - 1}"
    if _is_open(whole.text, whole.delimiter, line):
        raise DataError(f"{where}: a quote that begins there has no end")
    if count != width:
        parted = DELIMITERS.get(whole.delimiter, repr(whole.delimiter))
        hint = ""
        if whole.text.lstrip().startswith("#") or "".join(row[1]).startswith("#"):
            hint = "; if lines that begin with # are comments, take them out"
        elif count == width + 1 and not row[1][-1].strip():
            hint = "; its last cell is empty: end the first row with a delimiter too"
        raise DataError(
            f"{where} has {count} cell{'s' * (count != 1)}, the first row {width} (parted by "
            f"{parted}; --delimiter takes another){hint}"
        )


def _rows(
    text: str, delimiter: str, width: int, with_blank: bool = False
) -> Iterator[tuple[int, list[str]]]:
    """Yield the line where each row begins, and its cells."""
    line = 1
    with _fields_of_any_size():
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        for cells in reader:
            if with_blank or (cells and (width == 1 or len(cells) > 1 or cells[0].strip())):
                yield line, cells
            line = reader.line_num + 1


def _is_open(text: str, delimiter: str, line: int) -> bool:
    """Return whether a quote in the row that begins in some line has no end."""
    rest = io.StringIO(text, newline="")
    for _ in range(line - 1):
        rest.readline()
    with _fields_of_any_size():
        try:
            next(csv.reader(rest, delimiter=delimiter, strict=True), None)
        except csv.Error as error:
            return "unexpected end" in str(error)
    return False


@contextlib.contextmanager
def _fields_of_any_size() -> Iterator[None]:
    before = csv.field_size_limit(sys.maxsize)
    try:
        yield
    finally:
        csv.field_size_limit(before)


# What parts cells


def _delimiter_of(shown: str, text: str) -> str:
    """Return what parts the cells: what does so in most rows, into cells that hold no other."""
    sample = _sample(text)
    best, found = (0.0, 0.0, 0.0, 0), ","
    for delimiter in _GUESSED:
        if delimiter not in sample:
            continue
        rows = _sampled(sample, delimiter, whole=len(sample) == len(text))
        widths = Counter(len(cells) for cells in rows if len(cells) > 1)
        width, count = widths.most_common(1)[0] if widths else (1, 0)
        share = count / max(1, len(rows))
        if share < 0.5:
            continue
        cells = [cell for row in rows if len(row) == width for cell in row]
        others = _GUESSED.replace(delimiter, "")
        clean = sum(_is_clean(cell, others) for cell in cells) / len(cells)
        score = (float(share > 0.9), clean, share, width)
        if score > best:
            best, found = score, delimiter
    if not best[-1]:
        _refuse_blanks(shown, sample)
    return found


def _sample(text: str) -> str:
    size = _SAMPLE
    while size < len(text) and text.count("\n", 0, size) < 3:
        size *= 4
    return text[:size]


def _sampled(sample: str, delimiter: str, whole: bool) -> list[list[str]]:
    with _fields_of_any_size():
        rows = list(csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter))
    if not whole and len(rows) > 1:
        rows.pop()  # it is cut
    return [cells for cells in rows if any(cell.strip() for cell in cells)]


def _is_clean(cell: str, others: str) -> bool:
    if not any(other in cell for other in others):
        return True
    return "," in others and _DECIMAL_COMMA.fullmatch(cell.strip()) is not None


def _refuse_blanks(shown: str, sample: str) -> None:
    """Raise DataError where blanks seem to part numbers, which would be one column of text."""
    rows = [line.split() for line in sample.splitlines() if line.strip()]
    widths = Counter(map(len, rows))
    width, count = widths.most_common(1)[0]
    digits = sum(cell[:1] in "+-.0123456789" for cells in rows for cell in cells)
    if width > 1 and count > 0.9 * len(rows) and digits > 0.3 * sum(map(len, rows)):
        raise DataError(
            f"{shown}: no commas, semicolons, tabs or bars part the columns, but blanks seem to; "
            "say --delimiter space (delimiter=' ')"
        )

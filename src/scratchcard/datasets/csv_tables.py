"""CSV tables: cells, and what is assumed of them: names, an index, marks. It needs pyarrow."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import numpy as np

from scratchcard.datasets.answers import EMPTY, answers_of_text
from scratchcard.datasets.csv_files import DELIMITERS, Cells, cells_of
from scratchcard.datasets.dataset import Answers, Array, DataError
from scratchcard.datasets.headers import Below, has_header
from scratchcard.datasets.kinds import Column
from scratchcard.datasets.reading import Known, ReadingOptions
from scratchcard.datasets.spelling import (
    MISSING,
    Kind,
    Spelling,
    decimal_of,
    is_date,
    kind_of,
    missing_beside,
    numbers_of,
)
from scratchcard.datasets.text_files import decoded, unpacked
from scratchcard.text import shortened
from scratchcard.ticket.table import first_repeated

__all__ = ["CsvTable"]

_INDEX_NAMES = ("unnamed: 0", "index", "row.names", "rownames", "row_names")


class CsvTable:
    """The table in a CSV file.

    Parameters
    ----------
    shown : str
        The file, for errors.
    content : bytes
        Its bytes, packed by gzip or not.
    reading : ReadingOptions
        What is known of how it is written.
    wanted : collection of str
        Names of columns that are asked for: a first row with one of them is a header.
    known : Known or None
        What a ticket knows of its columns.
    tabs : bool
        Whether nobody need be told that tabs part its columns.

    Attributes
    ----------
    names : list of str or None
        The names of its columns, "" where one has none; None without a header.
    n_columns, n_rows : int
        Their numbers.
    left_out : dict of int to str
        Columns that are no features, and what they are.
    assumed : list of str
        What was found out of how it is written.

    Raises
    ------
    DataError
        For what cannot be read.
    """

    def __init__(
        self,
        shown: str,
        content: bytes,
        reading: ReadingOptions,
        wanted: Collection[str] = (),
        known: Known | None = None,
        tabs: bool = False,
    ) -> None:
        self.shown = shown
        text, encoding = decoded(shown, unpacked(shown, content), reading.encoding)
        whole = cells_of(shown, text, reading.delimiter, reading.header)
        self._whole = whole
        self.n_columns = len(whole.columns)
        below = [column.slice(1) for column in whole.columns]
        self._said_missing = reading.missing
        self._spelling = Spelling(reading.decimal or ".", MISSING + reading.missing)
        self._below = [numbers_of(cells, self._spelling) for cells in below]
        if reading.decimal is None:
            names = [repr(cell) if cell else str(k) for k, cell in enumerate(whole.first)]
            columns = list(zip(names, below, self._below, strict=True))
            if decimal_of(shown, columns, whole.delimiter) == ",":
                self._spelling = self._spelling._replace(decimal=",")
                self._below = [numbers_of(cells, self._spelling) for cells in below]
        header = self._header(whole, below, reading.header, wanted, known)
        self._skipped = int(header)
        self.n_rows = whole.n_rows - header
        self.names = whole.first if header else None
        self._cells = below if header else whole.columns
        read = known.names if known is not None else None
        self._check_names(None if read is None else {*wanted, *read})
        self.left_out = self._no_features(known)
        is_plain = whole.delimiter == "," or reading.delimiter or (tabs and whole.delimiter == "\t")
        self.assumed = [
            *([] if is_plain else [DELIMITERS.get(whole.delimiter, repr(whole.delimiter))]),
            *(["decimal commas"] if self._spelling.decimal == "," and not reading.decimal else []),
            *([encoding] if encoding else []),
            *([] if header or reading.header is False else ["no header"]),
        ]

    # The header

    def _header(
        self,
        whole: Cells,
        below: list[Any],
        said: bool | None,
        wanted: Collection[str],
        known: Known | None,
    ) -> bool:
        first = whole.first
        if said is not None:
            return said
        named = set(first) & {*wanted, *((known and known.names) or ())}
        if any(kind_of(name, self._spelling) == "text" for name in named):
            return True
        if known and known.names and {name for name in known.names if name} <= set(first):
            return True
        columns = [
            Below(self._kind_below(k, cells), first[k], kind_of(first[k], self._spelling), cells)
            for k, cells in enumerate(below)
        ]
        found = has_header(columns)
        if found is None:
            row = shortened(", ".join(first), 100)
            raise DataError(
                f"{self.shown}: the first row may name the columns or be data: {row}. Say --header "
                "or --no-header (header=True or False)"
            )
        return found

    def _kind_below(self, place: int, cells: Any) -> Kind:
        import pyarrow.compute as pc

        numbers = self._below[place]
        if numbers is None:
            return "dates" if is_date(cells, self._spelling) else "text"
        if np.isnan(numbers).all():
            return "nothing"
        known = numbers[~np.isnan(numbers)]
        if known.max() <= 1 and known.min() >= 0:
            is_boolean = pc.match_substring_regex(cells, "(?i)^(true|false)$")
            return "booleans" if pc.any(is_boolean).as_py() else "numbers"
        return "numbers"

    def _check_names(self, read: Collection[str | None] | None) -> None:
        """Raise DataError for a name that stands there twice; of others than those read it may."""
        if self.names is None:
            return
        given = [name for name in self.names if name and (read is None or name in read)]
        if len(set(given)) < len(given):
            raise DataError(
                f"{self.shown}: more than one column is named {first_repeated(given)!r}; if the "
                "first row is data, say --no-header (header=False)"
            )

    def _no_features(self, known: Known | None) -> dict[int, str]:
        """Return the columns that are an index, or hold nothing and have no name."""
        found: dict[int, str] = {}
        if self.names is None:
            return found
        for k, name in enumerate(self.names):
            if not name and self.n_rows and np.isnan(self._numbers_at(k)).all():
                found[k] = "empty column"
        named = known is not None and known.names is not None and self.names[0] in known.names
        is_index = self.names[0] == "" or self.names[0].lower() in _INDEX_NAMES
        if is_index and not named and self.counts(0):
            found[0] = f"index column {self.names[0]!r}" if self.names[0] else "index column"
        return found

    def _numbers_at(self, place: int) -> Array:
        numbers = self._below[place]
        if not self._skipped and numbers is not None:
            numbers = numbers_of(self._cells[place], self._spelling)
        return np.zeros(1) if numbers is None else numbers

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
        numbers, rows = self._numbers_at(place), np.arange(self.n_rows)
        return len(numbers) == len(rows) > 0 and any(
            np.array_equal(numbers, rows + first) for first in (0, 1)
        )

    # Columns

    def name_of(self, place: int) -> str:
        """Return what a column is called in messages.

        Parameters
        ----------
        place : int
            The column.

        Returns
        -------
        str
            Its name in quotes, or its place.
        """
        return repr(self.names[place]) if self.names and self.names[place] else str(place)

    def _column(self, place: int, hint: str = "") -> Column:
        return Column(
            self.shown,
            self.name_of(place),
            self._cells[place],
            self._spelling,
            lambda row: f"line {self._whole.line_of(row + self._skipped)}",
            self.names[place] if self.names and self.names[place] else str(place),
            hint,
        )

    def feature(
        self, place: int, is_category: bool | None, hint: str = "", known: Collection[str] = ()
    ) -> tuple[Array, tuple[str, ...] | None]:
        """Return a column as numbers or as a category.

        Parameters
        ----------
        place : int
            The column.
        is_category : bool or None
            Whether it is one; None to find out.
        hint : str
            What else may be done about a column that is no feature, for errors.
        known : collection of str
            Values of a category that a ticket reads: none of them is a missing cell, unless the
            user says so.

        Returns
        -------
        tuple of ndarray of shape (n_rows,), and tuple of str or None
            Numbers with NaN for what is missing; the values of a category that they stand for.

        Raises
        ------
        DataError
            For a column that is neither.
        """
        column = self._column(place, hint)
        if is_category:
            missing = missing_beside(known, self._said_missing)
            return replace(column, spelling=self._spelling._replace(missing=missing)).category()
        found = self._below[place] if self._skipped else None
        if found is not None and np.isfinite(found).all():
            return found, None
        return column.feature(may_be_text=is_category is None)

    def answers(self, place: int, answers: Answers | None) -> Array | None:
        """Return a column as labels or numbers.

        Parameters
        ----------
        place : int
            The column.
        answers : {"classes", "numbers", "none"} or None
            What they are, see ``answers_of_text``.

        Returns
        -------
        ndarray of shape (n_rows,) or None
            Labels or numbers; None if answers are "none" and not all cells are labels.

        Raises
        ------
        DataError
            For a cell that is missing or not what it should be.
        """
        cells = self._cells[place].to_pylist()
        for row, cell in enumerate(cells):
            if cell in self._spelling.missing or cell.lower() in EMPTY:
                if answers == "none":
                    return None
                line = self._whole.line_of(row + self._skipped)
                holds = f" but {cell!r}" if cell else ""
                raise DataError(
                    f"{self.shown}: line {line} has no label in column {self.name_of(place)}{holds}"
                )
        if self._spelling.decimal == "," and not any("." in cell for cell in cells):
            points = [cell.replace(",", ".") for cell in cells]
            if numbers_of(self._cells[place], self._spelling) is not None:
                cells = points
        return answers_of_text(
            f"{self.shown}: the labels in column {self.name_of(place)}", cells, answers
        )

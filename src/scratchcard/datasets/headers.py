"""Headers: whether the first row of a table names its columns, decided by the rows below it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scratchcard.datasets.spelling import Kind

__all__ = ["Below", "has_header"]

_WHOLE = re.compile(r"[0-9]+")
_CERTAIN = 4  # places in a row are no coincidence if they are so many


@dataclass(frozen=True, eq=False)
class Below:
    """The cells of a column below the first row.

    Parameters
    ----------
    kind : {"numbers", "booleans", "dates", "text", "nothing"}
        What they all are, but those that are missing.
    first : str
        The cell above them.
    first_kind : {"numbers", "booleans", "dates", "text", "nothing"}
        What that is.
    cells : pyarrow.Array of strings
        The cells.
    """

    kind: Kind
    first: str
    first_kind: Kind
    cells: Any

    @property
    def is_mostly_numbers(self) -> bool:
        """Whether most cells are numbers, or may be with decimal commas."""
        import pyarrow.compute as pc

        n_numbers = pc.sum(pc.match_substring_regex(self.cells, r"^[+-]?[0-9.,' ]*[0-9]$"))
        return bool(2 * (n_numbers.as_py() or 0) > len(self.cells))

    @property
    def is_named(self) -> bool:
        """Whether the first cell cannot be one of these."""
        return self.kind not in ("text", "nothing", self.first_kind) and self.first_kind in (
            "text",
            "dates",
            "booleans",
        )

    @property
    def recurs(self) -> bool:
        """Whether the first cell stands in another row too."""
        import pyarrow.compute as pc

        return bool(pc.any(pc.equal(self.cells, self.first)).as_py())

    @property
    def repeats(self) -> bool:
        """Whether most cells stand in several rows."""
        return 2 * len(self.cells.unique()) <= len(self.cells)


def has_header(columns: Sequence[Below]) -> bool | None:
    """Return whether the first row names the columns.

    Parameters
    ----------
    columns : sequence of Below
        The columns.

    Returns
    -------
    bool or None
        None where it may or may not.
    """
    numbers = [k for k, column in enumerate(columns) if column.first_kind == "numbers"]
    texts = [column for column in columns if column.first_kind not in ("numbers", "nothing")]
    if not len(columns[0].cells):
        return not numbers
    over_numbers = [columns[k] for k in numbers if columns[k].kind == "numbers"]
    is_value = any(not _WHOLE.fullmatch(column.first) for column in over_numbers)
    if any(column.is_named for column in columns):
        return None if is_value else True
    if numbers and _are_places([(k, columns[k].first) for k in numbers], columns):
        return _of_places([columns[k] for k in numbers], texts)
    if _has_gaps(columns):
        return False
    if numbers:
        if not texts:
            return False if over_numbers else None
        return False if is_value or any(column.recurs for column in texts) else None
    return _of_texts(texts)


def _are_places(numbers: list[tuple[int, str]], columns: Sequence[Below]) -> bool:
    """Return whether numbers are 0, 1, 2, … where they stand, as pandas names columns."""
    skipped = columns[0].first == ""  # the index, which has no name
    return all(cell == str(place - skipped) for place, cell in numbers)


def _of_places(numbers: list[Below], texts: list[Below]) -> bool | None:
    if texts and any(column.recurs for column in texts):
        return False if len(numbers) < _CERTAIN else None
    if texts or len(numbers) >= _CERTAIN or not any(column.recurs for column in numbers):
        return True
    return None


def _has_gaps(columns: Sequence[Below]) -> bool:
    """Return whether cells of the first row are empty or stand there twice, which names do not."""
    named = [column.first for column in columns if column.first_kind != "nothing"]
    empty = [c for c in columns[1:] if c.first_kind == "nothing" and c.kind != "nothing"]
    return len(set(named)) < len(named) or bool(empty)


def _of_texts(texts: list[Below]) -> bool | None:
    """Decide where all cells of the first row are text, and so are all below."""
    if any(column.kind == column.first_kind != "text" for column in texts):
        return False  # a date over dates
    n_recurring = sum(column.recurs for column in texts)
    if 2 * n_recurring > len(texts):
        return False
    if n_recurring == 0 and any(column.repeats or column.is_mostly_numbers for column in texts):
        return True
    return None

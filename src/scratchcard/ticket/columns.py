"""Columns: how the columns of a table become the inputs of a network. NumPy only.

A number is one input. A category is one input for each of its values, 1 where a row has that value
and 0 elsewhere; a value that was never seen is 0 everywhere. Where a column may have missing cells,
one more input says so: a missing number is the zero of its column's scaling. A constant column is
no input. docs/ticket-format.md has the bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt

from scratchcard.text import one_line
from scratchcard.ticket.codec import ByteReader, TicketError, varint
from scratchcard.ticket.scaling import InputScaling
from scratchcard.ticket.short_pairs import LARGEST, decode_pair, encode_pair, short_pairs
from scratchcard.ticket.table import Table, as_text, first_repeated

__all__ = ["Column", "Columns", "fit_columns", "lacking"]

Array = npt.NDArray[Any]
Bools = npt.NDArray[np.bool_]

MOST_COLUMNS = 1 << 16
MOST_INPUTS = 1 << 18
MOST_VALUES = 255  # of a category that is fitted; a file may have more
MOST_TEXT = 1 << 16  # bytes of a name or a value
NOTHING, NUMBER, CATEGORY = 0, 1, 3  # codes in a file; + 1 where cells may be missing


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Parameters
    ----------
    kind : {"number", "category", "none"}
        What it holds; "none" for a column that becomes no input.
    name : str or None
        Its name; None where columns have none, or where the ticket does not read it.
    values : tuple of str or None
        Of a category, its values; None for one that the ticket does not read.
    missing : bool
        Whether cells may be missing.
    """

    kind: str
    name: str | None = None
    values: tuple[str | None, ...] = ()
    missing: bool = False

    @property
    def n_inputs(self) -> int:
        """Number of inputs that it becomes."""
        return (self.kind == "number") + len(self.values) + self.missing

    @property
    def code(self) -> int:
        """What stands for it in a file, but for its names and its scaling."""
        if self.kind == "category":
            return CATEGORY + 2 * (len(self.values) - 1) + self.missing
        return NUMBER + self.missing if self.kind == "number" else NOTHING


@dataclass(frozen=True, eq=False)
class Columns:
    """The columns of a table, and which of their inputs a ticket reads.

    Parameters
    ----------
    columns : tuple of Column
        All of them, in order.
    is_named : bool
        Whether columns are found by their names.
    kept : ndarray of shape (n_inputs,), bool
        The inputs that are read; the others are 0. Copied and read-only.

    Raises
    ------
    ValueError
        For parts that do not fit together, and names or values that stand there twice.
    """

    columns: tuple[Column, ...]
    is_named: bool
    kept: Bools

    def __post_init__(self) -> None:
        kept = np.array(self.kept, dtype=np.bool_)
        kept.flags.writeable = False
        object.__setattr__(self, "kept", kept)
        if not 1 <= len(self.columns) <= MOST_COLUMNS:
            raise ValueError(f"columns takes 1..{MOST_COLUMNS}, got {len(self.columns)}")
        n_inputs = sum(column.n_inputs for column in self.columns)
        if not 1 <= n_inputs <= MOST_INPUTS:
            raise ValueError(
                f"columns take 1..{MOST_INPUTS} inputs in all, got {n_inputs}"
                + (": all of them are constant" if not n_inputs else "")
            )
        if kept.shape != (n_inputs,):
            raise ValueError(f"kept takes shape ({n_inputs},), got {kept.shape}")
        names = [column.name for column in self.columns if column.name is not None]
        if len(set(names)) < len(names):
            raise ValueError(f"more than one column is named {first_repeated(names)!r}")
        for column in self.columns:
            values = [value for value in column.values if value is not None]
            if len(set(values)) < len(values):
                raise ValueError(
                    f"column {column.name!r} has the value {first_repeated(values)!r} twice"
                )

    @property
    def n_columns(self) -> int:
        """Number of columns of a table."""
        return len(self.columns)

    @property
    def n_inputs(self) -> int:
        """Number of inputs of the network."""
        return len(self.kept)

    @property
    def names(self) -> tuple[str, ...] | None:
        """Names of the columns that are read, in order; None where they have none."""
        if not self.is_named:
            return None
        return tuple(column.name for column in self.columns if column.name is not None)

    @property
    def is_plain(self) -> bool:
        """Whether every column is a number that may not be missing, and one input."""
        return all(column.code == NUMBER for column in self.columns)

    def without_names(self) -> Columns:
        """Return the same columns without names.

        Returns
        -------
        Columns
            Columns that are found by their places.
        """
        columns = tuple(replace(column, name=None) for column in self.columns)
        return Columns(columns, False, self.kept)

    @cached_property
    def firsts(self) -> npt.NDArray[np.int64]:
        """The first input of each column, (n_columns,)."""
        counts = [column.n_inputs for column in self.columns]
        return np.cumsum([0, *counts[:-1]], dtype=np.int64)

    @cached_property
    def own(self) -> Bools:
        """Which inputs are numbers of their own scaling, and not 0 or 1, (n_inputs,)."""
        own = np.zeros(self.n_inputs, dtype=np.bool_)
        numbers = [column.kind == "number" for column in self.columns]
        own[self.firsts[numbers]] = True
        return own

    def inputs_of(self, column: int) -> range:
        """Return the inputs that a column becomes.

        Parameters
        ----------
        column : int
            Its place, from 0.

        Returns
        -------
        range
            Places of inputs.
        """
        first = int(self.firsts[column])
        return range(first, first + self.columns[column].n_inputs)

    def middles(self, scaling: InputScaling) -> npt.NDArray[np.float64]:
        """Return what a missing number of each column would be, had the column lacked some.

        Parameters
        ----------
        scaling : InputScaling
            How features become integers.

        Returns
        -------
        ndarray of shape (n_columns,)
            What becomes 0; NaN for other columns, and for those that may lack cells.
        """
        offset = np.broadcast_to(scaling.offset.astype(np.float64), self.n_inputs)
        found = np.full(self.n_columns, np.nan)
        numbers = [column.code == NUMBER for column in self.columns]
        found[numbers] = offset[self.firsts[numbers]]
        return found

    def input_names(self) -> list[str]:
        """Return a name for each input: of the column, and of the value if it is a category.

        Returns
        -------
        list of str
            One for each input; columns without names are called by their places.
        """
        found = []
        for place, column in enumerate(self.columns):
            name = str(place) if column.name is None else column.name
            found += [name] if column.kind == "number" else []
            found += [f"{name}={'?' if value is None else value}" for value in column.values]
            found += [f"{name} missing"] if column.missing else []
        return found

    # -- rows ------------------------------------------------------------------------------------

    def features(self, table: Table, scaling: InputScaling) -> npt.NDArray[np.float64]:
        """Return the features that a network scales, of a table's rows.

        Parameters
        ----------
        table : Table
            Rows. Columns are found by their names if both have some, and else by their places.
        scaling : InputScaling
            How features become integers; a missing number becomes its offset, and so 0.

        Returns
        -------
        ndarray of shape (n_rows, n_inputs)
            Finite numbers.

        Raises
        ------
        ValueError
            For a table without a column that is read, and for cells that it cannot have.
        """
        places = self._places(table)
        nothing = np.broadcast_to(scaling.offset.astype(np.float64), (self.n_inputs,))
        found = np.tile(nothing, (table.n_rows, 1))
        for k, column in enumerate(self.columns):
            inputs = self.inputs_of(k)
            if not self.kept[inputs.start : inputs.stop].any():
                continue
            where = f"column {table.name_of(places[k])}"
            if column.kind == "number":
                numbers = _as_numbers(where, table, places[k])
                is_missing = np.isnan(numbers)
                if is_missing.any() and not column.missing:
                    raise ValueError(
                        f"{where} has no value in row {int(is_missing.argmax()) + 1}; it had none "
                        "missing when the ticket was found"
                    )
                if self.kept[inputs.start]:
                    found[:, inputs.start] = np.where(is_missing, nothing[inputs.start], numbers)
            else:
                codes = _as_codes(table, places[k], column.values)
                is_missing = np.isnan(table.X[:, places[k]].astype(np.float64))
                for value in range(len(column.values)):
                    if self.kept[inputs.start + value]:
                        found[:, inputs.start + value] = codes == value
            if column.missing and self.kept[inputs.stop - 1]:
                found[:, inputs.stop - 1] = is_missing
        return found

    def codes(self, table: Table) -> npt.NDArray[np.float64]:
        """Return rows as plain numbers, as readers and exports without text take them.

        Parameters
        ----------
        table : Table
            Rows, as for :meth:`features`.

        Returns
        -------
        ndarray of shape (n_rows, n_columns)
            Numbers as they are; of a category the place of the value among those that are read, -1
            for any other; NaN for a missing cell, and 0 in columns that are not read.

        Raises
        ------
        ValueError
            For a table without a column that is read, and for text where numbers should be.
        """
        places = self._places(table)
        found = np.zeros((table.n_rows, self.n_columns))
        for k, column in enumerate(self.columns):
            inputs = self.inputs_of(k)
            if not self.kept[inputs.start : inputs.stop].any():
                continue
            if column.kind == "number":
                found[:, k] = _as_numbers(f"column {table.name_of(places[k])}", table, places[k])
            else:
                values = [value for value in column.values if value is not None]
                is_missing = np.isnan(table.X[:, places[k]].astype(np.float64))
                found[:, k] = np.where(is_missing, np.nan, _as_codes(table, places[k], values))
        return found

    def _places(self, table: Table) -> list[int]:
        """Return where each column stands in a table; 0 for those that are not read."""
        if self.is_named and table.names is not None:
            place_of = {name: place for place, name in enumerate(table.names)}
            absent = [name for name in self.names or () if name not in place_of]
            if absent:
                raise ValueError(
                    f"X lacks {_listed(absent)}, which the ticket reads; it has "
                    f"{_listed(table.names) if table.names else 'no columns'}"
                )
            return [0 if c.name is None else place_of[c.name] for c in self.columns]
        if table.n_columns != self.n_columns:
            by_name = ", or names to find them by" if self.is_named else ""
            raise ValueError(f"X takes {self.n_columns} columns{by_name}, got {table.n_columns}")
        return list(range(self.n_columns))

    def keeping(self, kept: Bools, scaling: InputScaling) -> tuple[Columns, InputScaling]:
        """Return the same columns and scaling without what belongs to inputs that are not read.

        Parameters
        ----------
        kept : ndarray of shape (n_inputs,), bool
            The inputs that are read.
        scaling : InputScaling
            How features become integers.

        Returns
        -------
        columns : Columns
            Columns without names and values that are not read.
        scaling : InputScaling
            A scaling without the pairs that are not read.
        """
        kept = self.kept & kept
        columns = []
        for k, column in enumerate(self.columns):
            inputs = self.inputs_of(k)
            mine = kept[inputs.start : inputs.stop]
            columns.append(
                replace(
                    column,
                    name=column.name if mine.any() else None,
                    values=tuple(
                        value if is_kept else None
                        for value, is_kept in zip(column.values, mine, strict=False)
                    ),
                )
            )
        if scaling.offset.size > 1:
            mine = kept & self.own
            scaling = InputScaling(
                np.where(mine, scaling.offset, np.float32(0)),
                np.where(mine, scaling.scale, np.float32(1)),
            )
        return Columns(tuple(columns), self.is_named, kept), scaling

    # -- bytes -----------------------------------------------------------------------------------

    def check_scaling(self, scaling: InputScaling) -> None:
        """Raise ValueError for a scaling that these columns cannot have.

        One pair for all inputs is for numbers that are never missing: what says that a row has some
        value, or lacks one, would not be 0 where it does not hold.
        """
        if scaling.offset.size == 1 and any(c.code > NUMBER for c in self.columns):
            raise ValueError(
                "scaling takes a pair for each input of categories and of numbers that may be "
                "missing, got one for all"
            )

    def encode(self, scaling: InputScaling) -> bytes:
        """Return the columns, and the scaling if it is of each feature, as bytes.

        Parameters
        ----------
        scaling : InputScaling
            How features become integers.

        Returns
        -------
        bytes
            What :meth:`decode` reads.

        Raises
        ------
        ValueError
            For a scaling that has no short form.
        """
        parts = [varint(2 * self.n_columns + self.is_named)]
        for code, run in groupby(column.code for column in self.columns):
            parts += [varint(len(list(run))), varint(code)]
        parts.append(np.packbits(self.kept, bitorder="little").tobytes())
        own = self.own & self.kept if scaling.offset.size > 1 else np.zeros_like(self.kept)
        for k, column in enumerate(self.columns):
            inputs = self.inputs_of(k)
            if not self.kept[inputs.start : inputs.stop].any():
                continue
            if self.is_named:
                parts.append(_encode_text(column.name or ""))
            if own[inputs.start]:
                first = inputs.start
                parts.append(encode_pair(float(scaling.offset[first]), float(scaling.scale[first])))
            parts += [_encode_text(value) for value in column.values if value is not None]
        return b"".join(parts)

    @classmethod
    def decode(
        cls, reader: ByteReader, n_inputs: int, scaling: InputScaling | None
    ) -> tuple[Columns, InputScaling]:
        """Read the columns of a network with so many inputs.

        Parameters
        ----------
        reader : ByteReader
            Its next bytes are the columns'.
        n_inputs : int
            Inputs of the network.
        scaling : InputScaling or None
            How features become integers; None if each has its own pair, which comes with it.

        Returns
        -------
        columns : Columns
            The columns.
        scaling : InputScaling
            The scaling.

        Raises
        ------
        ValueError
            For columns that no ticket has.
        """
        if n_inputs > MOST_INPUTS:
            raise TicketError(f"columns take at most {MOST_INPUTS} inputs, the file says more")
        head = reader.varint("the number of columns", 2, 2 * MOST_COLUMNS + 1)
        n_columns, is_named = head >> 1, bool(head & 1)
        columns = _decode_kinds(reader, n_columns, n_inputs)
        bits = np.frombuffer(reader.take(-(-n_inputs // 8), "the inputs that are read"), np.uint8)
        kept = np.unpackbits(bits, bitorder="little").astype(np.bool_)
        if kept[n_inputs:].any():
            raise TicketError("the spare bits after the inputs that are read must be 0")
        kept = kept[:n_inputs]
        offset, scale = np.zeros(n_inputs, np.float32), np.ones(n_inputs, np.float32)
        first = 0
        for k, column in enumerate(columns):
            mine = kept[first : first + column.n_inputs]
            if mine.any():
                name = _decode_text(reader, "the name of a column") if is_named else None
                if column.kind == "number" and mine[0] and scaling is None:
                    offset[first], scale[first] = decode_pair(reader)
                values = tuple(
                    _decode_text(reader, "a value of a column") if is_kept else None
                    for _, is_kept in zip(column.values, mine, strict=False)
                )
                if name is not None or values:
                    columns[k] = replace(column, name=name, values=values)
            first += column.n_inputs
        found = cls(tuple(columns), is_named, kept)
        if scaling is None:
            return found, InputScaling(offset, scale)
        found.check_scaling(scaling)
        return found, scaling

    # -- what they are ---------------------------------------------------------------------------

    def describe(self, scaling: InputScaling) -> list[dict[str, Any]]:
        """Return a description of the columns that are read.

        Parameters
        ----------
        scaling : InputScaling
            How features become integers.

        Returns
        -------
        list of dict
            For each its place, name, kind, values, and whether cells may be missing.
        """
        found: list[dict[str, Any]] = []
        for k, column in enumerate(self.columns):
            inputs = self.inputs_of(k)
            if self.kept[inputs.start : inputs.stop].any():
                found.append({"column": k, "name": column.name, "kind": column.kind})
                if column.kind == "category":
                    found[-1]["values"] = [value for value in column.values if value is not None]
                found[-1]["missing"] = column.missing
        return found


def fit_columns(
    table: Table,
    sample_weight: npt.ArrayLike | None = None,
    *,
    is_named: bool = True,
    missing: Bools | None = None,
) -> tuple[Columns | None, InputScaling]:
    """Return how the columns of a table become inputs.

    Parameters
    ----------
    table : Table
        Training rows.
    sample_weight : array-like of shape (n_rows,) or None
        Numbers of at least 0; rows of weight 0 do not count.
    is_named : bool
        Whether a ticket is to know the names, if the table has some.
    missing : ndarray of shape (n_columns,), bool, or None
        Columns whose cells may be missing though none of these rows lacks one.

    Returns
    -------
    columns : Columns or None
        The columns; None where the rows are plain features of one unit, such as pixels, without
        names.
    scaling : InputScaling
        How features become integers.

    Raises
    ------
    ValueError
        For rows that cannot be read, or of which no column varies.
    """
    is_named = is_named and table.names is not None
    if sample_weight is not None:
        table = table.take(np.asarray(sample_weight) > 0)
    lacks = lacking(table) if missing is None else lacking(table) | missing
    if not table.n_rows or not table.n_columns:
        raise ValueError("X takes at least one column and one row of weight above 0, got none")
    _refuse_huge(table)
    names = table.names if is_named and table.names else (None,) * table.n_columns
    if table.is_plain and not lacks.any():
        scaling = InputScaling.fit(table.X)
        is_wide = table.n_columns > MOST_COLUMNS and not is_named
        if scaling.kind == "global" or is_wide:
            if not is_named:
                return None, scaling
            columns = tuple(Column("number", name) for name in names)
            return Columns(columns, True, np.ones(len(columns), np.bool_)), scaling
    found: list[Column] = []
    ranges: list[tuple[float, float]] = []
    for k, name in enumerate(names):
        column, least, most = _fitted(table, k, name, bool(lacks[k]))
        found.append(column)
        ranges += [(least, most)] if column.kind == "number" else []
    if not any(column.n_inputs for column in found):  # then the network only has its biases
        if not table.is_plain or lacks.any():
            raise ValueError("X takes a column that varies, got none")
        found = [Column("number", name) for name in names]
        ranges = [(float(value), float(value)) for value in table.X[0]]
    fitted = Columns(tuple(found), is_named, np.ones(sum(c.n_inputs for c in found), np.bool_))
    offset, scale = np.zeros(fitted.n_inputs, np.float32), np.ones(fitted.n_inputs, np.float32)
    ends = np.array(ranges).reshape(-1, 2)
    offset[fitted.own], scale[fitted.own] = short_pairs(ends[:, 0], ends[:, 1])
    return fitted, InputScaling(offset, scale)


def lacking(table: Table) -> Bools:
    """Return which columns of a table lack cells.

    Parameters
    ----------
    table : Table
        Rows.

    Returns
    -------
    ndarray of shape (n_columns,), bool
        Whether a cell of the column is missing.
    """
    if table.X.dtype.kind != "f":
        return np.zeros(table.n_columns, np.bool_)
    return np.asarray(np.isnan(table.X).any(axis=0))


def _refuse_huge(table: Table) -> None:
    """Raise ValueError for the first column with a number that no scaling reaches."""
    if table.X.dtype.kind != "f":
        return
    with np.errstate(invalid="ignore"):
        is_huge = (np.abs(table.X) >= 2.0**LARGEST).any(axis=0)
    if is_huge.any():
        place = int(is_huge.argmax())
        found = np.nanmax(np.abs(table.X[:, place]))
        raise ValueError(
            f"column {table.name_of(place)} takes numbers below 2**{LARGEST}, got {found:.3g}"
        )


def _fitted(table: Table, k: int, name: str | None, missing: bool) -> tuple[Column, float, float]:
    """Return a column as its rows are, and of numbers their range."""
    cells, values = table.X[:, k], table.values[k]
    present = cells[~np.isnan(cells)] if cells.dtype.kind == "f" else cells
    nothing = Column("none", name), 0.0, 0.0
    if not present.size:
        return nothing
    if values is None:
        least, most = float(present.min()), float(present.max())
        if least == most and not missing:
            return nothing
        return Column("number", name, missing=missing), least, most
    seen = tuple(values[int(code)] for code in np.unique(present))
    if len(seen) > MOST_VALUES:
        raise ValueError(
            f"column {table.name_of(k)} has {len(seen)} different values, a category takes at most "
            f"{MOST_VALUES}; leave it out, or turn it into numbers"
        )
    if len(seen) == 1 and not missing:
        return nothing
    for value in seen:
        _encode_text(value)  # refuses what no file holds
    return Column("category", name, seen, missing), 0.0, 0.0


def _as_numbers(where: str, table: Table, place: int) -> npt.NDArray[np.float64]:
    """Return a column's numbers, also where they came as text."""
    cells, values = table.X[:, place].astype(np.float64), table.values[place]
    if values is None:
        return cells
    numbers = np.empty(len(values) + 1)
    for code, value in enumerate(values):
        try:
            numbers[code] = float(value)
        except ValueError:
            numbers[code] = np.inf
        if not np.isfinite(numbers[code]):
            row = int((cells == code).argmax()) + 1
            raise ValueError(f"{where} takes numbers, got {value!r} in row {row}")
    numbers[-1] = np.nan
    return numbers[np.where(np.isnan(cells), len(values), cells).astype(np.int64)]


def _as_codes(table: Table, place: int, values: Sequence[str | None]) -> npt.NDArray[np.int64]:
    """Return which of these values each row has; -1 for none of them."""
    cells, own = table.X[:, place].astype(np.float64), table.values[place]
    place_of = {value: code for code, value in enumerate(values) if value is not None}
    if own is None:
        different, inverse = np.unique(cells, return_inverse=True)
        texts = [None if np.isnan(number) else as_text(number) for number in different]
        cells = inverse.reshape(-1).astype(np.float64)
    else:
        texts = [*own, None]
        cells = np.where(np.isnan(cells), len(own), cells)
    codes = np.array([-1 if t is None else place_of.get(t, -1) for t in texts], np.int64)
    return codes[cells.astype(np.int64)]


def _decode_kinds(reader: ByteReader, n_columns: int, n_inputs: int) -> list[Column]:
    """Read what columns are; all of one run are the same object, so that this takes no memory."""
    columns: list[Column] = []
    left, before = n_inputs, -1
    while len(columns) < n_columns:
        count = reader.varint("a run of columns", 1, n_columns - len(columns))
        code = reader.varint("a kind of column", 0, CATEGORY + 2 * n_inputs)
        if code == before:
            raise TicketError("a run of columns is written as two")
        before, missing = code, code > NOTHING and code % 2 == 0
        if code >= CATEGORY:
            size = (code - CATEGORY) // 2 + 1 + missing
            left -= count * size
        else:
            left -= count * (code > NOTHING) * (1 + missing)
        if left < 0:
            raise TicketError("the file declares more inputs of columns than the network has")
        if code >= CATEGORY:
            values = (None,) * (size - missing)
            column = Column("category", None, values, missing)
        else:
            column = Column("number" if code else "none", missing=missing)
        columns += [column] * count
    if left:
        raise TicketError("the file declares fewer inputs of columns than the network has")
    return columns


def _encode_text(text: str) -> bytes:
    try:
        data = text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"columns take text that UTF-8 holds, got {text!r}") from None
    if "\0" in text or len(data) > MOST_TEXT:
        raise ValueError(
            f"names and values of columns take up to {MOST_TEXT} bytes without NUL, got {text!r}"
        )
    return varint(len(data)) + data


def _decode_text(reader: ByteReader, what: str) -> str:
    data = reader.take(reader.varint(f"the length of {what}", 0, MOST_TEXT), what)
    text = data.decode()
    if "\0" in text:
        raise TicketError(f"{what} holds NUL")
    return text


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(map(repr, names[:12]))
    more = f", … ({len(names)} in all)" if len(names) > 12 else ""
    return one_line(f"{'the columns' if len(names) > 1 else 'the column'} {shown}{more}")

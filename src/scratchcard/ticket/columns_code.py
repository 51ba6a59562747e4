"""The code of columns in a ticket's file. NumPy only.

docs/ticket-format.md is the specification. What is read here is never trusted.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

import numpy as np

from scratchcard.ticket.codec import ByteReader, TicketError, varint
from scratchcard.ticket.columns import CATEGORY, MOST_COLUMNS, MOST_INPUTS, NOTHING, Column, Columns
from scratchcard.ticket.scaling import InputScaling
from scratchcard.ticket.short_pairs import decode_pair, encode_pair

__all__ = ["decode_columns", "encode_columns", "encode_text"]

MOST_TEXT = 1 << 16  # bytes of a name or a value


def encode_columns(columns: Columns, scaling: InputScaling) -> bytes:
    """Return the columns, and the scaling if it is of each feature, as bytes.

    Parameters
    ----------
    columns : Columns
        The columns.
    scaling : InputScaling
        How features become integers.

    Returns
    -------
    bytes
        What :func:`decode_columns` reads.

    Raises
    ------
    ValueError
        For a scaling that has no short form.
    """
    parts = [varint(2 * columns.n_columns + columns.is_named)]
    for code, run in groupby(column.code for column in columns.columns):
        parts += [varint(len(list(run))), varint(code)]
    parts.append(np.packbits(columns.kept, bitorder="little").tobytes())
    own = columns.own & columns.kept if scaling.offset.size > 1 else np.zeros_like(columns.kept)
    for k, column in enumerate(columns.columns):
        inputs = columns.inputs_of(k)
        if not columns.kept[inputs.start : inputs.stop].any():
            continue
        if columns.is_named:
            parts.append(encode_text(column.name or ""))
        if own[inputs.start]:
            first = inputs.start
            parts.append(encode_pair(float(scaling.offset[first]), float(scaling.scale[first])))
        parts += [encode_text(value) for value in column.values if value is not None]
    return b"".join(parts)


def decode_columns(
    reader: ByteReader, n_inputs: int, scaling: InputScaling | None
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
    found = Columns(tuple(columns), is_named, kept)
    if scaling is None:
        return found, InputScaling(offset, scale)
    found.check_scaling(scaling)
    return found, scaling


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


def encode_text(text: str) -> bytes:
    """Return a name or a value as bytes.

    Parameters
    ----------
    text : str
        The text.

    Returns
    -------
    bytes
        Its length, then UTF-8.

    Raises
    ------
    ValueError
        For text that no file holds.
    """
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

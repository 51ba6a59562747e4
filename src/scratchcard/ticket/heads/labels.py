"""Labels: the classes of a ticket, checked, and their bytes in its file. NumPy only.

A ticket's labels are of one kind: integers (int64), text (str), numbers (float64) or booleans.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from scratchcard.ticket.codec import ByteReader, TicketError, varint, zigzag

__all__ = ["as_labels", "decode_labels", "encode_labels"]

MAX_CLASSES = 1 << 16
MAX_TEXT = 1 << 22  # most characters of all labels, each as long as the longest

Labels = npt.NDArray[Any]

COUNTED, INTEGERS, TEXT, NUMBERS, BOOLEANS = range(5)  # codes of the kinds of labels in a file


def as_labels(classes: npt.ArrayLike | None, n_classes: int) -> Labels:
    """Return labels as a read-only array.

    Parameters
    ----------
    classes : array-like of shape (n_classes,) or None
        Different labels: all integers, all text, all finite numbers or all booleans; None for 0, 1,
        2, ...
    n_classes : int
        Number of classes.

    Returns
    -------
    ndarray of shape (n_classes,)
        The labels, int64, str, float64 or bool.

    Raises
    ------
    ValueError
        For anything else.
    """
    if not 1 <= n_classes <= MAX_CLASSES:
        raise ValueError(f"classes takes 1..{MAX_CLASSES} labels, got {n_classes}")
    listed = np.arange(n_classes) if classes is None else np.asarray(classes, dtype=object)
    if listed.shape != (n_classes,):
        raise ValueError(
            f"classes takes one label for each of {n_classes} outputs, got shape {listed.shape}"
        )
    labels = _as_one_kind([v.item() if isinstance(v, np.generic) else v for v in listed.tolist()])
    if len(set(labels.tolist())) != n_classes:
        raise ValueError("classes takes labels that differ, got one twice")
    labels.flags.writeable = False
    return labels


def _as_one_kind(values: list[Any]) -> Labels:
    kinds = {type(value) if isinstance(value, bool) else _kind(value) for value in values}
    if kinds == {bool}:
        return np.array(values, np.bool_)
    if kinds == {int}:
        if not all(-(1 << 63) <= value < 1 << 63 for value in values):
            raise ValueError("classes takes integers that fit 64 bits, got a larger one")
        return np.array(values, np.int64)
    if kinds == {str}:
        return _as_text(values)
    if kinds <= {int, float}:
        if not all(math.isfinite(value) for value in values):
            raise ValueError("classes takes finite numbers, got NaN or infinity")
        if any(abs(value) > 1 << 53 for value in values if isinstance(value, int)):
            raise ValueError("classes mixes floats with an integer that no float holds")
        return np.array(values, np.float64) + 0.0  # turns -0.0 into 0.0: one form only
    names = ", ".join(sorted(kind.__name__ for kind in kinds))
    raise ValueError(
        f"classes takes labels of one kind (integers, text, numbers or booleans), got {names}"
    )


def _kind(value: Any) -> type:
    for kind in (int, float, str):
        if isinstance(value, kind):
            return kind
    return type(value)


def _as_text(values: list[str]) -> Labels:
    longest = max(map(len, values))
    if len(values) * longest > MAX_TEXT:
        raise ValueError(
            f"classes takes at most {MAX_TEXT} characters in all, "
            f"got {len(values)} labels of up to {longest}"
        )
    for value in values:
        if "\0" in value:
            raise ValueError(f"classes takes text without NUL characters, got {value!r}")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueError(f"classes takes text that UTF-8 holds, got {value!r}") from None
    return np.array(values, np.str_)


def encode_labels(labels: Labels) -> bytes:
    """Return labels as bytes: their kind, then each in order.

    Parameters
    ----------
    labels : ndarray of shape (n_classes,)
        What :func:`as_labels` returned.

    Returns
    -------
    bytes
        What :func:`decode_labels` reads.
    """
    listed, kind = labels.tolist(), labels.dtype.kind
    if kind == "i" and listed == list(range(len(listed))):
        return bytes([COUNTED])
    if kind == "i":
        return bytes([INTEGERS]) + b"".join(map(zigzag, listed))
    if kind == "U":
        texts = [text.encode() for text in listed]
        return bytes([TEXT]) + b"".join(varint(len(text)) + text for text in texts)
    if kind == "f":
        return bytes([NUMBERS]) + labels.astype("<f8").tobytes()
    return bytes([BOOLEANS, *listed])


def decode_labels(reader: ByteReader, n_classes: int) -> Labels:
    """Read the labels of ``n_classes`` classes.

    Parameters
    ----------
    reader : ByteReader
        Its next bytes are the labels'.
    n_classes : int
        Number of classes.

    Returns
    -------
    ndarray of shape (n_classes,)
        The labels.

    Raises
    ------
    ValueError
        For labels that :func:`as_labels` refuses, and for text that is not UTF-8.
    """
    return as_labels(_read(reader, n_classes), n_classes)


def _read(reader: ByteReader, n_classes: int) -> Any:
    if n_classes > MAX_CLASSES:
        raise TicketError(f"a ticket has at most {MAX_CLASSES} classes, the file says {n_classes}")
    kind = reader.u8("the kind of labels")
    if kind == COUNTED:
        return None
    if kind == INTEGERS:
        return [reader.zigzag("a label") for _ in range(n_classes)]
    if kind == TEXT:
        limit = 4 * MAX_TEXT
        lengths = (reader.varint("the length of a label", 0, limit) for _ in range(n_classes))
        return [reader.take(length, "a label").decode() for length in lengths]
    if kind == NUMBERS:
        return reader.floats("<f8", n_classes, "the labels")
    if kind == BOOLEANS:
        flags = reader.take(n_classes, "the labels")
        if max(flags) > 1:
            raise TicketError("a boolean label must be 0 or 1")
        return [bool(flag) for flag in flags]
    raise TicketError(f"the kind of labels must be 0..{BOOLEANS}, the file says {kind}")

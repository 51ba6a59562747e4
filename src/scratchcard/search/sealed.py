"""Sealed files: plain values and arrays with a digest, so that damage is noticed. Never pickle.

    a line that says what it is | SHA-256 of all that follows | length of the head, 8 bytes |
    the head, JSON: {"values": {…}, "arrays": [[name, type, shape], …]} | the arrays, one by one

Integers and arrays are little-endian, arrays in C order and without gaps, and nothing follows them.
"""

from __future__ import annotations

import errno
import hashlib
import json
import math
import os
import stat
from collections.abc import Mapping
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from scratchcard.files import write_whole

__all__ = ["Arrays", "CheckpointError", "read_sealed", "write_sealed"]

MAGIC = b"scratchcard checkpoint 1\n"
LENGTH = 8  # bytes of the head's length
KINDS = "biufSU"  # NumPy's letters for the types of arrays: numbers and text of a fixed length
MAX_BYTES = 1 << 32  # of a file; a search of the largest network there may be takes less
CHUNK = 1 << 20
Arrays = Mapping[str, NDArray[Any]]


class CheckpointError(ValueError):
    """A file holds no checkpoint, or one of another search; the message says which, and why."""


def write_sealed(path: str | os.PathLike[str], values: Mapping[str, Any], arrays: Arrays) -> None:
    """Write plain values and arrays to a file, whole or not at all.

    Parameters
    ----------
    path : str or path-like
        The file; an existing one is replaced.
    values : mapping
        Plain values that JSON holds.
    arrays : mapping of str to ndarray
        Arrays of numbers, or of text of a fixed length.

    Raises
    ------
    OSError
        If it cannot be written.
    ValueError
        For an array of something else.
    """
    described, parts = [], []
    for name, array in arrays.items():
        if array.dtype.kind not in KINDS:
            raise ValueError(f"array {name!r} takes numbers or text, got {array.dtype}")
        array = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).reshape(array.shape)
        described.append((name, array.dtype.str, array.shape))
        parts.append(array.tobytes())
    head = json.dumps({"values": dict(values), "arrays": described}).encode()
    content = b"".join([len(head).to_bytes(LENGTH, "little"), head, *parts])
    if len(content) > MAX_BYTES - CHUNK:  # which could not be read
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), os.fspath(path))
    write_whole(path, MAGIC + hashlib.sha256(content).digest() + content)


def read_sealed(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Read what :func:`write_sealed` wrote; nothing in it is ever run.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    values : dict
        The plain values.
    arrays : dict of str to ndarray
        The arrays.

    Raises
    ------
    OSError
        If the file cannot be read.
    CheckpointError
        If it does not hold what was written, to the last bit.
    """
    path = os.fspath(path)
    found = os.stat(path)
    if not stat.S_ISREG(found.st_mode):  # reading a pipe might never end
        raise CheckpointError(f"{path} is no ordinary file")
    with open(path, "rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise CheckpointError(f"{path} is no checkpoint of this scratchcard")
        if found.st_size > MAX_BYTES:
            raise CheckpointError(f"{path} is larger than any checkpoint")
        digest, start = file.read(hashlib.sha256().digest_size), file.tell()
        if _digest_of(file) != digest:
            raise CheckpointError(f"{path} is damaged or cut short")
        file.seek(start)
        content = memoryview(file.read())
    try:
        return _parsed(content)
    except Exception as error:  # whatever odd values make of JSON and NumPy
        raise CheckpointError(f"{path} holds no checkpoint: {error}") from None


def _digest_of(file: IO[bytes]) -> bytes:
    """Return the digest of what is left of a file, without holding it in memory."""
    digest = hashlib.sha256()
    while chunk := file.read(CHUNK):
        digest.update(chunk)
    return digest.digest()


def _parsed(content: memoryview) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    end = LENGTH + int.from_bytes(content[:LENGTH], "little")
    head = json.loads(bytes(content[LENGTH:end]))
    values, arrays = head["values"], {}
    if not isinstance(values, dict):
        raise ValueError("its values are no table")
    for name, text, shape in head["arrays"]:
        kind = np.dtype(str(text))
        if kind.kind not in KINDS or kind.itemsize == 0:
            raise ValueError(f"an array is of type {text!r}")
        if not all(type(n) is int and n >= 0 for n in shape):
            raise ValueError(f"an array is of shape {shape}")
        begin, end = end, end + math.prod(shape) * kind.itemsize
        if end > len(content):
            raise ValueError("an array is longer than the file")
        # A copy, which may be written to and lies where its type wants it.
        array = np.frombuffer(content[begin:end], kind).reshape(shape)
        arrays[str(name)] = array.astype(kind.newbyteorder("="))
    if end != len(content):
        raise ValueError("something follows its arrays")
    return values, arrays

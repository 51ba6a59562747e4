"""Sealed files: plain values and arrays with a digest, so that damage is noticed. Never pickle."""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scratchcard.files import write_whole

__all__ = ["Arrays", "CheckpointError", "read_sealed", "write_sealed"]

MAGIC = b"scratchcard checkpoint 1\n"
HEAD = "head"  # the member that holds the plain values, in JSON
Arrays = Mapping[str, NDArray[Any]]


class CheckpointError(ValueError):
    """A file holds no checkpoint, or one of another search; the message says which, and why."""


def write_sealed(path: str | os.PathLike[str], head: Mapping[str, Any], arrays: Arrays) -> None:
    """Write plain values and arrays to a file, whole or not at all.

    Parameters
    ----------
    path : str or path-like
        The file; an existing one is replaced.
    head : mapping
        Plain values that JSON holds.
    arrays : mapping of str to ndarray
        Numbers, by names other than "head".

    Raises
    ------
    OSError
        If it cannot be written.
    """
    buffer = io.BytesIO()
    text = np.frombuffer(json.dumps(head).encode(), np.uint8)
    np.savez(buffer, **{HEAD: text}, **arrays)  # type: ignore[arg-type]
    content = buffer.getvalue()
    write_whole(path, MAGIC + hashlib.sha256(content).digest() + content)


def read_sealed(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Read what :func:`write_sealed` wrote; nothing in it is ever run.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    head : dict
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
    with open(path, "rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise CheckpointError(f"{os.fspath(path)} is no checkpoint of this scratchcard")
        digest, content = file.read(hashlib.sha256().digest_size), file.read()
    if hashlib.sha256(content).digest() != digest:
        raise CheckpointError(f"{os.fspath(path)} is damaged or cut short")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as members:
            if any(one.compress_type != zipfile.ZIP_STORED for one in members.infolist()):
                raise ValueError("it is compressed")
        with np.load(io.BytesIO(content), allow_pickle=False) as found:
            arrays = {name: found[name] for name in found.files}
        head = json.loads(arrays.pop(HEAD).tobytes())
        if not isinstance(head, dict):
            raise ValueError("its head is no table")
    except Exception as error:  # whatever an odd archive makes of zipfile, NumPy and JSON
        raise CheckpointError(f"{os.fspath(path)} holds no checkpoint: {error}") from None
    return head, arrays

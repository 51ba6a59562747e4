"""What tells one search from another: its settings, and fingerprints of what it reads."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scratchcard.rows import Rows
from scratchcard.search.sealed import CheckpointError
from scratchcard.text import shortened
from scratchcard.ticket import Head, Network

__all__ = ["check_same", "fingerprint", "identity_of", "of_rows", "settings_of", "this_version"]

SHOWN = 80  # characters of a setting, in a message


def this_version() -> str:
    """Return the version of this library, which decides what a search finds.

    Returns
    -------
    str
        Such as "0.1.0".
    """
    from scratchcard import __version__

    return __version__


def fingerprint(*parts: NDArray[Any] | bytes | None) -> str:
    """Return a short text that other arrays would not have.

    Parameters
    ----------
    *parts : ndarray, bytes or None
        Arrays, their types and shapes included.

    Returns
    -------
    str
        32 hexadecimal digits.
    """
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        if isinstance(part, np.ndarray):
            digest.update(f"{part.dtype.str}{part.shape}".encode())
            if part.dtype.hasobject:
                part = repr(part.tolist()).encode()
            else:
                part = np.ascontiguousarray(part).view(np.uint8).data  # type: ignore[assignment]
        digest.update(b"-" if part is None else part)  # type: ignore[arg-type]
    return digest.hexdigest()


def of_rows(rows: Rows | None) -> str:
    """Return the fingerprint of rows.

    Parameters
    ----------
    rows : Rows or None
        Rows, or none.

    Returns
    -------
    str
        Their number and 32 hexadecimal digits, or "none".
    """
    if rows is None:
        return "none"
    return f"{len(rows)} rows, {fingerprint(rows.inputs, rows.targets, rows.weights)}"


def settings_of(name: str, value: Any) -> dict[str, str]:
    """Return a setting as text, one for each field where it is a dataclass such as an algorithm.

    Parameters
    ----------
    name : str
        What it is called.
    value : object
        The setting.

    Returns
    -------
    dict of str to str
        The same in every process, so without addresses in memory.
    """
    if is_dataclass(value) and not isinstance(value, type):
        found = {name: type(value).__name__}
        for field in fields(value):
            found |= settings_of(f"{name} {field.name}", getattr(value, field.name))
        return found
    if callable(value) or " at 0x" in repr(value):
        kind = value if hasattr(value, "__qualname__") else type(value)
        return {name: f"{kind.__module__}.{kind.__qualname__}"}
    return {name: value if isinstance(value, str) else repr(value)}


def check_same(what: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Raise CheckpointError if a search was begun with something else than it is now.

    Parameters
    ----------
    what : str
        What was saved, such as the name of a file.
    before, now : mapping of str to str
        The identity of the search when it was saved, and now.

    Raises
    ------
    CheckpointError
        It names all that differs.
    """
    names = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    if names:
        found = "; ".join(
            f"{name}: {_shown(before.get(name))} then, {_shown(now.get(name))} now"
            for name in names
        )
        raise CheckpointError(f"{what} is of another search: {found}")


def identity_of(
    network: Network, train: Rows, validation: Rows | None, head: Head, **settings: Any
) -> dict[str, str]:
    """Return what tells a search from all others that would end with another ticket.

    Parameters
    ----------
    network : Network
        The random network.
    train : Rows
        The training rows, with the targets that the search begins with.
    validation : Rows or None
        The validation rows.
    head : Head
        What the outputs mean.
    **settings : object
        All other settings that decide what is found.

    Returns
    -------
    dict of str to str
        Settings by name, and fingerprints of what is read.
    """
    found = {"scratchcard": this_version()}
    found |= {"training rows": of_rows(train), "validation rows": of_rows(validation)}
    found |= settings_of("network", network)
    found["head"] = f"{head!r}, {fingerprint(head.encode())}"
    for name, value in settings.items():
        found |= settings_of(name, value)
    return found


def _shown(value: Any) -> str:
    return shortened(str(value), SHOWN)

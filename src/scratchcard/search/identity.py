"""What tells one search from another: its settings, and fingerprints of what it reads."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields, is_dataclass
from functools import partial
from types import CodeType, FunctionType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scratchcard.objectives import Objective, get_objective
from scratchcard.rows import Rows
from scratchcard.search.sealed import CheckpointError
from scratchcard.text import shortened
from scratchcard.ticket import Head, Network

__all__ = ["check_same", "fingerprint", "identity_of", "of_rows", "settings_of", "this_version"]

SHOWN = 80  # characters of a setting, in a message
DEEPEST = 4  # objects within objects that are looked at


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
    """Return a setting as text, one for each field where it is an object such as an algorithm.

    A function counts as the same as long as its code is. What it reads elsewhere is not looked at.

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
    if isinstance(value, str):
        return {name: value}
    if isinstance(value, Objective):
        return {name: _objective(value)}
    if isinstance(value, np.ndarray):
        return {name: f"array of shape {value.shape}, {fingerprint(value)}"}
    if isinstance(value, partial):
        parts = {"": value.func, "arguments": value.args, "keywords": value.keywords}
        found: dict[str, str] = {}
        for part, one in parts.items():
            found |= settings_of(f"{name} {part}".strip(), one)
        return found
    is_code = isinstance(value, FunctionType | type) or hasattr(value, "py_func")
    has_fields = is_dataclass(value) or bool(getattr(value, "__dict__", None))
    if is_code or (callable(value) and not has_fields):
        return {name: _function(value)}
    if is_dataclass(value):
        own = {one.name: getattr(value, one.name) for one in fields(value)}
    elif " at 0x" not in repr(value):
        return {name: repr(value)}
    else:
        own = getattr(value, "__dict__", {})
    found = {name: _named(type(value))}
    if name.count(" ") < DEEPEST:  # an object may hold itself
        for attribute, one in own.items():
            found |= settings_of(f"{name} {attribute}", one)
    return found


def _objective(objective: Objective) -> str:
    """Return the name of an objective; where it is a user's own, with what stands for its code."""
    with suppress(ValueError):
        if objective == get_objective(objective.name):
            return objective.name
    functions = [getattr(objective, one.name) for one in fields(objective)]
    return f"{objective.name}, {fingerprint(*(_code(one) for one in functions if callable(one)))}"


def _function(value: Any) -> str:
    """Return the name of a function, and what stands for its code."""
    return f"{_named(value)}, {fingerprint(_code(value))}"


def _named(value: Any) -> str:
    kind = value if hasattr(value, "__qualname__") else type(value)
    return f"{kind.__module__}.{kind.__qualname__}"


def _code(value: Any, depth: int = 0) -> bytes:
    """Return what a function does, as bytes that are the same in every process.

    It is its code, its constants, its defaults, and what it has from around it.
    """
    value = getattr(value, "py_func", getattr(value, "_pyfunc", value))  # Numba's
    if isinstance(value, frozenset):
        return b"".join(sorted(_code(one, depth + 1) for one in value))
    if isinstance(value, CodeType):
        constants = b"|".join(_code(one, depth + 1) for one in value.co_consts)
        return value.co_code + repr(value.co_names).encode() + constants
    if isinstance(value, FunctionType) and depth < DEEPEST:
        around = [cell.cell_contents for cell in value.__closure__ or ()]
        named = sorted((value.__kwdefaults__ or {}).items())
        parts = [value.__code__, *(value.__defaults__ or ()), *named, *around]
        return b"|".join(_code(one, depth + 1) for one in parts)
    if isinstance(value, np.ndarray):
        return fingerprint(value).encode()
    text = repr(value)
    return (_named(value) if " at 0x" in text or callable(value) else text).encode()


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
            f"{name}: {_shown(before, name)} then, {_shown(now, name)} now" for name in names
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


def _shown(identity: Mapping[str, Any], name: str) -> str:
    if name not in identity:
        return "absent"
    return shortened(re.sub(r"\b([0-9a-f]{6})[0-9a-f]{26}\b", r"\1…", str(identity[name])), SHOWN)

"""Where compiled functions are kept: a cache that is never stale, and never ends a search.

:func:`jit` and :func:`cfunc` are Numba's, with another cache. Numba's own cache keeps a function as
long as its own source file stays the same, although functions of other files are compiled into it.
It also raises an error where it cannot write, and at a damaged file.

Here the folder is named by a hash of all sources that compiled functions are made of, and of the
versions of what compiles them. It lies beside this file or, where that cannot be written, in the
user's cache folder; ``NUMBA_CACHE_DIR`` names another. Each file holds one function for one set of
types, and its own checksum: a damaged file is written anew. Where nothing can be written, one line
says so, and every process compiles for itself.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import pickle
import platform
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import llvmlite
import numba
import numpy as np
from numba.core import config
from numba.core.caching import _Cache as Face
from numba.core.ccallback import CFunc
from numba.core.compiler import CompileResult
from numba.core.serialize import dumps
from numba.core.sigutils import normalize_signature

from scratchcard.files import write_whole
from scratchcard.interrupts import checkpoint

__all__ = ["cfunc", "jit"]

PACKAGE = Path(__file__).parents[1]
KEPT = 5  # folders that are kept, for this version of the sources and for others
_FOLDER = re.compile(r"kernels-[0-9a-f]{20}")
_DIGEST = hashlib.sha256().digest_size
_COMPILES = re.compile(r"^(?:from|import) (?:numba|scratchcard\.compiled)\b", re.MULTILINE)
_IMPORT = re.compile(
    r"^[ \t]*(?:from scratchcard(?P<module>[\w.]*) import (?P<names>\([^)]*\)|[^\n]*)"
    r"|import scratchcard(?P<other>[\w.]*))",
    re.MULTILINE,
)


def jit(*functions: Callable[..., Any], **options: Any) -> Any:
    """Compile a function as ``numba.njit`` does, and keep it in this package's cache.

    Parameters
    ----------
    *functions : callable
        The function, when this is used as ``@jit``.
    **options : object
        Options of ``numba.njit``, when this is used as ``@jit(nogil=True)``.

    Returns
    -------
    callable
        The compiled function, or a decorator where no function was given.

    Raises
    ------
    ValueError
        If NUMBA_DISABLE_JIT is set, since the engine needs compiled code.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        _check_that_numba_compiles()
        dispatcher = numba.njit(**options)(function)
        if _is_ours(function):
            dispatcher._cache = Cache(function)
        return dispatcher

    return decorate(*functions) if functions else decorate


def cfunc(
    signature: Any, *, cache: bool = True, **options: Any
) -> Callable[[Callable[..., Any]], Any]:
    """Return a decorator that compiles as ``numba.cfunc`` does and keeps the result in this cache.

    Parameters
    ----------
    signature : numba signature
        The types that the function takes and returns.
    cache : bool
        Whether to keep it. False for a function that a user's code is compiled into, because no
        hash covers that.
    **options : object
        Options of ``numba.cfunc``.

    Returns
    -------
    callable
        The decorator.

    Raises
    ------
    ValueError
        If NUMBA_DISABLE_JIT is set.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        _check_that_numba_compiles()
        if not (cache and _is_ours(function)):
            return numba.cfunc(signature, **options)(function)
        made: Any = CFunc(function, normalize_signature(signature), locals={}, options=options)
        made._cache = Cache(function)
        made.compile()
        return made

    return decorate


def _check_that_numba_compiles() -> None:
    if config.DISABLE_JIT:
        raise ValueError(
            "NUMBA_DISABLE_JIT takes 0 or nothing for a search, whose engine is compiled by Numba, "
            f"got {os.environ.get('NUMBA_DISABLE_JIT', config.DISABLE_JIT)!r}"
        )


def _is_ours(function: Callable[..., Any]) -> bool:
    """Return whether the function stands in a source file that the hash covers."""
    return Path(function.__code__.co_filename) in _sources()


class Cache(Face):  # type: ignore[misc]  # Numba has no types
    """The cache of one function, with the methods that Numba calls."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._is_enabled = True

    @property
    def cache_path(self) -> str | None:
        """The folder that is looked in first."""
        return next((str(folder) for folder in _folders()), None)

    def enable(self) -> None:
        """Use the cache from now on."""
        self._is_enabled = True

    def disable(self) -> None:
        """Do not use the cache from now on."""
        self._is_enabled = False

    def flush(self) -> None:
        """Remove what is kept of the function."""
        for folder in _folders():
            for path in folder.glob(f"{self._stem}-*.bin"):
                with contextlib.suppress(OSError):
                    path.unlink()

    def load_overload(self, signature: Any, context: Any) -> Any:
        """Return what was compiled for these types, or None where nothing is kept."""
        checkpoint()
        if not self._is_enabled:
            return None
        context.refresh()
        name = self._name(signature, context.codegen())
        for folder in _folders():
            payload = _read(folder / name)
            if payload is not None:
                # What another version of Numba wrote may fail in any way.
                with contextlib.suppress(Exception):
                    return CompileResult._rebuild(context, *pickle.loads(payload))
        return None

    def save_overload(self, signature: Any, compiled: Any) -> None:
        """Keep what was compiled for these types, if it can be kept."""
        checkpoint()
        if not self._is_enabled or compiled.library.has_dynamic_globals:
            return
        payload = dumps(compiled._reduce())
        data = hashlib.sha256(payload).digest() + payload
        name = self._name(signature, compiled.codegen)
        if not any(_write(folder / name, data) for folder in _folders()):
            _say_that_nothing_is_kept()

    @property
    def _stem(self) -> str:
        function = self._function
        return f"{function.__module__.rpartition('.')[2]}.{function.__name__}"

    def _name(self, signature: Any, codegen: Any) -> str:
        """Return the file name, made of what the function is, its types, and the processor."""
        function = self._function
        cells = [cell.cell_contents for cell in function.__closure__ or ()]
        key = (
            function.__module__,
            function.__qualname__,
            function.__code__.co_firstlineno,
            hashlib.sha256(dumps(cells)).hexdigest() if cells else "",
            str(signature),
            codegen.magic_tuple(),
        )
        return f"{self._stem}-{hashlib.sha256(repr(key).encode()).hexdigest()[:20]}.bin"


def _read(path: Path) -> bytes | None:
    """Return the payload of a file, or None if there is no file or it is damaged."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    payload = data[_DIGEST:]
    return payload if hashlib.sha256(payload).digest() == data[:_DIGEST] else None


def _write(path: Path, data: bytes) -> bool:
    """Write the file whole, and return whether that was possible."""
    try:
        if not path.parent.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            _remove_old_folders(path.parent)
        write_whole(path, data)
    except OSError:
        return False
    return True


def _remove_old_folders(used: Path) -> None:
    """Remove all folders of other sources or versions but those that were used last."""
    found = [path for path in used.parent.iterdir() if _FOLDER.fullmatch(path.name)]
    found.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in found[KEPT:]:
        shutil.rmtree(path, ignore_errors=True)


@lru_cache
def _say_that_nothing_is_kept() -> None:
    """Log one warning, once, that compiled functions cannot be kept."""
    logging.getLogger("scratchcard").warning(
        "scratchcard: what is compiled cannot be kept, so every start compiles it anew, which "
        "takes a minute; set NUMBA_CACHE_DIR to a folder that can be written"
    )


@lru_cache
def _folders() -> tuple[Path, ...]:
    """Return the folders to look in; a function is written to the first that can be written."""
    name = f"kernels-{_hash()}"
    folders = tuple(folder / name for folder in _places())
    for folder in folders:
        with contextlib.suppress(OSError):
            os.utime(folder)  # it is in use
    return folders


def _places() -> Iterator[Path]:
    if not _sources():  # none that can be read, as in a zip file
        return
    if config.CACHE_DIR:
        yield Path(config.CACHE_DIR) / "scratchcard"
        return
    yield Path(__file__).parent / "__pycache__"
    home = os.path.expanduser("~")
    known = {
        "darwin": os.path.join(home, "Library", "Caches"),
        "win32": os.environ.get("LOCALAPPDATA") or os.path.join(home, "AppData", "Local"),
    }
    user = known.get(sys.platform) or os.environ.get("XDG_CACHE_HOME") or f"{home}/.cache"
    if os.path.isabs(user):  # false where no home folder is known
        yield Path(user) / "scratchcard"


@lru_cache
def _hash() -> str:
    """Return a hash, twenty characters, of everything that compiled functions depend on."""
    hashed = hashlib.sha256()
    versions = (sys.version, platform.machine(), numba.__version__, llvmlite.__version__)
    hashed.update(repr((*versions, np.__version__)).encode())
    for path, source in sorted(_sources().items()):
        name = path.relative_to(PACKAGE).as_posix()
        hashed.update(repr((name, source)).encode())
    return hashed.hexdigest()[:20]


@lru_cache
def _sources() -> dict[Path, str]:
    """Return the sources that hold compiled functions, and all that these import from this package.

    An imported constant or function is compiled into what uses it.
    """
    texts = {}
    for path in PACKAGE.rglob("*.py"):
        if path != Path(__file__):  # nothing in here is compiled
            with contextlib.suppress(OSError, UnicodeDecodeError):
                texts[path] = path.read_text(encoding="utf-8")
    wanted = [
        path
        for path, text in texts.items()
        if _COMPILES.search(text) or path.parent.name == "objectives"  # compiled by their base
    ]
    found: dict[Path, str] = {}
    while wanted:
        path = wanted.pop()
        if path in texts and path not in found:
            found[path] = texts[path]
            wanted.extend(_imported(texts[path]))
    return found


def _imported(text: str) -> Iterator[Path]:
    """Yield the files that a source may import from this package; some of them do not exist."""
    for match in _IMPORT.finditer(text):
        module = PACKAGE.joinpath(*(match["module"] or match["other"] or "").strip(".").split("."))
        names = re.findall(r"\w+", match["names"] or "")
        for path in (module, *(module / name for name in names)):
            yield path.with_suffix(".py")
            yield path / "__init__.py"

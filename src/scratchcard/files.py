"""Files that are written whole or not at all. The standard library only.

A file is written under a temporary name in the same folder and renamed. What killed processes left
of that is removed by the next process that writes into the folder.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import socket
import stat
import time
import zlib
from collections.abc import Iterator

__all__ = ["write_new", "write_whole"]

Path = str | os.PathLike[str]

# The machine, the process, and a number that no other has.
_TEMPORARY = re.compile(r"\.scratchcard-([0-9a-f]{8})-(\d{1,10})-[0-9a-f]{16}\.tmp")
_ABANDONED = 3600.0  # seconds after which a temporary file cannot still be in use


def write_whole(path: Path, data: bytes) -> None:
    """Write data to a file whole or not at all: a file that was there stays whole if this fails.

    Parameters
    ----------
    path : str or path-like
        The file; if it is a link, its target is replaced.
    data : bytes
        What to write.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    path = os.path.realpath(path)  # through a link: its target is replaced, not the link
    folder = _existing_folder(path)
    mode = os.stat(path).st_mode if os.path.exists(path) else None
    if mode is not None and not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "only an ordinary file can be replaced", path)
    with _written(folder, data) as temporary:
        if mode is not None:
            os.chmod(temporary, stat.S_IMODE(mode))
        os.replace(temporary, path)


def write_new(path: Path, data: bytes) -> str:
    """Write data whole to a name that no file has yet.

    Of several processes that write at the same time, each gets a name of its own.

    Parameters
    ----------
    path : str or path-like
        The name; if it is taken, -2, -3, … is put before its suffix.
    data : bytes
        What to write.

    Returns
    -------
    str
        The name that the file has.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    path = os.path.abspath(path)
    with _written(_existing_folder(path), data) as temporary:
        stem, suffix = os.path.splitext(path)
        candidate, number = path, 2
        while not _taken(temporary, candidate):
            candidate = f"{stem}-{number}{suffix}"
            number += 1
    return candidate


def _taken(temporary: str, path: str) -> bool:
    """Give the temporary file this name, and return False if there is a file of that name."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    except (OSError, NotImplementedError):  # a file system without links
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        except FileExistsError:
            return False
        os.replace(temporary, path)
    return True


def _existing_folder(path: str) -> str:
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        raise FileNotFoundError(errno.ENOENT, "there is no such folder", folder)
    return folder


@contextlib.contextmanager
def _written(folder: str, data: bytes) -> Iterator[str]:
    """Hold the data in a temporary file in the context; afterwards it is gone or renamed."""
    _remove_abandoned(folder)
    name = f".scratchcard-{_machine()}-{os.getpid()}-{secrets.token_hex(8)}.tmp"
    temporary = os.path.join(folder, name)
    try:
        with open(temporary, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        yield temporary
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.remove(temporary)


def _remove_abandoned(folder: str) -> None:
    """Remove temporary files of processes that are gone, and those too old to be finished."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            named = _TEMPORARY.fullmatch(entry.name)
            if named is None:
                continue
            with contextlib.suppress(OSError):
                is_old = time.time() - entry.stat(follow_symlinks=False).st_mtime > _ABANDONED
                if is_old or (named[1] == _machine() and not _is_running(int(named[2]))):
                    os.remove(entry.path)


def _machine() -> str:
    """Return the machine's name in eight characters; a process is known on its own alone."""
    return f"{zlib.crc32(socket.gethostname().encode()):08x}"


def _is_running(process: int) -> bool:
    if os.name != "posix":  # where asking would end the process
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True

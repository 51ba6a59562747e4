"""Saves a found ticket, in another folder if it cannot be written where it should be."""

from __future__ import annotations

import base64
import contextlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from scratchcard.cli.options import reason_of
from scratchcard.files import write_new

if TYPE_CHECKING:
    from scratchcard.ticket.ticket import Ticket


class Saved(NamedTuple):
    """Where a ticket was saved: a file or, if ``path`` is None, ``text`` that base64 decodes."""

    path: Path | None
    problem: str | None = None  # one line on why it is not in its place
    text: str | None = None


def save(ticket: Ticket, out: Path | None, default: Path) -> Saved:
    """Save a ticket to ``out``, or under a name like ``default`` that is free.

    If that cannot be, the ticket goes to the current folder, the home folder or the folder for
    temporary files; and if it cannot be written there either, it is returned as text.
    """
    try:
        if out is None:
            return Saved(default.with_name(Path(write_new(default, ticket.to_bytes())).name))
        ticket.save(out)
        return Saved(out)
    except (OSError, ValueError) as error:
        problem = f"could not write {str(out or default)!r}: {reason_of(error)}"
    data = ticket.to_bytes()
    for folder in _elsewhere():
        try:
            path = Path(write_new(os.path.join(folder, (out or default).name), data))
        except (OSError, ValueError):
            continue
        return Saved(path, f"{problem}; the ticket is in {str(path)!r}")
    return Saved(None, problem, base64.b64encode(data).decode())


def _elsewhere() -> list[str]:
    """Return folders that may be used instead, the nearest first."""
    folders = [os.curdir, os.path.expanduser("~")]
    with contextlib.suppress(OSError):  # none can be written
        folders.append(tempfile.gettempdir())
    return [folder for folder in folders if not folder.startswith("~")]

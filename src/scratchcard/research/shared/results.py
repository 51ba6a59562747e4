"""Results of a study on disk, a JSON object per line, so that it resumes where it stopped.

A line is written when its run is over. Only the last line of a file can be cut short, by a crash
or a full disk; it is dropped. Anything else that cannot be read is an error that names the line.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Row = dict[str, Any]
Key = tuple[Any, ...]

FILE_NAME = "runs.jsonl"
MAX_SHOWN_CHARACTERS = 80  # of a setting, in a message


class Results:
    """The finished runs in a folder; the folder is made if it does not exist.

    Parameters
    ----------
    folder : Path
        Where the file is or will be.
    settings : Mapping
        Plain values that all runs share; a file that was begun with others is refused.
    identity : tuple of str
        The fields that tell runs apart; one run is kept for each.
    name : str
        Name of the file.

    Raises
    ------
    ValueError
        For a file with other settings, or one that holds no results; it names the file.
    OSError
        If the file cannot be read or written.
    """

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, Any],
        identity: tuple[str, ...],
        name: str = FILE_NAME,
    ) -> None:
        self.path = folder / name
        self.identity = identity
        self.rows: dict[Key, Row] = {}
        folder.mkdir(parents=True, exist_ok=True)
        header = json.loads(json.dumps({"settings": dict(settings)}))
        if not self._read(header):
            self.path.write_text(json.dumps(header) + "\n", encoding="utf-8")

    def key(self, row: Mapping[str, Any]) -> Key:
        """Return what tells this run from others."""
        key = tuple(row[name] for name in self.identity)
        hash(key)
        return key

    def __contains__(self, row: Mapping[str, Any]) -> bool:
        return self.key(row) in self.rows

    def add(self, row: Row) -> None:
        """Write a run that is over; it replaces an earlier one of the same identity."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        self.rows[self.key(row)] = row

    def forget(self, row: Mapping[str, Any]) -> None:
        """Count this run as not done; its line is replaced when it has been done again."""
        del self.rows[self.key(row)]

    def _read(self, header: Row) -> bool:
        """Read the file; return whether it held anything."""
        if not self.path.exists():
            return False
        try:
            text = self.path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise ValueError(f"{self.path} holds no results: it is not UTF-8 text") from None
        whole, newline, rest = text.rpartition("\n")
        if not newline and json.dumps(header).startswith(text):
            return False  # empty, or its first line was cut short
        for number, line in enumerate((whole or rest).split("\n"), 1):
            row = self._parsed(line, number)
            if number > 1:
                self.rows[self._checked_key(row, number)] = row
            elif row != header:
                raise ValueError(
                    f"{self.path} was begun with other settings: {_differences(row, header)}; "
                    "give them again, or another folder"
                )
        if rest:  # cut short
            os.truncate(self.path, len((whole + newline).encode()))
        return True

    def _parsed(self, line: str, number: int) -> Row:
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if not isinstance(row, dict):
            raise ValueError(f"{self.path}, line {number}: no run, got {line[:40]!r}")
        return row

    def _checked_key(self, row: Row, number: int) -> Key:
        try:
            return self.key(row)
        except (KeyError, TypeError):
            raise ValueError(
                f"{self.path}, line {number}: a run has {', '.join(self.identity)}"
            ) from None


def _differences(old: Row, new: Row) -> str:
    before, now = (row.get("settings") for row in (old, new))
    if not isinstance(before, dict) or not isinstance(now, dict):
        return "no settings in its first line"
    names = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    return ", ".join(
        f"{name} was {_short(before.get(name))}, is {_short(now.get(name))}" for name in names
    )


def _short(value: Any) -> str:
    """Return the value at a length that can be read in a message."""
    text = repr(value)
    return text if len(text) <= MAX_SHOWN_CHARACTERS else f"{text[:MAX_SHOWN_CHARACTERS]}…"

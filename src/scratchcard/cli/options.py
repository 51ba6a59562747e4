"""Values and options of the command line, errors with their exit codes, checks of output files."""

from __future__ import annotations

import functools
import math
import os
import re
import tempfile
from pathlib import Path
from typing import Any

import click

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h)?")
_SIZE = re.compile(r"[1-9][0-9]{0,9}")
_SECONDS = {None: 1, "s": 1, "m": 60, "h": 3600}


class InputError(click.ClickException):
    """Input that cannot be used."""

    exit_code = 2


class OutputError(click.ClickException):
    """A result that could not be written, for instance because the disk is full."""

    exit_code = 1

    def __init__(self, path: Path, error: Exception) -> None:
        super().__init__(f"could not write {str(path)!r}: {reason_of(error)}")


class StandardOutputError(click.ClickException):
    """A result that could not be printed."""

    exit_code = 1

    def __init__(self, error: OSError) -> None:
        super().__init__(f"could not write to standard output: {reason_of(error)}")


def reason_of(error: Exception) -> str:
    """Return why a file could not be read or written, in words."""
    return str(getattr(error, "strerror", None) or error)


def duration(text: str) -> float:
    """Return the seconds of a time above zero: 60s, 2m, 1.5h, or a number of seconds."""
    match = _DURATION.fullmatch(text.strip())
    seconds = float(match[1]) * _SECONDS[match[2]] if match else 0.0
    if not 0 < seconds < math.inf:
        raise click.BadParameter(f"{text!r} is not a time such as 60s, 2m or 1h")
    return seconds


def sizes(text: str) -> tuple[int, ...]:
    """Return the units of each hidden layer: 100, or 300,100."""
    parts = [part.strip() for part in text.split(",")]
    if not all(_SIZE.fullmatch(part) for part in parts):
        raise click.BadParameter(f"{text!r} is not a list of layer sizes such as 100 or 300,100")
    return tuple(int(part) for part in parts)


# Options that several commands have.
_READING = (
    click.option(
        "--delimiter",
        metavar="CHAR",
        help="What parts the columns of a CSV file: one character, or comma, semicolon, tab, bar "
        "or space.  [default: found out]",
    ),
    click.option(
        "--decimal",
        type=click.Choice([".", ","]),
        help="Decimal mark of a CSV file.  [default: found out]",
    ),
    click.option(
        "--encoding",
        metavar="NAME",
        help="Encoding of a CSV file, such as utf-8, latin-1, cp1252 or utf-16.  [default: found "
        "out]",
    ),
    click.option(
        "--header/--no-header",
        default=None,
        help="Whether the first row of a CSV file names the columns.  [default: found out]",
    ),
    click.option(
        "--drop",
        metavar="COL",
        multiple=True,
        help="Column to leave out; may be given several times, or as COL,COL. Columns without "
        "names are counted from 0.",
    ),
    click.option(
        "--missing",
        metavar="TEXT",
        multiple=True,
        help="Cell that stands for a missing value, beside empty ones, ?, NA, N/A, nan and null; "
        "may be given several times.",
    ),
)


def reading_options(command: Any) -> Any:
    """Add the options that say how a file is written; the command takes them as ``reading``.

    That is None where none is given, and then nothing is imported: Ctrl-C ends a command at once.
    """

    @functools.wraps(command)
    def with_reading(
        *,
        delimiter: str | None,
        decimal: str | None,
        encoding: str | None,
        header: bool | None,
        drop: tuple[str, ...],
        missing: tuple[str, ...],
        **others: Any,
    ) -> Any:
        given = delimiter, decimal, encoding, header, drop, missing
        if all(value is None or value == () for value in given):
            return command(reading=None, **others)
        from scratchcard.datasets import DataError, ReadingOptions

        try:
            reading = ReadingOptions(*given)
        except DataError as error:
            raise click.UsageError(str(error)) from error
        return command(reading=reading, **others)

    for option in reversed(_READING):
        with_reading = option(with_reading)
    return with_reading


target_option = click.option(
    "--target", metavar="COL", help="Column with the labels.  [default: the last]"
)
unread_target_option = click.option(
    "--target",
    metavar="COL",
    help="Column with the labels, or to leave out.  [default: the last; none unless labels are "
    "given]",
)
WEIGHTS = click.Choice(["uniform", "signed_constant", "kaiming_normal"])
hidden_option = click.option(
    "--hidden", type=sizes, metavar="N,…", default="100", show_default=True, help="Units per layer."
)
init_option = click.option(
    "--init",
    "weights",
    type=WEIGHTS,
    default="uniform",
    show_default=True,
    help="Family of the random weights.",
)
biases_option = click.option(
    "--biases", type=click.Choice(["uniform", "zero"]), default="uniform", show_default=True
)

threads_option = click.option(
    "--jobs", type=click.IntRange(min=1), help="Threads.  [default: all cores]"
)


def check_output(path: Path, option: str = "--out", /, **inputs: str | Path) -> None:
    """Raise click.UsageError unless a file can be written there. Nothing is left behind.

    option: what asks for the file. inputs: paths that are read, by the names of their arguments;
    the file must not be one of them.
    """
    folder = path.parent
    if not os.path.isdir(folder):
        raise click.UsageError(f"no folder {str(folder)!r} to write {path.name!r} into")
    if _is_there(path):
        if not path.is_file():
            raise click.UsageError(f"{str(path)!r} is there and not a file")
        if not os.access(path, os.W_OK):
            raise click.UsageError(f"{str(path)!r} is there and may not be overwritten")
        for name, read in inputs.items():
            if os.path.exists(read) and os.path.samefile(path, read):
                raise click.UsageError(f"{option} {str(path)!r} is the same file as {name}")
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        reason = error.strerror or error
        raise click.UsageError(f"cannot write into folder {str(folder)!r}: {reason}") from error


def _is_there(path: Path) -> bool:
    try:
        path.stat()
    except FileNotFoundError:
        return False
    except OSError as error:  # such as a name that is too long
        raise click.UsageError(f"cannot write {str(path)!r}: {error.strerror or error}") from error
    return True


def stem_of(data: str) -> str:
    """Return the name of a data set without suffixes, "" for standard input."""
    if data == "-":
        return ""
    path = Path(data)
    return Path(path.stem).stem if path.suffix.lower() == ".gz" else path.stem


def unused(path: Path) -> Path:
    """Return the path, or with -2, -3, ... before its suffix the first that is not there yet."""
    candidate, number = path, 2
    while os.path.exists(candidate):  # unlike Path's, False for a name that is too long
        candidate = path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1
    return candidate

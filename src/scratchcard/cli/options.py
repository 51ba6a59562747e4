"""Values and options of the command line, errors with their exit codes, checks of output files."""

from __future__ import annotations

import math
import os
import re
import tempfile
from pathlib import Path

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


def unused(path: Path) -> Path:
    """Return the path, or with -2, -3, ... before its suffix the first that is not there yet."""
    candidate, number = path, 2
    while os.path.exists(candidate):  # unlike Path's, False for a name that is too long
        candidate = path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1
    return candidate

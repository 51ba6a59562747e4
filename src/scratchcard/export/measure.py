"""What generated C takes on microcontrollers: it is compiled and linked with cross-compilers.

Flash is all that is in the program but its start: code, library functions that it calls, tables,
mask. RAM is static data and the stack that the functions of the header take, added up; the row
itself is the caller's and is not counted.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

__all__ = ["BOARDS", "STRICT", "Board", "LinkError", "Linked", "Size", "link", "measure"]


class Board(NamedTuple):
    """A microcontroller to compile for.

    Attributes
    ----------
    name : str
        What it is called.
    prefix : str
        What the names of its tools start with.
    package : str
        Debian's packages of its compiler.
    flags : tuple of str
        Options of the compiler.
    flash, ram : int
        Bytes that it has.
    doubles : bool
        Whether double has 64 bits.
    """

    name: str
    prefix: str
    package: str
    flags: tuple[str, ...]
    flash: int
    ram: int
    doubles: bool


BOARDS = (
    Board(
        "Cortex-M0",
        "arm-none-eabi-",
        "gcc-arm-none-eabi",
        ("-mcpu=cortex-m0", "-mthumb", "-ffreestanding"),
        32 << 10,
        4 << 10,
        True,
    ),
    Board(
        "AVR (ATmega328P)", "avr-", "gcc-avr avr-libc", ("-mmcu=atmega328p",), 32 << 10, 2048, False
    ),
)
"""The microcontrollers."""

STRICT = ("-Wall", "-Wextra", "-Werror", "-pedantic")
"""What generated C is compiled with: it may not give a warning."""

_FLAGS = ("-std=c99", "-Os", "-fstack-usage", "-ffunction-sections", "-fdata-sections")
_SECTIONS = ("-Wl,--gc-sections", "-nostartfiles", "-Wl,-e,entry")
_PROGRAM = """\
#include "ticket.h"
int entry(const {kind} *row);
int entry(const {kind} *row)
{{
    return {calls};
}}
"""


class Size(NamedTuple):
    """What a header takes on a board, in bytes; or why that is not known.

    Attributes
    ----------
    board : str
        The board's name.
    flash, ram : int or None
        Bytes.
    problem : str or None
        Why they are not known, or that they are more than the board has.
    """

    board: str
    flash: int | None
    ram: int | None
    problem: str | None = None


def measure(header: str, names: tuple[str, ...] = ("ticket",)) -> list[Size]:
    """Return what a header of :func:`scratchcard.export.c` takes on each board.

    Parameters
    ----------
    header : str
        The header.
    names : tuple of str
        The names in C of its tickets; a program that predicts with all of them is compiled.

    Returns
    -------
    list of Size
        One for each board.
    """
    return [_measured(board, header, names) for board in BOARDS]


def _measured(board: Board, header: str, names: tuple[str, ...]) -> Size:
    uses_doubles = "const double *row" in header
    if uses_doubles and not board.doubles and _has_tools(board):
        return Size(board.name, None, None, "double has 32 bits there: export with integers")
    kind = "double" if uses_doubles else f"{names[0]}_input"
    calls = " + ".join(f"{name}_predict(row)" for name in names)
    program = _PROGRAM.format(kind=kind, calls=calls)
    try:
        linked = link(board, {"ticket.h": header, "program.c": program})
    except LinkError as error:
        return Size(board.name, None, None, str(error))
    flash, ram = linked.flash, linked.ram
    if flash > board.flash or ram > board.ram:
        return Size(
            board.name, flash, ram, f"it does not fit: {flash} bytes of flash, {ram} of RAM"
        )
    return Size(board.name, flash, ram)


class LinkError(ValueError):
    """A program cannot be linked for a board; the message says why."""


class Linked(NamedTuple):
    """What a linked program takes, in bytes.

    Attributes
    ----------
    flash, ram : int
        All of it; RAM with the stack of its own functions.
    symbols : dict of str to int
        What each of its functions and tables takes in flash.
    """

    flash: int
    ram: int
    symbols: dict[str, int]


def link(
    board: Board,
    files: Mapping[str, str],
    flags: Sequence[str] = STRICT,
    libraries: Sequence[str] = (),
) -> Linked:
    """Compile ``program.c``, which defines ``entry``, and link it with what it calls.

    Parameters
    ----------
    board : Board
        What to compile for.
    files : mapping of str to str
        Texts by the names of their files; one is ``program.c``.
    flags : sequence of str
        What the compiler is told beside ``-Os`` and the board's own options.
    libraries : sequence of str
        Options that name libraries, such as ``-lm``.

    Returns
    -------
    Linked
        Its sizes.

    Raises
    ------
    LinkError
        If the compiler is not installed, or complains.
    """
    if not _has_tools(board):
        raise LinkError(f"{board.prefix}gcc is not installed ({board.package})")
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        for name, text in files.items():
            (at / name).write_text(text)
        command = [f"{board.prefix}gcc", *_FLAGS, *board.flags, *flags, *_SECTIONS]
        command += ["-Wl,--defsym=__heap_start=0", "program.c", "-o", "program.elf", *libraries]
        done = subprocess.run(command, cwd=at, capture_output=True, text=True)
        if done.returncode:
            raise LinkError(_reason(done.stderr))
        (sizes,) = _told(at, f"{board.prefix}size")[1:]
        text_bytes, data, bss = map(int, sizes.split()[:3])
        stack = sum(
            int(line.split("\t")[1])
            for file in at.glob("*.su")
            for line in file.read_text().splitlines()
        )
        listed = _told(at, f"{board.prefix}nm", "--print-size", "--radix=d")
    found = (line.split() for line in listed)
    symbols = {line[3]: int(line[1]) for line in found if len(line) == 4 and line[2] in "tTrRdD"}
    return Linked(text_bytes + data, data + bss + stack, symbols)


def _has_tools(board: Board) -> bool:
    return shutil.which(f"{board.prefix}gcc") is not None


def _told(folder: Path, tool: str, *options: str) -> list[str]:
    """Return the lines that a tool prints of the program."""
    command = [tool, *options, "program.elf"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def _reason(stderr: str) -> str:
    """Return what a compiler complains of first."""
    found = re.search(r"(?:error|region|overflowed)[^\n]*", stderr)
    return f"it does not compile: {found[0] if found else stderr.strip()[:200]}"

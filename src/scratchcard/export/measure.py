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
from pathlib import Path
from typing import NamedTuple

__all__ = ["BOARDS", "Board", "Size", "measure"]


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

_FLAGS = ("-std=c99", "-Os", "-Wall", "-Wextra", "-Werror", "-pedantic", "-fstack-usage")
_SECTIONS = ("-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections", "-nostartfiles")
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
    if shutil.which(f"{board.prefix}gcc") is None:
        return Size(board.name, None, None, f"{board.prefix}gcc is not installed ({board.package})")
    uses_doubles = "const double *row" in header
    if uses_doubles and not board.doubles:
        return Size(board.name, None, None, "double has 32 bits there: export with integers")
    kind = "double" if uses_doubles else f"{names[0]}_input"
    calls = " + ".join(f"{name}_predict(row)" for name in names)
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        (at / "ticket.h").write_text(header)
        (at / "program.c").write_text(_PROGRAM.format(kind=kind, calls=calls))
        command = [f"{board.prefix}gcc", *_FLAGS, *board.flags, *_SECTIONS, "-Wl,-e,entry"]
        command += ["-Wl,--defsym=__heap_start=0", "program.c", "-o", "program.elf"]
        done = subprocess.run(command, cwd=at, capture_output=True, text=True)
        if done.returncode:
            return Size(board.name, None, None, _reason(done.stderr))
        sizes = subprocess.run(
            [f"{board.prefix}size", "program.elf"],
            cwd=at,
            capture_output=True,
            text=True,
            check=True,
        )
        text, data, bss = map(int, sizes.stdout.splitlines()[1].split()[:3])
        stack = sum(
            int(line.split("\t")[1])
            for file in at.glob("*.su")
            for line in file.read_text().splitlines()
        )
    flash, ram = text + data, data + bss + stack
    if flash > board.flash or ram > board.ram:
        return Size(
            board.name, flash, ram, f"it does not fit: {flash} bytes of flash, {ram} of RAM"
        )
    return Size(board.name, flash, ram)


def _reason(stderr: str) -> str:
    """Return what a compiler complains of first."""
    found = re.search(r"(?:error|region|overflowed)[^\n]*", stderr)
    return f"it does not compile: {found[0] if found else stderr.strip()[:200]}"

"""What a person sees: the live progress line on standard error, and tables on standard output.

A standard error that cannot be written to, full or closed, never ends a command; a standard output
is an error with an exit code.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Self, cast

import click
from rich.cells import cell_len
from rich.console import Console
from rich.progress import Progress as Bar
from rich.progress import TextColumn
from rich.table import Column

from scratchcard.cli.options import StandardOutputError
from scratchcard.text import one_line, printable, shortened

if TYPE_CHECKING:
    from scratchcard.search import Progress

_REFRESH = 0.1  # seconds between two updates of the live line
_PLAIN = 10.0  # seconds between two lines where standard error is not a terminal
_FIRST = "preparing the search (the first one compiles the engine, which takes a while)"
_CLEAR = b"\r\x1b[2K\x1b[?25h"  # an empty line, and the cursor that the live line hides
_CELL = 1000  # characters of a table's cell


class ProgressLine:
    """A callback for a search, and the context in which its line is on the screen.

    On a terminal one line is kept up to date, and vanishes at the end. Elsewhere a plain line is
    written every ten seconds.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or _tolerant_console()
        self._bar: Bar | None = None
        self._next = 0.0

    def __enter__(self) -> Self:
        if self._console.is_terminal and not self._console.is_dumb_terminal:
            line = Column(no_wrap=True, overflow="ellipsis")
            text = TextColumn("{task.description}", markup=False, table_column=line)
            self._bar = Bar(text, console=self._console, auto_refresh=False, transient=True)
            self._task = self._bar.add_task(_FIRST, total=None)
            self._bar.start()
        else:
            self._next = time.monotonic() + _PLAIN
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar:
            self._bar.stop()

    def __call__(self, progress: Progress) -> bool:
        """Show how far the search is; never asks it to stop."""
        now = time.monotonic()
        if now < self._next:
            return False
        if self._bar:
            self._bar.update(self._task, description=describe(progress), refresh=True)
            self._next = now + _REFRESH
        else:
            self._console.print(describe(progress), soft_wrap=True, markup=False)
            self._next = now + _PLAIN
        return False


class _Tolerant:
    """A text stream that may break: what cannot be written to it is dropped."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        text = text.encode(encoding, "backslashreplace").decode(encoding)
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except (OSError, ValueError):
            _abandon(self._stream)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _tolerant_console() -> Console:
    """Return a console on standard error that never fails, even if that is closed or broken."""
    file = None if sys.stderr is None else cast("IO[str]", _Tolerant(sys.stderr))
    return Console(file=file, stderr=True, highlight=False)


def _abandon(stream: IO[str]) -> None:
    """Discard what a broken stream still holds, which Python would try to write again."""
    with contextlib.suppress(OSError, ValueError):  # a stream without a number, in memory
        number = os.open(os.devnull, os.O_WRONLY)
        os.dup2(number, stream.fileno())
        os.close(number)


def complain(message: str) -> None:
    """Print a message of one line on standard error, as this program's; never fails."""
    if sys.stderr is None:
        return
    stream = _Tolerant(sys.stderr)
    stream.write(f"scratchcard: {one_line(message)}\n")
    stream.flush()


def complain_of_notes(notes: str) -> None:
    """Print what was assumed in reading a file, if anything was; never fails."""
    if notes:
        complain(notes)


def complain_at_once(message: str) -> None:
    """Print a message like :func:`complain`, past all buffers and locks.

    It is for a process that ends now; the live line is removed.
    """
    clear = _CLEAR if os.isatty(2) else b""
    with contextlib.suppress(OSError):
        os.write(2, clear + f"scratchcard: {message}\n".encode())


def say(data: str | bytes) -> None:
    """Print on standard output.

    Parameters
    ----------
    data : str or bytes
        What to print; text gets a line end.

    Raises
    ------
    StandardOutputError
        If standard output cannot be written.
    """
    with _printing():
        click.echo(data, nl=isinstance(data, str))


def is_read_by_a_person() -> bool:
    """Return whether standard output is a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()


class _Output:
    """Standard output whose errors cannot be confused with those of a file."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with _printing():
            return self._stream.write(text)

    def flush(self) -> None:
        with _printing():
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def _printing() -> Iterator[None]:
    """Raise StandardOutputError for an OSError in the context: one of standard output."""
    try:
        yield
    except OSError as error:
        raise StandardOutputError(error) from error


@contextlib.contextmanager
def checked_output() -> Iterator[None]:
    """Raise StandardOutputError in the context where something cannot be printed."""
    if sys.stdout is None:
        yield
        return
    output = sys.stdout
    try:
        with contextlib.redirect_stdout(cast("IO[str]", _Output(output))):
            yield
    except StandardOutputError:
        _abandon(output)
        raise


def describe(progress: Progress) -> str:
    """Return one line that says how far a search is."""
    of_all = "" if progress.generations is None else f"/{progress.generations}"
    parts = [f"gen {progress.generation}{of_all}"]
    if 0 < progress.fraction <= 1:
        left = progress.seconds * (1 - progress.fraction) / progress.fraction
        parts.append(f"{clock(left)} left")
    parts.append(f"objective {progress.objective:.4f}")
    if progress.validation_accuracy is not None:
        parts.append(f"val {percent(progress.validation_accuracy)}")
    parts.append(f"density {percent(progress.density)}")
    parts.append(f"{thousands(progress.evaluations_per_second)}/s")
    return "  ".join(parts)


def percent(share: float) -> str:
    """Return a share of 1 in percent: 97.3 %, 9.82 %, 0.0512 %."""
    return f"{100 * share:.1f} %" if share >= 0.1 or share == 0 else f"{100 * share:.3g} %"


def clock(seconds: float) -> str:
    """Return a time as minutes:seconds, or hours:minutes:seconds."""
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}:{rest:02}"
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def thousands(rate: float) -> str:
    """Return a rate in few characters: 940, 12k, 3.1M."""
    if rate >= 1e6:
        return f"{rate / 1e6:.1f}M"
    return f"{rate / 1e3:.0f}k" if rate >= 1e4 else f"{rate:.0f}"


def print_table(rows: Sequence[tuple[str, str]]) -> None:
    """Print names and values in two columns on standard output, control characters as escapes."""
    width = max(len(name) for name, _ in rows)
    lines = [
        click.style(printable(name).ljust(width), bold=True)
        + f"  {shortened(printable(value), _CELL)}"
        for name, value in rows
    ]
    say("\n".join(lines))


def print_cells(header: Sequence[str], rows: Sequence[Sequence[str]], n_left: int = 1) -> None:
    """Print a table: its first columns to the left, all others to the right, no cell wrapped."""
    cells = [[shortened(printable(cell), _CELL) for cell in row] for row in (header, *rows)]
    widths = [max(map(cell_len, column)) for column in zip(*cells, strict=True)]
    lines = []
    for row in cells:
        pads = [" " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)]
        padded = [
            cell + pad if number < n_left else pad + cell
            for number, (cell, pad) in enumerate(zip(row, pads, strict=True))
        ]
        lines.append("  ".join(padded).rstrip())
    say("\n".join([click.style(lines[0], bold=True), *lines[1:]]))

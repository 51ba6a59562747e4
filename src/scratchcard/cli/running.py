"""What commands that do many runs share: their names, folder, workers, progress and interrupts."""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.progress import Progress

    from scratchcard.research.shared.results import Row

INTERRUPTED = 130
SECONDS_AS_ONE = 0.5  # signals that come so close together count as one

jobs_option = click.option(
    "--jobs",
    type=click.IntRange(1, 10_000),
    help="Runs at a time, each with one thread.  [default: 1; with --on ray as many as fit]",
)
on_option = click.option(
    "--on",
    type=click.Choice(["processes", "ray"]),
    default="processes",
    show_default=True,
    help="Where work is done: processes of this machine, or the Ray cluster of RAY_ADDRESS, else "
    "of `ray start` on this machine, else a new one here.",
)


def jobs_on(on: str, jobs: int | None) -> int | None:
    """Return how many runs go on at a time where nothing else is asked for; None for all that fit.

    Raises
    ------
    ImportError
        If Ray is asked for and not installed.
    """
    if on == "ray":
        from scratchcard.research.shared.libraries import require

        require("--on ray", "ray", extra="ray")
        return jobs
    return jobs or 1


def names(text: str) -> tuple[str, ...]:
    """Return the names of a list such as memetic,edge-popup@0.5."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def check_folder(folder: Path) -> None:
    """Make the folder; raise click.UsageError if nothing can be written into it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        reason = error.strerror or error
        raise click.UsageError(f"cannot write into folder {str(folder)!r}: {reason}") from error


def accuracy_of(row: Row) -> str:
    """Return how good a run is, in words."""
    return f"{100 * row['validation_accuracy']:.1f} % of validation rows"


def follow(
    rows: Iterable[Row],
    done: int,
    total: int,
    name: Callable[[Row], str],
    result: Callable[[Row], str] = accuracy_of,
) -> None:
    """Go through the runs as they are done, with a bar on a terminal and a line for each elsewhere.

    Parameters
    ----------
    rows : iterable of dict
        The runs that are done now.
    done, total : int
        How many were done before, and how many there are in all.
    name : callable
        Returns the name of a run, in words.
    result : callable
        Returns how good it is, in words.
    """
    with _bar() as bar:
        task = bar.add_task("starting", total=total, completed=done)
        for number, row in enumerate(rows, done + 1):
            text = f"{name(row)}: {result(row)} in {row['seconds']:.1f} s"
            bar.update(task, advance=1, description=text)
            if not bar.console.is_terminal:
                say(f"{number}/{total}  {text}")


def _bar() -> Progress:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True, highlight=False)
    return Progress(
        MofNCompleteColumn(),
        BarColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}", markup=False),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def say(text: str) -> None:
    """Print a line on standard error; if that is closed or full, no run is to be lost by it."""
    with contextlib.suppress(OSError):
        click.echo(text, err=True)


def say_interrupted(n_kept: int, folder: Path) -> None:
    """Say on standard error that finished runs are kept."""
    say(
        f"scratchcard: interrupted; {n_kept} runs are kept in {str(folder)!r}, and the same "
        "command goes on from there"
    )


class Interrupt:
    """A flag that says whether this process was asked to end; asked again, it ends at once.

    A signal handler that raises can do so anywhere: inside a compiler's callback, where the
    exception is lost, or while a file is written. This one only remembers; while there is nothing
    to lose, as when libraries are imported, it ends the process instead.
    """

    def __init__(self) -> None:
        self.nothing_to_lose = False
        self._since: float | None = None

    def __call__(self) -> bool:
        """Return whether a signal came."""
        return self._since is not None

    def check(self) -> None:
        """Raise KeyboardInterrupt if a signal came."""
        if self():
            raise KeyboardInterrupt

    def handle(self, number: int, frame: FrameType | None) -> None:
        """Remember that a signal came."""
        if self.nothing_to_lose:
            with contextlib.suppress(OSError):
                os.write(2, b"scratchcard: interrupted before there was a result\n")
            os._exit(INTERRUPTED)
        now = time.monotonic()
        if self._since is None:
            self._since = now
        elif now - self._since > SECONDS_AS_ONE:
            os._exit(INTERRUPTED)


@contextlib.contextmanager
def interruptible() -> Iterator[Interrupt]:
    """Catch Ctrl-C, a request to terminate and a lost connection, in the background too.

    A lost connection stays ignored where it is ignored already, as below ``nohup``. If a signal
    came, further ones are ignored when the context has been left: all that is done then is to end.

    Yields
    ------
    Interrupt
        Says whether a signal came.
    """
    interrupt = Interrupt()
    numbers = [signal.SIGINT, signal.SIGTERM]
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, interrupt.handle) for number in numbers}
    try:
        yield interrupt
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if interrupt() else handler)

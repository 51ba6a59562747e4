"""What commands that do many runs share: their names, folder, threads, progress and Ctrl-C."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.progress import Progress

    from scratchcard.research.ledger import Row

INTERRUPTED = 130

jobs_option = click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Runs at a time, each with one thread.",
)


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


def follow(rows: Iterable[Row], done: int, total: int, name: Callable[[Row], str]) -> None:
    """Take the runs as they are done, with a bar on a terminal and a line for each elsewhere.

    done : runs that were there before. name : of a run, in words.
    """
    with _bar() as bar:
        task = bar.add_task("starting", total=total, completed=done)
        for number, row in enumerate(rows, done + 1):
            text = (
                f"{name(row)}: {100 * row['validation_accuracy']:.1f} % of validation rows in "
                f"{row['seconds']:.1f} s"
            )
            bar.update(task, advance=1, description=text)
            if not bar.console.is_terminal:
                click.echo(f"{number}/{total}  {text}", err=True)


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


def say_interrupted(n_kept: int, folder: Path) -> None:
    """Say on standard error that finished runs are kept."""
    click.echo(
        f"scratchcard: interrupted; {n_kept} runs are kept in {str(folder)!r}, and the same "
        "command goes on from there",
        err=True,
    )


@contextmanager
def interruptible() -> Iterator[None]:
    """Turn Ctrl-C and a request to terminate into KeyboardInterrupt, in the background too.

    After one came, what is left is to say so, and to report: others are ignored until the process
    ends.
    """
    signals = (signal.SIGINT, signal.SIGTERM)
    then: list[Any] = [signal.signal(number, signal.default_int_handler) for number in signals]
    try:
        yield
    except KeyboardInterrupt:
        then = [signal.SIG_IGN for _ in signals]
        raise
    finally:
        for number, handler in zip(signals, then, strict=True):
            signal.signal(number, handler)

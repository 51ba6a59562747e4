"""``scratchcard compare``: methods side by side on one data set, with paired tests."""

from __future__ import annotations

import json
import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scratchcard.cli.options import InputError, OutputError, duration, sizes

if TYPE_CHECKING:
    from rich.progress import Progress

    from scratchcard.experiments.comparison import Comparison
    from scratchcard.experiments.ledger import Ledger, Row

INTERRUPTED = 130


def names(text: str) -> tuple[str, ...]:
    """Return the methods of a list such as memetic,edge-popup@0.5."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


@click.command(short_help="Compare methods on a data set.")
@click.argument("data")
@click.option("--target", metavar="COL", help="Column with the labels.  [default: the last]")
@click.option(
    "--hidden", type=sizes, metavar="N,…", default="100", show_default=True, help="Units per layer."
)
@click.option(
    "--init",
    "weights",
    type=click.Choice(["uniform", "signed_constant", "kaiming_normal"]),
    default="uniform",
    show_default=True,
    help="Family of the random weights.",
)
@click.option(
    "--biases", type=click.Choice(["uniform", "zero"]), default="uniform", show_default=True
)
@click.option(
    "--seeds",
    type=click.IntRange(1, 10_000),
    default=20,
    show_default=True,
    help="Random networks; each method searches every one.",
)
@click.option(
    "--methods",
    type=names,
    metavar="NAME[@DENSITY],…",
    default="memetic,ga,edge-popup,twin",
    show_default=True,
    help="The first is what the others are tested against.",
)
@click.option(
    "--max-density",
    type=float,
    default=0.1,
    show_default=True,
    help="Share of weights that may stay, for methods that have no @DENSITY.",
)
@click.option("--time", "seconds", type=duration, metavar="TIME", help="Of every run: 60s, 2m, 1h.")
@click.option("--generations", type=click.IntRange(min=1), help="Limit of evolution.")
@click.option("--evaluations", type=click.IntRange(min=1), help="Limit of evolution.")
@click.option("--epochs", type=click.IntRange(min=1), help="Limit of training and edge-popup.")
@click.option(
    "--controls",
    "controlled",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Seeds whose tickets are held against their controls.",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Runs at a time, each in a process of its own with one thread.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the results.  [default: DATA's name-comparison]",
)
@click.option("--format", type=click.Choice(["csv", "parquet"]), default="csv", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of tables.")
def compare(
    data: str,
    seconds: float | None,
    generations: int | None,
    evaluations: int | None,
    epochs: int | None,
    controlled: int,
    jobs: int,
    out: Path | None,
    format: str,
    as_json: bool,
    **settings: Any,
) -> int:
    """Compare methods on DATA, each on the same random networks.

    Methods: memetic (the search of `scratchcard find`); ga, ga-static and ga-adaptive (the paper's
    genetic algorithm); edge-popup and biprop (gradients choose the mask); twin (the same network,
    dense and trained); mlp (scikit-learn's). edge-popup, biprop and twin need the extra torch.

    Without limits every method works as long as it does by default; --time gives all of them but
    mlp the same. Search reads training rows, choosing reads validation rows, and test rows are read
    once, when a run is over. Every finished run is kept: the same command goes on after Ctrl-C, and
    more --seeds and --methods may be asked for later.
    """
    from scratchcard.experiments.comparison_report import check_libraries

    folder = out or Path(f"{Path(data).stem or 'data'}-comparison")
    try:
        check_libraries(format)
        from scratchcard.experiments.comparison import Comparison
        from scratchcard.experiments.methods import Effort

        effort = Effort(generations, evaluations, epochs, seconds)
        comparison = Comparison(data, effort=effort, **settings)
        comparison.check()
        check_folder(folder)
        ledger = comparison.ledger(folder)
    except (ValueError, ImportError) as error:
        raise InputError(str(error)) from error
    except OSError as error:
        raise OutputError(folder, error) from error
    try:
        with _interruptible():
            _run(comparison, ledger, jobs)
            if not as_json:
                click.echo("scratchcard: holding the ticket against its controls", err=True)
            controls = comparison.controls(ledger, controlled)
    except KeyboardInterrupt:
        click.echo(
            f"scratchcard: interrupted; {len(comparison.runs(ledger))} runs are kept in "
            f"{str(folder)!r}, and the same command goes on from there",
            err=True,
        )
        return INTERRUPTED
    except OSError as error:
        raise OutputError(folder, error) from error
    _report(comparison.runs(ledger), controls, folder, format, as_json)
    return 0


def check_folder(folder: Path) -> None:
    """Make the folder; raise click.UsageError if nothing can be written into it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        reason = error.strerror or error
        raise click.UsageError(f"cannot write into folder {str(folder)!r}: {reason}") from error


def _run(comparison: Comparison, ledger: Ledger, jobs: int) -> None:
    """Do the missing runs, with a bar on a terminal and a line for each elsewhere."""
    done = len(comparison.runs(ledger))
    total = done + comparison.missing(ledger)
    with _bar() as bar:
        task = bar.add_task("starting", total=total, completed=done)
        for row in comparison.run(ledger, jobs):
            done += 1
            text = (
                f"{row['method']}, seed {row['seed']}: {100 * row['validation_accuracy']:.1f} % "
                f"of validation rows in {row['seconds']:.1f} s"
            )
            bar.update(task, advance=1, description=text)
            if not bar.console.is_terminal:
                click.echo(f"{done}/{total}  {text}", err=True)


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


def _report(rows: list[Row], controls: list[Row], folder: Path, format: str, as_json: bool) -> None:
    from scratchcard.experiments import comparison_report as report
    from scratchcard.experiments.statistics import compared, described

    runs = report.frame(rows)
    try:
        paths = report.write(runs, controls, folder, format)
    except OSError as error:
        raise OutputError(folder, error) from error
    if not as_json:
        click.echo(report.plain(runs, controls))
        click.echo(f"\nwritten: {', '.join(map(str, paths))}")
        return
    found = {
        "methods": json.loads(described(runs).to_json(orient="index")),
        "tests": json.loads(compared(runs).to_json(orient="index")),
        "controls": controls,
        "runs": rows,
        "files": [os.fspath(path) for path in paths],
    }
    click.echo(json.dumps(found, indent=2, allow_nan=False))


@contextmanager
def _interruptible() -> Iterator[None]:
    """Turn Ctrl-C and a request to terminate into KeyboardInterrupt, in the background too.

    After one came, what is left is to say so: others are ignored until the process ends.
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

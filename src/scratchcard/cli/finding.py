"""``scratchcard find``: search a ticket for a data set, save it, and report on it."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from scratchcard.cli.console import ProgressLine, clock, percent, print_table
from scratchcard.cli.options import (
    InputError,
    OutputError,
    biases_option,
    check_output,
    duration,
    hidden_option,
    init_option,
    target_option,
    threads_option,
    unused,
)
from scratchcard.cores import usable_cores


@click.command(short_help="Find a ticket for a data set.")
@click.argument("data")
@target_option
@hidden_option
@click.option(
    "--max-density",
    type=float,
    help="Largest share of weights that may stay.  [default: 0.1; no limit if genetic]",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Of the random weights, and of the search.",
)
@click.option(
    "--search-seed",
    type=click.IntRange(0, 2**32 - 1),
    help="Of the search alone, to search the same weights again.  [default: the same as --seed]",
)
@click.option("--time", "seconds", type=duration, metavar="TIME", help="Stop after 60s, 2m, 1h.")
@click.option("--generations", type=click.IntRange(min=1), help="Stop after so many generations.")
@click.option("--evaluations", type=click.IntRange(min=1), help="Stop after so many candidates.")
@click.option(
    "--algorithm",
    type=click.Choice(["memetic", "genetic"]),
    default="memetic",
    show_default=True,
)
@click.option(
    "--objective",
    default="cross_entropy",
    show_default=True,
    help="What to optimise on the training rows: cross_entropy, accuracy, balanced_accuracy, "
    "macro_f1, brier or margin.",
)
@init_option
@biases_option
@click.option(
    "--activation",
    type=click.Choice(["relu", "step", "sign"]),
    default="relu",
    show_default=True,
)
@click.option(
    "--prune",
    type=click.Choice(["train", "validation"]),
    help="Afterwards scratch off what costs no accuracy on these rows.",
)
@click.option(
    "--augment",
    type=click.Choice(["shift"]),
    help="Search square images, half of them shifted by a pixel, anew each time rows are drawn; "
    "memetic only.",
)
@threads_option
@click.option(
    "--out",
    type=click.Path(path_type=Path, readable=False),
    help="Where to save the ticket.  [default: DATA's name.ticket, or -2, -3, … if it is there]",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
def find(
    data: str,
    target: str | None,
    seconds: float | None,
    generations: int | None,
    evaluations: int | None,
    jobs: int | None,
    out: Path | None,
    as_json: bool,
    **settings: Any,
) -> int:
    """Find a ticket for DATA and save it.

    DATA is a name (digits, iris, wine, breast_cancer, moons, circles, blobs, fashion-mnist,
    digits-2, blobs-5, …), a CSV, Parquet or NPZ file, or a folder with the four IDX files of
    MNIST's kind. The search reads training rows, choosing reads validation rows, and the test rows
    are read once, at the end. Ctrl-C or a limit ends the search with the best ticket so far.
    """
    out = out or unused(Path(f"{Path(data).stem or 'found'}.ticket"))
    check_output(out, DATA=data)

    from scratchcard.datasets import load
    from scratchcard.find import Search
    from scratchcard.search import Limits

    try:
        limits = Limits(generations=generations, evaluations=evaluations, seconds=seconds)
        search = Search(
            load(data, target), limits=limits, n_jobs=jobs or usable_cores(), **settings
        )
    except ValueError as error:
        raise InputError(str(error)) from error
    with _one_interrupt() as ignore_more:
        with ProgressLine() as progress:
            found = search.run([progress])
            ignore_more()
        try:
            found.ticket.save(out)
        except (OSError, ValueError) as error:
            raise OutputError(out, error) from error
        report = found.report() | {"ticket": str(out)}
    if as_json:
        click.echo(json.dumps(report, indent=2, allow_nan=False))
    else:
        print_table(summary(report))
    if not report["connected"]:
        click.echo(
            "scratchcard: no path leads from an input to an output, so the ticket answers the same "
            "for every row; try more weights or a longer search",
            err=True,
        )
    return 130 if report["stopped_by"] == "interrupt" else 0


def summary(report: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the names and values of the table at the end of a search."""
    rows = report["rows"]
    n_weights = round(report["surviving_weights"] / report["density"]) if report["density"] else 0
    return [
        ("ticket", f"{report['ticket']}, {report['ticket_bytes']} bytes"),
        (
            "network",
            f"{report['network']} {report['activation']}, {report['weights']} weights, "
            f"{report['biases']} biases, seed {report['seed']}",
        ),
        (
            "test accuracy",
            f"{percent(report['test_accuracy'])} of {rows['test']} rows "
            f"(always the commonest class: {percent(report['majority_accuracy'])})",
        ),
        (
            "validation accuracy",
            f"{percent(report['validation_accuracy'])} of {rows['validation']} rows",
        ),
        ("train accuracy", f"{percent(report['train_accuracy'])} of {rows['train']} rows"),
        (
            "density",
            f"{percent(report['density'])}, {report['surviving_weights']} of {n_weights} "
            f"weights ({percent(report['effective_density'])} on a path)",
        ),
        (
            "search",
            f"{report['algorithm']}, {report['generations']} generations, "
            f"{report['evaluations']:,} candidates in {clock(report['seconds'])} "
            f"({report['evaluations_per_second']:,.0f}/s)",
        ),
        ("stopped by", report["stopped_by"]),
    ]


@contextmanager
def _one_interrupt() -> Iterator[Callable[[], None]]:
    """Turn the first Ctrl-C, or request to terminate, into KeyboardInterrupt; ignore the others.

    So nothing comes between a found ticket and its file. Also where the shell that started this
    process in the background told it to ignore Ctrl-C. Yields a function that ignores the first.
    """
    signals = (signal.SIGINT, signal.SIGTERM)

    def ignore(*_: Any) -> None:
        for number in signals:
            signal.signal(number, signal.SIG_IGN)

    def interrupt(number: int, frame: Any) -> None:
        ignore()
        raise KeyboardInterrupt

    before = [signal.signal(number, interrupt) for number in signals]
    try:
        yield ignore
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)

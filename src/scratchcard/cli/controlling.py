"""``scratchcard controls``: a ticket beside everything that it must beat."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from scratchcard.cli.console import clock, complain_of_notes, percent
from scratchcard.cli.options import (
    InputError,
    duration,
    reading_options,
    target_option,
    threads_option,
)
from scratchcard.cli.using import load_ticket
from scratchcard.cores import usable_cores

if TYPE_CHECKING:
    from scratchcard.datasets import ReadingOptions
    from scratchcard.search.controls import Chance, Control

MEANING = {
    "ticket": "the ticket",
    "random": "random masks, as many survivors",
    "best of random": "the best of {} random masks",
    "shuffled": "its bits shuffled within each layer",
    "re-drawn": "its mask on other weights",
    "unmasked": "the network without a mask",
}


@click.command(short_help="Hold a ticket against random, shuffled and re-drawn controls.")
@click.argument("ticket", type=click.Path(path_type=Path))
@click.argument("data")
@target_option
@reading_options
@click.option(
    "--evaluations",
    type=click.IntRange(1, 10**12),
    default=100_000,
    show_default=True,
    metavar="N",
    help="Random masks to choose the best from; give as many as the search evaluated.",
)
@click.option(
    "--seconds",
    type=duration,
    default="60",
    show_default=True,
    metavar="TIME",
    help="Draw them for so long at most; the table says how many they were.",
)
@click.option(
    "--objective",
    default="accuracy",
    show_default=True,
    help="What chooses the best random mask, on the training rows.",
)
@click.option(
    "--draws",
    type=click.IntRange(1, 10_000),
    default=10,
    show_default=True,
    help="Masks, shuffles and networks of each other kind.",
)
@click.option("--test", is_flag=True, help="Read the test rows too: for a final report.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True)
@threads_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
def controls(
    *,
    ticket: Path,
    data: str,
    target: str | None,
    reading: ReadingOptions | None,
    evaluations: int,
    seconds: float,
    objective: str,
    draws: int,
    test: bool,
    seed: int,
    jobs: int | None,
    as_json: bool,
) -> None:
    """Hold TICKET against its controls on DATA, the data that it was found on.

    A strong ticket falls to chance when its bits are shuffled within each layer and when its
    weights are drawn again, and no luck reaches it. Accuracies are those of validation rows, and
    with --test of the test rows; ± is the standard deviation between draws.
    """
    loaded = load_ticket(ticket)
    click.echo(
        f"scratchcard: up to {evaluations:,} random masks, for up to {clock(seconds)}", err=True
    )

    from scratchcard.datasets import load
    from scratchcard.search.controls import chance
    from scratchcard.search.controls import controls as run

    try:
        dataset = load(data, target, "classes", reading)
        complain_of_notes(dataset.notes)
        found = run(
            loaded,
            dataset,
            evaluations=evaluations,
            seconds=seconds,
            objective=objective,
            draws=draws,
            test=test,
            seed=seed,
            n_jobs=jobs or usable_cores(),
        )
    except ValueError as error:
        raise InputError(str(error)) from error
    guess = chance(dataset, test=test)
    if as_json:
        report = {
            "ticket": str(ticket),
            "dataset": dataset.name,
            "objective": objective,
            "seed": seed,
            "chance": asdict(guess),
            "controls": [asdict(control) for control in found],
        }
        click.echo(json.dumps(report, indent=2, allow_nan=False))
    else:
        show(found, guess)


def show(found: list[Control], guess: Chance) -> None:
    """Print the table."""
    with_test = guess.commonest_test is not None
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("", no_wrap=True)
    for name in ("masks", "density", "on a path", "validation", *(["test"] if with_test else [])):
        table.add_column(name, justify="right", no_wrap=True)
    for control in found:
        cells = [
            MEANING[control.name].format(f"{control.chosen_from:,}"),
            str(control.masks),
            percent(control.density),
            percent(control.effective_density),
            spread(control.validation_accuracy, control.validation_deviation),
        ]
        if control.test_accuracy is not None:
            cells.append(spread(control.test_accuracy, control.test_deviation))
        table.add_row(*cells)
    chances = {
        "chance: one of the classes": (guess.one_of_n_classes, guess.one_of_n_classes),
        "chance: always the commonest": (guess.commonest_validation, guess.commonest_test),
    }
    for name, (validation, last) in chances.items():
        shown = [percent(validation), *([] if last is None or not with_test else [percent(last)])]
        table.add_row(name, "", "", "", *shown)
    Console(highlight=False, width=120).print(table)


def spread(mean: float, deviation: float | None) -> str:
    """Return a mean share and its deviation in percent: 10.2 ± 3.1 %."""
    if deviation is None:
        return percent(mean)
    return f"{100 * mean:.1f} ± {100 * deviation:.1f} %"

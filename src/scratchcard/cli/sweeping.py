"""``scratchcard sweep``: many independent searches, and the tickets that none beats."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from scratchcard.cli.console import complain_of_notes
from scratchcard.cli.goals import answers_option, said_to_be
from scratchcard.cli.layers import check_layers, image_shape_option, layers, units_if_dense
from scratchcard.cli.options import (
    WEIGHTS,
    InputError,
    OutputError,
    duration,
    reading_options,
    sizes,
    stem_of,
    target_option,
)
from scratchcard.cli.running import (
    INTERRUPTED,
    Interrupt,
    check_folder,
    follow,
    interruptible,
    jobs_on,
    jobs_option,
    names,
    on_option,
    say,
    say_interrupted,
)

if TYPE_CHECKING:
    from scratchcard.research.shared.results import Row
    from scratchcard.research.sweep import SweepRuns
    from scratchcard.ticket import Layer

V = TypeVar("V")


def values(one: Callable[[str], V], what: str) -> Callable[[str], tuple[V, ...]]:
    """Return what reads the values of a list such as 0.02,0.05; ``what`` names them."""

    def read(text: str) -> tuple[V, ...]:
        try:
            found = tuple(one(part) for part in names(text))
        except ValueError:
            found = ()
        if not found:
            raise click.BadParameter(f"{text!r} is not a list of {what}")
        return found

    return read


def _family(text: str) -> str:
    if text not in WEIGHTS.choices:
        raise ValueError
    return text


@click.command(short_help="Search many tickets, and show which none beats.")
@click.argument("data")
@target_option
@answers_option
@reading_options
@click.option(
    "--hidden",
    type=sizes,
    multiple=True,
    metavar="N,…",
    help="Units per layer; may be given several times.  [default: as find chooses]",
)
@click.option(
    "--layers",
    type=layers,
    multiple=True,
    metavar="LAYER,…",
    help="Layers beside or instead of --hidden, such as conv32x3s2,conv64x3p2,dense, as for find; "
    "may be given several times.",
)
@image_shape_option
@click.option(
    "--init",
    type=values(_family, f"families such as {','.join(WEIGHTS.choices)}"),
    metavar="NAME,…",
    help="Families of the random weights.  [default: as find chooses]",
)
@click.option(
    "--max-density",
    type=values(float, "densities such as 0.02,0.05,0.1"),
    metavar="SHARE,…",
    help="Largest shares of weights that may stay.  [default: as find chooses]",
)
@click.option(
    "--max-bytes",
    type=values(int, "sizes in bytes such as 200,400,800"),
    metavar="N,…",
    help="Most bytes of the files, instead of --max-density.",
)
@click.option(
    "--seeds",
    type=click.IntRange(1, 10_000),
    default=5,
    show_default=True,
    help="Random networks for each combination.",
)
@click.option(
    "--algorithm",
    type=click.Choice(["memetic", "genetic"]),
    default="memetic",
    show_default=True,
)
@click.option("--time", "seconds", type=duration, metavar="TIME", help="Of every run: 60s, 2m, 1h.")
@click.option("--generations", type=click.IntRange(min=1), help="Of every run, at most.")
@click.option("--evaluations", type=click.IntRange(min=1), help="Of every run, at most.")
@click.option(
    "--prune",
    type=click.Choice(["train", "validation"]),
    help="Afterwards scratch off what costs no accuracy on these rows.",
)
@jobs_option
@on_option
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of tickets and results.  [default: DATA's name-sweep]",
)
@click.option("--format", type=click.Choice(["csv", "parquet"]), default="csv", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of tables.")
def sweep(
    *,
    data: str,
    are_classes: bool | None,
    hidden: tuple[tuple[int, ...], ...],
    layers: tuple[tuple[Layer, ...], ...],
    seconds: float | None,
    generations: int | None,
    evaluations: int | None,
    jobs: int | None,
    on: str,
    out: Path | None,
    format: str,
    as_json: bool,
    **settings: Any,
) -> int:
    """Search DATA with all combinations of settings, each from several random networks.

    Every run is a search as `scratchcard find` makes it; what is left open is chosen by each on
    its own. The report shows the runs of each combination, and the front: the tickets that no
    other beats in both bytes and score on validation rows. Test rows are read once, when all runs
    are over, for the tickets of the front alone; they choose nothing.

    Every finished run and its ticket are kept, and a run that goes on is saved every 30 seconds:
    the same command goes on after Ctrl-C or kill -9. More --seeds and other values may be asked for
    later; what has been done is not done again.
    """
    check_layers([one for each in layers for one in each], image_shape=settings["image_shape"])
    settings["hidden"] = (*hidden, *map(units_if_dense, layers))
    folder = out or Path(f"{stem_of(data) or 'data'}-sweep")
    given = {name: value for name, value in settings.items() if value is not None}
    given |= {"data": data, "answers": said_to_be(are_classes)}
    limits = {"generations": generations, "evaluations": evaluations, "seconds": seconds}
    runs: SweepRuns | None = None
    try:
        with interruptible() as interrupt:
            interrupt.nothing_to_lose = True
            _require_libraries()
            jobs = jobs_on(on, jobs)
            runs = _prepared(folder, limits, given, interrupt)
            for run in runs.lost:
                say(f"scratchcard: {_name(run)} is done again, for its ticket cannot be read")
            found = runs.run(jobs, interrupt, on)
            follow(found, runs.sweep.total - runs.missing, runs.sweep.total, _name, _result)
            _report(runs, folder, format, as_json)
            interrupt.check()
    except KeyboardInterrupt:
        if runs is None:
            raise click.Abort from None
        say_interrupted(len(runs.rows), folder)
        return INTERRUPTED
    except ImportError as error:
        raise InputError(str(error)) from error
    except OSError as error:
        raise OutputError(folder, error) from error
    return 0


def _require_libraries() -> None:
    from scratchcard.research.shared.libraries import require
    from scratchcard.research.sweep.tables import LIBRARIES

    require("sweep", *LIBRARIES)


def _prepared(
    folder: Path, limits: dict[str, Any], settings: dict[str, Any], interrupt: Interrupt
) -> SweepRuns:
    """Check everything and open the folder."""
    from scratchcard.research.sweep import Sweep, SweepRuns
    from scratchcard.search import Limits

    try:
        grid = Sweep(limits=Limits(**limits), **settings)
        grid.check()
        complain_of_notes(grid.dataset.notes)
        interrupt.nothing_to_lose = False
        check_folder(folder)
        return SweepRuns(grid, folder)
    except ValueError as error:
        raise InputError(str(error)) from error


def _name(run: Row) -> str:
    from scratchcard.research.sweep.cases import in_words

    return in_words(run)


def _result(run: Row) -> str:
    from scratchcard.research.sweep.tables import score_in_words

    return f"{score_in_words(run)}, {run['bytes']} bytes"


def _report(runs: SweepRuns, folder: Path, format: str, as_json: bool) -> None:
    from scratchcard.research.sweep.tables import grouped, plain_report, write

    rows, front = runs.rows, runs.front()
    paths = write(rows, front, folder, format)
    if not as_json:
        click.echo(plain_report(rows, front))
        click.echo(f"\nwritten: {', '.join(map(str, paths))}")
        return
    found = {
        "score": "accuracy" if rows[0]["answers"] == "classes" else "r2",
        "combinations": grouped(rows),
        "front": front,
        "runs": rows,
        "files": [os.fspath(path) for path in paths],
    }
    click.echo(json.dumps(found, indent=2, allow_nan=False))

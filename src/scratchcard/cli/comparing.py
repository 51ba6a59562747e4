"""``scratchcard compare``: methods side by side on one data set, with paired tests."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scratchcard.cli.options import (
    InputError,
    OutputError,
    biases_option,
    duration,
    hidden_option,
    init_option,
    target_option,
)
from scratchcard.cli.running import (
    INTERRUPTED,
    check_folder,
    follow,
    interruptible,
    jobs_option,
    names,
    say_interrupted,
)

if TYPE_CHECKING:
    from scratchcard.research.ledger import Row


@click.command(short_help="Compare methods on a data set.")
@click.argument("data")
@target_option
@hidden_option
@init_option
@biases_option
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
@jobs_option
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
    from scratchcard.research.comparison_report import LIBRARIES
    from scratchcard.research.libraries import require

    folder = out or Path(f"{Path(data).stem or 'data'}-comparison")
    try:
        require("compare", *LIBRARIES)
        if format == "parquet":
            require("Parquet", "pyarrow", extra="parquet")
        from scratchcard.research.arena import Effort
        from scratchcard.research.comparison import Comparison

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
        with interruptible():
            n_done, n_missing = len(comparison.runs(ledger)), comparison.missing(ledger)
            follow(comparison.run(ledger, jobs), n_done, n_done + n_missing, _name)
            if not as_json:
                click.echo("scratchcard: holding the ticket against its controls", err=True)
            controls = comparison.controls(ledger, controlled)
    except KeyboardInterrupt:
        say_interrupted(len(comparison.runs(ledger)), folder)
        return INTERRUPTED
    except OSError as error:
        raise OutputError(folder, error) from error
    _report(comparison.runs(ledger), controls, folder, format, as_json)
    return 0


def _name(run: Row) -> str:
    return f"{run['method']}, seed {run['seed']}"


def _report(rows: list[Row], controls: list[Row], folder: Path, format: str, as_json: bool) -> None:
    from scratchcard.research import comparison_report as report
    from scratchcard.research.statistics import compared, described

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

"""``scratchcard landscape``: what a search sees of each metric, and which metric guides it best."""

from __future__ import annotations

import json
import shlex
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scratchcard.cli.console import clock, complain_of_notes
from scratchcard.cli.options import (
    InputError,
    OutputError,
    biases_option,
    hidden_option,
    init_option,
    reading_options,
    target_option,
    threads_option,
)
from scratchcard.cli.running import check_folder, names, say
from scratchcard.cores import usable_cores

if TYPE_CHECKING:
    from pandas import DataFrame

    from scratchcard.datasets import ReadingOptions


@click.command(short_help="Analyse the landscapes of metrics.")
@click.argument("data")
@target_option
@reading_options
@hidden_option
@click.option(
    "--max-density",
    type=float,
    default=0.1,
    show_default=True,
    help="Largest share of weights that may stay.",
)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True)
@click.option(
    "--evaluations",
    type=click.IntRange(min=100),
    default=100_000,
    show_default=True,
    help="Candidates that each search decides.",
)
@click.option(
    "--runs",
    type=click.IntRange(1, 1000),
    default=3,
    show_default=True,
    help="Searches guided by each metric, on the same weights.",
)
@click.option(
    "--metrics",
    type=names,
    metavar="NAME,…",
    default="accuracy,balanced_accuracy,cross_entropy,scaled_cross_entropy,brier,margin",
    show_default=True,
)
@init_option
@biases_option
@click.option(
    "--plane",
    type=click.Choice(["tickets", "random"]),
    default="tickets",
    show_default=True,
    help="What spans the picture: tickets of two other searches, or two random masks.",
)
@click.option(
    "--sweep",
    type=click.Choice(["classes", "network"]),
    help="Study every class count of digits or blobs, or hidden layers 20; 75; 100; 50,50.",
)
@threads_option
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for CSV files, a summary in Markdown and pictures.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of tables.")
def landscape(
    *,
    data: str,
    target: str | None,
    reading: ReadingOptions | None,
    seed: int,
    evaluations: int,
    runs: int,
    metrics: tuple[str, ...],
    plane: str,
    sweep: str | None,
    jobs: int | None,
    out: Path | None,
    as_json: bool,
    **settings: Any,
) -> int:
    """Analyse the landscapes of metrics over the masks of one network for DATA.

    For each metric: exact statistics of all one-flip neighbours along a search, at its ticket and
    at random masks; whether the ticket is a local optimum; random walks; fitness-distance
    correlation; a plane of masks; and the accuracy that a search reaches with it. Search reads
    training rows, validation rows only measure, and test rows are never read.

    digits takes about a minute on one core. A sweep does all but the plane for 5 class counts of
    digits (a few minutes), 9 of blobs or 4 networks, the more so the more rows there are: blobs
    have up to 31,875 and want fewer --evaluations.
    """
    from scratchcard.datasets import load
    from scratchcard.find import Search
    from scratchcard.research.landscape import Settings, Study, sweep_cases
    from scratchcard.research.landscape.tables import LIBRARIES, merged, summaries, write
    from scratchcard.research.shared.libraries import require

    began = time.perf_counter()
    try:
        require("landscape", *LIBRARIES)
        thorough = Settings(
            metrics=metrics,
            evaluations=evaluations,
            runs=runs,
            plane=None if sweep else plane,
        )
        dataset = load(data, target, "classes", reading)
        complain_of_notes(dataset.notes)
        search = Search(
            dataset,
            seed=seed,
            n_jobs=jobs or usable_cores(),
            **settings,
        )
        studies = [Study(case, thorough) for case in sweep_cases(data, sweep, search)]
        if out is not None:
            check_folder(out)
    except (ValueError, ImportError) as error:
        raise InputError(str(error)) from error
    tables = merged([study.run(say) for study in studies])
    seconds = time.perf_counter() - began
    facts = {
        "command": shlex.join(["scratchcard", *sys.argv[1:]]),
        "seed": seed,
        "evaluations of each search": f"{evaluations:,}",
        "time": clock(seconds),
    }
    if out is not None:
        try:
            write(tables, out, facts)
        except OSError as error:
            raise OutputError(out, error) from error
    if as_json:
        click.echo(json.dumps(facts | {"seconds": seconds} | tables, indent=1, default=float))
    else:
        for title, table in summaries(tables).items():
            _show(title, table)
        where = "" if out is None else f"; tables and pictures are in {out}"
        click.echo(f"{clock(seconds)} in all{where}")
    return 0


def _show(title: str, table: DataFrame) -> None:
    """Print a table; columns that say the same in every row go into its title."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    same = [name for name in ("data", "network") if table[name].nunique() == 1]
    about = " ".join(str(table[name].iloc[0]) for name in same)
    shown = table.drop(columns=same if same else "network")  # a data set has its network
    grid = Table(title=f"{title}: {about}" if about else title, title_justify="left")
    grid.box, grid.padding = SIMPLE_HEAD, (0, 1, 0, 0)
    for name in shown:
        is_name = name in ("data", "network", "metric")
        grid.add_column(str(name), justify="left" if is_name else "right", no_wrap=name == "metric")
    for row in shown.astype(str).itertuples(index=False):
        grid.add_row(*row)
    Console().print(grid)

"""``scratchcard reproduce paper``: every experiment of the paper, run again, and its claims."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scratchcard.cli.console import clock
from scratchcard.cli.options import InputError, OutputError
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
    from scratchcard.research.ledger import Ledger, Row
    from scratchcard.research.paper.runs import Reproduction


@click.group(short_help="Run published experiments again.")
def reproduce() -> None:
    """Run published experiments again."""


@reproduce.command(short_help="The experiments of arXiv 2508.08877.")
@click.option("--quick", is_flag=True, help="Short runs: half an hour on two cores.")
@click.option(
    "--only",
    "experiments",
    type=names,
    metavar="NAME,…",
    help="Of moons, circles, digits, digits-2, classes, blobs.  [default: all]",
)
@click.option(
    "--methods",
    type=names,
    metavar="NAME,…",
    help="Of memetic, memetic-signed, ga, ga-adaptive, edge-popup@0.5, edge-popup@ga, signed@0.5, "
    "signed@ga, mlp, twin.  [default: all]",
)
@click.option(
    "--seeds", type=click.IntRange(1, 10_000), help="Of every case.  [default: 25; 3 if --quick]"
)
@click.option("--generations", type=click.IntRange(min=1), help="At most so many, of evolution.")
@click.option("--epochs", type=click.IntRange(min=1), help="At most so many, of descents.")
@jobs_option
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the results.  [default: paper-reproduction, or paper-reproduction-quick]",
)
@click.option(
    "--into",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Markdown file to put the report of all runs into, between its marks, as docs/paper.md.",
)
def paper(quick: bool, jobs: int, out: Path | None, into: Path | None, **settings: Any) -> int:
    """Run every experiment of "Towards Scalable Lottery Ticket Networks using Genetic Algorithms".

    Moons and circles on four networks; digits, all ten and the first two, on four networks; digits
    and blobs with two to ten classes. The paper's genetic algorithm, edge-popup (on uniform weights
    and on signed-constant ones, at half of the weights and at the GA's own density), training, and
    the memetic search (on both kinds of weights), all from the same random networks. The report
    holds the paper's claims against the runs.

    Every finished run is kept: the same command goes on after Ctrl-C, and more --seeds, --methods
    and --only may be asked for later. Short runs come first.
    """
    folder = out or Path("paper-reproduction-quick" if quick else "paper-reproduction")
    chosen = {name: value for name, value in settings.items() if value is not None}
    try:
        from scratchcard.research.libraries import require

        require("reproduce", "pandas", "matplotlib", "statsmodels", "tabulate")
        from scratchcard.research.paper.report import check_page
        from scratchcard.research.paper.runs import Reproduction

        reproduction = Reproduction(quick, **chosen)
        if reproduction.needs_torch:
            _check_torch()
        if into is not None:
            check_page(into)
        check_folder(folder)
        ledger = reproduction.ledger(folder)
    except (ValueError, ImportError) as error:
        raise InputError(str(error)) from error
    except OSError as error:
        raise OutputError(folder, error) from error
    interrupted = False
    try:
        with interruptible():
            _run(reproduction, ledger, jobs)
    except KeyboardInterrupt:
        interrupted = True
        say_interrupted(len(reproduction.rows(ledger)), folder)
    except OSError as error:
        raise OutputError(folder, error) from error
    _report(reproduction, ledger, folder, None if interrupted else into)
    return INTERRUPTED if interrupted else 0


def _check_torch() -> None:
    from importlib.util import find_spec

    if find_spec("torch") is None:
        raise ImportError(
            "edge-popup and twin need torch: pip install 'scratchcard[torch]', or leave them out "
            "with --methods memetic,memetic-signed,ga,ga-adaptive,mlp"
        )


def _run(reproduction: Reproduction, ledger: Ledger, jobs: int) -> None:
    """Do the missing runs, and say before how long they take."""
    done, total = len(reproduction.rows(ledger)), reproduction.total
    began = time.monotonic()
    if done < total:
        seconds = reproduction.missing_seconds(ledger)
        click.echo(
            f"scratchcard: {total - done} of {total} runs to do, about {spoken(seconds)} of one "
            f"core, {spoken(seconds / jobs)} with --jobs {jobs}; give or take a factor of two",
            err=True,
        )
    follow(reproduction.run(ledger, jobs), done, total, _name)
    click.echo(f"scratchcard: done in {clock(time.monotonic() - began)}", err=True)


def _name(run: Row) -> str:
    return f"{run['data']} {run['network']}, {run['method']}, seed {run['seed']}"


def spoken(seconds: float) -> str:
    """A time in the unit that suits it: 26 minutes, 4.5 hours, 3.1 days."""
    for unit, size in (("days", 86_400), ("hours", 3600)):
        if seconds >= 2 * size:
            return f"{seconds / size:.3g} {unit}"
    minutes = max(1, round(seconds / 60))
    return f"{minutes} minute{'s' if minutes > 1 else ''}"


def _report(reproduction: Reproduction, ledger: Ledger, folder: Path, into: Path | None) -> None:
    """Write what there is, and say how the claims stand."""
    from scratchcard.research.paper import claims, report
    from scratchcard.research.paper.tables import frame

    rows = reproduction.rows(ledger)
    if not rows:
        return
    try:
        paths = report.write(reproduction, rows, folder)
        if into is not None:
            paths += report.insert(folder, into)
    except OSError as error:
        raise OutputError(folder, error) from error
    runs = frame(rows)
    for claim in (*claims.paper_claims(runs), *claims.targets(runs)):
        if claim.verdict != claims.NOT_RUN:
            figures = f" ({claim.figures})" if claim.figures else ""
            memetic = f"; memetic: {claim.memetic}" if claim.memetic else ""
            click.echo(f"{claim.verdict}{memetic}: {claim.text}{figures}")
    click.echo(f"\nwritten: {', '.join(map(str, paths))}")

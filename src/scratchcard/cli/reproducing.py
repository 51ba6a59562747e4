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
    from scratchcard.research.paper.runs import ReproductionRuns
    from scratchcard.research.shared.results import Row


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
@on_option
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
def paper(
    quick: bool, jobs: int | None, on: str, out: Path | None, into: Path | None, **settings: Any
) -> int:
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
    runs: ReproductionRuns | None = None
    try:
        with interruptible() as interrupt:
            interrupt.nothing_to_lose = True
            jobs = jobs_on(on, jobs)
            runs = _prepared(quick, folder, into, chosen, interrupt)
            try:
                _run(runs, jobs, on, interrupt)
            except KeyboardInterrupt:
                say_interrupted(len(runs.rows), folder)
                _report(runs, folder, None)
                return INTERRUPTED
            _report(runs, folder, into)
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


def _prepared(
    quick: bool,
    folder: Path,
    into: Path | None,
    settings: dict[str, Any],
    interrupt: Interrupt,
) -> ReproductionRuns:
    """Check everything and open the folder."""
    from scratchcard.research.shared.libraries import require

    require("reproduce", "pandas", "matplotlib", "statsmodels", "tabulate")
    from scratchcard.research.paper.report import check_page
    from scratchcard.research.paper.runs import Reproduction, ReproductionRuns

    try:
        reproduction = Reproduction(quick, **settings)
        if reproduction.needs_torch:
            _check_torch()
        if into is not None:
            check_page(into)
        interrupt.nothing_to_lose = False
        check_folder(folder)
        return ReproductionRuns(reproduction, folder)
    except ValueError as error:
        raise InputError(str(error)) from error


def _check_torch() -> None:
    from importlib.util import find_spec

    if find_spec("torch") is None:
        raise ImportError(
            "edge-popup and twin need torch: pip install 'scratchcard[torch]', or leave them out "
            "with --methods memetic,memetic-signed,ga,ga-adaptive,mlp"
        )


def _run(runs: ReproductionRuns, jobs: int | None, on: str, interrupt: Interrupt) -> None:
    """Do the missing runs, and say before how many they are."""
    done, total = len(runs.rows), runs.reproduction.total
    began = time.monotonic()
    if done < total:
        seconds, estimate = runs.missing_seconds(), ""
        if seconds is not None:
            estimate = f"; judging by those which are done, about {spoken(seconds)} of one core"
            if jobs is not None:
                estimate += f", {spoken(seconds / jobs)} with --jobs {jobs}"
        say(f"scratchcard: {total - done} of {total} runs to do{estimate}")
    follow(runs.run(jobs, interrupt, on), done, total, _name)
    say(f"scratchcard: done in {clock(time.monotonic() - began)}")


def _name(run: Row) -> str:
    return f"{run['data']} {run['network']}, {run['method']}, seed {run['seed']}"


def spoken(seconds: float) -> str:
    """Return a time in the unit that suits it: 26 minutes, 4.5 hours, 3.1 days."""
    for unit, size in (("days", 86_400), ("hours", 3600)):
        if seconds >= 2 * size:
            return f"{seconds / size:.3g} {unit}"
    minutes = max(1, round(seconds / 60))
    return f"{minutes} minute{'s' if minutes > 1 else ''}"


def _report(runs: ReproductionRuns, folder: Path, into: Path | None) -> None:
    """Write the report on the runs that are done, and say how the claims stand."""
    from scratchcard.research.paper import report
    from scratchcard.research.paper.claims import NOT_RUN, paper_claims
    from scratchcard.research.paper.tables import PRUNED_FIELDS
    from scratchcard.research.shared.words import frame

    rows = runs.rows
    if not rows:
        return
    paths = report.write(runs.reproduction, rows, folder)
    if into is not None:
        paths += report.insert(folder, into)
    for claim in paper_claims(frame(rows, PRUNED_FIELDS)):
        if claim.verdict != NOT_RUN:
            figures = f" ({claim.figures})" if claim.figures else ""
            memetic = f"; memetic: {claim.memetic}" if claim.memetic else ""
            click.echo(f"{claim.verdict}{memetic}: {claim.text}{figures}")
    click.echo(f"\nwritten: {', '.join(map(str, paths))}")

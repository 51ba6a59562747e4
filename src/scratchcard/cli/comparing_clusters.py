"""``scratchcard compare --labels none``: clusterers side by side, judged by labels at the end."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scratchcard.cli.console import complain_of_notes
from scratchcard.cli.options import InputError, OutputError
from scratchcard.cli.running import (
    INTERRUPTED,
    Interrupt,
    check_folder,
    follow,
    interruptible,
    jobs_on,
    say,
    say_interrupted,
)

if TYPE_CHECKING:
    from scratchcard.research.clusters import ClusterRuns
    from scratchcard.research.shared.results import Row

METHODS = "ticket,kmeans,gaussian,spectral,ward,umap"


def compare_clusters(
    data: str,
    folder: Path,
    where: tuple[int | None, str],
    format: str,
    as_json: bool,
    settings: dict[str, Any],
) -> int:
    """Compare clusterers on the data, and return the exit code.

    ``where`` is the number of jobs and the backend.
    """
    jobs, on = where
    runs: ClusterRuns | None = None
    try:
        with interruptible() as interrupt:
            interrupt.nothing_to_lose = True
            _require_libraries()
            jobs = jobs_on(on, jobs)
            runs = _prepared(data, folder, settings, interrupt)
            for run in runs.lost:
                say(f"scratchcard: {_name(run)} is done again, for its ticket cannot be read")
            found = runs.run(jobs, interrupt, on)
            follow(found, runs.total - runs.missing, runs.total, _name, _result)
            _report(runs.rows, folder, format, as_json)
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
    from scratchcard.research.clusters.tables import LIBRARIES
    from scratchcard.research.shared.libraries import require

    require("compare", *LIBRARIES)


def _prepared(
    data: str, folder: Path, settings: dict[str, Any], interrupt: Interrupt
) -> ClusterRuns:
    """Check everything and open the folder."""
    from scratchcard.research.clusters import ClusterComparison, ClusterRuns

    try:
        comparison = ClusterComparison(data, **settings)
        comparison.check()
        complain_of_notes(comparison.rows.notes)
        interrupt.nothing_to_lose = False
        check_folder(folder)
        return ClusterRuns(comparison, folder)
    except ValueError as error:
        raise InputError(str(error)) from error


def _name(run: Row) -> str:
    return f"{run['method']}, seed {run['seed']}"


def _result(run: Row) -> str:
    return f"accuracy {100 * run['accuracy']:.1f} %, NMI {run['nmi']:.3f}"


def _report(rows: list[Row], folder: Path, format: str, as_json: bool) -> None:
    from scratchcard.research.clusters.tables import MEASURES, compared_by, plain_report, write
    from scratchcard.research.shared.statistics import described
    from scratchcard.research.shared.words import frame

    runs = frame(rows)
    paths = write(runs, folder, format)
    if not as_json:
        click.echo(plain_report(runs))
        click.echo(f"\nwritten: {', '.join(map(str, paths))}")
        return
    found = {
        "methods": {
            measure: json.loads(described(runs, measure).to_json(orient="index"))
            for measure in MEASURES
        },
        "tests": {
            measure: json.loads(compared_by(runs, measure).to_json(orient="index"))
            for measure in MEASURES
        },
        "runs": rows,
        "files": [os.fspath(path) for path in paths],
    }
    click.echo(json.dumps(found, indent=2, allow_nan=False))

"""Runs a comparison of clusterers: every run and its ticket are kept in one folder once it is done.

A comparison goes on from what it finds in its folder. Labels are read here alone, when a run is
over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from scratchcard.files import write_whole
from scratchcard.research.clusters.cases import ClusterComparison, Job, RowsOfStudy
from scratchcard.research.clusters.measures import judged
from scratchcard.research.clusters.methods import Clustered, Given, method_of
from scratchcard.research.shared.results import Results, Row
from scratchcard.ticket import Ticket, TicketError
from scratchcard.workers import never, run_all

TICKETS = "tickets"


class ClusterRuns:
    """The runs of a comparison of clusterers in a folder.

    A run whose ticket is missing or damaged counts as not done; ``lost`` says which those are.

    Parameters
    ----------
    comparison : ClusterComparison
        What is compared. A folder may already hold runs of other methods and more seeds.
    folder : Path
        Where runs and tickets are kept.

    Raises
    ------
    ValueError
        If the folder has runs of other settings.
    OSError
        If it cannot be written.
    """

    def __init__(self, comparison: ClusterComparison, folder: Path) -> None:
        self.comparison = comparison
        self.folder = folder
        self.results = Results(folder, comparison.settings(), ("method", "seed"))
        (folder / TICKETS).mkdir(exist_ok=True)
        for unfinished in (folder / TICKETS).glob(".*.tmp"):  # by a command that was killed
            unfinished.unlink()
        self.lost = self._without_ticket()
        for row in self.lost:
            self.results.forget(row)

    @property
    def rows(self) -> list[Row]:
        """Finished runs of these methods and seeds, seed by seed."""
        keys = (job.key for job in self.comparison.jobs())
        return [self.results.rows[self.results.key(key)] for key in keys if key in self.results]

    @property
    def total(self) -> int:
        """How many runs there are when all are done."""
        return len(list(self.comparison.jobs()))

    @property
    def missing(self) -> int:
        """How many runs are still to be done."""
        return self.total - len(self.rows)

    def run(
        self, n_jobs: int | None = 1, stop: Callable[[], bool] = never, on: str = "processes"
    ) -> Iterator[Row]:
        """Do what is missing; each run is on disk before it is yielded.

        Parameters
        ----------
        n_jobs : int or None
            How many runs go on at a time, each with one thread; None for one a processor.
        stop : callable
            When it returns True, KeyboardInterrupt is raised.
        on : str
            Where runs are done, see :func:`scratchcard.workers.workers`.
        """
        jobs = [job for job in self.comparison.jobs() if job.key not in self.results]
        rows = self.comparison.rows  # sent along: other machines may not have their file
        work = partial(run_one, rows, self.comparison.n_clusters)
        for row, ticket in run_all(work, jobs, n_jobs, stop, on):
            if ticket is not None:
                write_whole(ticket_path(self.folder, row["method"], row["seed"]), ticket)
            self.results.add(row)
            yield row

    def _without_ticket(self) -> list[Row]:
        """Return the finished runs whose ticket should be there and cannot be read."""
        lost = []
        for row in self.rows:
            if row["bytes"] is not None:
                try:
                    Ticket.load(ticket_path(self.folder, row["method"], row["seed"]))
                except (OSError, TicketError):
                    lost.append(row)
        return lost


def ticket_path(folder: Path, method: str, seed: int) -> Path:
    """Return where the ticket of a run is."""
    return folder / TICKETS / f"{method}-{seed}.ticket"


def run_one(rows: RowsOfStudy, n_clusters: int, job: Job) -> tuple[Row, bytes | None]:
    """Do one run; return its row of results, and its ticket if it has one."""
    comparison = job.comparison
    given = Given(rows.X, n_clusters, job.seed, comparison.ticket_settings())
    try:
        found = method_of(job.method).run(given)
    except (ValueError, MemoryError) as error:  # such as a graph of too few rows
        raise ValueError(
            f"methods: {job.method} cannot be run from seed {job.seed}: {error}. Without it the "
            "same command goes on with the others"
        ) from error
    row = {
        "data": comparison.data,
        "clusters": n_clusters,
        **job.key,
        **_report(found, rows),
    }
    return row, None if found.ticket is None else found.ticket.to_bytes()


def _report(found: Clustered, rows: RowsOfStudy) -> dict[str, Any]:
    """Return how good clusters are; this is where labels are read, and rows set aside."""
    aside = dict.fromkeys(("aside_accuracy", "aside_nmi", "aside_ari"))
    if found.predict is not None and len(rows.aside):
        clusters = found.predict(rows.aside)
        aside = {f"aside_{k}": v for k, v in judged(rows.aside_y, clusters).items()}
    ticket = found.ticket
    return {
        **judged(rows.y, found.clusters),
        **aside,
        "rows": len(rows.y),
        "rows_aside": len(rows.aside_y),
        "density": None if ticket is None else ticket.mask.density,
        "bytes": None if ticket is None else len(ticket.to_bytes()),
        "seconds": found.seconds,
    }

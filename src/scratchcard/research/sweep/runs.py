"""Runs a sweep: every run and its ticket are kept in one folder as soon as they are done.

A sweep goes on from what it finds in its folder, a search that had begun from its checkpoint.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from scratchcard.datasets import Dataset, as_read_by
from scratchcard.files import write_whole
from scratchcard.find import Found, Search
from scratchcard.research.shared.results import Results, Row
from scratchcard.research.sweep.cases import SWEPT, Job, Sweep, in_words, name_of
from scratchcard.research.sweep.front import front
from scratchcard.search import CheckpointError, Journal
from scratchcard.ticket import Ticket, TicketError
from scratchcard.workers import never, run_all

TICKETS, UNFINISHED = "tickets", "unfinished"
WORDS = ("data", "answers", "network", "weights", "ticket")
NUMBERS = (
    "train_score",
    "validation_score",
    "density",
    "effective_density",
    "bytes",
    "evaluations",
    "seconds",
)
"""What is told of each run, beside its combination and its seed."""


class SweepRuns:
    """The runs of a sweep in a folder.

    A run whose ticket is missing or damaged counts as not done; ``lost`` says which those are.

    Parameters
    ----------
    sweep : Sweep
        What is searched. A folder may already hold runs of other combinations and more seeds.
    folder : Path
        Where runs, tickets, and searches that are not over are kept.

    Raises
    ------
    ValueError
        If the folder has runs of other settings or other data.
    OSError
        If it cannot be written.
    """

    def __init__(self, sweep: Sweep, folder: Path) -> None:
        self.sweep = sweep
        self.folder = folder.resolve()  # workers may be elsewhere
        self.results = Results(self.folder, sweep.shared(), (*SWEPT, "seed"))
        for name in (TICKETS, UNFINISHED):
            (self.folder / name).mkdir(exist_ok=True)
        self.lost = [row for row in self.rows if not self._is_whole(row)]
        for row in self.lost:
            self.results.forget(row)
        for row in self.rows:  # of a command that was killed before it removed them
            self._checkpoint(row).unlink(missing_ok=True)

    @property
    def rows(self) -> list[Row]:
        """Finished runs of these combinations and seeds, seed by seed."""
        keys = (job.key for job in self.sweep.jobs())
        return [self.results.rows[self.results.key(key)] for key in keys if key in self.results]

    @property
    def missing(self) -> int:
        """How many runs are still to be done."""
        return self.sweep.total - len(self.rows)

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
        jobs = [job for job in self.sweep.jobs() if job.key not in self.results]
        work = partial(run_one, self.sweep, self.sweep.dataset, self.folder)
        for row, ticket in run_all(work, jobs, n_jobs, stop, on):
            write_whole(self.folder / row["ticket"], ticket)
            self.results.add(row)
            self._checkpoint(row).unlink(missing_ok=True)
            yield row

    def front(self) -> list[Row]:
        """Return the finished runs that none beats in bytes and validation score, smallest first.

        Each has its score on test rows too; this is where those are read.
        """
        rows = self.rows
        places = front([row["bytes"] for row in rows], [row["validation_score"] for row in rows])
        found = []
        for row in (rows[place] for place in places):
            ticket = Ticket.load(self.folder / row["ticket"])
            dataset = as_read_by(self.sweep.dataset, ticket)
            ticket = dataset.on_features(ticket)
            found.append({**row, "test_score": ticket.score(*dataset.test)})
        return found

    def _is_whole(self, row: Row) -> bool:
        """Whether a finished run has all that is told of it, and its ticket can be read."""
        if not all(isinstance(row.get(name), str) for name in WORDS):
            return False
        if not all(isinstance(row.get(name), int | float) for name in NUMBERS):
            return False
        try:
            Ticket.load(self.folder / ticket_path(row))
        except (OSError, TicketError):
            return False
        return bool(row["ticket"] == ticket_path(row))

    def _checkpoint(self, row: Row) -> Path:
        return checkpoint_path(self.folder, row)


def ticket_path(key: Row) -> str:
    """Return where the ticket of a run is, in the folder of the sweep."""
    return f"{TICKETS}/{name_of(key)}.ticket"


def checkpoint_path(folder: Path, key: Row) -> Path:
    """Return where a run is saved until it is over."""
    return folder / UNFINISHED / f"{name_of(key)}.checkpoint"


def run_one(sweep: Sweep, dataset: Dataset, folder: Path, job: Job) -> tuple[Row, bytes]:
    """Do one run, or the rest of it; return its row of results and its ticket's file."""
    search = sweep.search(dataset, job.setting, job.seed)
    try:
        found = searched(search, checkpoint_path(folder, job.key))
    except ValueError as error:  # such as a bound that no random mask reaches
        raise ValueError(f"{in_words(job.key)}: {error}") from error
    return _row(job, found), found.ticket.to_bytes()


def searched(search: Search, path: Path) -> Found:
    """Search from the beginning, or from where the file says that it was ended."""
    journal = Journal(path, search.identity, complain=_complain)
    with contextlib.suppress(OSError, CheckpointError):  # the search is as good from its beginning
        journal.read(path)
    return search.run(journal=journal)


def _complain(message: str) -> None:
    with contextlib.suppress(OSError):
        print(f"scratchcard: {message}", file=sys.stderr, flush=True)


def _row(job: Job, found: Found) -> Row:
    """Return what a run found; test rows are not read."""
    data, ticket, outcome = found.search.dataset, found.ticket, found.outcome
    on_features = ticket.without_columns()
    return {
        "data": data.name,
        "answers": data.answers,
        **job.key,
        "network": ticket.network.architecture,
        "weights": ticket.network.weights,
        "train_score": on_features.score(*data.train),
        "validation_score": on_features.score(*data.validation),
        "density": ticket.mask.density,
        "effective_density": ticket.mask.effective_density,
        "bytes": len(ticket.to_bytes()),
        "evaluations": outcome.evaluations,
        "seconds": outcome.seconds,
        "ticket": ticket_path(job.key),
    }

"""Runs a comparison: every run and its ticket are kept in one folder as soon as they are done.

A comparison goes on from what it finds in its folder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

from scratchcard.datasets import Dataset
from scratchcard.files import write_whole
from scratchcard.research.compare.cases import Comparison, Job
from scratchcard.research.shared.instance import Effort, Instance
from scratchcard.research.shared.methods import make_method, makes_tickets
from scratchcard.research.shared.results import Results, Row
from scratchcard.search.controls import controls
from scratchcard.ticket import Ticket, TicketError
from scratchcard.workers import never, run_all

CONTROLS_FILE = "controls.jsonl"
CONTROL_SECONDS = 30.0
MASKS_TO_CHOOSE_FROM = 1_000_000  # the best of random, where gradient descent evaluated no mask
LAST_CONTROL = "unmasked"
TICKETS = "tickets"
WARM_UP = Effort(seconds=0.01, epochs=1)


class ComparisonRuns:
    """The runs of a comparison in a folder.

    A run whose ticket is missing or damaged counts as not done; ``lost`` says which those are.

    Parameters
    ----------
    comparison : Comparison
        What is compared. A folder may already hold runs of other methods and more seeds.
    folder : Path
        Where runs, tickets and controls are kept.

    Raises
    ------
    ValueError
        If the folder has runs of other settings.
    OSError
        If it cannot be written.
    """

    def __init__(self, comparison: Comparison, folder: Path) -> None:
        self.comparison = comparison
        self.folder = folder
        settings = comparison.settings()
        self.results = Results(folder, settings, ("method", "seed"))
        self._controls = Results(folder, settings, ("method", "seed", "name"), CONTROLS_FILE)
        (folder / TICKETS).mkdir(exist_ok=True)
        for unfinished in (folder / TICKETS).glob(".*.tmp"):  # by a command that was killed
            unfinished.unlink()
        self.lost = self._without_ticket()
        for row in self.lost:
            self._forget(row)

    @property
    def rows(self) -> list[Row]:
        """Finished runs of these methods and seeds, seed by seed."""
        keys = (job.key for job in self.comparison.jobs())
        return [self.results.rows[self.results.key(key)] for key in keys if key in self.results]

    @property
    def total(self) -> int:
        """How many runs there are when all are done."""
        return len(self.comparison.methods) * self.comparison.seeds

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
        work = partial(run_one, self.comparison.dataset)  # other machines may not have its file
        for row, ticket in run_all(work, jobs, n_jobs, stop, on):
            if ticket is not None:
                write_whole(ticket_path(self.folder, row["method"], row["seed"]), ticket)
            self.results.add(row)
            yield row

    def controls(
        self, seeds: int = 1, seconds: float = CONTROL_SECONDS, stop: Callable[[], bool] = never
    ) -> list[Row]:
        """Hold tickets of the first method that makes any against their controls.

        Parameters
        ----------
        seeds : int
            How many of its tickets.
        seconds : float
            How long the best of random masks may be sought, for each ticket.
        stop : callable
            When it returns True, KeyboardInterrupt is raised.

        Returns
        -------
        list of dict
            A row for each seed and control, kept beside the runs; none if no method makes tickets.
        """
        runs = self._with_ticket()[:seeds]
        wanting = [run for run in runs if {**_key(run), "name": LAST_CONTROL} not in self._controls]
        jobs = (ControlJob(self.comparison, self.folder, run, seconds) for run in wanting)
        for rows in run_all(control_one, jobs, 1, stop):
            for row in rows:
                self._controls.add(row)
        return [
            row
            for run in runs
            for row in self._controls.rows.values()
            if _key(run).items() <= row.items()
        ]

    def _with_ticket(self) -> list[Row]:
        """Return the runs, by seed, of the first method that makes tickets and has runs."""
        for method in self.comparison.methods:
            if makes_tickets(method):
                rows = [row for row in self.rows if row["method"] == method]
                if rows:
                    return rows
        return []

    def _without_ticket(self) -> list[Row]:
        """Return the finished runs whose ticket should be there and cannot be read."""
        lost = []
        for row in self.rows:
            if makes_tickets(row["method"]):
                try:
                    Ticket.load(ticket_path(self.folder, row["method"], row["seed"]))
                except (OSError, TicketError):
                    lost.append(row)
        return lost

    def _forget(self, run: Row) -> None:
        """Count a run as not done, and its controls with it."""
        self.results.forget(run)
        for row in list(self._controls.rows.values()):
            if _key(run).items() <= row.items():
                self._controls.forget(row)


def ticket_path(folder: Path, method: str, seed: int) -> Path:
    """Return where the ticket of a run is."""
    return folder / TICKETS / f"{method}-{seed}.ticket"


def run_one(dataset: Dataset, job: Job) -> tuple[Row, bytes | None]:
    """Do one run; return its row of results, and its ticket if it has one."""
    instance = _instance(dataset, job.comparison, job.seed)
    method = make_method(job.method, job.comparison.max_density)
    try:
        if job.method not in _warmed_up:
            method.run(instance, WARM_UP)
            _warmed_up.add(job.method)
        attempt = method.run(instance, job.comparison.effort)
    except ValueError as error:  # such as a bound that no random mask reaches
        raise ValueError(
            f"methods: {job.method} cannot be run from seed {job.seed}: {error}. Without it the "
            "same command goes on with the others"
        ) from error
    ticket = instance.ticket(attempt) if method.makes_tickets else None
    return instance.report(job.method, attempt), None if ticket is None else ticket.to_bytes()


_warmed_up: set[str] = set()
"""Methods that this process has run before, so that compiling does not count in their seconds."""


class ControlJob(NamedTuple):
    """A ticket that is to be held against its controls."""

    comparison: Comparison
    folder: Path
    run: Row
    seconds: float


def control_one(job: ControlJob) -> list[Row]:
    """Hold the ticket of one run against its controls; return a row for each."""
    run = job.run
    found = controls(
        Ticket.load(ticket_path(job.folder, run["method"], run["seed"])),
        job.comparison.dataset,
        evaluations=run["evaluations"] or MASKS_TO_CHOOSE_FROM,
        seconds=job.seconds,
        test=True,
        seed=run["seed"],
    )
    return [{**_key(run), **asdict(control)} for control in found]


def _key(run: Row) -> Row:
    return {name: run[name] for name in ("method", "seed")}


@lru_cache(maxsize=1)  # the rows of a seed are prepared once for all methods
def _instance(dataset: Dataset, comparison: Comparison, seed: int) -> Instance:
    return comparison.instance(dataset, seed)

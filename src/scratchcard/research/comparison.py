"""Comparison: methods side by side on one data set, each from the same random networks.

For every seed all methods get the same frozen weights, so their runs are paired. Runs, tickets and
controls are kept in one folder as they are done, and a comparison goes on from what it finds there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from scratchcard import __version__
from scratchcard.datasets import Dataset, load
from scratchcard.find import Search
from scratchcard.research.arena import Arena, Effort
from scratchcard.research.fleet import run_all
from scratchcard.research.ledger import Ledger, Row
from scratchcard.research.methods import check_method, make_method, needs_torch
from scratchcard.search.controls.controls import controls
from scratchcard.ticket.ticket import Ticket

MAX_SEEDS = 10_000
CONTROL_SECONDS = 30.0
CONTROL_MASKS = 1_000_000  # to choose from, where a descent evaluated none
TICKETS = "tickets"
WARMING = Effort(seconds=0.01, epochs=1)


@dataclass(frozen=True)
class Comparison:
    """What is compared.

    Parameters
    ----------
    data : a name, file or folder, as ``load`` reads it. target : column with the labels.
    methods : names as ``make_method`` takes them; the first is the reference of all tests.
    hidden, weights, biases : of the networks.
    seeds : networks, 0 to ``seeds`` - 1. More can be asked for later, and more methods.
    max_density : of methods whose name carries no density of its own.
    effort : of every run.
    """

    data: str
    methods: tuple[str, ...] = ("memetic", "ga", "edge-popup", "twin")
    target: str | None = None
    hidden: tuple[int, ...] = (100,)
    weights: str = "uniform"
    biases: str = "uniform"
    seeds: int = 20
    max_density: float = 0.1
    effort: Effort = field(default_factory=Effort)

    def check(self) -> None:
        """Raise ValueError for any setting that some run would refuse, ImportError for torch."""
        if not 1 <= self.seeds <= MAX_SEEDS:
            raise ValueError(f"seeds takes 1 to {MAX_SEEDS}, got {self.seeds!r}")
        if not self.methods:
            raise ValueError("methods takes at least one method, got none")
        for method in self.methods:
            make_method(method, self.max_density)
            if self.methods.count(method) > 1:
                raise ValueError(f"methods takes each method once, got {method!r} twice")
        wanting = [method for method in self.methods if needs_torch(method)]
        if wanting:
            _import_torch(wanting)
        network = Search(
            _dataset(self.data, self.target),
            hidden=self.hidden,
            weights=self.weights,
            biases=self.biases,
            max_density=1.0,  # each method's own is checked below
        ).network
        for method in self.methods:
            check_method(method, self.max_density, network)

    def settings(self) -> dict[str, Any]:
        """What all runs of a ledger share: all but methods and seeds, and what the rows hold."""
        shared = asdict(self)
        del shared["methods"], shared["seeds"]
        rows = _fingerprint(_dataset(self.data, self.target))
        return {"scratchcard": __version__, "rows": rows, **shared}

    def ledger(self, folder: Path) -> Ledger:
        """The runs in a folder. Raises ValueError if it has those of other settings."""
        return Ledger(folder, self.settings(), ("method", "seed"))

    def runs(self, ledger: Ledger) -> list[Row]:
        """Finished runs of these methods and seeds, seed by seed."""
        jobs = (_key(job) for job in self._jobs())
        return [ledger.rows[ledger.key(key)] for key in jobs if key in ledger]

    def missing(self, ledger: Ledger) -> int:
        """How many runs are still to be done."""
        return len(self.methods) * self.seeds - len(self.runs(ledger))

    def run(self, ledger: Ledger, n_jobs: int = 1) -> Iterator[Row]:
        """Do what is missing, ``n_jobs`` at a time; each run is on disk before it is yielded."""
        folder = ledger.path.parent / TICKETS
        folder.mkdir(exist_ok=True)
        jobs = [job for job in self._jobs() if _key(job) not in ledger]
        for row, ticket in run_all(_run, jobs, n_jobs):
            if ticket is not None:
                ticket_path(folder.parent, row["method"], row["seed"]).write_bytes(ticket)
            ledger.add(row)
            yield row

    def _jobs(self) -> Iterator[Job]:
        for seed in range(self.seeds):  # seed by seed, so that what is there is always paired
            for method in self.methods:
                yield Job(self, method, seed)

    def controls(
        self, ledger: Ledger, seeds: int = 1, seconds: float = CONTROL_SECONDS
    ) -> list[Row]:
        """Hold tickets of the first method that makes any against their controls.

        seeds : how many of its tickets. seconds : allowed for the best of random masks, for each.
        Returns a row for each seed and control, kept beside the runs; none if no method has one.
        """
        folder = ledger.path.parent
        kept = Ledger(folder, self.settings(), ("method", "seed", "name"), "controls.jsonl")
        rows: list[Row] = []
        for run in self._with_ticket(ledger)[:seeds]:
            of = {name: run[name] for name in ("method", "seed")}
            if {**of, "name": "unmasked"} not in kept:  # the last one
                ticket = Ticket.load(ticket_path(folder, **of))
                for control in controls(
                    ticket,
                    _dataset(self.data, self.target),
                    evaluations=run["evaluations"] or CONTROL_MASKS,
                    seconds=seconds,
                    test=True,
                    seed=run["seed"],
                ):
                    kept.add({**of, **asdict(control)})
            rows += [row for row in kept.rows.values() if of.items() <= row.items()]
        return rows

    def _with_ticket(self, ledger: Ledger) -> list[Row]:
        """Runs, by seed, of the first method whose tickets are there."""
        for method in self.methods:
            rows = [row for row in self.runs(ledger) if row["method"] == method]
            rows = [r for r in rows if ticket_path(ledger.path.parent, method, r["seed"]).exists()]
            if rows:
                return rows
        return []


class Job(NamedTuple):
    """One run of a comparison."""

    comparison: Comparison
    method: str
    seed: int


def _key(job: Job) -> dict[str, Any]:
    """What tells a run from others in the ledger."""
    return {"method": job.method, "seed": job.seed}


def ticket_path(folder: Path, method: str, seed: int) -> Path:
    """Where the ticket of a run is."""
    return folder / TICKETS / f"{method}-{seed}.ticket"


_warm: set[str] = set()  # methods that this process has run: compiling is not in their seconds


def _run(job: Job) -> tuple[Row, bytes | None]:
    arena = _arena(job.comparison, job.seed)
    method = make_method(job.method, job.comparison.max_density)
    try:
        if job.method not in _warm:
            method.run(arena, WARMING)
            _warm.add(job.method)
        attempt = method.run(arena, job.comparison.effort)
    except ValueError as error:  # such as a bound that no random mask reaches
        raise ValueError(
            f"methods: {job.method} cannot be run from seed {job.seed}: {error}. Without it the "
            "same command goes on with the others"
        ) from error
    ticket = None if attempt.own_weights else arena.ticket(attempt)
    return arena.report(job.method, attempt), None if ticket is None else ticket.to_bytes()


@lru_cache(maxsize=1)  # a process reads the data once, and prepares the rows of a seed once
def _dataset(data: str, target: str | None) -> Dataset:
    return load(data, target)


@lru_cache(maxsize=1)
def _arena(comparison: Comparison, seed: int) -> Arena:
    dataset = _dataset(comparison.data, comparison.target)
    return Arena(dataset, comparison.hidden, seed, comparison.weights, comparison.biases)


def _fingerprint(dataset: Dataset) -> str:
    """Sixteen digits that change with the rows or their labels."""
    digest = hashlib.sha256()
    for part in (dataset.train, dataset.validation, dataset.test):
        digest.update(np.ascontiguousarray(part.X).tobytes())
        digest.update(dataset.targets(part).tobytes())
    return digest.hexdigest()[:16]


def _import_torch(methods: list[str]) -> None:
    try:
        import scratchcard.research.baselines  # noqa: F401
    except ImportError as error:
        raise ImportError(
            f"methods: {', '.join(methods)} need torch: pip install 'scratchcard[torch]'"
        ) from error

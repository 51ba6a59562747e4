"""What is run, and one run: jobs of cases, entrants and seeds, kept in a ledger when done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from scratchcard import __version__
from scratchcard.datasets import Dataset, load
from scratchcard.research.arena import Arena, Attempt, Effort
from scratchcard.research.fleet import run_all
from scratchcard.research.ledger import Ledger, Row
from scratchcard.research.methods import (
    MemeticSearch,
    Method,
    PaperGenetic,
    make_method,
    needs_torch,
    pruned,
)
from scratchcard.research.paper.cases import (
    ENTRANTS,
    EXPERIMENTS,
    GA_DENSITY,
    SEARCHES,
    Case,
    Entrant,
)
from scratchcard.research.paper.lengths import FULL, QUICK, Length, expected_seconds

FULL_SEEDS, QUICK_SEEDS = 25, 3
MAX_SEEDS = 10_000


class Job(NamedTuple):
    """One run."""

    case: Case
    entrant: Entrant
    seed: int
    density: float
    length: Length

    @property
    def key(self) -> dict[str, Any]:
        """What tells the run from others in the ledger."""
        return {
            "data": self.case.data,
            "network": self.case.network,
            "method": self.entrant.name,
            "seed": self.seed,
        }

    @property
    def seconds(self) -> float:
        """About how long it takes on one core."""
        n_rows = len(dataset(self.case.data).train.y)
        return expected_seconds(self.case, self.entrant.method, self.length, n_rows)


@dataclass(frozen=True)
class Reproduction:
    """The paper's experiments, or some of them.

    Parameters
    ----------
    quick : short runs.
    experiments, methods : names of those to run, of ``EXPERIMENTS`` and ``ENTRANTS``.
    seeds : networks of every case, 0 to ``seeds`` - 1; None for 25, or 3 if quick.
    generations, epochs : at most so many, of every run.

    Raises ValueError, naming the argument, for one that is no such thing.
    """

    quick: bool = False
    experiments: tuple[str, ...] = tuple(EXPERIMENTS)
    methods: tuple[str, ...] = tuple(ENTRANTS)
    seeds: int | None = None
    generations: int | None = None
    epochs: int | None = None
    lengths: dict[str, Length] = field(init=False)

    def __post_init__(self) -> None:
        for name, known in (("experiments", EXPERIMENTS), ("methods", ENTRANTS)):
            chosen = getattr(self, name)
            for one in chosen:
                if one not in known:
                    raise ValueError(f"{name} takes {', '.join(known)}, got {one!r}")
                if chosen.count(one) > 1:
                    raise ValueError(f"{name} takes each once, got {one!r} twice")
            if not chosen:
                raise ValueError(f"{name} takes at least one of {', '.join(known)}, got none")
        at_ga = [one for one in self.methods if ENTRANTS[one].density == GA_DENSITY]
        if at_ga and "ga" not in self.methods:
            raise ValueError(f"methods takes {at_ga[0]!r} only with 'ga', whose density it keeps")
        if self.seeds is None:
            object.__setattr__(self, "seeds", QUICK_SEEDS if self.quick else FULL_SEEDS)
        elif not 1 <= self.seeds <= MAX_SEEDS:
            raise ValueError(f"seeds takes 1 to {MAX_SEEDS}, got {self.seeds!r}")
        Effort(generations=self.generations, epochs=self.epochs)
        lengths = QUICK if self.quick else FULL
        limited = {
            family: length.limited(self.generations, self.epochs)
            for family, length in lengths.items()
        }
        object.__setattr__(self, "lengths", limited)

    @property
    def needs_torch(self) -> bool:
        """Whether someone who takes part needs the extra ``torch``."""
        return any(needs_torch(ENTRANTS[name].method) for name in self.methods)

    @cached_property
    def cases(self) -> tuple[Case, ...]:
        """The cases of all the experiments, each once."""
        cases = [case for name in self.experiments for case in EXPERIMENTS[name].cases]
        return tuple(dict.fromkeys(cases))

    def ledger(self, folder: Path) -> Ledger:
        """The runs in a folder. Raises ValueError if it has those of other settings."""
        settings = {
            "scratchcard": __version__,
            "quick": self.quick,
            "lengths": {family: asdict(length) for family, length in self.lengths.items()},
            "cases": [case._asdict() for one in EXPERIMENTS.values() for case in one.cases],
            "searches": {family: asdict(search) for family, search in SEARCHES.items()},
        }
        return Ledger(folder, settings, ("data", "network", "method", "seed"))

    def rows(self, ledger: Ledger) -> list[Row]:
        """Finished runs of these cases, entrants and seeds, in their order."""
        keys = (job.key for job in self._jobs(ledger, every=True))
        return [ledger.rows[ledger.key(key)] for key in keys if key in ledger]

    @property
    def total(self) -> int:
        """How many runs there are."""
        assert self.seeds is not None
        return len(self.cases) * len(self.methods) * self.seeds

    def missing_seconds(self, ledger: Ledger) -> float:
        """About how many seconds of one core what is not done yet takes."""
        jobs = self._jobs(ledger, every=True)
        return sum(job.seconds for job in jobs if job.key not in ledger)

    def run(self, ledger: Ledger, n_jobs: int = 1) -> Iterator[Row]:
        """Do what is missing, short runs first; each is on disk before it is yielded.

        Those at the GA's density come after the GA's.
        """
        before = -1
        while len(ledger.rows) > before:  # the last of the GA's runs may end when no job is left
            before = len(ledger.rows)
            for row in run_all(run_one, self._shortest(ledger), n_jobs):
                ledger.add(row)
                yield row

    def _shortest(self, ledger: Ledger) -> Iterator[Job]:
        """Each missing job once, always the shortest of those whose density is known by then."""
        begun: set[Job] = set()
        while True:
            jobs = [job for job in self._jobs(ledger) if job.key not in ledger and job not in begun]
            if not jobs:
                return
            job = min(jobs, key=lambda job: job.seconds)
            begun.add(job)
            yield job

    def _jobs(self, ledger: Ledger, every: bool = False) -> Iterator[Job]:
        """The runs; without ``every``, only those whose density is known already."""
        assert self.seeds is not None
        for case in self.cases:
            for name in self.methods:
                for seed in range(self.seeds):
                    job = Job(case, ENTRANTS[name], seed, 1.0, self.lengths[case.family])
                    density = _density(job, ledger)
                    if every or density is not None:
                        yield job._replace(density=density or 1.0)


def _density(job: Job, ledger: Ledger) -> float | None:
    """What may stay, or None while the GA's run is not done."""
    asked = job.entrant.density
    if asked == GA_DENSITY:
        found = ledger.rows.get(ledger.key(job.key | {"method": "ga"}))
        return None if found is None else float(found["density"])
    return job.case.search.max_density if asked is None else float(asked)


def run_one(job: Job) -> Row:
    """Run it, prune it if that is due, and report. One thread."""
    _warm(job.entrant, job.case.n_classes == 2)
    arena = _arena(job.case.data, job.case.hidden, job.seed, job.entrant.weights)
    attempt = _attempt(arena, job)
    row = arena.report(job.entrant.name, attempt)
    if job.entrant.pruned:
        after = pruned(arena, attempt)
        found = arena.report(job.entrant.name, after)
        for name in ("density", "effective_density", "test_accuracy", "bytes"):
            row[f"pruned_{name}"] = found[name]
        row["pruning_seconds"] = after.seconds - attempt.seconds
    return row


def _attempt(arena: Arena, job: Job) -> Attempt:
    method: Method = make_method(job.entrant.method, job.density)
    if isinstance(method, MemeticSearch):
        method = replace(method, settings=job.case.search)
    elif isinstance(method, PaperGenetic):
        method = replace(method, draws=job.length.draws)
    return method.run(arena, job.length.effort(job.entrant.method))


@cache
def dataset(name: str) -> Dataset:
    """The data set of this name, read once."""
    return load(name)


@lru_cache(maxsize=1)
def _arena(data: str, hidden: Sequence[int], seed: int, weights: str) -> Arena:
    return Arena(dataset(data), tuple(hidden), seed, weights)


@cache
def _warm(entrant: Entrant, binary: bool) -> None:
    """Compile and import what a run needs, which is not part of its seconds."""
    arena = Arena(dataset("digits-2" if binary else "digits-3"), (4,), 0)
    attempt = make_method(entrant.method, 0.5).run(arena, Effort(generations=1, epochs=1))
    if entrant.pruned:
        pruned(arena, attempt)

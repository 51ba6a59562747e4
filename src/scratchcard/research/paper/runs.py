"""Runs the paper's experiments, short runs first; each is kept as soon as it is done."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from functools import cache, cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from scratchcard import __version__
from scratchcard.datasets import Dataset, load
from scratchcard.research.paper.cases import (
    ENTRANTS,
    EXPERIMENTS,
    FULL,
    GA_DENSITY,
    QUICK,
    SEARCHES,
    Case,
    Entrant,
    Length,
)
from scratchcard.research.paper.tables import AFTER_PRUNING
from scratchcard.research.shared.gradients import BATCH_ROWS, DEFAULT_EPOCHS, MIN_STEPS
from scratchcard.research.shared.instance import Attempt, Effort, Instance
from scratchcard.research.shared.methods import (
    PATIENCE,
    MemeticMethod,
    Method,
    PaperGenetic,
    make_method,
    needs_torch,
    pruned,
)
from scratchcard.research.shared.results import Results, Row
from scratchcard.search import Genetic, Memetic
from scratchcard.workers import never, run_all

FULL_SEEDS, QUICK_SEEDS = 25, 3
MAX_SEEDS = 10_000
WARM_UP = Effort(generations=1, epochs=1)


class Job(NamedTuple):
    """One run."""

    case: Case
    entrant: Entrant
    seed: int
    density: float
    length: Length

    @property
    def key(self) -> dict[str, Any]:
        """What tells the run from others in the results."""
        return {
            "data": self.case.data,
            "network": self.case.network,
            "method": self.entrant.name,
            "seed": self.seed,
        }

    @property
    def work(self) -> float:
        """About how much it computes; good enough to put short runs first."""
        n_rows = len(dataset(self.case.data).train.y)
        return expected_work(self.case, self.entrant.method, self.length, n_rows)


@dataclass(frozen=True)
class Reproduction:
    """The paper's experiments, or some of them.

    Parameters
    ----------
    quick : bool
        Whether runs are short.
    experiments, methods : tuple of str
        Names of those to run, of ``EXPERIMENTS`` and ``ENTRANTS``.
    seeds : int or None
        How many networks of every case; None for 25, or 3 if quick.
    generations, epochs : int or None
        Limits of every run.

    Raises
    ------
    ValueError
        For a name that does not exist and a number that is out of range; it names the argument.
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
            _check_names(name, getattr(self, name), tuple(known))
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
        """Whether a method that takes part needs the extra ``torch``."""
        return any(needs_torch(ENTRANTS[name].method) for name in self.methods)

    @cached_property
    def cases(self) -> tuple[Case, ...]:
        """The cases of all the experiments, each once."""
        cases = [case for name in self.experiments for case in EXPERIMENTS[name].cases]
        return tuple(dict.fromkeys(cases))

    @property
    def total(self) -> int:
        """How many runs there are."""
        assert self.seeds is not None
        return len(self.cases) * len(self.methods) * self.seeds

    def settings(self) -> dict[str, Any]:
        """Return what all runs in one results file share."""
        return {
            "scratchcard": __version__,
            "quick": self.quick,
            "lengths": {family: asdict(length) for family, length in self.lengths.items()},
            "cases": [case._asdict() for one in EXPERIMENTS.values() for case in one.cases],
            "searches": {family: asdict(search) for family, search in SEARCHES.items()},
        }


def _check_names(argument: str, chosen: tuple[str, ...], known: tuple[str, ...]) -> None:
    for one in chosen:
        if one not in known:
            raise ValueError(f"{argument} takes {', '.join(known)}, got {one!r}")
        if chosen.count(one) > 1:
            raise ValueError(f"{argument} takes each once, got {one!r} twice")
    if not chosen:
        raise ValueError(f"{argument} takes at least one of {', '.join(known)}, got none")


class ReproductionRuns:
    """The runs of a reproduction in a folder.

    Parameters
    ----------
    reproduction : Reproduction
        What is run. A folder may already hold runs of other experiments and methods, more seeds.
    folder : Path
        Where the runs are kept.

    Raises
    ------
    ValueError
        If the folder has runs of other settings.
    OSError
        If it cannot be written.
    """

    def __init__(self, reproduction: Reproduction, folder: Path) -> None:
        self.reproduction = reproduction
        identity = ("data", "network", "method", "seed")
        self.results = Results(folder, reproduction.settings(), identity)

    @property
    def rows(self) -> list[Row]:
        """Finished runs of these cases, entrants and seeds, in their order."""
        keys = (job.key for job in self._jobs(every=True))
        return [self.results.rows[self.results.key(key)] for key in keys if key in self.results]

    def missing_seconds(self) -> float | None:
        """Return how long one core still has to work, judging by the runs that are done.

        None if nothing is done yet.
        """
        jobs = list(self._jobs(every=True))
        done = [job for job in jobs if job.key in self.results]
        rates = {
            name: self._seconds_per_work([job for job in done if job.entrant.name == name])
            for name in {job.entrant.name for job in done}
        }
        if not rates:
            return None
        of_others = self._seconds_per_work(done)
        missing = (job for job in jobs if job.key not in self.results)
        return sum(job.work * rates.get(job.entrant.name, of_others) for job in missing)

    def _seconds_per_work(self, done: list[Job]) -> float:
        rows = [self.results.rows[self.results.key(job.key)] for job in done]
        seconds = sum(row["seconds"] + row.get("pruning_seconds", 0.0) for row in rows)
        return float(seconds / sum(job.work for job in done))

    def run(
        self, n_jobs: int | None = 1, stop: Callable[[], bool] = never, on: str = "processes"
    ) -> Iterator[Row]:
        """Do what is missing, short runs first; each is on disk before it is yielded.

        Those at the GA's density come after the GA's.

        Parameters
        ----------
        n_jobs : int or None
            How many runs go on at a time, each with one thread; None for one a processor.
        stop : callable
            When it returns True, KeyboardInterrupt is raised.
        on : str
            Where runs are done, see :func:`scratchcard.workers.workers`.
        """
        before = -1
        while len(self.results.rows) > before:
            # When the last of the GA's runs ends there may be no job left to begin, but it lets
            # runs at its density begin.
            before = len(self.results.rows)
            for row in run_all(run_one, self._shortest(), n_jobs, stop, on):
                self.results.add(row)
                yield row

    def _shortest(self) -> Iterator[Job]:
        """Yield each missing job once, always the shortest whose density is known by then."""
        begun: set[Job] = set()
        while True:
            jobs = [job for job in self._jobs() if job.key not in self.results and job not in begun]
            if not jobs:
                return
            job = min(jobs, key=lambda job: job.work)
            begun.add(job)
            yield job

    def _jobs(self, every: bool = False) -> Iterator[Job]:
        """Yield the runs; without ``every``, only those whose density is known already."""
        reproduction = self.reproduction
        assert reproduction.seeds is not None
        for case in reproduction.cases:
            for name in reproduction.methods:
                for seed in range(reproduction.seeds):
                    job = Job(case, ENTRANTS[name], seed, 1.0, reproduction.lengths[case.family])
                    density = self._density(job)
                    if every or density is not None:
                        yield job._replace(density=density or 1.0)

    def _density(self, job: Job) -> float | None:
        """Return what may stay, or None while the GA's run is not done."""
        asked = job.entrant.density
        if asked == GA_DENSITY:
            found = self.results.rows.get(self.results.key(job.key | {"method": "ga"}))
            return None if found is None else float(found["density"])
        return job.case.search.max_density if asked is None else float(asked)


def expected_work(case: Case, method: str, length: Length, n_rows: int) -> float:
    """Return about how many weights of how many rows a run reads.

    A trial of the memetic search and a candidate of the GA read few weights of every row. When a GA
    with two classes ends by itself is not known beforehand; it cannot be before its patience ends.
    """
    sizes = [int(size) for size in case.network.split("-")]
    n_weights = sum(a * b for a, b in pairwise(sizes))
    effort = length.effort(method)
    if method in ("edge-popup", "twin", "mlp"):
        epochs = effort.epochs or max(DEFAULT_EPOCHS, MIN_STEPS * BATCH_ROWS // n_rows)
        return float(epochs * n_rows * n_weights)
    if method == "memetic":
        burst = case.search.burst or 60 * math.sqrt(n_weights)
        return (effort.generations or Memetic.generations) * burst * n_rows
    generations = effort.generations or Genetic.generations
    if case.n_classes == 2:
        generations = min(generations, PATIENCE)
    return float(generations * n_rows * n_weights)


def run_one(job: Job) -> Row:
    """Do one run, prune its mask if that is due, and return its row of results."""
    _warm_up(job.entrant, job.case.n_classes == 2)
    instance = _instance(job.case.data, job.case.hidden, job.seed, job.entrant.weights)
    attempt = _attempt(instance, job)
    row = instance.report(job.entrant.name, attempt)
    if job.entrant.pruned:
        after = pruned(instance, attempt)
        found = instance.report(job.entrant.name, after)
        for name in AFTER_PRUNING:
            row[f"pruned_{name}"] = found[name]
        row["pruning_seconds"] = after.seconds - attempt.seconds
    return row


def _attempt(instance: Instance, job: Job) -> Attempt:
    method: Method = make_method(job.entrant.method, job.density)
    if isinstance(method, MemeticMethod):
        method = replace(method, settings=job.case.search)
    elif isinstance(method, PaperGenetic):
        method = replace(method, draws=job.length.draws)
    return method.run(instance, job.length.effort(job.entrant.method))


@cache
def dataset(name: str) -> Dataset:
    """Return the data set of this name; each process reads it once."""
    return load(name)


@lru_cache(maxsize=1)
def _instance(data: str, hidden: tuple[int, ...], seed: int, weights: str) -> Instance:
    return Instance(dataset(data), hidden, seed, weights)


@cache
def _warm_up(entrant: Entrant, binary: bool) -> None:
    """Compile and import what a run needs, so that it does not count in the run's seconds."""
    instance = Instance(dataset("digits-2" if binary else "digits-3"), (4,), 0)
    attempt = make_method(entrant.method, 0.5).run(instance, WARM_UP)
    if entrant.pruned:
        pruned(instance, attempt)

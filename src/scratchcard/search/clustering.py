"""Cluster: run searches without labels from several starts, and return the best one.

No label is read anywhere: targets come from neighbours' consensus, and so does the score that
decides which start wins.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from scratchcard.checks import as_int
from scratchcard.distinct import distinct
from scratchcard.interrupts import Interrupts
from scratchcard.objectives import get_objective
from scratchcard.rows import Rows, check_fit, integer_weights
from scratchcard.search.callbacks import Callback
from scratchcard.search.evolution import MAX_THREADS, Outcome, evolve, warm_up
from scratchcard.search.limits import MOST as LARGEST
from scratchcard.search.limits import Limits, Progress
from scratchcard.search.loop import Loop
from scratchcard.search.memetic import Memetic
from scratchcard.search.population import Population
from scratchcard.search.targets import Consensus, Neighbours, shared_information
from scratchcard.search.task import Algorithm
from scratchcard.ticket import Network

# benchmarks/without_labels.py and docs/search.md say what was measured of these.
STARTS = 24  # searches from other first targets
ROUNDS = 160  # generations of a search, each with targets of its own
TRIALS = 12  # of an individual in a round, times the square root of the number of weights
PAUSE = 0.25  # share of a search after which it goes on only if it is among the best
KEPT = 0.25  # share of the starts that are
NEIGHBOURS = 5  # of a row, among which its targets are agreed on
MOST = 1 << 14  # rows that are searched, drawn where there are more
MAX_DENSITY = 0.15
PAUSED = "paused"


@dataclass(frozen=True)
class Clustering(Outcome):
    """What a search without labels found, and how it went.

    Evaluations, seconds and generations are those of all starts together. The objective is that of
    the mask for the targets that its neighbours agreed on last; the history is that of its start.

    Attributes
    ----------
    score : float
        Information, in nats, that a row's answer shares with those of its neighbours; higher is
        better.
    scores : list of float
        The score that each start had in the end, or when it was given up; NaN for one that the
        limits left no time for.
    chosen : int
        The start that won.
    """

    score: float = math.nan
    scores: list[float] = field(default_factory=list)
    chosen: int = 0


def cluster(
    network: Network,
    train: Rows,
    validation: Rows | None = None,
    *,
    algorithm: Algorithm | None = None,
    limits: Limits | None = None,
    seed: int = 0,
    n_init: int = STARTS,
    n_jobs: int = 1,
    callbacks: Sequence[Callable[[Progress], object]] = (),
    images: bool = False,
    interrupts: Interrupts | None = None,
) -> Clustering:
    """Search a mask whose outputs put rows that are alike into the same cluster.

    There are as many clusters as the network has outputs. The targets that rows come with are not
    read. Several searches begin from other first targets. After a quarter of its rounds each is
    compared with the others by the information that rows share with their neighbours, and only the
    best quarter of them goes on. Ctrl-C ends the search within a fraction of a second, and the best
    mask so far is returned.

    Parameters
    ----------
    network : Network
        The frozen random network.
    train : Rows
        Rows that the search reads: 16,384 of them, evenly drawn, where more are different.
    validation : Rows or None
        Rows that the starts are compared on, by how well each agrees with its nearest rows of
        ``train``; None to compare them on ``train`` itself.
    algorithm : Algorithm or None
        What searches between two renewals of the targets, which come before every generation. None
        for :func:`clustering_algorithm`.
    limits : Limits or None
        When to stop: generations of each start; evaluations and seconds of all starts together.
    seed : int
        Seed of the searches; the network has its own.
    n_init : int
        Starts.
    n_jobs : int
        Threads. The result does not depend on it.
    callbacks : sequence of callable
        Functions that are called after each generation of any start with a :class:`Progress`, one
        at a time; a true answer stops the search.
    images : bool
        Whether rows are square images, which are like their copies shifted by a pixel.
    interrupts : Interrupts or None
        Holds the flag that ends the search at once; None for a new one, which Ctrl-C sets.

    Returns
    -------
    Clustering
        The mask of the best start, calibrated to the targets that it ended with.

    Raises
    ------
    ValueError
        For rows without clusters, and settings that do not fit together.
    KeyboardInterrupt
        After Ctrl-C before there is a first mask.
    """
    algorithm = clustering_algorithm(network) if algorithm is None else algorithm
    limits = (Limits() if limits is None else limits).filled(algorithm.generations)
    if limits.patience is not None:
        raise ValueError(
            "patience takes labels to watch, and there are none; got "
            f"limits.patience={limits.patience}"
        )
    n_jobs = as_int("n_jobs", n_jobs, 1, MAX_THREADS)
    n_init = as_int("n_init", n_init, 1, MAX_THREADS)
    seed = as_int("seed", seed, 0, LARGEST)
    train = _unlabelled(network, train, "train")
    _check_clusters(network, train, images)
    train = _some(train)
    if validation is not None:
        validation = _unlabelled(network, validation, "validation")
    with ExitStack() as stack:
        if interrupts is None:
            interrupts = stack.enter_context(Interrupts())
        warm_up(algorithm, get_objective("cross_entropy"), network.n_outputs)
        starts = _Starts(
            network, train, validation, algorithm, limits, seed, n_init, n_jobs, images, interrupts
        )
        return starts.run(callbacks)


def clustering_algorithm(network: Network, max_density: float = MAX_DENSITY) -> Memetic:
    """Return the search that :func:`cluster` uses by default: short bursts of one individual.

    Parameters
    ----------
    network : Network
        The random network.
    max_density : float
        Largest share of the weights that may stay, above 0 and at most 1.

    Returns
    -------
    Memetic
        The settings.
    """
    n_trials = max(1, round(TRIALS * math.sqrt(network.n_weights)))
    return Memetic(max_density=max_density, population=1, burst=n_trials, generations=ROUNDS)


def _unlabelled(network: Network, rows: Rows, name: str) -> Rows:
    """Return the different rows that count, each once, without the targets that they came with.

    What is found then depends neither on the order of rows nor on whether one of weight 2 stands
    there once or twice.
    """
    check_fit(network, Rows(rows.inputs, np.zeros(len(rows), np.int64), rows.weights), name)
    first, counts = distinct(rows.inputs, rows.weights)
    weights = integer_weights(counts.astype(np.float64))
    return Rows(rows.inputs[first], np.zeros(len(first), np.int64), weights)


def _some(rows: Rows) -> Rows:
    """Return at most ``MOST`` of the rows; they come in random order."""
    return Rows(rows.inputs[:MOST], rows.targets[:MOST], rows.weights[:MOST])


def _check_clusters(network: Network, rows: Rows, images: bool) -> None:
    """Raise an error for rows that cannot be put into as many clusters as there are outputs."""
    n_clusters = network.n_outputs
    if n_clusters < 2:
        raise ValueError(
            f"network takes at least 2 outputs, one for each cluster, got {n_clusters}"
        )
    if len(rows) < n_clusters:
        raise ValueError(
            f"train takes at least as many different rows as there are clusters, {n_clusters}, got "
            f"{len(rows)}"
        )
    side = math.isqrt(rows.inputs.shape[1])
    if images and side * side != rows.inputs.shape[1]:
        raise ValueError(
            f"images=True takes square images, got rows of {rows.inputs.shape[1]} features"
        )


@dataclass
class _Start:
    """One search: what is known of it so far."""

    number: int
    outcome: Outcome | None = None
    score: float = math.nan
    history: list[Progress] = field(default_factory=list)
    population: Population | None = None  # to go on from, where it was paused


@dataclass
class _Starts:
    """All searches, and what they share."""

    network: Network
    train: Rows
    validation: Rows | None
    algorithm: Algorithm
    limits: Limits
    seed: int
    n_init: int
    n_jobs: int
    images: bool
    interrupts: Interrupts

    def run(self, callbacks: Sequence[Callable[[Progress], object]]) -> Clustering:
        """Run the beginning of all searches, and then the rest of the best, several at once."""
        began = time.perf_counter()
        self.deadline = began + (self.limits.seconds or math.inf)
        n_kept = max(1, round(KEPT * self.n_init))
        self.pause = PAUSE if n_kept < self.n_init else 1.0
        self.whole = self.n_init * self.pause + n_kept * (1.0 - self.pause)  # in searches
        self.beside = _Beside(callbacks, self.limits, self.n_init, self.whole, began)
        inputs = self.train.inputs
        self.neighbours = Neighbours.of(inputs, NEIGHBOURS, images=self.images)
        self.judging = self.neighbours
        if self.validation is not None:
            judged = self.validation.inputs
            self.judging = Neighbours.of(judged, NEIGHBOURS, inputs, images=self.images)
        starts = [_Start(number) for number in range(self.n_init)]
        self._search(starts)
        paused = [start for start in starts if start.population is not None]
        if paused and not self._is_over():
            paused.sort(key=lambda start: -start.score)
            self._search(paused[:n_kept])
        return self._best(starts, time.perf_counter() - began)

    def _search(self, starts: Sequence[_Start]) -> None:
        """Search from each start, or go on with it, several at once."""
        at_once = min(self.n_jobs, len(starts))

        def seconds_of(turn: int) -> float | None:
            """Return the seconds for the start whose turn it is: its share of those left."""
            if self.limits.seconds is None:
                return None
            left = self.deadline - time.perf_counter()
            is_first = starts[turn].population is None
            rest = len(starts) - turn
            mine = self.pause if is_first else 1.0 - self.pause
            later = (self.whole - self.n_init * self.pause) if is_first else 0.0
            return max(left * at_once * mine / (rest * mine + later), 1e-3)

        def work(turn: int) -> None:
            if (turn == 0 and starts[0].population is None) or not self._is_over():
                self._run(starts[turn], seconds_of(turn), max(1, self.n_jobs // len(starts)))

        with ThreadPoolExecutor(at_once) as threads:
            tasks = [threads.submit(work, turn) for turn in range(len(starts))]
            try:
                for task in tasks:
                    task.result()
            except BaseException:
                self.beside.stopped = "error"
                raise

    def _is_over(self) -> bool:
        late = time.perf_counter() > self.deadline
        return late or self.interrupts.interrupted or bool(self.beside.stopped)

    def _run(self, start: _Start, seconds: float | None, n_jobs: int) -> None:
        """Run one search until it is paused, or from there to its end."""
        evaluations = self.limits.evaluations
        seed = int(np.random.SeedSequence([self.seed, start.number]).generate_state(1)[0])
        if evaluations is not None:
            evaluations = max(1, int(evaluations / self.whole))
        watching = _Watching(self.beside, start, self.pause, seconds is not None)
        start.outcome = evolve(
            self.network,
            self.train,
            algorithm=self.algorithm,
            limits=Limits(self.limits.generations, evaluations, seconds),
            seed=seed,
            n_jobs=n_jobs,
            callbacks=[watching],
            resume=start.population,
            targets=Consensus(
                self.neighbours, self.network.n_outputs, self.train.weights, seed=seed
            ),
            interrupts=self.interrupts,
        )
        start.history += start.outcome.history
        start.score, start.population = self._score(start.outcome), watching.population

    def _score(self, outcome: Outcome) -> float:
        """Return the information that rows' clusters share with those of their neighbours."""
        rows = self.train if self.validation is None else self.validation
        answers = self._clusters(outcome, rows)
        others = answers if rows is self.train else self._clusters(outcome, self.train)
        return shared_information(answers, self.judging.averaged(others), rows.weights)

    def _clusters(self, outcome: Outcome, rows: Rows) -> NDArray[np.float64]:
        """Return which cluster each row is in: (n_rows, n_clusters), 1 for that and else 0."""
        outputs = self.network.outputs(outcome.mask, rows.inputs)
        clusters: NDArray[np.float64] = np.eye(self.network.n_outputs)[outputs.argmax(axis=1)]
        return clusters

    def _best(self, starts: Sequence[_Start], seconds: float) -> Clustering:
        scores = [start.score for start in starts]
        best = starts[int(np.nanargmax(scores))]
        outcome = best.outcome
        assert outcome is not None
        stopped_by = self.beside.stopped or outcome.stopped_by
        if self.interrupts.interrupted:
            stopped_by = "interrupt"
        return Clustering(
            mask=outcome.mask,
            head=outcome.head,
            objective=outcome.objective,
            evaluations=int(self.beside.evaluations.sum()),
            seconds=seconds,
            generations=int(self.beside.generations.sum()),
            stopped_by=stopped_by,
            history=best.history,
            score=best.score,
            scores=scores,
            chosen=best.number,
        )


class _Beside:
    """What is done after each generation of any start, one at a time."""

    def __init__(
        self,
        callbacks: Sequence[Callable[[Progress], object]],
        limits: Limits,
        n_init: int,
        whole: float,
        began: float,
    ) -> None:
        self.callbacks, self.limits, self.whole, self.began = callbacks, limits, whole, began
        self.lock = threading.Lock()
        self.shares = np.zeros(n_init)
        self.evaluations = np.zeros(n_init, np.int64)
        self.generations = np.zeros(n_init, np.int64)
        self.stopped = ""

    def after(self, number: int, share: float, progress: Progress) -> None:
        """Tell the callbacks how far all starts are, after a generation of one of them."""
        with self.lock:
            self.shares[number] = share
            self.evaluations[number] = progress.evaluations
            self.generations[number] = progress.generation
            generations = self.limits.generations
            told = replace(
                progress,
                generation=int(self.generations.sum()),
                generations=None if generations is None else round(generations * self.whole),
                evaluations=int(self.evaluations.sum()),
                seconds=time.perf_counter() - self.began,
                fraction=min(1.0, float(self.shares.sum()) / self.whole),
            )
            for callback in self.callbacks:
                if callback(told):
                    self.stopped = self.stopped or "callback"


class _Watching(Callback):
    """Tells of the generations of one start, and pauses it."""

    def __init__(self, beside: _Beside, start: _Start, pause: float, is_timed: bool) -> None:
        self.beside, self.number, self.pause = beside, start.number, pause
        self.is_first = start.population is None
        self.is_timed = is_timed
        self.population: Population | None = None

    def on_generation(self, loop: Loop) -> None:
        """Tell of it, and stop once all are to stop, or once this start is to be compared."""
        share = loop.fraction
        if self.is_timed:  # the clock only runs while it searches
            part = self.pause if self.is_first else 1.0 - self.pause
            share = share * part + (0.0 if self.is_first else self.pause)
        self.beside.after(self.number, share, loop.history[-1])
        if self.beside.stopped:
            loop.stop(self.beside.stopped)
        elif self.is_first and self.pause < 1.0 and share >= self.pause * (1 - 1e-9):
            self.population = loop.population()
            loop.stop(PAUSED)

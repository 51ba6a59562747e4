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
from scratchcard.search.limits import MOST, Limits, Progress
from scratchcard.search.loop import Loop
from scratchcard.search.memetic import Memetic
from scratchcard.search.targets import Consensus, Neighbours, shared_information
from scratchcard.search.task import Algorithm
from scratchcard.ticket import Network

STARTS = 16  # searches from other first targets
ROUNDS = 200  # generations of a search, each with targets of its own
TRIALS = 1000  # of an individual in a round
NEIGHBOURS = 10  # of a row, among which its targets are agreed on
MAX_DENSITY = 0.1


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
        The score of each start; NaN for one that the limits left no time for.
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
    read. Ctrl-C ends the search within a fraction of a second, and the best mask so far is
    returned.

    Parameters
    ----------
    network : Network
        The frozen random network.
    train : Rows
        Rows that the search reads.
    validation : Rows or None
        Rows that the starts are compared on, by how well each agrees with its nearest rows of
        ``train``; None to compare them on ``train`` itself.
    algorithm : Algorithm or None
        What searches between two renewals of the targets, which come before every generation. None
        for the memetic search with one individual and 1,000 trials in a generation.
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
    algorithm = Memetic(MAX_DENSITY, population=1, burst=TRIALS) if algorithm is None else algorithm
    limits = (Limits() if limits is None else limits).filled(ROUNDS)
    if limits.patience is not None:
        raise ValueError(
            "patience takes labels to watch, and there are none; got "
            f"limits.patience={limits.patience}"
        )
    n_jobs = as_int("n_jobs", n_jobs, 1, MAX_THREADS)
    n_init = as_int("n_init", n_init, 1, MAX_THREADS)
    seed = as_int("seed", seed, 0, MOST)
    train = _unlabelled(network, train, "train")
    _check_clusters(network, train, images)
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


def _unlabelled(network: Network, rows: Rows, name: str) -> Rows:
    """Return the different rows that count, each once, without the targets that they came with.

    What is found then depends neither on the order of rows nor on whether one of weight 2 stands
    there once or twice.
    """
    check_fit(network, Rows(rows.inputs, np.zeros(len(rows), np.int64), rows.weights), name)
    first, counts = distinct(rows.inputs, rows.weights)
    weights = integer_weights(counts.astype(np.float64))
    return Rows(rows.inputs[first], np.zeros(len(first), np.int64), weights)


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
class _Starts:
    """All searches, what they share, and what is known of them."""

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
        """Run them, several at once, and return the best."""
        began = time.perf_counter()
        at_once = min(self.n_jobs, self.n_init)
        seconds = self.limits.seconds
        self.deadline = began + (math.inf if seconds is None else seconds)
        self.beside = _Beside(callbacks, self.limits, self.n_init, began)
        inputs = self.train.inputs
        self.neighbours = Neighbours.of(inputs, NEIGHBOURS, images=self.images)
        self.judging = self.neighbours
        if self.validation is not None:
            judged = self.validation.inputs
            self.judging = Neighbours.of(judged, NEIGHBOURS, inputs, images=self.images)
        with ThreadPoolExecutor(at_once) as threads:
            tasks = [threads.submit(self._start, number) for number in range(self.n_init)]
            try:
                found = [task.result() for task in tasks]
            except BaseException:
                self.beside.stopped = "error"
                raise
        return self._best(found, time.perf_counter() - began)

    def _start(self, number: int) -> tuple[Outcome, float] | None:
        """Run one search; return it and its score, or None where there is no time for it."""
        if number > 0 and self._is_over():
            return None
        threads_each = max(1, self.n_jobs // self.n_init)
        outcome = evolve(
            self.network,
            self.train,
            algorithm=self.algorithm,
            limits=self._limits(number),
            seed=self.seed + number,
            n_jobs=threads_each,
            callbacks=[_Start(self.beside, number)],
            targets=Consensus(
                self.neighbours,
                self.network.n_outputs,
                self.train.weights,
                seed=self.seed + number,
            ),
            interrupts=self.interrupts,
        )
        return outcome, self._score(outcome)

    def _is_over(self) -> bool:
        late = time.perf_counter() > self.deadline
        return late or self.interrupts.interrupted or bool(self.beside.stopped)

    def _limits(self, number: int) -> Limits:
        """Return the limits of one start: its share of those of all, or of what is left of them."""
        limits, seconds = self.limits, None
        if limits.seconds is not None:
            at_once = min(self.n_jobs, self.n_init)
            turns = math.ceil((self.n_init - number) / at_once)
            seconds = max((self.deadline - time.perf_counter()) / turns, 1e-3)
        evaluations = limits.evaluations
        if evaluations is not None:
            evaluations = max(1, evaluations // self.n_init)
        return Limits(limits.generations, evaluations, seconds)

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

    def _best(self, found: Sequence[tuple[Outcome, float] | None], seconds: float) -> Clustering:
        made = [one for one in found if one is not None]
        scores = [math.nan if one is None else one[1] for one in found]
        chosen = int(np.nanargmax(scores))
        best = found[chosen]
        assert best is not None
        outcome, score = best
        stopped_by = self.beside.stopped or outcome.stopped_by
        if self.interrupts.interrupted:
            stopped_by = "interrupt"
        return Clustering(
            mask=outcome.mask,
            head=outcome.head,
            objective=outcome.objective,
            evaluations=sum(one.evaluations for one, _ in made),
            seconds=seconds,
            generations=sum(one.generations for one, _ in made),
            stopped_by=stopped_by,
            history=outcome.history,
            score=score,
            scores=scores,
            chosen=chosen,
        )


class _Beside:
    """What is done after each generation of any start, one at a time."""

    def __init__(
        self,
        callbacks: Sequence[Callable[[Progress], object]],
        limits: Limits,
        n_init: int,
        began: float,
    ) -> None:
        self.callbacks, self.limits, self.n_init, self.began = callbacks, limits, n_init, began
        self.lock = threading.Lock()
        self.shares = np.zeros(n_init)
        self.evaluations = np.zeros(n_init, np.int64)
        self.generations = np.zeros(n_init, np.int64)
        self.stopped = ""

    def after(self, number: int, progress: Progress) -> None:
        """Tell the callbacks how far all starts are."""
        with self.lock:
            self.shares[number] = progress.fraction
            self.evaluations[number] = progress.evaluations
            self.generations[number] = progress.generation
            generations = self.limits.generations
            told = replace(
                progress,
                generation=int(self.generations.sum()),
                generations=None if generations is None else generations * self.n_init,
                evaluations=int(self.evaluations.sum()),
                seconds=time.perf_counter() - self.began,
                fraction=float(self.shares.mean()),
            )
            for callback in self.callbacks:
                if callback(told):
                    self.stopped = self.stopped or "callback"


class _Start(Callback):
    """Tells what is beside all starts of the generations of one."""

    def __init__(self, beside: _Beside, number: int) -> None:
        self.beside, self.number = beside, number

    def on_generation(self, loop: Loop) -> None:
        """Tell it, and stop once all are to stop."""
        self.beside.after(self.number, loop.history[-1])
        if self.beside.stopped:
            loop.stop(self.beside.stopped)

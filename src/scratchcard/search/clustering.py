"""Cluster: run searches without labels from several starts, and return the best one.

No label is read anywhere: targets come from neighbours' consensus, and so does the score that
decides which start wins.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

import numpy as np

from scratchcard.checks import as_int
from scratchcard.distinct import distinct
from scratchcard.interrupts import Interrupts
from scratchcard.objectives import get_objective
from scratchcard.rows import Rows, check_fit, integer_weights
from scratchcard.search.evolution import MAX_THREADS, Outcome, warm_up
from scratchcard.search.journal import Journal
from scratchcard.search.limits import MOST as LARGEST
from scratchcard.search.limits import Limits, Progress
from scratchcard.search.memetic import Memetic
from scratchcard.search.starts import Start, Starts
from scratchcard.search.task import Algorithm
from scratchcard.ticket import Network
from scratchcard.ticket.layers import Shape

# benchmarks/without_labels.py and docs/search.md say what was measured of these.
STARTS = 24  # searches from other first targets
MOST_STARTS = 1 << 16
"""The most starts of a search for clusters."""
ROUNDS = 160  # generations of a search, each with targets of its own
TRIALS = 12  # of an individual in a round, times the square root of the number of weights
MOST = 1 << 14  # rows that are searched, drawn where there are more
MAX_DENSITY = 0.15


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
    journal: Journal | None = None,
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
        More rows that the starts are compared on, by how well each agrees with its nearest rows of
        ``train``. Rows count by their weights among these, and among those of ``train``; the two
        kinds then count by how many different rows each has. None to compare starts on ``train``
        alone.
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
    journal : Journal or None
        Keeps what is found, so that the search can be resumed.

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
    n_init = as_int("n_init", n_init, 1, MOST_STARTS)
    seed = as_int("seed", seed, 0, LARGEST)
    train = _unlabelled(network, train, "train")
    _check_clusters(network, train, images)
    train = _some(train)
    if validation is not None:
        validation = _unlabelled(network, validation, "validation")
    with ExitStack() as stack:
        if interrupts is None:
            interrupts = stack.enter_context(Interrupts())
        warm_up(algorithm, get_objective("cross_entropy"), network)
        journal = Journal() if journal is None else journal
        began = journal.began()
        starts = Starts(
            network=network,
            train=train,
            validation=validation,
            algorithm=algorithm,
            limits=limits,
            seed=seed,
            n_init=n_init,
            n_jobs=n_jobs,
            images=images,
            interrupts=interrupts,
            journal=journal,
        )
        found = starts.run(callbacks)
        return _best(starts, found, time.perf_counter() - began)


def _best(starts: Starts, found: Sequence[Start], seconds: float) -> Clustering:
    """Return the best of the searches that went on to their end, or of all if none has."""
    made = [start for start in found if start.outcome is not None]
    ended = [start for start in made if start.population is None]
    best = max(ended or made, key=lambda start: start.score)
    outcome = best.outcome
    assert outcome is not None
    stopped_by = outcome.stopped_by if ended else "seconds"
    return Clustering(
        mask=outcome.mask,
        head=outcome.head,
        objective=outcome.objective,
        evaluations=starts.evaluations,
        seconds=seconds,
        generations=starts.generations,
        stopped_by=starts.stopped or stopped_by,
        history=best.history,
        score=best.score,
        scores=[start.score for start in found],
        chosen=best.number,
    )


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
    check_images(images, network.input_shape)


def check_images(images: bool, shape: Shape) -> None:
    """Raise ValueError for rows that are to be square images, and cannot be."""
    n_features = math.prod(shape)
    if images and math.isqrt(n_features) ** 2 != n_features:
        raise ValueError(f"images=True takes square images, got rows of {n_features} features")
    if images and len(shape) == 3 and (shape[0] > 1 or shape[1] != shape[2]):
        raise ValueError(
            f"images=True takes square images of one channel, got {'x'.join(map(str, shape))}"
        )


def n_different(rows: Rows) -> int:
    """Return how many different rows of a weight above 0 there are, without their targets."""
    return len(distinct(rows.inputs, rows.weights)[0])

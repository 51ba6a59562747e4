"""The driver: runs any algorithm within limits, and chooses the mask that is returned.

Search reads training rows. Choosing reads validation rows where there are any: of the population
that a search ends with, the mask with the highest accuracy on them is returned.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray

from scratchcard.checks import as_int
from scratchcard.engines import IncrementalEngine, Rows
from scratchcard.interrupts import Interrupts
from scratchcard.objectives import Objective, get_objective
from scratchcard.objectives.counts import ACCURACY
from scratchcard.objectives.softmax import CROSS_ENTROPY
from scratchcard.rows.augmentation import check_augmentation
from scratchcard.rows.rows import check_fit
from scratchcard.search.genetic.search import Genetic
from scratchcard.search.memetic.search import Memetic
from scratchcard.search.task import Algorithm, Individual, Search, Task
from scratchcard.search.temperature import (
    SMOOTHING,
    calibrated_temperature,
    search_temperature,
)
from scratchcard.ticket.mask import Mask
from scratchcard.ticket.network import Network

MOST = 1 << 62  # of what is counted


@dataclass(frozen=True)
class Limits:
    """When a search ends, whichever comes first; None is no limit.

    Parameters
    ----------
    generations, evaluations : reproducible limits.
    seconds : a limit by the clock, so the result depends on the machine. No clock counts the
        compilation that the first search on a machine begins with.
    patience : generations without a better validation accuracy; needs validation rows.

    Where all of the first three are None, the algorithm's own default number of generations holds.
    """

    generations: int | None = None
    evaluations: int | None = None
    seconds: float | None = None
    patience: int | None = None

    def __post_init__(self) -> None:
        for name in ("generations", "evaluations", "patience"):
            if (value := getattr(self, name)) is not None:
                as_int(name, value, 1, MOST)
        value = self.seconds
        if value is not None and not (value > 0 and math.isfinite(value)):
            raise ValueError(f"seconds takes a number above 0 or None, got {value!r}")


@dataclass(frozen=True)
class Progress:
    """Where a search stands after a generation.

    Objective and density are those of the best individual; ``validation_accuracy`` is the highest
    of the population. Where a search reads many rows by windows, the objective is that of the rows
    that it read last.
    """

    generation: int
    generations: int | None
    objective: float
    validation_accuracy: float | None
    density: float
    evaluations: int
    seconds: float
    fraction: float

    @property
    def evaluations_per_second(self) -> float:
        """Candidates decided per second, all threads together."""
        return self.evaluations / self.seconds if self.seconds > 0 else 0.0


@dataclass(frozen=True)
class Outcome:
    """What a search found: a mask, and its objective on the training rows at ``temperature``.

    A softmax objective in ``history`` is at the temperature of its generation instead, and on the
    rows that the search then read.
    """

    mask: Mask
    temperature: float
    objective: float
    evaluations: int
    seconds: float
    generations: int
    stopped_by: str
    history: list[Progress] = field(repr=False)

    @property
    def evaluations_per_second(self) -> float:
        """Candidates decided per second, all threads together."""
        return self.evaluations / self.seconds if self.seconds > 0 else 0.0


def accuracy(network: Network, mask: NDArray[np.uint8], rows: Rows) -> float:
    """Weighted share of rows whose label is right."""
    outputs = network.outputs(Mask.from_flat(network.shapes, mask), rows.inputs)
    return float(np.average(outputs.argmax(axis=1) == rows.targets, weights=rows.weights))


class _Choice:
    """Chooses a mask: of the last population, the one with the highest validation accuracy.

    The best ever seen on validation rows would be a lucky early one as often as not. Only a search
    that stops for want of improvement (``keep_best``) returns what it improved on last.
    """

    def __init__(
        self, network: Network, validation: Rows | None, keep_best: bool, n_jobs: int
    ) -> None:
        self.judge: IncrementalEngine | None = None
        if validation is not None:
            self.judge = IncrementalEngine(network, validation, ACCURACY, 1.0)
        self.keep_best = keep_best
        self.n_jobs = n_jobs
        self.masks: NDArray[np.uint8] | None = None
        self.scores: list[float] = []
        self.individual: Individual | None = None
        self.score = -math.inf
        self.improved = 0

    def consider(self, generation: int, individuals: Sequence[Individual]) -> float | None:
        """Read a generation, best first; returns the highest validation accuracy in it."""
        best, score = 0, None
        if self.judge is not None:
            masks = np.array([individual.mask for individual in individuals])
            if self.masks is None or not np.array_equal(masks, self.masks):
                found = self.judge.evaluate(masks, n_jobs=self.n_jobs)
                self.masks, self.scores = masks, [1.0 - self.judge.value(sums) for sums in found]
            best = int(np.argmax(self.scores))
            score = self.scores[best]
            if score > self.score:
                self.improved, self.score = generation, score
        if self.individual is None or not self.keep_best or score == self.score:
            self.individual = individuals[best].copy()
        return score


def evolve(
    network: Network,
    train: Rows,
    validation: Rows | None = None,
    *,
    algorithm: Algorithm | None = None,
    objective: str | Objective = "cross_entropy",
    limits: Limits | None = None,
    seed: int = 0,
    n_jobs: int = 1,
    callback: Callable[[Progress], object] | None = None,
    start: Mask | None = None,
    augment: str | None = None,
    interrupts: Interrupts | None = None,
) -> Outcome:
    """Search a mask of ``network`` that is good on ``train``, and return the best one found.

    Parameters
    ----------
    network : the frozen random network.
    train : rows that the search reads.
    validation : rows that choosing reads; None to choose by the objective on ``train``.
    algorithm : :class:`Memetic` (the default) or :class:`Genetic`, or any :class:`Algorithm`.
    objective : a name of :data:`scratchcard.objectives.OBJECTIVES`, or an Objective.
    limits : when to stop.
    seed : of the search; the network has its own.
    n_jobs : threads. The result does not depend on it.
    callback : called after each generation with a :class:`Progress`; a true answer stops.
    start : a mask to begin from instead of random ones. What is returned has no worse objective.

    augment : "shift" to search rows, square images, half of them shifted by a pixel, anew each
        time they are drawn; of the memetic algorithm.

    interrupts : where the flag is that ends the search; None for one of its own.

    KeyboardInterrupt ends the search, and the best mask so far is returned.
    """
    if interrupts is None:
        with Interrupts() as own, np.errstate(all="ignore"):
            return evolve(
                network,
                train,
                validation,
                algorithm=algorithm,
                objective=objective,
                limits=limits,
                seed=seed,
                n_jobs=n_jobs,
                callback=callback,
                start=start,
                augment=augment,
                interrupts=own,
            )
    algorithm = algorithm if algorithm is not None else Memetic()
    limits = limits if limits is not None else Limits()
    if n_jobs < 1:
        raise ValueError(f"n_jobs takes a number of threads from 1, got {n_jobs!r}")
    if limits.patience is not None and validation is None:
        raise ValueError("patience takes validation rows to watch, got validation=None")
    for name, rows in (("train", train), ("validation", validation)):
        if rows is not None:
            check_fit(network, rows, name)
    if start is not None:
        network.check_mask(start, "start")
    check_augmentation(augment, network.sizes[0], algorithm)
    limited = (limits.generations, limits.evaluations, limits.seconds) != (None, None, None)
    generations = limits.generations if limited else algorithm.generations
    objective = get_objective(objective)
    if isinstance(algorithm, Memetic):
        _compile(Memetic(max_density=1.0, population=2))
    elif isinstance(algorithm, Genetic):
        _compile(Genetic(population=2, mutation_share=1.0, migrants=1, engine=algorithm.engine))
    began = time.perf_counter()
    deadline = began + (limits.seconds or math.inf)
    task = Task(
        network,
        train,
        objective,
        search_temperature(network, train, getattr(algorithm, "max_density", None) or 0.5),
        seed,
        n_jobs,
        None if start is None else start.flat(),
        limits.evaluations,
        generations,
        augment,
        deadline,
    )
    choice = _Choice(network, validation, limits.patience is not None, n_jobs)
    history: list[Progress] = []
    stopped_by = ""
    search: Search | None = None
    try:
        search = algorithm.start(task)
        choice.consider(0, search.individuals())
        interrupts.started()
        fraction = 0.0
        while not stopped_by:
            search.step(fraction, deadline)
            individuals = search.individuals()
            generation = len(history) + 1
            score = choice.consider(generation, individuals)
            seconds = time.perf_counter() - began
            used = {
                "generations": generation / generations if generations else 0.0,
                "evaluations": search.evaluations / (limits.evaluations or math.inf),
                "seconds": seconds / (limits.seconds or math.inf),
            }
            fraction = min(1.0, max(used.values()))
            history.append(
                Progress(
                    generation,
                    generations,
                    individuals[0].objective,
                    score,
                    individuals[0].surviving / network.n_weights,
                    search.evaluations,
                    seconds,
                    fraction,
                )
            )
            if callback is not None and callback(history[-1]):
                stopped_by = "callback"
            elif interrupts.interrupted:
                stopped_by = "interrupt"
            elif fraction >= 1.0:
                stopped_by = max(used, key=lambda name: used[name])
            elif search.converged:
                stopped_by = "converged"
            elif limits.patience is not None and generation - choice.improved >= limits.patience:
                stopped_by = "early stopping"
    except KeyboardInterrupt:
        if choice.individual is None:
            raise
        stopped_by = "interrupt"
    finally:
        if search is not None and _close(search):
            stopped_by = "interrupt"
    assert search is not None
    assert choice.individual is not None
    evaluations = search.evaluations
    search = None  # its memory is wanted now
    mask = Mask.from_flat(network.shapes, choice.individual.mask).without_dead()
    temperature, value = task.temperature, choice.individual.objective
    judges, smoothing = (train, SMOOTHING) if validation is None else (validation, None)
    try:
        engine = IncrementalEngine(network, train, task.objective, temperature)
        masks = [mask] if start is None or _is_too_dense(start, algorithm) else [mask, start]
        fitted = []
        for one in masks:
            engine.temper(calibrated_temperature(network, one, judges, smoothing))
            sums = engine.evaluate(one.flat()[None])[0]
            fitted.append((engine.value(sums), engine.temperature, one))
        value, temperature, mask = min(fitted, key=lambda found: found[0])  # no worse than start
    except KeyboardInterrupt:
        stopped_by = "interrupt"
    return Outcome(
        mask=mask,
        temperature=temperature,
        objective=value,
        evaluations=evaluations,
        seconds=time.perf_counter() - began,
        generations=len(history),
        stopped_by=stopped_by,
        history=history,
    )


def _close(search: Search) -> bool:
    """Release threads, which takes until they are done; whether Ctrl-C came meanwhile."""
    try:
        search.close()
    except KeyboardInterrupt:
        search.close()
        return True
    return False


@cache
def _compile(algorithm: Algorithm) -> None:
    """Have all that a search runs compiled or loaded: the least of a search, of next to nothing."""
    network = Network((16, 16, 2))  # large enough that some masks count as similar
    rows = Rows(np.eye(2, 16, dtype=np.int16), np.array([0, 1]))
    engine = IncrementalEngine(network, rows, CROSS_ENTROPY, 1.0)
    engine.apply(engine.state(np.ones(network.n_weights, np.uint8)), np.zeros(1, np.int64))
    task = Task(network, rows, CROSS_ENTROPY, 1.0, evaluations=1)
    with closing(algorithm.start(task)) as search:
        _Choice(network, rows, False, 1).consider(0, search.individuals())
        search.step(0.0, math.inf)


def _is_too_dense(mask: Mask, algorithm: Algorithm) -> bool:
    max_density = getattr(algorithm, "max_density", None)
    return max_density is not None and mask.density > max_density

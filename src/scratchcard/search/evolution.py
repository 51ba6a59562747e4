"""Evolve: run a search from its settings to its outcome, with any algorithm.

Search reads training rows. Choosing and calibrating read validation rows where there are any.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from scratchcard.checks import as_int
from scratchcard.engines import IncrementalEngine
from scratchcard.engines.checks import check_answers, check_group
from scratchcard.interrupts import Interrupts
from scratchcard.objectives import Objective, get_objective
from scratchcard.objectives.information import answered_by_neighbours
from scratchcard.rows import Rows, check_fit
from scratchcard.rows.augmentation import check_augmentation
from scratchcard.search.callbacks import Callback, Calling, Choosing, EarlyStopping
from scratchcard.search.identity import check_same, fingerprint, identity_of
from scratchcard.search.limits import MOST, Limits, Progress
from scratchcard.search.loop import Loop
from scratchcard.search.memetic import Memetic
from scratchcard.search.population import Population
from scratchcard.search.sealed import CheckpointError
from scratchcard.search.targets import Given, Targets
from scratchcard.search.task import Algorithm, Individual, Task
from scratchcard.search.temperature import SMOOTHING, calibrated, first_reading
from scratchcard.ticket import Conv2d, Dense, Head, Mask, Network

DEFAULT_DENSITY = 0.5  # density of random masks, where an algorithm has no limit
MAX_THREADS = 1 << 16

AnyCallback = Callback | Callable[[Progress], object]


@dataclass(frozen=True)
class Outcome:
    """What a search found, and how it went.

    Attributes
    ----------
    mask : Mask
        The mask that was chosen.
    head : Head
        What the outputs mean, calibrated.
    objective : float
        The objective of the mask on the training rows, at :attr:`temperature`.
    evaluations : int
        Candidates decided.
    seconds : float
        Seconds that the search took, before it was resumed too, compilation not counted.
    generations : int
        Generations that are over, those of a resumed search included.
    stopped_by : str
        "generations", "evaluations", "seconds", "converged", "early stopping", "callback" or
        "interrupt", or what a callback said.
    history : list of Progress
        One for each generation. A softmax objective there is at the temperature of
        its generation, and on the rows that the search then read.
    """

    mask: Mask
    head: Head
    objective: float
    evaluations: int
    seconds: float
    generations: int
    stopped_by: str
    history: list[Progress] = field(repr=False)

    @property
    def temperature(self) -> float:
        """Nats of logit per unit of output, calibrated."""
        return self.head.temperature

    @property
    def evaluations_per_second(self) -> float:
        """Candidates decided per second, all threads together."""
        return self.evaluations / self.seconds if self.seconds > 0 else 0.0


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
    callbacks: Sequence[AnyCallback] = (),
    start: Mask | None = None,
    resume: Population | None = None,
    augment: str | None = None,
    targets: Targets | None = None,
    head: Head | None = None,
    interrupts: Interrupts | None = None,
) -> Outcome:
    """Search a mask of ``network`` that is good on ``train``, and return the best one found.

    Ctrl-C ends the search within a fraction of a second, and the best mask so far is returned.

    Parameters
    ----------
    network : Network
        The frozen random network.
    train : Rows
        Rows that the search reads.
    validation : Rows or None
        Rows that choosing reads; None to choose by the objective on ``train``.
    algorithm : Algorithm or None
        :class:`Memetic` (the default), :class:`Genetic`, or another.
    objective : str or Objective
        A name of :data:`scratchcard.objectives.OBJECTIVES`, or an objective.
    limits : Limits or None
        When to stop.
    seed : int
        Seed of the search; the network has its own.
    n_jobs : int
        Threads. The result does not depend on it.
    callbacks : sequence of Callback or of callable
        What is done beside the search. A function is called after each generation with a
        :class:`Progress`; a true answer stops the search.
    start : Mask or None
        A mask to begin from instead of random ones. What is returned has no worse objective.
    resume : Population or None
        A population that an interrupted search with the same settings left, to go on from. The
        outcome is then that of the whole search, its seconds and history included.
    augment : {"shift"} or None
        "shift" for rows that are square images, or maps: half of them are shifted by a pixel, anew
        each time they are drawn. The algorithm must draw rows.
    targets : Targets or None
        What says what the network should answer for each row; None for the targets of ``train``.
    head : Head or None
        What the outputs mean; None for the classes 0, 1, 2, ..., or with an objective of numbers
        for numbers about 0.
    interrupts : Interrupts or None
        Holds the flag that ends the search at once; None for a new one, which Ctrl-C sets.

    Returns
    -------
    Outcome
        The mask, calibrated.

    Raises
    ------
    ValueError
        For settings that do not fit together, and for a population of another search.
    ObjectiveError
        For an objective that gives NaN, an infinity, or a number too large to be kept.
    KeyboardInterrupt
        After Ctrl-C before there is a first mask.
    """
    algorithm = algorithm if algorithm is not None else Memetic()
    limits = limits if limits is not None else Limits()
    objective = get_objective(objective)
    head = head if head is not None else objective.head(network.n_outputs)
    seed = as_int("seed", seed, 0, MOST)
    n_jobs = as_int("n_jobs", n_jobs, 1, MAX_THREADS)
    _check_head(head, objective, network)
    if limits.patience is not None and validation is None:
        raise ValueError("patience takes validation rows to watch, got validation=None")
    for name, rows in (("train", train), ("validation", validation)):
        if rows is not None:
            check_fit(network, rows, name)
            check_answers(objective, rows)
    check_group(objective, train)
    if validation is not None and not objective.reads_targets:
        raise ValueError(
            f"validation takes None with objective {objective.name!r}, which reads no targets"
        )
    if start is not None:
        network.check_mask(start, "start")
    check_augmentation(augment, network.input_shape, algorithm.draws_rows)
    targets = targets if targets is not None else Given(train.targets)
    train = train.with_targets(targets.first())
    limits = limits.filled(algorithm.generations)
    identify = partial(
        identity_of,
        network,
        train,
        validation,
        head,
        algorithm=algorithm,
        objective=objective,
        limits=limits,
        seed=seed,
        start=None if start is None else fingerprint(start.flat()),
        augment=augment,
        targets=type(targets),
    )
    if resume is not None:
        _check_population(resume, algorithm, network)
        if resume.identity:
            check_same("resume", resume.identity, identify())
    choosing = Choosing(network, validation, head, limits.patience is not None, n_jobs)
    beside: list[Callback] = [choosing]
    beside += [one if isinstance(one, Callback) else Calling(one) for one in callbacks]
    if limits.patience is not None:
        beside.append(EarlyStopping(choosing, limits.patience))
    with ExitStack() as stack:
        # A user's settings are for the user's floats.
        stack.enter_context(np.errstate(all="ignore"))
        if interrupts is None:
            interrupts = stack.enter_context(Interrupts())
        warm_up(algorithm, objective, network)
        interrupts.check()
        began = time.perf_counter() - (0.0 if resume is None else resume.seconds)
        density = algorithm.max_density or DEFAULT_DENSITY
        task = Task(
            network,
            train,
            objective,
            first_reading(objective, network, train, density),
            seed,
            n_jobs,
            None if start is None else start.flat(),
            limits.evaluations,
            limits.generations,
            augment,
            began + (limits.seconds or math.inf),
            interrupts.flag,
        )
        loop = Loop(algorithm, task, limits, beside, targets, identify)
        loop.run(interrupts, resume)
        assert choosing.individual is not None
        found = _Found(loop.task, head, choosing.individual, start, algorithm.max_density)
        mask, head, value = found.finished(validation, loop)
    return Outcome(
        mask=mask,
        head=head,
        objective=value,
        evaluations=loop.evaluations,
        seconds=time.perf_counter() - began,
        generations=loop.generation,
        stopped_by=loop.stopped_by,
        history=loop.history,
    )


@dataclass(frozen=True)
class _Found:
    """The mask that choosing has chosen, and the mask that the search began from."""

    task: Task
    head: Head
    individual: Individual
    start: Mask | None
    max_density: float | None

    def finished(self, validation: Rows | None, loop: Loop) -> tuple[Mask, Head, float]:
        """Return the mask without dead weights, its calibrated head, and its objective.

        The mask to begin from is returned instead where that has a better objective.
        """
        task = self.task
        mask = Mask.from_flat(task.network.layers, self.individual.mask).without_dead()
        judges, smoothing = (task.rows, SMOOTHING) if validation is None else (validation, None)
        best = mask, self.head, self.individual.objective
        with suppress(KeyboardInterrupt):
            fitted = []
            engine = IncrementalEngine(task.network, task.rows, task.objective, task.temperature)
            for one in (mask, self.start):
                if one is None or (one is self.start and self._is_too_dense(one)):
                    continue
                if not task.objective.reads_targets:
                    outputs = task.network.outputs(one, judges.inputs)
                    judges = answered_by_neighbours(outputs, judges)
                head = calibrated(self.head, task.network, one, judges, smoothing)
                engine.temper(head.reading)
                sums = engine.evaluate(one.flat()[None], n_jobs=task.n_jobs)[0]
                fitted.append((one, head, engine.value(sums)))
            return min(fitted, key=lambda found: found[2])
        loop.stopped_by = "interrupt"
        return best

    def _is_too_dense(self, mask: Mask) -> bool:
        return self.max_density is not None and mask.density > self.max_density


def _check_head(head: Head, objective: Objective, network: Network) -> None:
    """Raise ValueError for a head that the network or the objective is not for."""
    if head.n_outputs != network.n_outputs:
        raise ValueError(
            f"head takes one of {network.n_outputs} outputs, as the network has, "
            f"got one of {head.n_outputs}"
        )
    fits = head.answers == objective.answers
    if fits and objective.answers == "numbers":  # whose targets and lines are of one loss
        fits = head.judge == objective.name
    if not fits:
        raise ValueError(
            f"objective takes one that suits the head {head!r}, such as {head.judge!r}, "
            f"got {objective.name!r}, which is for {objective.answers}"
        )


def _check_population(population: Population, algorithm: Algorithm, network: Network) -> None:
    """Raise CheckpointError for a population of a search with another algorithm or network."""
    if population.algorithm != algorithm.name:
        raise CheckpointError(
            f"resume takes a population of the algorithm {algorithm.name!r}, got one of "
            f"{population.algorithm!r}"
        )
    masks = population.masks
    if masks.shape[1] != network.n_weights:
        raise CheckpointError(
            f"resume takes masks of {network.n_weights} weights, got {masks.shape[1]}"
        )
    if masks.dtype != np.uint8 or masks.max() > 1:
        raise CheckpointError("resume takes masks of 0 and 1 (uint8)")


_COMPILED: set[tuple[str, Objective, Network]] = set()


def warm_up(algorithm: Algorithm, objective: Objective, network: Network) -> None:
    """Have all that a search runs compiled or loaded, by running a search of next to nothing.

    So no clock counts compilation, whatever the algorithm and the objective.

    Parameters
    ----------
    algorithm : Algorithm
        The algorithm that is to search.
    objective : Objective
        What it is to minimise.
    network : Network
        The network that it is to search.
    """
    algorithm, network = algorithm.smallest(), _small(network)
    key = (repr(algorithm), objective, network)
    if key in _COMPILED:
        return
    n_rows, n_inputs = 2 * objective.group, network.n_inputs
    inputs = np.resize(np.eye(2, n_inputs, dtype=np.int16), (n_rows, n_inputs))
    rows = Rows(inputs, np.arange(n_rows) % 2, group=objective.group)
    if objective.answers == "numbers":
        rows = rows.with_targets(np.tile(rows.targets[:, None], network.n_outputs))
    calm = first_reading(objective, network, rows, DEFAULT_DENSITY)  # as in a search: nothing huge
    task = Task(network, rows, objective, calm, evaluations=1)
    with np.errstate(all="ignore"), closing(algorithm.start(task)) as search:
        judge = Choosing(network, rows, objective.head(network.n_outputs)).judge
        assert judge is not None
        masks = np.array([one.mask for one in search.individuals()])
        judge.evaluate(masks)
        judge.apply(judge.state(masks[0]), np.zeros(1, np.int64))
        search.step(0.0, math.inf)
    _COMPILED.add(key)


def _small(network: Network) -> Network:
    """Return a network whose search compiles what the search of this one does.

    It is large enough for masks that are similar.
    """
    output = Dense(max(2, network.n_outputs))
    if not network.has_maps:
        return Network((Dense(16), output), (16,))
    if network.has_narrow_maps:
        return Network((Conv2d(16, 3), output), (1, 4, 4), weights="signed_constant")
    return Network((Conv2d(16, 3), output), (64, 4, 4))  # too many sources for sums of 16 bits

"""Finding: from a module, a loss and data to a mask, by any algorithm that takes an engine."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from scratchcard.checks import as_int, as_share
from scratchcard.engines import Engine
from scratchcard.interrupts import Interrupts
from scratchcard.objectives import ObjectiveError
from scratchcard.search import Callback, Checkpoint, Genetic, Limits, Loop, Memetic, Task
from scratchcard.search.callbacks import Calling, Choosing, EarlyStopping
from scratchcard.search.evolution import AnyCallback
from scratchcard.search.limits import MOST
from scratchcard.search.memetic.search import FAIR_PRICE, HEAT, MIN_GENERATIONS, TRIALS
from scratchcard.search.targets import Given
from scratchcard.ticket.mask import random_bits_of
from scratchcard.torch.engine import LOSS, Loss, ModuleEngine
from scratchcard.torch.examples import as_device, read_examples
from scratchcard.torch.frozen import Frozen, Parameters
from scratchcard.torch.outcome import ModuleOutcome

__all__ = ["find_mask"]

EVALUATIONS = 20_000  # candidates of a search where no limit is given
MAX_DENSITY = 0.5  # of the memetic algorithm, where nobody says
POPULATION = 1  # the same: few trials are made in a time, and they are wanted in one place
BATCH_SIZE = 1024
MASKS = 8  # random masks whose losses say how large a loss is, and how long it takes
MOST_AT_ONCE = 1 << 16


def find_mask(
    module: nn.Module,
    loss: Loss,
    data: Any,
    *,
    parameters: Parameters = None,
    validation: Any = None,
    algorithm: str | Memetic | Genetic = "memetic",
    max_density: float | None = None,
    limits: Limits | None = None,
    seed: int = 0,
    callbacks: Sequence[AnyCallback] = (),
    batch_size: int = BATCH_SIZE,
    chunk_size: int | None = None,
    device: Any = None,
) -> ModuleOutcome:
    """Search a mask of a frozen module's parameters that makes a loss small, without a gradient.

    The module is taken as it is: its parameters are read and never written, and no gradient is
    computed. Ctrl-C ends the search, and the best mask so far is returned.

    Parameters
    ----------
    module : torch.nn.Module
        The module, with the weights that it has, in the mode in which it is to be used. It takes
        rows and returns a tensor with a row for each.
    loss : callable
        ``loss(outputs, targets)``: a number, or a tensor with one for each row, whose mean counts;
        lower is better. It need not be differentiable.
    data : tuple, Dataset or DataLoader
        ``(inputs, targets)``, tensors or arrays; ``inputs`` may be a tuple, for a module that takes
        several arguments. Or what yields such pairs; it is read once.
    parameters : sequence of str, callable or None
        What is masked: names of parameters; or ``f(name, parameter)``, true for these; or None for
        all parameters with two or more dimensions, so that biases stay.
    validation : like ``data``, or None
        Where it is given, the mask is that of the generation with the lowest loss on it.
    algorithm : {"memetic", "genetic"}, Memetic or Genetic
        The algorithm. Of :class:`~scratchcard.Memetic`, ``heat``, ``tolerance`` and the default
        price are multiplied by the mean loss of random masks, so that a loss may be of any size,
        and ``population`` is 1 where it is None.
    max_density : float or None
        For an algorithm by name, the largest share of the weights that may stay; None for 0.5 in
        the memetic algorithm, and no limit, as in the paper, in the genetic one.
    limits : Limits or None
        When to stop; None for 20,000 candidates.
    seed : int
        Seed of the search. The weights are the module's own.
    callbacks : sequence of Callback or of callable
        What is done beside the search, as for :func:`~scratchcard.evolve`.
    batch_size : int
        Rows that the module reads at once.
    chunk_size : int or None
        Masks that are computed at once, by ``vmap``; 1 for a loop. None for 1 on a CPU, where the
        memetic search gains nothing by more, and 32 elsewhere. A module that ``vmap`` cannot run is
        looped over, with a warning.
    device : str, torch.device or None
        Where to compute; None for where the parameters are.

    Returns
    -------
    ModuleOutcome
        The masked module, its masks, and how the search went.

    Raises
    ------
    ValueError
        For anything else: a module that answers otherwise when it is asked again, as with dropout
        or batch normalisation in training mode; parameters that are not there, or are not finite
        floats; data of different lengths; a loss that is not a finite number.
    KeyboardInterrupt
        After Ctrl-C before there is a first mask.

    Notes
    -----
    The same arguments give the same mask on the same machine, device and number of torch's threads.
    Float sums of other shapes are rounded otherwise, so ``chunk_size`` and ``batch_size`` may
    matter in single precision; with a module of double floats (``module.double()``) they do not,
    because losses are rounded to single precision.
    """
    seed = as_int("seed", seed, 0, MOST)
    batch_size = as_int("batch_size", batch_size, 1, MOST)
    if chunk_size is not None:
        chunk_size = as_int("chunk_size", chunk_size, 1, MOST_AT_ONCE)
    if not callable(loss):
        raise ValueError(f"loss takes a function of outputs and targets, got {loss!r}")
    settings = _settings(algorithm, max_density)
    limits = limits if limits is not None else Limits()
    if (limits.generations, limits.evaluations, limits.seconds) == (None, None, None):
        limits = replace(limits, evaluations=EVALUATIONS)
    if limits.patience is not None and validation is None:
        raise ValueError("patience takes validation data to watch, got validation=None")
    frozen = Frozen(module, parameters, as_device(device))
    dtype = frozen.parameters[frozen.names[0]].dtype
    examples = read_examples("data", data, batch_size, frozen.device, dtype)
    aside = None
    if validation is not None:
        aside = read_examples("validation", validation, batch_size, frozen.device, dtype)
    for one in callbacks:
        if isinstance(one, Checkpoint):
            raise ValueError("callbacks takes no Checkpoint: a search of a module is not resumed")
    with ExitStack() as stack:
        interrupts = stack.enter_context(Interrupts())
        with torch.no_grad():
            frozen.probe(examples)
            if aside is not None:
                frozen.probe(aside)
        engine = ModuleEngine(frozen, loss, examples, chunk_size)
        judge = None if aside is None else ModuleEngine(frozen, loss, aside, engine.at_once)
        interrupts.check()
        settings = _fitted(settings, engine, seed, limits)
        choosing = _Choosing(engine, judge, aside is not None)
        beside: list[Callback] = [choosing]
        beside += [one if isinstance(one, Callback) else Calling(one) for one in callbacks]
        if limits.patience is not None:
            beside.append(EarlyStopping(choosing, limits.patience))
        task = Task(
            engine.network,
            engine.rows,
            LOSS,
            engine.temperature,
            seed,
            evaluations=limits.evaluations,
            generations=limits.generations,
            stop=interrupts.flag,
        )
        _warm_up(settings, task)
        began = time.perf_counter()
        task = replace(task, deadline=began + (limits.seconds or math.inf))
        loop = Loop(settings, task, limits, beside, Given(engine.rows.targets))
        loop.run(interrupts)
        seconds = time.perf_counter() - began
    assert choosing.individual is not None
    if not math.isfinite(choosing.individual.objective):
        raise ObjectiveError("loss takes a function that is finite for some mask, none was found")
    flat = torch.from_numpy(choosing.individual.mask.copy())[None]
    masks = {name: mask[0].bool() for name, mask in frozen.split(flat).items()}
    return ModuleOutcome(
        module=frozen.masked(masks),
        masks=masks,
        loss=choosing.individual.objective,
        validation_loss=None if judge is None else choosing.loss_of_chosen(),
        evaluations=loop.evaluations,
        seconds=seconds,
        generations=loop.generation,
        stopped_by=loop.stopped_by,
        history=loop.history,
    )


def _warm_up(settings: Memetic | Genetic, task: Task) -> None:
    """Have compiled what a search runs, so that no clock counts that."""
    small = replace(settings, population=2)
    if isinstance(small, Memetic):
        small = replace(small, burst=1)
    with closing(small.start(replace(task, evaluations=None, generations=1))) as search:
        search.step(0.0, math.inf)


def _settings(algorithm: str | Memetic | Genetic, max_density: float | None) -> Memetic | Genetic:
    """Return the settings of the algorithm of this name, or the settings themselves."""
    if max_density is not None:
        as_share("max_density", max_density, zero=False)
    if algorithm == "memetic":
        return Memetic(max_density=MAX_DENSITY if max_density is None else max_density)
    if algorithm == "genetic":
        return Genetic(max_density=max_density)
    if not isinstance(algorithm, (Memetic, Genetic)):
        raise ValueError(
            f"algorithm takes 'memetic', 'genetic', a Memetic or a Genetic, got {algorithm!r}"
        )
    if max_density is not None:
        raise ValueError(
            "max_density is for an algorithm by name; one with settings of its own has its own, "
            f"got max_density={max_density} and {algorithm!r}"
        )
    if isinstance(algorithm, Memetic) and algorithm.max_bits is not None:
        raise ValueError("algorithm takes settings without max_bits, which is for tickets' files")
    return algorithm


def _fitted(
    settings: Memetic | Genetic, engine: ModuleEngine, seed: int, limits: Limits
) -> Memetic | Genetic:
    """Return the settings for this engine, for losses of this size and for these limits."""

    def make_engine(*given: Any, **named: Any) -> Engine:
        return engine

    random = np.random.default_rng([seed, MASKS])
    density = (settings.max_density or 1.0) / 2
    n_weights = engine.network.n_weights
    masks = np.array([random_bits_of(n_weights, density, random) for _ in range(MASKS)])
    engine.evaluate(masks[:1])  # the first call of a module takes longer
    began = time.perf_counter()
    targets = engine.examples.targets.clone()
    losses = engine.values(engine.evaluate(masks))
    if not torch.equal(targets, engine.examples.targets):
        raise ValueError("loss takes a function that leaves the targets as they are")
    if not np.isfinite(losses).any():
        raise ObjectiveError(
            f"loss takes a function that returns finite numbers, got NaN or an infinity for all of "
            f"{MASKS} random masks"
        )
    size = float(np.abs(losses[np.isfinite(losses)]).mean()) or 1.0
    seconds = (time.perf_counter() - began) / MASKS
    if isinstance(settings, Genetic):
        return replace(settings, engine=make_engine)
    survivors = max(1, int(settings.max_density * n_weights))
    population, burst = settings.population or POPULATION, settings.burst
    if burst is None and limits.seconds is not None:
        trials = limits.seconds / seconds / (MIN_GENERATIONS * population)
        burst = max(1, min(int(trials), int(TRIALS * n_weights**0.5)))
    return replace(
        settings,
        engine=make_engine,
        heat=(HEAT if settings.heat is None else settings.heat) * size,
        tolerance=settings.tolerance * size,
        price=FAIR_PRICE * size / survivors if settings.price is None else settings.price,
        population=population,
        burst=burst,
    )


class _Choosing(Choosing):
    """Chooses by the loss on validation data, where there is any."""

    def __init__(self, engine: ModuleEngine, judge: ModuleEngine | None, keep_best: bool) -> None:
        network: Any = engine.network
        head: Any = None  # what outputs mean, the loss knows
        super().__init__(network, None, head, keep_best)
        self.judge = judge

    def on_generation(self, loop: Loop) -> None:
        """Choose from this generation."""
        self._consider(loop)

    def _judged(self, judge: Engine, masks: NDArray[np.uint8]) -> list[float]:
        return [-judge.value(sums) for sums in judge.evaluate(masks)]

    def loss_of_chosen(self) -> float:
        """Return the loss of the mask that was chosen on the validation data."""
        assert self.judge is not None
        assert self.individual is not None
        return -self._judged(self.judge, self.individual.mask[None])[0]

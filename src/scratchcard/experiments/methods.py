"""Methods: what can be compared, by name. A new one is a class here and a row in the table.

A name may carry a density, as in ``edge-popup@0.5``; without one a method takes the density that it
is given. ``edge-popup``, ``biprop`` and ``twin`` need the extra ``torch``.
Ctrl-C raises KeyboardInterrupt out of a run, since half a run compares with nothing.
"""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from scratchcard.engines import Rows
from scratchcard.evolution import Genetic, Limits, Memetic, accuracy, evolve
from scratchcard.evolution.task import Algorithm
from scratchcard.evolution.temperature import calibrated_temperature
from scratchcard.experiments.arena import Arena, Attempt
from scratchcard.mask import Mask
from scratchcard.network import Network
from scratchcard.problem import make_algorithm

PAPER_PATIENCE, PLANAR_PATIENCE = 50, 300  # generations; for rows with two features
MLP_ITERATIONS = 1000  # the paper's
EPOCHS, BATCH = 100, 128  # of a descent, by default
MIN_STEPS = 2000
SMALL_RATES = {"edge-popup": 0.1, "biprop": 0.03}  # of SGD where rows are few


@dataclass(frozen=True)
class Effort:
    """How long a method may work on a run; None is the method's own default.

    ``generations`` and ``evaluations`` limit evolution, ``epochs`` descents, ``seconds`` both but
    for ``mlp``. Raises ValueError, naming the limit, for one that is not above 0.
    """

    generations: int | None = None
    evaluations: int | None = None
    epochs: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        Limits(self.generations, self.evaluations, self.seconds)
        if self.epochs is not None and self.epochs < 1:
            raise ValueError(f"epochs takes a number above 0 or None, got {self.epochs!r}")


class Method(Protocol):
    """Something that can be run on an arena."""

    def run(self, arena: Arena, effort: Effort) -> Attempt:
        """Find a mask, or train a model, with one thread."""
        ...


@dataclass(frozen=True)
class MemeticSearch:
    """Our memetic search with cross-entropy."""

    density: float

    def run(self, arena: Arena, effort: Effort) -> Attempt:
        """Search on training rows, choose by validation rows."""
        return _evolved(arena, Memetic(max_density=self.density), "cross_entropy", effort)


@dataclass(frozen=True)
class PaperGenetic:
    """The paper's genetic algorithm with the paper's objective and stopping rule.

    Accuracy for two classes; cross-entropy, with no patience, for more. Its density is what it
    comes to.
    """

    preset: str

    def run(self, arena: Arena, effort: Effort) -> Attempt:
        """Search on training rows, choose by validation rows."""
        patience: int | None = None
        if arena.dataset.n_classes == 2:
            patience = PLANAR_PATIENCE if arena.dataset.n_features == 2 else PAPER_PATIENCE
        objective = "accuracy" if arena.dataset.n_classes == 2 else "cross_entropy"
        algorithm = Genetic(preset=self.preset, patience=patience)
        return _evolved(arena, algorithm, objective, effort)


@dataclass(frozen=True)
class GradientMask:
    """Edge-popup or biprop at a density, on the arena's frozen weights.

    The library's own settings, Adam, were tuned on 51,000 rows. Where rows are few, below 2,560, it
    is SGD, otherwise with the settings of the edge-popup paper. Five-fold cross-validation on the
    rows of digits that are no test rows (64-100-10, density 0.1): edge-popup 96.1 % with rate 0.1,
    96.3 with 0.03 (at density 0.5 96.4 and 95.4); Adam was a point below at density 0.1. Biprop,
    four folds: 95.6 % with 0.1, 96.4 with 0.03. Twice as many steps gained neither anything.
    """

    name: str
    density: float

    def run(self, arena: Arena, effort: Effort) -> Attempt:
        """Learn scores on training rows; the last mask is taken."""
        from scratchcard import baselines

        method: Any = {"edge-popup": baselines.EdgePopup, "biprop": baselines.Biprop}[self.name]
        few = {"descent": baselines.Descent("sgd", lr=SMALL_RATES[self.name])}
        settings: Any = few if _is_small(arena) else {}
        found = method(density=self.density, **settings).fit(
            arena.network,
            arena.train,
            epochs=_epochs(arena, effort),
            seconds=effort.seconds,
            seed=arena.seed,
        )
        _raise_interrupt(found.run.stopped_by)
        if self.name == "edge-popup":
            mask, temperature = found.mask, found.temperature
        else:  # what is kept is a mask, but its signs are scaled: no ticket predicts as it does
            mask = Mask.from_layers([(one != 0).numpy() for one in found.layers.weights])
            temperature = 1.0
        own = self.name == "biprop"
        return Attempt(found.accuracy, found.run.seconds, mask, temperature, own_weights=own)


@dataclass(frozen=True)
class TrainedTwin:
    """A dense network of the same shape, trained with Adam."""

    def run(self, arena: Arena, effort: Effort) -> Attempt:
        """Train on training rows; the last weights are taken."""
        from scratchcard.baselines import Twin

        found = Twin().fit(
            arena.network,
            arena.train,
            epochs=_epochs(arena, effort),
            seconds=effort.seconds,
            seed=arena.seed,
        )
        _raise_interrupt(found.run.stopped_by)
        return Attempt(found.accuracy, found.run.seconds, n_parameters=_n_parameters(arena))


@dataclass(frozen=True)
class Perceptron:
    """scikit-learn's MLPClassifier with the same hidden units, as the paper trains it."""

    def run(self, arena: Arena, effort: Effort) -> Attempt:
        """Train on training rows until it converges, or for ``effort.epochs``."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.neural_network import MLPClassifier

        limit = float(arena.network.input_limit)
        model = MLPClassifier(
            hidden_layer_sizes=arena.hidden,
            max_iter=effort.epochs or MLP_ITERATIONS,
            random_state=arena.seed,
        )
        began = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(arena.train.inputs / limit, arena.train.targets)
        seconds = time.perf_counter() - began

        def judge(rows: Rows) -> float:
            return float(np.mean(model.predict(rows.inputs / limit) == rows.targets))

        return Attempt(judge, seconds, n_parameters=_n_parameters(arena))


def _evolved(arena: Arena, algorithm: Algorithm, objective: str, effort: Effort) -> Attempt:
    limits = Limits(effort.generations, effort.evaluations, effort.seconds)
    outcome = evolve(
        arena.network,
        arena.train,
        arena.validation,
        algorithm=algorithm,
        objective=objective,
        limits=limits,
        seed=arena.seed,
    )
    _raise_interrupt(outcome.stopped_by)
    flat = outcome.mask.flat()
    return Attempt(
        judge=lambda rows: accuracy(arena.network, flat, rows),
        seconds=outcome.seconds,
        mask=outcome.mask,
        temperature=outcome.temperature,
        evaluations=outcome.evaluations,
    )


def pruned(arena: Arena, attempt: Attempt) -> Attempt:
    """The attempt after the paper's pruning pass, on training rows; its mask must be there."""
    from scratchcard.evolution import prune

    assert attempt.mask is not None
    began = time.perf_counter()
    mask = prune(arena.network, attempt.mask, arena.train)
    flat = mask.flat()
    return replace(
        attempt,
        judge=lambda rows: accuracy(arena.network, flat, rows),
        seconds=attempt.seconds + time.perf_counter() - began,
        mask=mask,
        temperature=calibrated_temperature(arena.network, mask, arena.validation),
    )


def _epochs(arena: Arena, effort: Effort) -> int | None:
    """Epochs of a descent: a hundred, and more for few rows; None leaves it to seconds."""
    if effort.epochs is not None or effort.seconds is not None:
        return effort.epochs
    return max(EPOCHS, math.ceil(MIN_STEPS / _steps(arena)))


def _is_small(arena: Arena) -> bool:
    return EPOCHS * _steps(arena) < MIN_STEPS


def _steps(arena: Arena) -> int:
    """Steps of a descent in an epoch."""
    return math.ceil(len(arena.train) / BATCH)


def _raise_interrupt(stopped_by: str) -> None:
    if stopped_by == "interrupt":
        raise KeyboardInterrupt


def _n_parameters(arena: Arena) -> int:
    return arena.network.n_weights + sum(arena.network.sizes[1:])


METHODS: dict[str, Callable[[float], Method]] = {
    "memetic": MemeticSearch,
    "ga": lambda density: PaperGenetic("GA"),
    "ga-static": lambda density: PaperGenetic("GA (static AB)"),
    "ga-adaptive": lambda density: PaperGenetic("GA (adaptive AB)"),
    "edge-popup": lambda density: GradientMask("edge-popup", density),
    "biprop": lambda density: GradientMask("biprop", density),
    "twin": lambda density: TrainedTwin(),
    "mlp": lambda density: Perceptron(),
}
"""Methods by name; each is made with the density that may stay, and may not heed it."""

DENSE = ("ga", "ga-static", "ga-adaptive", "twin", "mlp")
"""Those that heed no density."""

NEED_TORCH = ("edge-popup", "biprop", "twin")


def make_method(text: str, density: float) -> Method:
    """Return the method that ``text`` names, as ``memetic`` or ``edge-popup@0.5``.

    Raises ValueError for an unknown name, a density that is none, and one where none is heeded.
    """
    name, at, own = text.partition("@")
    if name not in METHODS:
        raise ValueError(f"methods takes {', '.join(METHODS)}, got {text!r}")
    if at:
        if name in DENSE:
            raise ValueError(f"methods: {name} takes no density, got {text!r}")
        try:
            density = float(own)
        except ValueError:
            density = float("nan")
    if not 0.0 < density <= 1.0:
        raise ValueError(f"methods takes densities above 0 and at most 1, got {text!r}")
    return METHODS[name](density)


def check_method(text: str, density: float, network: Network) -> None:
    """Raise ValueError unless the method of this name can be run on the network."""
    method = make_method(text, density)
    if isinstance(method, MemeticSearch):
        make_algorithm("memetic", method.density, network)
    elif isinstance(method, GradientMask):
        smallest = min(fan_out * fan_in for fan_out, fan_in in network.shapes)
        if int(method.density * smallest) == 0:
            raise ValueError(
                f"methods: {text} at density {method.density} leaves none of a layer's "
                f"{smallest} weights"
            )


def needs_torch(text: str) -> bool:
    """Whether the method of this name needs the extra ``torch``."""
    return text.partition("@")[0] in NEED_TORCH

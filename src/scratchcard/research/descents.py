"""Descents: what gradients find, as methods: masks by scores, and dense models that are trained.

``GradientMask`` and ``TrainedTwin`` need the extra ``torch``.
"""

from __future__ import annotations

import math
import time
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from scratchcard.research.arena import Arena, Attempt, Effort, raise_interrupt
from scratchcard.rows import Rows
from scratchcard.ticket.mask import Mask

MLP_ITERATIONS = 1000  # the paper's
EPOCHS, BATCH = 100, 128  # of a descent, by default
MIN_STEPS = 2000
SMALL_RATES = {"edge-popup": 0.1, "biprop": 0.03}  # of SGD where rows are few


@dataclass(frozen=True)
class GradientMask:
    """Edge-popup or biprop at a density, on the arena's frozen weights.

    The library's own settings, Adam, were tuned on 51,000 rows. Where rows are few, at most 2,432,
    it is SGD, otherwise with the settings of the edge-popup paper. Five-fold cross-validation on
    the rows of digits that are no test rows (64-100-10, density 0.1): edge-popup 96.1 % with rate
    0.1, 96.3 with 0.03 (at density 0.5 96.4 and 95.4); Adam with rate 1e-3 was a point below at
    density 0.1, which says nothing about other rates of Adam. Biprop, four folds: 95.6 % with 0.1,
    96.4 with 0.03. Twice as many steps gained neither anything.
    """

    name: str
    density: float

    def run(self, arena: Arena, effort: Effort) -> Attempt:
        """Learn scores on training rows; the last mask is taken."""
        from scratchcard.research import baselines

        method: Any = {"edge-popup": baselines.EdgePopup, "biprop": baselines.Biprop}[self.name]
        few = {"descent": baselines.Descent("sgd", lr=SMALL_RATES[self.name])}
        settings: Any = few if _is_small(arena) else {}
        found = _fitted(method(density=self.density, **settings), arena, effort)
        if self.name == "edge-popup":
            mask, temperature = found.mask, found.temperature
        else:  # what is kept is a mask, but its signs are scaled: no ticket predicts as it does
            mask = Mask.from_arrays([(one != 0).numpy() for one in found.layers.weights])
            temperature = 1.0
        own = self.name == "biprop"
        return Attempt(found.accuracy, found.run.seconds, mask, temperature, own_weights=own)


@dataclass(frozen=True)
class TrainedTwin:
    """A dense network of the same shape, trained with Adam."""

    def run(self, arena: Arena, effort: Effort) -> Attempt:
        """Train on training rows; the last weights are taken."""
        from scratchcard.research.baselines import Twin

        found = _fitted(Twin(), arena, effort)
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
            # Ctrl-C makes scikit-learn warn, and keep what it has
            warnings.filterwarnings("error", "Training interrupted")
            try:
                model.fit(arena.train.inputs / limit, arena.train.targets)
            except UserWarning as warning:
                raise KeyboardInterrupt from warning
        seconds = time.perf_counter() - began

        def judge(rows: Rows) -> float:
            return float(np.mean(model.predict(rows.inputs / limit) == rows.targets))

        return Attempt(judge, seconds, n_parameters=_n_parameters(arena))


def _fitted(baseline: Any, arena: Arena, effort: Effort) -> Any:
    """What a baseline makes of the arena's training rows."""
    found = baseline.fit(
        arena.network,
        arena.train,
        epochs=_epochs(arena, effort),
        seconds=effort.seconds,
        seed=arena.seed,
    )
    raise_interrupt(found.run.stopped_by)
    return found


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


def _n_parameters(arena: Arena) -> int:
    return arena.network.n_weights + sum(arena.network.sizes[1:])

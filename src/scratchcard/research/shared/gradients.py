"""The methods that use gradients: masks chosen by scores, and models that are trained.

``GradientMask`` and ``TrainedTwin`` need the extra ``torch``.
"""

from __future__ import annotations

import math
import time
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from scratchcard.research.shared.instance import Attempt, Effort, Instance, raise_interrupt
from scratchcard.rows import Rows
from scratchcard.ticket import Mask

MLP_ITERATIONS = 1000  # as in the paper
DEFAULT_EPOCHS, BATCH_ROWS = 100, 128
MIN_STEPS = 2000  # of descent by default, however few the rows are
SPARSE, SGD_RATE_FOR_SPARSE_MAPS = 0.1, 0.03
SGD_RATE_FOR_FEW_ROWS = {"edge-popup": 0.1, "biprop": 0.03}


@dataclass(frozen=True)
class GradientMask:
    """Edge-popup or biprop at a density, on the frozen weights of an instance.

    The library's own settings, Adam, were tuned on 51,000 rows. Where rows are few, at most 2,432,
    it is SGD, otherwise with the settings of the edge-popup paper. Five-fold cross-validation on
    the rows of digits that are no test rows (64-100-10, density 0.1): edge-popup 96.1 % with rate
    0.1, 96.3 with 0.03 (at density 0.5 96.4 and 95.4); Adam with rate 1e-3 was a point below at
    density 0.1, which says nothing about other rates of Adam. Biprop, four folds: 95.6 % with 0.1,
    96.4 with 0.03. Twice as many steps gained neither anything.

    For networks with convolutions it is the library's own, too, but at densities up to 0.1 SGD with
    rate 0.03, by validation accuracy of edge-popup after four epochs of Fashion-MNIST:
    docs/results.md has the figures. Biprop was not tried.

    Parameters
    ----------
    name : str
        "edge-popup" or "biprop".
    density : float
        Share of each layer's weights that stays.
    """

    name: str
    density: float

    @property
    def makes_tickets(self) -> bool:
        """Whether a ticket predicts as what was found does; biprop scales the signs it keeps."""
        return self.name != "biprop"

    def run(self, instance: Instance, effort: Effort) -> Attempt:
        """Learn scores on training rows; the last mask is taken."""
        found = _fitted(self.baseline(instance), instance, effort)
        if self.makes_tickets:
            return Attempt(found.accuracy, found.run.seconds, found.mask, found.temperature)
        kept = [(one != 0).numpy().reshape(-1) for one in found.layers.weights]
        mask = Mask.from_flat(instance.network.layers, np.concatenate(kept))
        return Attempt(found.accuracy, found.run.seconds, mask, own_weights=True)

    def baseline(self, instance: Instance) -> Any:
        """Return the baseline with the settings that suit the instance."""
        from scratchcard.research import baselines

        method: Any = {"edge-popup": baselines.EdgePopup, "biprop": baselines.Biprop}[self.name]
        if _has_few_rows(instance):
            rate = SGD_RATE_FOR_FEW_ROWS[self.name]
        elif self.density <= SPARSE and len(instance.network.input_shape) > 1:
            rate = SGD_RATE_FOR_SPARSE_MAPS
        else:
            return method(self.density)
        return method(self.density, descent=baselines.Descent("sgd", lr=rate))


@dataclass(frozen=True)
class TrainedTwin:
    """A network of the same layers, all of whose weights are trained, with Adam."""

    makes_tickets = False

    def run(self, instance: Instance, effort: Effort) -> Attempt:
        """Train on training rows; the last weights are taken."""
        from scratchcard.research.baselines import Twin

        found = _fitted(Twin(), instance, effort)
        return Attempt(found.accuracy, found.run.seconds, n_parameters=instance.n_parameters)


@dataclass(frozen=True)
class Perceptron:
    """scikit-learn's MLPClassifier with the same hidden units, as the paper trains it."""

    makes_tickets = False

    def run(self, instance: Instance, effort: Effort) -> Attempt:
        """Train on training rows until it converges, or for ``effort.epochs``."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.neural_network import MLPClassifier

        limit = float(instance.network.input_limit)
        model = MLPClassifier(
            hidden_layer_sizes=instance.network.sizes[1:-1],
            max_iter=effort.epochs or MLP_ITERATIONS,
            random_state=instance.seed,
        )
        began = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            # On Ctrl-C scikit-learn warns and keeps what it has.
            warnings.filterwarnings("error", "Training interrupted")
            try:
                model.fit(instance.train.inputs / limit, instance.train.targets)
            except UserWarning as warning:
                raise KeyboardInterrupt from warning
        seconds = time.perf_counter() - began

        def judge(rows: Rows) -> float:
            return float(np.mean(model.predict(rows.inputs / limit) == rows.targets))

        return Attempt(judge, seconds, n_parameters=instance.n_parameters)


def _fitted(baseline: Any, instance: Instance, effort: Effort) -> Any:
    """Return what a baseline makes of the instance's training rows."""
    found = baseline.fit(
        instance.network,
        instance.train,
        epochs=_epochs(instance, effort),
        seconds=effort.seconds,
        seed=instance.seed,
    )
    raise_interrupt(found.run.stopped_by)
    return found


def _epochs(instance: Instance, effort: Effort) -> int | None:
    """Return the epochs of a descent, by default more for few rows; None leaves it to the clock."""
    if effort.epochs is not None or effort.seconds is not None:
        return effort.epochs
    return max(DEFAULT_EPOCHS, math.ceil(MIN_STEPS / _steps_per_epoch(instance)))


def _has_few_rows(instance: Instance) -> bool:
    return DEFAULT_EPOCHS * _steps_per_epoch(instance) < MIN_STEPS


def _steps_per_epoch(instance: Instance) -> int:
    return math.ceil(len(instance.train) / BATCH_ROWS)

"""The trained twin: a network of the same layers, all of whose weights are trained, with Adam."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from scratchcard.research.baselines.clock import Clock, threads
from scratchcard.research.baselines.floats import FloatModel, FloatNetwork
from scratchcard.research.baselines.training import (
    Descent,
    Run,
    TrainingLimits,
    TrainingProgress,
    train,
)
from scratchcard.rows import Rows, check_fit
from scratchcard.ticket import Network

ADAM = Descent("adam", lr=1e-3, weight_decay=0.0)


@dataclass(frozen=True)
class Twin:
    """A network whose weights are all trained; it takes a network's layers and inputs only.

    Weights and biases start uniform within 1 / sqrt(fan_in), as those of torch's own layers do.
    """

    descent: Descent = ADAM

    def fit(
        self,
        network: Network,
        rows: Rows,
        *,
        epochs: int | None = None,
        seconds: float | None = None,
        seed: int = 0,
        n_jobs: int = 1,
        callback: Callable[[TrainingProgress[FloatModel]], object] | None = None,
    ) -> FloatModel:
        """Train on rows until a limit. Takes what ``EdgePopup.fit`` takes."""
        check_fit(network, rows)
        limits = TrainingLimits(epochs, seconds)
        with threads(n_jobs):
            clock = Clock()
            generator = torch.Generator().manual_seed(seed)
            return train(
                _Trained(network, generator),
                rows,
                descent=self.descent,
                limits=limits,
                clock=clock,
                generator=generator,
                callback=callback,
            )


class _Trained:
    def __init__(self, network: Network, generator: torch.Generator) -> None:
        def draw(fan_in: int, *shape: int) -> torch.Tensor:
            bound = 1.0 / math.sqrt(fan_in)
            return torch.empty(shape).uniform_(-bound, bound, generator=generator).requires_grad_()

        weights = tuple(draw(fan_in, units, fan_in) for units, fan_in in network.shapes)
        biases = tuple(draw(fan_in, units) for units, fan_in in network.shapes)
        self.input_unit = float(network.input_limit)
        limits = (math.inf,) * (network.n_layers - 1)
        self.layers = FloatNetwork(network.layers, weights, biases, limits, self.input_unit)
        self.parameters = [*weights, *biases]
        self.logits = self.layers.logits

    def model(self, run: Run) -> FloatModel:
        def copies(tensors: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
            return tuple(tensor.detach().clone() for tensor in tensors)

        weights, biases = copies(self.layers.weights), copies(self.layers.biases)
        return FloatModel(replace(self.layers, weights=weights, biases=biases), run)

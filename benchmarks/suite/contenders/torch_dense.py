"""The whole population batched densely in torch: float32, chunked, the fastest formulation taken.

Formulations of the first layer, whose inputs all candidates share:

stacked : the candidates' units stand one upon another in a single matrix product;
batched : a batched product (``bmm``) with the inputs expanded;
looped : one product per candidate.

Later layers are batched products, or looped. How many candidates and rows are worked on at once is
tuned together with the formulation, for the cache. Only the fitness of masks that exist already is
timed: drawing them, which a user of torch would also have to do, is a gift.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy

from ..cases import Case
from ..timing import fastest, per_second
from .base import POPULATIONS, ROW_BLOCKS, TUNING_ROWS, Contender

Layers = Sequence[Tensor]  # (population, fan_out, fan_in) of each layer


def stacked(weights: Layers, biases: Layers, inputs: Tensor) -> Tensor:
    """Logits, (population, classes, rows), of inputs, (features, rows)."""
    first = weights[0].flatten(0, 1) @ inputs
    return _upwards(first.unflatten(0, weights[0].shape[:2]), weights, biases)


def batched(weights: Layers, biases: Layers, inputs: Tensor) -> Tensor:
    """The same by a batched product."""
    first = torch.bmm(weights[0], inputs.expand(len(weights[0]), -1, -1))
    return _upwards(first, weights, biases)


def looped(weights: Layers, biases: Layers, inputs: Tensor) -> Tensor:
    """The same, one candidate after the other."""
    logits = []
    for one in zip(*weights, strict=True):
        values = torch.addmm(biases[0], one[0], inputs)
        for weight, bias in zip(one[1:], biases[1:], strict=True):
            values = torch.addmm(bias, weight, values.relu_())
        logits.append(values)
    return torch.stack(logits)


def _upwards(first: Tensor, weights: Layers, biases: Layers) -> Tensor:
    values = first.add_(biases[0])
    for weight, bias in zip(weights[1:], biases[1:], strict=True):
        values = torch.baddbmm(bias, weight, values.relu_())
    return values


FORMULATIONS: dict[str, Callable[[Layers, Layers, Tensor], Tensor]] = {
    "stacked": stacked,
    "batched": batched,
    "looped": looped,
}


Blocks = list[tuple[Tensor, Tensor]]  # inputs, (features, rows), and targets


class Way(NamedTuple):
    """How the work is cut up."""

    formulation: str
    population: int
    rows: int


class TorchContender(Contender):
    """Random candidates, evaluated as a population."""

    name = "torch, population batched densely"
    formulations = FORMULATIONS

    def __init__(self, case: Case) -> None:
        super().__init__(case)
        torch.set_num_threads(case.jobs)
        net = case.affine
        self.weights = [torch.from_numpy(layer) for layer in net.weights]
        self.biases = [torch.from_numpy(bias)[:, None] for bias in net.biases]
        self.inputs, self.targets = torch.from_numpy(net.inputs), torch.from_numpy(net.targets)
        self.pool = torch.from_numpy(case.masks(max(POPULATIONS)))
        self.way = self._tuned()
        self.blocks = self._cut(self.way.rows)
        self.detail = f"{self.way.formulation}, {self.way.population} × {self.way.rows:,} rows"

    def rate(self, seconds: float) -> float:
        """Candidates per second."""
        return per_second(partial(self._evaluate, self.pool, self.way, self.blocks), seconds)

    def losses(self, masks: NDArray[np.uint8]) -> NDArray[Any]:
        """In float32."""
        with torch.inference_mode():
            return self._losses(torch.from_numpy(masks), self.way, self.blocks).numpy()

    def _tuned(self) -> Way:
        n_rows = len(self.targets)
        sizes = {min(rows, n_rows) for rows in ROW_BLOCKS}
        ways = {}
        for way in map(Way._make, product(self.formulations, POPULATIONS, sorted(sizes))):
            blocks = self._cut(way.rows, min(n_rows, TUNING_ROWS))
            ways[way] = partial(self._evaluate, self.pool[: way.population], way, blocks)
        return fastest(ways)

    def _cut(self, size: int, n_rows: int | None = None) -> Blocks:
        """Blocks of rows, each with its targets."""
        inputs, targets = self.inputs[:, :n_rows], self.targets[:n_rows]
        parts = zip(inputs.split(size, 1), targets.split(size), strict=True)
        return [(part.contiguous(), target) for part, target in parts]

    def _evaluate(self, masks: Tensor, way: Way, blocks: Blocks) -> int:
        """How many candidates were evaluated."""
        with torch.inference_mode():
            return len(self._losses(masks, way, blocks))

    def _losses(self, masks: Tensor, way: Way, blocks: Blocks) -> Tensor:
        forward = self.formulations[way.formulation]
        losses = [self._chunk(forward, chunk, blocks) for chunk in masks.split(way.population)]
        return torch.cat(losses) / sum(len(targets) for _, targets in blocks)

    def _chunk(self, forward: Callable[..., Tensor], masks: Tensor, blocks: Blocks) -> Tensor:
        """Summed losses, (population,), of flat masks, (population, n_weights)."""
        parts = masks.split([layer.numel() for layer in self.weights], dim=1)
        weights = [
            part.view(-1, *layer.shape) * layer
            for part, layer in zip(parts, self.weights, strict=True)
        ]
        total = torch.zeros(len(masks))
        for inputs, targets in blocks:
            logits = forward(weights, self.biases, inputs)
            expanded = targets.expand(len(masks), -1)
            total += cross_entropy(logits, expanded, reduction="none").sum(1)
        return total


contender = TorchContender

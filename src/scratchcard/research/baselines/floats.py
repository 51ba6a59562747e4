"""Turns a network of integers into one of floats, which torch can train.

A hidden layer computes ``a' = min(max(W a + b, 0) >> shift, limit)``. With activations in units of
their own, a = s x, and any positive gain g, the same in floats is

    x' = clamp(g W x + g b / s, 0, limit / s')    with    s' = s / (2**shift g)

and no label depends on the gains. They are chosen so that the frozen weights get the size that
Kaiming initialisation gives to layers of which a share ``density`` stays. The last gain turns
sums into logits. All that is lost is the rounding of the shifts. In a convolution W a stands for
the sums at all positions; the largest of a square is taken before the activation, here as there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from scratchcard.research.baselines.sums import sums
from scratchcard.research.baselines.training import Run
from scratchcard.rows import Rows
from scratchcard.ticket import WEIGHT_FAMILIES, Layer, Network

_ROWS_AT_ONCE, _VALUES_AT_ONCE = 8192, 1 << 24  # of a layer, 64 MiB


@dataclass(frozen=True, eq=False)
class FloatNetwork:
    """Weights, biases and the greatest activation of each layer, as tensors.

    Parameters
    ----------
    layers : tuple of Layer
        The network's layers.
    weights : tuple of (units, fan_in) float32 tensors
        For each layer.
    biases : tuple of (units,) float32 tensors
        For each layer.
    limits : tuple of float
        Greatest activation of each hidden layer.
    input_unit : float
        The quantised input that stands for 1.0.
    """

    layers: tuple[Layer, ...]
    weights: tuple[torch.Tensor, ...]
    biases: tuple[torch.Tensor, ...]
    limits: tuple[float, ...]
    input_unit: float

    @classmethod
    def of(cls, network: Network, density: float, temperature: float) -> FloatNetwork:
        """Return a network in floats.

        With a mask on the weights, logits are ``network.outputs`` of that mask * temperature.

        Parameters
        ----------
        network : Network
            The network of integers.
        density : float
            Share of its weights that is to stay; their size is chosen for that.
        temperature : float
            What turns outputs into logits.

        Raises
        ------
        ValueError
            For an activation that has no gradient.
        """
        if network.activation != "relu":
            raise ValueError(
                f"network takes activation 'relu', for it has a gradient; "
                f"got {network.activation!r}"
            )
        mean_square = WEIGHT_FAMILIES[network.weights].mean_square
        input_unit = unit = float(network.input_limit)
        weights, biases, limits = [], [], []
        for layer, (_, fan_in) in enumerate(network.shapes):
            last = layer == network.n_layers - 1
            gain = math.sqrt(2.0 / (density * fan_in * mean_square))
            if last:
                gain = temperature * unit
            weights.append(torch.tensor(network.weights_of(layer), dtype=torch.float32) * gain)
            bias = torch.tensor(network.biases_of(layer), dtype=torch.float64) * (gain / unit)
            biases.append(bias.float())
            if not last:
                unit /= 2.0 ** network.shifts[layer] * gain
                limits.append(network.limits[layer + 1] / unit)
        return cls(network.layers, tuple(weights), tuple(biases), tuple(limits), input_unit)

    def logits(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return the logits, (n_rows, n_outputs), of inputs in units of ``input_unit``."""
        values = inputs
        parts = zip(self.layers, self.weights, self.biases, strict=True)
        for (layer, weight, bias), limit in zip(parts, (*self.limits, None), strict=True):
            values = sums(layer, values, weight, bias)
            if limit is not None:
                values = values.clamp(0.0, limit)
        return values


@dataclass(frozen=True, eq=False)
class FloatModel:
    """A network of ordinary floats that predicts, and the run that made it."""

    layers: FloatNetwork
    run: Run

    @property
    def n_weights(self) -> int:
        """How many weights are not zero."""
        return sum(int(torch.count_nonzero(weight)) for weight in self.layers.weights)

    def outputs(self, inputs: NDArray[np.integer]) -> NDArray[np.float32]:
        """Return the logits, (n_rows, n_outputs), of quantised inputs, (n_rows, n_inputs)."""
        parts = []
        widest = max(layer.units * layer.positions for layer in self.layers.layers)
        step = max(1, min(_ROWS_AT_ONCE, _VALUES_AT_ONCE // widest))
        for start in range(0, len(inputs), step):
            block = torch.tensor(inputs[start : start + step], dtype=torch.float32)
            parts.append(self.layers.logits(block / self.layers.input_unit).numpy())
        found: NDArray[np.float32] = np.concatenate(parts)
        return found

    def predict(self, inputs: NDArray[np.integer]) -> NDArray[np.int64]:
        """Return the class index, (n_rows,), of quantised inputs, (n_rows, n_inputs)."""
        found: NDArray[np.int64] = self.outputs(inputs).argmax(axis=1)
        return found

    def accuracy(self, rows: Rows) -> float:
        """Return the weighted share of rows whose label is right."""
        return float(np.average(self.predict(rows.inputs) == rows.targets, weights=rows.weights))

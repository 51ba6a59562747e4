"""Edge-popup: gradients choose the weights that stay.

Ramanujan, Wortsman, Kembhavi, Farhadi and Rastegari, "What's Hidden in a Randomly Weighted Neural
Network?", CVPR 2020. Weights and biases are those of a :class:`~scratchcard.Network`, so
what it finds is a mask that the network's integers evaluate exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from scratchcard.research.baselines.scores import ScoredNetwork
from scratchcard.research.baselines.selecting import Selecting
from scratchcard.research.baselines.training import Learner, Run
from scratchcard.rows import Rows
from scratchcard.search import accuracy
from scratchcard.ticket import Mask, Network


@dataclass(frozen=True)
class PoppedUp:
    """A mask that gradients found; logits are outputs * temperature."""

    network: Network
    mask: Mask
    temperature: float
    run: Run

    def predict(self, inputs: NDArray[np.integer]) -> NDArray[np.int64]:
        """Return the class index, (n_rows,), of quantised inputs, (n_rows, n_inputs)."""
        found: NDArray[np.int64] = self.network.outputs(self.mask, inputs).argmax(axis=1)
        return found

    def accuracy(self, rows: Rows) -> float:
        """Return the weighted share of rows whose label is right, in integers."""
        return accuracy(self.network, self.mask.flat(), rows)


@dataclass(frozen=True)
class EdgePopup(Selecting[PoppedUp]):
    """Edge-popup with these settings; ``fit`` runs it."""

    def _learner(
        self, network: Network, temperature: float, generator: torch.Generator
    ) -> Learner[PoppedUp]:
        return _Popping(network, self.density, temperature, generator)


class _Popping(ScoredNetwork):
    def model(self, run: Run) -> PoppedUp:
        flat = np.concatenate([layer.numpy().reshape(-1) for layer in self.kept()])
        mask = Mask.from_flat(self.network.layers, flat)
        return PoppedUp(self.network, mask, self.temperature, run)

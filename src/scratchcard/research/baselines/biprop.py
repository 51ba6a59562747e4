"""Biprop: gradients choose the weights that stay, and of each only its sign is left.

Diffenderfer and Kailkhura, "Multi-Prize Lottery Ticket Hypothesis", ICLR 2021. A kept weight counts
as its sign times alpha, the mean magnitude of those kept in its layer. The result is a binarised
network and no ticket of the frozen one.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from scratchcard.research.baselines.floats import FloatModel
from scratchcard.research.baselines.scores import ScoredNetwork
from scratchcard.research.baselines.selecting import Selecting
from scratchcard.research.baselines.training import Learner, Run
from scratchcard.ticket import Network


@dataclass(frozen=True)
class Biprop(Selecting[FloatModel]):
    """Biprop with these settings; ``fit`` runs it."""

    def _learner(
        self, network: Network, temperature: float, generator: torch.Generator
    ) -> Learner[FloatModel]:
        return _Binarised(network, self.density, temperature, generator)


class _Binarised(ScoredNetwork):
    def effective(self, frozen: torch.Tensor, kept: torch.Tensor) -> torch.Tensor:
        """Return sign * alpha where a weight stays.

        The scores' gradient holds |weight| where this holds alpha, so it is edge-popup's.
        """
        survivors = frozen * kept
        alpha = survivors.abs().sum() / kept.sum()
        return survivors.sign_().mul_(alpha)

    def model(self, run: Run) -> FloatModel:
        return FloatModel(self.selected(), run)

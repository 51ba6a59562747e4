"""What a search of a module's mask found."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import nn

from scratchcard.search import Progress

__all__ = ["ModuleOutcome"]


@dataclass(frozen=True, eq=False)
class ModuleOutcome:
    """A masked module, and how it was found.

    Attributes
    ----------
    module : torch.nn.Module
        A copy of the module in which every masked parameter is ``parameter * mask``. Its
        ``state_dict`` loads into a fresh module of the same class.
    masks : dict of str to Tensor
        Which weights stay: a bool tensor for each masked parameter, by its name.
    loss : float
        The loss on the data that was searched on, rounded to single precision.
    validation_loss : float or None
        The loss on the validation data; None without it.
    evaluations : int
        Candidates decided.
    seconds : float
        Seconds that the search took.
    generations : int
        Generations that are over.
    stopped_by : str
        "generations", "evaluations", "seconds", "converged", "early stopping", "callback" or
        "interrupt".
    history : list of Progress
        One for each generation; ``objective`` is the loss of the best individual.
    """

    module: nn.Module
    masks: dict[str, torch.Tensor]
    loss: float
    validation_loss: float | None
    evaluations: int
    seconds: float
    generations: int
    stopped_by: str
    history: list[Progress] = field(repr=False)

    @property
    def surviving(self) -> int:
        """Number of weights that stay."""
        return sum(int(mask.sum()) for mask in self.masks.values())

    @property
    def density(self) -> float:
        """Weights that stay, divided by all weights of the masked parameters."""
        n_weights = sum(int(mask.numel()) for mask in self.masks.values())
        return self.surviving / n_weights

    @property
    def evaluations_per_second(self) -> float:
        """Candidates decided per second."""
        return self.evaluations / self.seconds if self.seconds > 0 else 0.0

"""Arena: one network on one data set, where methods meet; and what is written down of a run.

Every method gets the same frozen weights and biases, the same training rows to search, the same
validation rows to choose by. Test rows are read by :meth:`Arena.report`, once, when a run is over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from scratchcard.datasets import Dataset
from scratchcard.find import Search
from scratchcard.rows import Rows
from scratchcard.search import Limits
from scratchcard.search.problem import Problem
from scratchcard.ticket.mask import Mask
from scratchcard.ticket.network import Network
from scratchcard.ticket.ticket import Ticket


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


@dataclass(frozen=True)
class Attempt:
    """What a method found: a mask, or a model of its own whose accuracy ``judge`` tells.

    ``n_parameters`` are those of a model that is no mask; it takes four bytes for each.
    ``evaluations`` are candidates decided, or None for a descent. ``own_weights``: whether what is
    kept by the mask counts with other values than the frozen ones, so that no ticket predicts as
    ``judge`` does.
    """

    judge: Callable[[Rows], float]
    seconds: float
    mask: Mask | None = None
    temperature: float = 1.0
    evaluations: int | None = None
    n_parameters: int = 0
    own_weights: bool = False


def raise_interrupt(stopped_by: str) -> None:
    """Raise KeyboardInterrupt where one ended a run: half a run compares with nothing."""
    if stopped_by == "interrupt":
        raise KeyboardInterrupt


@dataclass(frozen=True)
class Arena:
    """One network on one data set.

    Parameters
    ----------
    dataset : rows to search, choose and test on.
    hidden : units in each hidden layer.
    seed : of the network, and of what a method draws.
    weights, biases : families of the random numbers, see ``Network``.
    """

    dataset: Dataset
    hidden: tuple[int, ...]
    seed: int
    weights: str = "uniform"
    biases: str = "uniform"

    @cached_property
    def problem(self) -> Problem:
        """The network, and the training and validation rows in its integers."""
        return Search(
            self.dataset,
            hidden=self.hidden,
            seed=self.seed,
            weights=self.weights,
            biases=self.biases,
            max_density=1.0,  # each method has its own
        ).problem

    @property
    def network(self) -> Network:
        """The frozen random network."""
        return self.problem.network

    @property
    def train(self) -> Rows:
        """Rows to search on."""
        return self.problem.train

    @property
    def validation(self) -> Rows:
        """Rows to choose by."""
        assert self.problem.validation is not None
        return self.problem.validation

    def ticket(self, attempt: Attempt) -> Ticket | None:
        """The attempt's mask as a ticket, or None if it has none.

        One with ``own_weights`` only says how large it would be.
        """
        if attempt.mask is None:
            return None
        return Ticket(
            self.network,
            attempt.mask,
            self.problem.scaling,
            self.dataset.classes,
            attempt.temperature,
        )

    def report(self, method: str, attempt: Attempt) -> dict[str, Any]:
        """One row for the ledger: accuracies and densities as shares of 1, sizes in bytes.

        This is where test rows are read.
        """
        mask, ticket = attempt.mask, self.ticket(attempt)
        return {
            "data": self.dataset.name,
            "network": "-".join(map(str, self.network.sizes)),
            "weights": self.weights,
            "biases": self.biases,
            "method": method,
            "seed": self.seed,
            "train_accuracy": attempt.judge(self.train),
            "validation_accuracy": attempt.judge(self.validation),
            "test_accuracy": attempt.judge(self._test()),
            "density": 1.0 if mask is None else mask.density,
            "effective_density": 1.0 if mask is None else mask.effective_density,
            "bytes": len(ticket.to_bytes()) if ticket else 4 * attempt.n_parameters,
            "evaluations": attempt.evaluations,
            "seconds": attempt.seconds,
        }

    def _test(self) -> Rows:
        part, problem = self.dataset.test, self.problem
        inputs = problem.scaling.quantise(part.X, self.network.input_limit)
        return Rows(np.asarray(inputs), self.dataset.targets(part))

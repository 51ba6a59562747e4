"""One problem instance: a frozen random network and a data set, the same for all methods.

Every method gets the same frozen weights and biases, the same training rows to search, and the same
validation rows to choose by. Test rows are read by :meth:`Instance.report`, once, after a run.
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
from scratchcard.search import Limits, Problem
from scratchcard.ticket import Classes, Layer, Mask, Network, Ticket

BYTES_OF_A_PARAMETER = 4  # a model that is no ticket keeps its parameters as float32


@dataclass(frozen=True)
class Effort:
    """How long a method may work on a run; None leaves a limit to the method.

    Parameters
    ----------
    generations, evaluations : int or None
        Limits of evolution.
    epochs : int or None
        Limit of gradient descent.
    seconds : float or None
        Limit of both, except of the method ``mlp``.

    Raises
    ------
    ValueError
        For a limit that is not above 0; it names the limit.
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
    """What a method found: a mask, or a model of its own.

    Parameters
    ----------
    judge : callable
        Returns the accuracy of what was found on rows.
    seconds : float
        What finding it took.
    mask : Mask or None
        The mask that was found, or None for a model that is no mask.
    temperature : float
        What turns the network's outputs into logits.
    evaluations : int or None
        Candidates that were decided; None for gradient descent.
    n_parameters : int
        Parameters of a model that is no mask.
    own_weights : bool
        Whether the weights that the mask keeps count with other values than the frozen ones. No
        ticket predicts as such a model does.
    """

    judge: Callable[[Rows], float]
    seconds: float
    mask: Mask | None = None
    temperature: float = 1.0
    evaluations: int | None = None
    n_parameters: int = 0
    own_weights: bool = False


def raise_interrupt(stopped_by: str) -> None:
    """Raise KeyboardInterrupt if an interrupt ended a run: half a run compares with nothing."""
    if stopped_by == "interrupt":
        raise KeyboardInterrupt


@dataclass(frozen=True)
class Instance:
    """One frozen random network and the rows of one data set.

    Parameters
    ----------
    dataset : Dataset
        Rows to search, choose and test on.
    hidden : tuple of int
        Units in each hidden layer.
    seed : int
        Seed of the network, and of what a method draws.
    weights, biases : str
        Families of the random numbers, see ``Network``.
    layers : tuple of Layer or None
        The layers before the output layer, which ``hidden`` then says nothing of.
    image_shape : tuple of int or None
        Shape of the images that rows are for a convolution; None for one square channel.
    """

    dataset: Dataset
    hidden: tuple[int, ...]
    seed: int
    weights: str = "uniform"
    biases: str = "uniform"
    layers: tuple[Layer, ...] | None = None
    image_shape: tuple[int, ...] | None = None

    @cached_property
    def search(self) -> Search:
        """The search of a ticket on this network and these rows."""
        return Search(
            self.dataset,
            hidden=self.hidden if self.layers is None else None,
            layers=self.layers,
            image_shape=self.image_shape,
            seed=self.seed,
            weights=self.weights,
            biases=self.biases,
            max_density=1.0,  # each method has its own
        )

    @property
    def problem(self) -> Problem:
        """The network, and the training and validation rows in its integers."""
        return self.search.problem

    @property
    def network(self) -> Network:
        """The frozen random network."""
        return self.search.network

    @property
    def n_parameters(self) -> int:
        """Weights and biases of the network, which a trained one keeps all."""
        return self.network.n_weights + sum(layer.units for layer in self.network.layers)

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
        """Return the attempt's mask as a ticket, or None if it has no mask.

        The ticket of an attempt with ``own_weights`` only says how large it would be.
        """
        if attempt.mask is None:
            return None
        return Ticket(
            self.network,
            attempt.mask,
            self.problem.scaling,
            Classes(self.dataset.classes, attempt.temperature),
            self.problem.columns,
        )

    def report(self, method: str, attempt: Attempt) -> dict[str, Any]:
        """Return one row of results; this is where test rows are read.

        Parameters
        ----------
        method : str
            Name of the method that made the attempt.
        attempt : Attempt
            What it found.

        Returns
        -------
        dict
            Plain values; accuracies and densities are fractions of 1, sizes are in bytes.
        """
        mask, ticket = attempt.mask, self.ticket(attempt)
        size = len(ticket.to_bytes()) if ticket else BYTES_OF_A_PARAMETER * attempt.n_parameters
        return {
            "data": self.dataset.name,
            "network": self.network.architecture,
            "weights": self.weights,
            "biases": self.biases,
            "method": method,
            "seed": self.seed,
            "train_accuracy": attempt.judge(self.train),
            "validation_accuracy": attempt.judge(self.validation),
            "test_accuracy": attempt.judge(self._test()),
            "density": 1.0 if mask is None else mask.density,
            "effective_density": 1.0 if mask is None else mask.effective_density,
            "bytes": size,
            "evaluations": attempt.evaluations,
            "seconds": attempt.seconds,
        }

    def _test(self) -> Rows:
        """Return the test rows in the network's integers, scaled as the training rows were."""
        data, problem = self.search.dataset, self.problem
        part = data.test
        inputs = problem.scaling.quantise(part.X, self.network.input_limit)
        return Rows(np.asarray(inputs), data.targets(part))

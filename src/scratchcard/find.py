"""Find a ticket for a data set and report on it: what the command line and benchmarks share.

``find`` searches on the training rows and chooses on the validation rows; the test rows are read
by ``Found.report``, once, when the search is over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from scratchcard.data import Dataset, Part
from scratchcard.engines.rows import Rows
from scratchcard.evolution import Genetic, Limits, Memetic, Outcome, Progress, evolve
from scratchcard.network import Network
from scratchcard.objectives import Objective, get_objective
from scratchcard.scaling import InputScaling
from scratchcard.ticket import Ticket

ALGORITHMS = ("memetic", "genetic")
DEFAULT_MAX_DENSITY = 0.1


@dataclass(frozen=True)
class Found:
    """A finished search: the ticket, how the search went, and what it searched."""

    ticket: Ticket
    outcome: Outcome
    search: Search

    def report(self) -> dict[str, Any]:
        """Evaluate the ticket on all three parts of the data set. Plain values, fit for JSON.

        Accuracies, densities and shares are fractions of 1.
        """
        data, ticket, outcome = self.search.dataset, self.ticket, self.outcome
        labels, counts = np.unique(data.train.y, return_counts=True)
        return {
            "dataset": data.name,
            "rows": {
                "train": len(data.train.y),
                "validation": len(data.validation.y),
                "test": len(data.test.y),
            },
            "network": "-".join(map(str, ticket.network.sizes)),
            "weights": ticket.network.weights,
            "biases": ticket.network.biases,
            "activation": ticket.network.activation,
            "seed": ticket.network.seed,
            "algorithm": self.search.algorithm,
            "objective": get_objective(self.search.objective).name,
            "train_accuracy": accuracy(ticket, data.train),
            "validation_accuracy": accuracy(ticket, data.validation),
            "test_accuracy": accuracy(ticket, data.test),
            "majority_accuracy": float(np.mean(data.test.y == labels[counts.argmax()])),
            "density": ticket.mask.density,
            "effective_density": ticket.mask.effective_density,
            "surviving_weights": ticket.mask.surviving,
            "connected": ticket.mask.is_connected,
            "ticket_bytes": len(ticket.to_bytes()),
            "generations": outcome.generations,
            "evaluations": outcome.evaluations,
            "seconds": outcome.seconds,
            "evaluations_per_second": outcome.evaluations_per_second,
            "stopped_by": outcome.stopped_by,
        }


@dataclass(frozen=True)
class Search:
    """A search that is ready to run; making one checks every setting.

    Parameters
    ----------
    dataset : rows to search, choose and test on.
    hidden : units in each hidden layer.
    max_density : largest share of the weights that may stay, above 0 and at most 1. For the
        memetic algorithm only, 0.1 if None; the genetic one takes as many as it finds useful.
    algorithm : "memetic" or "genetic" (the paper's).
    limits : when to stop; the algorithm's own limits, which no clock enters, if None.
    weights, biases, activation, input_bits, seed : see ``Network``.
    n_jobs : threads; the ticket does not depend on it.

    Raises ValueError, naming the setting, before anything is searched.
    """

    dataset: Dataset
    hidden: tuple[int, ...] = (100,)
    max_density: float | None = None
    algorithm: str = "memetic"
    objective: str | Objective = "cross_entropy"
    weights: str = "uniform"
    biases: str = "uniform"
    activation: str = "relu"
    input_bits: int = 8
    seed: int = 0
    limits: Limits | None = None
    n_jobs: int = 1

    def __post_init__(self) -> None:
        network = self._network()
        self._algorithm()
        get_objective(self.objective)
        if self.max_density is None:
            return
        allowed = int(self.max_density * network.n_weights)
        if allowed < network.n_layers:
            raise ValueError(
                f"max_density={self.max_density} leaves {allowed} of {network.n_weights} weights; "
                f"a path from an input to an output needs {network.n_layers}"
            )

    def run(self, callback: Callable[[Progress], object] | None = None) -> Found:
        """Search until a limit, an interrupt, or a callback that returns True."""
        network = self._network()
        data = self.dataset
        scaling = InputScaling.fit(data.train.X)

        def rows(part: Part) -> Rows:
            inputs = scaling.quantise(part.X, network.input_limit)
            return Rows(inputs, data.targets(part))

        outcome = evolve(
            network,
            rows(data.train),
            rows(data.validation),
            algorithm=self._algorithm(),
            objective=self.objective,
            limits=self.limits,
            seed=self.seed,
            n_jobs=self.n_jobs,
            callback=callback,
        )
        ticket = Ticket(network, outcome.mask, scaling, data.classes, outcome.temperature)
        return Found(ticket, outcome, self)

    def _network(self) -> Network:
        return Network(
            (self.dataset.n_features, *self.hidden, self.dataset.n_classes),
            seed=self.seed,
            weights=self.weights,
            biases=self.biases,
            activation=self.activation,
            input_bits=self.input_bits,
        )

    def _algorithm(self) -> Memetic | Genetic:
        if self.algorithm == "memetic":
            cap = DEFAULT_MAX_DENSITY if self.max_density is None else self.max_density
            return Memetic(max_density=cap)
        if self.algorithm != "genetic":
            raise ValueError(
                f"algorithm takes {' or '.join(map(repr, ALGORITHMS))}, got {self.algorithm!r}"
            )
        if self.max_density is not None:
            raise ValueError("max_density is for the memetic algorithm; the genetic one has no cap")
        return Genetic()


def find(
    dataset: Dataset,
    *,
    callback: Callable[[Progress], object] | None = None,
    **settings: Any,
) -> Found:
    """Search a ticket for a data set. Takes the settings of ``Search``."""
    return Search(dataset, **settings).run(callback)


def accuracy(ticket: Ticket, part: Part) -> float:
    """Share of the rows whose label the ticket predicts."""
    return float(np.mean(ticket.predict(part.X) == part.y))

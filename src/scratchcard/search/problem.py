"""Problem: what a search starts from, made of features, labels and settings.

The command line and the estimator both make their networks, integers and algorithms here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from scratchcard.engines import IncrementalEngine
from scratchcard.objectives import Objective, get_objective
from scratchcard.rows import Rows
from scratchcard.search.evolution import Outcome
from scratchcard.search.genetic import Genetic
from scratchcard.search.memetic import Memetic
from scratchcard.search.task import Algorithm
from scratchcard.search.temperature import SMOOTHING, calibrated
from scratchcard.ticket import Columns, InputScaling, Mask, Network, Ticket

__all__ = [
    "ALGORITHMS",
    "AUTO",
    "CONV_DENSITY",
    "DEFAULT_HIDDEN",
    "DEFAULT_MAX_DENSITY",
    "DEFAULT_WEIGHTS",
    "Labelled",
    "Problem",
    "make_algorithm",
    "validation_loss",
]

ALGORITHMS = ("memetic", "genetic")
AUTO = "auto"
"""What is left open, for data to say."""
DEFAULT_HIDDEN = (100,)
DEFAULT_WEIGHTS = "uniform"
DEFAULT_MAX_DENSITY = 0.1
CONV_DENSITY = 0.4
"""Largest density of a network with a convolution where nobody asks for another."""


class Labelled(NamedTuple):
    """Rows with the features that a user has, and the targets that a head gives them.

    Attributes
    ----------
    X : ndarray of shape (n_rows, n_features)
        Finite numbers.
    targets : ndarray of shape (n_rows,), int64
        Integers from 0.
    weights : ndarray of shape (n_rows,), int64, or None
        Integers from 0 to 1024; None for 1 everywhere.
    """

    X: npt.NDArray[Any]
    targets: npt.NDArray[np.int64]
    weights: npt.NDArray[np.int64] | None = None

    def take(self, rows: npt.NDArray[np.integer[Any]]) -> Labelled:
        """Return some of the rows.

        Parameters
        ----------
        rows : ndarray of shape (n,) of integers
            Their indices.

        Returns
        -------
        Labelled
            These rows, in this order.
        """
        weights = None if self.weights is None else self.weights[rows]
        return Labelled(self.X[rows], self.targets[rows], weights)


@dataclass(frozen=True)
class Problem:
    """A network, and rows in its integers: what a search reads.

    Attributes
    ----------
    network : Network
        The frozen random network.
    scaling : InputScaling
        Turns features into the network's integers.
    train : Rows
        The training rows.
    validation : Rows or None
        The validation rows.
    columns : Columns or None
        How the columns of a table became features, if rows are tables.
    """

    network: Network
    scaling: InputScaling
    train: Rows
    validation: Rows | None = None
    columns: Columns | None = None

    @classmethod
    def make(
        cls,
        network: Network,
        train: Labelled,
        validation: Labelled | None = None,
        scaling: InputScaling | None = None,
        columns: Columns | None = None,
    ) -> Problem:
        """Quantise rows for a network.

        Parameters
        ----------
        network : Network
            The network.
        train : Labelled
            Training rows.
        validation : Labelled or None
            Validation rows.
        scaling : InputScaling or None
            How features become integers; None to fit that to the training rows.
        columns : Columns or None
            How the columns of a table became features, if rows are tables.

        Returns
        -------
        Problem
            The network and its rows.

        Raises
        ------
        ValueError
            For rows that the network cannot read.
        """
        if scaling is None:
            scaling = InputScaling.fit(train.X, train.weights)

        def rows(part: Labelled) -> Rows:
            inputs = scaling.quantise(part.X, network.input_limit)
            return Rows(inputs, part.targets, part.weights)

        aside = None if validation is None else rows(validation)
        return cls(network, scaling, rows(train), aside, columns)

    def ticket(self, outcome: Outcome) -> Ticket:
        """Return what a search on this problem found as a ticket.

        Parameters
        ----------
        outcome : Outcome
            What the search found.

        Returns
        -------
        Ticket
            The ticket.
        """
        return Ticket(self.network, outcome.mask, self.scaling, outcome.head, self.columns)

    def with_mask(self, outcome: Outcome, mask: Mask, objective: Objective) -> Outcome:
        """Return an outcome with another mask, whose head is calibrated to that.

        Parameters
        ----------
        outcome : Outcome
            What a search on this problem found.
        mask : Mask
            The mask to have instead.
        objective : Objective
            What the search minimised.

        Returns
        -------
        Outcome
            The same search, with this mask.
        """
        rows, smoothing = (
            (self.train, SMOOTHING) if self.validation is None else (self.validation, None)
        )
        head = calibrated(outcome.head, self.network, mask, rows, smoothing)
        engine = IncrementalEngine(self.network, self.train, objective, head.reading)
        value = engine.value(engine.evaluate(mask.flat()[None])[0])
        return replace(outcome, mask=mask, head=head, objective=value)


def validation_loss(problem: Problem, outcome: Outcome) -> float:
    """Return the loss on validation rows, which tells more than how many answers are right.

    Parameters
    ----------
    problem : Problem
        A problem with validation rows.
    outcome : Outcome
        What a search on it found.

    Returns
    -------
    float
        For classes the cross-entropy, for numbers what the head is judged by; lower is better.
    """
    head, network = outcome.head, problem.network
    assert problem.validation is not None
    objective = get_objective("cross_entropy" if head.answers == "classes" else head.judge)
    engine = IncrementalEngine(network, problem.validation, objective, head.reading)
    return float(engine.value(engine.evaluate(outcome.mask.flat()[None])[0]))


def make_algorithm(
    algorithm: str | Algorithm, max_density: float | None, network: Network
) -> Algorithm:
    """Return the algorithm of this name, or the algorithm itself, if it suits the network.

    Parameters
    ----------
    algorithm : str or Algorithm
        A name of ``ALGORITHMS``, or an algorithm.
    max_density : float or None
        For an algorithm by name, the largest share of the weights that may stay, above 0 and at
        most 1. None is 0.1 for the memetic algorithm, 0.4 if a layer is a convolution, of few
        weights what a path from an input to an output takes; and no limit, as in the paper, for the
        genetic one.
    network : Network
        The network that is searched.

    Returns
    -------
    Algorithm
        The algorithm.

    Raises
    ------
    ValueError
        For something that is not an algorithm, for a density that is out of range, and for one at
        which no path from an input to an output can stay.
    """
    made = _by_name(algorithm, max_density, network) if isinstance(algorithm, str) else algorithm
    if isinstance(made, type) or not isinstance(made, Algorithm):
        known = ", ".join(map(repr, ALGORITHMS))
        raise ValueError(f"algorithm takes {known} or an Algorithm, got {made!r}")
    cap = made.max_density
    if cap is not None and int(cap * network.n_weights) < network.n_layers:
        raise ValueError(
            f"max_density={cap} leaves {int(cap * network.n_weights)} of {network.n_weights} "
            f"weights; a path from an input to an output needs {network.n_layers}"
        )
    return made


def _by_name(algorithm: str, max_density: float | None, network: Network) -> Algorithm:
    if algorithm == "memetic":
        if max_density is None:  # which nobody asked for, so that it refuses no small network
            path = (network.n_layers + 0.5) / network.n_weights  # cut off to a number of weights
            usual = CONV_DENSITY if network.has_maps else DEFAULT_MAX_DENSITY
            max_density = min(1.0, max(usual, path))
        return Memetic(max_density=max_density)
    if algorithm == "genetic":
        return Genetic(max_density=max_density)
    known = " or ".join(map(repr, ALGORITHMS))
    raise ValueError(f"algorithm takes {known}, got {algorithm!r}")

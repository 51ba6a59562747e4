"""The base class of goals: what a ticket is to answer for a data set."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from scratchcard.datasets import Dataset, Part
from scratchcard.objectives import Objective
from scratchcard.search import Algorithm, Outcome
from scratchcard.search.journal import Journal
from scratchcard.search.problem import Labelled, Problem, make_algorithm
from scratchcard.ticket import Head, Network, Ticket


class Goal(ABC):
    """What a ticket is to answer for a data set, who says what is right, and how it is judged."""

    name: ClassVar[str]
    """What the goal is called in a report."""
    objective: ClassVar[str] = "cross_entropy"
    """Name of the objective that is minimised where none is asked for."""
    chooses: ClassVar[bool] = True
    """Whether targets tell which network and settings are best, where these are left open."""

    @abstractmethod
    def head(self, dataset: Dataset, objective: Objective) -> Head:
        """Return what the outputs of the network are to mean.

        Parameters
        ----------
        dataset : Dataset
            Its training rows say which classes, or what range of numbers, there are.
        objective : Objective
            What is minimised.

        Returns
        -------
        Head
            The head, not calibrated yet.
        """

    @abstractmethod
    def labelled(self, dataset: Dataset, part: Part, head: Head) -> Labelled:
        """Return rows with the targets that the search reads.

        Parameters
        ----------
        dataset : Dataset
            The data set.
        part : Part
            Its training or its validation rows.
        head : Head
            What :meth:`head` returned.

        Returns
        -------
        Labelled
            Features and integer targets.
        """

    @abstractmethod
    def judged(self, dataset: Dataset, ticket: Ticket) -> dict[str, Any]:
        """Return how good a ticket is on all three parts of a data set.

        This is where test rows are read.

        Parameters
        ----------
        dataset : Dataset
            The data set.
        ticket : Ticket
            The ticket.

        Returns
        -------
        dict
            Plain values that JSON holds; shares are fractions of 1.
        """

    def right(self, dataset: Dataset, part: Part) -> npt.NDArray[Any]:
        """Return what is right for rows, to hold answers against: for a report alone.

        Parameters
        ----------
        dataset : Dataset
            The data set.
        part : Part
            Some of its rows.

        Returns
        -------
        ndarray of shape (n_rows, ...)
            Labels or numbers.

        Raises
        ------
        ValueError
            Where nobody says what is right.
        """
        return part.y

    def check(  # noqa: B027 (a goal may have nothing to refuse)
        self,
        objective: Objective,
        augment: str | None,
        prune: str | None,
        max_bytes: int | None,
    ) -> None:
        """Raise ValueError for settings of a search that do not suit the goal.

        Parameters
        ----------
        objective : Objective
            What is minimised.
        augment, prune : str or None
            How rows are varied, and the rows that pruning reads.
        max_bytes : int or None
            Most bytes of the file.
        """

    def algorithm(
        self, algorithm: str | Algorithm, max_density: float | None, network: Network
    ) -> Algorithm:
        """Return the algorithm that searches.

        Parameters
        ----------
        algorithm : str or Algorithm
            What the user asked for.
        max_density : float or None
            Largest share of the weights that may stay, for an algorithm by name.
        network : Network
            The network that is searched.

        Returns
        -------
        Algorithm
            The algorithm.
        """
        return make_algorithm(algorithm, max_density, network)

    def settings(self) -> dict[str, Any]:
        """Return what tells the goal from others of its kind, beside its head and its targets.

        Returns
        -------
        dict
            Settings by name.
        """
        return {}

    def search(self, problem: Problem, journal: Journal, **settings: Any) -> Outcome:
        """Search a mask.

        Parameters
        ----------
        problem : Problem
            The network and its rows.
        journal : Journal
            Keeps what is found.
        **settings : object
            The settings of :func:`scratchcard.evolve`.

        Returns
        -------
        Outcome
            What was found.
        """
        return journal.evolve(problem.network, problem.train, problem.validation, **settings)


def accuracies(dataset: Dataset, ticket: Ticket) -> dict[str, Any]:
    """Return the share of right labels on each part, and of the commonest class on test rows.

    Parameters
    ----------
    dataset : Dataset
        A data set with labels.
    ticket : Ticket
        A ticket whose head has these labels.

    Returns
    -------
    dict
        Fractions of 1.
    """
    labels, counts = np.unique(dataset.train.y, return_counts=True)
    return {
        "train_accuracy": ticket.score(*dataset.train),
        "validation_accuracy": ticket.score(*dataset.validation),
        "test_accuracy": ticket.score(*dataset.test),
        "majority_accuracy": float(np.mean(dataset.test.y == labels[counts.argmax()])),
    }

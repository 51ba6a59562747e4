"""Consensus: targets without labels. A row should be what its neighbours say that it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scratchcard.search.targets.neighbours import Neighbours

__all__ = ["Consensus"]

Floats = NDArray[np.float64]
ITERATIONS = 20  # of Sinkhorn and Knopp
SPREAD = 2.0  # standard deviation of the logarithms of the first answers, in nats
SMALLEST = 0.5  # share of the rows that a cluster gets at least, as a multiple of the mean
CONTRAST = 0.4  # least standard deviation of the logarithms of later ones; 1.4 to 3 are usual
LEAST = 1e-9  # the least share that a cluster has of a row, so that logarithms are finite


class Consensus:
    """Targets that a network's own answers give, averaged over neighbours and balanced.

    The softmax outputs of all rows are averaged over each row's neighbours, several times over;
    then clusters are made equally large (Sinkhorn and Knopp); and the cluster that a row then
    belongs to most is its target for the next generations. At first the answers are random.

    Parameters
    ----------
    neighbours : Neighbours
        Each row's neighbours.
    n_clusters : int
        Number of clusters.
    weights : ndarray of shape (n_rows,), int64
        How much each row counts.
    seed : int
        Seed of the first answers.
    period : int
        Generations from one renewal to the next.
    first_steps, steps : int
        How often answers are averaged over neighbours, at first and then.
    balance : float
        How equally large clusters are made, from 0 to 1 for equally. It counts as 1 where one
        would get less than half of its share of the rows.
    """

    def __init__(
        self,
        neighbours: Neighbours,
        n_clusters: int,
        weights: NDArray[np.int64],
        *,
        seed: int = 0,
        period: int = 1,
        first_steps: int = 30,
        steps: int = 10,
        balance: float = 0.9,
    ) -> None:
        self.neighbours, self.n_clusters = neighbours, n_clusters
        self.weights = weights / weights.sum()
        self.seed, self.period = seed, period
        self.first_steps, self.steps, self.balance = first_steps, steps, balance

    def first(self) -> NDArray[np.int64]:
        """Return the targets that random answers lead to.

        Returns
        -------
        ndarray of shape (n_rows,), int64
            Clusters.
        """
        random = np.random.default_rng([self.seed, len(self.weights)])
        answers = random.dirichlet(np.ones(self.n_clusters), len(self.weights))
        answers = self.neighbours.averaged(answers, self.first_steps)
        answers -= np.average(answers, axis=0, weights=self.weights)
        answers /= answers.std(axis=0) + LEAST
        return self._winners(np.exp(SPREAD * answers))

    def is_due(self, generation: int) -> bool:
        """Return whether to ask :meth:`renewed` before a generation.

        Parameters
        ----------
        generation : int
            The generation, the first being 1.

        Returns
        -------
        bool
            Whether there are new targets.
        """
        return generation > 1 and (generation - 1) % self.period == 0

    def renewed(self, outputs: NDArray[np.int64], temperature: float) -> NDArray[np.int64]:
        """Return new targets for the rows.

        Parameters
        ----------
        outputs : ndarray of shape (n_rows, n_outputs), int64
            What the best individual answers for each row.
        temperature : float
            Nats of logit per unit of output.

        Returns
        -------
        ndarray of shape (n_rows,), int64
            Clusters.
        """
        answers = softmax(outputs.astype(np.float64) * temperature)
        return self._winners(self.neighbours.averaged(answers, self.steps))

    def _winners(self, answers: Floats) -> NDArray[np.int64]:
        """Return the cluster that each row belongs to most, once sizes are balanced."""
        answers = sharpened(answers, self.weights)
        winners: NDArray[np.int64] = balanced(answers, self.weights, self.balance).argmax(axis=1)
        sizes = np.bincount(winners, self.weights, self.n_clusters)
        if sizes.min() * self.n_clusters < SMALLEST:
            winners = balanced(answers, self.weights, 1.0).argmax(axis=1)
        return winners


def softmax(logits: Floats) -> Floats:
    """Return the probabilities that logits stand for.

    Parameters
    ----------
    logits : ndarray of shape (n_rows, n_outputs)
        Logits in nats.

    Returns
    -------
    ndarray of shape (n_rows, n_outputs)
        Probabilities; each row adds up to 1.
    """
    found: Floats = np.exp(logits - logits.max(axis=1, keepdims=True))
    found /= found.sum(axis=1, keepdims=True)
    return found


def sharpened(answers: Floats, weights: Floats) -> Floats:
    """Return answers that differ between rows by a factor of ``CONTRAST`` nats at least.

    Among well connected rows averages become nearly the same everywhere. Then what is left of the
    differences must decide, and not which cluster is a little larger.

    Parameters
    ----------
    answers : ndarray of shape (n_rows, n_clusters)
        Numbers of at least 0.
    weights : ndarray of shape (n_rows,)
        How much each row counts; they add up to 1.

    Returns
    -------
    ndarray of shape (n_rows, n_clusters)
        The answers, or powers of them, each cluster's times a number of its own.
    """
    logarithms: Floats = np.log(answers + LEAST)
    logarithms -= weights @ logarithms
    contrast = float(np.sqrt((weights @ logarithms**2).mean()))
    if not 0.0 < contrast < CONTRAST:
        return answers
    return np.exp(logarithms * (CONTRAST / contrast))


def balanced(answers: Floats, weights: Floats, balance: float) -> Floats:
    """Return answers scaled so that all clusters have about the same size (Sinkhorn and Knopp).

    Parameters
    ----------
    answers : ndarray of shape (n_rows, n_clusters)
        Numbers of at least 0.
    weights : ndarray of shape (n_rows,)
        How much each row counts; they add up to 1.
    balance : float
        How far sizes are drawn from what they are, 0, to all the same, 1.

    Returns
    -------
    ndarray of shape (n_rows, n_clusters)
        Each cluster's answers, times a number of its own.
    """
    answers, n_clusters = answers + LEAST, answers.shape[1]
    factors = np.ones(n_clusters)
    for _ in range(ITERATIONS):
        sizes = (weights / (answers @ factors)) @ answers
        factors = (1.0 / (sizes * n_clusters)) ** balance
    return answers * factors

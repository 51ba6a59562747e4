"""The rule: which networks and settings of the memetic search come into question for some rows.

What it says depends on the rows' number, features and classes, and on what a user leaves open.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import sqrt

from scratchcard.objectives import Objective
from scratchcard.rows import Rows
from scratchcard.rows.folds import count_of
from scratchcard.search.memetic import Memetic
from scratchcard.search.memetic.search import FAIR_PRICE, LARGE, TRIALS
from scratchcard.search.problem import DEFAULT_HIDDEN, DEFAULT_WEIGHTS
from scratchcard.search.task import Algorithm
from scratchcard.ticket import Network

__all__ = ["MANY", "Setting", "settings_for"]

MANY = 1 << 22
"""Of more numbers than this, in all rows together, nothing is tried."""
FEW_WEIGHTS = "signed_constant"
DEEP, FLAT = (100, 100), (100,)
SURVIVORS = 500  # that may stay at most
LENGTH = 600_000  # candidates of a whole search of one individual
LEAST, MOST = 50, 400  # generations that this may take


@dataclass(frozen=True)
class Setting:
    """A network, and the algorithm that is to search it.

    Parameters
    ----------
    network : Network
        The network.
    base : Algorithm
        The algorithm.
    price, heat : float or None
        What a survivor must gain, and how much worse a mutation may be at the start, in nats of all
        rows together; None to leave both to the algorithm.
    """

    network: Network
    base: Algorithm
    price: float | None = None
    heat: float = 0.5

    def algorithm(self, rows: Rows) -> Algorithm:
        """Return the algorithm, with prices for these rows.

        Parameters
        ----------
        rows : Rows
            The rows to search.

        Returns
        -------
        Algorithm
            The algorithm.
        """
        if self.price is None or not isinstance(self.base, Memetic):
            return self.base
        n_rows = count_of(rows)
        survivors = max(1, int(self.base.max_density * self.network.n_weights))
        heat = self.heat / n_rows * survivors / FAIR_PRICE
        return replace(self.base, price=self.price / n_rows, heat=heat)


def settings_for(
    rows: Rows,
    plain: Network,
    hidden: tuple[int, ...] | None,
    weights: str | None,
    algorithm: Algorithm | None,
    objective: Objective,
) -> list[Setting]:
    """Return what is to be tried, the most promising first.

    Parameters
    ----------
    rows : Rows
        The rows to search.
    plain : Network
        A dense network that all are like but for what is left open.
    hidden : tuple of int or None
        Units in each hidden layer; None to leave them open.
    weights : str or None
        The family of the weights; None to leave it open.
    algorithm : Algorithm or None
        What searches; None to leave its settings open.
    objective : Objective
        What is minimised.

    Returns
    -------
    list of Setting
        At least one, all different.
    """

    def network(shape: tuple[int, ...], family: str) -> Network:
        return Network.dense(
            (plain.n_inputs, *(hidden if hidden is not None else shape), plain.n_outputs),
            seed=plain.seed,
            weights=family if weights is None else weights,
            biases=plain.biases,
            activation=plain.activation,
            input_bits=plain.input_bits,
        )

    usual = network(DEFAULT_HIDDEN, DEFAULT_WEIGHTS)
    if rows.inputs.size > MANY or usual.n_weights > LARGE:
        return [Setting(usual, Memetic() if algorithm is None else algorithm)]
    flat, deep = network(FLAT, FEW_WEIGHTS), network(DEEP, FEW_WEIGHTS)
    if algorithm is not None:
        return list(dict.fromkeys(Setting(one, algorithm) for one in (usual, flat, deep)))
    found = []
    is_priced = objective.name == "cross_entropy"
    for one in (flat, deep):
        for price in (0.1, 0.35):
            found.append(Setting(one, _memetic(one), price if is_priced else None))
    return list(dict.fromkeys(found))


def _memetic(network: Network) -> Memetic:
    """Return the memetic search of one individual that suits a network."""
    generations = LENGTH / (TRIALS * sqrt(network.n_weights))
    return Memetic(
        max_density=min(1.0, max(SURVIVORS, network.n_layers) / network.n_weights),
        population=1,
        generations=round(min(max(LEAST, generations), MOST)),
        sharpness=1.0,
        smoothing=0.02,
    )

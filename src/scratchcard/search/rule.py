"""The rule: which networks and settings of the memetic search come into question for some rows.

What it says depends on the number of rows, of features and of classes, and on what a user leaves
open. :mod:`scratchcard.search.automatic` tries what it says.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import sqrt

from scratchcard.objectives import Objective
from scratchcard.rows import Rows
from scratchcard.rows.folds import count_of
from scratchcard.search.memetic import Memetic
from scratchcard.search.memetic.search import FAIR_PRICE, LARGE, TRIALS
from scratchcard.search.problem import DEFAULT_HIDDEN, DEFAULT_WEIGHTS, make_algorithm
from scratchcard.search.task import Algorithm
from scratchcard.search.wanted import Wanted
from scratchcard.ticket import Network

__all__ = ["MANY", "Setting", "settings_for"]

MANY = 1 << 22
"""Of more numbers than this, in all rows together, nothing is tried."""
FLAT, DEEP = (100,), (100, 100)
FEW_WEIGHTS = "signed_constant"  # better than uniform ones where few may stay
# What a survivor must gain, and how much worse a mutation may be at the start, in nats of all rows
# together. Below the price what is fitted is noise.
LOW, HIGH = 0.1, 0.35
HEAT = 0.5
SURVIVORS, ROWS_OF_ONE, MOST_SURVIVORS = 500, 15, 800  # one more for so many rows
LENGTH, LENGTH_OF_ROW, LONGEST = 600_000, 500, 2_000_000  # candidates of a whole search
LEAST_GENERATIONS = 50
FEW = 1000  # weights, or rows, of which the plain search makes too little
PLENTY = 10_000  # rows of which it is tried whatever the weights


@dataclass(frozen=True)
class Setting:
    """A network, and how it is to be searched.

    Parameters
    ----------
    network : Network
        The network.
    given : Algorithm or None
        The algorithm; None for a memetic search of one individual that suits network and rows and
        reads the softmax as calibrated.
    price : float or None
        With that, what a survivor must gain, in nats of all rows together; None for the price of
        :class:`~scratchcard.Memetic`.
    """

    network: Network
    given: Algorithm | None = None
    price: float | None = None

    def algorithm(self, rows: Rows) -> Algorithm:
        """Return the algorithm for these rows.

        Parameters
        ----------
        rows : Rows
            The rows to search.

        Returns
        -------
        Algorithm
            The algorithm.
        """
        if self.given is not None:
            return self.given
        n_rows, n_weights = count_of(rows), self.network.n_weights
        most = max(self.network.n_layers, min(SURVIVORS + n_rows // ROWS_OF_ONE, MOST_SURVIVORS))
        density = min(1.0, (most + 0.5) / n_weights)  # which is cut off to that number of weights
        length = min(max(LENGTH, LENGTH_OF_ROW * n_rows), LONGEST)
        settings = Memetic(
            max_density=density,
            population=1,
            generations=max(LEAST_GENERATIONS, round(length / (TRIALS * sqrt(n_weights)))),
            sharpness=1.0,
            smoothing=0.02,
        )
        if self.price is None:
            return settings
        heat = HEAT / n_rows * int(density * n_weights) / FAIR_PRICE
        return replace(settings, price=self.price / n_rows, heat=heat)


def settings_for(
    rows: Rows,
    plain: Network,
    wanted: Wanted,
    algorithm: Algorithm | None,
    objective: Objective,
) -> list[Setting]:
    """Return what is to be tried; first what is taken where nothing is tried.

    Parameters
    ----------
    rows : Rows
        The rows to search.
    plain : Network
        A network of dense layers that all are like but for what is left open.
    wanted : Wanted
        What is asked of it.
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
        return wanted.like(plain, shape, family)

    usual = make_algorithm("memetic", None, plain) if algorithm is None else algorithm
    found = [Setting(network(DEFAULT_HIDDEN, DEFAULT_WEIGHTS), usual)]
    if rows.inputs.size > MANY or found[0].network.n_weights > LARGE:
        return found
    if objective.answers == "numbers":
        found.append(Setting(network(DEEP, DEFAULT_WEIGHTS), usual))
    elif algorithm is not None:
        found += [Setting(network(shape, FEW_WEIGHTS), usual) for shape in (FLAT, DEEP)]
    else:
        prices = (LOW, HIGH) if objective.name == "cross_entropy" else (None,)
        found += [
            Setting(network(shape, FEW_WEIGHTS), price=price)
            for shape in (FLAT, DEEP)
            for price in prices
        ]
        n_weights, n_rows = found[0].network.n_weights, count_of(rows)
        if n_rows < FEW or (n_weights < FEW and n_rows < PLENTY):
            del found[0]
    return list(dict.fromkeys(found))

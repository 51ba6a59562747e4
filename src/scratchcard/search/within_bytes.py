"""Searching a ticket whose whole file has at most so many bytes.

What of the file is not the mask is known before a search: shape, seed, scaling and labels. The rest
is room for the mask's code, which the memetic search prices and bounds in bits. Where the shape of
the network and the family of its weights are left open, networks from narrow and dense to wide and
sparse are tried, all with room for the same bits, and validation rows choose.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import isqrt

import numpy as np
from scipy.optimize import brentq
from scipy.special import entr

from scratchcard.checks import as_int
from scratchcard.objectives import Objective
from scratchcard.search.evolution import AnyCallback, Outcome
from scratchcard.search.halving import halving, work_of
from scratchcard.search.limits import Limits
from scratchcard.search.memetic import Memetic
from scratchcard.search.problem import Problem, validation_loss
from scratchcard.search.pruning import shrink
from scratchcard.search.task import Algorithm
from scratchcard.search.together import Run, Together
from scratchcard.search.wanted import Wanted
from scratchcard.ticket import Columns, Head, InputScaling, Mask, Network
from scratchcard.ticket.file import MAX_BYTES, encode

__all__ = ["WithinBytes", "density_within"]

Make = Callable[[Network], Problem]

FAMILIES = ("signed_constant", "uniform")
GENERATIONS = 400  # of one individual: several networks are tried, so one start of each is enough
LEAST_OF_LAYER = 3  # bytes: how many survive and how they are coded, and a bit or more of the code
SLACK = 1.3  # survivors that a search is meant for, as a multiple of those of evenly dense layers
# Weights of the networks that are tried, in bits of the mask's code. With one it is half dense.
ONE_LAYER = (1.0, 1.5, 2.2, 3.3, 5.0)
TWO_LAYERS = (1.5, 2.5, 4.0)
WIDEST_ONE, WIDEST_TWO = 1000, 300  # units in a hidden layer, where one is tried and where two are


class WithinBytes:
    """A limit on the bytes of a ticket's file, and how a search keeps to it.

    Parameters
    ----------
    max_bytes : int
        Most bytes of the whole file.
    head : Head
        What the outputs mean.
    scaling : InputScaling
        How features become integers.
    objective : Objective
        What the search minimises.
    columns : Columns or None
        How the columns of a table became features. Room is left for all that they may take in the
        file, though it holds no column that no survivor reads.

    Raises
    ------
    ValueError
        For something else than an integer from 1.
    """

    def __init__(
        self,
        max_bytes: int,
        head: Head,
        scaling: InputScaling,
        objective: Objective,
        columns: Columns | None = None,
    ) -> None:
        self.max_bytes = as_int("max_bytes", max_bytes, 1, MAX_BYTES)
        self.head, self.scaling, self.objective = head, scaling, objective
        self.columns = columns

    def room(self, network: Network) -> int:
        """Return the bits that are left for a mask of this network.

        Parameters
        ----------
        network : Network
            The network.

        Returns
        -------
        int
            Bits, a multiple of 8.

        Raises
        ------
        ValueError
            If they are fewer than a path from an input to an output takes.
        """
        rest, least = self._sizes(network)
        if self.max_bytes < rest + least:
            raise ValueError(
                f"max_bytes takes at least {rest + least} for this data and network, of which "
                f"{rest} hold all but the mask; got {self.max_bytes}"
            )
        return 8 * (self.max_bytes - rest)

    def _sizes(self, network: Network) -> tuple[int, int]:
        """Return the bytes of all but the mask, and those that a mask takes at least."""
        nothing = Mask.from_flat(network.layers, np.zeros(network.n_weights, np.uint8))
        parts = encode(network, nothing, self.scaling, self.head, self.columns)
        rest = len(parts.head) + len(parts.checksum)
        return rest, max(len(parts.mask), LEAST_OF_LAYER * network.n_layers)

    def networks(self, plain: Network, wanted: Wanted) -> list[Network]:
        """Return the networks to choose from.

        Parameters
        ----------
        plain : Network
            A network that they are like but for what is left open.
        wanted : Wanted
            What is asked of it.

        Returns
        -------
        list of Network
            At least one, all different.

        Raises
        ------
        ValueError
            If no path from an input to an output fits into any of them.
        """
        ends = plain.n_inputs, plain.n_outputs
        bits = max(8, 8 * (self.max_bytes - self._sizes(plain)[0]))
        shapes = _shapes(*ends, bits) if wanted.hidden is None else [()]
        found = [
            wanted.like(plain, shape, family)
            for shape in shapes
            for family in (FAMILIES if wanted.weights is None else (wanted.weights,))
        ]
        fitting = [network for network in found if sum(self._sizes(network)) <= self.max_bytes]
        if not fitting:
            self.room(min(found, key=lambda network: sum(self._sizes(network))))
        return fitting

    def algorithm(self, algorithm: str | Algorithm, network: Network) -> Memetic:
        """Return the memetic algorithm, kept to the bits that there is room for.

        Parameters
        ----------
        algorithm : str or Algorithm
            "memetic" for one individual and 400 generations, or settings of its own; the limit
            takes the place of their ``max_density``.
        network : Network
            The network that is searched.

        Returns
        -------
        Memetic
            The algorithm.

        Raises
        ------
        ValueError
            For another algorithm.
        """
        if algorithm == "memetic":
            algorithm = Memetic(population=1, generations=GENERATIONS)
        if not isinstance(algorithm, Memetic):
            raise ValueError(f"max_bytes takes the memetic algorithm, got {algorithm!r}")
        bits = self.room(network)
        density = max(SLACK * density_within(bits, network.n_weights), 1 / network.n_weights)
        return replace(algorithm, max_density=min(1.0, density), max_bits=bits)

    def search(
        self,
        networks: Sequence[Network],
        make: Make,
        algorithm: str | Algorithm,
        limits: Limits | None,
        run: Run,
        callbacks: Sequence[AnyCallback] = (),
    ) -> tuple[Problem, Outcome]:
        """Search a ticket that is small enough, and choose its network by validation rows.

        Parameters
        ----------
        networks : sequence of Network
            The networks to choose from.
        make : callable
            Called with a network, returns it with the rows to search in its integers, and with
            validation rows where there are several networks.
        algorithm : str or Algorithm
            "memetic", or its settings.
        limits : Limits or None
            When to stop. Evaluations and seconds hold for all that is tried together, generations
            for one whole search.
        run : callable
            Called with a problem, an algorithm, limits and callbacks, searches and returns the
            outcome.
        callbacks : sequence of Callback or of callable
            What is done beside each search. Callables are told how far all of it is.

        Returns
        -------
        problem : Problem
            The network that was chosen, with its rows.
        outcome : Outcome
            What was found in it. Its evaluations and seconds are those of all that was tried.
        """
        together = Together(run, limits, callbacks, work_of(len(networks)))

        def searched(network: Network, share: float) -> tuple[Problem, Outcome]:
            problem = make(network)
            outcome = together.search(problem, self.algorithm(algorithm, network), share)
            mask = shrink(
                network,
                outcome.mask,
                problem.train,
                self.room(network),
                self.objective,
                outcome.head.reading,
            )
            if mask is not outcome.mask:
                outcome = problem.with_mask(outcome, mask, self.objective)
            return problem, outcome

        problem, outcome = halving(
            networks,
            together.noting(searched),
            together.noting(lambda found: 0.0 if len(networks) == 1 else -validation_loss(*found)),
            lambda found: together.is_over,
        )
        return problem, together.whole(outcome)


def density_within(bits: int, n_weights: int) -> float:
    """Return the density at which a mask of independent bits has an entropy of so many bits.

    Parameters
    ----------
    bits : int
        The entropy.
    n_weights : int
        Weights of the network.

    Returns
    -------
    float
        At most 0.5, which it is where there is a bit or more for each weight.
    """
    wanted = bits / n_weights * np.log(2)
    if wanted >= np.log(2):
        return 0.5
    return float(brentq(lambda p: entr(p) + entr(1 - p) - wanted, 0.0, 0.5))


def _shapes(n_inputs: int, n_outputs: int, bits: int) -> dict[tuple[int, ...], None]:
    """Return the hidden layers to try where a mask's code has room for so many bits."""
    around = n_inputs + n_outputs  # weights of a unit in a single hidden layer
    found: dict[tuple[int, ...], None] = {}
    for share in ONE_LAYER:
        width = round(share * bits / around)
        found[(min(max(2, width), WIDEST_ONE),)] = None
    for share in TWO_LAYERS:  # w units in both: w * w + around * w weights
        width = (isqrt(around * around + int(4 * share * bits)) - around) // 2
        width = min(max(2, width), WIDEST_TWO)
        found[(width, width)] = None
    return found

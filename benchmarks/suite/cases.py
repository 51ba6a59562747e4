"""Cases: a frozen network and rows of a data set in its integers, the same for all contenders."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from scratchcard import Network
from scratchcard.datasets import load
from scratchcard.find import Search
from scratchcard.rows import Rows
from scratchcard.search.temperature import search_temperature

from .affine import AffineNetwork, affine


@dataclass(frozen=True)
class Case:
    """Rows to judge candidates on, and how dense a candidate is."""

    dataset: str
    network: Network
    rows: Rows
    density: float
    jobs: int
    seed: int = 0

    @property
    def name(self) -> str:
        """What tables and pictures call it."""
        return f"{self.dataset} {'-'.join(map(str, self.network.sizes))}"

    @cached_property
    def temperature(self) -> float:
        """Nats of logit per unit of output."""
        return search_temperature(self.network, self.rows, self.density)

    @cached_property
    def affine(self) -> AffineNetwork:
        """The same in float32."""
        return affine(self.network, self.rows, self.temperature)

    def masks(self, n: int) -> NDArray[np.uint8]:
        """Random candidates, (n, n_weights)."""
        random = np.random.default_rng(self.seed)
        return (random.random((n, self.network.n_weights)) < self.density).astype(np.uint8)


def case(dataset: str, hidden: tuple[int, ...], density: float, jobs: int, seed: int = 0) -> Case:
    """All rows of a data set but its test rows."""
    problem = Search(load(dataset), hidden=hidden, seed=seed).problem
    return Case(
        dataset, problem.network, joined(problem.train, problem.validation), density, jobs, seed
    )


def joined(first: Rows, second: Rows | None) -> Rows:
    """The rows of both."""
    if second is None:
        return first
    return Rows(
        np.concatenate([first.inputs, second.inputs]),
        np.concatenate([first.targets, second.targets]),
    )

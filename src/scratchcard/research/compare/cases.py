"""What ``compare`` compares: methods, data, networks and how long every method may work."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from scratchcard import __version__
from scratchcard.datasets import STANDARD_INPUT, Dataset, ReadingOptions, load
from scratchcard.research.shared.instance import Effort, Instance
from scratchcard.research.shared.methods import check_method, make_method, require_torch
from scratchcard.ticket import Layer

MAX_SEEDS = 10_000


@dataclass(frozen=True)
class Comparison:
    """A comparison of methods on one data set, each on the same random networks.

    For every seed all methods get the same frozen weights, so their runs are paired.

    Parameters
    ----------
    data : str
        A name, file or folder, as ``load`` reads it.
    methods : tuple of str
        Names as ``make_method`` takes them; the first is the reference of all tests.
    target : str or None
        Column with the labels.
    reading : ReadingOptions or None
        How the file is written.
    hidden, weights, biases, layers, image_shape
        Of the networks, see :class:`~scratchcard.research.shared.instance.Instance`.
    seeds : int
        How many networks; their seeds are 0 to ``seeds`` - 1.
    max_density : float
        What may stay for methods whose name carries no density of its own.
    effort : Effort
        How long every method may work on a run.
    """

    data: str
    methods: tuple[str, ...] = ("memetic", "ga", "edge-popup", "twin")
    target: str | None = None
    reading: ReadingOptions | None = None
    hidden: tuple[int, ...] = (100,)
    weights: str = "uniform"
    biases: str = "uniform"
    seeds: int = 20
    max_density: float = 0.1
    effort: Effort = field(default_factory=Effort)
    layers: tuple[Layer, ...] | None = None
    image_shape: tuple[int, ...] | None = None

    def check(self) -> None:
        """Check every setting before anything is run.

        Raises
        ------
        ValueError
            For any setting that some run would refuse.
        ImportError
            If a method needs torch and it is not installed.
        """
        if not 1 <= self.seeds <= MAX_SEEDS:
            raise ValueError(f"seeds takes 1 to {MAX_SEEDS}, got {self.seeds!r}")
        if not self.methods:
            raise ValueError("methods takes at least one method, got none")
        if self.data == STANDARD_INPUT:
            raise ValueError("compare reads its data several times, so it takes no standard input")
        for method in self.methods:
            make_method(method, self.max_density)
            if self.methods.count(method) > 1:
                raise ValueError(f"methods takes each method once, got {method!r} twice")
        require_torch(self.methods)
        network = self.instance(self.dataset, 0).network
        for method in self.methods:
            check_method(method, self.max_density, network)

    @property
    def dataset(self) -> Dataset:
        """The rows; each process reads them once."""
        return _dataset(self.data, self.target, self.reading)

    def instance(self, dataset: Dataset, seed: int) -> Instance:
        """Return what all methods get for a seed, of the rows that :attr:`dataset` has."""
        return Instance(
            dataset, self.hidden, seed, self.weights, self.biases, self.layers, self.image_shape
        )

    def settings(self) -> dict[str, Any]:
        """Return what all runs in one results file share: all settings but methods and seeds."""
        shared = asdict(self)
        del shared["methods"], shared["seeds"], shared["reading"]
        if self.layers is None:  # as it was before there were others than dense layers
            del shared["layers"], shared["image_shape"]
        else:
            shared |= {"hidden": None, "layers": ",".join(map(str, self.layers))}
        return {"scratchcard": __version__, "rows": _fingerprint(self.dataset), **shared}

    def jobs(self) -> Iterator[Job]:
        """Yield all runs, seed by seed, so that those which are finished first are paired."""
        for seed in range(self.seeds):
            for method in self.methods:
                yield Job(self, method, seed)


class Job(NamedTuple):
    """One run of a comparison."""

    comparison: Comparison
    method: str
    seed: int

    @property
    def key(self) -> dict[str, Any]:
        """What tells the run from others in the results."""
        return {"method": self.method, "seed": self.seed}


@lru_cache(maxsize=1)
def _dataset(data: str, target: str | None, reading: ReadingOptions | None) -> Dataset:
    return load(data, target, "classes", reading)


def _fingerprint(dataset: Dataset) -> str:
    """Return sixteen digits that change with the rows or their labels."""
    digest = hashlib.sha256()
    for part in (dataset.train, dataset.validation, dataset.test):
        digest.update(np.ascontiguousarray(part.X).tobytes())
        digest.update(dataset.targets(part).tobytes())
    return digest.hexdigest()[:16]

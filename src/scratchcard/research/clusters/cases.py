"""What a comparison of clusterers compares: methods, rows, and how many clusters."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scratchcard import Limits, __version__
from scratchcard.checks import as_int
from scratchcard.datasets import STANDARD_INPUT, Dataset, ReadingOptions, is_name, load
from scratchcard.research.clusters.methods import METHODS, NEEDED, Given, method_of, shortest
from scratchcard.research.shared.libraries import require
from scratchcard.search import MOST_STARTS

MAX_SEEDS = 10_000

Array = NDArray[Any]


class RowsOfStudy(NamedTuple):
    """Rows that methods are given, rows set aside that none of them sees, and the judge's labels.

    Attributes
    ----------
    X, aside : ndarray of shape (n_rows, n_features)
        Features; ``aside`` may have no rows.
    y, aside_y : ndarray of shape (n_rows,)
        Labels, which the judge alone reads.
    notes : str
        What was assumed in reading them.
    """

    X: Array
    aside: Array
    y: Array
    aside_y: Array
    notes: str = ""


@dataclass(frozen=True)
class ClusterComparison:
    """A comparison of clusterers on one data set.

    Parameters
    ----------
    data : str
        A name, file or folder, as ``load`` reads it.
    methods : tuple of str
        Names of ``METHODS``; the first is the reference of all tests.
    clusters : int or None
        How many clusters; None for as many as there are different labels.
    target : str or None
        Column with the labels that the judge reads.
    reading : ReadingOptions or None
        How the file is written.
    all_rows : bool
        Whether methods are given all rows; else the test rows are set aside.
    seeds : int
        Runs of each method that chance has a part in; their seeds are 0 to ``seeds`` - 1.
    hidden, weights, biases, max_density, starts, images
        Of the ticket, see ``TicketClusterer``; None for its own density and number of starts.
    generations, evaluations, seconds
        Limits of the ticket's search; None for its own.
    """

    data: str
    methods: tuple[str, ...] = tuple(METHODS)
    clusters: int | None = None
    target: str | None = None
    reading: ReadingOptions | None = None
    all_rows: bool = False
    seeds: int = 10
    hidden: tuple[int, ...] = (100,)
    weights: str = "uniform"
    biases: str = "uniform"
    max_density: float | None = None
    starts: int | None = None
    images: bool = False
    generations: int | None = None
    evaluations: int | None = None
    seconds: float | None = None

    def check(self) -> None:
        """Check every setting before anything is run.

        Raises
        ------
        ValueError
            For any setting that some run would refuse.
        ImportError
            If a method needs a library that is not installed.
        """
        if not 1 <= self.seeds <= MAX_SEEDS:
            raise ValueError(f"seeds takes 1 to {MAX_SEEDS}, got {self.seeds!r}")
        if not self.methods:
            raise ValueError("methods takes at least one method, got none")
        if self.data == STANDARD_INPUT:
            raise ValueError("compare reads its data several times, so it takes no standard input")
        for name in self.methods:
            method_of(name)
            if self.methods.count(name) > 1:
                raise ValueError(f"methods takes each method once, got {name!r} twice")
            if name in NEEDED:
                require(f"the method {name}", NEEDED[name], extra="clusters")
        if self.starts is not None:
            as_int("starts", self.starts, 1, MOST_STARTS)
        Limits(self.generations, self.evaluations, self.seconds)
        rows = self.rows
        if self.n_clusters < 2:
            raise ValueError(f"clusters takes 2 or more, got {self.n_clusters}")
        if len(rows.X) < self.n_clusters:
            raise ValueError(
                f"clusters takes at most as many as the {len(rows.X)} rows, got {self.n_clusters}"
            )
        if "ticket" in self.methods:
            shortest(self.given(0))

    @property
    def rows(self) -> RowsOfStudy:
        """The rows; each process reads them once."""
        return _rows(self.data, self.target, self.reading, self.all_rows)

    @property
    def n_clusters(self) -> int:
        """How many clusters every method looks for."""
        labels = np.concatenate([self.rows.y, self.rows.aside_y])
        return self.clusters or len(np.unique(labels))

    def given(self, seed: int) -> Given:
        """Return what a method is given: no label."""
        return Given(self.rows.X, self.n_clusters, seed, self.ticket_settings())

    def ticket_settings(self) -> dict[str, Any]:
        """Return the ticket's parameters."""
        own = {"n_init": self.starts, "max_density": self.max_density}
        return {name: value for name, value in own.items() if value is not None} | {
            "hidden_layer_sizes": self.hidden,
            "weights": self.weights,
            "biases": self.biases,
            "images": self.images,
            "max_iter": self.generations,
            "max_evaluations": self.evaluations,
            "max_time": self.seconds,
        }

    def settings(self) -> dict[str, Any]:
        """Return what all runs in one results file share: all settings but methods and seeds."""
        shared = asdict(self)
        for name in ("methods", "seeds", "reading"):
            del shared[name]
        shared["clusters"] = self.n_clusters
        return {"scratchcard": __version__, "rows": _fingerprint(self.rows), **shared}

    def jobs(self) -> Iterator[Job]:
        """Yield all runs, seed by seed; a method without chance has one."""
        for seed in range(self.seeds):
            for method in self.methods:
                if seed == 0 or method_of(method).has_chance:
                    yield Job(self, method, seed)


class Job(NamedTuple):
    """One run of a comparison."""

    comparison: ClusterComparison
    method: str
    seed: int

    @property
    def key(self) -> dict[str, Any]:
        """What tells the run from others in the results."""
        return {"method": self.method, "seed": self.seed}


@lru_cache(maxsize=1)
def _rows(
    data: str, target: str | None, reading: ReadingOptions | None, all_rows: bool
) -> RowsOfStudy:
    dataset = load(data, target, "none", reading)
    if not dataset.has_labels:
        if target is not None:
            raise ValueError(
                f"{data}: {target!r} holds no labels to judge clusters by, but numbers, or not one "
                "for each row"
            )
        hint = "" if is_name(data) else "; --target names the column that holds them"
        raise ValueError(f"{data} has no labels to judge clusters by{hint}")
    return rows_of(dataset, all_rows)


def rows_of(dataset: Dataset, all_rows: bool) -> RowsOfStudy:
    """Return the rows that methods are given, and those set aside.

    Parameters
    ----------
    dataset : Dataset
        The data set.
    all_rows : bool
        Whether its test rows are given too, instead of set aside.

    Returns
    -------
    RowsOfStudy
        The rows.
    """
    parts = [dataset.train, dataset.validation, *([dataset.test] if all_rows else [])]
    X, y = (np.concatenate([part[k] for part in parts]) for k in (0, 1))
    kept = slice(0, 0) if all_rows else slice(None)
    return RowsOfStudy(X, dataset.test.X[kept], y, dataset.test.y[kept], dataset.notes)


def _fingerprint(rows: RowsOfStudy) -> str:
    """Return sixteen digits that change with the rows or their labels."""
    digest = hashlib.sha256()
    for X in (rows.X, rows.aside):
        digest.update(np.ascontiguousarray(X).tobytes())
    for y in (rows.y, rows.aside_y):
        digest.update(np.unique(y, return_inverse=True)[1].tobytes())
    return digest.hexdigest()[:16]

"""ClusterGoal: clusters that the search finds by itself; no label is read."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from scratchcard.checks import as_int
from scratchcard.datasets import Dataset, Part
from scratchcard.goals.agreement import matched_accuracy, shared_with_labels
from scratchcard.goals.base import Goal
from scratchcard.objectives import Objective
from scratchcard.search import Algorithm, Outcome, cluster
from scratchcard.search.clustering import (
    MAX_DENSITY,
    MOST_STARTS,
    STARTS,
    clustering_algorithm,
    n_different,
)
from scratchcard.search.journal import Journal
from scratchcard.search.problem import Labelled, Problem
from scratchcard.ticket import Classes, Head, Network, Ticket

MOST_CLUSTERS = 1 << 10
PARTS = ("train", "validation", "test")


class ClusterGoal(Goal):
    """Answer with one of some clusters, in which neighbours are together.

    Parameters
    ----------
    n_clusters : int
        How many clusters to find, at least 2.
    n_init : int
        Starts of the search, of which the best is kept.
    images : bool
        Whether rows are square images, which are like their copies shifted by a pixel.

    Raises
    ------
    ValueError
        For a number that is out of range.
    """

    name = "clusters"
    chooses = False

    def __init__(self, n_clusters: int, n_init: int = STARTS, images: bool = False) -> None:
        self.n_clusters = as_int("n_clusters", n_clusters, 2, MOST_CLUSTERS)
        self.n_init = as_int("n_init", n_init, 1, MOST_STARTS)
        self.images = images

    def head(self, dataset: Dataset, objective: Objective) -> Head:
        """Return the clusters 0, 1, 2, ..."""
        return Classes(self.n_clusters)

    def labelled(self, dataset: Dataset, part: Part, head: Head) -> Labelled:
        """Return the rows; their targets say nothing."""
        return Labelled(part.X, np.zeros(len(part.X), dtype=np.int64))

    def check(
        self,
        objective: Objective,
        augment: str | None,
        prune: str | None,
        max_bytes: int | None,
    ) -> None:
        """Raise ValueError for what would need labels, and for what has no effect."""
        if objective.name != self.objective:
            raise ValueError(
                f"objective takes {self.objective!r} for clusters, whose targets are what "
                f"neighbours agree on; got {objective.name!r}"
            )
        if augment is not None:
            raise ValueError(
                f"augment takes None for clusters, got {augment!r}; with images=True shifted "
                "copies of an image are its neighbours"
            )
        if max_bytes is not None:
            raise ValueError(
                f"max_bytes takes None for clusters, got {max_bytes}; max_density makes files small"
            )
        if prune is not None:
            raise ValueError(f"prune takes None for clusters, it reads labels; got {prune!r}")

    def algorithm(
        self, algorithm: str | Algorithm, max_density: float | None, network: Network
    ) -> Algorithm:
        """Return the algorithm that searches between two renewals of the targets."""
        if algorithm == "memetic":
            density = MAX_DENSITY if max_density is None else max_density
            algorithm = clustering_algorithm(network, density)
        return super().algorithm(algorithm, max_density, network)

    def settings(self) -> dict[str, Any]:
        """Return how many clusters there are to be, and how they are sought."""
        return {"clusters": self.n_clusters, "starts": self.n_init, "images": self.images}

    def search(self, problem: Problem, journal: Journal, **settings: Any) -> Outcome:
        """Search a mask from several starts, and return the best."""
        for name in ("objective", "augment", "head"):  # which are what they must be
            settings.pop(name)
        found = n_different(problem.train)
        if found < self.n_clusters:
            raise ValueError(
                f"clusters takes at most as many as there are different rows to search, {found} "
                f"with features of {problem.network.input_bits} bits, got {self.n_clusters}"
            )
        return cluster(
            problem.network,
            problem.train,
            problem.validation,
            n_init=self.n_init,
            images=self.images,
            journal=journal,
            **settings,
        )

    def right(self, dataset: Dataset, part: Part) -> npt.NDArray[Any]:
        """Raise ValueError: clusters are neither right nor wrong."""
        raise ValueError("clusters are neither right nor wrong, so nothing says what is right")

    def judged(self, dataset: Dataset, ticket: Ticket) -> dict[str, Any]:
        """Return the shares of the clusters, and how they agree with labels where there are any.

        Only here are labels read. A cluster is empty if no row of any part is in it.
        """
        clusters = {name: ticket.predict(getattr(dataset, name).X) for name in PARTS}
        shares = np.bincount(clusters["test"], minlength=self.n_clusters) / len(dataset.test.X)
        used = np.unique(np.concatenate(list(clusters.values())))
        found: dict[str, Any] = {
            "clusters": self.n_clusters,
            "empty_clusters": self.n_clusters - len(used),
            "test_shares": shares.tolist(),
        }
        if not dataset.has_labels:
            return found
        for name in PARTS:
            labels = getattr(dataset, name).y
            found[f"{name}_accuracy"] = matched_accuracy(labels, clusters[name])
            found[f"{name}_nmi"] = shared_with_labels(labels, clusters[name])
        return found

"""The clusterers that are compared, by name. A new one is a function and a row in the table.

None of them is given a label. All but the ticket, which scales for itself, read the features scaled
as the ticket scales them. ``umap`` needs the extra ``clusters``.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scratchcard import TicketClusterer
from scratchcard.ticket import InputScaling, Ticket

Array = NDArray[Any]

NEIGHBOURS = 10  # of a row in the graph of spectral clustering: as many as the ticket's
STARTS_OF_KMEANS = 10
ROWS_AT_FIRST, FEW_ROWS = 5000, 200  # of which, and how many, the shortest search reads
LEAST_VARIANCE = 1e-3  # of a Gaussian in a direction; features reach from -1 to 1


@dataclass(frozen=True)
class Given:
    """What a method is given for a run.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        Rows to put into clusters, not scaled.
    n_clusters : int
        How many clusters.
    seed : int
        Of all that the method draws.
    ticket : dict
        Parameters of :class:`scratchcard.TicketClusterer`, for the method of that name.
    """

    X: Array
    n_clusters: int
    seed: int
    ticket: dict[str, Any]

    def scaled(self, X: Array) -> Array:
        """Return features as the ticket scales them, within -1 to 1 over the given rows."""
        scaling = InputScaling.fit(self.X)
        return (X.astype(np.float32) - scaling.offset) * scaling.scale


class Clustered(NamedTuple):
    """What a method found."""

    clusters: Array
    seconds: float
    predict: Callable[[Array], Array] | None = None
    ticket: Ticket | None = None


class Method(NamedTuple):
    """A clusterer: what it does, and whether chance has a part in it."""

    run: Callable[[Given], Clustered]
    has_chance: bool = True


def shortest(given: Given) -> None:
    """Search for next to nothing: it refuses what a search would, and has all compiled."""
    settings = given.ticket | {"n_init": 1, "max_iter": 1, "max_time": None}
    some = np.unique(given.X[:ROWS_AT_FIRST], axis=0)[: max(FEW_ROWS, given.n_clusters)]
    _fitted(TicketClusterer(given.n_clusters, random_state=0, **settings), some)


def _ticket(given: Given) -> Clustered:
    if not _warmed_up:  # so that compiling does not count in the seconds
        shortest(given)
        _warmed_up.append(True)
    began = time.perf_counter()
    settings = given.ticket | {"random_state": given.seed}
    clusterer = _fitted(TicketClusterer(given.n_clusters, **settings), given.X)
    seconds = time.perf_counter() - began
    return Clustered(clusterer.labels_, seconds, clusterer.predict, clusterer.ticket_)


_warmed_up: list[bool] = []


def _fitted(clusterer: Any, X: Array) -> Any:
    """Return a clusterer fitted to rows, without its warnings.

    They are of graphs in several parts, of no convergence, and of clusters that are empty.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return clusterer.fit(X)


def _estimator(make: Callable[[int, int], Any], predicts: bool = False) -> Callable[..., Clustered]:
    """Return a method that fits an estimator of scikit-learn's kind to scaled rows."""

    def run(given: Given) -> Clustered:
        X = given.scaled(given.X)
        began = time.perf_counter()
        estimator = make(given.n_clusters, given.seed)
        with warnings.catch_warnings():  # of graphs in several parts, and of no convergence
            warnings.simplefilter("ignore", UserWarning)
            clusters = estimator.fit_predict(X)
        seconds = time.perf_counter() - began
        if not predicts:
            return Clustered(clusters, seconds)
        return Clustered(clusters, seconds, lambda rows: estimator.predict(given.scaled(rows)))

    return run


def _kmeans(n_clusters: int, seed: int) -> Any:
    from sklearn.cluster import KMeans

    return KMeans(n_clusters, n_init=STARTS_OF_KMEANS, random_state=seed)


def _gaussian(n_clusters: int, seed: int) -> Any:
    from sklearn.mixture import GaussianMixture

    return GaussianMixture(n_clusters, reg_covar=LEAST_VARIANCE, random_state=seed)


def _spectral(n_clusters: int, seed: int) -> Any:
    from sklearn.cluster import SpectralClustering

    return SpectralClustering(
        n_clusters, affinity="nearest_neighbors", n_neighbors=NEIGHBOURS, random_state=seed
    )


def _ward(n_clusters: int, seed: int) -> Any:
    from sklearn.cluster import AgglomerativeClustering

    return AgglomerativeClustering(n_clusters, linkage="ward")


def _umap(given: Given) -> Clustered:
    from umap import UMAP

    X = given.scaled(given.X)
    began = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a seed leaves one thread; deprecations
        plane = UMAP(min_dist=0.0, random_state=given.seed)
        flat = plane.fit_transform(X)
    kmeans = _kmeans(given.n_clusters, given.seed)
    clusters = kmeans.fit_predict(flat)

    def predict(rows: Array) -> Array:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found: Array = kmeans.predict(plane.transform(given.scaled(rows)))
        return found

    return Clustered(clusters, time.perf_counter() - began, predict)


METHODS = {
    "ticket": Method(_ticket),
    "kmeans": Method(_estimator(_kmeans, predicts=True)),
    "gaussian": Method(_estimator(_gaussian, predicts=True)),
    "spectral": Method(_estimator(_spectral)),
    "ward": Method(_estimator(_ward), has_chance=False),
    "umap": Method(_umap),
}
"""The methods by name; the first is the reference of all tests."""

NEEDED = {"umap": "umap"}
"""Modules that methods need and that the extra ``clusters`` installs."""


def method_of(name: str) -> Method:
    """Return the method of this name.

    Parameters
    ----------
    name : str
        A name of :data:`METHODS`.

    Returns
    -------
    Method
        The method.

    Raises
    ------
    ValueError
        If there is none of that name.
    """
    if name not in METHODS:
        raise ValueError(f"methods takes {', '.join(METHODS)}, got {name!r}")
    return METHODS[name]

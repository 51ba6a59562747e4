"""TicketClusterer: the search without labels as a scikit-learn clusterer.

It may import scikit-learn, and all that searches.
"""

from __future__ import annotations

import os
import warnings
from hashlib import blake2b
from numbers import Integral
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import ClusterMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_consistent_length, column_or_1d

from scratchcard.estimators.base import TicketEstimator, _print_progress
from scratchcard.estimators.naming import named
from scratchcard.estimators.parameters import as_sample_weight, as_threads
from scratchcard.rows import integer_weights
from scratchcard.search import Algorithm, Clustering, cluster, make_algorithm
from scratchcard.search.clustering import (
    MAX_DENSITY,
    STARTS,
    check_images,
    clustering_algorithm,
    n_different,
)
from scratchcard.search.problem import DEFAULT_HIDDEN, Labelled, Problem
from scratchcard.ticket import Classes, Mask, Network, Table, Ticket

__all__ = ["TicketClusterer"]

Array = npt.NDArray[Any]


class TicketClusterer(ClusterMixin, TicketEstimator):
    """A clusterer that searches a ticket: which connections of a random network stay.

    No label is read. Several searches begin from random targets. Before each generation every row
    is told what its neighbours are answered, on the average, with all clusters made equally large;
    then the search goes on with these targets. The start whose clusters share most information with
    those of neighbours, also on rows set aside, is kept. Nothing is trained. The ticket scales
    features itself, and neighbours are those that are near in the features so scaled. Of more than
    16,384 rows so many are searched, drawn evenly.

    Parameters
    ----------
    n_clusters : int, default=8
        Number of clusters. With 1 nothing is searched: the ticket has no weight and one answer.
        Some may be empty in the end; a warning says how many.
    hidden_layer_sizes : int or sequence of int, default=(100,)
        Units in each hidden layer; () for none.
    layers : sequence of Layer, default=None
        The layers before the output layer, instead of ``hidden_layer_sizes``; for rows that are
        images, as ``[Conv2d(32, 3, stride=2), Conv2d(64, 3, pool=2)]``.
    image_shape : tuple of int, default=None
        Shape of the image that a row is, for convolutions: (height, width), or (channels, height,
        width), a row being channel after channel and in each line after line. None for one square
        channel.
    activation : {'relu', 'step', 'sign'}, default='relu'
        Of the hidden units.
    weights : {'uniform', 'signed_constant', 'kaiming_normal'}, default='uniform'
        Family of the random weights.
    biases : {'uniform', 'zero'}, default='uniform'
        Family of the random biases.
    input_bits : {'auto', 8, 16}, default='auto'
        Bits that a scaled feature has; 'auto' takes 16 where a feature has more than 256 different
        values.
    categorical_features : array-like of bool, int or str, 'from_dtype' or None, \
            default='from_dtype'
        Columns that are categories. 'from_dtype' takes those of a data frame that hold text or
        categories. A boolean for each column, or places or names, make these categories whatever
        they hold. None takes numbers alone.
    max_density : float, default=0.15
        Largest share of the weights that may stay, above 0 and at most 1. Not used when
        ``algorithm`` is an object, which has its own.
    algorithm : Algorithm, default=None
        What searches between two renewals of the targets, an object such as
        ``Memetic(max_density=0.05, population=1, burst=1000)``; None for one that suits.
    images : bool, default=False
        Whether rows are square images, which are like their copies shifted by a pixel.
    n_init : int, default=24
        Searches from other first targets, of which one is kept. After a quarter of a search it is
        compared with the others, and only the best quarter of them goes on.
    max_iter : int, default=None
        Most generations of each start. None for 160, or for no limit where ``max_evaluations`` or
        ``max_time`` is one.
    max_evaluations : int, default=None
        Most candidates to decide on, of all starts together.
    max_time : float, default=None
        Most seconds to search. What is found then depends on the machine.
    validation_fraction : float, default=0.1
        Share of the rows that the search does not read: starts are compared on them, too. None are
        set aside where the others would be fewer than clusters.
    random_state : int, RandomState instance or None, default=None
        An int is the seed of the network and of the search.
    n_jobs : int, default=None
        Threads to search with; None for 1, -1 for all cores. The ticket does not depend on it.
    checkpoint : str or path-like, default=None
        A file that the search is saved to every 30 seconds and when it is interrupted. Where it is
        there already, ``fit`` goes on from it and ends with the ticket that it would have found;
        rows and parameters must be the same. It is removed when the search has ended. Estimators
        that are fitted at the same time, as in a grid search, need a file each.
    verbose : int, default=0
        Whether to print a line after each generation.

    Attributes
    ----------
    ticket_ : Ticket
        What was found, and all that prediction reads.
    network_ : Network
        The random network of ``ticket_``.
    density_ : float
        Share of the weights that stay.
    labels_ : ndarray of shape (n_samples,), int64
        The cluster of each row of ``X``, from 0.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, where ``X`` had names that are all text.
    n_iter_ : int
        Generations, of all starts together.
    score_ : float
        Information, in nats, that a row's cluster shares with those of its neighbours; higher is
        better.
    scores_ : ndarray of shape (n_init,), float64
        The same of each start; NaN for one that the limits left no time for.

    Examples
    --------
    >>> from scratchcard import TicketClusterer
    >>> from sklearn.datasets import load_iris
    >>> X, _ = load_iris(return_X_y=True)
    >>> clusterer = TicketClusterer(3, n_init=2, max_iter=5, random_state=0).fit(X)
    >>> clusterer.labels_.shape
    (150,)
    """

    # What the other estimators have and a search without labels has not.
    augment: str | None = None
    _usual_sizes = DEFAULT_HIDDEN
    early_stopping = False
    n_iter_no_change = 1
    warm_start = False

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        hidden_layer_sizes: Any = (100,),
        layers: Any = None,
        image_shape: Any = None,
        activation: str = "relu",
        weights: str = "uniform",
        biases: str = "uniform",
        input_bits: int | str = "auto",
        categorical_features: Any = "from_dtype",
        max_density: float = MAX_DENSITY,
        algorithm: Any = None,
        images: bool = False,
        n_init: int = STARTS,
        max_iter: int | None = None,
        max_evaluations: int | None = None,
        max_time: float | None = None,
        validation_fraction: float = 0.1,
        random_state: Any = None,
        n_jobs: int | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        verbose: int = 0,
    ) -> None:
        self.n_clusters = n_clusters
        self.hidden_layer_sizes = hidden_layer_sizes
        self.layers = layers
        self.image_shape = image_shape
        self.activation = activation
        self.weights = weights
        self.biases = biases
        self.input_bits = input_bits
        self.categorical_features = categorical_features
        self.max_density = max_density
        self.algorithm = algorithm
        self.images = images
        self.n_init = n_init
        self.max_iter = max_iter
        self.max_evaluations = max_evaluations
        self.max_time = max_time
        self.validation_fraction = validation_fraction
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.checkpoint = checkpoint
        self.verbose = verbose

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Search a ticket that puts rows that are alike into the same cluster.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or data frame
            Numbers; columns of a frame may be categories. NaN is a missing cell. At
            least as many different rows as clusters.
        y : Ignored
            Not read.
        sample_weight : array-like of shape (n_samples,), default=None
            What each row counts, at least 0; a row of weight 0 is not searched, and only gets its
            label.

        Returns
        -------
        self : TicketClusterer

        Raises
        ------
        ValueError
            For a parameter or rows that cannot be used; it names them. Nothing is searched then.
        KeyboardInterrupt
            After Ctrl-C. The best ticket so far is kept in ``ticket_``, and the estimator is
            fitted.
        """
        limits = self._limits()
        n_clusters = self._at_least("n_clusters", 1)
        n_init = self._at_least("n_init", 1)
        table = self._table(X, reset=True)
        sample_weight = as_sample_weight(sample_weight, table.X)
        counted = sample_weight > 0
        seed = self._seed()
        parts = self._parts(table.X[counted], n_clusters, seed)
        rows, inputs = self._features(table.take(counted), parts[0])
        weights = integer_weights(sample_weight[counted])

        def unlabelled(part: Array) -> Labelled:
            return Labelled(rows[part], np.zeros(len(part), np.int64), weights[part])

        searched, *aside = map(unlabelled, parts)
        network = self._network(searched.X, n_clusters, None, seed)
        columns, scaling = inputs
        problem = Problem.make(network, searched, aside[0] if aside else None, scaling, columns)
        algorithm = self._algorithm(network)
        both = [searched, aside[0] if aside else None]
        journal = self._journal(both, inputs, Classes(n_clusters), seed)
        n_jobs = as_threads(self.n_jobs)
        check_images(self.images, rows.shape[1])
        if n_clusters == 1:
            outcome = _one_cluster(network, n_init)
        else:
            self._check_different(problem)
            algorithm = make_algorithm(algorithm, None, network)
            with journal:
                outcome = cluster(
                    problem.network,
                    problem.train,
                    problem.validation,
                    algorithm=algorithm,
                    limits=limits,
                    seed=seed,
                    n_init=n_init,
                    n_jobs=n_jobs,
                    callbacks=[_print_progress] if self.verbose else [],
                    images=self.images,
                    journal=journal,
                )
        self._keep(problem.ticket(outcome), inputs)
        self._put_away(journal, outcome)
        self.labels_: npt.NDArray[np.int64] = self._clusters(self._filled(table))
        self.n_iter_: int = outcome.generations
        self.score_: float = outcome.score
        self.scores_: npt.NDArray[np.float64] = np.array(outcome.scores)
        n_empty = n_clusters - len(np.unique(self.labels_))
        if n_empty:
            warnings.warn(
                f"{n_empty} of n_clusters={n_clusters} clusters are empty: no row of X is in them",
                ConvergenceWarning,
                stacklevel=2,
            )
        return self._ended(outcome)

    def predict(self, X: Any) -> npt.NDArray[np.int64]:
        """Return the cluster of each row, whether the search has read it or not.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or data frame
            Numbers; columns of a frame may be categories. NaN is a missing cell.

        Returns
        -------
        ndarray of shape (n_samples,), int64
            Clusters, from 0.
        """
        _ = self._ticket  # which must be there before rows are looked at
        return self._clusters(self._rows(X))

    def name_clusters(self, X: Any, y: Any) -> Ticket:
        """Return the ticket with names in place of cluster numbers, from a handful of rows.

        Each name goes to one cluster, so that as many of these rows as possible are in the cluster
        of their name. A cluster that none of them names keeps a number: text such as "cluster 3",
        or, where names are integers, an integer below all of them. The clusterer itself still
        answers with clusters from 0.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Labelled rows.
        y : array-like of shape (n_samples,)
            Their names, text or integers.

        Returns
        -------
        Ticket
            The same ticket with other labels.

        Raises
        ------
        ValueError
            For more names than clusters, and for names of another kind.
        """
        ticket = self._ticket
        rows = self._rows(X)  # as they are given, so that names of columns are looked at
        y = column_or_1d(y, warn=True)
        check_consistent_length(rows.X, y)
        return named(ticket, rows, y)

    def _clusters(self, table: Table) -> npt.NDArray[np.int64]:
        clusters: npt.NDArray[np.int64] = self.ticket_.outputs(table).argmax(axis=1)
        return clusters

    def _at_least(self, name: str, least: int) -> int:
        value: Any = getattr(self, name)
        if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
            raise ValueError(f"{name} takes an integer from {least}, got {value!r}")
        return int(value)

    def _algorithm(self, network: Network) -> Algorithm:
        given: Any = self.algorithm
        density: Any = self.max_density
        if given is None:
            return clustering_algorithm(network, density)
        if isinstance(given, type) or not isinstance(given, Algorithm):
            raise ValueError(f"algorithm takes an Algorithm or None, got {given!r}")
        return given

    def _check_different(self, problem: Problem) -> None:
        """Raise ValueError where features are scaled to fewer different rows than clusters."""
        found = n_different(problem.train)
        if found < self.n_clusters:
            raise ValueError(
                f"X takes at least n_clusters={self.n_clusters} rows that still differ when their "
                f"features are scaled to {problem.network.input_bits} bits, got {found} of them"
            )

    def _parts(self, X: Array, n_clusters: int, seed: int) -> tuple[Array, ...]:
        """Return the rows to search and those to compare starts on; the latter if there are any.

        Equal rows stay together, and neither their order nor how many there are decides which are
        set aside.
        """
        names = _names(X, seed)
        different = np.unique(names)
        if len(different) < n_clusters:
            raise ValueError(
                f"X takes at least n_clusters={n_clusters} different rows, got n_samples={len(X)}, "
                f"of which {len(different)} are different"
            )
        n_aside = round(self.validation_fraction * len(different))
        if n_aside == 0 or len(different) - n_aside < n_clusters:
            return (np.arange(len(X)),)
        is_aside = names < different[n_aside]
        return np.flatnonzero(~is_aside), np.flatnonzero(is_aside)


def _one_cluster(network: Network, n_init: int) -> Clustering:
    """Return what there is to find where all rows are in one cluster: a mask without a weight."""
    mask = Mask.from_flat(network.layers, np.zeros(network.n_weights, np.uint8))
    return Clustering(
        mask=mask,
        head=Classes(1),
        objective=0.0,
        evaluations=0,
        seconds=0.0,
        generations=0,
        stopped_by="converged",
        history=[],
        score=0.0,
        scores=[0.0] * n_init,
    )


def _names(X: Array, seed: int) -> npt.NDArray[np.uint64]:
    """Return a number for each row, as good as random, the same for equal rows alone."""
    rows = np.ascontiguousarray(X, np.float64) + 0.0  # turns -0.0 into 0.0
    key = seed.to_bytes(8, "little")
    digests = [blake2b(row.tobytes(), digest_size=8, key=key).digest() for row in rows]
    return np.frombuffer(b"".join(digests), np.dtype("<u8")).astype(np.uint64)

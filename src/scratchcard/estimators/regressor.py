"""TicketRegressor: the search as a scikit-learn regressor.

It may import scikit-learn, and all that searches.
"""

from __future__ import annotations

import os
from numbers import Real
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import RegressorMixin

from scratchcard.checks import TINY
from scratchcard.estimators.base import TicketEstimator
from scratchcard.estimators.parameters import as_sample_weight, rows_aside
from scratchcard.rows import integer_weights
from scratchcard.search import Algorithm
from scratchcard.search.problem import AUTO, Labelled
from scratchcard.ticket import Numbers, Ticket

__all__ = ["TicketRegressor"]

Array = npt.NDArray[Any]
OBJECTIVES = ("squared_error", "absolute_error", "quantile", "poisson")


class TicketRegressor(RegressorMixin, TicketEstimator):
    """A regressor that searches a ticket: which connections of a random network stay.

    Nothing is trained: the network's weights are a function of its shape and seed, and never
    change. Features and answers need no scaling; the ticket scales them itself. The network is
    computed in integers; a straight line for each output turns its last sum into a number.

    Parameters
    ----------
    hidden_layer_sizes : int, sequence of int or 'auto', default='auto'
        Units in each hidden layer; () for none. 'auto' for what is best on rows held back while
        fitting. Then several networks are tried in short searches, and the best one is searched
        on all rows. Nothing is tried where ``max_iter``, ``max_evaluations`` or ``max_time`` leave
        next to nothing for it, where there is very much to read, or where ``algorithm`` is not
        'memetic': then it is one layer of 100.
    layers : sequence of Layer, default=None
        The layers before the output layer, instead of ``hidden_layer_sizes``; for rows that are
        images, as ``[Conv2d(32, 3, stride=2), Conv2d(64, 3, pool=2)]``. With a convolution nothing
        is left open: 'auto' is then 'signed_constant' for ``weights``, and 0.4 for
        ``max_density``.
    image_shape : tuple of int, default=None
        Shape of the image that a row is, for convolutions: (height, width), or (channels, height,
        width), a row being channel after channel and in each line after line. None for one square
        channel.
    activation : {'relu', 'step', 'sign'}, default='relu'
        Of the hidden units. No gradient is needed.
    weights : {'auto', 'uniform', 'signed_constant', 'kaiming_normal'}, default='auto'
        Family of the random weights. 'auto' leaves it open, as for ``hidden_layer_sizes``.
    biases : {'uniform', 'zero'}, default='uniform'
        Family of the random biases.
    input_bits : {'auto', 8, 16}, default='auto'
        Bits that a scaled feature has; 'auto' takes 16 where a feature of the training rows has
        more than 256 different values.
    categorical_features : array-like of bool, int or str, 'from_dtype' or None, \
            default='from_dtype'
        Columns that are categories. 'from_dtype' takes those of a data frame that hold text or
        categories. A boolean for each column, or places or names, make these categories whatever
        they hold. None takes numbers alone.
    max_density : float, 'auto' or None, default='auto'
        Largest share of the weights that may stay, above 0 and at most 1. 'auto' leaves it open,
        and with it all settings of the memetic search, which are chosen with the network. A number
        is that of ``Memetic(max_density=...)``; None for 0.1 of the memetic algorithm and no limit
        of the genetic one. Not used when ``algorithm`` is an object, which has its own, nor with
        ``max_bytes``.
    max_bytes : int, default=None
        Most bytes of the ticket's file. What 'auto' leaves open is tried in several short searches
        and chosen on rows set aside, which takes about as long as six searches. For the memetic
        algorithm.
    objective : {'squared_error', 'absolute_error', 'quantile', 'poisson'}, default='squared_error'
        What the search minimises. Answers are then means, medians, quantiles, or the means of
        counts.
    quantile : float, default=0.5
        Which quantile, above 0 and below 1, with ``objective='quantile'``.
    algorithm : {'memetic', 'genetic'} or Algorithm, default='memetic'
        What decides which connections stay, by name, or as an object with settings of its own such
        as ``Memetic(max_density=0.05, price=1e-4)``.
    augment : {'shift'}, default=None
        'shift' for rows that are images: the memetic algorithm searches half of them shifted by a
        pixel, anew each time it draws rows. Without convolutions they are square.
    max_iter : int, default=None
        Most generations; where settings are tried, of the last search. None for the algorithm's own
        number, or for no limit where ``max_evaluations`` or ``max_time`` is one.
    max_evaluations : int, default=None
        Most candidates to decide on. Looked at after each generation.
    max_time : float, default=None
        Most seconds to search. What is found then depends on the machine.
    early_stopping : bool, default=False
        Whether to set rows aside for validation, to keep the mask that is best on them, and to stop
        when ``n_iter_no_change`` generations have not brought a better one.
    validation_fraction : float, default=0.1
        Share of the rows to set aside, at least one. Only used with ``early_stopping``, and where
        ``max_bytes`` leaves a choice.
    n_iter_no_change : int, default=10
        See ``early_stopping``.
    random_state : int, RandomState instance or None, default=None
        An int is the seed of the network and of the search, the same seed as on the command line.
    n_jobs : int, default=None
        Threads to search with; None for 1, -1 for all cores. The ticket does not depend on it.
    checkpoint : str or path-like, default=None
        A file that the search is saved to every 30 seconds and when it is interrupted. Where it is
        there already, ``fit`` goes on from it and ends with the ticket that it would have found;
        rows and parameters must be the same. It is removed when the search has ended. Estimators
        that are fitted at the same time, as in a grid search, need a file each.
    verbose : int, default=0
        Whether to print a line after each generation.
    warm_start : bool, default=False
        Whether to go on from the ticket of the previous ``fit``, with its network and scaling,
        instead of starting anew.

    Attributes
    ----------
    ticket_ : Ticket
        What was found, and all that prediction reads.
    network_ : Network
        The random network of ``ticket_``.
    algorithm_ : Algorithm
        What searched, with its settings.
    density_ : float
        Share of the weights that stay.
    n_outputs_ : int
        Number of numbers in an answer.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, where ``X`` had names that are all text.
    n_iter_ : int
        Generations, of all warm starts together.
    loss_ : float
        The objective of the ticket on the rows searched, of answers in units of their spread; lower
        is better.
    loss_curve_ : list of float
        The objective of the best individual after each generation, on the rows then read.
    validation_scores_ : list of float or None
        1 minus its objective on the rows set aside, with ``early_stopping``.

    Notes
    -----
    Weights that are not integers up to 1024 are scaled so that the largest is 1024, and rounded.

    Examples
    --------
    >>> from scratchcard import TicketRegressor
    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True)
    >>> regressor = TicketRegressor(max_iter=5, random_state=0).fit(X, y)
    >>> regressor.ticket_.save("diabetes.ticket")  # doctest: +SKIP
    """

    def __init__(
        self,
        hidden_layer_sizes: Any = "auto",
        activation: str = "relu",
        *,
        layers: Any = None,
        image_shape: Any = None,
        weights: str = "auto",
        biases: str = "uniform",
        input_bits: int | str = "auto",
        categorical_features: Any = "from_dtype",
        max_density: float | str | None = AUTO,
        max_bytes: int | None = None,
        objective: str = "squared_error",
        quantile: float = 0.5,
        algorithm: str | Algorithm = "memetic",
        augment: str | None = None,
        max_iter: int | None = None,
        max_evaluations: int | None = None,
        max_time: float | None = None,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        random_state: Any = None,
        n_jobs: int | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        verbose: int = 0,
        warm_start: bool = False,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.layers = layers
        self.image_shape = image_shape
        self.activation = activation
        self.weights = weights
        self.biases = biases
        self.input_bits = input_bits
        self.categorical_features = categorical_features
        self.max_density = max_density
        self.max_bytes = max_bytes
        self.objective = objective
        self.quantile = quantile
        self.algorithm = algorithm
        self.augment = augment
        self.max_iter = max_iter
        self.max_evaluations = max_evaluations
        self.max_time = max_time
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.checkpoint = checkpoint
        self.verbose = verbose
        self.warm_start = warm_start

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Search a ticket that answers with the numbers of the rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or data frame
            Numbers; columns of a frame may be categories. NaN is a missing cell.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Finite numbers, not negative for ``objective='poisson'``.
        sample_weight : array-like of shape (n_samples,), default=None
            What each row counts, at least 0; a row of weight 0 is as good as not there.

        Returns
        -------
        self : TicketRegressor

        Raises
        ------
        ValueError
            For a parameter or rows that cannot be used; it names them. Nothing is searched then.
        KeyboardInterrupt
            After Ctrl-C. The best ticket so far is kept in ``ticket_``, and the estimator is
            fitted; but what it is part of, such as a grid search, ends.
        """
        limits = self._limits()
        loss = self._loss()
        before = self._before()
        table, y = self._table_and_y(X, y, before is None, multi_output=True, y_numeric=True)
        sample_weight = as_sample_weight(sample_weight, table.X)
        counted = sample_weight > 0
        table = table.take(counted)
        y, weights = y[counted], integer_weights(sample_weight[counted])
        seed = self._seed()
        parts = self._parts(len(y), before, seed)
        X, inputs = self._features(table, parts[0] if before is None else None)
        head = Numbers.of(y[parts[0]], weights[parts[0]], loss)
        if before is not None and head.n_outputs != before.head.n_outputs:
            raise ValueError(
                f"y takes {before.head.n_outputs} numbers for each row, as in the previous fit, "
                f"because warm_start is True; got {head.n_outputs}"
            )

        def labelled(part: Array) -> Labelled:
            return Labelled(X[part], head.targets(y[part]), weights[part])

        searched, *aside = map(labelled, parts)
        outcome = self._search(
            searched,
            aside[0] if aside else None,
            inputs=inputs,
            head=head,
            objective=loss,
            limits=limits,
            seed=seed,
            before=before,
        )
        self.n_outputs_ = head.n_outputs
        return self._ended(outcome)

    def predict(self, X: Any) -> npt.NDArray[np.float64]:
        """Return the numbers of each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or data frame
            Numbers; columns of a frame may be categories. NaN is a missing cell.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            The answers.
        """
        found: npt.NDArray[np.float64] = self._ticket.predict(self._rows(X))
        return found

    def __sklearn_tags__(self) -> Any:
        """Return what scikit-learn may know: several numbers are taken for each row."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _loss(self) -> str:
        """Return the name of the objective, with the quantile where it is one."""
        if not isinstance(self.objective, str) or self.objective not in OBJECTIVES:
            raise ValueError(
                f"objective takes {', '.join(map(repr, OBJECTIVES))}, got {self.objective!r}"
            )
        level: Any = self.quantile
        is_number = isinstance(level, Real) and not isinstance(level, bool)
        if not is_number or not TINY <= float(level) < 1:
            raise ValueError(f"quantile takes a number between 0 and 1, got {level!r}")
        return f"quantile:{float(level)}" if self.objective == "quantile" else self.objective

    def _parts(self, n_rows: int, before: Ticket | None, seed: int) -> tuple[Array, ...]:
        """Return the rows to search, and those to validate where some are set aside."""
        if not self._sets_rows_aside(before):
            return (np.arange(n_rows),)
        return rows_aside(n_rows, self.validation_fraction, self._seed_of_parts(before, seed))

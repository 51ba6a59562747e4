"""TicketClassifier: the search as a scikit-learn classifier.

It may import scikit-learn, and all that searches.
"""

from __future__ import annotations

import os
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.special import log_softmax
from sklearn.base import ClassifierMixin
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets

from scratchcard.estimators.base import TicketEstimator
from scratchcard.estimators.parameters import as_sample_weight, set_aside
from scratchcard.objectives import Objective, get_objective
from scratchcard.rows import integer_weights
from scratchcard.search import Algorithm
from scratchcard.search.problem import AUTO, Labelled
from scratchcard.search.targets.teacher import ask
from scratchcard.ticket import Classes, Table, Ticket

__all__ = ["TicketClassifier"]

Array = npt.NDArray[Any]


class TicketClassifier(ClassifierMixin, TicketEstimator):
    """A classifier that searches a ticket: which connections of a random network stay.

    Nothing is trained: the network's weights are a function of its shape and seed, and never
    change. Features need no scaling; the ticket scales them itself. Everything is computed in
    integers, so a row of weight 3 counts exactly as the row written three times.

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
    objective : str or Objective, default='cross_entropy'
        What the search minimises: 'cross_entropy', 'accuracy', 'balanced_accuracy', 'macro_f1',
        'brier', 'margin', or one made by
        :func:`scratchcard.objectives.custom_objective`.
    algorithm : {'memetic', 'genetic'} or Algorithm, default='memetic'
        What decides which connections stay, by name, or as an object with settings of its own such
        as ``Memetic(max_density=0.05, price=1e-4)`` or ``Genetic("GA (adaptive AB)")``.
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
        Share of the rows to set aside, of each class alike and at least one of each that has two.
        Only used with ``early_stopping``, and where ``max_bytes`` leaves a choice.
    n_iter_no_change : int, default=10
        See ``early_stopping``.
    class_weight : dict or 'balanced', default=None
        What each class counts; 'balanced' for all classes alike. Multiplied with
        ``sample_weight``.
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
    classes_ : ndarray of shape (n_classes,)
        Class labels; of a teacher, all that it may give.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, where ``X`` had names that are all text.
    n_iter_ : int
        Generations, of all warm starts together.
    loss_ : float
        The objective of the ticket on the rows searched; lower is better.
    loss_curve_ : list of float
        The objective of the best individual after each generation, on the rows then read.
    validation_scores_ : list of float or None
        Its accuracy on the rows set aside, with ``early_stopping``.

    Notes
    -----
    Weights that are not integers up to 1024 are scaled so that the largest is 1024, and rounded.

    Examples
    --------
    >>> from scratchcard import TicketClassifier
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> classifier = TicketClassifier(max_iter=5, random_state=0).fit(X, y)
    >>> classifier.ticket_.save("iris.ticket")  # doctest: +SKIP
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
        objective: str | Objective = "cross_entropy",
        algorithm: str | Algorithm = "memetic",
        augment: str | None = None,
        max_iter: int | None = None,
        max_evaluations: int | None = None,
        max_time: float | None = None,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        class_weight: Any = None,
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
        self.algorithm = algorithm
        self.augment = augment
        self.max_iter = max_iter
        self.max_evaluations = max_evaluations
        self.max_time = max_time
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.class_weight = class_weight
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.checkpoint = checkpoint
        self.verbose = verbose
        self.warm_start = warm_start

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None, *, teacher: Any = None) -> Self:
        """Search a ticket that tells the classes apart.

        The classes are told by ``y``, or by a teacher: then the rows need no labels.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or data frame
            Numbers; columns of a frame may be categories. NaN is a missing cell.
        y : array-like of shape (n_samples,), default=None
            Class labels, of two or more classes: integers, text, floats or booleans. None with a
            teacher, and only then.
        sample_weight : array-like of shape (n_samples,), default=None
            What each row counts, at least 0; a row of weight 0 is as good as not there.
        teacher : estimator, torch.nn.Module or array-like, default=None
            Says which class each row is of: a fitted estimator by what it predicts; a torch module
            by the largest of its logits, (n_samples, n_classes), for float32 rows; an array of
            probabilities, (n_samples, n_classes), by the largest in each row.

        Returns
        -------
        self : TicketClassifier

        Raises
        ------
        ValueError
            For a parameter or rows that cannot be used; it names them. Nothing is searched then.
        KeyboardInterrupt
            After Ctrl-C. The best ticket so far is kept in ``ticket_``, and the estimator is
            fitted; but what it is part of, such as a grid search, ends.
        """
        limits = self._limits()
        objective = get_objective(self.objective)
        before = self._before()
        table, y, classes = self._labelled(X, y, teacher, reset=before is None)
        sample_weight = as_sample_weight(sample_weight, table.X)
        counted = sample_weight > 0
        table, y, sample_weight = table.take(counted), y[counted], sample_weight[counted]
        who, found = "y" if teacher is None else "teacher", np.unique(y)
        if len(found) < 2:
            raise ValueError(
                f"{who} takes rows of two classes or more, got 1 class, {found.tolist()[0]!r}"
            )
        classes = found if classes is None else classes
        head = Classes(classes)
        targets = head.targets(y)
        if before is not None and Classes(classes, before.head.temperature) != before.head:
            raise ValueError(
                f"{who} takes the classes of the previous fit, {self.classes_}, as warm_start is "
                f"True; got {classes}"
            )
        seed = self._seed()
        parts = self._parts(targets, before, seed)
        X, inputs = self._features(table, parts[0] if before is None else None)
        counts = self._class_weights(classes, targets[parts[0]], sample_weight[parts[0]])

        def labelled(part: Array) -> Labelled:
            weights = sample_weight[part] * counts[targets[part]]
            return Labelled(X[part], targets[part], integer_weights(weights))

        searched, *aside = map(labelled, parts)
        outcome = self._search(
            searched,
            aside[0] if aside else None,
            inputs=inputs,
            head=head,
            objective=objective,
            limits=limits,
            seed=seed,
            before=before,
        )
        self.classes_: Array = classes
        return self._ended(outcome)

    def predict(self, X: Any) -> Array:
        """Return the label of each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or data frame
            Numbers; columns of a frame may be categories. NaN is a missing cell.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels.
        """
        outputs = self._ticket.outputs(self._rows(X))
        labels: Array = self.classes_[np.argmax(outputs, axis=1)]
        return labels

    def predict_proba(self, X: Any) -> npt.NDArray[np.float64]:
        """Return the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or data frame
            Numbers; columns of a frame may be categories. NaN is a missing cell.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Probabilities, in the order of ``classes_``.
        """
        return self._ticket.predict_proba(self._rows(X))

    def predict_log_proba(self, X: Any) -> npt.NDArray[np.float64]:
        """Return the natural logarithm of the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or data frame
            Numbers; columns of a frame may be categories. NaN is a missing cell.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Logarithms, in the order of ``classes_``.
        """
        logits = self._ticket.decision_function(self._rows(X))
        found: npt.NDArray[np.float64] = log_softmax(logits, axis=1)
        return found

    def decision_function(self, X: Any) -> npt.NDArray[np.float64]:
        """Return the logits of each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or data frame
            Numbers; columns of a frame may be categories. NaN is a missing cell.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or (n_samples,) for two classes
            Logits in nats. For two classes, the second class's minus the first's: above 0 where the
            second is predicted.
        """
        logits = self._ticket.decision_function(self._rows(X))
        return logits if len(self.classes_) > 2 else logits[:, 1] - logits[:, 0]

    def _labelled(
        self, X: Any, y: Any, teacher: Any, reset: bool
    ) -> tuple[Table, Array, Array | None]:
        """Return the rows, their labels, and the classes of a teacher, if there is one."""
        if teacher is None:
            table, y = self._table_and_y(X, y, reset)
            check_classification_targets(y)
            return table, y, None
        if y is not None:
            raise ValueError("fit takes y or teacher, got both")
        rows = self._table(X, reset)
        # A teacher that was fitted to a frame wants one, to see that its columns are the same; and
        # the numbers that stand for categories here say nothing to it.
        as_given = hasattr(X, "columns") or not rows.is_plain
        taught = ask(teacher, X if as_given else rows.X)
        return rows, taught.labels, taught.classes

    def _class_weights(self, classes: Array, targets: Array, sample_weight: Array) -> Array:
        """Return the weight of each class, (n_classes,), by the rows that are searched."""
        if isinstance(self.class_weight, str) and self.class_weight == "balanced":
            counted = np.bincount(targets, weights=sample_weight, minlength=len(classes))
            # A teacher may know classes that none of these rows is of.
            found = np.divide(1.0, counted, out=np.zeros(len(classes)), where=counted > 0)
        else:
            found = compute_class_weight(self.class_weight, classes=classes, y=classes[targets])
        if not (np.isfinite(found) & (found >= 0)).all() or not found.any():
            raise ValueError(
                f"class_weight takes numbers from 0, not all of them 0, got {self.class_weight!r}"
            )
        counts: Array = found
        return counts

    def _parts(self, targets: Array, before: Ticket | None, seed: int) -> tuple[Array, ...]:
        """Return the rows to search, and those to validate where some are set aside.

        A warm start sets the same rows aside, but not to choose a network: it has one.
        """
        if not self._sets_rows_aside(before):
            return (np.arange(len(targets)),)
        return set_aside(targets, self.validation_fraction, self._seed_of_parts(before, seed))

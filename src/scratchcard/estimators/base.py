"""TicketEstimator: what the estimators share: parameters, the search, the ticket that is kept."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import (
    check_array,
    check_is_fitted,
    check_X_y,
    validate_data,
)

from scratchcard.datasets import check_plain
from scratchcard.estimators.parameters import as_categories, as_hidden, as_threads, check_categories
from scratchcard.objectives import Objective, get_objective
from scratchcard.search import Algorithm, Limits, Outcome, Progress
from scratchcard.search.automatic import search_best
from scratchcard.search.evolution import AnyCallback
from scratchcard.search.identity import fingerprint, settings_of, this_version
from scratchcard.search.journal import Journal
from scratchcard.search.problem import AUTO, Labelled, Problem, make_algorithm
from scratchcard.search.rule import Setting, settings_for
from scratchcard.search.wanted import Wanted
from scratchcard.search.within_bytes import WithinBytes
from scratchcard.ticket import Columns, Head, InputScaling, Network, Table, Ticket
from scratchcard.ticket.arrow import arrow_table
from scratchcard.ticket.columns_fit import fit_columns, lacking
from scratchcard.ticket.scaling import needed_bits
from scratchcard.ticket.table import is_frame

# Parameters that change nothing of what is found; the seed stands for the random state.
NOT_DECIDING = ("checkpoint", "n_jobs", "random_state", "verbose")

Array = npt.NDArray[Any]
Inputs = tuple[Columns | None, InputScaling]


class TicketEstimator(BaseEstimator):
    """The base class of the estimators: it reads their parameters, searches, and keeps the ticket.

    A subclass has the parameters named here among its own, and turns ``y`` into targets and a head.
    """

    hidden_layer_sizes: Any
    layers: Any
    image_shape: Any
    activation: str
    weights: str
    biases: str
    input_bits: int | str
    categorical_features: Any
    max_density: float | str | None
    max_bytes: int | None
    algorithm: str | Algorithm
    augment: str | None
    max_iter: int | None
    max_evaluations: int | None
    max_time: float | None
    early_stopping: bool
    validation_fraction: float
    n_iter_no_change: int
    random_state: Any
    n_jobs: int | None
    checkpoint: str | os.PathLike[str] | None
    verbose: int
    warm_start: bool
    ticket_: Ticket
    _inputs: Inputs
    _usual_sizes: Any = "auto"  # the default of hidden_layer_sizes

    @property
    def network_(self) -> Network:
        """The random network of ``ticket_``."""
        return self._ticket.network

    @property
    def density_(self) -> float:
        """Share of the weights that stay."""
        return self._ticket.mask.density

    # -- prediction ------------------------------------------------------------------------------

    @property
    def _ticket(self) -> Ticket:
        check_is_fitted(self, "ticket_")
        return self.ticket_

    def _rows(self, X: Any) -> Table:
        """Return rows to predict.

        A number that is missing in a column that lacked none is the middle of its range, as
        cross-validation wants it; the ticket itself refuses it.
        """
        return self._filled(self._table(X, reset=False))

    def _filled(self, table: Table) -> Table:
        """Return rows without missing cells in columns that lacked none; see :meth:`_rows`."""
        if not lacking(table).any():
            return table
        columns, scaling = self._inputs
        if columns is None:
            middles = np.broadcast_to(scaling.offset.astype(np.float64), table.n_columns)
        else:
            middles = columns.middles(scaling)
        return table.filled(middles)

    # -- rows ------------------------------------------------------------------------------------

    def _table(self, X: Any, reset: bool) -> Table:
        """Return rows as a table, checked as scikit-learn checks them."""
        categories = as_categories(self.categorical_features)
        if is_frame(X) and not isinstance(X, Mapping):  # which sparse matrices may be
            if not hasattr(X, "columns"):
                X = arrow_table(X)  # a stream, which is read once
            validate_data(self, X, reset=reset, skip_check_array=True)  # names and their number
            table = named = Table.of(X, categories)
            if not all(isinstance(name, str) for name in X.columns) and not _is_arrow(X):
                table = Table(table.X, table.values)
            if not table.n_rows or not table.n_columns:
                raise ValueError(
                    f"Found array with {table.n_rows} sample(s) and {table.n_columns} feature(s) "
                    f"(shape={table.X.shape}) while a minimum of 1 is required."
                )
        elif categories or self._has_categories(reset):
            rows = check_array(X, dtype=object, ensure_all_finite=False)
            validate_data(self, rows, reset=reset, skip_check_array=True)
            table = named = Table.of(rows, categories)
        else:
            rows = validate_data(self, X, reset=reset, ensure_all_finite="allow-nan")
            if rows.dtype.kind == "O":  # lists with None
                rows = Table.of(rows).numbers()
            table = named = Table(rows, (None,) * rows.shape[1])
        if reset:
            check_categories(self.categorical_features, named)
        if self.categorical_features is None:
            table.numbers()  # refuses text
        return table

    def _has_categories(self, reset: bool) -> bool:
        """Return whether the rows of the previous fit had categories."""
        columns = None if reset else self._inputs[0]
        return columns is not None and any(c.kind == "category" for c in columns.columns)

    def _table_and_y(self, X: Any, y: Any, reset: bool, **checks: Any) -> tuple[Table, Array]:
        """Return rows and what they are, checked as scikit-learn checks them."""
        table = self._table(X, reset)
        _, y = check_X_y(table.X, y, ensure_all_finite="allow-nan", estimator=self, **checks)
        return table, y

    def _features(self, table: Table, searched: Array | None) -> tuple[Array, Inputs]:
        """Return the features that columns become, and how.

        What they become is fitted to the rows that are searched; None goes on with the previous
        fit. Only which columns may lack cells is asked of all rows. Rows that are images stay as
        they are, and all of their columns share one scaling.
        """
        reads_maps = self._wanted(table.n_columns).reads_maps
        if reads_maps:
            check_plain(table)
        if searched is None:
            inputs = self._inputs
        elif reads_maps:
            inputs = None, InputScaling.fit(table.take(searched).numbers(), kind="global")
        else:
            inputs = fit_columns(table.take(searched), missing=lacking(table))
        columns, scaling = inputs
        return table.X if columns is None else columns.features(table, scaling), inputs

    def _keep(self, ticket: Ticket, inputs: Inputs) -> None:
        """Keep a ticket with what its rows become; a search that fails changes neither."""
        self.ticket_ = ticket
        self._inputs = inputs

    def __sklearn_tags__(self) -> Any:
        """Return what scikit-learn may know: cells may be missing."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    # -- parameters ------------------------------------------------------------------------------

    def _limits(self) -> Limits:
        """Check the parameters that do not depend on others, and return when to stop."""
        for name, kind, most, what in (
            ("max_iter", Integral, math.inf, "an integer from 1 or None"),
            ("max_evaluations", Integral, math.inf, "an integer from 1 or None"),
            ("max_time", Real, math.inf, "seconds above 0 or None"),
            ("n_iter_no_change", Integral, math.inf, "an integer from 1"),
            ("validation_fraction", Real, 1, "a number between 0 and 1"),
        ):
            value = getattr(self, name)
            if value is None and what.endswith("None"):
                continue
            is_one = isinstance(value, kind) and not isinstance(value, bool)
            if not is_one or not 0 < float(value) < most:
                raise ValueError(f"{name} takes {what}, got {value!r}")
        return Limits(
            generations=self.max_iter,
            evaluations=self.max_evaluations,
            seconds=self.max_time,
            patience=self.n_iter_no_change if self.early_stopping else None,
        )

    def _seed(self) -> int:
        try:
            random = check_random_state(self.random_state)
        except ValueError as error:
            raise ValueError(
                "random_state takes an integer 0..2**32 - 1, a RandomState or None, "
                f"got {self.random_state!r}"
            ) from error
        if isinstance(self.random_state, Integral):
            return int(self.random_state)
        return int(random.randint(1 << 32, dtype=np.uint32))

    def _before(self) -> Ticket | None:
        """Return the ticket of the previous fit, where this one goes on from it."""
        return getattr(self, "ticket_", None) if self.warm_start else None

    def _network(self, X: Array, n_outputs: int, before: Ticket | None, seed: int) -> Network:
        """Return the random network; of several to choose from, one that the others are like."""
        input_bits: Any = self.input_bits
        if input_bits == "auto":
            input_bits = needed_bits(X) if before is None else before.network.input_bits
        wanted = self._wanted(X.shape[1])
        if before is not None:
            wanted = wanted.as_before(before.network)
        network = wanted.network(
            X.shape[1],
            n_outputs,
            seed=seed if before is None else before.network.seed,
            biases=self.biases,
            activation=self.activation,
            input_bits=input_bits,
        )
        if before is None:
            return network
        if network != before.network:
            raise ValueError(
                "warm_start=True goes on with the network of the previous fit; hidden_layer_sizes, "
                "layers, image_shape, activation, weights, biases and input_bits must not change"
            )
        return before.network  # whose weights are drawn already

    def _wanted(self, n_columns: int) -> Wanted:
        """Return what is asked of the network; what is "auto" is left open."""
        sizes, weights = self.hidden_layer_sizes, self.weights
        if weights is None:
            raise ValueError("weights takes 'auto' or the name of a family, got None")
        usual = self._usual_sizes
        if self.layers is not None and not (type(sizes) is type(usual) and sizes == usual):
            raise ValueError(
                f"hidden_layer_sizes takes its default, {usual!r}, with layers, got {sizes!r} and "
                f"layers={self.layers!r}"
            )
        hidden = None if isinstance(sizes, str) and sizes == "auto" else as_hidden(sizes)
        family = None if weights == "auto" else weights
        return Wanted.of(hidden, self.layers, family, self.image_shape, n_columns)

    def _sets_rows_aside(self, before: Ticket | None) -> bool:
        """Return whether validation rows stop the search, or choose its network."""
        if self.early_stopping or self.max_bytes is None or before is not None:
            return self.early_stopping
        return self._wanted(self.n_features_in_).is_open

    @staticmethod
    def _seed_of_parts(before: Ticket | None, seed: int) -> int:
        """Return the seed by which rows are set aside, the same for a warm start."""
        return seed if before is None else before.network.seed

    # -- search ----------------------------------------------------------------------------------

    def _search(
        self,
        searched: Labelled,
        aside: Labelled | None,
        *,
        inputs: Inputs,
        head: Head,
        objective: str | Objective,
        limits: Limits,
        seed: int,
        before: Ticket | None,
    ) -> Outcome:
        """Search a ticket for rows, keep it and what the search went through."""
        plain = self._network(searched.X, head.n_outputs, before, seed)
        columns, scaling = inputs
        journal = self._journal([searched, aside], inputs, head, seed, before)

        def make(network: Network) -> Problem:
            return Problem.make(network, searched, aside, scaling, columns)

        def search(
            problem: Problem,
            algorithm: Algorithm,
            limits: Limits,
            callbacks: Sequence[AnyCallback],
        ) -> Outcome:
            return journal.evolve(
                problem.network,
                problem.train,
                problem.validation,
                algorithm=algorithm,
                objective=objective,
                limits=limits,
                seed=seed if before is None else seed + (self.n_iter_ << 32),  # not the same again
                n_jobs=as_threads(self.n_jobs),
                callbacks=callbacks,
                start=None if before is None else before.mask,
                augment=self.augment,
                head=head,
            )

        beside = [_print_progress] if self.verbose else []
        with journal:
            if self.max_bytes is None:
                settings = self._settings(make, plain, get_objective(objective), before)
                problem, outcome, setting = search_best(
                    settings, make, get_objective(objective), limits, search, beside, seed
                )
                self.algorithm_ = setting.algorithm(problem.train)
            else:
                within = WithinBytes(
                    self.max_bytes, head, scaling, get_objective(objective), columns
                )
                wanted = self._wanted(searched.X.shape[1])
                networks = [plain] if before is not None else within.networks(plain, wanted)
                problem, outcome = within.search(
                    networks, make, self.algorithm, limits, search, beside
                )
                self.algorithm_ = within.algorithm(self.algorithm, problem.network)
        self._keep(problem.ticket(outcome), inputs)
        self._put_away(journal, outcome)
        self._keep_history(outcome, first=before is None)
        return outcome

    def _journal(
        self,
        parts: Sequence[Labelled | None],
        inputs: Inputs,
        head: Head,
        seed: int,
        before: Ticket | None = None,
    ) -> Journal:
        """Return what keeps the search in the file ``checkpoint``, and goes on from it."""
        if self.checkpoint is None:
            return Journal()
        if not isinstance(self.checkpoint, (str, os.PathLike)):
            raise ValueError(f"checkpoint takes a path or None, got {self.checkpoint!r}")
        if not isinstance(self.random_state, Integral):
            raise ValueError(
                "random_state takes an integer with checkpoint, or what goes on would be another "
                f"search; got {self.random_state!r}"
            )
        columns, scaling = inputs
        identity = {"scratchcard": this_version(), "estimator": type(self).__name__}
        for name, part in zip(("rows", "rows set aside"), parts, strict=False):
            if part is not None:
                found = fingerprint(part.X, part.targets, part.weights)
                identity[name] = f"{len(part.X)} rows, {found}"
        identity["inputs"] = fingerprint(repr(columns).encode(), scaling.offset, scaling.scale)
        identity["head"] = fingerprint(head.encode())
        identity["seed"] = str(seed)
        if before is not None:
            identity["ticket"] = fingerprint(before.to_bytes())
            identity["generations before"] = str(self.n_iter_)
            identity |= settings_of("algorithm before", self.algorithm_)
        for name, value in self.get_params(deep=False).items():
            if name not in NOT_DECIDING:
                identity |= settings_of(name, value)
        journal = Journal(self.checkpoint, identity)
        if os.path.exists(self.checkpoint):
            journal.read(self.checkpoint)
        return journal

    def _put_away(self, journal: Journal, outcome: Outcome) -> None:
        """Remove the file of a search that has ended, and keep that of one that was interrupted."""
        if outcome.stopped_by == "interrupt":
            journal.save()
        else:
            journal.remove()

    def _settings(
        self,
        make: Callable[[Network], Problem],
        plain: Network,
        objective: Objective,
        before: Ticket | None,
    ) -> list[Setting]:
        """Return what to choose from: one setting, unless parameters are 'auto'."""
        density = self.max_density
        if isinstance(density, str) and density != AUTO:
            raise ValueError(
                f"max_density takes a number above 0 and at most 1, None or 'auto', got {density!r}"
            )
        given = None if isinstance(density, str) else density
        algorithm = make_algorithm(self.algorithm, given, plain)
        if self.algorithm != "memetic":
            return [Setting(plain, algorithm)]
        if before is not None:
            earlier = getattr(self, "algorithm_", algorithm)
            is_free = getattr(earlier, "max_bits", None) is None  # of a fit without max_bytes
            return [Setting(plain, earlier if density == AUTO and is_free else algorithm)]
        wanted = self._wanted(plain.n_inputs)
        if wanted.reads_maps or (density != AUTO and not wanted.is_open):
            return [Setting(plain, algorithm)]
        rows, left = make(plain).train, None if density == AUTO else algorithm
        return settings_for(rows, plain, wanted, left, objective)

    def _ended(self, outcome: Outcome) -> Self:
        """Return the estimator, now that it is fitted; or end what it is part of after Ctrl-C."""
        if outcome.stopped_by == "interrupt":
            raise KeyboardInterrupt("search interrupted; the best ticket so far is kept in ticket_")
        return self

    def _keep_history(self, outcome: Outcome, first: bool) -> None:
        if first:
            self.n_iter_ = 0
            self.loss_curve_: list[float] = []
            self.validation_scores_: list[float | None] | None = None
        self.n_iter_ += outcome.generations
        self.loss_ = outcome.objective
        self.loss_curve_ = self.loss_curve_ + [p.objective for p in outcome.history]
        scores = [progress.validation_accuracy for progress in outcome.history]
        self.validation_scores_ = (
            (self.validation_scores_ or []) + scores if self.early_stopping else None
        )


def _print_progress(progress: Progress) -> None:
    line = (
        f"Generation {progress.generation}: loss {progress.objective:.6f}, "
        f"density {progress.density:.4f}"
    )
    if progress.validation_accuracy is not None:
        line += f", validation accuracy {progress.validation_accuracy:.4f}"
    print(line)


def _is_arrow(X: Any) -> bool:
    """Return whether a frame is pyarrow's, whose ``columns`` are no names."""
    return hasattr(X, "column_names")

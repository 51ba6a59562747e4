"""Importance: what a ticket's score loses where the values of a column are permuted among rows.

Permutation importance: Breiman, "Random Forests", 2001; Fisher, Rudin and Dominici, "All Models are
Wrong, but Many are Useful", 2019. A column keeps its values, and only which row has which is lost,
so a row may then be like none that can be. Where two columns say the same, each alone seems to
matter little. scikit-learn permutes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from scratchcard.insight.columns import ColumnInputs, on_features, uses_of
from scratchcard.ticket import Ticket
from scratchcard.ticket.weights import weight_at

PERMUTATIONS = 10, 5  # times; of more than so many columns as in the next line
MANY_COLUMNS = 100
SEED = 0
MOST_VALUES = 1 << 20  # of rows times columns: an image's pixels are permuted on fewer rows
LEAST_ROWS = 500

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Importance(NamedTuple):
    """What a ticket's score loses without each column.

    Attributes
    ----------
    lost : ndarray of shape (n_columns,)
        The mean loss of score over all permutations; exactly 0 for a column that is not read.
    deviation : ndarray of shape (n_columns,)
        The standard deviation between permutations.
    score : float
        The score that is lost from: of these rows as they are.
    n_rows : int
        How many rows were permuted.
    permutations : int
        How many times.
    """

    lost: Floats
    deviation: Floats
    score: float
    n_rows: int
    permutations: int


def importance_of(
    ticket: Ticket,
    columns: Sequence[ColumnInputs],
    X: Any,
    y: npt.ArrayLike,
    *,
    permutations: int | None = None,
    seed: int = SEED,
) -> Importance:
    """Return what the score of a ticket loses where one column is permuted among rows.

    All inputs of a column are permuted together. Where rows and columns are very many, some of the
    rows are drawn.

    Parameters
    ----------
    ticket : Ticket
        The ticket; its head says what a score is: accuracy of classes, R² of numbers.
    columns : sequence of ColumnInputs
        Columns that share no input.
    X : array-like of shape (n_rows, n_columns), or data frame
        Rows as the ticket takes them, not scaled.
    y : array-like of shape (n_rows, ...)
        The right answers.
    permutations : int or None
        How many times each column is permuted; None for 10, or 5 of more than 100 columns.
    seed : int
        Seed of the permutations, and of the draw of rows.

    Returns
    -------
    Importance
        What is lost without each column.

    Raises
    ------
    ValueError
        For rows or answers that do not suit the ticket, and for a ticket whose first layer is a
        convolution.
    """
    from sklearn.inspection import permutation_importance

    ticket, X = on_features(ticket, X)
    inputs = ticket.scaling.quantise(X, ticket.network.input_limit)
    y = np.asarray(y)
    read = [number for number, use in enumerate(uses_of(ticket, columns)) if use.survivors]
    permutations = permutations or PERMUTATIONS[len(read) > MANY_COLUMNS]
    most = max(LEAST_ROWS, MOST_VALUES // max(1, len(read)))
    if len(inputs) > most:
        rows = np.random.default_rng(seed).choice(len(inputs), most, replace=False)
        inputs, y = inputs[rows], y[rows]
    moved = _Moved(ticket, [columns[number] for number in read], inputs)
    stay = np.tile(np.arange(len(inputs), dtype=np.int32)[:, None], (1, len(read)))
    lost, deviation = np.zeros(len(columns)), np.zeros(len(columns))
    if read:
        found = permutation_importance(moved, stay, y, n_repeats=permutations, random_state=seed)
        lost[read], deviation[read] = found.importances_mean, found.importances_std
    return Importance(lost, deviation, moved.score(stay, y), len(inputs), permutations)


class _Moved:
    """Scores a ticket where columns take their values from other rows.

    A row stands here as one number for each column: of the row whose values it has. That is what
    scikit-learn permutes, so all inputs of a column move together; and of the network only what
    a column feeds is computed anew.
    """

    def __init__(
        self, ticket: Ticket, columns: Sequence[ColumnInputs], inputs: npt.NDArray[Any]
    ) -> None:
        self._ticket = ticket
        self._rows = np.arange(len(inputs))
        units, self._sums = ticket.network.first_sums(ticket.mask, inputs)
        wires = _Wires.of(ticket, units)
        self._reads = [_Read.of(wires, column, inputs) for column in columns]

    def fit(self, X: object, y: object) -> Self:
        """Do nothing; scikit-learn asks for it."""
        return self

    def score(self, origins: npt.NDArray[np.int32], y: npt.NDArray[Any]) -> float:
        """Return the ticket's score where row i has in column j the values of origins[i, j]."""
        sums, network = self._sums, self._ticket.network
        moved = np.flatnonzero((origins != self._rows[:, None]).any(axis=0))
        if moved.size:
            sums = sums.copy()
        for number in moved:
            read = self._reads[number]
            change = read.inputs[origins[:, number]] - read.inputs
            sums[:, read.units] += change @ read.weights
        return self._ticket.head.score(network.outputs_after(self._ticket.mask, sums), y)


class _Wires(NamedTuple):
    """The survivors of the first layer: where they lead from and to, and their weights."""

    source: Ints
    unit: Ints  # a place among the units that feed an output
    weight: Floats

    @classmethod
    def of(cls, ticket: Ticket, units: Ints) -> _Wires:
        network = ticket.network
        layer = network.layers[0]
        index = np.concatenate([np.zeros(0, np.int64), *ticket.mask.survivors(0)])
        weights = weight_at(network.weights, network.seed, 0, index).astype(np.float64)
        place = np.searchsorted(units, layer.targets(index))
        return cls(layer.values(index), place, weights)


class _Read(NamedTuple):
    """A column, and the weights by which it adds to sums of the first layer."""

    inputs: Floats  # (n_rows, n_inputs)
    units: Ints  # places of the units that it feeds, (n_units,)
    weights: Floats  # (n_inputs, n_units)

    @classmethod
    def of(cls, wires: _Wires, column: ColumnInputs, inputs: npt.NDArray[Any]) -> _Read:
        own = np.flatnonzero(np.isin(wires.source, column.inputs))
        units, unit = np.unique(wires.unit[own], return_inverse=True)
        weights = np.zeros((len(column.inputs), len(units)))
        weights[np.searchsorted(column.inputs, wires.source[own]), unit] = wires.weight[own]
        return cls(inputs[:, list(column.inputs)].astype(np.float64), units, weights)

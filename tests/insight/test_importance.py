# Importance: exactly what permuting the features themselves loses, and nothing for what is unread.
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.inspection import permutation_importance

from columns import grouped, random_ticket
from scratchcard.insight import ColumnInputs, columns_of, importance_of, uses_of
from scratchcard.insight import importance as module
from scratchcard.ticket import Numbers


class Plain:
    """Scores a ticket on features of which some columns come from other rows."""

    def __init__(self, ticket, columns, X) -> None:
        self.ticket, self.columns, self.X = ticket, columns, X

    def fit(self, X, y):
        return self

    def score(self, origins, y) -> float:
        X = self.X.copy()
        for j, column in enumerate(self.columns):
            X[:, list(column.inputs)] = self.X[origins[:, j]][:, list(column.inputs)]
        return self.ticket.score(X, y)


@given(grouped(), st.sampled_from([0, 1, 5]))
def test_it_is_what_permuting_the_features_of_a_column_together_loses(given_columns, seed):
    ticket, columns = given_columns
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(40, ticket.network.n_inputs))
    y = rng.permutation(ticket.predict(X)) if seed else ticket.predict(X)
    found = importance_of(ticket, columns, X, y, seed=seed)
    read = [i for i, use in enumerate(uses_of(ticket, columns)) if use.survivors]
    assert found.score == ticket.score(X, y)
    assert not np.delete(found.lost, read).any()
    if read:
        plain = Plain(ticket, [columns[i] for i in read], X)
        stay = np.tile(np.arange(len(X))[:, None], (1, len(read)))
        right = permutation_importance(plain, stay, y, n_repeats=10, random_state=seed)
        assert found.lost[read].tolist() == right.importances_mean.tolist()
        assert found.deviation[read].tolist() == right.importances_std.tolist()


@given(grouped())
def test_an_unread_column_may_hold_anything(given_columns):
    """What is said to lose 0 changes no answer, however its values are permuted."""
    ticket, columns = given_columns
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, ticket.network.n_inputs))
    outputs = ticket.outputs(X)
    for use in uses_of(ticket, columns):
        if not use.survivors:
            moved = X.copy()
            inputs = list(use.column.inputs)
            moved[:, inputs] = rng.permutation(X[:, inputs])
            assert np.array_equal(ticket.outputs(moved), outputs)


@pytest.mark.parametrize("activation", ["relu", "step", "sign"])
@pytest.mark.parametrize("weights", ["uniform", "signed_constant", "kaiming_normal"])
def test_every_family(activation, weights):
    ticket = random_ticket((6, 30, 20, 3), 0.4, activation=activation, weights=weights)
    X = np.random.default_rng(1).normal(size=(50, 6))
    columns = [ColumnInputs("both", (0, 4)), ColumnInputs("one", (2,))]
    found = importance_of(ticket, columns, X, ticket.predict(X), permutations=3)
    stay = np.tile(np.arange(len(X))[:, None], (1, 2))
    plain = Plain(ticket, columns, X)
    right = permutation_importance(plain, stay, ticket.predict(X), n_repeats=3, random_state=0)
    assert found.lost.tolist() == right.importances_mean.tolist()


def test_numbers_lose_r2():
    rng = np.random.default_rng(0)
    ticket = random_ticket((4, 20, 2), 0.3, head=Numbers.of(rng.normal(size=(30, 2))))
    X = rng.normal(size=(60, 4))
    y = ticket.predict(X)
    found = importance_of(ticket, columns_of(ticket), X, y)
    assert found.score == pytest.approx(1.0)
    assert found.lost.max() > 0.1


def test_of_very_many_rows_and_columns_some_rows_are_drawn(monkeypatch):
    monkeypatch.setattr(module, "MOST_VALUES", 100)
    monkeypatch.setattr(module, "LEAST_ROWS", 20)
    ticket = random_ticket((4, 20, 3), 1.0)
    X = np.random.default_rng(0).normal(size=(60, 4))
    found = importance_of(ticket, columns_of(ticket), X, ticket.predict(X))
    assert (found.n_rows, found.score) == (25, 1.0)
    again = importance_of(ticket, columns_of(ticket), X, ticket.predict(X))
    assert again.lost.tolist() == found.lost.tolist()


def test_many_columns_are_permuted_less_often():
    ticket = random_ticket((120, 5, 3), 1.0)
    X = np.random.default_rng(0).normal(size=(30, 120))
    assert importance_of(ticket, columns_of(ticket), X, ticket.predict(X)).permutations == 5

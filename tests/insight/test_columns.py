# Columns: which inputs are a column's, and how far a ticket reads it.
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from columns import grouped, random_ticket
from scratchcard import Mask, Network, Ticket
from scratchcard.datasets import Part
from scratchcard.insight import MOST_INPUTS, ColumnInputs, columns_of, judged, uses_of
from scratchcard.insight.importance import importance_of
from scratchcard.ticket import Table
from scratchcard.ticket.columns_fit import fit_columns


@given(grouped())
def test_survivors_by_column_add_up_and_are_those_of_the_mask(given_columns):
    ticket, columns = given_columns
    first = ticket.mask.array(0)
    uses = uses_of(ticket, columns)
    assert sum(use.survivors for use in uses) == ticket.mask.surviving_in(0)
    for use in uses:
        part = first[:, list(use.column.inputs)]
        assert (use.survivors, use.units) == (part.sum(), part.any(axis=1).sum())


def test_dense_layers_on_images_read_pixels_as_those_on_plain_rows_do():
    plain = random_ticket((12, 5, 3), 0.4)
    network = Network(plain.network.layers, (2, 3, 2), seed=plain.network.seed)
    mask = Mask.from_flat(network.layers, plain.mask.flat())
    ticket = Ticket(network, mask, plain.scaling, plain.head)
    columns = columns_of(plain)
    assert uses_of(ticket, columns) == uses_of(plain, columns)
    X = np.random.default_rng(0).normal(size=(40, 12))
    y = plain.predict(X)
    found, expected = (importance_of(one, columns, X, y) for one in (ticket, plain))
    assert np.array_equal(found.lost, expected.lost)
    assert found.lost.any()


def test_columns_are_features_with_their_names_or_numbers():
    ticket = random_ticket((3, 2), 1.0)
    assert columns_of(ticket)[2] == ColumnInputs("feature 3", (2,))
    assert columns_of(ticket, ["a", "b", "c"])[0] == ColumnInputs("a", (0,))


def test_names_that_are_not_those_of_the_inputs_are_refused():
    with pytest.raises(ValueError, match="names takes 3 names of columns, got 2"):
        columns_of(random_ticket((3, 2), 1.0), ["a", "b"])


def test_columns_of_very_wide_tickets_are_not_listed():
    with pytest.raises(ValueError, match="at most 65536 inputs, got 65537"):
        columns_of(random_ticket((MOST_INPUTS + 1, 1), 0.0001))


def test_columns_of_a_table_have_their_own_names_and_all_their_inputs():
    rows = {"colour": np.array(["red", "blue", "green", "red"] * 5, object), "n": np.arange(20.0)}
    columns, scaling = fit_columns(Table.of(rows))
    network = Network.dense((columns.n_inputs, 6, 2), seed=0)
    arrays = [np.ones(shape, bool) for shape in network.shapes]
    ticket = Ticket(network, Mask.from_arrays(arrays), scaling, columns=columns)
    colour, n = columns_of(ticket)
    assert colour == ColumnInputs("colour", tuple(columns.inputs_of(0)))
    assert n == ColumnInputs("n", tuple(columns.inputs_of(1)))
    assert len(colour.inputs) > 1
    uses = uses_of(ticket, [colour, n])
    assert [(use.survivors, use.units) for use in uses] == [(6 * len(colour.inputs), 6), (6, 6)]
    found = judged(ticket, [colour, n], Part(rows, ticket.predict(rows)))
    assert found.score == found.importance.score == 1.0
    arrays[0][:, list(colour.inputs)] = False
    unread = Ticket(network, Mask.from_arrays(arrays), scaling, columns=columns)
    assert columns_of(unread)[0].name == "column 0"  # whose name its file does not hold
    assert columns_of(unread, ["colour", "n"])[0].name == "colour"

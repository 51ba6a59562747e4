# Columns: which inputs are a column's, and how far a ticket reads it.
from __future__ import annotations

import pytest
from hypothesis import given

from columns import grouped, random_ticket
from scratchcard.insight import MOST_INPUTS, Column, columns_of, uses_of


@given(grouped())
def test_survivors_by_column_add_up_and_are_those_of_the_mask(given_columns):
    ticket, columns = given_columns
    first = ticket.mask.array(0)
    uses = uses_of(ticket, columns)
    assert sum(use.survivors for use in uses) == ticket.mask.surviving_in(0)
    for use in uses:
        part = first[:, list(use.column.inputs)]
        assert (use.survivors, use.units) == (part.sum(), part.any(axis=1).sum())


def test_columns_are_features_with_their_names_or_numbers():
    ticket = random_ticket((3, 2), 1.0)
    assert columns_of(ticket)[2] == Column("feature 3", (2,))
    assert columns_of(ticket, ["a", "b", "c"])[0] == Column("a", (0,))


def test_names_that_are_not_those_of_the_inputs_are_refused():
    with pytest.raises(ValueError, match="names takes 3 names of features, got 2"):
        columns_of(random_ticket((3, 2), 1.0), ["a", "b"])


def test_columns_of_very_wide_tickets_are_not_listed():
    with pytest.raises(ValueError, match="at most 65536 inputs, got 65537"):
        columns_of(random_ticket((MOST_INPUTS + 1, 1), 0.0001))

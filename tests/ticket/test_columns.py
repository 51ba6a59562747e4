"""Columns: what a ticket reads of a table, in any order of its columns, and the file of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchcard.ticket import Column, Columns, InputScaling, Mask, Network, Table, Ticket
from scratchcard.ticket.columns_fit import fit_columns

FRAME = pd.DataFrame(
    {
        "age": [20.0, 30, None, 50],
        "same": [1, 1, 1, 1],
        "job": ["cook", "baker", None, "guard"],
        "height": [1.5, 1.75, 2.0, 1.25],
    }
)


def ticket_of(frame, density=1.0, seed=0, **settings):
    columns, scaling = fit_columns(Table.of(frame), **settings)
    network = Network.dense((columns.n_inputs, 5, 2), seed=seed)
    mask = Mask.random(network.layers, density, np.random.default_rng(seed))
    return Ticket(network, mask, scaling, columns=columns)


def test_what_columns_become():
    columns, scaling = fit_columns(Table.of(FRAME))
    names = ["age", "age missing", "job=baker", "job=cook", "job=guard", "job missing", "height"]
    assert columns.input_names() == names
    found = columns.features(Table.of(FRAME), scaling)
    assert found[:, 0].tolist() == [20, 30, scaling.offset[0], 50]
    assert found[:, 1:6].tolist() == [
        [0, 0, 1, 0, 0],
        [0, 1, 0, 0, 0],
        [1, 0, 0, 0, 1],
        [0, 0, 0, 1, 0],
    ]
    integers = scaling.quantise(found, 127)
    assert integers[2, 0] == 0  # a missing number is the middle
    assert set(integers[:, 1:6].flat) == {0, 127}


def test_columns_are_found_by_name_whatever_their_order():
    ticket = ticket_of(FRAME)
    outputs = ticket.outputs(FRAME)
    others = FRAME[["height", "job", "age"]].assign(other="x")
    assert np.array_equal(ticket.outputs(others), outputs)
    assert np.array_equal(ticket.outputs(FRAME.to_numpy()), outputs)  # without names, by place
    with pytest.raises(ValueError, match="lacks the columns 'age', 'job'"):
        ticket.outputs(FRAME[["height"]])
    with pytest.raises(ValueError, match="lacks the column 'age'"):
        ticket.outputs(FRAME.rename(columns={"age": "Age"}))
    with pytest.raises(ValueError, match="takes 4 columns, or names to find them by, got 3"):
        ticket.outputs(FRAME.to_numpy()[:, :3])


def test_values_never_seen_are_zeros_and_missing_numbers_were_foreseen():
    ticket = ticket_of(FRAME)
    row = {"age": [20.0], "job": ["diver"], "height": [1.5]}
    unknown = ticket.outputs(row)
    bare = ticket.without_columns().outputs([[20.0, 0, 0, 0, 0, 0, 1.5]])
    assert np.array_equal(unknown, bare)
    with pytest.raises(ValueError, match=r"'height' has no value in row 1"):
        ticket.outputs(row | {"height": [None]})
    with pytest.raises(ValueError, match="'height' takes numbers, got 'tall' in row 1"):
        ticket.outputs(row | {"height": ["tall"]})
    assert np.array_equal(ticket.outputs(row | {"height": ["1.5"]}), unknown)  # a number as text


def test_a_category_written_otherwise_is_warned_of():
    ticket = ticket_of(FRAME)
    strangers = pd.concat([FRAME.fillna({"age": 40})] * 4).assign(job=" Cook")
    with pytest.warns(UserWarning, match="'job': none of 16 cells has a value .* such as 'baker'"):
        ticket.outputs(strangers)


def test_a_category_of_numbers_is_compared_as_text():
    frame = pd.DataFrame({"code": pd.Categorical([1, 2, 3, 1]), "x": [0.0, 1, 2, 3]})
    ticket = ticket_of(frame)
    for codes in ([2, 3], [2.0, 3.0], ["2", "3"]):
        found = ticket.outputs({"code": codes, "x": [1.0, 2.0]})
        assert np.array_equal(found, ticket.outputs(frame)[1:3])


def test_what_no_survivor_reads_takes_no_bytes_and_may_be_absent():
    whole = ticket_of(FRAME)
    network = whole.network
    keep = Mask.full(network.layers).arrays()
    keep[0][:, :6] = False  # height alone is read
    ticket = Ticket(network, Mask.from_arrays(keep), whole.scaling, columns=whole.columns)
    assert ticket.columns.names == ("height",)
    assert b"job" not in ticket.to_bytes()
    assert np.array_equal(ticket.outputs({"height": [1.5, 2.0]}), ticket.outputs(FRAME)[[0, 2]])
    again = Ticket.from_bytes(ticket.to_bytes())
    assert again == ticket
    assert np.array_equal(again.outputs(FRAME.to_numpy()), ticket.outputs(FRAME))


def test_names_are_left_out_where_they_are_not_wanted():
    frame = FRAME[["age", "height"]].fillna(0)
    named, bare = ticket_of(frame), ticket_of(frame, is_named=False)
    assert len(named.to_bytes()) - len(bare.to_bytes()) == 2 + len("age") + len("height")
    assert np.array_equal(bare.outputs(frame), named.outputs(frame))
    assert named.without_names() == bare


def test_pixels_stay_plain_and_so_does_their_file():
    pixels = np.random.default_rng(0).integers(0, 17, (50, 9)).astype(float)
    columns, scaling = fit_columns(Table.of(pixels))
    assert columns is None
    assert scaling == InputScaling.fit(pixels)
    named = pd.DataFrame(pixels, columns=[f"p{k}" for k in range(9)])
    columns, same = fit_columns(Table.of(named))
    assert same == scaling
    assert columns.names == tuple(named.columns)


@st.composite
def frames(draw):
    n_rows = draw(st.integers(2, 6))
    columns = {}
    for k in range(draw(st.integers(1, 5))):
        cells = draw(
            st.sampled_from(
                [
                    st.floats(-1e6, 1e6) | st.none(),
                    st.integers(-3, 3),
                    st.sampled_from(["a", "b", "Ä", ""]) | st.none(),
                    st.booleans() | st.none(),
                ]
            )
        )
        columns[f"c{k}"] = draw(st.lists(cells, min_size=n_rows, max_size=n_rows))
    return columns


@given(frames(), st.integers(0, 3), st.sampled_from([0.1, 0.5, 1.0]))
def test_any_table_survives_its_file(frame, seed, density):
    try:
        ticket = ticket_of(frame, density, seed)
    except ValueError as error:
        assert "column that varies" in str(error)  # noqa: PT017
        return
    again = Ticket.from_bytes(ticket.to_bytes())
    assert again == ticket
    outputs = ticket.outputs(frame)
    assert np.array_equal(again.outputs(frame), outputs)
    assert np.array_equal(again.outputs(dict(reversed(frame.items()))), outputs)


def test_columns_that_do_not_fit_are_refused():
    number = Column("number", "a")
    with pytest.raises(ValueError, match="named 'a'"):
        Columns((number, number), True, np.ones(2, bool))
    with pytest.raises(ValueError, match="value 'x' twice"):
        Columns((Column("category", "a", ("x", "x")),), True, np.ones(2, bool))
    with pytest.raises(ValueError, match="kept takes shape"):
        Columns((number,), True, np.ones(2, bool))
    network = Network.dense((3, 2))
    columns, scaling = fit_columns(Table.of(FRAME))
    with pytest.raises(ValueError, match="columns takes those of 3 inputs, got 7"):
        Ticket(network, Mask.full(network.layers), InputScaling.fit(np.eye(3)), columns=columns)
    many = pd.DataFrame({"id": [f"row {k}" for k in range(300)]})
    with pytest.raises(ValueError, match="'id' has 300 different values, a category takes at most"):
        fit_columns(Table.of(many))
    with pytest.raises(ValueError, match="'a' takes numbers below"):
        fit_columns(Table.of({"a": [1e40, 2.0]}))
    with pytest.raises(ValueError, match="column that varies"):
        fit_columns(Table.of({"a": ["x", "x"]}))
    assert scaling.kind == "feature"

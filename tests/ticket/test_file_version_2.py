"""file.py: version 2 of the file, for rows of more than one dimension, other layers and heads."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchcard.ticket.codec import varint
from scratchcard.ticket.heads import Classes
from scratchcard.ticket.layers import Dense
from scratchcard.ticket.mask import Mask
from scratchcard.ticket.network import Network
from scratchcard.ticket.scaling import InputScaling
from scratchcard.ticket.ticket import Ticket, TicketError
from ticket_strategies import bit_flips, classes, sealed, small_ticket

SCALING = InputScaling(np.array([0.5]), np.array([2.0]))


@st.composite
def shaped_tickets(draw: st.DrawFn) -> Ticket:
    """Tickets whose rows have two or three dimensions."""
    shape = draw(st.lists(st.integers(1, 4), min_size=2, max_size=3))
    units = draw(st.lists(st.integers(1, 6), min_size=1, max_size=3))
    network = Network(list(map(Dense, units)), tuple(shape), seed=draw(st.integers(0, 2**32 - 1)))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    mask = Mask.random(network.layers, draw(st.sampled_from([0.0, 0.3, 1.0])), rng)
    return Ticket(network, mask, SCALING, draw(classes(network.n_outputs)))


def shaped_ticket() -> Ticket:
    network = Network([Dense(3), Dense(2)], (2, 4), seed=7)
    mask = Mask.random(network.layers, 0.5, np.random.default_rng(0))
    return Ticket(network, mask, SCALING, Classes(["no", "yes"]))


@given(shaped_tickets())
def test_round_trip(ticket: Ticket) -> None:
    data = ticket.to_bytes()
    assert data[4] == ticket.describe()["format_version"] == 2
    again = Ticket.from_bytes(data)
    assert again == ticket
    assert again.to_bytes() == data
    assert again.network == ticket.network
    assert again.network.input_shape == ticket.network.input_shape
    assert again.head == ticket.head


def test_version_1_is_written_wherever_it_suffices() -> None:
    assert small_ticket().to_bytes()[4] == small_ticket().describe()["format_version"] == 1


def test_the_shape_of_a_row_changes_no_weight_and_no_output() -> None:
    shaped = shaped_ticket()
    plain = Network.dense((8, 3, 2), seed=7)
    flat = Mask.from_flat(plain.layers, shaped.mask.flat())
    X = np.random.default_rng(0).normal(size=(9, 8))
    ticket = Ticket(plain, flat, SCALING, shaped.head)
    np.testing.assert_array_equal(shaped.outputs(X), ticket.outputs(X))
    assert shaped != ticket


def test_every_truncation_and_every_flipped_bit_is_noticed() -> None:
    data = shaped_ticket().to_bytes()
    for length in range(len(data)):
        with pytest.raises(TicketError):
            Ticket.from_bytes(data[:length])
    for damaged in bit_flips(data):
        with pytest.raises(TicketError):
            Ticket.from_bytes(damaged)


@pytest.mark.parametrize("start", range(5, 30))
def test_bytes_changed_under_a_right_checksum_are_a_ticket_or_refused(start: int) -> None:
    body = shaped_ticket().to_bytes()[:-4]
    for value in range(256):
        try:
            ticket = Ticket.from_bytes(sealed(body[:start] + bytes([value]) + body[start + 1 :]))
        except TicketError:
            continue
        assert Ticket.from_bytes(ticket.to_bytes()) == ticket


def file_of(shape: tuple[int, ...], layers: bytes, head: bytes = b"\0") -> bytes:
    """Return a whole file with one pair of scaling and nothing that survives."""
    dimensions = b"".join(map(varint, (len(shape), *shape)))
    scales = np.ones(2, "<f4").tobytes()
    temperature = np.ones(1, "<f4").tobytes()
    start = b"SCRT" + bytes((2, 0)) + dimensions + layers + varint(0) + scales
    return sealed(start + head + temperature + b"\0" + b"\0")


def test_a_file_by_hand() -> None:
    ticket = Ticket.from_bytes(file_of((2, 3), b"\1" + b"\0\2"))
    assert ticket.network == Network([Dense(2)], (2, 3))
    assert ticket.mask.surviving == 0


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (file_of((6,), b"\1" + b"\0\2"), "not written in the one way there is"),  # version 1 does
        (file_of((), b"\1" + b"\0\2"), "number of dimensions must be 1..3, the file says 0"),
        (file_of((1,) * 4, b"\1" + b"\0\2"), "number of dimensions must be 1..3, the file says 4"),
        (file_of((2, 0), b"\1" + b"\0\2"), "dimension of the inputs must be 1.."),
        (file_of((2, 3), b"\0"), "number of layers must be 1..255, the file says 0"),
        (file_of((2, 3), b"\1" + b"\xff\2"), "there are no layers with code 255"),
        (file_of((2, 3), b"\1" + b"\0\0"), "size of a layer must be 1.."),
        (file_of((2, 3), b"\1" + b"\0\2", b"\xff"), "there are no heads with code 255"),
        (file_of((2**11, 2**11), b"\1" + b"\0\2"), "so small a file has at most"),
        (file_of((2**21, 2**21, 2**21), b"\1" + b"\0\1"), "so small a file has at most"),
    ],
)
def test_refused(data: bytes, message: str) -> None:
    with pytest.raises(TicketError, match=message):
        Ticket.from_bytes(data)

"""file.py: version 2 of the file, for rows of more than one dimension, other layers and heads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from readers import NO_ROWS, Job, check_agrees, judged, run_jobs, table_of
from scratchcard.ticket.codec import varint, zigzag
from scratchcard.ticket.columns import Column, Columns
from scratchcard.ticket.heads import Classes
from scratchcard.ticket.layers import Conv2d, Dense
from scratchcard.ticket.mask import Mask
from scratchcard.ticket.network import Network
from scratchcard.ticket.scaling import InputScaling
from scratchcard.ticket.ticket import Ticket, TicketError
from ticket_strategies import (
    bit_flips,
    classes,
    codes_for,
    column_tickets,
    numbers,
    sealed,
    small_column_ticket,
    small_ticket,
)

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
    return sealed(start + head + temperature + b"\0" + bytes(layers[0]))


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


# -- convolutions ------------------------------------------------------------------------------


def conv(maps: int = 2, kernel: int = 3, stride: int = 1, flags: int = 0) -> bytes:
    return b"\1" + b"".join(map(varint, (maps, kernel, stride))) + bytes([flags])


TWO = b"\0\2"  # a dense layer of two units

MAPS_REFUSED = {
    "a last layer that is no convolution": file_of((1, 4, 4), b"\1" + conv()),
    "no convolution, as Dense.10., got conv2x4v": file_of((1, 4, 4), b"\1" + conv(2, 4, 1, 1)),
    "no convolution, as Dense.10., got conv2x3vp2": file_of(
        (1, 4, 4), b"\2" + conv() + conv(2, 3, 1, 3)
    ),
    "no larger than the map below": file_of((1, 4, 3), b"\2" + conv(2, 4) + TWO),
    "a map of 3 x 4": file_of((1, 3, 4), b"\2" + conv(2, 4, 1, 1) + TWO),
    "leaves nothing of a map": file_of((1, 4, 4), b"\2" + conv(2, 4, 1, 3) + TWO),
    "which leaves nothing": file_of((1, 9, 4), b"\2" + conv(2, 3, 9, 2) + TWO),
    "flags of a convolution must be 0..3": file_of((1, 4, 4), b"\2" + conv(flags=4) + TWO),
    "on what has shape .16,": file_of((16,), b"\2" + conv() + TWO),
    "on what has shape .4, 4": file_of((4, 4), b"\2" + conv() + TWO),
    "on what has shape .2,": file_of((1, 4, 4), b"\3" + TWO + conv() + TWO),
    "size of a kernel must be 1..255, the file says 0": file_of(
        (1, 4, 4), b"\2" + conv(kernel=0) + TWO
    ),
    "size of a kernel must be 1..255, the file says 256": file_of(
        (1, 300, 300), b"\2" + conv(kernel=256) + TWO
    ),
    "stride of a kernel must be 1..255, the file says 0": file_of(
        (1, 4, 4), b"\2" + conv(stride=0) + TWO
    ),
    "stride of a kernel must be 1..255, the file says 256": file_of(
        (1, 4, 4), b"\2" + conv(stride=256) + TWO
    ),
    "maps of a layer must be 1..": file_of((1, 4, 4), b"\2" + conv(0) + TWO),
    "and 4460544 values": file_of((1, 4, 4), b"\2" + conv(4460544 // 16, 1) + b"\0\1"),
    "declares 4551752 weights": file_of((70, 255, 255), b"\2" + conv(1, 255, 255) + TWO),
    "and 18446744073709551616 values": file_of((2**22, 2**21, 2**21), b"\2" + conv() + TWO),
    "so small a file has at most": file_of((2**22, 1, 1), b"\2" + conv(2**22, 1) + TWO),
    "declares 19461570560 weights": file_of((2**9, 4, 4), b"\2" + conv(2**22, 3) + TWO),
}


@pytest.mark.parametrize("message", MAPS_REFUSED)
def test_convolutions_that_are_refused(message: str, reader: list[str], tmp_path: Path) -> None:
    data = MAPS_REFUSED[message]
    with pytest.raises(TicketError, match=message):
        Ticket.from_bytes(data)
    (answer,) = run_jobs(reader, [Job(data, NO_ROWS)], tmp_path)
    assert answer.code != 0


def test_many_values_of_few_weights_take_a_longer_file() -> None:
    """A file must have 3,072 bytes to declare so many values, and no bit more than weights."""
    layers = [Conv2d(64, 3), Conv2d(8, 3, stride=8), Dense(2)]
    network, scaling = Network(layers, (1, 512, 512)), InputScaling([0.0], [1.0])
    mask = Mask.random(network.layers, 0.02, np.random.default_rng(0))
    ticket = Ticket(network, mask, scaling)
    assert Ticket.from_bytes(ticket.to_bytes()) == ticket
    nothing = Mask.from_flat(network.layers, np.zeros(network.n_weights, np.uint8))
    few = Network([Conv2d(64, 1), Conv2d(1, 2, stride=255), Dense(2)], (1, 512, 512))
    for one, kept in ((network, nothing), (few, Mask.full(few.layers))):
        with pytest.raises(ValueError, match="as many values in a row or a layer"):
            Ticket(one, kept, scaling).to_bytes()


def test_convolutions_at_a_limit_are_read(reader: list[str], tmp_path: Path) -> None:
    files = [
        file_of((1, 4, 4), b"\2" + conv(2, 3, 1, 3) + TWO),
        file_of((1, 255, 255), b"\2" + conv(1, 255, 255, 3 & 1) + TWO),
        file_of((1, 3, 255), b"\2" + conv(3, 3, 255) + TWO),
        file_of((1, 2048, 2048), b"\2" + conv(1, 1, 64, 2) + TWO),
    ]
    for data, answer in zip(
        files, run_jobs(reader, [Job(data, NO_ROWS) for data in files], tmp_path), strict=True
    ):
        found = judged(data)
        assert isinstance(found, Ticket)
        assert found.to_bytes() == data
        check_agrees(found, answer)


# -- columns -----------------------------------------------------------------------------------


@given(st.one_of(column_tickets(), column_tickets(heads=numbers)), st.integers(0, 99))
def test_round_trip_of_columns(ticket: Ticket, seed: int) -> None:
    data = ticket.to_bytes()
    again = Ticket.from_bytes(data)
    assert (again, again.to_bytes()) == (ticket, data)
    assert again.describe() == ticket.describe()
    rows = table_of(ticket, codes_for(ticket, np.random.default_rng(seed), 5))
    outputs = ticket.outputs(rows)
    np.testing.assert_array_equal(again.outputs(rows), outputs)
    assert ticket.columns is not None
    assert again.columns is not None
    features = ticket.columns.features(rows, ticket.scaling)
    np.testing.assert_array_equal(ticket.without_columns().outputs(features), outputs)
    codes = table_of(again, again.columns.codes(rows))
    np.testing.assert_array_equal(ticket.outputs(codes), outputs)


def test_the_bytes_of_columns() -> None:
    """A category of two values with a missing cell, two unnamed numbers, one pair for each."""
    network = Network.dense((5, 1), seed=3)
    columns = Columns(
        (Column("category", None, ("a", "é"), missing=True), Column("number"), Column("number")),
        False,
        np.ones(5, np.bool_),
    )
    scaling = InputScaling([0, 0, 0, -1.5, 96], [1, 1, 1, 0.5, 15 / 512])
    mask = Mask.from_arrays([np.array([[1, 1, 0, 1, 1]], np.bool_)])
    data = Ticket(network, mask, scaling, Classes(1), columns).to_bytes()
    head = "53435254 02 c0 01 05 01 00 01 03"
    listed = "06 0106 0201 1b 0161 02c3a9 2817 2730"
    assert data[:-4].hex() == (head + listed + "00 0000803f 00 04 00 d8").replace(" ", "")


ONE_PAIR = np.ones(2, "<f4").tobytes()


def columns_file(n_inputs: int, columns: bytes, codes: int = 192, version: int = 2) -> bytes:
    """Return a file with these columns, one output, and a mask that reads all inputs."""
    sizes = (
        b"\1" + varint(n_inputs) + b"\1\0\1" if version == 2 else b"\1" + varint(n_inputs) + b"\1"
    )
    start = b"SCRT" + bytes((version, codes)) + sizes + b"\0" + columns
    head = b"\0" * (version == 2) + b"\0\0\x80\x3f\0"
    bits = np.packbits(np.ones(n_inputs, np.bool_)).tobytes()
    return sealed(start + head + varint(n_inputs) + b"\0" + bits)


PAIR = b"\0\0"
SOUND = b"\x04\2\1\3" + 2 * PAIR  # two numbers without names
NAMED = b"\x05\2\1\3" + b"\1a" + PAIR + b"\1b" + PAIR
COLOUR = b"\x02\1\5\3" + b"\1a\1b"  # a category of two values


@pytest.mark.parametrize("columns", [SOUND, NAMED, COLOUR])
def test_columns_by_hand(columns: bytes, reader: list[str], tmp_path: Path) -> None:
    data = columns_file(2, columns)
    assert Ticket.from_bytes(data).to_bytes() == data
    (answer,) = run_jobs(reader, [Job(data, NO_ROWS)], tmp_path)
    check_agrees(judged(data), answer)


TOO_MUCH = varint(2**16 + 1)
REFUSED = {
    "no columns": (2, b"\0" + SOUND[1:], "number of columns must be 2"),
    "too many columns": (2, varint(2**17 + 2) + b"\0", "number of columns must be 2"),
    "an empty run": (2, b"\4\0\1\2\1\3" + 2 * PAIR, "a run of columns must be 1..2"),
    "a run too long": (2, b"\4\3" + SOUND[2:], "a run of columns must be 1..2"),
    "a run in two": (2, b"\4\1\1\1\1\3" + 2 * PAIR, "a run of columns is written as two"),
    "more inputs": (2, b"\6\3\1\3" + 2 * PAIR, "more inputs of columns than"),
    "fewer inputs": (3, SOUND, "fewer inputs of columns than"),
    "a spare bit": (2, b"\4\2\1\7" + 2 * PAIR, "spare bits after the inputs"),
    "a scale too small": (2, b"\4\2\1\3" + varint(1552) + b"\0" + PAIR, "out of range"),
    "a scale too large": (2, b"\4\2\1\3" + varint(1680) + b"\0" + PAIR, "out of range"),
    "an offset too far": (2, b"\4\2\1\3\0" + zigzag(2**24) + PAIR, "out of range"),
    "one too far below": (2, b"\4\2\1\3\0" + zigzag(-(2**24)) + PAIR, "out of range"),
    "two names": (2, NAMED.replace(b"b", b"a"), "more than one column is named 'a'"),
    "two values": (2, COLOUR.replace(b"b", b"a"), "has the value 'a' twice"),
    "NUL": (2, COLOUR.replace(b"b", b"\0"), "holds NUL"),
    "not UTF-8": (2, COLOUR.replace(b"b", b"\xff"), "can't decode"),
    "a long text": (2, COLOUR[:-2] + TOO_MUCH + b"b" * (2**16 + 1), "must be 0..65536"),
    "what nothing reads": (2, SOUND, "a weight reads less"),
    "wide": (2**18 + 1, SOUND, "columns take at most 262144 inputs"),
}
ONLY_PYTHON = {"two names", "two values", "NUL", "not UTF-8"}  # and JavaScript


@pytest.mark.parametrize("what", REFUSED)
def test_refused_columns(what: str, reader: list[str], tmp_path: Path) -> None:
    is_c, (n_inputs, columns, message) = reader[0] != "node", REFUSED[what]
    data = columns_file(n_inputs, columns)
    if what == "what nothing reads":
        data = sealed(data[:-7] + b"\1\0\x80")
    with pytest.raises(TicketError, match=message):
        Ticket.from_bytes(data)
    (answer,) = run_jobs(reader, [Job(data, NO_ROWS)], tmp_path)
    assert answer.code != 0 or what == "what nothing reads" or (is_c and what in ONLY_PYTHON)


def test_columns_and_scaling_that_do_not_fit(reader: list[str], tmp_path: Path) -> None:
    """One pair for all is for numbers that are never missing; version 1 has no columns."""
    files = {
        columns_file(2, ONE_PAIR + b"\x02\1\5\3\1a\1b", 128): "a pair for each input of categories",
        columns_file(2, ONE_PAIR + b"\x02\1\2\3", 128): "a pair for each input of categories",
        columns_file(1, b"\x02\1\1\1" + PAIR, 192): "not written in the one way",
        columns_file(2, SOUND, 192, version=1): "columns in version 1",
        sealed(
            columns_file(2, SOUND)[:-4].replace(b"\1\2\1\0\1", b"\2\1\2\1\0\1", 1)
        ): "one dimension",
    }
    for data, message in files.items():
        with pytest.raises(TicketError, match=message):
            Ticket.from_bytes(data)
    for answer in run_jobs(reader, [Job(data, NO_ROWS) for data in files], tmp_path):
        assert answer.code != 0
    network = Network.dense((2, 1))
    columns = Columns((Column("category", None, ("a", "b")),), False, np.ones(2, np.bool_))
    with pytest.raises(ValueError, match="a pair for each input of categories"):
        Ticket(network, Mask.full(network.layers), SCALING, Classes(1), columns)


@pytest.mark.parametrize("start", range(5, 56))
def test_bytes_of_columns_changed_are_a_ticket_or_refused(start: int) -> None:
    body = small_column_ticket().to_bytes()[:-4]
    for value in range(256):
        try:
            ticket = Ticket.from_bytes(sealed(body[:start] + bytes([value]) + body[start + 1 :]))
        except TicketError:
            continue
        assert Ticket.from_bytes(ticket.to_bytes()) == ticket

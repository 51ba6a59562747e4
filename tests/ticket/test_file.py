"""file.py: the bytes of a ticket never change, and bytes that are no ticket are refused."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchcard.ticket.codec import varint
from scratchcard.ticket.file import weights_allowed
from scratchcard.ticket.heads import Classes
from scratchcard.ticket.layers import Conv2d, Dense
from scratchcard.ticket.mask import Mask
from scratchcard.ticket.network import Network
from scratchcard.ticket.scaling import InputScaling
from scratchcard.ticket.ticket import Ticket, TicketError
from ticket_strategies import bit_flips, file_head, sealed, small_ticket, tickets

# -- what is written is read -------------------------------------------------------------------


@settings(max_examples=200, deadline=None)
@given(tickets())
def test_round_trip(ticket: Ticket) -> None:
    data = ticket.to_bytes()
    again = Ticket.from_bytes(data)
    assert again.to_bytes() == data
    assert again == ticket
    assert again.network == ticket.network
    assert again.mask == ticket.mask
    assert again.scaling == ticket.scaling
    assert again.head.labels.dtype == ticket.head.labels.dtype
    assert again.head.labels.tolist() == ticket.head.labels.tolist()
    assert again.head.temperature == ticket.head.temperature
    assert Ticket.from_bytes(bytearray(data)) == Ticket.from_bytes(memoryview(data)) == ticket


def test_golden_bytes() -> None:
    """If this fails, the format has changed: give it a new version."""
    assert small_ticket().to_bytes().hex(" ", -4) == (
        "53435254 01000208 03020700 00003f00 00004000 00803a02 026e6f03 79657303 00030297 37d165ad "
        "1e"
    )
    everything = Network(
        (Dense(2), Dense(2), Dense(1)), 3, 2**32 - 1, "kaiming_normal", "zero", "sign", 16
    )
    scaling = InputScaling(np.array([0.0, 1.0, -2.0]), np.array([1.0, 0.5, 0.0]))
    ticket = Ticket(everything, Mask.full(everything.layers), scaling, Classes([-5], 1.0))
    assert ticket.to_bytes().hex(" ", -4) == (
        "53435254 01760303 020201ff ffffff0f 00000000 0000803f 000000c0 0000803f 0000003f 00000000 "
        "0000803f 01090200 04000600 fff0e85c adb7"
    )


def test_the_smallest_ticket() -> None:
    network = Network.dense((1, 1))
    nothing = Mask.from_flat(network.layers, [False])
    ticket = Ticket(network, nothing, InputScaling(np.zeros(1), np.ones(1)))
    assert len(ticket.to_bytes()) == 28
    assert Ticket.from_bytes(ticket.to_bytes()) == ticket


# -- what is not a ticket is refused -----------------------------------------------------------


def test_every_changed_byte_is_noticed() -> None:
    data = small_ticket().to_bytes()
    for position in range(len(data)):
        for value in set(range(256)) - {data[position]}:
            with pytest.raises(TicketError):
                Ticket.from_bytes(data[:position] + bytes([value]) + data[position + 1 :])


def test_every_truncation_is_noticed() -> None:
    data = small_ticket().to_bytes()
    body = data[:-4]
    for length in range(len(data)):
        with pytest.raises(TicketError):
            Ticket.from_bytes(data[:length])
    for length in range(len(body)):
        with pytest.raises(TicketError):
            Ticket.from_bytes(sealed(body[:length]))


@pytest.mark.parametrize("extra", [b"\0", b"\0" * 9, b"\x80"])
def test_trailing_bytes_are_noticed(extra: bytes) -> None:
    data = small_ticket().to_bytes()
    with pytest.raises(TicketError, match="checksum"):
        Ticket.from_bytes(data + extra)
    with pytest.raises(TicketError, match=r"rounded up to bytes|bytes too many"):
        Ticket.from_bytes(sealed(data[:-4] + extra))


def check_refused_or_whole(data: bytes) -> bool:
    """Return whether data is a ticket; if so it must predict, and have a file of its own."""
    try:
        ticket = Ticket.from_bytes(data)
    except TicketError:
        return False
    if ticket.network.n_weights < 10_000:
        assert len(ticket.predict(np.ones((2, ticket.network.n_inputs)))) == 2
        assert Ticket.from_bytes(ticket.to_bytes()) == ticket
    return True


@settings(max_examples=5, deadline=None)
@given(tickets(max_size=5))
def test_bit_flips_under_a_right_checksum(ticket: Ticket) -> None:
    for body in bit_flips(ticket.to_bytes()[:-4]):
        check_refused_or_whole(sealed(body))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=80), st.sampled_from([b"", b"SCRT", b"SCRT\1", b"SCRT\1\0\1\4\2\0"]))
def test_garbage(data: bytes, start: bytes) -> None:
    check_refused_or_whole(start + data)
    check_refused_or_whole(sealed(start + data))


@settings(max_examples=200, deadline=None)
@given(tickets(), st.data())
def test_spliced_bytes_under_a_right_checksum(ticket: Ticket, data: st.DataObject) -> None:
    body = ticket.to_bytes()[:-4]
    start = data.draw(st.integers(0, len(body)))
    stop = data.draw(st.integers(start, min(len(body), start + 4)))
    check_refused_or_whole(sealed(body[:start] + data.draw(st.binary(max_size=6)) + body[stop:]))


@pytest.mark.parametrize("data", ["SCRT", None, 3, [1, 2], np.zeros(40, np.uint8)])
def test_not_bytes(data: object) -> None:
    with pytest.raises(TicketError, match="data takes bytes"):
        Ticket.from_bytes(data)  # type: ignore[arg-type]


REFUSED = [
    (b"", "this is not a ticket"),
    (b"SCRU" + bytes(40), "this is not a ticket"),
    (b"SCRT", "cut short: it has 4 bytes"),
    (b"SCRT\3" + bytes(40), "format version 3, .* a newer scratchcard may read it"),
    (b"SCRT\0" + bytes(40), "there is no format version 0"),
    (b"SCRT\1" + bytes(40), "the checksum is wrong"),
    (sealed(file_head((1, 1), codes=3) + b"\0\0"), "code of weights must be 0..2, the file says 3"),
    (sealed(file_head((1, 1), codes=3 << 3) + b"\0\0"), "code of activation must be 0..2"),
    (sealed(file_head((1, 1), codes=1 << 7) + b"\0\0"), "not written in the one way there is"),
    (sealed(file_head((1, 1), codes=1 << 6) + b"\0\0"), "not written in the one way there is"),
    (sealed(file_head((1,)) + b"\0\0\0"), "number of layers must be 1..255, the file says 0"),
    (sealed(file_head((1,) * 257) + b"\0\0"), "number of layers must be 1..255, the file says 256"),
    (sealed(file_head((0, 1)) + b"\0\0"), "size of a layer must be 1..*the file says 0"),
    (sealed(file_head((1, 1), seed=1 << 32) + b"\0\0"), "the seed must be"),
    (sealed(file_head((1, 65537)) + b"\0\0"), "at most 65536 classes"),
    (sealed(file_head((1, 1))[:-4] + bytes(4) + b"\0\0"), "the temperature must be above 0"),
    (sealed(file_head((1, 1))[:-1] + b"\xbf\0\0"), "the temperature must be above 0"),
    (sealed(file_head((1, 2)) + b"\1\0\2\0"), "not written in the one way there is"),  # 0, 1
    (sealed(file_head((1, 2)) + b"\1\2\2\0"), "labels that differ"),
    (sealed(file_head((1, 1)) + b"\2\1\xff\0"), "holds what no ticket has"),
    (sealed(file_head((1, 1)) + b"\0\0\0"), "bytes too many"),
    (sealed(file_head((128, 1)) + b"\0"), "the file ends inside the number of surviving weights"),
    (sealed(file_head((9_000_000, 1)) + b"\0\0"), "the size of a layer must be"),
    (sealed(file_head((2, 1), codes=64)[:-4]), "the file ends inside the temperature"),
]


@pytest.mark.parametrize(("data", "message"), REFUSED)
def test_refused(data: bytes, message: str) -> None:
    with pytest.raises(TicketError, match=message):
        Ticket.from_bytes(data)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, -1.0, -0.0])
@pytest.mark.parametrize("codes", [0, 64])
def test_bad_floats(bad: float, codes: int) -> None:
    """NaN, infinity, a negative scale or temperature, and -0 are refused wherever they stand."""
    data = file_head((2, 1), codes) + b"\0\0"
    n_floats = 5 if codes else 3
    for i in range(n_floats):
        if bad == -1.0 and i < n_floats // 2:
            continue  # an offset may be negative
        start = len(data) - 2 - 4 * (n_floats - i)
        spoilt = data[:start] + np.array(bad, "<f4").tobytes() + data[start + 4 :]
        with pytest.raises(TicketError):
            Ticket.from_bytes(sealed(spoilt))


# -- sizes are bounded before memory is taken --------------------------------------------------


def peak_of_refusing(data: bytes) -> int:
    tracemalloc.start()
    try:
        with pytest.raises(TicketError):
            Ticket.from_bytes(data)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "sizes",
    [
        (10**6, 10**6),  # 10**12 weights
        (10**12, 1),
        (2**63, 2**63),
        (2000, 2000, 2000, 2000, 10),
        (2**21, 2, 65537),
        (1,) + (2**11, 2**12) * 100,
    ],
)
def test_huge_sizes_take_no_memory(sizes: tuple[int, ...]) -> None:
    assert peak_of_refusing(sealed(file_head(sizes) + bytes(200))) < 200_000


def test_huge_counts_take_no_memory() -> None:
    square = file_head((2000, 2000, 1)) + b"\0"
    many = varint(4_000_000)
    assert peak_of_refusing(sealed(square + b"\1\0" + many + b"\0" + bytes(50))) < 200_000
    assert peak_of_refusing(sealed(file_head((1, 60_000)) + b"\2" + bytes(50))) < 5_000_000
    long_label = b"\2" + varint(1 << 23) + bytes(50)
    assert peak_of_refusing(sealed(file_head((1, 2)) + long_label)) < 200_000
    features = file_head((4_000_000, 1))
    assert peak_of_refusing(sealed(features[:5] + b"\x40" + features[6:] + bytes(50))) < 200_000


def test_a_small_file_of_a_large_network_takes_little_memory() -> None:
    data = sealed(file_head((2**21, 2, 1)) + b"\0" + b"\0\0")
    tracemalloc.start()
    try:
        ticket = Ticket.from_bytes(data)
        assert tracemalloc.get_traced_memory()[1] < 40_000_000
    finally:
        tracemalloc.stop()
    assert ticket.network.n_weights == 2**22 + 2


def test_a_file_that_could_not_be_read_is_not_written() -> None:
    network = Network.dense((5000, 1000, 1))
    flat = np.zeros(network.n_weights, bool)
    ticket = Ticket(network, Mask.from_flat(network.layers, flat), InputScaling([0.0], [1.0]))
    with pytest.raises(ValueError, match=r"network takes at most .* weights in a ticket file of"):
        ticket.to_bytes()
    flat[-1000:] = True
    flat[::1000] = True
    ticket = Ticket(network, Mask.from_flat(network.layers, flat), InputScaling([0.0], [1.0]))
    assert Ticket.from_bytes(ticket.to_bytes()) == ticket


def stretched(counts: tuple[int, int], k: int) -> bytes:
    """Return a file of 4,500,900 weights whose code is longer than the best one would be.

    A file must have 75 bytes to declare so many. counts: survivors of the last layer, and of the
    first one; they stand side by side, so that k = 0 would be the best.
    """
    heads = b"".join(varint(count) + bytes([k]) * bool(count) for count in counts)
    code = ([1] + [0] * k) * sum(counts)
    return sealed(file_head((5000, 900, 1)) + b"\0" + heads + np.packbits(code).tobytes())


@pytest.mark.parametrize(("counts", "k"), [((1, 20), 16), ((30, 0), 12), ((1, 20), 31)])
def test_what_was_read_can_be_written(counts: tuple[int, int], k: int) -> None:
    """Even where the best code would make the file too short to declare all its weights."""
    data = stretched(counts, k)
    ticket = Ticket.from_bytes(data)
    assert weights_allowed(len(data) - k * sum(counts) // 8) < ticket.network.n_weights
    assert ticket.mask.surviving == sum(counts)
    again = ticket.to_bytes()
    assert len(again) <= len(data)
    assert weights_allowed(len(again)) >= ticket.network.n_weights
    assert Ticket.from_bytes(again) == ticket
    assert Ticket.from_bytes(again).to_bytes() == again


@pytest.mark.parametrize("shape", [(1, 300, 300), (1, 2100, 2100)])
def test_few_weights_on_large_maps_can_be_read_again(shape: tuple[int, ...]) -> None:
    """A file that is short for its values, of a layer or of a row, is written longer."""
    network = Network([Conv2d(64, 1), Conv2d(1, 3, 9), Dense(2)], (1, 300, 300))
    if shape[1] > 300:
        network = Network([Conv2d(1, 3, 255), Dense(2)], shape)
    mask = Mask.random(network.layers, 0.9, np.random.default_rng(0)).without_dead()
    ticket = Ticket(network, mask, InputScaling([0.0], [1.0]))
    data = ticket.to_bytes()
    assert network.n_weights < 2**22 < network.n_values <= weights_allowed(len(data))
    assert Ticket.from_bytes(data) == ticket


def test_too_few_weights_on_large_maps_cannot_be_written() -> None:
    network = Network([Conv2d(1, 1, 250), Dense(2)], (1, 20_000, 2_000))
    mask = Mask.from_flat(network.layers, np.arange(network.n_weights) < 2).without_dead()
    ticket = Ticket(network, mask, InputScaling([0.0], [1.0]))
    with pytest.raises(
        ValueError, match=r"as many values in a row or a layer, .* and 40000000 values"
    ):
        ticket.to_bytes()


def test_more_bytes_than_any_ticket_has() -> None:
    with pytest.raises(TicketError, match="at most 67108864 bytes"):
        Ticket.from_bytes(b"SCRT" + bytes(1 << 26))

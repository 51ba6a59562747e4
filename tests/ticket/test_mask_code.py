"""mask_code.py: the Rice-coded mask, to bytes and back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchcard.ticket.codec import ByteReader, TicketError
from scratchcard.ticket.layers import Layer
from scratchcard.ticket.mask import Mask
from scratchcard.ticket.mask_code import decode_mask, encode_mask
from scratchcard.ticket.network import Network
from scratchcard.ticket.rice import code_sizes, rice_parameters


def layers_of(sizes: Sequence[int]) -> tuple[Layer, ...]:
    return Network.dense(sizes).layers


def encoded(*arrays: np.ndarray) -> bytes:
    return encode_mask(Mask.from_arrays(arrays))


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=30))
def test_rice_parameter_is_the_best(gaps: list[int]) -> None:
    sizes = [sum((gap >> k) + 1 + k for gap in gaps) for k in range(32)]
    assert code_sizes(np.array(gaps)) == sizes
    assert rice_parameters([sizes], 0) == [sizes.index(min(sizes))]


@given(
    st.lists(st.integers(1, 12), min_size=2, max_size=5),
    st.sampled_from([0.0, 0.02, 0.1, 0.5, 1.0]),
    st.integers(0, 1000),
)
def test_mask_round_trip(sizes: list[int], density: float, seed: int) -> None:
    layers = layers_of(sizes)
    mask = Mask.random(layers, density, np.random.default_rng(seed)).without_dead()
    assert decode_mask(ByteReader(encode_mask(mask)), layers) == mask


def test_a_wide_layer_of_which_little_survives() -> None:
    layers = layers_of((1, 1_200_000, 2))
    mask = Mask.random(layers, 0.0001, np.random.default_rng(0)).without_dead()
    assert mask.surviving > 200
    coded = encode_mask(mask)
    assert len(coded) < 1000
    assert decode_mask(ByteReader(coded), layers) == mask


def test_mask_bytes() -> None:
    """One layer (2, 4), survivors 1, 2 and 7: gaps 1, 0, 4; k = 0 codes the bits as they are."""
    layer = np.zeros(8, bool)
    layer[[1, 2, 7]] = True
    assert encoded(layer.reshape(2, 4)).hex() == "03" + "00" + f"{0b01100001:02x}"
    far = np.zeros((1, 64), bool)
    far[0, [20, 50]] = True  # gaps 20 and 29: k = 4 codes them as 01 0100 and 01 1101
    assert encoded(far).hex() == "02" + "04" + f"{0b0101000111010000:04x}"


def test_rows_that_feed_nothing_are_not_coded() -> None:
    first, last = np.ones((3, 4), bool), np.array([[True, False, False]])
    with pytest.raises(ValueError, match="without weights into units that feed nothing"):
        encoded(first, last)
    first[1:] = False
    data = encoded(first, last)
    assert data.hex() == "0100" + "0400" + f"{0b11111000:02x}"
    assert decode_mask(ByteReader(data), layers_of([4, 3, 1])) == Mask.from_arrays([first, last])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("00", None),
        ("0100" + "80", None),
        ("0100" + "01", None),
        ("", "ends inside the number of surviving"),
        ("09", "surviving weights must be 0..8, the file says 9"),
        ("01", "ends inside a Rice parameter"),
        ("0120" + "80", "Rice parameter must be 0..31, the file says 32"),
        ("0107" + "88", "does not have"),
        ("0108" + "80", "takes 9..8 bits"),
        ("0800" + "7f", "ends inside the mask"),
        ("0101" + "02", "does not have"),
        ("0101" + "01", "ends inside the mask"),
        ("0100" + "00", "ends inside the mask"),
        ("0100", "takes 1..8 bits"),
        ("0100" + "8000", "takes 1..8 bits, rounded up to bytes, the file has 16 left"),
        ("0100" + "81", "spare bits"),
        ("00" + "00", "1 bytes too many"),
        ("0103" + "18", "keeps a weight that the network does not have"),
    ],
)
def test_mask_of_eight_weights_refused(data: str, message: str | None) -> None:
    reader = ByteReader(bytes.fromhex(data))
    if message is None:
        decode_mask(reader, layers_of([4, 2]))
    else:
        with pytest.raises(TicketError, match=message):
            decode_mask(reader, layers_of([4, 2]))


def test_no_survivors_into_units_that_feed_nothing() -> None:
    """The last layer keeps nothing, so no hidden unit feeds anything: none can have a weight."""
    with pytest.raises(TicketError, match="does not have"):
        decode_mask(ByteReader(bytes.fromhex("00" + "0100" + "80")), layers_of([4, 3, 2]))


@given(st.binary(max_size=40), st.lists(st.integers(1, 40), min_size=2, max_size=4))
def test_any_bytes_are_a_mask_or_refused(data: bytes, sizes: list[int]) -> None:
    try:
        mask = decode_mask(ByteReader(data), layers_of(sizes))
    except TicketError:
        return
    assert mask.layers == layers_of(sizes)
    assert mask.without_dead() == mask
    assert decode_mask(ByteReader(encode_mask(mask)), mask.layers) == mask


def test_rice_is_close_to_the_entropy() -> None:
    """At the densities that tickets have, the code is within 3 % of the mask's entropy."""
    rng = np.random.default_rng(0)
    for density in (0.01, 0.03, 0.05, 0.07, 0.1):
        layer = rng.random((100, 1000)) < density
        p = layer.mean()
        entropy = -layer.size * (p * np.log2(p) + (1 - p) * np.log2(1 - p)) / 8
        assert len(encoded(layer)) < 1.03 * entropy + 4

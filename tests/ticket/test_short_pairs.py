"""Short pairs: no value of the range is clipped, little of it is lost, files hold them exactly."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchcard.ticket.codec import ByteReader, TicketError, varint, zigzag
from scratchcard.ticket.short_pairs import decode_pair, encode_pair, short_pair

NUMBERS = st.floats(-1e29, 1e29)


@given(NUMBERS, NUMBERS)
def test_a_pair_clips_nothing_and_comes_back(one, other):
    least, most = min(one, other), max(one, other)
    offset, scale = short_pair(least, most)
    assert abs((least - offset) * scale) <= 1 >= abs((most - offset) * scale)
    assert np.float32(offset) == offset
    assert np.float32(scale) == scale > 0
    reader = ByteReader(encode_pair(offset, scale))
    assert decode_pair(reader) == (offset, scale)
    assert reader.left == 0


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_most_of_the_range_is_used(middle, reach):
    least, most = middle - reach, middle + reach
    offset, scale = short_pair(least, most)
    if abs(middle) < 1e4 * reach:
        assert max((most - offset) * scale, (offset - least) * scale) > 0.88
        assert (most - least) * scale > 1.6


@pytest.mark.parametrize(
    ("least", "most", "offset", "scale"),
    [(0, 1, 0.5, 2.0), (-1, 1, 0.0, 1.0), (0, 100, 48.0, 9 / 512), (0, 255, 128.0, 1 / 128)],
)
def test_known_pairs_take_two_bytes(least, most, offset, scale):
    assert short_pair(least, most) == (offset, scale)
    assert len(encode_pair(offset, scale)) == 2


def test_a_constant_has_a_pair_too():
    for value in (0.0, 5.0, -1e9, 1e-9):
        offset, scale = short_pair(value, value)
        assert abs(value - offset) * scale <= 1


@pytest.mark.parametrize("pair", [(0.3, 1.0), (0.0, 1.1), (0.0, 0.0), (2.0**40, 1.0)])
def test_other_pairs_have_no_short_form(pair):
    with pytest.raises(ValueError, match="short pairs"):
        encode_pair(*pair)


def test_what_is_out_of_range_is_refused():
    with pytest.raises(ValueError, match="below 2"):
        short_pair(0.0, 1e31)
    for data in (varint(8 * 300) + zigzag(0), varint(0) + zigzag(1 << 25)):
        with pytest.raises(TicketError, match="out of range"):
            decode_pair(ByteReader(data))
    with pytest.raises(TicketError):
        decode_pair(ByteReader(varint(1 << 13) + zigzag(0)))


def test_numbers_that_differ_little_beside_their_size():
    """Seconds since 1970 within an hour still make different integers of 16 bits."""
    least = 1.7e9
    offset, scale = short_pair(least, least + 3600)
    integers = np.floor((least + np.arange(0, 3600, 10.0) - offset) * scale * 32767 + 0.5)
    assert len(np.unique(integers)) == 360
    assert math.isfinite(scale)

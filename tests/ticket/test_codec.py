"""codec.py: varints and floats, to bytes and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchcard.ticket.codec import ByteReader, TicketError, varint, zigzag

U64 = (1 << 64) - 1


@given(st.integers(0, U64))
def test_varint_round_trip(value: int) -> None:
    data = varint(value)
    reader = ByteReader(data)
    assert reader.varint("it", 0, U64) == value
    assert reader.left == 0
    assert len(data) == max(1, -(-value.bit_length() // 7))


@given(st.integers(-(1 << 63), (1 << 63) - 1))
def test_zigzag_round_trip(value: int) -> None:
    assert ByteReader(zigzag(value)).zigzag("it") == value


def test_varint_bytes() -> None:
    assert [varint(v).hex() for v in (0, 127, 128, 300)] == ["00", "7f", "8001", "ac02"]
    assert [zigzag(v).hex() for v in (0, -1, 1, -64, 64)] == ["00", "01", "02", "7f", "8001"]
    with pytest.raises(ValueError, match="value takes an integer"):
        varint(-1)
    with pytest.raises(ValueError, match="value takes an integer"):
        varint(1 << 64)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("8000", "more bytes than it takes"),
        ("80", "the file ends inside it"),
        ("", "the file ends inside it"),
        ("ff" * 10, "it must be 3..9"),
        ("ff" * 9 + "7f", "it must be 3..9"),
        ("02", "it must be 3..9, the file says 2"),
        ("0a", "it must be 3..9, the file says 10"),
    ],
)
def test_varint_refused(data: str, message: str) -> None:
    with pytest.raises(TicketError, match=message):
        ByteReader(bytes.fromhex(data)).varint("it", 3, 9)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", ["<f4", "<f8"])
def test_floats_must_be_finite(value: float, dtype: str) -> None:
    data = np.array([1.0, value], dtype).tobytes()
    assert ByteReader(data).floats(dtype, 1, "it") == [1.0]
    with pytest.raises(TicketError, match="it must be finite"):
        ByteReader(data).floats(dtype, 2, "it")
    with pytest.raises(TicketError, match="the file ends inside it"):
        ByteReader(data).floats(dtype, 3, "it")

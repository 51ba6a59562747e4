"""Codec: a ticket file's varints, floats, labels and Rice-coded mask. NumPy only.

docs/ticket-format.md is the specification. What is read here is never trusted: every count is
compared with the bytes that are left before memory is taken for it, and whatever does not fit
raises TicketError.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "ByteReader",
    "TicketError",
    "decode_mask",
    "encode_mask",
    "rice_parameter",
    "varint",
    "zigzag",
]

MAX_RICE = 31  # the largest Rice parameter a file may hold

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


class TicketError(ValueError):
    """A ticket file, or a ticket's bytes, that is refused; the message says why."""


def varint(value: int) -> bytes:
    """Return an integer 0..2**64 - 1 as a varint (LEB128).

    Seven bits a byte, the lowest first; the top bit of a byte says that more follow.
    """
    if not 0 <= value < 1 << 64:
        raise ValueError(f"value takes an integer 0..2**64 - 1, got {value}")
    out = bytearray()
    while value >= 0x80:
        out.append((value & 0x7F) | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def zigzag(value: int) -> bytes:
    """Return an integer -2**63..2**63 - 1 as the varint of its place in 0, -1, 1, -2, 2, ..."""
    return varint(value << 1 if value >= 0 else (~value << 1) | 1)


class ByteReader:
    """Reads data from its front, and raises TicketError instead of reading past its end."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    @property
    def left(self) -> int:
        """How many bytes were not read yet."""
        return len(self.data) - self.position

    def take(self, count: int, what: str) -> bytes:
        """Return the next count bytes. what: their name, for the error."""
        if count > self.left:
            raise TicketError(
                f"the file ends inside {what}: {count} bytes wanted, {self.left} left"
            )
        self.position += count
        return self.data[self.position - count : self.position]

    def u8(self, what: str) -> int:
        """Return the next byte."""
        return self.take(1, what)[0]

    def varint(self, what: str, low: int, high: int) -> int:
        """Return the next varint, in low..high and in as few bytes as it takes."""
        value = 0
        for i in range(10):  # ten bytes hold any 64-bit number
            byte = self.u8(what)
            value |= (byte & 0x7F) << 7 * i
            if byte < 0x80:
                if i and not byte:
                    raise TicketError(f"{what} is written in more bytes than it takes")
                if not low <= value <= high:
                    break
                return value
        raise TicketError(f"{what} must be {low}..{high}, the file says {value}")

    def zigzag(self, what: str) -> int:
        """Return the next signed integer, -2**63..2**63 - 1."""
        value = self.varint(what, 0, (1 << 64) - 1)
        return ~(value >> 1) if value & 1 else value >> 1

    def floats(self, dtype: str, count: int, what: str) -> npt.NDArray[np.floating[Any]]:
        """Return the next count floats, dtype "<f4" or "<f8", in that dtype; all are finite."""
        values = np.frombuffer(self.take(count * np.dtype(dtype).itemsize, what), dtype)
        if not np.isfinite(values).all():
            raise TicketError(f"{what} must be finite, the file holds NaN or infinity")
        return values


def rice_parameter(gaps: Ints) -> int:
    """Return the Rice parameter 0..31 that codes these gaps in the fewest bits, the least of them.

    gaps: int64 (n,), each at least 0.
    """
    sizes = [int((gaps >> k).sum()) + gaps.size * (k + 1) for k in range(MAX_RICE + 1)]
    return min(range(len(sizes)), key=sizes.__getitem__)


def encode_mask(layers: Sequence[Bools]) -> bytes:
    """Return the coded mask: the layers' headers, the last layer first, then all their bits.

    layers: one bool array (fan_out, fan_in) per layer, the first layer first.
    A header is the number of survivors (varint) and, if there are any, a Rice parameter (a byte).
    Only rows of units that feed something are coded, one after the other, as gaps between
    survivors. Raises ValueError if another row has survivors (Mask.without_dead clears those).
    """
    headers, streams = bytearray(), [np.zeros(0, np.bool_)]
    feeds: Bools = np.ones(layers[-1].shape[0], np.bool_)
    for layer in reversed(layers):
        if layer[~feeds].any():
            raise ValueError("layers takes a mask without weights into units that feed nothing")
        survivors = np.flatnonzero(layer[feeds])
        headers += varint(survivors.size)
        if survivors.size:
            gaps = np.diff(survivors, prepend=-1) - 1
            k = rice_parameter(gaps)
            headers.append(k)
            streams.append(_rice_bits(gaps, k))
        feeds = np.asarray(layer.any(axis=0))
    return bytes(headers) + np.packbits(np.concatenate(streams)).tobytes()


def _rice_bits(gaps: Ints, k: int) -> Bools:
    """Code each gap as gap >> k zeros, a one, and the k low bits of the gap, highest first."""
    ends = np.cumsum((gaps >> k) + 1 + k)
    bits = np.zeros(int(ends[-1]), np.bool_)
    bits[ends - 1 - k] = True
    for i in range(k):
        bits[ends - 1 - i] = (gaps >> i) & 1
    return bits


def decode_mask(reader: ByteReader, sizes: Sequence[int]) -> list[Ints]:
    """Read a coded mask, which must fill the rest of reader's bytes.

    sizes: units per layer, inputs first. Returns each layer's survivors, the first layer first:
    int64 arrays of ascending indices j * fan_in + i. Memory is taken for survivors and outputs
    only. Raises TicketError for what encode_mask would not write, but accepts a Rice parameter
    that is not the best, as long as the bits stay within one per weight.
    """
    shapes = [(sizes[i + 1], sizes[i]) for i in reversed(range(len(sizes) - 1))]
    headers = []
    for fan_out, fan_in in shapes:
        count = reader.varint("the number of surviving weights", 0, fan_out * fan_in)
        k = reader.u8("a Rice parameter") if count else 0
        if k > MAX_RICE:
            raise TicketError(f"a Rice parameter must be 0..{MAX_RICE}, the file says {k}")
        headers.append((count, k))
    least, most = sum(count * (1 + k) for count, k in headers), sum(o * i for o, i in shapes)
    if not least <= 8 * reader.left < most + 8:
        raise TicketError(
            f"the mask takes {least}..{most} bits, rounded up to bytes, "
            f"the file has {8 * reader.left} left"
        )
    raw = reader.take(reader.left, "the mask")
    bits = bin(int.from_bytes(b"\x01" + raw, "big"))[3:]  # text: its find() skips zeros fast
    position, layers = 0, []
    feeding: Ints = np.arange(sizes[-1])
    for (_, fan_in), (count, k) in zip(shapes, headers, strict=True):
        coded, position = _decode_layer(bits, position, count, k, feeding.size * fan_in)
        rows, columns = feeding[coded // fan_in], coded % fan_in
        layers.append(rows * fan_in + columns)
        feeding = np.unique(columns)
    surplus = len(raw) - -(-position // 8)
    if surplus:
        raise TicketError(f"the file has {surplus} bytes too many after the mask")
    if "1" in bits[position:]:
        raise TicketError("the spare bits after the mask must be 0")
    return layers[::-1]


def _decode_layer(bits: str, position: int, count: int, k: int, size: int) -> tuple[Ints, int]:
    """Return count survivors, ascending in 0..size - 1, and the position after their bits."""
    survivors, last = array("q"), -1
    for _ in range(count):
        one = bits.find("1", position)
        end = one + 1 + k
        if one < 0 or end > len(bits):
            raise TicketError("the file ends inside the mask")
        gap = (one - position) << k
        if k:
            gap |= int(bits[one + 1 : end], 2)
        last += gap + 1
        if last >= size:
            raise TicketError("the mask keeps a weight that the network does not have")
        survivors.append(last)
        position = end
    return np.array(survivors, np.int64), position

"""Bits packed eight to a byte, found and changed a piece at a time, so that few are ever unpacked.

The first bit is the highest of the first byte, as in ``np.packbits``. NumPy only.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

__all__ = ["PIECE", "Bytes", "Ints", "clear_ones", "count_ones", "ones", "set_ones", "unpacked"]

PIECE = 1 << 16  # bits that are unpacked at once; a multiple of 8

Bytes = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

_BIT: Bytes = np.array([1 << (7 - place) for place in range(8)], np.uint8)


def unpacked(packed: Bytes, start: int, stop: int) -> Bools:
    """Return the bits start..stop - 1 as booleans, a fresh array."""
    first = start >> 3
    bits = np.unpackbits(packed[first : -(-stop // 8)], count=stop - 8 * first)
    return bits[start - 8 * first :].view(np.bool_)


def ones(packed: Bytes, start: int, stop: int) -> Iterator[Ints]:
    """Yield, in pieces, which of the bits start..stop - 1 are 1: ascending, counted from start."""
    for at in range(start, stop, PIECE):
        end = min(at + PIECE, stop)
        first = at >> 3
        part = packed[first : -(-end // 8)]
        filled = np.flatnonzero(part != 0)
        if 4 * filled.size < part.size:  # few: unpack those bytes only
            bit = np.flatnonzero(np.unpackbits(part[filled]))
            found = 8 * (first + filled[bit >> 3]) + (bit & 7)
            found = found[(found >= at) & (found < end)] - start
        else:
            found = np.flatnonzero(unpacked(packed, at, end)) + (at - start)
        if found.size:
            yield found


def count_ones(packed: Bytes, start: int, stop: int) -> int:
    """Return how many of the bits start..stop - 1 are 1."""
    first, last = start >> 3, -(-stop // 8)
    pieces = (packed[at : min(at + PIECE, last)] for at in range(first, last, PIECE))
    count = sum(int(np.bitwise_count(piece).sum(dtype=np.int64)) for piece in pieces)
    outside = unpacked(packed, 8 * first, start), unpacked(packed, stop, 8 * last)
    return count - sum(int(np.count_nonzero(bits)) for bits in outside)


def set_ones(packed: Bytes, places: Ints) -> None:
    """Set these bits, in place; ``places`` are ascending and different."""
    byte, bits = _by_byte(places)
    packed[byte] |= bits


def clear_ones(packed: Bytes, places: Ints) -> None:
    """Clear these bits, in place; ``places`` are ascending and different."""
    byte, bits = _by_byte(places)
    packed[byte] &= ~bits


def _by_byte(places: Ints) -> tuple[Ints, Bytes]:
    """Return the bytes that hold these bits, each once, and the bits in each."""
    byte = places >> 3
    first = np.flatnonzero(np.diff(byte, prepend=-1))
    bits: Bytes = np.bitwise_or.reduceat(_BIT[places & 7], first) if first.size else _BIT[:0]
    return byte[first], bits

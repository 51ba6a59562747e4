"""The small parts of a ticket's file: varints and floats, written and read. NumPy only.

docs/ticket-format.md is the specification. What is read here is never trusted: every count is
compared with the bytes that are left before memory is taken for it, and whatever does not fit
raises TicketError.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["ByteReader", "TicketError", "varint", "zigzag"]


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

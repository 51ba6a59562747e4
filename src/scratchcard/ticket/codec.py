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
    """A ticket's file, or its bytes, are refused; the message says why."""


def varint(value: int) -> bytes:
    """Return an integer as a varint (LEB128).

    It has seven bits a byte, the lowest first; the top bit of a byte says that more follow.

    Parameters
    ----------
    value : int
        0 to 2**64 - 1.

    Returns
    -------
    bytes
        One to ten bytes.

    Raises
    ------
    ValueError
        For an integer out of range.
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
    """Return a signed integer as the varint of its place in 0, -1, 1, -2, 2, ...

    Parameters
    ----------
    value : int
        -2**63 to 2**63 - 1.

    Returns
    -------
    bytes
        One to ten bytes.

    Raises
    ------
    ValueError
        For an integer out of range.
    """
    return varint(value << 1 if value >= 0 else (~value << 1) | 1)


class ByteReader:
    """Reads data from its front, and raises TicketError instead of reading past its end.

    Parameters
    ----------
    data : bytes
        What is read.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    @property
    def left(self) -> int:
        """Number of bytes that have not been read yet."""
        return len(self.data) - self.position

    def take(self, count: int, what: str) -> bytes:
        """Return the next bytes.

        Parameters
        ----------
        count : int
            How many.
        what : str
            Their name, for the error.

        Returns
        -------
        bytes
            The bytes.

        Raises
        ------
        TicketError
            If fewer bytes are left.
        """
        if count > self.left:
            raise TicketError(
                f"the file ends inside {what}: {count} bytes wanted, {self.left} left"
            )
        self.position += count
        return self.data[self.position - count : self.position]

    def u8(self, what: str) -> int:
        """Return the next byte.

        Parameters
        ----------
        what : str
            Its name, for the error.

        Returns
        -------
        int
            0 to 255.

        Raises
        ------
        TicketError
            If no byte is left.
        """
        return self.take(1, what)[0]

    def varint(self, what: str, low: int, high: int) -> int:
        """Return the next varint, which must be written in as few bytes as it takes.

        Parameters
        ----------
        what : str
            Its name, for the error.
        low, high : int
            The range that it must be in, both ends included.

        Returns
        -------
        int
            The integer.

        Raises
        ------
        TicketError
            If it is out of range, written in too many bytes, or cut short.
        """
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
        """Return the next signed integer.

        Parameters
        ----------
        what : str
            Its name, for the error.

        Returns
        -------
        int
            -2**63 to 2**63 - 1.

        Raises
        ------
        TicketError
            If it is written in too many bytes, or cut short.
        """
        value = self.varint(what, 0, (1 << 64) - 1)
        return ~(value >> 1) if value & 1 else value >> 1

    def floats(self, dtype: str, count: int, what: str) -> npt.NDArray[np.floating[Any]]:
        """Return the next floats, which must be finite.

        Parameters
        ----------
        dtype : {"<f4", "<f8"}
            Their type.
        count : int
            How many.
        what : str
            Their name, for the error.

        Returns
        -------
        ndarray of shape (count,)
            The floats, in that type.

        Raises
        ------
        TicketError
            If one is NaN or infinite, or fewer are left.
        """
        values = np.frombuffer(self.take(count * np.dtype(dtype).itemsize, what), dtype)
        if not np.isfinite(values).all():
            raise TicketError(f"{what} must be finite, the file holds NaN or infinity")
        return values

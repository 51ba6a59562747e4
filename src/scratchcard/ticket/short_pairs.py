"""Short pairs: an offset and a scale that take two bytes or so in a ticket's file. NumPy only.

A scale is m * 2**(e - 3) with m from 8 to 15, and its offset a multiple of 2**(-e - 4), which is
between an eighth and a sixteenth of how far the feature reaches: what is lost is a tenth of the
range that an input could use, and nothing is clipped. Both are exact in binary32.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from scratchcard.ticket.codec import ByteReader, TicketError, varint, zigzag

__all__ = ["decode_pair", "encode_pair", "short_pair"]

LEAST, MOST = 8, 15  # of m
SMALLEST, LARGEST = -100, 100  # of e
FARTHEST = (1 << 24) - 1  # of an offset, in its steps
_USUAL = 4  # -e of a feature that reaches to about 16


def short_pair(least: float, most: float) -> tuple[float, float]:
    """Return the offset and the scale that map a range to -1..1, or to a little less.

    Parameters
    ----------
    least, most : float
        The range.

    Returns
    -------
    offset, scale : float
        The pair.

    Raises
    ------
    ValueError
        For a range beyond 2**100.
    """
    middle, reach = least / 2 + most / 2, most / 2 - least / 2
    if max(-least, most) >= 2.0**LARGEST:
        raise ValueError(f"X takes numbers below 2**{LARGEST}, got {least}..{most}")
    if reach == 0:
        reach = max(abs(middle), 1.0)
        least, most = middle - reach, middle + reach
    exponent = min(LARGEST, 1 - math.frexp(reach)[1])
    while True:
        step = math.ldexp(1.0, -exponent - 4)
        offset = round(middle / step) * step
        reach = max(most - offset, offset - least)
        m = math.floor(min(MOST, math.ldexp(1 / reach, 3 - exponent)))
        if math.ldexp(m, exponent - 3) * reach > 1:
            m -= 1  # 1 / reach was rounded up
        if m >= LEAST and abs(offset) <= FARTHEST * step:
            return offset, math.ldexp(m, exponent - 3)
        exponent -= 1


def encode_pair(offset: float, scale: float) -> bytes:
    """Return a short pair as bytes.

    Parameters
    ----------
    offset, scale : float
        What :func:`short_pair` returned.

    Returns
    -------
    bytes
        Two, where the feature starts near 0 and reaches to between 1/16 and 4,096.

    Raises
    ------
    ValueError
        For other pairs.
    """
    fraction, exponent = math.frexp(scale)  # scale = fraction * 2**exponent, 0.5 <= fraction < 1
    m, e = fraction * 2 * LEAST, exponent - 1
    steps = math.ldexp(offset, e + 4)
    is_short = m == int(m) and scale > 0 and steps == int(steps) and abs(steps) <= FARTHEST
    if not is_short or not SMALLEST <= e <= LARGEST:
        raise ValueError(f"scaling takes short pairs beside columns, got {offset} and {scale}")
    place = -e - _USUAL
    folded = 2 * place if place >= 0 else -2 * place - 1
    return varint(folded * LEAST + int(m) - LEAST) + zigzag(int(steps))


def decode_pair(reader: ByteReader) -> tuple[float, float]:
    """Read a short pair.

    Parameters
    ----------
    reader : ByteReader
        Its next bytes are the pair's.

    Returns
    -------
    offset, scale : float
        The pair.

    Raises
    ------
    TicketError
        For one that is out of range.
    """
    folded, m = divmod(reader.varint("a scale", 0, 1 << 12), LEAST)
    e = -((folded >> 1) ^ -(folded & 1)) - _USUAL
    steps = reader.zigzag("an offset")
    if not SMALLEST <= e <= LARGEST or abs(steps) > FARTHEST:
        raise TicketError("the scaling of a column is out of range")
    return math.ldexp(steps, -e - 4), math.ldexp(m + LEAST, e - 3)


def short_pairs(
    least: npt.NDArray[np.float64], most: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return the offsets and the scales of several features.

    Parameters
    ----------
    least, most : ndarray of shape (n_features,)
        Their ranges.

    Returns
    -------
    offset, scale : ndarray of shape (n_features,), float32
        The pairs.

    Raises
    ------
    ValueError
        For a range beyond 2**100.
    """
    pairs = [short_pair(*ends) for ends in zip(least.tolist(), most.tolist(), strict=True)]
    found = np.array(pairs, np.float32).reshape(-1, 2)
    return found[:, 0].copy(), found[:, 1].copy()

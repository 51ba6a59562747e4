"""The code of a mask in a ticket's file: Rice-coded gaps between survivors. NumPy only.

docs/ticket-format.md is the specification. What is read here is never trusted: every count is
compared with the bytes that are left before memory is taken for it, and whatever does not fit
raises TicketError.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from scratchcard.ticket.codec import ByteReader, TicketError, varint
from scratchcard.ticket.layers import Layer

__all__ = ["decode_mask", "encode_mask", "rice_parameter"]

MAX_RICE = 31  # the largest Rice parameter a file may hold

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


def rice_parameter(gaps: Ints) -> int:
    """Return the Rice parameter 0..31 that codes these gaps in the fewest bits, the least of them.

    gaps: int64 (n,), each at least 0.
    """
    sizes = [int((gaps >> k).sum()) + gaps.size * (k + 1) for k in range(MAX_RICE + 1)]
    return min(range(len(sizes)), key=sizes.__getitem__)


def encode_mask(layers: Sequence[Layer], bits: Sequence[Bools]) -> bytes:
    """Return the coded mask: the layers' headers, the last layer first, then all their bits.

    A header is the number of survivors (varint) and, if there are any, a Rice parameter (a byte).
    Only weights into units that feed something are coded, unit after unit, as gaps between
    survivors.

    Parameters
    ----------
    layers : sequence of Layer
        The network's layers, the first one first.
    bits : sequence of ndarray of shape (units, fan_in)
        Which weights of each layer survive.

    Raises
    ------
    ValueError
        If another unit has survivors (Mask.without_dead clears those).
    """
    headers, streams = bytearray(), [np.zeros(0, np.bool_)]
    feeds: Bools = np.ones(layers[-1].units, np.bool_)
    for layer, kept in zip(reversed(layers), reversed(bits), strict=True):
        if kept[~feeds].any():
            raise ValueError("bits takes a mask without weights into units that feed nothing")
        survivors = np.flatnonzero(kept[feeds])
        headers += varint(survivors.size)
        if survivors.size:
            gaps = np.diff(survivors, prepend=-1) - 1
            k = rice_parameter(gaps)
            headers.append(k)
            streams.append(_rice_bits(gaps, k))
        feeds = layer.feeding(kept)
    return bytes(headers) + np.packbits(np.concatenate(streams)).tobytes()


def _rice_bits(gaps: Ints, k: int) -> Bools:
    """Code each gap as gap >> k zeros, a one, and the k low bits of the gap, highest first."""
    ends = np.cumsum((gaps >> k) + 1 + k)
    bits = np.zeros(int(ends[-1]), np.bool_)
    bits[ends - 1 - k] = True
    for i in range(k):
        bits[ends - 1 - i] = (gaps >> i) & 1
    return bits


def decode_mask(reader: ByteReader, layers: Sequence[Layer]) -> list[Ints]:
    """Read a coded mask, which must fill the rest of reader's bytes.

    Memory is taken for survivors and outputs only. A Rice parameter that is not the best is
    accepted, as long as the bits stay within one per weight.

    Parameters
    ----------
    reader : ByteReader
        Stands where the mask begins.
    layers : sequence of Layer
        The network's layers, the first one first.

    Returns
    -------
    list of ndarray of int64
        Each layer's survivors, the first layer first: ascending indices within the layer.

    Raises
    ------
    TicketError
        For what encode_mask would not write.
    """
    headers = []
    for layer in reversed(layers):
        count = reader.varint("the number of surviving weights", 0, layer.n_weights)
        k = reader.u8("a Rice parameter") if count else 0
        if k > MAX_RICE:
            raise TicketError(f"a Rice parameter must be 0..{MAX_RICE}, the file says {k}")
        headers.append((count, k))
    least = sum(count * (1 + k) for count, k in headers)
    most = sum(layer.n_weights for layer in layers)
    if not least <= 8 * reader.left < most + 8:
        raise TicketError(
            f"the mask takes {least}..{most} bits, rounded up to bytes, "
            f"the file has {8 * reader.left} left"
        )
    raw = reader.take(reader.left, "the mask")
    bits = bin(int.from_bytes(b"\x01" + raw, "big"))[3:]  # text: its find() skips zeros fast
    position, found = 0, []
    feeding: Ints = np.arange(layers[-1].units)
    for layer, (count, k) in zip(reversed(layers), headers, strict=True):
        coded, position = _decode_layer(bits, position, count, k, feeding.size * layer.fan_in)
        survivors = feeding[coded // layer.fan_in] * layer.fan_in + coded % layer.fan_in
        found.append(survivors)
        feeding = np.unique(layer.sources(survivors))
    surplus = len(raw) - -(-position // 8)
    if surplus:
        raise TicketError(f"the file has {surplus} bytes too many after the mask")
    if "1" in bits[position:]:
        raise TicketError("the spare bits after the mask must be 0")
    return found[::-1]


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

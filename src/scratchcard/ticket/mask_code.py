"""The code of a mask in a ticket's file: Rice-coded gaps between survivors. NumPy only.

docs/ticket-format.md is the specification. What is read here is never trusted: every count is
compared with the bytes that are left before memory is taken for it, and whatever does not fit
raises TicketError.

Masks stay packed, and survivors come in pieces: besides the mask, memory is taken only for the
units that feed something.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from scratchcard.ticket.codec import ByteReader, TicketError, varint
from scratchcard.ticket.layers import Layer
from scratchcard.ticket.mask import Mask, Sources
from scratchcard.ticket.packed import Bytes, Ints, set_ones
from scratchcard.ticket.rice import (
    MAX_RICE,
    RiceReader,
    code_sizes,
    rice_parameters,
    write_codes,
)

__all__ = ["decode_mask", "encode_mask"]


def encode_mask(mask: Mask, least: int = 0) -> bytes:
    """Return the coded mask: the layers' headers, the last layer first, then all their bits.

    A header is the number of survivors (varint) and, if there are any, a Rice parameter (a byte).
    Only weights into units that feed something are coded, unit after unit, as gaps between
    survivors.

    Parameters
    ----------
    mask : Mask
        Which weights survive.
    least : int
        How many bytes are wanted. Where the best Rice parameters give fewer, longer ones are taken;
        where even the longest give fewer, or a bit more than one for each weight, which no reader
        takes, the code stays shorter.

    Returns
    -------
    bytes
        The coded mask.

    Raises
    ------
    ValueError
        If a unit that feeds nothing has survivors (``Mask.without_dead`` clears those).
    """
    codes: list[_LayerCode] = []
    feeding = None
    for number in reversed(range(len(mask.layers))):
        codes.append(_LayerCode(mask, number, feeding))
        feeding = codes[-1].sources
    header_bytes = sum(len(code.header(0)) for code in codes)
    sizes = [code.sizes for code in codes]
    chosen = rice_parameters(sizes, 8 * (least - header_bytes) - 7)
    if sum(of[k] for of, k in zip(sizes, chosen, strict=True)) > mask.n_weights:
        chosen = rice_parameters(sizes, 0)
    coded = list(zip(codes, chosen, strict=True))
    stream: Bytes = np.zeros(-(-sum(code.sizes[k] for code, k in coded) // 8), np.uint8)
    position = 0
    for code, k in coded:
        for _, gaps in code.pieces():
            position = write_codes(stream, position, gaps, k)
    return b"".join([*(code.header(k) for code, k in coded), stream.tobytes()])


class _LayerCode:
    """The survivors of a layer as gaps, which are computed twice: for their size and to be written.

    ``feeding`` holds the units of the layer that feed something, ascending; None for all.
    """

    def __init__(self, mask: Mask, number: int, feeding: Ints | None) -> None:
        self.mask, self.number, self.feeding = mask, number, feeding
        self.count, self.sizes = mask.surviving_in(number), [0] * (MAX_RICE + 1)
        below = Sources(mask.layers[number], self.count) if number else None
        for index, gaps in self.pieces():
            self.sizes = [a + b for a, b in zip(self.sizes, code_sizes(gaps), strict=True)]
            if below is not None:
                below.add(index)
        self.sources = None if below is None else below.found()

    def header(self, k: int) -> bytes:
        return varint(self.count) + (bytes([k]) if self.count else b"")

    def pieces(self) -> Iterator[tuple[Ints, Ints]]:
        """Yield survivors, and the gaps before them among the weights that are coded."""
        fan_in, last = self.mask.layers[self.number].fan_in, -1
        for index in self.mask.survivors(self.number):
            coded = index
            if self.feeding is not None:
                unit, slot = np.divmod(index, fan_in)
                row = np.searchsorted(self.feeding, unit)
                if not np.array_equal(self.feeding[row[row < self.feeding.size]], unit):
                    raise ValueError("mask takes one without weights into units that feed nothing")
                coded = row * fan_in + slot
            yield index, np.diff(coded, prepend=last) - 1
            last = int(coded[-1])


def decode_mask(reader: ByteReader, layers: Sequence[Layer]) -> Mask:
    """Read a coded mask, which must fill the rest of the reader's bytes.

    A Rice parameter that is not the best is accepted, as long as the bits stay within one per
    weight.

    Parameters
    ----------
    reader : ByteReader
        Stands where the mask begins.
    layers : sequence of Layer
        The network's layers, the first one first.

    Returns
    -------
    Mask
        It has no weights into units that feed nothing, because the code cannot express them.

    Raises
    ------
    TicketError
        For bytes that :func:`encode_mask` would not write.
    """
    headers = _decode_headers(reader, layers)
    rice = RiceReader(reader.take(reader.left, "the mask"))
    stop, feeding = sum(layer.n_weights for layer in layers), None
    packed: Bytes = np.zeros(-(-stop // 8), np.uint8)
    for number, (count, k) in zip(reversed(range(len(layers))), headers, strict=True):
        layer = layers[number]
        start, size = stop - layer.n_weights, layer.n_weights
        if feeding is not None:
            size = feeding.size * layer.fan_in
        below = Sources(layer, count) if number else None
        for index in rice.survivors(count, k, size):
            if feeding is not None:
                row, slot = np.divmod(index, layer.fan_in)
                index = feeding[row] * layer.fan_in + slot
            set_ones(packed, start + index)
            if below is not None:
                below.add(index)
        stop, feeding = start, None if below is None else below.found()
    rice.close()
    return Mask(layers, packed)


def _decode_headers(reader: ByteReader, layers: Sequence[Layer]) -> list[tuple[int, int]]:
    """Read the number of survivors and the Rice parameter of each layer, the last layer first."""
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
    return headers

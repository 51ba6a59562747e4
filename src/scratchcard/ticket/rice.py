"""Rice codes of the gaps between survivors: how long they are, writing and reading them.

A gap is coded as ``gap >> k`` zeros, a one, and the k low bits of the gap, the highest first.
docs/ticket-format.md is the specification. What is read here is never trusted. NumPy only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from scratchcard.ticket.codec import TicketError
from scratchcard.ticket.packed import PIECE, Bools, Bytes, Ints, set_ones, unpacked

__all__ = ["MAX_RICE", "RiceReader", "code_sizes", "rice_parameters", "write_codes"]

MAX_RICE = 31  # the largest Rice parameter a file may hold

_DOUBLINGS = 6  # steps of 2**6 codes are taken one by one, and the codes between them at once


def code_sizes(gaps: Ints) -> list[int]:
    """Return how many bits code these gaps with each Rice parameter 0..31.

    Parameters
    ----------
    gaps : ndarray of shape (n,), int64
        Gaps, each at least 0.

    Returns
    -------
    list of int
        32 numbers of bits.
    """
    n_bits = int(gaps.max(initial=0)).bit_length()  # with so many, nothing is left in front
    fronts = [int((gaps >> k).sum()) if k < n_bits else 0 for k in range(MAX_RICE + 1)]
    return [front + gaps.size * (k + 1) for k, front in enumerate(fronts)]


def rice_parameters(sizes: Sequence[Sequence[int]], least: int) -> list[int]:
    """Return a Rice parameter for each layer.

    Each is the one with the fewest bits, and of several the least. Where that makes fewer bits in
    all than are wanted, one layer takes more, as few as are enough. Where no layer alone can take
    enough, the one that can take the most takes them, and then others.

    Parameters
    ----------
    sizes : sequence of sequence of int
        For each layer, the number of bits with each parameter.
    least : int
        How many bits are wanted in all.

    Returns
    -------
    list of int
        The parameters.
    """
    chosen = [min(range(len(of)), key=of.__getitem__) for of in sizes]
    missing = least - sum(of[k] for of, k in zip(sizes, chosen, strict=True))
    while missing > 0:
        gains = [
            (size - of[chosen[number]], number, k)
            for number, of in enumerate(sizes)
            for k, size in enumerate(of)
        ]
        enough = [gain for gain in gains if gain[0] >= missing]
        gain, number, k = min(enough) if enough else max(gains)
        if gain <= 0:
            break
        chosen[number] = k
        missing -= gain
    return chosen


def write_codes(stream: Bytes, position: int, gaps: Ints, k: int) -> int:
    """Write the codes of gaps into a stream, and return the bit position after them.

    Parameters
    ----------
    stream : ndarray of shape (n_bytes,), uint8
        Changed in place; all bits from ``position`` on are 0.
    position : int
        The bit where the first code begins.
    gaps : ndarray of shape (n,), int64
        At least one gap.
    k : int
        The Rice parameter.

    Returns
    -------
    int
        The position after the codes.
    """
    ends = position + np.cumsum((gaps >> k) + 1 + k)
    set_ones(stream, ends - 1 - k)
    for i in range(k):
        set_ones(stream, ends[(gaps >> i) & 1 == 1] - 1 - i)
    return int(ends[-1])


class RiceReader:
    """Reads survivors from the bits of a mask, a piece at a time.

    Parameters
    ----------
    data : bytes
        The bits, which are never trusted.
    """

    def __init__(self, data: bytes) -> None:
        self.packed: Bytes = np.frombuffer(data, np.uint8)
        self.n_bits = 8 * len(data)
        self.position = 0

    def survivors(self, count: int, k: int, size: int) -> Iterator[Ints]:
        """Yield, in pieces, the next survivors: ascending in 0..size - 1.

        Parameters
        ----------
        count : int
            How many survivors.
        k : int
            The Rice parameter that they are coded with.
        size : int
            How many weights are coded.

        Yields
        ------
        ndarray of shape (n,), int64
            Survivors.

        Raises
        ------
        TicketError
            If the code ends too early, or holds a survivor that is out of range.
        """
        last, at = -1, self.position  # no code has its one in what lies before at
        while count:
            stop = min(at + PIECE, self.n_bits)
            bits = unpacked(self.packed, at, min(stop + MAX_RICE, self.n_bits))
            found = _ones_of_codes(bits, stop - at, k)[:count]
            whole = found[found + k < bits.size]
            if whole.size:
                ends = at + whole + (1 + k)
                gaps = np.diff(ends, prepend=self.position) - (1 + k)
                for i in range(k):
                    gaps = gaps << 1 | bits[whole + (1 + i)]
                index = last + np.cumsum(np.minimum(gaps, size) + 1)
                if index[-1] >= size:
                    raise TicketError("the mask keeps a weight that the network does not have")
                yield index
                last, self.position = int(index[-1]), int(ends[-1])
                count -= whole.size
            if count and (whole.size < found.size or stop == self.n_bits):
                raise TicketError("the file ends inside the mask")
            at = max(stop, self.position)

    def close(self) -> None:
        """Raise TicketError unless only the spare bits of a last byte are left, and they are 0."""
        surplus = self.packed.size - -(-self.position // 8)
        if surplus:
            raise TicketError(f"the file has {surplus} bytes too many after the mask")
        if unpacked(self.packed, self.position, self.n_bits).any():
            raise TicketError("the spare bits after the mask must be 0")


def _ones_of_codes(bits: Bools, stop: int, k: int) -> Ints:
    """Return where, before stop, the ones stand that end the zeros of a code, in order.

    In ``bits`` a code starts at the front, or in the zeros there, and the last may go on after
    stop. The one of the next code is the first that comes after this one's k low bits. That is a
    jump from each one to another; jumps of 2, 4, ... codes follow by gathering.
    """
    ones: Ints = np.flatnonzero(bits[:stop])
    if k == 0 or not ones.size:
        return ones
    until = np.cumsum(bits, dtype=np.int64)  # how many ones there are up to each bit
    jump = np.append(until[np.minimum(ones + k, bits.size - 1)], ones.size)
    np.minimum(jump, ones.size, out=jump)  # the last index stands for none
    jumps = []
    for _ in range(_DOUBLINGS):
        jumps.append(jump)
        jump = jump[jump]
    far, at, steps = jump.data, 0, []
    while at < ones.size:
        steps.append(at)
        at = far[at]
    chain = np.array(steps)
    for jump in reversed(jumps):
        chain = np.stack((chain, jump[chain]), axis=1).reshape(-1)
    found: Ints = ones[chain[chain < ones.size]]
    return found

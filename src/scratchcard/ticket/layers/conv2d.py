"""The convolution: units are maps, whose positions all share a weight. NumPy only."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from scratchcard.checks import as_int
from scratchcard.ticket.codec import ByteReader, TicketError, varint
from scratchcard.ticket.layers.base import Bools, Geometry, Indices, Layer, Shape
from scratchcard.ticket.live import BLOCK, Floats
from scratchcard.ticket.weights import Int8s

__all__ = ["MAX_KERNEL", "PADDINGS", "Conv2d"]

PADDINGS = ("same", "valid")
MAX_KERNEL = 255  # most positions on a side of a kernel, and of a step
_EXACT = 1 << 24  # single floats hold every whole number up to here


@dataclass(frozen=True)
class Conv2d(Layer):
    """A convolution: every unit is a map that reads all maps below, with one kernel for each.

    Weight ``(j * maps_below + i) * kernel**2 + row * kernel + column`` leads from map i below to
    map j, at (row, column) of its kernel. Nothing is mirrored, as in all libraries of networks.

    Parameters
    ----------
    units : int
        How many maps the layer has, at least 1; also called channels.
    kernel : int
        Rows and columns of a kernel, 1 to 255.
    stride : int
        Positions from one place of the kernel to the next, 1 to 255.
    padding : {"same", "valid"}
        "same" puts ``(kernel - 1) // 2`` rows and columns of zeros before a map, and as many after
        it as are needed so that the sums have ``ceil(height / stride)`` rows and
        ``ceil(width / stride)`` columns. For odd kernels that is what ``torch.nn.Conv2d`` does with
        ``padding=kernel // 2``. "valid" pads nothing.
    pool : {1, 2}
        2 keeps the largest of each square of 2 x 2 sums, before the activation; an odd row or
        column at the end is left out.
    below : tuple of int
        Shape of what is below: maps, height, width. It is given by :meth:`on`; empty before.

    Raises
    ------
    ValueError
        For anything else.

    Examples
    --------
    >>> Conv2d(32, 3, stride=2).on((1, 28, 28)).shape
    (32, 14, 14)
    """

    kernel: int = 3
    stride: int = 1
    padding: str = "same"
    pool: int = 1

    name = "conv2d"
    code = 1
    reads_maps = True

    def __post_init__(self) -> None:
        super().__post_init__()
        put = object.__setattr__
        put(self, "kernel", as_int("kernel", self.kernel, 1, MAX_KERNEL))
        put(self, "stride", as_int("stride", self.stride, 1, MAX_KERNEL))
        put(self, "pool", as_int("pool", self.pool, 1, 2))
        if not isinstance(self.padding, str) or self.padding not in PADDINGS:
            known = " or ".join(map(repr, PADDINGS))
            raise ValueError(f"padding takes {known}, got {self.padding!r}")

    def on(self, below: Shape) -> Self:
        """Return this layer standing on maps.

        Parameters
        ----------
        below : tuple of int
            Maps, height, width.

        Returns
        -------
        Conv2d
            The layer.

        Raises
        ------
        ValueError
            For what is not maps, and for maps that are smaller than the kernel or of which nothing
            would be left.
        """
        if len(below) != 3:
            raise ValueError(
                f"layers takes a convolution on maps, (channels, height, width), got {self} on "
                f"what has shape {tuple(below)}"
            )
        _, height, width = below
        if self.kernel > min(height, width):
            raise ValueError(
                f"layers takes kernels no larger than the map below, got {self} on a map of "
                f"{height} x {width}"
            )
        found = super().on(below)
        if min(found.shape[1:]) < 1:
            raise ValueError(
                f"layers takes maps that keep a position, got {self}, which leaves nothing of a "
                f"map of {height} x {width}"
            )
        return found

    @property
    def geometry(self) -> Geometry:
        """Where the weights read."""
        _, height, width = self.below
        before = (self.kernel - 1) // 2 if self.padding == "same" else 0
        rows, columns = (
            -(-size // self.stride)
            if self.padding == "same"
            else (size - self.kernel) // self.stride + 1
            for size in (height, width)
        )
        return Geometry(self.kernel, self.stride, before, self.pool, height, width, rows, columns)

    @property
    def shape(self) -> Shape:
        """Shape of the layer's units: maps, height, width."""
        there = self.geometry
        return self.units, there.rows // self.pool, there.columns // self.pool

    @property
    def fan_in(self) -> int:
        """Number of weights that lead into each map: a kernel for each map below."""
        return self.units_below * self.span

    @property
    def span(self) -> int:
        """Number of weights that lead from a map below to a map: those of a kernel."""
        return self.kernel**2

    def read_by(self, index: npt.ArrayLike) -> Bools:
        """Return which values below some weights read.

        Parameters
        ----------
        index : array-like of integers
            Weights, counted within the layer.

        Returns
        -------
        ndarray of shape (n_sources,), bool
            True for the values that are read, at any position.
        """
        there = self.geometry
        found = np.zeros(self.below, np.bool_)
        for slot in np.unique(np.asarray(index, np.int64) % self.fan_in):
            below, place = divmod(int(slot), self.span)
            row, column = divmod(place, self.kernel)
            rows = _read(row, there.rows // self.pool * self.pool, there, there.height)
            columns = _read(column, there.columns // self.pool * self.pool, there, there.width)
            found[below][np.ix_(rows, columns)] = True
        return found.ravel()

    def matrix(self, values: npt.NDArray[Any], units: Indices) -> npt.NDArray[Any]:
        """Return the kernels as they are: they multiply windows of maps, not values.

        Parameters
        ----------
        values : ndarray of shape (n, fan_in)
            The weights of these units.
        units : ndarray of shape (n,), int64
            Units of the layer.

        Returns
        -------
        ndarray of shape (n, fan_in)
            The same array.
        """
        return values

    def live(self, units: Indices, kept: Bools, weights: Int8s, bias: Floats) -> Convolution:
        """Return the part of the layer that computes some maps from the maps that they read.

        Parameters
        ----------
        units : ndarray of shape (n,), int64
            Maps of the layer, ascending.
        kept : ndarray of shape (n, fan_in), bool
            Which of their weights survive.
        weights : ndarray of shape (n, fan_in), int8
            The weights, 0 where scratched off.
        bias : ndarray of shape (n,), float64
            Their biases.

        Returns
        -------
        Convolution
            The part.
        """
        kernels = (len(units), self.units_below, self.span)
        survives = kept.reshape(kernels)
        reads = np.flatnonzero(survives.any(axis=(0, 2)))
        places = np.flatnonzero(survives.any(axis=(0, 1)))
        chosen = weights.reshape(kernels)[:, reads][:, :, places]
        return Convolution(units, reads, places, chosen, bias, self.geometry)

    def encode(self) -> bytes:
        """Return maps, kernel and stride as varints, and a byte of flags.

        Returns
        -------
        bytes
            What :meth:`decode` reads.
        """
        flags = PADDINGS.index(self.padding) | (self.pool == 2) << 1
        return b"".join(map(varint, (self.units, self.kernel, self.stride))) + bytes([flags])

    @classmethod
    def decode(cls, reader: ByteReader, most: int) -> Self:
        """Read a convolution from a file; it stands on nothing yet.

        Parameters
        ----------
        reader : ByteReader
            Its next bytes are the layer's.
        most : int
            Most maps that are allowed.

        Returns
        -------
        Conv2d
            The layer.

        Raises
        ------
        TicketError
            For bytes that do not stand for a layer.
        """
        units = reader.varint("the maps of a layer", 1, most)
        kernel = reader.varint("the size of a kernel", 1, MAX_KERNEL)
        stride = reader.varint("the stride of a kernel", 1, MAX_KERNEL)
        flags = reader.u8("the flags of a convolution")
        if flags > 3:
            raise TicketError(f"the flags of a convolution must be 0..3, the file says {flags}")
        return cls(units, kernel, stride, PADDINGS[flags & 1], 1 + (flags >> 1))

    def __str__(self) -> str:
        step = f"s{self.stride}" if self.stride > 1 else ""
        padding = "v" if self.padding == "valid" else ""
        pool = f"p{self.pool}" if self.pool > 1 else ""
        return f"conv{self.units}x{self.kernel}{step}{padding}{pool}"


class Convolution(NamedTuple):
    """The part of a convolution that a prediction computes."""

    units: Indices
    reads: Indices
    places: Indices  # (n_places,) those of a kernel at which any weight survives, ascending
    weights: Int8s  # (n_units, n_reads, n_places), 0 where scratched off
    bias: Floats  # (n_units,)
    geometry: Geometry

    @property
    def width(self) -> int:
        """How many numbers of a row it works on at a time."""
        there = self.geometry
        patch = len(self.reads) * len(self.places)
        return max(len(self.units), patch) * there.rows * there.columns

    def sums(self, values: Floats) -> Floats:
        """Return the sums of all positions of its maps, from all positions of those it reads.

        Parameters
        ----------
        values : ndarray of shape (n_rows, n_reads * positions below), float64
            Whole numbers.

        Returns
        -------
        ndarray of shape (n_rows, n_units * positions), float64
            The sums; where there is pooling, the largest of each square.
        """
        there, n, n_reads = self.geometry, len(values), len(self.reads)
        largest = np.abs(values).max(initial=0.0) * np.abs(self.weights.astype(np.int64)).sum(
            axis=(1, 2)
        ).max(initial=0)
        kind = np.float32 if largest < _EXACT else np.float64
        maps = values.reshape(n, n_reads, there.height, there.width).swapaxes(0, 1)
        padded, patch = self._padded(maps, kind), len(self.places) * n_reads
        kernels = self.weights.swapaxes(1, 2).reshape(len(self.units), patch).astype(kind)
        sums = np.empty((len(self.units), n, there.rows, there.columns), kind)
        for rows, columns in self._parts(n * patch):
            windows = self._windows(padded, rows, columns)
            found = kernels @ windows.reshape(patch, math.prod(windows.shape[2:]))
            sums[:, :, rows, columns] = found.reshape(len(self.units), *windows.shape[2:])
        if there.pool == 2:
            height, width = there.rows // 2 * 2, there.columns // 2 * 2
            pairs = np.maximum(sums[:, :, 0:height:2], sums[:, :, 1:height:2])
            sums = np.maximum(pairs[..., 0:width:2], pairs[..., 1:width:2])
        found = sums.swapaxes(0, 1).astype(np.float64) + self.bias[:, None, None]
        return found.reshape(n, len(self.units) * sums.shape[2] * sums.shape[3])

    def _windows(self, padded: npt.NDArray[Any], rows: slice, columns: slice) -> npt.NDArray[Any]:
        """Return what each place of a kernel reads, for sums at these rows and columns.

        It has shape (n_places, n_reads, n_rows, rows, columns).
        """
        there, (n_reads, n) = self.geometry, padded.shape[:2]
        height = min(rows.stop, there.rows) - rows.start
        width = min(columns.stop, there.columns) - columns.start
        step = there.stride
        out = np.empty((len(self.places), n_reads, n, height, width), padded.dtype)
        for read, place in zip(out, self.places.tolist(), strict=True):
            row, column = divmod(place, there.kernel)
            top, left = rows.start * step + row, columns.start * step + column
            across = padded[:, :, top : top + height * step : step]
            read[:] = across[..., left : left + width * step : step]
        return out

    def _parts(self, width: int) -> Iterator[tuple[slice, slice]]:
        """Yield rows and columns of sums, as many as make a block: each copies ``width`` values.

        All of them, but for a kernel that is large on a large map: copies of what it reads at all
        places would take more memory than a file may cost.
        """
        rows, columns = self.geometry.rows, self.geometry.columns
        across = min(columns, max(1, BLOCK // max(1, width)))
        down = max(1, BLOCK // max(1, width * columns)) if across == columns else 1
        for r, c in product(range(0, rows, down), range(0, columns, across)):
            yield slice(r, r + down), slice(c, c + across)

    def _padded(self, maps: Floats, kind: type) -> npt.NDArray[Any]:
        """Return maps with the zeros around them, just as many as are read."""
        there = self.geometry
        height = (there.rows - 1) * there.stride + there.kernel
        width = (there.columns - 1) * there.stride + there.kernel
        out = np.zeros((*maps.shape[:2], height, width), kind)
        rows = min(there.height, height - there.before)
        columns = min(there.width, width - there.before)
        at = there.before
        out[:, :, at : at + rows, at : at + columns] = maps[:, :, :rows, :columns]
        return out


def _read(at: int, n_places: int, there: Geometry, size: int) -> Indices:
    """Return which of ``size`` positions a row of a kernel reads on one axis."""
    places = np.arange(n_places) * there.stride + at - there.before
    found: Indices = places[(places >= 0) & (places < size)]
    return found

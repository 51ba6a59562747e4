"""A network with its survivors: units are dots, survivors are lines in the colour of their sign.

Large networks would be a tangle, so they are drawn as one heat map for each layer. matplotlib.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scratchcard.drawing.style import BLACK, BLUE, VERMILION, label
from scratchcard.ticket import Network, Ticket

MAX_UNITS, MAX_LINES = 128, 4000  # in a layer, and in a network, that are drawn unit by unit
MAX_CELLS = 400  # along each side of a heat map
SCRATCHED = "#9a9a9a"
UNUSED = 0.35  # of the height, at most, for units that are not used

Layers = list[NDArray[np.float64]]


class Counted(NamedTuple):
    """How often each weight survives in some tickets of one shape.

    Attributes
    ----------
    sizes : tuple of int
        Units per layer, inputs first.
    shares : list of ndarray of shape (units, units below)
        In what share of the tickets each weight survives; of a kernel, or of all weights that lead
        from a map to a unit, the mean.
    signs : list of ndarray of the same shapes, int8, or None
        Signs of the network's weights; None where the tickets have different weights.
    runs : int
        How many tickets there are.
    spans : tuple of int
        For each layer how many weights lead from a unit below to a unit: 1, or those of a kernel.
    are_maps : tuple of bool
        For the inputs and each layer, whether the units are maps.
    """

    sizes: tuple[int, ...]
    shares: Layers
    signs: list[NDArray[np.int8]] | None
    runs: int
    spans: tuple[int, ...]
    are_maps: tuple[bool, ...]


def counted(tickets: Sequence[Ticket]) -> Counted:
    """Return in what share of these tickets, all of one shape, each weight survives."""
    network = tickets[0].network
    kept = np.zeros(network.n_weights, np.int64)
    for ticket in tickets:
        kept += ticket.mask.flat()
    spans = tuple(layer.span for layer in network.layers)
    shares = [one.mean(axis=2) for one in _matrices(network, kept / len(tickets))]
    alike = all(ticket.network == network for ticket in tickets) and max(spans) == 1
    signs = None
    if alike:
        signs = [one[:, :, 0] for one in _matrices(network, np.sign(network.flat_weights()))]
    shapes = network.input_shape, *(layer.shape for layer in network.layers)
    are_maps = tuple(len(shape) > 1 for shape in shapes)
    return Counted(network.sizes, shares, signs, len(tickets), spans, are_maps)


def _matrices(network: Network, flat: NDArray[Any]) -> list[NDArray[Any]]:
    """Return values of all weights, of each layer (units, units below, span); 0 for no weight."""
    starts, found = network.offsets, []
    for number, layer in enumerate(network.layers):
        values = flat[starts[number] : starts[number + 1]].reshape(layer.units, layer.fan_in)
        matrix = layer.matrix(values, np.arange(layer.units))
        found.append(matrix.reshape(layer.units, layer.units_below, layer.span))
    return found


def is_drawn_by_unit(counts: Counted) -> bool:
    """Return whether a network is small enough to be drawn unit by unit."""
    lines = sum(int(np.count_nonzero(share)) for share in counts.shares)
    is_plain = max(counts.spans) == 1  # no layer of maps
    return is_plain and max(counts.sizes) <= MAX_UNITS and lines <= MAX_LINES


def places(counts: Counted, *, centred: bool = False) -> Layers:
    """Return the heights of the units of each layer, 1 at the top.

    Hidden units stand by the mean height of what they feed, so that fewer lines cross.

    Parameters
    ----------
    counts : Counted
        How often each weight survives.
    centred : bool
        Whether hidden units that feed nothing stand above and below all others, closely, and not
        only below.

    Returns
    -------
    list of ndarray of shape (units,)
        Heights, 0 to 1.
    """
    found = [_even(size) for size in counts.sizes]
    for layer in range(len(counts.sizes) - 2, 0, -1):
        feeds = counts.shares[layer]
        total = feeds.sum(axis=0)
        centre = np.where(total > 0, found[layer + 1] @ feeds / np.maximum(total, 1e-9), -1.0)
        order = np.argsort(-centre, kind="stable")
        heights = _even(counts.sizes[layer])
        if centred:
            order = np.roll(order, int(np.count_nonzero(total == 0)) // 2)
            heights = _spaced(total[order] > 0)
        found[layer][order] = heights
    return found


def _even(size: int) -> NDArray[np.float64]:
    return 1.0 - (np.arange(size) + 0.5) / size


def _spaced(used: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return heights from the top, where units that are not used take little of the room."""
    n_used = int(np.count_nonzero(used))
    room = min(1.0, UNUSED / (1 - UNUSED) * n_used / max(1, len(used) - n_used)) or 1.0
    each = np.where(used, 1.0, room)
    heights: NDArray[np.float64] = 1.0 - (np.cumsum(each) - each / 2) / each.sum()
    return heights


def draw_units_and_lines(
    axis: Any, counts: Counted, *, scratched: bool = False, thickness: float = 1.0
) -> None:
    """Draw a network unit by unit; the layers stand at 0, 1, 2, ... and units between 0 and 1.

    Parameters
    ----------
    axis : Axes
        Where to.
    counts : Counted
        How often each weight survives.
    scratched : bool
        Whether weights that survive in no ticket are drawn too, hardly visible; units that feed
        nothing then stand above and below all others.
    thickness : float
        How thick lines are, 1 for the usual.
    """
    heights = places(counts, centred=scratched)
    for layer, share in enumerate(counts.shares):
        if scratched:
            _draw_scratched(axis, layer, share, heights)
        _draw_lines(axis, counts, layer, heights, thickness)
    for layer, at in enumerate(heights):
        _draw_units(axis, counts, layer, at)
    axis.set(ylim=(-0.01, 1.01), yticks=[])
    axis.grid(False)
    axis.spines[:].set_visible(False)
    axis.tick_params(length=0)


def _segments(
    layer: int, to: NDArray[np.int64], source: NDArray[np.int64], heights: Layers
) -> list[Any]:
    ends = zip(heights[layer][source], heights[layer + 1][to], strict=True)
    return [[(layer, a), (layer + 1, b)] for a, b in ends]


def _draw_scratched(axis: Any, layer: int, share: NDArray[np.float64], heights: Layers) -> None:
    from matplotlib.collections import LineCollection

    to, source = np.nonzero(share == 0)
    faint = float(np.clip(4.5 / max(1.0, len(to) ** 0.5), 0.04, 0.3))
    lines = _segments(layer, to, source, heights)
    # As thousands of lines they would fill a file of vectors and look the same.
    axis.add_collection(
        LineCollection(
            lines, colors=SCRATCHED, linewidths=0.3, alpha=faint, zorder=0.5, rasterized=True
        )
    )


def _draw_lines(axis: Any, counts: Counted, layer: int, heights: Layers, thickness: float) -> None:
    from matplotlib.collections import LineCollection
    from matplotlib.colors import to_rgba

    share = counts.shares[layer]
    to, source = np.nonzero(share)
    often = np.argsort(share[to, source], kind="stable")  # the most frequent on top
    to, source = to[often], source[often]
    shares = share[to, source]
    signs = np.zeros(len(to)) if counts.signs is None else counts.signs[layer][to, source]
    room = min(1.0, 15.0 / max(1.0, len(to) ** 0.5))  # many lines are drawn finer and fainter
    colours = [
        to_rgba(_colour(int(sign)), _alpha(float(part), counts.runs, room))
        for sign, part in zip(signs, shares, strict=True)
    ]
    widths = np.where(shares >= 1, 2.2, 0.4 + 1.2 * shares) * (0.5 + 0.5 * room) * thickness
    segments = _segments(layer, to, source, heights)
    axis.add_collection(LineCollection(segments, colors=colours, linewidths=widths, zorder=1))


def _colour(sign: int) -> str:
    return {1: BLUE, -1: VERMILION}.get(sign, BLACK)


def _alpha(share: float, runs: int, room: float) -> float:
    """Return the opacity: survivors of every run are solid, those of one run in many are faint."""
    rarest = 1 / runs
    return 0.95 if share >= 1 else 0.05 + 0.3 * room + 0.5 * (share - rarest)


def _draw_units(axis: Any, counts: Counted, layer: int, heights: NDArray[np.float64]) -> None:
    used = np.zeros(len(heights), bool)
    if layer > 0:
        used |= counts.shares[layer - 1].any(axis=1)
    if layer < len(counts.shares):
        used |= counts.shares[layer].any(axis=0)
    size = float(np.clip(1500 / len(heights), 10, 60))
    fill = np.where(used, "black", "white")
    axis.scatter(
        np.full(len(heights), layer), heights, s=size, c=fill, edgecolors="black", linewidths=0.6
    )


def draw_maps(axes: Sequence[Any], counts: Counted, first: int = 0) -> None:
    """Draw a heat map of each layer: in what share of the tickets a weight survives.

    Parameters
    ----------
    axes : sequence of Axes
        One for each layer.
    counts : Counted
        How often each weight survives.
    first : int
        The layer that comes first.
    """
    of_runs = "stays" if counts.runs == 1 else f"share of {counts.runs} runs"
    for layer, (axis, share) in enumerate(zip(axes, counts.shares[first:], strict=True), first):
        span = counts.spans[layer]
        cells = blocks(share)
        image = axis.imshow(
            cells,
            aspect="auto",
            cmap="cividis",
            interpolation="nearest",
            vmin=0.0,
            extent=(-0.5, share.shape[1] - 0.5, share.shape[0] - 0.5, -0.5),
        )
        axis.grid(False)
        for one, length in zip((axis.yaxis, axis.xaxis), share.shape, strict=True):
            if length == 1:
                one.set_ticks([0])
            else:
                one.get_major_locator().set_params(integer=True)
        size = tuple(-(-n // m) for n, m in zip(share.shape, cells.shape, strict=True))
        of = "" if size == (1, 1) else f", means of {size[0]} × {size[1]} connections"
        if span > 1:
            of = f", each cell {span} weights" if not of else f"{of} of {span} weights"
        source, target = ("map" if one else "unit" for one in counts.are_maps[layer : layer + 2])
        label(axis, f"Layer {layer + 1}{of}", f"from {source}", f"to {target}")
        what = "share that stays" if span > 1 and counts.runs == 1 else of_runs
        axis.figure.colorbar(image, ax=axis, label=what)


def blocks(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the means of equal blocks of a matrix, at most 400 × 400; the last may be smaller."""
    for axis in (0, 1):
        step = -(-share.shape[axis] // MAX_CELLS)
        starts = np.arange(0, share.shape[axis], step)
        widths = np.diff([*starts, share.shape[axis]])
        share = np.add.reduceat(share, starts, axis) / np.expand_dims(widths, 1 - axis)
    return share

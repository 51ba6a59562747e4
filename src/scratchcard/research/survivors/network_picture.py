"""Draws a network with its survivors: units are dots, and dead weights are not drawn.

Large networks would be a tangle, so they are drawn as one heat map for each layer. A file of its
own beside ``pictures``, for its length.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scratchcard.research.shared.drawing import BLACK, BLUE, VERMILION, canvas, label, save
from scratchcard.research.survivors.runs import times
from scratchcard.ticket import Network, Ticket

MAX_UNITS, MAX_LINES = 128, 4000  # in a layer, and in a network, that are drawn unit by unit
MAX_CELLS = 400  # along each side of a heat map

Layers = list[NDArray[np.float64]]


class Counted(NamedTuple):
    """How often each weight survives, as shares (fan_out, fan_in) for each layer.

    ``signs`` are those of the network's weights, or None where the tickets have different weights.
    """

    sizes: tuple[int, ...]
    shares: Layers
    signs: list[NDArray[np.int8]] | None
    runs: int


def counted(tickets: Sequence[Ticket]) -> Counted:
    """Return in what share of these tickets, all of one shape, each weight survives."""
    network = tickets[0].network
    share = times([ticket.mask for ticket in tickets]) / len(tickets)
    ends = zip(network.offsets[:-1], network.shapes, strict=True)
    shares = [share[start : start + out * into].reshape(out, into) for start, (out, into) in ends]
    alike = all(ticket.network == network for ticket in tickets)
    return Counted(network.sizes, shares, _signs(network) if alike else None, len(tickets))


def _signs(network: Network) -> list[NDArray[np.int8]]:
    return [np.sign(network.weights_of(layer)) for layer in range(network.n_layers)]


def draw_network(counts: Counted, title: str, out: Path, name: str) -> list[Path]:
    """Draw the network with its survivors, or heat maps of its layers; return the files."""
    lines = sum(int(np.count_nonzero(share)) for share in counts.shares)
    if max(counts.sizes) > MAX_UNITS or lines > MAX_LINES:
        return _draw_maps(counts, title, out, name)
    height = float(np.clip(max(counts.sizes) * 0.1, 4.5, 11.0))
    figure, axes = canvas(size=(3.2 * len(counts.sizes), height))
    axis = axes[0, 0]
    places = _places(counts)
    for layer, share in enumerate(counts.shares):
        _draw_lines(axis, counts, layer, share, places)
    for layer, heights in enumerate(places):
        _draw_units(axis, counts, layer, heights)
    labels = [
        f"{size} inputs" if i == 0 else f"{size} hidden" for i, size in enumerate(counts.sizes)
    ]
    labels[-1] = f"{counts.sizes[-1]} outputs"
    axis.set_xticks(range(len(labels)), labels)
    axis.set(ylim=(-0.01, 1.01), yticks=[])
    axis.grid(False)
    axis.spines[:].set_visible(False)
    axis.tick_params(length=0)
    axis.set_title(title)
    axis.legend(handles=_legend(counts), loc="upper center", bbox_to_anchor=(0.5, -0.04), ncols=3)
    return save(figure, out, name)


def _places(counts: Counted) -> Layers:
    """Return the heights of the units of each layer, 1 at the top.

    Hidden units stand by the mean height of what they feed, so that fewer lines cross.
    """
    places = [_even(size) for size in counts.sizes]
    for layer in range(len(counts.sizes) - 2, 0, -1):
        feeds = counts.shares[layer]
        total = feeds.sum(axis=0)
        centre = np.where(total > 0, places[layer + 1] @ feeds / np.maximum(total, 1e-9), -1.0)
        order = np.argsort(-centre, kind="stable")
        places[layer][order] = _even(counts.sizes[layer])
    return places


def _even(size: int) -> NDArray[np.float64]:
    return 1.0 - (np.arange(size) + 0.5) / size


def _draw_lines(
    axis: Any, counts: Counted, layer: int, share: NDArray[np.float64], places: Layers
) -> None:
    from matplotlib.collections import LineCollection
    from matplotlib.colors import to_rgba

    to, source = np.nonzero(share)
    often = np.argsort(share[to, source], kind="stable")  # the most frequent on top
    to, source = to[often], source[often]
    ends = np.stack([places[layer][source], places[layer + 1][to]], axis=1)
    segments = [[(layer, a), (layer + 1, b)] for a, b in ends]
    shares = share[to, source]
    signs = np.zeros(len(to)) if counts.signs is None else counts.signs[layer][to, source]
    room = min(1.0, 15.0 / max(1.0, len(to) ** 0.5))  # many lines are drawn finer and fainter
    colours = [
        to_rgba(_colour(int(sign)), _alpha(float(part), counts.runs, room))
        for sign, part in zip(signs, shares, strict=True)
    ]
    widths = np.where(shares >= 1, 2.2, 0.4 + 1.2 * shares) * (0.5 + 0.5 * room)
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


def _legend(counts: Counted) -> list[Any]:
    from matplotlib.lines import Line2D

    often = [Line2D([], [], color="black", lw=2.2, label=f"survives in all {counts.runs} runs")]
    if counts.runs > 1:
        often.append(Line2D([], [], color="black", alpha=0.35, lw=0.8, label="in some"))
    dot = Line2D([], [], marker="o", mfc="white", mec="black", ls="", ms=5, label="unit not in use")
    if counts.signs is None:
        return [*often, dot]
    signs = [(BLUE, "weight above 0"), (VERMILION, "weight below 0")]
    return [*(Line2D([], [], color=c, lw=2.2, label=name) for c, name in signs), *often, dot]


def _draw_maps(counts: Counted, title: str, out: Path, name: str) -> list[Path]:
    figure, axes = canvas(rows=len(counts.shares), size=(9.0, 4.2))
    figure.suptitle(title, x=0.01, ha="left")
    for layer, (axis, share) in enumerate(zip(axes[:, 0], counts.shares, strict=True)):
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
        size = tuple(-(-n // m) for n, m in zip(share.shape, cells.shape, strict=True))
        of = "" if size == (1, 1) else f", means of {size[0]} × {size[1]} connections"
        label(axis, f"Layer {layer + 1}{of}", "from unit", "to unit")
        figure.colorbar(image, ax=axis, label=f"share of {counts.runs} runs")
    return save(figure, out, name)


def blocks(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the means of equal blocks of a matrix, at most 400 × 400; the last may be smaller."""
    for axis in (0, 1):
        step = -(-share.shape[axis] // MAX_CELLS)
        starts = np.arange(0, share.shape[axis], step)
        widths = np.diff([*starts, share.shape[axis]])
        share = np.add.reduceat(share, starts, axis) / np.expand_dims(widths, 1 - axis)
    return share

"""The filters of a ticket's first convolution, and what its layers make of an image. matplotlib."""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scratchcard.drawing.style import BLUE, VERMILION, patch, short
from scratchcard.ticket import Ticket

MOST_FILTERS = 64
ACROSS = 16  # kernels in a line
MOST_CHANNELS = 3  # of a filter, beside each other
IN_LINE = 3  # an image and maps, in a line
MOST_MAPS = 64  # of a layer, for a row
OFF = "#e4e4e4"  # a weight that was scratched off
CELL, LARGE = 4, 32  # pixels on each side of a weight, and of what kernels it has just one
FAINT = 0.3  # how much of its colour the smallest weight has
CLASS = 24  # most characters of a class

Pictures = NDArray[np.float64]


def _shape(ticket: Ticket) -> tuple[int, int, int, int]:
    """Return how many filters are drawn, their channels, their rows, and how many in a line."""
    layer = ticket.network.layers[0]
    shown, size = min(layer.units, MOST_FILTERS), round(layer.span**0.5)
    channels = min(layer.units_below, MOST_CHANNELS)
    return shown, channels, size, min(shown, ACROSS // channels)


def filters_height(ticket: Ticket) -> float:
    """Return how high the filters are drawn, in inches."""
    shown, channels, _, across = _shape(ticket)
    return 1.3 + ceil(shown / across) * min(0.8, 8.0 / (across * channels))


def draw_filters(axis: Any, ticket: Ticket) -> None:
    """Draw the kernels of the first layer: colours are the signs of weights that stay."""
    layer, kept = ticket.network.layers[0], ticket.mask.array(0)
    shown, channels, size, across = _shape(ticket)
    weights = ticket.network.weights_of(0).astype(np.float64)
    colours = _coloured(weights / max(1.0, np.abs(weights).max()), kept)
    filters = colours.reshape(layer.units, layer.units_below, size, size, 3)[:shown, :channels]
    # Cells of some pixels each, so that channels stand closer to each other than filters do.
    cell = CELL if size < LARGE else 1
    cells = filters.repeat(cell, axis=2).repeat(cell, axis=3)
    beside = np.array([_tiled(one, channels, 1.0) for one in cells])
    axis.imshow(_tiled(beside, across, 1.0, cell * max(1, size // 4)), interpolation="nearest")
    axis.set(xticks=[], yticks=[])
    axis.grid(False)
    axis.spines[:].set_visible(False)
    survivors = np.count_nonzero(kept)
    first = "" if shown == layer.units else f", the first {shown}"
    several = "" if channels == 1 else f", {channels} channels beside each other"
    title = f"Layer 1, {layer}: {survivors:,} of {kept.size:,} weights stay"
    axis.set_title(f"{title}{first}{several}")
    handles = [
        patch(BLUE, "stays, weight above 0"),
        patch(VERMILION, "stays, weight below 0"),
        patch(OFF, "scratched off"),
    ]
    axis.legend(
        handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.02), ncols=3, fontsize=9
    )


def _coloured(weights: NDArray[np.float64], kept: NDArray[np.bool_]) -> Pictures:
    """Return the colour of each weight, (..., 3): paler where it is smaller."""
    from matplotlib.colors import to_rgb

    sign = np.where(weights[..., None] < 0, to_rgb(VERMILION), to_rgb(BLUE))
    strength = (FAINT + (1 - FAINT) * np.abs(weights))[..., None]
    found: Pictures = np.where(kept[..., None], 1 - strength * (1 - sign), to_rgb(OFF))
    return found


def _tiled(pictures: Pictures, across: int, between: float, gap: int = 1) -> Pictures:
    """Return pictures (n, height, width, ...) in lines of so many, with gaps between them."""
    n, height, width, *colours = pictures.shape
    down = ceil(n / across)
    shape = (down * (height + gap) - gap, across * (width + gap) - gap, *colours)
    sheet = np.full(shape, between)
    for number, one in enumerate(pictures):
        top, left = number // across * (height + gap), number % across * (width + gap)
        sheet[top : top + height, left : left + width] = one
    return sheet


def _lines(ticket: Ticket) -> int:
    """Return in how many lines an image and its maps are drawn."""
    n_maps = sum(layer.positions > 1 for layer in ticket.network.layers)
    return ceil((1 + n_maps) / IN_LINE)


def row_height(ticket: Ticket) -> float:
    """Return how high an image and its maps are drawn, in inches."""
    return 0.4 + 2.7 * _lines(ticket)


def draw_row(figure: Any, ticket: Ticket, row: NDArray[Any], right: Any) -> None:
    """Draw an image, and its maps after each convolution.

    Parameters
    ----------
    figure : SubFigure
        Where to.
    ticket : Ticket
        The ticket; its rows are images.
    row : ndarray of shape (1, n_features)
        The image.
    right : object
        What is right of it.
    """
    network = ticket.network
    inputs = ticket.scaling.quantise(row, network.input_limit)
    values_of = network.activations(ticket.mask, inputs)
    found = [
        (str(layer), values[0])
        for layer, values in zip(network.layers, values_of, strict=False)
        if layer.positions > 1
    ]
    axes = figure.subplots(_lines(ticket), min(IN_LINE, 1 + len(found)), squeeze=False).ravel()
    for axis in axes:
        axis.set(xticks=[], yticks=[])
        axis.grid(False)
        axis.spines[:].set_visible(False)
    image = _image(inputs[0].reshape(network.input_shape), network.input_limit)
    axes[0].imshow(image, cmap="gray", vmin=0.0, vmax=1.0)
    answer = short(str(ticket.predict(row)[0]), CLASS)
    axes[0].set_title(f"the first test row: {short(str(right), CLASS)}", fontsize=10)
    axes[0].set_xlabel(f"the ticket answers {answer}", fontsize=10)
    for axis, (name, values) in zip(axes[1:], found, strict=False):
        n_maps, height, width = values.shape
        shown = values[:MOST_MAPS]
        tiles = _tiled(shown, ceil((len(shown) * height / width) ** 0.5), np.nan)
        axis.imshow(tiles, cmap="cividis", vmin=min(0.0, values.min()), interpolation="nearest")
        axis.set_title(f"after {name}", fontsize=10)
        first = f"the first {len(shown)} of " if len(shown) < n_maps else ""
        axis.set_xlabel(f"{first}{n_maps} maps of {height} × {width}", fontsize=10)


def _image(values: NDArray[Any], limit: int) -> Pictures:
    """Return an image of one channel as it is, of three in colours, of others side by side."""
    shades = (values.astype(np.float64) / limit + 1) / 2
    found: Pictures = shades[0]
    if len(shades) == 3:
        found = shades.transpose(1, 2, 0)
    elif len(shades) > 1:
        found = np.concatenate([*shades], axis=1)
    return found

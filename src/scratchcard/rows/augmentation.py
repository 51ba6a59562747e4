"""Augmentation: rows varied anew each time they are drawn, so that none is learnt by heart."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from scratchcard.rows.images import shape_of_images
from scratchcard.ticket.layers import Shape

Inputs = NDArray[np.int16]

WAYS = ((2, -1), (2, 1), (3, -1), (3, 1))  # axis and step of each shift
STAY = len(WAYS)  # how many rows stay as they are for each row that is shifted a given way


def shifted(inputs: Inputs, random: np.random.Generator, shape: Shape = ()) -> Inputs:
    """Return images, half of which are shifted by one pixel.

    Half of the images stay as they are, and an eighth is shifted in each of the four directions.
    The pixels that come in at an edge repeat that edge.

    Parameters
    ----------
    inputs : ndarray of shape (n_rows, channels * height * width), int16
        One image in each row, channel after channel and line after line.
    random : numpy.random.Generator
        Decides which images are shifted, and where to.
    shape : tuple of int
        Shape of a row of the network: channels, height and width; of any other the images are
        squares of one channel.

    Returns
    -------
    ndarray of the shape of ``inputs``, int16
        New images; ``inputs`` is not changed.
    """
    images = inputs.reshape(-1, *_as_maps(shape, inputs.shape[1])).copy()
    ways = random.integers(0, len(WAYS) + STAY, len(images))
    for way, (axis, step) in enumerate(WAYS):
        size = images.shape[axis]
        from_pixels = np.clip(np.arange(size) - step, 0, size - 1)
        images[ways == way] = images[ways == way].take(from_pixels, axis=axis)
    return images.reshape(inputs.shape)


def _as_maps(shape: Shape, n_features: int) -> Shape:
    """Return the shape of the images that rows are."""
    return shape if len(shape) == 3 else shape_of_images(n_features)


AUGMENTATIONS: dict[str, Callable[..., Inputs]] = {"shift": shifted}
"""Augmentations by name. A new one is a function here and a row in this table."""


def check_augmentation(augment: str | None, shape: Shape, draws_rows: bool) -> None:
    """Raise an error unless this augmentation suits the rows and the algorithm.

    Parameters
    ----------
    augment : str or None
        A name in :data:`AUGMENTATIONS`; None suits everything.
    shape : tuple of int
        Shape of a row of the network.
    draws_rows : bool
        Whether the algorithm draws rows anew during a search.

    Raises
    ------
    ValueError
        If there is no augmentation of that name, if rows are neither maps nor square images, or if
        the algorithm reads all rows as they are.
    """
    if augment is None:
        return
    if augment not in AUGMENTATIONS:
        known = " or ".join(map(repr, AUGMENTATIONS))
        raise ValueError(f"augment takes {known} or None, got {augment!r}")
    n_features = math.prod(shape)
    if augment == "shift" and len(shape) != 3 and math.isqrt(n_features) ** 2 != n_features:
        raise ValueError(
            "augment='shift' takes square images, a number of features that is a square, "
            f"got {n_features}"
        )
    if not draws_rows:
        raise ValueError(
            f"augment={augment!r} takes an algorithm that draws rows anew, as the memetic one does"
        )

"""Images: the shape of maps that rows of pixels are."""

from __future__ import annotations

import math
from typing import Any

from scratchcard.checks import as_int
from scratchcard.ticket.layers import Shape

__all__ = ["shape_of_images"]

TAKES = "image_shape takes (height, width) or (channels, height, width)"
MOST = 1 << 31


def shape_of_images(n_features: int, given: Any = None) -> Shape:
    """Return the shape of the image that each row is.

    Parameters
    ----------
    n_features : int
        Number of values in a row: channel after channel, and in each line after line.
    given : sequence of int or None
        (height, width), for one channel, or (channels, height, width); None for one square
        channel.

    Returns
    -------
    tuple of int
        Channels, height, width.

    Raises
    ------
    ValueError
        For another shape, for one that rows do not have, and for None where they are no square.
    """
    if given is None:
        side = math.isqrt(n_features)
        if side * side != n_features:
            raise ValueError(
                f"{TAKES}, since rows of {n_features} values are no square of one channel; got None"
            )
        return 1, side, side
    if not isinstance(given, (tuple, list)) or len(given) not in (2, 3):
        raise ValueError(f"{TAKES}, got {given!r}")
    sizes = tuple(as_int("image_shape", size, 1, MOST) for size in given)
    if math.prod(sizes) != n_features:
        raise ValueError(
            f"{TAKES} of the {n_features} values that rows have, got {given!r}, which are "
            f"{math.prod(sizes)}"
        )
    return sizes if len(sizes) == 3 else (1, *sizes)

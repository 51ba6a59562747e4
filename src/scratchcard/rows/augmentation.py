"""Augmentation: rows varied anew each time they are drawn, against learning them by heart."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Inputs = NDArray[np.int16]

WAYS = ((1, -1), (1, 1), (2, -1), (2, 1))  # axis and step of a shift
STAY = len(WAYS)  # parts of the rows that stay as they are; one part goes each way


def shifted(inputs: Inputs, random: np.random.Generator) -> Inputs:
    """Return square images, (n_rows, side * side), half of them shifted by a pixel.

    A row is an image, line after line. Half stay as they are, an eighth go each way; what comes in
    at an edge repeats that edge.
    """
    side = math.isqrt(inputs.shape[1])
    images = inputs.reshape(-1, side, side).copy()
    ways = random.integers(0, len(WAYS) + STAY, len(images))
    for way, (axis, step) in enumerate(WAYS):
        from_pixels = np.clip(np.arange(side) - step, 0, side - 1)
        images[ways == way] = images[ways == way].take(from_pixels, axis=axis)
    return images.reshape(inputs.shape)


AUGMENTATIONS: dict[str, Callable[[Inputs, np.random.Generator], Inputs]] = {"shift": shifted}
"""Augmentations by name. A new one is a function here and a row in this table."""


def check_augmentation(augment: str | None, n_features: int, draws_rows: bool) -> None:
    """Raise ValueError unless this suits rows of so many features and an algorithm draws rows."""
    if augment is None:
        return
    if augment not in AUGMENTATIONS:
        known = " or ".join(map(repr, AUGMENTATIONS))
        raise ValueError(f"augment takes {known} or None, got {augment!r}")
    if augment == "shift" and math.isqrt(n_features) ** 2 != n_features:
        raise ValueError(
            "augment='shift' takes square images, a number of features that is a square, "
            f"got {n_features}"
        )
    if not draws_rows:
        raise ValueError(
            f"augment={augment!r} takes an algorithm that draws rows anew, as the memetic one does"
        )

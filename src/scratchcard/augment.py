"""Augmentation: more training rows made of those there are, against learning rows by heart."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from scratchcard.engines.rows import Rows

AUGMENTATIONS = ("shift",)


def check_augmentation(augment: str | None, n_features: int) -> None:
    """Raise ValueError unless this augmentation suits rows of so many features."""
    if augment is None:
        return
    if augment not in AUGMENTATIONS:
        known = " or ".join(map(repr, AUGMENTATIONS))
        raise ValueError(f"augment takes {known} or None, got {augment!r}")
    if math.isqrt(n_features) ** 2 != n_features:
        raise ValueError(
            "augment='shift' takes square images, a number of features that is a square, "
            f"got {n_features}"
        )


def augmented(rows: Rows, augment: str | None) -> Rows:
    """Return the rows, and with "shift" also each one shifted by a pixel in four directions.

    A row is a square image, line after line; what comes in at an edge repeats that edge.
    """
    n_features = rows.inputs.shape[1]
    check_augmentation(augment, n_features)
    if augment is None:
        return rows
    side = math.isqrt(n_features)
    images = rows.inputs.reshape(-1, side, side)
    parts = [images, *(_shifted(images, axis, step) for axis in (1, 2) for step in (-1, 1))]
    n_parts = len(parts)
    return Rows(
        np.concatenate(parts).reshape(-1, n_features),
        np.tile(rows.targets, n_parts),
        np.tile(rows.weights, n_parts),
    )


def _shifted(images: NDArray[np.int16], axis: int, step: int) -> NDArray[np.int16]:
    """Return images, (n, side, side), each moved by one pixel along an axis."""
    from_pixels = np.clip(np.arange(images.shape[axis]) - step, 0, images.shape[axis] - 1)
    return images.take(from_pixels, axis=axis)

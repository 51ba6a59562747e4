"""Images: their shapes, and rows shifted as the images that they are."""

from __future__ import annotations

import numpy as np
import pytest

from scratchcard.rows.augmentation import check_augmentation, shifted
from scratchcard.rows.images import shape_of_images


@pytest.mark.parametrize(
    ("n_features", "given", "shape"),
    [
        (784, None, (1, 28, 28)),
        (784, (28, 28), (1, 28, 28)),
        (24, [4, 6], (1, 4, 6)),
        (72, (3, 4, 6), (3, 4, 6)),
        (1, None, (1, 1, 1)),
    ],
)
def test_the_shape_of_rows(n_features, given, shape):
    assert shape_of_images(n_features, given) == shape


@pytest.mark.parametrize(
    ("n_features", "given", "message"),
    [
        (24, None, "rows of 24 values are no square of one channel; got None"),
        (24, (4, 5), r"of the 24 values that rows have, got \(4, 5\), which are 20"),
        (24, 24, "got 24"),
        (24, (24,), r"got \(24,\)"),
        (24, "4x6", "got '4x6'"),
        (24, (4, 6.0), "image_shape takes an integer"),
        (24, (-4, -6), "image_shape takes an integer"),
        (24, (1, 1, 4, 6), r"got \(1, 1, 4, 6\)"),
    ],
)
def test_other_shapes_are_refused_by_name(n_features, given, message):
    with pytest.raises(ValueError, match=message) as raised:
        shape_of_images(n_features, given)
    assert "image_shape takes" in str(raised.value)


@pytest.mark.parametrize("shape", [(1, 4, 6), (3, 4, 6), (2, 5, 5)])
def test_all_channels_of_an_image_are_shifted_alike(shape):
    image = np.arange(np.prod(shape), dtype=np.int16)
    rows = np.tile(image, (400, 1))
    found = shifted(rows, np.random.default_rng(0), shape).reshape(-1, *shape)
    whole = image.reshape(shape)
    ways = {
        "stays": whole,
        "up": whole[:, [*range(1, shape[1]), -1]],
        "down": whole[:, [0, *range(shape[1] - 1)]],
        "left": whole[:, :, [*range(1, shape[2]), -1]],
        "right": whole[:, :, [0, *range(shape[2] - 1)]],
    }
    counts = {name: int((found == one).all(axis=(1, 2, 3)).sum()) for name, one in ways.items()}
    assert sum(counts.values()) == 400
    assert 150 < counts["stays"] < 250
    assert all(25 < counts[name] < 80 for name in ("up", "down", "left", "right"))
    assert (rows == image).all()


def test_a_square_channel_is_shifted_as_rows_without_a_shape():
    rows = np.random.default_rng(0).integers(0, 99, (50, 25), np.int16)
    as_maps = shifted(rows, np.random.default_rng(7), (1, 5, 5))
    assert np.array_equal(as_maps, shifted(rows, np.random.default_rng(7)))
    assert np.array_equal(as_maps, shifted(rows, np.random.default_rng(7), (25,)))


def test_which_rows_can_be_shifted():
    check_augmentation("shift", (3, 4, 6), True)
    check_augmentation("shift", (25,), True)
    with pytest.raises(ValueError, match=r"takes square images, .* got 24"):
        check_augmentation("shift", (24,), True)

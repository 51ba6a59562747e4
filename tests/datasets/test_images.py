"""Data sets as images: all columns in order, one scaling, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from convolved import convolved
from scratchcard.datasets import DataError, as_images, as_read_by, load, split
from scratchcard.ticket import Table

RANDOM = np.random.default_rng(0)
y = np.arange(60) % 2


def table_of(X, names=None):
    return Table(X, (None,) * X.shape[1], names)


def test_constant_columns_stay_and_all_share_one_scaling():
    X = RANDOM.normal(size=(60, 9)) * [1, 1e-3, 1e3, 1, 1, 1, 1, 1, 1]
    X[:, 4] = 7.0
    names = tuple("abcdefghi")
    dataset = split("rows", table_of(X, names), y)
    assert dataset.n_features == 8
    images = as_images(dataset)
    assert images.n_features == 9
    assert images.columns is None
    assert images.tables is None
    assert images.feature_names == names
    assert images.scaling.kind == "global"
    assert (images.train.X[:, 4] == 7.0).all()
    assert np.array_equal(images.test.y, dataset.test.y)
    assert as_images(images).train.X is images.train.X


def test_scaling_is_of_training_rows_alone():
    dataset = load("digits")
    images = as_images(dataset)
    assert images.train.X is dataset.train.X
    middle, top = images.scaling.offset[0], dataset.train.X.max()
    assert (top - middle) * images.scaling.scale[0] == pytest.approx(1.0)


def test_only_tickets_with_convolutions_read_images():
    from columns import random_ticket

    dataset = load("digits")
    assert as_read_by(dataset, random_ticket((64, 10), 0.5)) is dataset
    assert as_read_by(dataset, convolved((1, 8, 8))).scaling.kind == "global"


def test_columns_that_are_no_pixels_are_refused_by_name():
    X = RANDOM.normal(size=(60, 4))
    holes = np.where(np.arange(240).reshape(60, 4) % 50 == 1, np.nan, X)
    message = r"rows: layers takes convolutions .* column 'b' has missing cells"
    with pytest.raises(DataError, match=message):
        as_images(split("rows", table_of(holes, tuple("abcd")), y))
    X[:, 2] = RANDOM.integers(0, 2, 60)
    mixed = Table(X, (None, None, ("x", "y"), None), tuple("abcd"))
    with pytest.raises(DataError, match="column 'c' holds categories"):
        as_images(split("rows", mixed, y))

"""Estimators with convolutions: layers and the shape of images, what rows may be, warm starts."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.utils.estimator_checks import parametrize_with_checks

from scratchcard import (
    Conv2d,
    Dense,
    Memetic,
    TicketClassifier,
    TicketClusterer,
    TicketRegressor,
)

QUICK = Memetic(max_density=0.5, population=1, burst=500)
LAYERS = [Conv2d(4, 3, stride=2), Dense(8)]
X, y = (rows[:300] for rows in load_digits(return_X_y=True))


def small(kind=TicketClassifier, **settings):
    defaults = {"layers": LAYERS, "algorithm": QUICK, "max_iter": 3, "random_state": 0}
    return kind(**(defaults | settings))


@pytest.fixture(scope="module")
def fitted():
    return small().fit(X, y)


def test_a_classifier_finds_the_digits(fitted):
    assert fitted.network_.architecture == "1x8x8-conv4x3s2-8-10"
    assert fitted.network_.weights == "signed_constant"
    assert fitted.ticket_.columns is None
    assert fitted.score(X, y) > 0.3
    assert np.array_equal(fitted.ticket_.predict(X), fitted.predict(X))


def test_it_is_cloned_changed_and_pickled(fitted):
    assert clone(fitted).fit(X, y).ticket_ == fitted.ticket_
    assert clone(fitted).get_params()["layers"] == LAYERS
    assert np.array_equal(pickle.loads(pickle.dumps(fitted)).predict(X), fitted.predict(X))
    other = clone(fitted).set_params(layers=[Conv2d(2, 4)]).fit(X, y)
    assert other.network_.architecture == "1x8x8-conv2x4-10"


def test_dense_layers_are_what_hidden_layer_sizes_says():
    dense = small(layers=[Dense(9), Dense(8)]).fit(X, y)
    sizes = small(layers=None, hidden_layer_sizes=(9, 8)).fit(X, y)
    assert dense.ticket_ == sizes.ticket_


def test_a_density_that_is_left_open():
    found = small(algorithm="memetic", max_evaluations=2000, max_iter=None).fit(X, y)
    assert found.algorithm_ == Memetic(max_density=0.4)


def test_all_columns_share_one_scaling_though_some_are_constant(fitted):
    assert fitted.ticket_.scaling.kind == "global"
    rows = X.copy()
    rows[:, :60] = 0.0  # no two columns that vary reach as far
    rows[:, 60:] *= [1e-6, 1e-3, 1.0, 10.0]
    found = small().fit(pd.DataFrame(rows, columns=[f"p{i}" for i in range(64)]), y)
    assert found.network_.input_shape == (1, 8, 8)
    assert found.ticket_.scaling.kind == "global"
    assert found.ticket_.columns is None


def test_images_of_several_channels():
    rows = np.stack([X.reshape(-1, 8, 8)[:, :, :6]] * 3, axis=1).reshape(len(X), -1)
    found = small(image_shape=(3, 8, 6)).fit(rows, y)
    assert found.network_.input_shape == (3, 8, 6)
    assert found.score(rows, y) > 0.4
    assert small(image_shape=(6, 8)).fit(rows[:, :48], y).network_.input_shape == (1, 6, 8)


def test_a_warm_start_goes_on(fitted):
    found = small(warm_start=True).fit(X, y)
    first = found.ticket_
    found.fit(X, y)
    assert found.ticket_.network == first.network == fitted.network_
    assert found.n_iter_ == 6
    assert found.loss_ < fitted.loss_
    with pytest.raises(ValueError, match=r"warm_start=True .* layers, image_shape, .* not change"):
        found.set_params(layers=None).fit(X, y)


def test_rows_set_aside_and_bytes():
    found = small(max_bytes=120, algorithm="memetic", early_stopping=True).fit(X, y)
    assert len(found.ticket_.to_bytes()) <= 120
    assert found.network_.architecture == "1x8x8-conv4x3s2-8-10"


def test_regressor_and_clusterer():
    regressor = small(TicketRegressor).fit(X, y)
    assert regressor.network_.architecture == "1x8x8-conv4x3s2-8-1"
    assert regressor.score(X, y) > 0.05
    clusterer = small(TicketClusterer, n_clusters=3, n_init=1, images=True).fit(X)
    assert clusterer.network_.architecture == "1x8x8-conv4x3s2-8-3"
    assert set(clusterer.labels_) <= {0, 1, 2}


HOLE = np.where(np.arange(X.size).reshape(X.shape) == 5, np.nan, X)


@pytest.mark.parametrize(
    ("settings", "rows", "message"),
    [
        (
            {"hidden_layer_sizes": 20},
            X,
            "hidden_layer_sizes takes its default, 'auto', with layers",
        ),
        (
            {"layers": Conv2d(4)},
            X,
            r"layers takes the layers before the output layer, .* got Conv2d",
        ),
        ({"layers": [4]}, X, r"layers takes .* got \[4\]"),
        ({"layers": [Conv2d(4, 9)]}, X, "layers takes kernels no larger than the map below"),
        ({"layers": [Dense(4), Conv2d(4)]}, X, "layers takes a convolution on maps"),
        ({}, X[:, :60], "image_shape takes .* rows of 60 values are no square"),
        ({"image_shape": (3, 8, 8)}, X, r"image_shape takes .* got \(3, 8, 8\), which are 192"),
        (
            {"layers": None, "image_shape": (8, 8)},
            X,
            "image_shape takes None without a convolution",
        ),
        ({"image_shape": 8}, X, "image_shape takes .* got 8"),
        (
            {"layers": [Dense(4)], "image_shape": (8, 8)},
            X,
            r"image_shape takes None without a convolution in layers, got \(8, 8\)",
        ),
        ({"layers": None, "image_shape": (8, 8)}, X, "image_shape takes None without a convolut"),
        ({}, HOLE, "layers takes convolutions for images alone, .* column 5 has missing cells"),
        ({"categorical_features": [7]}, X, "column 7 holds categories"),
        ({"weights": "small"}, X, "weights takes one of"),
    ],
)
def test_what_cannot_be_is_refused_by_name(settings, rows, message):
    with pytest.raises(ValueError, match=message):
        small(**settings).fit(rows, y)


def test_images_of_clusters_are_square_and_of_one_channel():
    rows = np.tile(X, 4)
    with pytest.raises(ValueError, match="images=True takes square images of one channel, got 4x8"):
        small(TicketClusterer, n_clusters=3, images=True, image_shape=(4, 8, 8)).fit(rows)


@parametrize_with_checks([small(layers=[Dense(20)], max_iter=10, max_evaluations=6000)])
def test_scikit_learn_accepts_layers(estimator, check):
    check(estimator)

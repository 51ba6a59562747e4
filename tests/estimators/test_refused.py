# TicketClassifier: what is refused, by name and before anything is searched.
from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError

import scratchcard.search.journal
from classifiers import small
from scratchcard import Memetic


@pytest.fixture(scope="module")
def iris():
    return load_iris(return_X_y=True)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"hidden_layer_sizes": 0}, "hidden_layer_sizes takes an integer from 1, or a sequence"),
        ({"hidden_layer_sizes": (10, -1)}, "hidden_layer_sizes"),
        ({"hidden_layer_sizes": 1.5}, "hidden_layer_sizes"),
        ({"hidden_layer_sizes": "ab"}, "hidden_layer_sizes"),
        ({"hidden_layer_sizes": 2**40}, "sizes takes an integer 1..2147483648"),
        ({"activation": "tanh"}, "activation takes one of 'relu', 'step', 'sign', got 'tanh'"),
        ({"weights": "normal"}, "weights"),
        ({"biases": None}, "biases"),
        ({"input_bits": 12}, "input_bits takes 8 or 16, got 12"),
        ({"objective": "loss"}, "objective takes one of"),
        ({"algorithm": "gradient"}, "algorithm takes 'memetic' or 'genetic', got 'gradient'"),
        ({"algorithm": 3}, "algorithm takes 'memetic', 'genetic' or an Algorithm, got 3"),
        ({"algorithm": "memetic", "max_density": 0}, "max_density takes a number above 0 to 1"),
        ({"algorithm": "memetic", "max_density": 1.1}, "max_density takes a number above 0 to 1"),
        ({"algorithm": "memetic", "max_density": "0.1"}, "max_density takes a number above 0"),
        ({"algorithm": "memetic", "max_density": np.nan}, "max_density takes a number above 0"),
        ({"algorithm": "memetic", "max_density": 1e-3}, "leaves 0 of 140 weights; a path .* 2"),
        ({"algorithm": Memetic(max_density=1e-3)}, "leaves 0 of 140 weights"),
        ({"max_iter": 0}, "max_iter takes an integer from 1 or None, got 0"),
        ({"max_iter": 2.5}, "max_iter takes an integer from 1 or None, got 2.5"),
        ({"max_iter": True}, "max_iter takes an integer from 1 or None, got True"),
        ({"max_time": True}, "max_time takes seconds above 0 or None, got True"),
        ({"input_bits": 0}, "input_bits takes an integer 8..16, got 0"),
        ({"max_evaluations": -1}, "max_evaluations takes an integer from 1 or None, got -1"),
        ({"max_time": 0}, "max_time takes seconds above 0 or None, got 0"),
        ({"max_time": np.inf}, "max_time takes seconds above 0 or None, got inf"),
        ({"n_iter_no_change": None}, "n_iter_no_change takes an integer from 1, got None"),
        ({"validation_fraction": 1.0}, "validation_fraction takes a number between 0 and 1"),
        ({"class_weight": "auto"}, "class_weight"),
        ({"class_weight": {0: -1}}, "class_weight takes numbers from 0"),
        ({"class_weight": {"x": 1}}, "class_weight"),
        (
            {"class_weight": {0: 0, 1: 0, 2: 0}},
            "class_weight takes numbers from 0, not all of them 0",
        ),
        ({"random_state": -1}, "random_state takes an integer"),
        ({"random_state": 2**32}, "random_state takes an integer"),
        ({"random_state": "seed"}, "random_state takes an integer"),
        ({"n_jobs": 0}, "n_jobs"),
        ({"n_jobs": "2"}, "n_jobs takes a number of threads, -1 for all cores, or None, got '2'"),
        (
            {"algorithm": Memetic},
            "algorithm takes 'memetic', 'genetic' or an Algorithm, got <class",
        ),
    ],
)
def test_parameters_are_refused_by_name_before_the_search(settings, message, iris, monkeypatch):
    monkeypatch.setattr(scratchcard.search.journal, "evolve", None)
    classifier = small(**settings)
    with pytest.raises(ValueError, match=message):
        classifier.fit(*iris)
    with pytest.raises(NotFittedError):
        classifier.predict(iris[0])


@pytest.mark.parametrize(
    ("X", "y", "sample_weight", "message"),
    [
        ([[1.0], [np.inf]], [0, 1], None, "infinity"),
        ([[1.0], [1e300]], [0, 1], None, r"column 0 takes numbers below 2\*\*100"),
        ([["a"], ["b"]], [0, 1], None, "Convert your data to numeric values"),
        ([[1j], [2]], [0, 1], None, "Complex data not supported"),
        ([1.0, 2.0], [0, 1], None, "Expected 2D array"),
        ([[1.0], [2.0]], [1, 1], None, "two classes or more, got 1 class, 1$"),
        ([[1.0], [2.0]], [0, 1], [1, 0], "two classes or more, got 1 class, 0$"),
        ([[1.0], [2.0]], [0, 1, 1], None, "inconsistent numbers of samples"),
        ([[1.0], [2.0]], [0.5, 1.25], None, "Unknown label type"),
        ([[1.0], [2.0]], [0, None], None, "Unknown label type"),
        ([[1.0], [2.0]], ["a", "b\0c"], None, "classes takes text without NUL"),
        (np.zeros((0, 2)), [], None, "0 sample"),
        (np.zeros((2, 0)), [0, 1], None, "0 feature"),
        ([[1.0], [2.0]], [0, 1], [1, -1], "sample_weight takes numbers from 0, got -1.0"),
        ([[1.0], [2.0]], [0, 1], [0, 0], "zero"),
        ([[1.0], [2.0]], [0, 1], [1, np.nan], "sample_weight contains NaN"),
    ],
)
def test_rows_are_refused_before_the_search(X, y, sample_weight, message, monkeypatch):
    monkeypatch.setattr(scratchcard.search.journal, "evolve", None)
    with pytest.raises(ValueError, match=message):
        small().fit(X, y, sample_weight)


def test_sparse_rows_are_refused(iris):
    from scipy.sparse import csr_array

    with pytest.raises(TypeError, match="dense data is required"):
        small().fit(csr_array(iris[0]), iris[1])


def test_rows_to_predict_are_checked(iris):
    X, y = iris
    classifier = small().fit(X, y)
    for method in (classifier.predict, classifier.predict_proba, classifier.decision_function):
        with pytest.raises(ValueError, match="3 features"):
            method(X[:, :3])
        with pytest.raises(ValueError, match="infinity"):
            method(np.where(X > 5, np.inf, X))

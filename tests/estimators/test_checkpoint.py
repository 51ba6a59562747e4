"""Estimators with a checkpoint: what is interrupted or killed is gone on with by the same fit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris

from processes import wait_until
from scratchcard import TicketClassifier, TicketClusterer, TicketRegressor
from scratchcard.search import CheckpointError

X, Y = load_iris(return_X_y=True)
NUMBERS = 1000 + 30 * X[:, 0]
WEIGHTS = np.arange(len(X)) % 4
LONG = {"random_state": 0, "max_evaluations": 200_000}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "search"


@pytest.fixture
def interrupting(path):
    """A Ctrl-C as soon as something is saved."""
    over = threading.Event()

    def watch():
        while not over.wait(0.005):
            if path.exists():
                os.kill(os.getpid(), signal.SIGINT)
                return

    thread = threading.Thread(target=watch)
    thread.start()
    yield
    over.set()
    thread.join()


@pytest.mark.parametrize(
    ("model", "y", "weights"),
    [
        (TicketClassifier(hidden_layer_sizes=20, **LONG), Y, None),
        (TicketClassifier(max_bytes=150, class_weight="balanced", **LONG), Y, WEIGHTS),
        (TicketRegressor(hidden_layer_sizes=20, early_stopping=True, **LONG), NUMBERS, WEIGHTS),
        (TicketClusterer(3, hidden_layer_sizes=20, random_state=0, max_iter=60), None, WEIGHTS),
    ],
    ids=["classifier", "within bytes", "regressor", "clusterer"],
)
@pytest.mark.filterwarnings("ignore:.*clusters are empty")
def test_what_ctrl_c_ended_goes_on(request, path, model, y, weights):
    whole = clone(model).fit(X, y, sample_weight=weights)
    model = clone(model).set_params(checkpoint=path)
    request.getfixturevalue("interrupting")
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y, sample_weight=weights)
    assert len(model.predict(X)) == len(X)  # the best ticket so far
    assert os.listdir(path.parent) == ["search"]
    again = clone(model).set_params(n_jobs=2).fit(X, y, sample_weight=weights)
    assert again.ticket_.to_bytes() == whole.ticket_.to_bytes()
    assert again.n_iter_ == whole.n_iter_
    assert os.listdir(path.parent) == []


KILLED = """
import sys
from sklearn.datasets import load_iris
from scratchcard import TicketClassifier
X, y = load_iris(return_X_y=True)
settings = {"hidden_layer_sizes": 20, "weights": "uniform", "random_state": 0, "max_iter": 300}
TicketClassifier(**settings, checkpoint=sys.argv[1]).fit(X, y)
"""


def test_what_was_killed_goes_on(path):
    process = subprocess.Popen([sys.executable, "-c", KILLED, path])
    wait_until(process, path.exists)
    process.kill()
    process.wait()
    settings = {"hidden_layer_sizes": 20, "weights": "uniform", "random_state": 0}
    model = TicketClassifier(**settings, max_iter=300)
    whole = model.fit(X, Y).ticket_.to_bytes()
    again = clone(model).set_params(checkpoint=str(path), verbose=0).fit(X, Y)
    assert again.ticket_.to_bytes() == whole
    assert not path.exists()


def test_a_warm_start_that_was_interrupted_goes_on(request, path):
    settings = {"hidden_layer_sizes": 20, "max_density": 0.3, "random_state": 0, "max_iter": 5}

    def fitted(*paths):
        model = TicketClassifier(warm_start=True, **settings).fit(X[:, :3], Y)
        for one in paths:
            try:
                model.set_params(checkpoint=one, max_iter=200).fit(X[:, :3], Y)
            except KeyboardInterrupt:
                continue
        return model

    whole = fitted(None).ticket_.to_bytes()
    request.getfixturevalue("interrupting")
    fitted(path)
    assert path.exists()
    assert fitted(path).ticket_.to_bytes() == whole
    assert not path.exists()


def test_a_search_of_other_rows_or_parameters_is_refused(request, path):
    model = TicketClassifier(hidden_layer_sizes=20, checkpoint=path, **LONG)
    request.getfixturevalue("interrupting")
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y)
    saved = path.read_bytes()
    for parameters, rows, differs in (
        ({"hidden_layer_sizes": 21}, X, "hidden_layer_sizes: 20 then, 21 now"),
        ({"random_state": 1}, X, "seed: 0 then, 1 now"),
        ({"max_evaluations": None}, X, "max_evaluations: 200000 then, None now"),
        ({}, X + 1, "rows: 150 rows, .* then, 150 rows, .* now"),
        ({}, X[:, :3], "inputs: .* then"),
    ):
        other = clone(model).set_params(**parameters)
        with pytest.raises(CheckpointError, match=f"search is of another search: .*{differs}"):
            other.fit(rows, Y)
    with pytest.raises(CheckpointError, match="estimator: TicketClassifier then, TicketReg"):
        TicketRegressor(checkpoint=path, random_state=0).fit(X, NUMBERS)
    path.write_bytes(saved[:-9])
    with pytest.raises(CheckpointError, match="search is damaged or cut short"):
        model.fit(X, Y)


@pytest.mark.parametrize("state", [None, np.random.RandomState(0)])
@pytest.mark.parametrize("kind", [TicketClassifier, TicketRegressor, TicketClusterer])
def test_a_seed_must_be_given(path, kind, state):
    with pytest.raises(ValueError, match="random_state takes an integer with checkpoint"):
        kind(checkpoint=path, random_state=state).fit(X, Y)


@pytest.mark.parametrize("checkpoint", [3, True, b"path", ["path"]])
def test_a_checkpoint_is_a_path(checkpoint):
    with pytest.raises(ValueError, match="checkpoint takes a path or None, got"):
        TicketClassifier(checkpoint=checkpoint, random_state=0).fit(X, Y)


def test_a_file_that_cannot_be_written_is_warned_of_once(tmp_path):
    model = TicketClassifier(max_iter=5, random_state=0, hidden_layer_sizes=5, weights="uniform")
    model.set_params(max_density=0.5)
    whole = clone(model).fit(X, Y)
    with pytest.warns(UserWarning, match="could not save the search to .* no such folder") as told:
        model.set_params(checkpoint=tmp_path / "none" / "search").fit(X, Y)
    assert len(told) == 1
    assert model.ticket_.to_bytes() == whole.ticket_.to_bytes()


def test_a_search_that_ends_leaves_no_file(path):
    model = TicketClassifier(max_iter=3, random_state=0, checkpoint=path, max_density=0.5)
    assert clone(model).get_params()["checkpoint"] == path
    model.fit(X, Y).fit(X, Y)
    assert not path.exists()

"""Promises about rows that compare keeps for every method, baselines with gradients included."""

from __future__ import annotations

import importlib.util
import json

import numpy as np
import pytest

from rows_apart import places, save
from scratchcard.cli import main
from scratchcard.datasets import Part

ROWS, TEST = 400, 100
GRADIENTS = "edge-popup,biprop,twin," if importlib.util.find_spec("torch") else ""
METHODS = f"memetic,ga,ga-adaptive,{GRADIENTS}mlp"


def rows() -> Part:
    """Return rows of two classes far apart, the test rows copies of training rows.

    The 255 training rows have 255 different values, which 8 bits hold; with others they would not.
    """
    y = np.arange(ROWS) % 2
    steps = np.random.default_rng(0).permutation(ROWS)[:, None] / 256
    X = np.where(y[:, None] == 1, 3.0, -3.0) + np.hstack([steps, -steps, steps[::-1]])
    parts = places(y)
    for label in (0, 1):
        train, test = (parts[part][y[parts[part]] == label] for part in ("train", "test"))
        X[test] = X[train[: len(test)]]
    return Part(X, y)


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """What compare says of every method, and its tickets: of rows, and of others to test on."""
    folder = tmp_path_factory.mktemp("compare")
    X, y = rows()
    test = places(y)["test"]
    wild, swapped = X.copy(), X.copy()
    wild[test] += np.arange(TEST)[:, None] / 8192  # values of their own
    wild[test[0]] *= 1000  # one row far away
    zeros, ones = (test[y[test] == label] for label in (0, 1))
    swapped[zeros], swapped[ones] = X[ones], X[zeros]
    found = {}
    for name, values in (("plain", X), ("wild", wild), ("swapped", swapped)):
        data, out = save(folder / f"{name}.npz", Part(values, y)), folder / name
        short = ["--seeds", "1", "--generations", "4", "--epochs", "250", "--jobs", "1"]
        network = ["--hidden", "8", "--max-density", "0.5", "--out", str(out)]
        assert main(["compare", str(data), "--methods", METHODS, *short, *network]) == 0
        lines = (out / "runs.jsonl").read_text().splitlines()
        runs = [json.loads(line) for line in lines if '"test_accuracy"' in line]
        tickets = {path.name: path.read_bytes() for path in out.rglob("*.ticket")}
        found[name] = {run["method"]: run for run in runs}, tickets
    return found


def test_every_method_tells_these_classes_apart(compared):
    runs, tickets = compared["plain"]
    assert list(runs) == METHODS.split(",")
    assert min(run["test_accuracy"] for run in runs.values()) > 0.97
    assert tickets


def test_the_other_rows_are_judged_alike_where_one_test_row_is_far_away(compared):
    """Scaled by themselves, all the others would lie in one place."""
    for method, run in compared["wild"][0].items():
        plain = compared["plain"][0][method]["test_accuracy"]
        assert abs(run["test_accuracy"] - plain) <= 1 / TEST + 1e-9, method


def test_swapped_test_rows_are_all_taken_for_the_other_class(compared):
    for method, run in compared["swapped"][0].items():
        assert run["test_accuracy"] < 0.03, method


@pytest.mark.parametrize("name", ["wild", "swapped"])
def test_nothing_but_the_test_accuracy_depends_on_test_rows(compared, name):
    def searched(runs):
        left_out = ("data", "test_accuracy", "seconds")
        return [{k: v for k, v in run.items() if k not in left_out} for run in runs.values()]

    assert compared[name][1] == compared["plain"][1]
    assert searched(compared[name][0]) == searched(compared["plain"][0])

# find: what the command line and the benchmarks share.
from __future__ import annotations

import json

import pytest

from scratchcard import Limits
from scratchcard.data import load
from scratchcard.find import Search, accuracy, find
from scratchcard.objectives import OBJECTIVES


@pytest.fixture(scope="module")
def iris():
    return load("iris")


def test_find_and_report(iris):
    settings = {"hidden": (8,), "max_density": 0.3, "limits": Limits(generations=2), "seed": 3}
    found = find(iris, objective=OBJECTIVES["accuracy"], **settings)
    report = found.report()
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    assert report["objective"] == "accuracy"
    assert report["network"] == "4-8-3"
    assert report["density"] <= 0.3
    assert report["test_accuracy"] == accuracy(found.ticket, iris.test)
    assert report["majority_accuracy"] == pytest.approx(1 / 3, abs=0.02)
    assert find(iris, objective="accuracy", **settings, n_jobs=2).ticket == found.ticket


def test_a_callback_stops_the_search(iris):
    found = find(iris, hidden=(8,), callback=lambda progress: progress.generation == 2)
    assert (found.outcome.stopped_by, found.outcome.generations) == ("callback", 2)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"algorithm": "annealing"}, "algorithm takes 'memetic' or 'genetic', got 'annealing'"),
        ({"algorithm": "genetic", "max_density": 1.5}, "max_density"),
        ({"max_density": 0.0}, "max_density"),
        ({"max_density": 0.001}, "leaves 0 of 700 weights; a path .* needs 2"),
        ({"objective": "beauty"}, "objective"),
        ({"weights": "normal"}, "weights"),
        ({"hidden": (0,)}, "sizes"),
        ({"seed": -1}, "seed"),
    ],
)
def test_settings_are_checked_before_the_search(iris, settings, message):
    with pytest.raises(ValueError, match=message):
        Search(iris, **settings)


@pytest.mark.parametrize("rows", ["train", "validation"])
def test_pruning_afterwards_costs_no_accuracy_on_its_rows(iris, rows):
    settings = {"hidden": (10,), "max_density": 0.5, "limits": Limits(generations=3)}
    found = find(iris, **settings)
    pruned = find(iris, **settings, prune=rows)
    part = getattr(iris, rows)
    assert pruned.ticket.mask.surviving < found.ticket.mask.surviving
    assert accuracy(pruned.ticket, part) >= accuracy(found.ticket, part)
    with pytest.raises(ValueError, match="prune takes 'train', 'validation' or None, got 'test'"):
        find(iris, prune="test")

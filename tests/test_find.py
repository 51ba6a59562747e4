# find: what the command line and the benchmarks share.
from __future__ import annotations

import json

import numpy as np
import pytest

import scratchcard.find
from scratchcard import Conv2d, Dense, Limits
from scratchcard.datasets import Dataset, Part, load
from scratchcard.find import Search, find
from scratchcard.goals import ClusterGoal
from scratchcard.objectives import OBJECTIVES
from scratchcard.search import Memetic
from scratchcard.search.temperature import calibrated_temperature


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
    assert report["test_accuracy"] == found.ticket.score(*iris.test)
    assert report["majority_accuracy"] == pytest.approx(1 / 3, abs=0.02)
    assert find(iris, objective="accuracy", **settings, n_jobs=2).ticket == found.ticket


def test_a_callback_stops_the_search(iris):
    found = find(iris, hidden=(8,), callbacks=[lambda progress: progress.generation == 2])
    assert (found.outcome.stopped_by, found.outcome.generations) == ("callback", 2)


def test_the_search_has_a_seed_of_its_own(iris):
    settings = {"hidden": (8,), "max_density": 0.3, "limits": Limits(generations=1), "seed": 3}
    first, other = (find(iris, **settings, search_seed=seed) for seed in (None, 4))
    assert first.ticket.network == other.ticket.network
    assert first.ticket.mask != other.ticket.mask
    assert find(iris, **settings, search_seed=3).ticket == first.ticket
    assert [found.report()["search_seed"] for found in (first, other)] == [3, 4]


def test_an_algorithm_comes_with_settings_of_its_own(iris):
    algorithm = Memetic(max_density=0.2, population=2)
    found = find(iris, hidden=(8,), algorithm=algorithm, limits=Limits(generations=1))
    assert found.ticket.mask.density <= 0.2
    report = json.loads(json.dumps(found.report()))
    assert "population=2" in report["algorithm"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"algorithm": "annealing"}, "algorithm takes 'memetic' or 'genetic', got 'annealing'"),
        ({"algorithm": "genetic", "max_density": 1.5}, "max_density"),
        ({"max_density": 0.0}, "max_density"),
        ({"algorithm": Memetic(), "max_density": 0.1}, "max_density is for an algorithm by name"),
        ({"input_bits": 0}, "input_bits takes an integer 8..16, got 0"),
        ({"input_bits": 12}, "input_bits takes 8 or 16, got 12"),
        ({"max_density": 0.001}, "leaves 0 of 700 weights; a path .* needs 2"),
        ({"objective": "beauty"}, "objective"),
        ({"weights": "normal"}, "weights"),
        ({"hidden": (0,)}, "hidden"),
        ({"seed": -1}, "seed"),
        ({"search_seed": -1}, "search_seed"),
        ({"hidden": (4,) * 255}, "hidden takes at most 254 layers, got 255"),
        ({"hidden": (20_000, 20_000)}, "hidden takes layers with at most 268435456 weights"),
        ({"n_jobs": 0}, r"n_jobs takes an integer 1\.\.65536, got 0"),
        ({"n_jobs": -1}, "n_jobs"),
        ({"n_jobs": 1.5}, "n_jobs"),
        ({"goal": "clusters"}, "goal takes a Goal or None, got 'clusters'"),
        ({"goal": ClusterGoal}, "goal takes a Goal or None, got <class"),
        ({"objective": "quantile:2"}, "objective takes 'quantile:LEVEL' .*, got 'quantile:2'"),
    ],
)
def test_settings_are_checked_before_the_search(iris, settings, message):
    with pytest.raises(ValueError, match=message):
        Search(iris, **settings)


def test_labels_that_no_ticket_holds_are_refused_before_the_search():
    part = Part(np.arange(4.0)[:, None], np.array(["a\0b", "c"] * 2))
    with pytest.raises(ValueError, match="NUL"):
        Search(Dataset("mine", part, part, part))


def test_an_interrupt_while_pruning_keeps_the_ticket(iris, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    settings = {"hidden": (8,), "limits": Limits(generations=2)}
    found = find(iris, **settings)
    monkeypatch.setattr(scratchcard.find, "prune", interrupted)
    kept = find(iris, **settings, prune="train")
    assert kept.ticket == found.ticket
    assert kept.outcome.stopped_by == "interrupt"


def test_an_interrupted_search_is_not_pruned(iris, monkeypatch):
    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(scratchcard.find, "prune", None)
    found = find(iris, hidden=(8,), prune="train", callbacks=[interrupt])
    assert found.outcome.stopped_by == "interrupt"


@pytest.mark.parametrize("rows", ["train", "validation"])
def test_pruning_afterwards_costs_no_accuracy_on_its_rows(iris, rows):
    settings = {"hidden": (10,), "max_density": 0.5, "limits": Limits(generations=3)}
    found = find(iris, **settings)
    pruned = find(iris, **settings, prune=rows)
    part = getattr(iris, rows)
    assert pruned.ticket.mask.surviving < found.ticket.mask.surviving
    assert pruned.ticket.score(*part) >= found.ticket.score(*part)
    validation = pruned.search.problem.validation
    network, mask = pruned.ticket.network, pruned.ticket.mask
    calibrated = calibrated_temperature(network, mask, validation)
    assert pruned.ticket.head.temperature == pytest.approx(calibrated, rel=1e-6)
    assert pruned.outcome.objective != found.outcome.objective
    with pytest.raises(ValueError, match="prune takes 'train', 'validation' or None, got 'test'"):
        find(iris, prune="test")


def test_with_a_convolution_nothing_is_left_open():
    search = Search(load("digits"), layers=[Conv2d(4, 3), Dense(5)])
    assert search.network.architecture == "1x8x8-conv4x3-5-10"
    assert search.network.weights == "signed_constant"
    assert search.chosen_algorithm == Memetic(max_density=0.4)
    assert search.scaling.kind == "global"
    uniform = Search(load("digits"), layers=[Conv2d(4, 3)], weights="uniform", max_density=0.2)
    assert uniform.network.weights == "uniform"
    assert uniform.chosen_algorithm == Memetic(max_density=0.2)
    sized = Search(load("digits"), layers=[Conv2d(4, 3)], max_bytes=200)
    assert [network.architecture for network in sized.networks] == ["1x8x8-conv4x3-10"]


def test_more_values_than_a_file_may_declare_are_refused_before_the_search():
    parts = [Part(np.zeros((2, 2**16)), np.array([0, 1])) for _ in range(3)]
    layers = [Conv2d(100, 1), Conv2d(1, 2, stride=255)]
    with pytest.raises(ValueError, match=r"layers takes at most \d+ values .* got 6553600"):
        Search(Dataset("large", *parts), layers=layers)


def test_layers_that_are_dense_are_those_of_hidden():
    dense, sizes = (
        Search(load("digits"), **settings)
        for settings in ({"layers": [Dense(9), Dense(8)]}, {"hidden": (9, 8)})
    )
    assert dense.network == sizes.network
    assert dense.chosen_algorithm == sizes.chosen_algorithm


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"layers": [Conv2d(4)], "hidden": (8,)}, r"hidden takes None with layers, got \(8,\)"),
        ({"layers": np.array([Dense(4), Dense(3)])}, "layers takes the layers before the output"),
        ({"layers": [8]}, r"layers takes the layers before the output layer, .* got \[8\]"),
        ({"image_shape": (8, 8)}, "image_shape takes None without a convolution in layers"),
        ({"layers": [Conv2d(4)], "image_shape": (8, 9)}, "image_shape takes .* which are 72"),
    ],
)
def test_layers_that_cannot_be(settings, message):
    with pytest.raises(ValueError, match=message):
        Search(load("digits"), **settings)

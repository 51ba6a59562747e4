"""Promises about rows that find keeps: who reads which part, and when.

Test rows are read once, by the report. Training rows are searched. Validation rows choose,
calibrate and, if that is asked for, prune; they decide nothing else.
"""

from __future__ import annotations

import numpy as np
import pytest

from rows_apart import (
    LABELS,
    blobs,
    dataset,
    fine,
    is_calibrated,
    noisily,
    places,
    relabelled,
    save,
    sealed,
)
from scratchcard import InputScaling, Limits, Mask, Memetic, Ticket
from scratchcard.cli import main
from scratchcard.datasets import Part
from scratchcard.find import find

SHORT = {
    "hidden": (6,),
    "algorithm": Memetic(max_density=0.5, population=3, burst=200),
    "limits": Limits(generations=3),
}
VARIED = SHORT | {  # a last population whose members differ
    "algorithm": Memetic(max_density=0.5, population=12, burst=100),
    "limits": Limits(generations=1),
}
GENETIC = {"hidden": (6,), "algorithm": "genetic", "limits": Limits(generations=3)}
KINDS = [SHORT, GENETIC, SHORT | {"prune": "train"}, SHORT | {"prune": "validation"}]


def names(settings) -> str:
    return f"{settings['algorithm']}, prune={settings.get('prune')}"[:60]


def history(found):
    """What the search did, all but what validation rows and the clock have to say."""
    return [(p.objective, p.density, p.evaluations) for p in found.outcome.history]


def share(ticket, part) -> float:
    return float(np.mean(ticket.predict(part.X) == part.y))


# Test rows


@pytest.mark.parametrize("settings", KINDS, ids=names)
def test_other_test_rows_give_the_same_ticket(settings):
    test = blobs(30, seed=3)
    others = [
        Part(test.X * 1000, test.y),  # a range that no training row has
        fine(test),  # more different values than 8 bits hold
        relabelled(test, ["top", "left", "right"]),
        Part(test.X[:1], test.y[:1]),
    ]
    tickets = {find(dataset(test=part), **settings).ticket.to_bytes() for part in [test, *others]}
    assert len(tickets) == 1


@pytest.mark.parametrize("settings", KINDS, ids=names)
def test_test_rows_are_read_once_when_the_search_is_over(settings):
    data = dataset()
    seal = sealed(data)
    found = find(data, **settings)
    seal.is_open = True
    report = found.report()
    assert seal.reads == 1
    assert report["rows"]["test"] == 30
    assert report["test_accuracy"] == share(found.ticket, seal.part)


@pytest.mark.parametrize("prune", [[], ["--prune", "train"], ["--prune", "validation"]], ids=str)
def test_the_command_saves_the_same_ticket_whatever_the_test_rows(prune, tmp_path, capsys):
    rows = blobs(120, seed=1)
    test = places(rows.y)["test"]
    tickets = set()
    for change in (lambda X: X, lambda X: X * 1000, lambda X: X[::-1]):
        X = rows.X.copy()
        X[test] = change(X[test])
        data = save(tmp_path / "rows.npz", Part(X, rows.y))
        out = tmp_path / "found.ticket"
        arguments = ["--hidden", "6", "--max-density", "0.5", "--generations", "2", "--jobs", "1"]
        assert main(["find", str(data), *arguments, *prune, "--out", str(out)]) == 0
        tickets.add(out.read_bytes())
    capsys.readouterr()
    assert len(tickets) == 1


# What training rows alone decide


def test_validation_rows_decide_neither_scaling_nor_bits_nor_the_search():
    validation = blobs(45, seed=2)
    expected = find(dataset(validation=validation), **SHORT)
    for other in (Part(validation.X * 1000, validation.y), fine(validation, 50.0)):
        found = find(dataset(validation=other), **SHORT)
        assert found.ticket.scaling == InputScaling.fit(blobs(90, seed=1).X)
        assert found.ticket.network == expected.ticket.network
        assert history(found) == history(expected)


def test_training_rows_decide_scaling_and_bits():
    train = fine(blobs(90, seed=1))
    found = find(dataset(train=train), **SHORT)
    assert found.ticket.network.input_bits == 16
    assert found.ticket.scaling == InputScaling.fit(train.X)
    assert find(dataset(), **SHORT).ticket.network.input_bits == 8
    assert find(dataset(train=train), **SHORT, input_bits=8).ticket.network.input_bits == 8


def test_the_majority_is_that_of_the_training_rows():
    train = blobs(90, seed=1)
    train = Part(train.X, np.where(np.arange(90) < 50, "right", train.y))
    test = Part(blobs(30, seed=3).X, np.array(["top"] * 16 + ["left"] * 9 + ["right"] * 5))
    validation = Part(blobs(45, seed=2).X, np.array(["left"] * 40 + ["right"] * 3 + ["top"] * 2))
    report = find(dataset(train, validation, test), **SHORT).report()
    assert report["majority_accuracy"] == 5 / 30


def test_the_report_names_each_part_by_its_own_accuracy():
    found = find(dataset(), **SHORT)
    report = found.report()
    data = found.search.dataset
    for part in ("train", "validation", "test"):
        assert report[f"{part}_accuracy"] == share(found.ticket, getattr(data, part))
    assert report["rows"] == {"train": 90, "validation": 45, "test": 30}


# What validation rows decide


def test_the_choice_follows_validation_labels_and_the_search_does_not():
    validation = blobs(45, seed=2)
    orders = [["left", "right", "top"], ["right", "left", "top"], ["top", "right", "left"]]
    parts = [relabelled(validation, order) for order in orders]
    found = [find(dataset(validation=part), **VARIED) for part in parts]
    for one in found:
        assert history(one) == history(found[0])
    scores = np.array([[share(one.ticket, part) for part in parts] for one in found])
    # each is the best on the rows that chose it, and they are not all the same
    assert (scores.diagonal() == scores.max(axis=0)).all()
    assert (scores.min(axis=0) < scores.diagonal()).any()
    for one, score in zip(found, scores.diagonal(), strict=True):
        assert one.outcome.history[-1].validation_accuracy == pytest.approx(score)


@pytest.mark.parametrize("settings", KINDS, ids=names)
def test_the_temperature_is_calibrated_on_validation_rows(settings):
    validation = noisily(blobs(45, seed=2), 0.5)
    found = find(dataset(validation=validation), **settings)
    outputs = {
        "train": found.ticket.outputs(blobs(90, seed=1).X),
        "validation": found.ticket.outputs(validation.X),
    }
    targets = {
        "train": np.searchsorted(LABELS, blobs(90, seed=1).y),
        "validation": np.searchsorted(LABELS, validation.y),
    }
    temperature = found.ticket.head.temperature
    assert is_calibrated(outputs["validation"], targets["validation"], temperature)
    assert not is_calibrated(outputs["train"], targets["train"], temperature)


def plainly_pruned(ticket: Ticket, part: Part) -> Mask:
    """Return what is left when each weight in turn goes whose loss costs no accuracy on a part."""
    network = ticket.network
    inputs = ticket.scaling.quantise(part.X, network.input_limit)
    targets = np.searchsorted(LABELS, part.y)

    def accuracy(flat) -> float:
        outputs = network.outputs(Mask.from_flat(network.layers, flat), inputs)
        return float(np.mean(outputs.argmax(axis=1) == targets))

    flat = ticket.mask.flat()
    now = accuracy(flat)
    for index in np.flatnonzero(flat):
        flat[index] = 0
        then = accuracy(flat)
        if then < now:
            flat[index] = 1
        else:
            now = then
    return Mask.from_flat(network.layers, flat).without_dead()


def test_pruning_reads_the_rows_that_it_is_told_to():
    settings = SHORT | {"hidden": (12,)}
    data = dataset(validation=noisily(blobs(45, seed=2), 0.3))
    found = find(data, **settings)
    expected = {
        part: plainly_pruned(found.ticket, getattr(data, part)) for part in ("train", "validation")
    }
    assert expected["train"] != expected["validation"]
    for part, mask in expected.items():
        assert find(data, **settings, prune=part).ticket.mask == mask


@pytest.mark.parametrize("prune", ["train", "validation"])
def test_the_objective_of_a_pruned_ticket_is_that_of_the_training_rows(prune):
    train = blobs(90, seed=1)
    found = find(dataset(train=train), **SHORT, objective="accuracy", prune=prune)
    assert found.outcome.objective == pytest.approx(1 - share(found.ticket, train))
    found = find(dataset(train=train), **SHORT, prune=prune)
    chances = found.ticket.predict_proba(train.X)
    own = chances[np.arange(90), np.searchsorted(LABELS, train.y)]
    assert found.outcome.objective == pytest.approx(-np.log(own).mean(), abs=1e-3)

# Goals: what a ticket is to answer, and that nothing but the report reads labels without need.
from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from scratchcard import Limits, Ticket
from scratchcard.datasets import DataError, Dataset, Part, load
from scratchcard.find import find
from scratchcard.goals import ClusterGoal
from scratchcard.goals.agreement import matched_accuracy, shared_with_labels

SHORT = {"hidden": (20,), "max_density": 0.3, "limits": Limits(generations=15)}


@pytest.fixture(scope="module")
def blobs():
    """Four clusters that lie apart, labelled with words."""
    random = np.random.default_rng(0)
    centres = np.array([[0, 0], [9, 0], [0, 9], [9, 9]])
    words = np.array(["north", "south", "east", "west"])

    def part(n):
        which = random.integers(4, size=n)
        return Part(centres[which] + random.normal(size=(n, 2)), words[which])

    return Dataset("blobs", part(400), part(80), part(80), answers="none")


def test_clusters_are_found_without_labels(blobs):
    found = find(blobs, goal=ClusterGoal(4, n_init=2), **SHORT)
    report = found.report()
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    assert (report["goal"], report["clusters"]) == ("clusters", 4)
    assert report["test_accuracy"] > 0.95
    assert report["test_nmi"] > 0.9
    assert sum(report["test_shares"]) == pytest.approx(1)
    assert Ticket.from_bytes(found.ticket.to_bytes()).head.labels.tolist() == [0, 1, 2, 3]


def test_clusters_are_neither_right_nor_wrong(blobs):
    with pytest.raises(ValueError, match="neither right nor wrong"):
        ClusterGoal(4).right(blobs, blobs.test)


def test_only_the_report_reads_labels(blobs):
    """Shuffled labels, and none, give the same ticket; only the report changes."""

    def shuffled(part):
        return Part(part.X, np.random.default_rng(1).permutation(part.y))

    def without(part):
        return Part(part.X, np.zeros(len(part.X), np.int64))

    def relabelled(how):
        names = ("train", "validation", "test")
        return replace(blobs, **{name: how(getattr(blobs, name)) for name in names})

    goal = ClusterGoal(4, n_init=2)
    expected = find(blobs, goal=goal, **SHORT)
    other = find(relabelled(shuffled), goal=goal, **SHORT)
    nothing = find(replace(relabelled(without), is_labelled=False), goal=goal, **SHORT)
    assert expected.ticket == other.ticket == nothing.ticket
    assert other.report()["test_accuracy"] < 0.5 < expected.report()["test_accuracy"]
    assert "test_accuracy" not in nothing.report()


def test_rows_without_answers_need_a_goal(blobs):
    with pytest.raises(DataError, match=r"blobs has no answers to predict; goal takes ClusterGoal"):
        find(blobs, **SHORT)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"objective": "accuracy"}, "objective takes 'cross_entropy' for clusters"),
        ({"augment": "shift"}, "augment"),
        ({"prune": "train"}, "prune"),
        ({"limits": Limits(patience=3)}, "patience"),
    ],
)
def test_settings_that_need_labels_are_refused(blobs, settings, message):
    with pytest.raises(ValueError, match=message):
        find(blobs, goal=ClusterGoal(4, n_init=1), **(SHORT | settings))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_clusters": 1}, "n_clusters takes"),
        ({"n_clusters": 2.5}, "n_clusters takes"),
        ({"n_clusters": 3, "n_init": 0}, "n_init takes"),
    ],
)
def test_cluster_goals_are_checked(arguments, message):
    with pytest.raises(ValueError, match=message):
        ClusterGoal(**arguments)


def test_more_clusters_than_rows():
    iris = load("iris", answers="none")
    with pytest.raises(ValueError, match="different rows"):
        find(iris, goal=ClusterGoal(120, n_init=1), **SHORT)


def test_agreement():
    labels = ["a", "a", "a", "b", "b", "c"]
    assert matched_accuracy(labels, [2, 2, 2, 0, 0, 1]) == 1
    assert shared_with_labels(labels, [2, 2, 2, 0, 0, 1]) == pytest.approx(1)
    assert matched_accuracy(labels, [0] * 6) == 0.5
    assert shared_with_labels(labels, [0] * 6) == 0
    assert matched_accuracy(labels, [0, 1, 2, 3, 4, 5]) == 0.5  # three clusters match no label

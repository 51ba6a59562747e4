"""Consensus: targets that neighbours agree on, in clusters of about the same size."""

from __future__ import annotations

import numpy as np
import pytest

from scratchcard import Limits, Memetic, Network, evolve
from scratchcard.objectives import mutual_information
from scratchcard.rows import Rows
from scratchcard.search import Consensus, Neighbours, Population
from scratchcard.search.callbacks import Callback


def blobs(n_rows, n_blobs=3, seed=0):
    """Return inputs around some centres, and which centre each is near."""
    random = np.random.default_rng(seed)
    centres = np.array([[-90, 0, 40], [80, 80, -50], [20, -90, 90], [90, -20, 0]])[:n_blobs]
    which = np.arange(n_rows) % n_blobs
    return centres[which] + random.integers(-25, 26, (n_rows, 3)), which


def test_first_targets_are_random_but_the_same_for_neighbours():
    inputs = blobs(300)[0]
    neighbours, ones = Neighbours.of(inputs, 8), np.ones(300, np.int64)
    first = Consensus(neighbours, 3, ones, seed=1).first()
    again = Consensus(neighbours, 3, ones, seed=1).first()
    other = Consensus(neighbours, 3, ones, seed=2).first()
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    graph = neighbours.graph
    same = first[graph.indices] == np.repeat(first, np.diff(graph.indptr))
    assert same.mean() > 0.8


@pytest.mark.parametrize("n_clusters", [2, 3])
def test_answers_of_one_cluster_are_shared_out(n_clusters):
    inputs, _ = blobs(300)
    targets = Consensus(Neighbours.of(inputs, 8), n_clusters, np.ones(300, np.int64))
    outputs = np.zeros((300, n_clusters), np.int64)
    outputs[:, 0] = 1000 + inputs[:, 0]
    outputs[:, 1:] = inputs[:, 1:n_clusters]
    assert (outputs.argmax(axis=1) == 0).all()
    found = targets.renewed(outputs, 0.01)
    assert np.bincount(found, minlength=n_clusters).min() > 30


def test_a_row_is_outvoted_by_its_neighbours():
    inputs, which = blobs(300)
    targets = Consensus(Neighbours.of(inputs, 8), 3, np.ones(300, np.int64))
    outputs = np.eye(3, dtype=np.int64)[which] * 100
    outputs[7] = np.roll(outputs[7], 1)
    np.testing.assert_array_equal(targets.renewed(outputs, 0.05), which)


def test_information_is_highest_where_neighbours_agree_in_clusters_of_the_same_size():
    which = np.arange(90) % 3
    sure = np.eye(3)[which]
    unequal = np.eye(3)[np.minimum(np.arange(90) // 5, 2)]
    assert mutual_information(sure, sure) == pytest.approx(np.log(3))
    assert 0 < mutual_information(unequal, unequal) < np.log(3)
    assert mutual_information(sure, np.roll(sure, 7, axis=0)[np.argsort(which % 2)]) < 0.5
    assert mutual_information(np.full((90, 3), 1 / 3), sure) == pytest.approx(0.0)
    twice = mutual_information(unequal, unequal, np.full(90, 2))
    assert twice == pytest.approx(mutual_information(unequal, unequal))


class Keeping(Callback):
    """Keeps the population after a generation, and ends the search then."""

    def __init__(self, path, generation):
        self.path, self.generation = path, generation

    def on_generation(self, loop):
        if loop.generation == self.generation:
            loop.population().save(self.path)
            loop.stop("enough")


@pytest.mark.parametrize(
    ("n_rows", "algorithm"),
    [
        (300, Memetic(burst=100, population=2)),
        (5000, Memetic(burst=100, population=1)),  # read by windows
        (17000, Memetic(burst=30, population=1)),  # sampled
        (300, Memetic(burst=10, population=1, engine="dense")),
    ],
)
def test_a_search_that_is_resumed_ends_with_the_same_ticket(tmp_path, n_rows, algorithm):
    inputs, _ = blobs(n_rows)
    rows = Rows(inputs, np.zeros(n_rows, np.int64))
    network = Network.dense((3, 12, 3), seed=1)
    neighbours = Neighbours.of(inputs, 5)

    def search(**settings):
        targets = Consensus(neighbours, 3, rows.weights, period=2)
        limits = Limits(generations=7)
        return evolve(
            network, rows, algorithm=algorithm, targets=targets, limits=limits, **settings
        )

    whole, path = search(), tmp_path / "population"
    search(callbacks=[Keeping(path, 4)])
    again = search(resume=Population.load(path), n_jobs=2)
    assert (again.mask, again.objective) == (whole.mask, whole.objective)
    assert again.head == whole.head

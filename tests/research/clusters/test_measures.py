"""How clusters are judged: by whatever way of matching them with labels suits best."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchcard.research.clusters.measures import judged


def accuracy_after_matching(labels, clusters) -> float:
    return judged(labels, clusters)["accuracy"]


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 40), n_labels=st.integers(1, 5))
def test_accuracy_is_the_best_of_all_ways_to_match(seed, n, n_labels):
    random = np.random.default_rng(seed)
    labels, clusters = random.integers(0, n_labels, n), random.integers(0, 5, n)
    ways = permutations(range(5), n_labels)
    best = max(np.mean(np.array(way)[labels] == clusters) for way in ways)
    assert accuracy_after_matching(labels, clusters) == pytest.approx(best)


def test_clusters_that_are_labels_by_other_names_are_perfect():
    labels = np.array(["a", "b", "c"])[np.arange(30) % 3]
    clusters = np.array([7, -1, 3])[np.arange(30) % 3]
    assert judged(labels, clusters) == {"accuracy": 1.0, "nmi": 1.0, "ari": 1.0}


def test_more_clusters_than_labels_cost_accuracy_and_fewer_do_too():
    labels = np.arange(40) % 2
    assert accuracy_after_matching(labels, np.arange(40) % 4) == 0.5
    assert accuracy_after_matching(np.arange(40) % 4, labels) == 0.5

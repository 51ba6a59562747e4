"""Mutual information over pairs: what it means, in both engines, in searches without labels."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit
from sklearn.metrics import mutual_info_score

from rows_apart import dataset
from scratchcard import Genetic, Limits, Mask, Memetic, Network, Rows, evolve
from scratchcard.engines import DenseEngine, IncrementalEngine
from scratchcard.find import Search
from scratchcard.objectives import OBJECTIVES, bits_per_output, mutual_information
from scratchcard.rows import paired

OBJECTIVE = OBJECTIVES["mutual_information"]
TEMPERATURE = 2.0**-12


def value(outputs, weights=None, temperature=TEMPERATURE):
    """The objective for these outputs, whose rows come in pairs."""
    weights = np.ones(len(outputs), np.int64) if weights is None else weights
    scale = bits_per_output(temperature)
    sums = OBJECTIVE.statistics(outputs, np.zeros(len(outputs), np.int64), weights, scale)
    return OBJECTIVE.value(sums, int(weights.sum()))


def softmax(logits):
    exps = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exps / exps.sum(axis=1, keepdims=True)


@given(
    seed=st.integers(0, 2**32 - 1),
    n_pairs=st.integers(1, 60),
    n_clusters=st.integers(1, 6),
    spread=st.sampled_from([0.01, 2.0, 15.0, 400.0]),
)
def test_it_is_minus_the_information_that_softmax_outputs_share(seed, n_pairs, n_clusters, spread):
    random = np.random.default_rng(seed)
    logits = random.normal(size=(2 * n_pairs, n_clusters)) * spread
    outputs = np.rint(logits / TEMPERATURE).astype(np.int64)
    weights = random.integers(0, 5, n_pairs)
    weights[0] = 1
    p = softmax(outputs * TEMPERATURE)
    expected = mutual_information(p[::2], p[1::2], weights)
    assert value(outputs, weights.repeat(2)) == pytest.approx(-expected, abs=1e-4)
    assert 0 <= expected <= np.log(n_clusters) + 1e-9
    assert mutual_information(p[1::2], p[::2], weights) == pytest.approx(expected)


def test_of_sure_answers_it_is_the_mutual_information_of_two_labellings():
    first = np.random.default_rng(0).integers(0, 4, 300)
    second = np.where(np.arange(300) % 3 == 0, (first + 1) % 4, first)
    both = np.concatenate([first, second]), np.concatenate([second, first])  # no direction
    found = mutual_information(np.eye(4)[first], np.eye(4)[second])
    assert found == pytest.approx(mutual_info_score(*both))


def test_it_is_best_where_neighbours_agree_surely_and_all_clusters_are_used_alike():
    sure = np.eye(3)[np.arange(30) % 3]
    assert mutual_information(sure, sure) == pytest.approx(np.log(3))
    one = np.eye(3)[np.zeros(30, int)]
    assert mutual_information(one, one) == 0
    unsure = np.full((30, 3), 1 / 3)
    assert mutual_information(unsure, unsure) == pytest.approx(0, abs=1e-12)


@njit
def called(function, sums, total_weight):
    return function(sums, total_weight)


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 8))
def test_the_compiled_value_is_the_same(seed, n):
    random = np.random.default_rng(seed)
    sums = random.integers(0, 2 ** random.integers(1, 50), n * n) * random.integers(0, 2, n * n)
    assert called(OBJECTIVE.compiled_value, sums, 5) == OBJECTIVE.value(sums, 5)
    assert -np.log(n) - 1e-9 <= OBJECTIVE.value(sums, 5) <= 0


@settings(max_examples=60)
@given(st.data())
def test_the_engines_agree_however_large_the_temperature(data):
    random = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    n_outputs = data.draw(st.integers(1, 4))
    network = Network.dense((3, 4, n_outputs), seed=data.draw(st.integers(0, 99)))
    weights = random.integers(0, 4, 20).repeat(2)
    weights[:2] = 1
    rows = Rows(random.integers(-127, 128, (40, 3)), np.zeros(40, int), weights, 2)
    temperature = 2.0 ** data.draw(st.integers(-30, 30))
    engines = [
        make(network, rows, OBJECTIVE, temperature, 16) for make in (DenseEngine, IncrementalEngine)
    ]
    mask = Mask.random(network.layers, 0.6, random).flat()
    states = [engine.state(mask) for engine in engines]
    for _ in range(4):
        flips = random.integers(0, network.n_weights, 3)
        dense, incremental = (e.trial(s, flips) for e, s in zip(engines, states, strict=True))
        assert np.array_equal(dense, incremental)
        for engine, state in zip(engines, states, strict=True):
            engine.apply(state, flips)
        dense, incremental = (e.sums(s) for e, s in zip(engines, states, strict=True))
        assert np.array_equal(dense, incremental)
        assert engines[0].value(dense) == engines[1].value(incremental)


def test_the_order_of_pairs_and_of_a_pair_does_not_matter():
    outputs = np.random.default_rng(0).integers(-9999, 9999, (40, 3))
    pairs = outputs.reshape(20, 2, 3)
    assert value(pairs[::-1].reshape(40, 3)) == value(outputs)
    assert value(pairs[:, ::-1].reshape(40, 3)) == value(outputs)


def test_copies_are_the_objective_itself():
    assert pickle.loads(pickle.dumps(OBJECTIVE)) is OBJECTIVE
    assert copy.deepcopy(OBJECTIVE) is OBJECTIVE


# Searches


def clouds():
    """Three clouds of rows, each row with two neighbours of its own cloud."""
    random = np.random.default_rng(0)
    which = np.arange(90) % 3
    centres = random.integers(-90, 91, (3, 8))
    inputs = centres[which] + random.integers(-20, 21, (90, 8))
    neighbours = (np.arange(90)[:, None] + [3, 6]) % 90
    return which, paired(Rows(inputs, np.zeros(90, int)), neighbours), inputs


@pytest.mark.parametrize("kind", [Memetic, Genetic])
def test_a_search_finds_clouds_without_a_label(kind):
    which, pairs, inputs = clouds()
    network = Network.dense((8, 12, 3), seed=1)
    own = {"burst": 300} if kind is Memetic else {}
    found = evolve(
        network,
        pairs,
        algorithm=kind(max_density=0.5, **own),
        objective="mutual_information",
        limits=Limits(generations=15),
    )
    p = softmax(network.outputs(found.mask, pairs.inputs) * found.temperature)
    shared = mutual_information(p[::2], p[1::2])
    assert shared == pytest.approx(-found.objective, abs=1e-3)
    assert shared > 0.4
    labels = network.outputs(found.mask, inputs).argmax(axis=1)
    assert mutual_info_score(which, labels) > 0.6  # ln 2 is 0.69, ln 3 is 1.10
    again = evolve(
        network,
        pairs.with_targets(np.arange(len(pairs)) % 3),
        algorithm=kind(max_density=0.5, **own),
        objective="mutual_information",
        limits=Limits(generations=15),
        n_jobs=2,
    )
    assert (again.mask, again.temperature) == (found.mask, found.temperature)


@pytest.mark.parametrize("kind", [Memetic, Genetic])
def test_a_search_finds_the_same_with_both_engines(kind):
    _, pairs, _ = clouds()
    found = []
    for engine in ("incremental", "dense"):
        algorithm = kind(population=2, engine=engine, **({"burst": 9} if kind is Memetic else {}))
        limits = Limits(generations=2)
        network = Network.dense((8, 12, 3), seed=1)
        found.append(
            evolve(
                network, pairs, algorithm=algorithm, objective="mutual_information", limits=limits
            )
        )
    assert (found[0].mask, found[0].objective) == (found[1].mask, found[1].objective)


def test_rows_that_are_no_pairs_are_refused():
    _, pairs, inputs = clouds()
    rows = Rows(inputs, np.zeros(90, int))
    network = Network.dense((8, 12, 3))
    with pytest.raises(ValueError, match=r"'mutual_information' takes rows in groups of 2, got"):
        evolve(network, rows, objective="mutual_information")
    with pytest.raises(ValueError, match=r"validation takes None with objective 'mutual_inf"):
        evolve(network, pairs, pairs, objective="mutual_information")
    with pytest.raises(ValueError, match=r"'mutual_information' takes .* pairs of a row and a"):
        Search(dataset(), objective="mutual_information")


@pytest.mark.parametrize(
    ("p", "q", "weights", "message"),
    [
        (np.ones((3, 2)), np.ones((2, 2)), None, "the same shape"),
        (np.ones(3), np.ones(3), None, "the same shape"),
        (np.ones((3, 2)), np.ones((3, 2)), [1, 2], r"weights takes shape \(3,\)"),
        (np.ones((3, 2)), np.ones((3, 2)), [0, 0, 0], "a pair that counts"),
        (np.ones((0, 2)), np.ones((0, 2)), None, "a pair that counts"),
    ],
)
def test_what_does_not_fit_together_is_refused(p, q, weights, message):
    with pytest.raises(ValueError, match=message):
        mutual_information(p, q, weights)

# Cross-entropy and the Brier score: far off the scale, and what a row matters.
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchcard.compiled.float32 import CLIP
from scratchcard.engines import DenseEngine, IncrementalEngine
from scratchcard.objectives import OBJECTIVES
from scratchcard.objectives.base import QUANTUM
from scratchcard.rows import Rows
from scratchcard.ticket.mask import Mask
from scratchcard.ticket.network import Network

CROSS_ENTROPY, BRIER = OBJECTIVES["cross_entropy"], OBJECTIVES["brier"]
BIT = np.float32(1.0)  # the scale at which outputs are logits in bits
ONE_ROW = np.ones(1, np.int64)


def bits_of(outputs, target, objective=CROSS_ENTROPY):
    """The loss of one row whose outputs are logits in bits."""
    outputs, targets = np.array([outputs], dtype=np.int64), np.array([target])
    return float(objective.statistics(outputs, targets, ONE_ROW, BIT)[0] / QUANTUM)


@given(offset=st.integers(-(2**29), 2**29), gap=st.integers(2, 90))
def test_a_gap_costs_its_bits_whatever_all_outputs_have_in_common(offset, gap):
    assert bits_of([offset, offset - gap], 1) == pytest.approx(gap, abs=0.5)
    assert bits_of([offset, offset - gap], 0) == pytest.approx(np.log2(1 + 2.0**-gap), abs=1e-3)
    assert bits_of([offset, offset], 0) == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("offset", [-(2**29), -5000, -101, -99, 0, 99, 101, 5000, 2**29])
def test_thirty_bits_are_thirty_bits(offset):
    assert bits_of([offset, offset - 30], 1) == pytest.approx(30, abs=1e-3)
    assert bits_of([offset, offset - 30, offset - 30], 2) == pytest.approx(30, abs=1e-3)


@given(offset=st.integers(-(2**29), 2**29), gap=st.integers(0, 20))
def test_the_brier_score_is_that_of_the_gap(offset, gap):
    p = 1 / (1 + 2.0**gap)
    expected = 2 * (1 - p) ** 2
    assert bits_of([offset, offset - gap], 1, BRIER) == pytest.approx(expected, abs=1e-3)


def test_a_row_that_is_wrong_by_ever_so_much_costs_more_the_more_it_is_wrong():
    losses = [bits_of([gap, -gap], 1) for gap in (10, 100, 1000, 20_000, 49_000)]
    assert losses == pytest.approx([20, 200, 2000, 40_000, 98_000], rel=1e-3)
    assert bits_of([2**30, -(2**30)], 1) == pytest.approx(100_000)  # where it ends


@pytest.mark.parametrize("make", [DenseEngine, IncrementalEngine])
def test_both_engines_charge_thirty_bits_for_a_gap_of_thirty(make):
    """The bias is what the outputs have in common, one weight the gap."""
    network = next(
        network
        for network in (Network.dense((1, 2), seed) for seed in range(999))
        if network.weights_of(0)[1, 0] == -30 and abs(network.biases_of(0)).min() > 300
    )
    engine = make(network, Rows([[1]], [1]), CROSS_ENTROPY, float(np.log(2)))
    state = engine.state(np.zeros(2, np.uint8))
    common = int(np.ptp(network.biases_of(0)))
    without = engine.sums(state)[0]
    with_gap = engine.trial(state, np.array([1]))[0]
    target_is_best = network.biases_of(0)[1] > network.biases_of(0)[0]
    if target_is_best:
        assert common > 30
        assert (without, with_gap) == (0, 0)
    else:
        assert without / QUANTUM == pytest.approx(common, rel=1e-5)
        assert (with_gap - without) / QUANTUM == pytest.approx(30, abs=1e-2)


@settings(max_examples=60)
@given(st.data())
def test_the_engines_agree_however_large_the_temperature(data):
    random = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    n_outputs = data.draw(st.integers(1, 4))
    network = Network.dense((3, 4, n_outputs), seed=data.draw(st.integers(0, 99)))
    rows = Rows(random.integers(-127, 128, (40, 3)), random.integers(0, n_outputs, 40))
    temperature = 2.0 ** data.draw(st.integers(-30, 30))
    objective = data.draw(st.sampled_from([CROSS_ENTROPY, BRIER]))
    engines = [
        make(network, rows, objective, temperature, 16) for make in (DenseEngine, IncrementalEngine)
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
        assert (dense >= 0).all()


# What a row matters


@pytest.mark.parametrize("p", [0.01, 0.25, 0.5, 0.75, 0.99])
def test_of_two_classes_a_row_matters_by_what_its_probability_lacks(p):
    squared = np.array([round(2 * (1 - p) ** 2 * QUANTUM)], np.int32)
    assert BRIER.importance(squared)[0] == pytest.approx(1 - p, abs=2e-3)
    loss = np.array([round(-np.log2(p) * QUANTUM)], np.int32)
    assert CROSS_ENTROPY.importance(loss)[0] == pytest.approx(1 - p, abs=2e-3)


def test_importance_is_half_at_even_odds():
    even = np.array([bits_of([0, 0], 0, BRIER) * QUANTUM], np.int32)
    assert BRIER.importance(even).tolist() == [0.5]
    assert BRIER.importance(even).dtype == np.float32
    one_bit = np.array([QUANTUM], np.int32)
    assert CROSS_ENTROPY.importance(one_bit)[0] == pytest.approx(0.5, abs=1e-6)


@pytest.mark.parametrize("objective", [BRIER, CROSS_ENTROPY], ids=lambda one: one.name)
def test_importance_lies_between_nothing_and_one(objective):
    quanta = np.array([-1, 0, 1, QUANTUM, 2 * QUANTUM, int(2 * CLIP) * QUANTUM], np.int32)
    found = objective.importance(quanta)
    assert ((found >= -1e-6) & (found <= 1)).all()
    assert (np.diff(found) >= 0).all()

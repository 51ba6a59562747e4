# Engines: the incremental engine equals the dense one, bit for bit. And the rows they read.
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchcard.engines import ENGINES, DenseEngine, IncrementalEngine
from scratchcard.engines.incremental import trial as kernels
from scratchcard.objectives import OBJECTIVES, custom_objective
from scratchcard.rows import Rows, integer_weights
from scratchcard.ticket.mask import Mask
from scratchcard.ticket.network import ACTIVATIONS, Network
from scratchcard.ticket.weights import BIAS_FAMILIES, WEIGHT_FAMILIES


def hinge(logits, target, out):
    other = -1e30
    for k in range(logits.size):
        if k != target:
            other = max(other, logits[k])
    out[0] = min(max(0.0, 1.0 - (logits[target] - other)), 1000.0)


def moments(logits, target, out):
    logit = min(max(logits[target], -100.0), 100.0)
    out[0] = logit
    out[1] = logit * logit


ALL = {
    **OBJECTIVES,
    "hinge": custom_objective("hinge", hinge, lambda means: means[0], is_mean=True),
    "spread": custom_objective("spread", moments, lambda means: means[1] - means[0] ** 2, 2),
}


@st.composite
def networks(draw: st.DrawFn) -> Network:
    hidden = draw(st.lists(st.integers(1, 9), max_size=3))
    return Network.dense(
        (draw(st.integers(1, 9)), *hidden, draw(st.integers(2, 5))),
        seed=draw(st.integers(0, 2**32 - 1)),
        weights=draw(st.sampled_from(list(WEIGHT_FAMILIES))),
        biases=draw(st.sampled_from(list(BIAS_FAMILIES))),
        activation=draw(st.sampled_from(ACTIVATIONS)),
        input_bits=draw(st.sampled_from([8, 16])),
    )


class Case:
    """A network, rows, two engines with a state each of the same mask, and a source of more."""

    def __init__(self, network, objective, seed, n_rows, block_rows, density, heaviest, spread):
        self.network, self.density = network, density
        self.random = random = np.random.default_rng(seed)
        limit = network.input_limit
        inputs = random.integers(-limit, limit, (n_rows, network.n_inputs), endpoint=True)
        targets = random.integers(0, network.n_outputs, n_rows)
        weights = random.integers(0, heaviest, n_rows, endpoint=True)
        weights[random.integers(n_rows)] = max(1, heaviest)
        self.rows = Rows(inputs, targets, weights)
        outputs = network.outputs(Mask.full(network.layers), self.rows.inputs)
        temperature = float(np.float32(spread / max(1.0, outputs.std())))
        self.dense = DenseEngine(network, self.rows, objective, temperature)
        self.incremental = IncrementalEngine(
            network, self.rows, objective, temperature, block_rows=block_rows
        )
        mask = self.mask()
        self.states = self.dense.state(mask), self.incremental.state(mask)

    def mask(self):
        return Mask.random(self.network.layers, self.density, self.random).flat()

    def flips(self):
        """One or two connections, as a mutation flips; or some; or very many."""
        most = self.random.choice([1, 2, 12, self.network.n_weights])
        n = self.random.integers(1, most, endpoint=True)
        return self.random.integers(0, self.network.n_weights, n)

    def assert_equal(self):
        """Masks and sums of both states are the same, and the dense engine's afresh."""
        dense, incremental = self.states
        assert np.array_equal(dense.mask, incremental.mask)
        sums = self.incremental.sums(incremental)
        assert sums.dtype == np.int64
        assert np.array_equal(sums, self.dense.sums(dense))
        assert np.array_equal(sums, self.dense.sums(self.dense.state(incremental.mask)))
        value = self.incremental.value(sums)
        assert isinstance(value, float)
        assert value == self.dense.value(sums)


@st.composite
def cases(draw: st.DrawFn, objective: str) -> Case:
    return Case(
        draw(networks()),
        ALL[objective],
        seed=draw(st.integers(0, 2**32 - 1)),
        n_rows=draw(st.integers(1, 100)),
        block_rows=draw(st.sampled_from([16, 32, 2048])),
        density=draw(st.sampled_from([0.0, 0.1, 0.3, 0.7, 1.0])),
        heaviest=draw(st.sampled_from([1, 3, 1024])),
        spread=draw(st.sampled_from([0.0, 1.0, 50.0, 1e6])),
    )


@pytest.mark.parametrize("objective", ALL)
@given(data=st.data())
@settings(max_examples=60)
def test_incremental_equals_dense(objective, data):
    case = data.draw(cases(objective))
    (dense, incremental) = case.states
    case.assert_equal()
    for _ in range(4):
        flips, others = case.flips(), case.flips()
        expected = case.dense.trial(dense, flips)
        assert np.array_equal(case.incremental.trial(incremental, flips), expected)
        case.incremental.trial(incremental, others)  # leaves no trace
        assert np.array_equal(case.incremental.trial(incremental, flips), expected)
        case.assert_equal()
        if case.random.random() < 0.7:
            case.dense.apply(dense, flips)
            case.incremental.apply(incremental, flips)
            assert np.array_equal(case.incremental.sums(incremental), expected)
            case.assert_equal()


@pytest.mark.parametrize("objective", ["cross_entropy", "macro_f1"])
@given(data=st.data())
@settings(max_examples=30)
def test_derived_states_equal_dense_and_leave_their_parent_alone(objective, data):
    case = data.draw(cases(objective))
    parent = case.states[1].mask.copy()
    near = parent.copy()
    near[case.flips()[:2]] ^= 1
    for mask in (near, case.mask()):
        child = case.incremental.derive(case.states[1], mask)
        case.incremental.apply(child, flips := case.flips())
        mask = mask.copy()
        mask[np.unique(flips)] ^= 1
        assert np.array_equal(child.mask, mask)
        expected = case.dense.sums(case.dense.state(mask))
        assert np.array_equal(case.incremental.sums(child), expected)
    assert np.array_equal(case.states[1].mask, parent)
    case.assert_equal()


@pytest.mark.parametrize("objective", ["cross_entropy", "accuracy", "balanced_accuracy"])
@given(data=st.data())
@settings(max_examples=30)
def test_many_masks_at_once(objective, data):
    case = data.draw(cases(objective))
    dense, incremental = case.states
    near = np.array([incremental.mask] * 3)
    for mask in near:
        mask[case.flips()[:3]] ^= 1
    masks = np.array([*near, case.mask(), incremental.mask])
    expected = case.dense.evaluate(masks)
    assert np.array_equal(expected, [case.dense.state(mask).sums for mask in masks])
    assert np.array_equal(case.dense.evaluate(masks, dense), expected)
    assert np.array_equal(case.incremental.evaluate(masks), expected)
    assert np.array_equal(case.incremental.evaluate(masks, incremental), expected)
    case.assert_equal()


@pytest.mark.parametrize("objective", ["cross_entropy", "accuracy", "hinge"])
@given(data=st.data())
@settings(max_examples=30)
def test_a_race_that_runs_to_its_end_is_exact_and_one_that_does_not_leaves_no_trace(
    objective, data
):
    case = data.draw(cases(objective))
    engine, (dense, state) = case.incremental, case.states
    n_blocks = len(engine.data.targets)
    for z in (0.0, 1.0, 4.0):
        flips = np.unique(case.flips())
        expected = case.dense.trial(dense, flips)
        limit = case.random.choice([-1e6, 0.0, 1e6, 1e300])
        race = kernels.Race(limit, z)
        arguments = (engine.block, engine.net, engine.data, state, flips, len(flips))
        if kernels.trial(*arguments, race, engine.team(1)[0]):
            assert np.array_equal(state.trial_sums, expected)
        else:
            assert limit < 1e300
            assert n_blocks > 1
        case.assert_equal()
        assert np.array_equal(engine.trial(state, flips), expected)


@given(st.integers(0, 2**32 - 1), st.integers(1, 200))
def test_rows_come_into_the_same_blocks_in_whatever_order(seed, n_rows):
    random = np.random.default_rng(seed)
    network = Network.dense((3, 4, 2))
    inputs = random.integers(-2, 3, (n_rows, 3))
    targets, weights = random.integers(0, 2, n_rows), random.integers(1, 4, n_rows)
    order = random.permutation(n_rows)
    one, other = (
        IncrementalEngine(
            network,
            Rows(inputs[rows], targets[rows], weights[rows]),
            OBJECTIVES["accuracy"],
            1.0,
            block_rows=32,
        ).data
        for rows in (np.arange(n_rows), order)
    )
    for name in ("inputs", "targets", "weights"):
        assert np.array_equal(getattr(one, name), getattr(other, name))


@pytest.mark.parametrize("n_rows", [1, 2, 3, 16, 47, 1008])
def test_squares_of_a_race_add_up_to_those_of_all_rows(n_rows):
    random = np.random.default_rng(n_rows)
    new, old = random.integers(-(1 << 20), 1 << 20, (2, n_rows)).astype(np.int32)
    weights = random.integers(0, 1025, n_rows).astype(np.int32)
    found = kernels.sum_of_squares(new, old, weights, np.empty(n_rows, dtype=np.float32))
    exact = ((weights * (new.astype(np.float64) - old)) ** 2).sum()
    assert found == pytest.approx(exact, rel=1e-5)


def test_a_large_network_of_real_size():
    random = np.random.default_rng(0)
    network = Network.dense((64, 100, 50, 10), weights="kaiming_normal", input_bits=16)
    limit = network.input_limit
    rows = Rows(random.integers(-limit, limit, (3000, 64)), random.integers(0, 10, 3000))
    engines = [make(network, rows, OBJECTIVES["cross_entropy"], 1e-6) for make in ENGINES.values()]
    mask = Mask.random(network.layers, 0.1, random).flat()
    states = [engine.state(mask) for engine in engines]
    for n in (1, 2, 30, 1000):
        flips = random.integers(0, network.n_weights, n)
        for engine, state in zip(engines, states, strict=True):
            engine.apply(state, flips)
        first, second = (e.sums(s) for e, s in zip(engines, states, strict=True))
        assert np.array_equal(first, second)


def test_engines_by_name():
    assert ENGINES["dense"] is DenseEngine
    assert ENGINES["incremental"] is IncrementalEngine


# Rows


def test_rows_keep_integers():
    rows = Rows([[1, -2], [3, 4]], [0, 1])
    assert (rows.inputs.dtype, rows.targets.dtype, rows.weights.dtype) == ("i2", "i8", "i8")
    assert rows.weights.tolist() == [1, 1]
    assert (len(rows), rows.total_weight) == (2, 2)
    assert Rows([[1], [2]], [0, 1], [0, 1024]).total_weight == 1024


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1, 2], [0, 1]), "inputs"),
        (([[1], [2]], [0]), "targets"),
        (([[1], [2]], [0, 1], [1]), "weights"),
        (([[1], [2]], [0, 1], [1, -1]), "weights must be integers from 0 to 1024"),
        (([[1], [2]], [0, 1], [1, 1025]), "weights must be integers from 0 to 1024"),
        (([[1], [2]], [0, 1], [0, 0]), "at least one row must have a weight above 0"),
        (([[1], [2]], [0, -1]), "targets must be class indices from 0"),
        (([[0.2], [0.9]], [0, 1]), "inputs takes integers, got float64 values"),
        (([[1], [70000]], [0, 1]), "inputs takes integers -32768..32767, got 0..70000"),
        (([[1], [2]], [0, 1.9]), "targets takes integers, got float64 values"),
        (([[1], [2]], [0, 1], [0.5, 2.5]), "weights takes integers, got float64 values"),
    ],
)
def test_rows_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Rows(*map(np.array, arguments))


@pytest.mark.parametrize("engine", [DenseEngine, IncrementalEngine])
@pytest.mark.parametrize(
    ("inputs", "targets", "message"),
    [
        ([[1, 2]], [0], "rows takes the network's 3 features, got 2"),
        ([[1, 2, 3]], [4], "rows takes targets below the network's 4 outputs, got 4"),
        ([[1, 2, -30000]], [0], r"rows takes inputs -127..127, got -30000..2"),
    ],
)
def test_engines_refuse_rows_that_the_network_cannot_read(engine, inputs, targets, message):
    with pytest.raises(ValueError, match=message):
        engine(Network.dense((3, 5, 4)), Rows(inputs, targets), OBJECTIVES["accuracy"], 1.0)


def test_integer_weights():
    assert integer_weights(np.array([0.0, 3.0, 1024.0])).tolist() == [0, 3, 1024]
    assert integer_weights(np.array([0.0, 0.5, 1.0])).tolist() == [0, 512, 1024]
    assert integer_weights(np.array([2048.0, 1.0])).tolist() == [1024, 1]  # 0.5, and not 0
    assert integer_weights(np.array([1e300, 1e-300, 0.0])).tolist() == [1024, 1, 0]
    assert integer_weights(np.array([5e-324, 0.0])).tolist() == [1024, 0]
    assert integer_weights(np.zeros(2)).tolist() == [0, 0]
    assert integer_weights(np.array([2, 1])).dtype == np.int64


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_integer_weights_refused(bad):
    with pytest.raises(ValueError, match="weights takes finite numbers of at least 0"):
        integer_weights(np.array([1.0, bad]))


@pytest.mark.parametrize("name", ["cross_entropy", "brier"])
def test_a_network_of_one_output_has_a_softmax_too(name):
    random = np.random.default_rng(0)
    network = Network.dense((5, 4, 1))
    inputs = random.integers(-127, 128, (60, 5)).astype(np.int16)
    rows = Rows(inputs, np.zeros(60, dtype=np.int64))
    masks = random.integers(0, 2, (20, network.n_weights)).astype(np.uint8)
    dense, incremental = (
        engine(network, rows, OBJECTIVES[name], 1e-4) for engine in (DenseEngine, IncrementalEngine)
    )
    for mask in masks:
        assert np.array_equal(
            dense.sums(dense.state(mask)), incremental.sums(incremental.state(mask))
        )

# Engines: the incremental engine equals the dense one, bit for bit.
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from scratchcard.engines import ENGINES, DenseEngine, IncrementalEngine
from scratchcard.engines.incremental.trial import Race, trial
from scratchcard.objectives import OBJECTIVES, custom_objective, quantile_loss
from scratchcard.rows import Rows
from scratchcard.ticket.heads.lines import Lines
from scratchcard.ticket.heads.numbers import UNIT
from scratchcard.ticket.layers import Conv2d, Dense, Layer
from scratchcard.ticket.layers.conv2d import PADDINGS
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
    "quantile:0.9": quantile_loss(0.9),
    "hinge": custom_objective("hinge", hinge),
    "spread": custom_objective("spread", moments, lambda means: means[1] - means[0] ** 2, 2),
}


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Draw dense networks, and some that begin with convolutions."""
    shape: tuple[int, ...] = (draw(st.integers(1, 9)),)
    layers: list[Layer] = []
    if draw(st.integers(0, 3)) == 0:
        shape = draw(st.tuples(st.integers(1, 2), st.integers(3, 8), st.integers(3, 8)))
        layers = draw(st.lists(convolutions(), min_size=1, max_size=3))
    layers += [Dense(units) for units in draw(st.lists(st.integers(1, 9), max_size=3))]
    try:
        return Network(
            [*layers, Dense(draw(st.integers(2, 5)))],
            shape,
            seed=draw(st.integers(0, 2**32 - 1)),
            weights=draw(st.sampled_from(list(WEIGHT_FAMILIES))),
            biases=draw(st.sampled_from(list(BIAS_FAMILIES))),
            activation=draw(st.sampled_from(ACTIVATIONS)),
            input_bits=draw(st.sampled_from([8, 16])),
        )
    except ValueError:  # maps that are too small for these kernels
        reject()


def convolutions() -> st.SearchStrategy[Conv2d]:
    return st.builds(
        Conv2d,
        units=st.sampled_from([1, 2, 3, 4, 16]),  # the more, the smaller the values above
        kernel=st.integers(1, 4),
        stride=st.integers(1, 3),
        padding=st.sampled_from(PADDINGS),
        pool=st.integers(1, 2),
    )


class Case:
    """A network, rows, two engines with a state each of the same mask, and a source of more."""

    def __init__(self, network, objective, seed, n_rows, block_rows, density, heaviest, spread):
        self.network, self.density = network, density
        self.random = random = np.random.default_rng(seed)
        limit = network.input_limit
        weights = random.integers(0, heaviest, n_rows, endpoint=True)
        weights[random.integers(n_rows)] = max(1, heaviest)
        weights = weights.repeat(objective.group)
        n_rows *= objective.group
        inputs = random.integers(-limit, limit, (n_rows, network.n_inputs), endpoint=True)
        targets = random.integers(0, network.n_outputs, n_rows)
        self.rows = Rows(inputs, targets, weights, objective.group)
        outputs = network.outputs(Mask.full(network.layers), self.rows.inputs)
        temperature = float(np.float32(spread / max(1.0, outputs.std())))
        if objective.answers == "numbers":
            numbers = random.standard_cauchy((n_rows, network.n_outputs)) * UNIT
            numbers = abs(numbers) if objective.from_zero else numbers
            bound = 2**31 - 1
            self.rows = self.rows.with_targets(np.clip(numbers, -bound, bound).astype(np.int64))
            temperature = self.lines(temperature)
        self.dense = DenseEngine(network, self.rows, objective, temperature)
        self.incremental = IncrementalEngine(
            network, self.rows, objective, temperature, block_rows=block_rows
        )
        mask = self.mask()
        self.states = self.dense.state(mask), self.incremental.state(mask)

    def lines(self, size):
        """A line for each output, up or down."""
        pairs = self.random.normal(size=(2, self.network.n_outputs)) * [[size], [1.0]]
        return Lines(*map(tuple, pairs.tolist()))

    def mask(self):
        return Mask.random(self.network.layers, self.density, self.random).flat()

    def flips(self):
        """One or two connections, anywhere or into one unit; or some; or very many."""
        if self.random.random() < 0.3:
            number = self.random.integers(self.network.n_layers)
            layer, first = self.network.layers[number], self.network.offsets[number]
            first += layer.fan_in * self.random.integers(layer.units)
            return first + self.random.integers(0, layer.fan_in, 2)
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
def cases(draw: st.DrawFn, objective: str, spread: float | None = None) -> Case:
    return Case(
        draw(networks()),
        ALL[objective],
        seed=draw(st.integers(0, 2**32 - 1)),
        n_rows=draw(st.integers(1, 100)),
        block_rows=draw(st.sampled_from([16, 32, 2048])),
        density=draw(st.sampled_from([0.0, 0.1, 0.3, 0.7, 1.0])),
        heaviest=draw(st.sampled_from([1, 3, 1024])),
        spread=draw(st.sampled_from([0.0, 1.0, 50.0, 1e6])) if spread is None else spread,
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


@pytest.mark.parametrize("objective", ["cross_entropy", "brier"])
@given(data=st.data(), spread=st.sampled_from([80.0, 300.0, 5e3, 1e5, 1e8]))
@settings(max_examples=40)
def test_incremental_equals_dense_where_logits_are_off_the_scale(objective, data, spread):
    case = data.draw(cases(objective, spread))
    case.assert_equal()
    for _ in range(3):
        flips = case.flips()
        expected = case.dense.trial(case.states[0], flips)
        assert np.array_equal(case.incremental.trial(case.states[1], flips), expected)
        case.dense.apply(case.states[0], flips)
        case.incremental.apply(case.states[1], flips)
        case.assert_equal()


@pytest.mark.parametrize(
    "objective",
    [
        *("cross_entropy", "brier", "margin", "accuracy", "hinge"),
        *("squared_error", "absolute_error", "poisson"),
    ],
)
@given(data=st.data())
@settings(max_examples=30)
def test_a_new_temperature_leaves_nothing_stale(objective, data):
    case = data.draw(cases(objective))
    for use in ("sums", "trial", "trial_flips", "apply", "derive", "evaluate"):
        factor = case.random.choice([0.01, 0.5, 3.0, 200.0])
        if case.rows.answers == "numbers":
            temperature = case.lines(factor * case.dense.temperature.scales[0])
        else:
            temperature = float(np.float32(case.dense.temperature * factor))
        flips, near = np.unique(case.flips()), case.states[0].mask.copy()
        near[flips[:2]] ^= 1
        found = []
        for engine, state in zip((case.dense, case.incremental), case.states, strict=True):
            engine.temper(temperature)
            assert engine.temperature == temperature
            if use == "sums":
                found.append(engine.sums(state))
            elif use == "trial":
                found.append(engine.trial(state, flips))
            elif use == "trial_flips":
                found.append(engine.trial_flips(state, flips))
            elif use == "apply":
                engine.apply(state, flips)
                found.append(engine.sums(state))
            elif use == "derive":
                found.append(engine.sums(engine.derive(state, near)))
            else:
                found.append(engine.evaluate(near[None], state))
        assert np.array_equal(*found)
        assert np.array_equal(
            case.incremental.sums(case.incremental.state(near)), case.dense.evaluate(near[None])[0]
        )
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


@pytest.mark.parametrize(
    "objective", ["cross_entropy", "accuracy", "balanced_accuracy", "squared_error", "quantile"]
)
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
    assert np.array_equal(expected, [case.dense.sums(case.dense.state(mask)) for mask in masks])
    assert np.array_equal(case.dense.evaluate(masks, dense), expected)
    assert np.array_equal(case.incremental.evaluate(masks), expected)
    assert np.array_equal(case.incremental.evaluate(masks, incremental), expected)
    case.assert_equal()


@pytest.mark.parametrize("objective", ["cross_entropy", "accuracy", "hinge", "quantile:0.9"])
@given(data=st.data())
@settings(max_examples=30)
def test_a_race_that_runs_to_its_end_is_exact_and_one_that_does_not_leaves_no_trace(
    objective, data
):
    case = data.draw(cases(objective))
    engine, (dense, state) = case.incremental, case.states
    for z in (0.0, 1.0, 4.0):
        flips = np.unique(case.flips())
        expected = case.dense.trial(dense, flips)
        limit = case.random.choice([-1e6, 0.0, 1e6, 1e300])
        if trial(engine.job(), state, flips, len(flips), Race(limit, z)):
            assert np.array_equal(state.trial_sums, expected)
        else:
            assert limit < 1e300
            assert engine.n_blocks > 1
        case.assert_equal()
        assert np.array_equal(engine.trial(state, flips), expected)


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


@pytest.mark.parametrize("make", ENGINES.values(), ids=ENGINES)
@pytest.mark.parametrize("name", ["macro_f1", "balanced_accuracy", "spread"])
def test_row_statistics_are_refused_where_a_row_has_several(make, name):
    network = Network.dense((3, 4, 2))
    engine = make(network, Rows([[1, 2, 3]], [0]), ALL[name], 1.0)
    with pytest.raises(ValueError, match=rf"row statistics take .* '{name}' has [24]"):
        engine.row_statistics(np.ones(network.n_weights, np.uint8))


@pytest.mark.parametrize("name", ["cross_entropy", "accuracy", "margin", "hinge"])
def test_row_statistics_of_both_engines_are_the_same_and_weigh_up_to_the_sums(name):
    random = np.random.default_rng(0)
    network = Network.dense((5, 6, 3))
    rows = Rows(
        random.integers(-127, 128, (90, 5)), random.integers(0, 3, 90), random.integers(0, 4, 90)
    )
    dense, incremental = (
        make(network, rows, ALL[name], 1e-4, 32) for make in (DenseEngine, IncrementalEngine)
    )
    for mask in random.integers(0, 2, (5, network.n_weights)).astype(np.uint8):
        found = incremental.row_statistics(mask)
        assert np.array_equal(found[rows.weights > 0], dense.row_statistics(mask)[rows.weights > 0])
        assert (found.astype(np.int64) * rows.weights).sum() == dense.evaluate(mask[None])[0, 0]

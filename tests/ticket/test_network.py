"""Tests of Network: derived integers, weights, exact outputs against plain integers, arguments."""

import copy
import dataclasses
import math
import pickle
import tracemalloc
import zlib
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchcard.ticket import live
from scratchcard.ticket import network as network_module
from scratchcard.ticket.layers import Dense
from scratchcard.ticket.mask import Mask
from scratchcard.ticket.network import ACTIVATIONS, Network
from scratchcard.ticket.weights import BIAS_FAMILIES, WEIGHT_FAMILIES, biases, weights


@st.composite
def networks(draw, max_size=7):
    """Small networks of every depth up to 4, family, activation and input width."""
    return Network.dense(
        tuple(draw(st.lists(st.integers(1, max_size), min_size=2, max_size=5))),
        seed=draw(st.integers(0, 2**32 - 1)),
        weights=draw(st.sampled_from(sorted(WEIGHT_FAMILIES))),
        biases=draw(st.sampled_from(sorted(BIAS_FAMILIES))),
        activation=draw(st.sampled_from(ACTIVATIONS)),
        input_bits=draw(st.sampled_from([8, 16])),
    )


def mask_and_rows(network, density, seed, n_rows=4):
    rng = np.random.default_rng(seed)
    limit = network.input_limit
    rows = rng.integers(-limit, limit + 1, (n_rows, network.n_inputs), dtype=np.int16)
    rows[0] = limit  # the greatest sums there can be
    return Mask.random(network.layers, density, rng), rows


def outputs_in_plain_integers(network, mask, rows):
    """Return the outputs as the specification says, in Python integers; check every sum's size."""
    family, results = WEIGHT_FAMILIES[network.weights], []
    sizes, masked = network.sizes, mask.arrays()

    def cap(fan_in):
        return min(32767, 2**30 // (fan_in * family.max))

    for row in rows.tolist():
        limit = min(2 ** (network.input_bits - 1) - 1, cap(sizes[0]))
        one, m, values = limit, limit // 2, row
        for layer, (fan_in, fan_out) in enumerate(pairwise(sizes)):
            drawn = weights(network.weights, network.seed, layer, fan_out, fan_in).tolist()
            b8 = biases(network.biases, network.seed, layer, fan_out).tolist()
            unit = one * family.one
            sums = []
            for j in range(fan_out):
                total = (b8[j] * unit) >> 7
                for i in range(fan_in):
                    total += drawn[j][i] * values[i] if masked[layer][j, i] else 0
                    assert abs(total) < 2**31
                sums.append(total)
            if layer == len(sizes) - 2:
                results.append(sums)
                break
            if network.activation == "relu":
                m = max(1, m * (math.isqrt(fan_in * family.mean_square // 2) or 1))
                shift = 0
                while m >> shift > 2047:
                    shift += 1
                m, limit = max(1, m >> shift), cap(fan_out)
                one = max(1, min(unit >> shift, limit))
                values = [min(max(total, 0) >> shift, limit) for total in sums]
            else:
                one = limit = min(127, cap(fan_out))
                m = max(1, one // 2)
                low = 0 if network.activation == "step" else -one
                values = [one if total > 0 else low if total < 0 else 0 for total in sums]
    return results


# -- shape and derived integers ------------------------------------------------------------------


def test_shape():
    network = Network.dense((4, 3, 2))
    assert network.n_layers == 2
    assert network.n_weights == 18
    assert (network.n_inputs, network.n_outputs) == (4, 2)
    assert network.shapes == ((3, 4), (2, 3))
    assert network.offsets == (0, 12, 18)
    assert network.sizes == (4, 3, 2)
    assert network.architecture == "4-3-2"


@pytest.mark.parametrize(
    ("changed", "shifts", "limits", "units", "ones"),
    [
        ({}, (4, 9), (127, 32767, 32767), (16129, 128016, 31750), (127, 1008, 250)),
        (
            {"weights": "signed_constant"},
            (0, 1),
            (127, 32767, 32767),
            (127, 127, 63),
            (127, 127, 63),
        ),
        (
            {"weights": "kaiming_normal"},
            (3, 8),
            (127, 32767, 32767),
            (4064, 16256, 2016),
            (127, 508, 63),
        ),
        ({"activation": "step"}, (0, 0), (127,) * 3, (16129,) * 3, (127,) * 3),
        (
            {"activation": "sign", "weights": "signed_constant"},
            (0, 0),
            (127,) * 3,
            (127,) * 3,
            (127,) * 3,
        ),
        ({"input_bits": 16}, (12, 9), (32767,) * 3, (4161409, 128905, 31877), (32767, 1015, 251)),
    ],
)
def test_derived_integers_are_golden(changed, shifts, limits, units, ones):
    network = Network.dense((64, 100, 50, 10), **changed)
    assert network.shifts == shifts
    assert network.limits == limits
    assert network.one_sums == units
    assert network.ones == ones
    assert network.input_limit == limits[0]
    assert network == dataclasses.replace(network, seed=0)
    assert dataclasses.replace(network, seed=9).limits == limits  # seeds do not matter


@given(
    st.lists(st.integers(1, 2**21), min_size=2, max_size=5),
    st.sampled_from(sorted(WEIGHT_FAMILIES)),
    st.sampled_from(ACTIVATIONS),
    st.sampled_from([8, 16]),
)
def test_no_sum_leaves_32_bits(sizes, family, activation, input_bits):
    sizes = [min(size, 2**10) if i % 2 else size for i, size in enumerate(sizes)]
    if sum(a * b for a, b in pairwise(sizes)) > 2**31:
        sizes = [min(size, 2**14) for size in sizes]
    network = Network.dense(
        tuple(sizes), weights=family, activation=activation, input_bits=input_bits
    )
    greatest = WEIGHT_FAMILIES[family].max
    for fan_in, limit, unit, one in zip(
        sizes[:-1], network.limits, network.one_sums, network.ones, strict=True
    ):
        assert 1 <= one <= limit <= 32767
        assert limit * fan_in * greatest <= 2**30
        assert limit * fan_in * greatest + -((-127 * unit) >> 7) < 2**31
    assert all(0 <= shift < 31 for shift in network.shifts)


# -- weights -------------------------------------------------------------------------------------


@given(networks())
def test_weights_and_biases_are_those_of_the_weight_function(network):
    for layer, (fan_out, fan_in) in enumerate(network.shapes):
        drawn = weights(network.weights, network.seed, layer, fan_out, fan_in)
        start, stop = network.offsets[layer], network.offsets[layer + 1]
        assert np.array_equal(network.weights_of(layer), drawn)
        assert np.array_equal(network.flat_weights()[start:stop], drawn.reshape(-1))
        b8 = biases(network.biases, network.seed, layer, fan_out).tolist()
        assert network.biases_of(layer).dtype == np.int32
        assert network.biases_of(layer).tolist() == [(b * network.one_sums[layer]) >> 7 for b in b8]
    assert network.flat_weights().dtype == np.int8


def test_weights_are_frozen():
    network = Network.dense((4, 3, 2))
    assert network.flat_weights() is network.flat_weights()
    for array in (network.flat_weights(), network.weights_of(1), network.biases_of(0)):
        with pytest.raises(ValueError, match=r"read-only"):
            array[0] = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        network.seed = 1


@pytest.mark.parametrize("layer", [-1, 2, 0.0, True])
def test_a_layer_that_is_not_there(layer):
    for method in (Network.dense((4, 3, 2)).weights_of, Network.dense((4, 3, 2)).biases_of):
        with pytest.raises(ValueError, match=r"^layer takes an integer 0\.\.1, got"):
            method(layer)


# -- value semantics -----------------------------------------------------------------------------


def test_equality_hash_and_pickle_know_only_the_fields():
    seen, fresh = Network.dense((4, 3, 2), seed=5), Network.dense([4, np.int64(3), 2], np.uint32(5))
    seen.flat_weights(), seen.biases_of(0), seen.shifts
    assert seen == fresh
    assert hash(seen) == hash(fresh)
    assert pickle.dumps(seen) == pickle.dumps(fresh)
    assert all(type(size) is int for size in (*fresh.sizes, fresh.seed))
    for again in (pickle.loads(pickle.dumps(seen)), copy.copy(seen), copy.deepcopy(seen)):
        assert again == seen
        assert "_flat_weights" not in vars(again)
    assert seen != dataclasses.replace(seen, seed=0)
    assert eval(repr(seen)) == seen
    assert Network([Dense(3), Dense(2)], 4, seed=5) == seen
    assert Network((Dense(3), Dense(2)), (4,), 5) == seen


# -- outputs -------------------------------------------------------------------------------------


@given(networks(), st.sampled_from([0.0, 0.1, 0.4, 0.8, 1.0]), st.integers(0, 2**32))
def test_outputs_equal_plain_integers(network, density, seed):
    mask, rows = mask_and_rows(network, density, seed)
    found = network.outputs(mask, rows)
    assert found.dtype == np.int64
    assert found.tolist() == outputs_in_plain_integers(network, mask, rows)


@given(networks(), st.floats(0, 1), st.integers(0, 2**32))
def test_outputs_come_from_the_sums_of_the_first_layer(network, density, seed):
    mask, rows = mask_and_rows(network, density, seed)
    units, sums = network.first_sums(mask, rows)
    masked = network.weights_of(0) * mask.array(0)
    expected = rows.astype(np.int64) @ masked.T.astype(np.int64) + network.biases_of(0)
    assert sums.tolist() == expected[:, units].tolist()
    outputs = network.outputs_after(mask, sums)
    assert outputs.dtype == np.int64
    assert outputs.tolist() == network.outputs(mask, rows).tolist()


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("family", WEIGHT_FAMILIES)
@pytest.mark.parametrize("block", [1, 50, 1 << 22])
@pytest.mark.parametrize("empty", [0, 1 << 30], ids=["lists", "matrices"])
def test_chunks_and_partial_draws_change_nothing(monkeypatch, family, activation, block, empty):
    network = Network.dense((30, 20, 10, 4), seed=3, weights=family, activation=activation)
    mask, rows = mask_and_rows(network, 0.05, 1, n_rows=9)
    expected = outputs_in_plain_integers(network, mask, rows)
    monkeypatch.setattr(live, "BLOCK", block)
    monkeypatch.setattr(network_module, "_EMPTY", empty)
    monkeypatch.setattr(network_module, "_SMALL", 0)
    assert network.outputs(mask, rows).tolist() == expected
    assert "_flat_weights" not in vars(network)  # only the survivors were drawn
    network.flat_weights()
    assert network.outputs(mask, rows).tolist() == expected
    full = Mask.full(network.layers)
    assert network.outputs(full, rows).tolist() == outputs_in_plain_integers(network, full, rows)


@pytest.mark.parametrize("input_bits", [8, 16])
@pytest.mark.parametrize("family", ["uniform", "signed_constant"])
def test_saturation_is_reached_and_exact(family, input_bits):
    network = Network.dense(
        (1500, 3, 2), seed=1, weights=family, biases="zero", input_bits=input_bits
    )
    drawn = network.weights_of(0).astype(np.int64)
    rows = network.input_limit * np.sign(drawn)  # each row drives one unit as far as it goes
    hidden = (drawn @ rows.T).max() >> network.shifts[0]
    assert hidden > network.limits[1]
    mask = Mask.full(network.layers)
    assert network.outputs(mask, rows).tolist() == outputs_in_plain_integers(network, mask, rows)


def test_outputs_of_the_digits_network_are_golden():
    network = Network.dense((64, 100, 10), seed=7)
    assert zlib.crc32(network.flat_weights().tobytes()) == 1670728316
    rows = np.arange(128).reshape(2, 64) * 7 % 255 - 127
    assert network.outputs(Mask.full(network.layers), rows).tolist() == [
        [-466095, 575009, -879824, 101804, -690250, -2110510, -98164, -628939, 2112657, -1092968],
        [779329, 663770, 642922, -465551, 822521, 775000, 2021126, 675225, -635348, 191671],
    ]


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int64])
def test_any_integer_type_and_layout_will_do(dtype):
    network = Network.dense((5, 4, 3))
    mask, rows = mask_and_rows(network, 0.7, 0)
    expected = network.outputs(mask, rows)
    assert np.array_equal(network.outputs(mask, np.asfortranarray(rows.astype(dtype))), expected)
    assert np.array_equal(network.outputs(mask, rows.astype(dtype).tolist()), expected)
    unsigned = np.abs(rows).astype(np.uint8)
    assert np.array_equal(
        network.outputs(mask, unsigned), network.outputs(mask, unsigned.astype(int))
    )


def test_no_rows_give_no_outputs():
    network = Network.dense((5, 4, 3))
    found = network.outputs(Mask.full(network.layers), np.empty((0, 5), np.int16))
    assert found.shape == (0, 3)


def test_a_big_sparse_network_is_not_drawn_in_full():
    network = Network.dense((1000, 3000, 1000, 10), seed=2)
    rng = np.random.default_rng(0)
    mask = Mask.random(network.layers, 0.001, rng)
    rows = rng.integers(-127, 128, (2, 1000), dtype=np.int16)
    found = network.outputs(mask, rows)
    assert "_flat_weights" not in vars(network)
    network.flat_weights()
    assert np.array_equal(found, network.outputs(mask, rows))


# -- arguments -----------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(), (1, 2, 3, 4)])
def test_rows_have_one_to_three_dimensions(shape):
    with pytest.raises(ValueError, match=r"^input_shape takes .* a tuple of 1..3 of them, got \("):
        Network([Dense(2)], shape)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"sizes": (4,)}, "^sizes takes at least two layers"),
        ({"sizes": ()}, "^sizes takes at least two layers"),
        ({"sizes": 4}, "^sizes takes a sequence of integers, got 4"),
        ({"sizes": "44"}, "^sizes takes a sequence of integers, got '44'"),
        ({"sizes": (4, 0, 2)}, r"^sizes takes an integer 1\.\..*, got 0"),
        ({"sizes": (4, -1)}, "^sizes takes an integer .*, got -1"),
        ({"sizes": (4, 2.0)}, "^sizes takes an integer .*, got 2.0"),
        ({"sizes": (4, True)}, "^sizes takes an integer .*, got True"),
        ({"sizes": (10**6, 10**6)}, r"^layers takes at most 2\*\*31 weights in all, got 10{12}"),
        ({"sizes": (10**12, 1)}, "^sizes takes an integer"),
        (
            {"sizes": (2**24, 1)},
            "^layers takes at most 8454660 weights into a unit of uniform weights, got 16777216",
        ),
        ({"seed": -1}, "^seed takes an integer 0..4294967295, got -1"),
        ({"seed": 2**32}, "^seed takes an integer"),
        ({"seed": None}, "^seed takes an integer .*, got None"),
        ({"seed": False}, "^seed takes an integer .*, got False"),
        ({"weights": "normal"}, "^weights takes one of 'uniform', .*, got 'normal'"),
        ({"weights": None}, "^weights takes one of"),
        ({"biases": "one"}, "^biases takes one of 'uniform', 'zero', got 'one'"),
        ({"activation": "tanh"}, "^activation takes one of 'relu', 'step', 'sign', got 'tanh'"),
        ({"activation": ["relu"]}, "^activation takes one of"),
        ({"input_bits": 12}, "^input_bits takes 8 or 16, got 12"),
        ({"input_bits": 32}, "^input_bits takes"),
    ],
)
def test_bad_arguments_are_named(changed, message):
    with pytest.raises(ValueError, match=message):
        Network.dense(**({"sizes": (4, 3, 2)} | changed))


@pytest.mark.parametrize("seed", [0, 2**32 - 1, np.int64(0), np.uint32(2**32 - 1)])
def test_every_seed_is_a_seed(seed):
    assert Network.dense((2, 2), seed=seed).seed == int(seed)


def test_huge_networks_take_no_memory():
    tracemalloc.start()
    with pytest.raises(ValueError, match=r"^layers takes"):
        Network.dense((10**6, 10**6, 10))
    network = Network.dense(
        (2**15, 2**15, 2**15)
    )  # 2**31 weights: allowed, and nothing is drawn yet
    assert network.n_weights == 2**31
    assert network.limits
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (np.zeros((2, 4), int), r"^inputs takes shape \(n_rows, 5\), got \(2, 4\)"),
        (np.zeros(5, int), r"^inputs takes shape \(n_rows, 5\), got \(5,\)"),
        (np.zeros((2, 5)), "^inputs takes quantised integers, got float64"),
        (np.zeros((2, 5), bool), "^inputs takes quantised integers, got bool"),
        (np.full((2, 5), 128), r"^inputs takes integers -127\.\.127, got 128\.\.128"),
        (np.full((2, 5), -128, np.int8), "^inputs takes integers"),
        (np.full((2, 5), 200, np.uint8), "^inputs takes integers"),
    ],
)
def test_bad_inputs_are_refused(inputs, message):
    network = Network.dense((5, 4, 3))
    with pytest.raises(ValueError, match=message):
        network.outputs(Mask.full(network.layers), inputs)


def test_a_mask_of_another_network_is_refused():
    network, rows = Network.dense((5, 4, 3)), np.zeros((1, 5), int)
    with pytest.raises(ValueError, match=r"^mask takes a mask of 5-4-3, got one of 5-3"):
        network.outputs(Mask.full(((3, 5),)), rows)
    with pytest.raises(ValueError, match=r"^mask takes a Mask, got ndarray"):
        network.outputs(np.ones(32, bool), rows)

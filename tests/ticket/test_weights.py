"""Tests of the weight function: published answers, golden values, distributions, arguments."""

import math
import pickle
import warnings
from fractions import Fraction
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchcard.ticket.weights import (
    BIAS_FAMILIES,
    WEIGHT_FAMILIES,
    biases,
    philox2x32,
    weight_at,
    weights,
)

WORD = 2**32 - 1
words = st.integers(0, WORD)

# Random123, kat_vectors, philox2x32 with 10 rounds: counter, key, answer
KNOWN_ANSWERS = [
    ((0x00000000, 0x00000000), 0x00000000, (0xFF1DAE59, 0x6CD10DF2)),
    ((0xFFFFFFFF, 0xFFFFFFFF), 0xFFFFFFFF, (0x2C3F628B, 0xAB4FD7AD)),
    ((0x243F6A88, 0x85A308D3), 0x13198A2E, (0xDD7CE038, 0xF62A4C12)),
]

# Weights of layer 0 as (2, 4), of layer 3 as (2, 3), of layer 1 at 0, 1, 2**31 and 2**32 - 1.
GOLDEN_WEIGHTS = {
    ("uniform", 0): (
        [[127, 93, -123, -125], [64, -68, 0, 34]],
        [[41, 51, 34], [9, 28, 7]],
        [86, -112, -40, -39],
    ),
    ("signed_constant", 0): (
        [[-1, -1, 1, 1], [-1, 1, -1, -1]],
        [[-1, -1, -1], [-1, -1, -1]],
        [-1, 1, 1, 1],
    ),
    ("kaiming_normal", 0): (
        [[15, 33, -16, -64], [2, -10, -66, -1]],
        [[-7, 22, -23], [-6, 26, -78]],
        [60, -60, 60, 72],
    ),
    ("uniform", WORD): (
        [[56, -112, -110, 108], [119, -49, 92, 48]],
        [[89, -93, -45], [24, -93, -24]],
        [-10, -96, -83, 23],
    ),
    ("signed_constant", WORD): (
        [[-1, 1, 1, -1], [-1, 1, -1, -1]],
        [[-1, 1, 1], [-1, 1, 1]],
        [1, 1, 1, -1],
    ),
    ("kaiming_normal", WORD): (
        [[13, -82, -27, -1], [-6, 10, 18, -9]],
        [[33, 0, -19], [20, -16, 9]],
        [-5, -29, 11, 11],
    ),
}
GOLDEN_BIASES = {
    0: ([-60, 104, 23, 96, -108, -95], [3, 112, 46]),
    WORD: ([-7, -99, 42, -20, -2, -79], [-4, -73, 122]),
}


def philox_in_plain_integers(c0, c1, key):
    for _ in range(10):
        product = 0xD256D193 * c0
        c0, c1 = (product >> 32) ^ key ^ c1, product & WORD
        key = (key + 0x9E3779B9) & WORD
    return c0, c1


def weight_in_plain_integers(family, x0, x1):
    if family == "uniform":
        return ((x0 * 255) >> 32) - 127
    if family == "signed_constant":
        return 1 - 2 * (x0 >> 31)
    total = sum(x0.to_bytes(4, "little")) + sum(x1.to_bytes(4, "little"))
    return max(-127, min(127, ((total - 1020) * 39 + 128) >> 8))


def exact_distribution(family):
    """Return {weight: how many of the 2**64 pairs of words give it}."""
    counts = {}
    if family == "kaiming_normal":
        for total in range(8 * 255 + 1):
            ways = sum(
                (-1) ** k * math.comb(8, k) * math.comb(total - 256 * k + 7, 7)
                for k in range(total // 256 + 1)
            )
            weight = max(-127, min(127, ((total - 1020) * 39 + 128) >> 8))
            counts[weight] = counts.get(weight, 0) + ways
    elif family == "signed_constant":
        counts = {-1: 2**63, 1: 2**63}
    else:
        edges = [-(-(k << 32) // 255) for k in range(256)]  # the first x0 of each weight
        for k in range(255):
            counts[k - 127] = (edges[k + 1] - edges[k]) << 32
    assert sum(counts.values()) == 2**64
    return counts


# -- Philox --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN_ANSWERS)
def test_philox_gives_the_published_answers(counter, key, answer):
    x0, x1 = philox2x32(*counter, key)
    assert (int(x0), int(x1)) == answer
    assert philox_in_plain_integers(*counter, key) == answer


def test_philox_is_vectorised_and_broadcasts():
    c0, c1, keys = np.array([(*c, k) for c, k, _ in KNOWN_ANSWERS], np.uint32).T
    x0, x1 = philox2x32(c0, c1, keys)
    assert x0.dtype == x1.dtype == np.uint32
    assert np.stack([x0, x1], axis=1).tolist() == [list(answer) for _, _, answer in KNOWN_ANSWERS]
    x0, x1 = philox2x32(np.arange(5)[:, None], np.arange(3), 7)
    assert x0.shape == x1.shape == (5, 3)
    assert (int(x0[4, 2]), int(x1[4, 2])) == philox_in_plain_integers(4, 2, 7)
    assert philox2x32([], 0, 0)[0].shape == (0,)


@given(words, words, words)
def test_philox_equals_plain_integers_without_a_warning(c0, c1, key):
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        x0, x1 = philox2x32(c0, c1, key)
    assert (int(x0), int(x1)) == philox_in_plain_integers(c0, c1, key)


@pytest.mark.parametrize("bad", [-1, 2**32, 0.5, True, "1", [0, -1], [2**64], None])
def test_philox_refuses_what_is_no_word(bad):
    for name in ("counter0", "counter1", "key"):
        arguments = {"counter0": 0, "counter1": 0, "key": 0, name: bad}
        with pytest.raises(ValueError, match=f"^{name} takes integers 0..2\\*\\*32 - 1, got"):
            philox2x32(**arguments)


# -- families ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("family", "seed"), GOLDEN_WEIGHTS)
def test_golden_weights(family, seed):
    first, fourth, second = GOLDEN_WEIGHTS[family, seed]
    assert weights(family, seed, 0, 2, 4).tolist() == first
    assert weights(family, seed, 3, 2, 3).tolist() == fourth
    assert weight_at(family, seed, 1, [0, 1, 2**31, WORD]).tolist() == second


@pytest.mark.parametrize("seed", GOLDEN_BIASES)
def test_golden_biases(seed):
    first, fourth = GOLDEN_BIASES[seed]
    assert biases("uniform", seed, 0, 6).tolist() == first
    assert biases("uniform", seed, 3, 3).tolist() == fourth
    assert biases("zero", seed, 0, 4).tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("family", WEIGHT_FAMILIES)
@given(x0=words, x1=words)
def test_the_map_equals_plain_integers(family, x0, x1):
    drawn = WEIGHT_FAMILIES[family].draw(np.array([x0], np.uint32), np.array([x1], np.uint32))
    assert drawn.dtype == np.int8
    assert drawn.tolist() == [weight_in_plain_integers(family, x0, x1)]


@pytest.mark.parametrize(
    ("family", "least", "most"),
    [("uniform", -127, 127), ("signed_constant", 1, -1), ("kaiming_normal", -127, 127)],
)
def test_the_map_at_its_ends(family, least, most):
    ends = np.array([0, WORD], np.uint32)
    assert WEIGHT_FAMILIES[family].draw(ends, ends).tolist() == [least, most]


@pytest.mark.parametrize("family", WEIGHT_FAMILIES)
def test_what_a_family_declares_is_its_exact_distribution(family):
    declared, counts = WEIGHT_FAMILIES[family], exact_distribution(family)
    mean_square = Fraction(sum(n * w * w for w, n in counts.items()), 2**64)
    assert declared.mean_square == round(mean_square)
    assert declared.max == max(abs(w) for w in counts)
    assert declared.name == family


def test_codes_differ_and_families_pickle():
    for families in (WEIGHT_FAMILIES, BIAS_FAMILIES):
        assert sorted(family.code for family in families.values()) == list(range(len(families)))
        for family in families.values():
            assert pickle.loads(pickle.dumps(family)) == family


def test_kaiming_normal_is_nearly_normal():
    counts = exact_distribution("kaiming_normal")
    mean = Fraction(sum(n * w for w, n in counts.items()), 2**64)
    deviation = math.sqrt(Fraction(sum(n * w * w for w, n in counts.items()), 2**64) - mean**2)
    assert abs(mean) < 0.01  # rounded, halves up: 0.002
    assert deviation == pytest.approx(31.844, abs=0.001)
    normal, below, greatest = NormalDist(0, 31.844), 0, 0.0
    for weight in range(-127, 127):
        below += counts[weight]
        greatest = max(greatest, abs(below / 2**64 - normal.cdf(weight + 0.5)))
    assert greatest < 0.005  # the distance of Kolmogorov and Smirnov


@pytest.mark.parametrize("family", WEIGHT_FAMILIES)
def test_drawn_weights_follow_the_exact_distribution(family):
    drawn = weights(family, 3, 0, 400, 500).reshape(-1)
    for weight, count in exact_distribution(family).items():
        expected = count / 2**64 * drawn.size
        assert abs(np.count_nonzero(drawn == weight) - expected) < 5 * math.sqrt(expected) + 5


# -- drawing -------------------------------------------------------------------------------------


@given(
    st.sampled_from(sorted(WEIGHT_FAMILIES)),
    words,
    st.integers(0, 2**31 - 1),
    st.integers(1, 9),
    st.integers(1, 9),
)
def test_weights_equal_plain_integers(family, seed, layer, fan_out, fan_in):
    drawn = weights(family, seed, layer, fan_out, fan_in)
    assert drawn.shape == (fan_out, fan_in)
    assert drawn.dtype == np.int8
    expected = [
        weight_in_plain_integers(family, *philox_in_plain_integers(index, 2 * layer, seed))
        for index in range(fan_out * fan_in)
    ]
    assert drawn.reshape(-1).tolist() == expected
    bias = biases("uniform", seed, layer, fan_out)
    assert bias.dtype == np.int8
    assert bias.tolist() == [
        weight_in_plain_integers("uniform", *philox_in_plain_integers(j, 2 * layer + 1, seed))
        for j in range(fan_out)
    ]


@pytest.mark.parametrize("family", WEIGHT_FAMILIES)
def test_weight_at_equals_the_layer_drawn_whole(family):
    whole = weights(family, 11, 2, 300, 331)  # several chunks
    index = np.random.default_rng(0).integers(0, whole.size, 70_000)
    found = weight_at(family, 11, 2, index)
    assert found.dtype == np.int8
    assert np.array_equal(found, whole.reshape(-1)[index])
    assert np.array_equal(weight_at(family, 11, 2, index.reshape(7, -1)), found.reshape(7, -1))
    assert weight_at(family, 11, 2, []).shape == (0,)
    assert int(weight_at(family, 11, 2, 5)) == whole[0, 5]


def test_seeds_layers_and_streams_differ():
    base = weights("uniform", 0, 0, 1, 64)
    assert not np.array_equal(base, weights("uniform", 1, 0, 1, 64))
    assert not np.array_equal(base, weights("uniform", 0, 1, 1, 64))
    assert not np.array_equal(base[0], biases("uniform", 0, 0, 64))


def test_numpy_integers_are_welcome():
    drawn = weights("uniform", np.uint32(WORD), np.int8(3), np.int64(2), np.uint16(3))
    assert drawn.tolist() == GOLDEN_WEIGHTS["uniform", WORD][1]


# -- arguments -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"seed": -1}, r"^seed takes an integer 0\.\.4294967295, got -1$"),
        ({"seed": 2**32}, "^seed takes an integer 0..4294967295, got 4294967296$"),
        ({"seed": True}, "^seed takes an integer .*, got True$"),
        ({"seed": 1.0}, "^seed takes an integer .*, got 1.0$"),
        ({"seed": None}, "^seed takes"),
        ({"layer": -1}, "^layer takes an integer"),
        ({"layer": 2**31}, "^layer takes an integer"),
        ({"fan_out": 0}, "^fan_out takes an integer 1.., got 0$"),
        ({"fan_in": "3"}, "^fan_in takes an integer .*, got '3'$"),
        ({"fan_out": 2**20, "fan_in": 2**20}, "^fan_out \\* fan_in takes at most 2\\*\\*32"),
        ({"family": "normal"}, "^family takes one of 'uniform', .*, got 'normal'$"),
        ({"family": ["uniform"]}, "^family takes one of"),
    ],
)
def test_bad_arguments_are_named(changed, message):
    arguments = {"family": "uniform", "seed": 0, "layer": 0, "fan_out": 2, "fan_in": 3} | changed
    with pytest.raises(ValueError, match=message.replace("1..,", r"1\.\.\d+,")):
        weights(**arguments)


def test_bad_bias_and_index_arguments_are_named():
    with pytest.raises(ValueError, match=r"^family takes one of 'uniform', 'zero', got 'normal'"):
        biases("normal", 0, 0, 1)
    with pytest.raises(ValueError, match=r"^fan_out takes"):
        biases("zero", 0, 0, 0)
    for index in ([-1], [2**32], [0.5]):
        with pytest.raises(ValueError, match=r"^index takes integers"):
            weight_at("uniform", 0, 0, index)


@settings(max_examples=20)
@given(st.integers(0, 2**31 - 1))
def test_any_order_gives_the_same_weights(start):
    index = np.arange(start, start + 50)
    order = np.random.default_rng(start).permutation(50)
    straight = weight_at("kaiming_normal", 5, 0, index)
    assert np.array_equal(weight_at("kaiming_normal", 5, 0, index[order]), straight[order])

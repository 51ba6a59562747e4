"""Operators of the genetic algorithm, and masks as flat arrays and as packed bits."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from scratchcard.search.genetic.bits import distances, ones, packed
from scratchcard.search.genetic.masks import is_connected, thinned
from scratchcard.search.genetic.operators.bit_flip import flip_bit
from scratchcard.search.genetic.operators.layer_bit_flip import flip_bit_of_layer
from scratchcard.search.genetic.operators.lexicographic import lexicographic
from scratchcard.search.genetic.operators.random_masks import random_masks
from scratchcard.search.genetic.operators.uniform_crossover import uniform_crossover
from scratchcard.ticket.layers import Conv2d, Dense
from scratchcard.ticket.mask import Mask
from scratchcard.ticket.network import Network


def test_uniform_crossover_takes_every_bit_from_one_of_two():
    network = Network.dense((64, 8, 2), seed=3)
    random = np.random.default_rng(0)
    one, other = random_masks(network, 40, 0.3, random), random_masks(network, 40, 0.7, random)
    child = uniform_crossover(network, one, other, random)
    assert ((child == one) | (child == other)).all()
    differ = one != other
    assert abs((child == one)[differ].mean() - 0.5) < 0.02


def test_mutations_flip_one_bit_evenly_or_evenly_by_layer():
    network = Network.dense((4, 50, 2), seed=0)
    random = np.random.default_rng(0)
    masks = random_masks(network, 3000, 0.5, random)
    for mutate, share in ((flip_bit, 200 / 300), (flip_bit_of_layer, 0.5)):
        flips = mutate(network, masks, random) != masks
        assert (flips.sum(axis=1) == 1).all()
        assert abs(flips[:, :200].sum() / 3000 - share) < 0.04


def test_selection_takes_the_better_then_the_sparser_then_the_older():
    objectives = np.array([0.2, 0.1, 0.1, 0.1, 0.3])
    surviving = np.array([1, 5, 4, 4, 0])
    assert lexicographic(objectives, surviving, 4).tolist() == [2, 3, 1, 0]


def test_thinned_masks_lose_only_what_is_in_excess():
    random = np.random.default_rng(0)
    masks = (random.random((10, 40)) < np.linspace(0, 1, 10)[:, None]).astype(np.uint8)
    made = thinned(masks, 12, random)
    assert (made <= masks).all()
    assert np.array_equal(made.sum(axis=1), np.minimum(masks.sum(axis=1), 12))


@given(st.lists(st.integers(1, 5), min_size=2, max_size=4), st.floats(0, 1), st.integers(0, 99))
def test_a_path_is_what_the_mask_says_it_is(sizes, density, seed):
    network = Network.dense(tuple(sizes))
    mask = Mask.random(network.layers, density, np.random.default_rng(seed))
    assert is_connected(network, mask.flat()) == mask.is_connected


@given(st.integers(1, 3), st.integers(1, 3), st.floats(0, 0.3), st.integers(0, 99))
def test_a_path_leads_through_maps_too(first, second, density, seed):
    layers = [Conv2d(first, 3), Conv2d(second, 2, pool=2), Dense(2)]
    network = Network(layers, (2, 4, 4))
    mask = Mask.random(network.layers, density, np.random.default_rng(seed))
    assert is_connected(network, mask.flat()) == mask.is_connected


@given(st.integers(1, 200), st.integers(0, 4), st.integers(0, 4), st.integers(0, 99))
def test_distances_count_differing_bits(n_weights, n, m, seed):
    random = np.random.default_rng(seed)
    a, b = (random.integers(0, 2, (k, n_weights), dtype=np.uint8) for k in (n, m))
    expected = (a[:, None] != b[None]).sum(axis=2)
    assert np.array_equal(distances(packed(a), packed(b)), expected)


@given(st.integers(1, 200), st.integers(0, 4), st.integers(0, 99))
def test_survivors_are_counted_as_bits(n_weights, n, seed):
    masks = np.random.default_rng(seed).integers(0, 2, (n, n_weights), dtype=np.uint8)
    assert ones(packed(masks)).tolist() == masks.sum(axis=1).tolist()

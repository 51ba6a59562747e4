"""Tests of Mask: packing, densities, paths, and that dropping dead weights changes no output."""

import copy
import pickle
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchcard.ticket.mask import Mask
from scratchcard.ticket.network import ACTIVATIONS, Network
from scratchcard.ticket.weights import BIAS_FAMILIES, WEIGHT_FAMILIES

SHAPES = ((3, 4), (2, 3))

sizes_of_networks = st.lists(st.integers(1, 7), min_size=2, max_size=5).map(tuple)


@st.composite
def masks(draw):
    """Masks of small random networks, sparse ones and dense ones."""
    sizes = draw(sizes_of_networks)
    shapes = tuple(zip(sizes[1:], sizes[:-1], strict=True))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    return Mask.random(shapes, draw(st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.8, 1.0])), rng)


def paths_by_enumeration(mask):
    """Return the layers of weights on an input-output path, by walking every path."""
    layers = mask.arrays()
    on_path = [np.zeros_like(layer) for layer in layers]

    def walk(depth, unit, taken):
        if depth == len(layers):
            for level, (j, i) in enumerate(taken):
                on_path[level][j, i] = True
            return
        for j in np.flatnonzero(layers[depth][:, unit]):
            walk(depth + 1, j, [*taken, (j, unit)])

    for i in range(mask.layers[0].n_sources):
        walk(0, i, [])
    return on_path


# -- packing -------------------------------------------------------------------------------------


@given(masks())
def test_flat_layers_and_bits_agree(mask):
    flat = mask.flat()
    assert flat.dtype == np.uint8
    assert flat.shape == (mask.n_weights,)
    assert np.array_equal(np.concatenate([layer.reshape(-1) for layer in mask.arrays()]), flat)
    assert [array.shape for array in mask.arrays()] == [
        (one.units, one.fan_in) for one in mask.layers
    ]
    assert all(layer.dtype == np.bool_ for layer in mask.arrays())
    assert mask.bits == np.packbits(flat).tobytes()
    pairs = [(layer.units, layer.fan_in) for layer in mask.layers]
    for again in (
        Mask.from_flat(mask.layers, flat),
        Mask.from_flat(pairs, flat),
        Mask.from_flat(mask.layers, flat.astype(bool)),
        Mask.from_arrays(mask.arrays()),
        Mask(mask.layers, mask.bits),
        Mask(mask.layers, np.packbits(flat)),
        pickle.loads(pickle.dumps(mask)),
        copy.deepcopy(mask),
    ):
        assert again == mask
        assert hash(again) == hash(mask)


@given(masks())
def test_densities(mask):
    flat = mask.flat()
    assert mask.surviving == int(flat.sum())
    assert mask.density == flat.mean()
    assert mask.per_layer_density == tuple(layer.mean() for layer in mask.arrays())


def test_arrays_are_fresh():
    mask = Mask.full(SHAPES)
    mask.flat()[:] = 0
    mask.arrays()[0][:] = False
    assert mask.surviving == mask.n_weights == 18
    assert mask == Mask.full(SHAPES)


def test_mask_is_immutable():
    with pytest.raises(AttributeError):
        Mask.full(SHAPES).bits = b""


def test_caches_are_neither_compared_nor_pickled():
    seen, fresh = Mask.full(SHAPES), Mask.full(SHAPES)
    assert seen.surviving == 18
    assert seen.effective_density == 1.0
    assert seen == fresh
    assert pickle.dumps(seen) == pickle.dumps(fresh)


def test_masks_of_other_shapes_or_bits_differ():
    mask = Mask.from_flat(((2, 3),), [1, 0, 0, 0, 0, 0])
    assert mask != Mask.from_flat(((3, 2),), [1, 0, 0, 0, 0, 0])
    assert mask != Mask.from_flat(((2, 3),), [0, 1, 0, 0, 0, 0])
    assert mask != "mask"
    assert len({mask, Mask.from_flat([[2, 3]], np.array([1, 0, 0, 0, 0, 0]))}) == 1


def test_repr_tells_shape_and_density():
    mask = Mask.from_flat(SHAPES, np.arange(18) < 9)
    assert repr(mask) == "<Mask 4-3-2: 9 of 18 weights, density 0.5000>"


def test_random_follows_density_and_generator():
    shapes = ((1000, 1500),)  # more than one chunk
    mask = Mask.random(shapes, 0.1, np.random.default_rng(1))
    assert mask == Mask.random(shapes, 0.1, np.random.default_rng(1))
    assert mask != Mask.random(shapes, 0.1, np.random.default_rng(2))
    assert mask.density == pytest.approx(0.1, abs=0.002)
    assert Mask.random(SHAPES, 0, np.random.default_rng(0)).surviving == 0
    assert Mask.random(SHAPES, 1, np.random.default_rng(0)) == Mask.full(SHAPES)


# -- paths ---------------------------------------------------------------------------------------


@given(masks())
def test_effective_is_what_lies_on_a_path(mask):
    effective = mask.effective()
    expected = paths_by_enumeration(mask)
    assert all(np.array_equal(a, b) for a, b in zip(effective.arrays(), expected, strict=True))
    assert effective.effective() == effective
    assert mask.effective_density == effective.density
    assert mask.is_connected == bool(expected[-1].any())


@given(masks())
def test_without_dead_keeps_what_feeds_an_output(mask):
    alive = mask.without_dead()
    assert alive.without_dead() == alive
    assert not np.any(alive.flat() & ~mask.flat().astype(bool))  # only removes
    assert not np.any(mask.effective().flat() & ~alive.flat().astype(bool))  # no weight on a path
    layers = alive.arrays()
    assert np.array_equal(layers[-1], mask.arrays()[-1])
    for before, after in pairwise(layers):
        assert not before[~after.any(axis=0)].any()


@given(masks(), st.data())
def test_without_dead_never_changes_an_output(mask, data):
    network = Network.dense(
        (mask.layers[0].n_sources, *(layer.units for layer in mask.layers)),
        seed=data.draw(st.integers(0, 2**32 - 1)),
        weights=data.draw(st.sampled_from(sorted(WEIGHT_FAMILIES))),
        biases=data.draw(st.sampled_from(sorted(BIAS_FAMILIES))),
        activation=data.draw(st.sampled_from(ACTIVATIONS)),
    )
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    rows = rng.integers(-network.input_limit, network.input_limit + 1, (5, network.n_inputs))
    before, after = network.outputs(mask, rows), network.outputs(mask.without_dead(), rows)
    assert np.array_equal(before, after)
    if network.biases == "zero" and network.activation != "step":
        assert np.array_equal(before, network.outputs(mask.effective(), rows))


def test_a_unit_fed_by_its_bias_alone_is_kept_by_without_dead_only():
    first = np.zeros((3, 4), bool)
    mask = Mask.from_arrays([first, np.ones((2, 3), bool)])
    assert mask.without_dead() == mask
    assert mask.effective().surviving == 0
    assert not mask.is_connected
    assert Mask.full(SHAPES).is_connected


def test_dead_ends_are_dropped_transitively():
    shapes = ((2, 2), (2, 2), (1, 2))
    layers = [np.ones(shape, bool) for shape in shapes]
    layers[2][0, 1] = False  # unit 1 of the last hidden layer feeds nothing
    layers[1][0, 1] = False  # unit 1 of the first one feeds only that unit
    alive = Mask.from_arrays(layers).without_dead()
    assert [layer.tolist() for layer in alive.arrays()] == [
        [[True, True], [False, False]],
        [[True, False], [False, False]],
        [[True, False]],
    ]


# -- arguments -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ((), "^layers takes at least one"),
        (
            ((3, 4), (2, 5)),
            r"^layers takes layers that stand on each other, got .* shape \(3,\) below .* \(5,\)",
        ),
        (((3, 4, 5),), "^layers takes layers or .fan_out, fan_in. pairs, got"),
        (7, "^layers takes layers or .fan_out, fan_in. pairs, got 7"),
        (((0, 4),), r"^layers takes an integer 1\.\..*, got 0"),
        (((True, 4),), "^layers takes an integer .*, got True"),
        (((2.0, 4),), "^layers takes an integer .*, got 2.0"),
        (((2**20, 2**20),), r"^layers takes at most 2\*\*31 weights in all, got 1099511627776"),
    ],
)
def test_bad_shapes_are_refused(shapes, message):
    rng = np.random.default_rng(0)
    for make in (
        lambda: Mask(shapes, b""),
        lambda: Mask.full(shapes),
        lambda: Mask.from_flat(shapes, []),
        lambda: Mask.random(shapes, 0.5, rng),
    ):
        with pytest.raises(ValueError, match=message):
            make()


@pytest.mark.parametrize(
    ("bits", "message"),
    [
        (b"\xff", "^bits takes 3 bytes for 18 weights, got 1"),
        (bytes(4), "^bits takes 3 bytes for 18 weights, got 4"),
        (b"\0\0\1", "^bits takes 0 in the 6 spare bits"),
        ("abc", "^bits takes bytes or a uint8 array, got str"),
        (3, "^bits takes bytes or a uint8 array, got int"),
        (np.zeros(3), "^bits takes bytes or a uint8 array, got float64"),
    ],
)
def test_bad_bits_are_refused(bits, message):
    with pytest.raises(ValueError, match=message):
        Mask(SHAPES, bits)


@pytest.mark.parametrize(
    ("flat", "message"),
    [
        (np.zeros(17, bool), r"^flat takes shape \(18,\), got \(17,\)"),
        (np.zeros((3, 6), bool), r"^flat takes shape \(18,\), got \(3, 6\)"),
        (np.zeros(18), "^flat takes booleans or integers 0 and 1, got float64"),
        (np.arange(18), r"^flat takes 0 and 1, got values 0\.\.17"),
        (-np.ones(18, int), "^flat takes 0 and 1"),
    ],
)
def test_bad_flat_vectors_are_refused(flat, message):
    with pytest.raises(ValueError, match=message):
        Mask.from_flat(SHAPES, flat)


def test_bad_layers_are_refused():
    with pytest.raises(ValueError, match=r"^arrays takes 2-D arrays, got shape .4,. at 1"):
        Mask.from_arrays([np.ones((2, 3), bool), np.ones(4, bool)])
    with pytest.raises(ValueError, match=r"^layers takes at least one"):
        Mask.from_arrays([])


@pytest.mark.parametrize("density", [-0.1, 1.1, float("nan"), "0.5", None, True])
def test_bad_densities_are_refused(density):
    with pytest.raises(ValueError, match=r"^density takes a number 0\.\.1, got"):
        Mask.random(SHAPES, density, np.random.default_rng(0))


def test_a_seed_is_no_generator():
    with pytest.raises(ValueError, match=r"^rng takes a numpy.random.Generator, got int"):
        Mask.random(SHAPES, 0.5, 0)

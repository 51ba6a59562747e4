"""Tests of InputScaling: exact quantisation, fitted ranges, extreme numbers, arguments."""

import math
import pickle
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from scratchcard.ticket.scaling import InputScaling, needed_bits

finite = st.floats(allow_nan=False, allow_infinity=False)
tables = hnp.arrays(
    np.float64, hnp.array_shapes(min_dims=2, max_dims=2, max_side=6), elements=finite
)
float32s = st.floats(width=32, allow_nan=False, allow_infinity=False)


def quantised_in_plain_floats(x, offset, scale, limit):
    t = (x - offset) * scale
    t = t * limit
    if math.isinf(t):
        return int(math.copysign(limit, t))
    return int(max(-limit, min(limit, math.floor(t + 0.5))))


# -- quantise ------------------------------------------------------------------------------------


@given(tables, st.data(), st.sampled_from([1, 127, 5000, 32767]))
def test_quantise_is_the_specified_arithmetic(X, data, limit):
    n = data.draw(st.sampled_from([1, X.shape[1]]))
    offset = data.draw(hnp.arrays(np.float32, n, elements=float32s))
    scale = np.abs(data.draw(hnp.arrays(np.float32, n, elements=float32s)))
    scaling = InputScaling(offset, scale)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = scaling.quantise(X, limit)
    assert found.dtype == np.int16
    for row, quantised in zip(X.tolist(), found.tolist(), strict=True):
        assert quantised == [
            quantised_in_plain_floats(x, float(offset[i % n]), float(scale[i % n]), limit)
            for i, x in enumerate(row)
        ]


def test_halves_round_up_and_the_ends_are_clipped():
    scaling = InputScaling([0.0], [1.0])
    column = np.array([[-1.5, -0.5, -0.25, 0.25, 0.5, 1.5, 3.0, -9.0]]).T
    assert scaling.quantise(column, 2).ravel().tolist() == [-2, -1, 0, 1, 1, 2, 2, -2]


def test_chunks_change_nothing():
    X = np.random.default_rng(0).normal(size=(3000, 200))
    scaling = InputScaling.fit(X, kind="feature")
    whole = scaling.quantise(X, 127)
    rows = np.concatenate([scaling.quantise(X[i : i + 1000], 127) for i in range(0, 3000, 1000)])
    assert np.array_equal(whole, rows)


def test_inputs_of_every_numeric_type_agree():
    X = np.array([[0, 8], [16, 4], [3, 9]])
    scaling = InputScaling.fit(X)
    expected = scaling.quantise(X, 127)
    for same in (X.astype(np.float32), X.astype(np.uint8), X.tolist(), X.astype(object)):
        assert np.array_equal(scaling.quantise(same, 127), expected)
        assert InputScaling.fit(same) == scaling
    assert X.tolist() == [[0, 8], [16, 4], [3, 9]]  # untouched


def test_quantise_leaves_its_argument_alone():
    X = np.array([[0.0, 1.0], [2.0, 3.0]])
    InputScaling.fit(X).quantise(X, 127)
    assert X.tolist() == [[0.0, 1.0], [2.0, 3.0]]


def test_no_rows_give_no_rows():
    assert InputScaling([0], [1]).quantise(np.empty((0, 3)), 127).shape == (0, 3)


# -- fit -----------------------------------------------------------------------------------------


def test_pixels_share_one_pair():
    X = np.random.default_rng(0).integers(0, 17, (50, 6))
    X[:, 0] = 0  # a border that never varies
    X[0, 1:] = 0
    X[1, 1:] = 16
    scaling = InputScaling.fit(X)
    assert scaling == InputScaling([8], [1 / 8])
    assert scaling.kind == "global"
    assert scaling.quantise([[0, 8, 16, 4, 12, 0]], 127).tolist() == [[-127, 0, 127, -63, 64, -127]]


def test_features_of_different_units_get_their_own():
    X = np.array([[0.0, 1000.0, 3.0], [1.0, 3000.0, 3.0]])
    scaling = InputScaling.fit(X)
    assert scaling.kind == "feature"
    assert scaling == InputScaling([0.5, 2000, 3], [2, 1 / 1000, 1])
    assert scaling.quantise(X, 127).tolist() == [[-127, -127, 0], [127, 127, 0]]
    assert InputScaling.fit(X, kind="global").kind == "global"


def test_kind_is_obeyed():
    X = np.array([[0.0, 0.0], [16.0, 16.0]])
    assert InputScaling.fit(X).kind == "global"
    assert InputScaling.fit(X, kind="feature").offset.shape == (2,)
    assert InputScaling.fit(X[:, :1], kind="feature").kind == "global"  # one feature: one pair


def test_rows_of_weight_zero_do_not_count():
    X = np.array([[0.0, 2.0], [1.0, 3.0], [1e6, -1e6]])
    weighted = InputScaling.fit(X, sample_weight=[1, 0.5, 0])
    assert weighted == InputScaling.fit(X[:2])
    assert weighted != InputScaling.fit(X)


@given(tables, st.sampled_from(["auto", "global", "feature"]), st.sampled_from([1, 127, 32767]))
def test_a_fitted_range_is_used_in_full(X, kind, limit):
    X = np.clip(X, -3e38, 3e38)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scaling = InputScaling.fit(X, kind=kind)
        quantised = scaling.quantise(X, limit)
    spread = X.max(axis=0) - X.min(axis=0)
    if scaling.kind == "global" and X.max() - X.min() > 1e-30:
        assert np.abs(quantised.astype(int)).max() >= limit - 1
    elif scaling.kind == "feature":
        assert (np.abs(quantised.astype(int)).max(axis=0)[spread > 1e-30] >= limit - 1).all()


@pytest.mark.parametrize("kind", ["global", "feature"])
def test_large_offsets_are_not_clipped(kind):
    X = 1e9 + np.array([[0.0], [1.0], [500.0], [1000.0]])
    quantised = InputScaling.fit(X, kind=kind).quantise(X, 127).ravel()
    assert (np.diff(quantised.astype(int)) >= 0).all()
    assert quantised[-1] - quantised[0] > 200


# -- value semantics -----------------------------------------------------------------------------


def test_equality_hash_and_pickle():
    a, b = InputScaling([0.5, 1], [1, 2]), InputScaling(np.array([0.5, 1.0]), np.float32([1, 2]))
    assert a == b
    assert hash(a) == hash(b)
    assert a != InputScaling([0.5, 1], [1, 3])
    assert a != InputScaling([0.5], [1])
    assert a != "scaling"
    assert pickle.loads(pickle.dumps(a)) == a
    assert InputScaling([-0.0], [1]).offset.tobytes() == bytes(4)  # no negative zero


def test_arrays_are_copied_and_frozen():
    offset = np.zeros(2, np.float32)
    scaling = InputScaling(offset, [1, 1])
    offset[0] = 5
    assert scaling.offset.tolist() == [0, 0]
    assert scaling.offset.dtype == scaling.scale.dtype == np.float32
    with pytest.raises(ValueError, match=r"read-only"):
        scaling.scale[0] = 0


# -- arguments -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("offset", "scale", "message"),
    [
        ([0, 0], [1], r"^scale takes offset's shape \(2,\), got \(1,\)"),
        ([[0]], [[1]], r"^offset takes shape \(1,\) or \(n_features,\), got \(1, 1\)"),
        ([], [], "^offset takes shape"),
        (0.0, 1.0, "^offset takes shape"),
        ([math.nan], [1], "^offset takes finite float32 numbers"),
        ([0], [math.inf], "^scale takes finite float32 numbers"),
        ([1e39], [1], "^offset takes finite float32 numbers"),
        ([0], [-1], "^scale takes numbers of at least 0, got -1.0"),
        (["0"], [1], "^offset takes numbers, got <U1"),
    ],
)
def test_bad_numbers_are_refused(offset, scale, message):
    with pytest.raises(ValueError, match=message):
        InputScaling(offset, scale)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ([1.0, 2.0], r"^X takes shape \(n_rows, n_features\), got \(2,\)"),
        ([[math.nan, 1.0]], "^X takes finite numbers, got NaN"),
        ([[math.inf, 1.0]], "^X takes finite numbers, got infinity"),
        ([["1", "2"]], "^X takes numbers, got <U1 values"),
        (np.array([[1, "2"]], object), "^X takes numbers, got objects that are none .text"),
        (np.array([[1, None]], object), "^X takes"),
        ([[1 + 2j, 0]], "^X takes numbers, got complex128"),
    ],
)
def test_bad_rows_are_refused(X, message):
    with pytest.raises(ValueError, match=message):
        InputScaling.fit(X)
    with pytest.raises(ValueError, match=message):
        InputScaling([0], [1]).quantise(X, 127)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"X": np.empty((0, 2))}, "^X takes at least one feature and one row"),
        ({"X": np.empty((2, 0))}, "^X takes at least one feature and one row"),
        ({"sample_weight": [0, 0]}, "^X takes at least one feature and one row of weight above 0"),
        ({"sample_weight": [1]}, r"^sample_weight takes shape \(2,\), got \(1,\)"),
        ({"sample_weight": [1, -1]}, "^sample_weight takes finite numbers of at least 0"),
        ({"sample_weight": [1, math.nan]}, "^sample_weight takes finite numbers"),
        ({"sample_weight": ["1", "2"]}, "^sample_weight takes finite numbers"),
        ({"kind": "robust"}, "^kind takes one of 'auto', 'global', 'feature', got 'robust'"),
        ({"kind": None}, "^kind takes one of"),
        ({"X": [[1e39], [0]]}, "^X takes numbers within the range of float32"),
    ],
)
def test_bad_fits_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        InputScaling.fit(**({"X": [[0.0, 1.0], [2.0, 3.0]]} | arguments))


@pytest.mark.parametrize("limit", [0, 32768, -5, 1.0, True])
def test_bad_limits_are_refused(limit):
    with pytest.raises(ValueError, match=r"^limit takes an integer 1\.\.32767, got"):
        InputScaling([0], [1]).quantise([[0.0]], limit)


def test_a_wrong_number_of_features_is_refused():
    with pytest.raises(ValueError, match=r"^X takes 2 features, got 3"):
        InputScaling([0, 0], [1, 1]).quantise([[0, 0, 0]], 127)


@pytest.mark.parametrize(
    ("X", "bits"),
    [
        (np.arange(256)[:, None], 8),
        (np.arange(257)[:, None] / 7, 16),
        (np.arange(60_000, dtype=np.uint8).reshape(-1, 2), 8),
        (np.linspace(0, 1, 300).reshape(100, 3), 8),
        (np.empty((0, 3)), 8),
    ],
)
def test_measurements_need_more_bits_than_pixels(X, bits):
    assert needed_bits(X) == bits

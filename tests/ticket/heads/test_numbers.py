"""heads/numbers.py: what outputs mean where each stands for a number."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.linear_model import PoissonRegressor, QuantileRegressor
from sklearn.metrics import mean_pinball_loss, r2_score

from scratchcard import InputScaling, Mask, Network, Ticket
from scratchcard.ticket import Classes, Numbers, TicketError
from scratchcard.ticket.codec import ByteReader
from scratchcard.ticket.heads.exponential import exponential
from ticket_strategies import bit_flips, numbers, sealed, tickets

ALL_LOSSES = ["squared_error", "absolute_error", "quantile", "quantile:0.9", "poisson"]
FINITE = st.floats(-1e30, 1e30).map(lambda x: x if abs(x) > 1e-20 else 0.0)


def cases(seed: int, loss: str, n_rows: int = 200):
    """Outputs that say something of the answers, and the answers."""
    random = np.random.default_rng(seed)
    outputs = random.integers(-3000, 3000, (n_rows, 2))
    shape = 1.0 if loss == "poisson" else 200.0
    y = random.gamma(2.0, shape, (n_rows, 2)) * np.exp(outputs * [3e-4, -2e-4])
    return outputs, np.floor(y) if loss == "poisson" else y + outputs * 0.1


@given(st.data(), st.integers(1, 5))
def test_round_trip(data: st.DataObject, n_outputs: int) -> None:
    head = data.draw(numbers(n_outputs))
    reader = ByteReader(head.encode())
    again = Numbers.decode(reader, n_outputs)
    assert reader.left == 0
    assert again == head
    assert again.loss == head.loss
    assert again.describe() == head.describe()


@given(tickets(heads=numbers))
def test_a_ticket_that_answers_with_numbers_is_of_version_2(ticket: Ticket) -> None:
    data = ticket.to_bytes()
    assert data[4] == ticket.describe()["format_version"] == 2
    again = Ticket.from_bytes(data)
    assert again == ticket
    assert again.head == ticket.head


def number_ticket(loss: str = "quantile:0.9") -> Ticket:
    network = Network.dense((4, 3, 2), seed=7)
    mask = Mask.random(network.layers, 0.5, np.random.default_rng(0))
    scaling = InputScaling(np.zeros(1), np.ones(1))
    return Ticket(network, mask, scaling, Numbers([1.5, -2], [0.1, -3e-4], loss))


@pytest.mark.parametrize("loss", ALL_LOSSES)
def test_damage_is_noticed(loss: str) -> None:
    data = number_ticket(loss).to_bytes()
    for damaged in bit_flips(data):
        with pytest.raises(TicketError):
            Ticket.from_bytes(damaged)
    for damaged in map(sealed, bit_flips(data[:-4])):
        try:
            ticket = Ticket.from_bytes(damaged)
        except TicketError:
            continue
        assert ticket.to_bytes() == damaged or ticket == Ticket.from_bytes(ticket.to_bytes())


def line_bytes(offset: float, scale: float) -> bytes:
    return np.array([offset], "<f8").tobytes() + np.array([scale], "<f4").tobytes()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"\4", "the loss must be 0..3, the file says 4"),
        (b"\2" + np.array([1.0], "<f8").tobytes(), "level must be between 0 and 1"),
        (b"\2" + np.array([np.nan], "<f8").tobytes(), "level of the quantile must be finite"),
        (b"\0" + line_bytes(np.inf, 1), "offsets must be finite"),
        (b"\0" + line_bytes(1, np.nan), "scales must be finite"),
        (b"\0" + line_bytes(1, 1)[:-1], "ends inside the scales"),
        (b"\0\0\0", "ends inside the offsets"),
    ],
)
def test_refused_in_a_file(body: bytes, message: str) -> None:
    with pytest.raises(TicketError, match=message):
        Numbers.decode(ByteReader(body), 1)


def test_answers_are_a_line_of_the_outputs_and_exponentials_for_counts() -> None:
    outputs = np.array([[0, 10], [-4, 7]])
    assert Numbers(1.5, 0.25).predict(outputs[:, :1]).tolist() == [1.5, 0.5]
    assert Numbers([1, 2], [1, -0.5]).predict(outputs).tolist() == [[1, -3], [-3, -1.5]]
    found = Numbers([1, 2], [1, -0.5], "poisson").predict(outputs)
    assert found == pytest.approx(np.exp([[1, -3], [-3, -1.5]]), rel=1e-15)


@given(st.floats(-1e308, 1e308))
def test_the_exponential_is_the_library_s_but_for_its_last_bits(x: float) -> None:
    expected = np.exp(np.clip(x, -700, 700))
    assert exponential(np.array([x]))[0] == pytest.approx(expected, rel=4e-16)


@given(st.lists(FINITE, min_size=1, max_size=30), st.sampled_from(ALL_LOSSES[:-1]))
@example([3.55365682717405e-19] * 3, "squared_error")  # three times it over three is not it
def test_targets_are_the_answers_in_fixed_point(y: list[float], loss: str) -> None:
    head = Numbers.of(y, loss=loss)
    targets = head.targets(y)
    assert targets.shape == (len(y), 1)
    back = head.predict(targets) if np.ptp(y) == 0 else None
    steps = targets[:, 0] / 65536 * np.float64(head.reading.scales[0])
    assert np.isfinite(steps).all()
    if back is not None:
        assert targets.tolist() == [[0]] * len(y)


@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e6])
@pytest.mark.parametrize(
    "values", [(-1, 1), (-10, -1, 1, 10), (-3, -2, -1, 0, 1, 2, 3), (-0.5, 0.5, 7)]
)
def test_the_centre_and_the_spread_are_numpy_s_where_answers_differ_in_sign_alone(
    values: tuple[float, ...], unit: float
) -> None:
    y = np.random.default_rng(0).choice(np.array(values) * unit, 1000)
    y[0] = -0.0
    mean, median = Numbers.of(y), Numbers.of(y, loss="absolute_error")
    assert mean.offset[0] == pytest.approx(y.mean(), abs=1e-6 * unit)
    assert 1 / mean.reading.scales[0] * mean.scale[0] == pytest.approx(y.std())
    assert median.offset[0] == pytest.approx(np.quantile(y, 0.5, method="inverted_cdf"))
    distance = np.abs(y - median.offset[0]).mean()
    assert 1 / median.reading.scales[0] * median.scale[0] == pytest.approx(distance)
    assert Numbers.of(y[::-1]).targets(y).tolist() == mean.targets(y).tolist()


@pytest.mark.parametrize("loss", ALL_LOSSES[:-1])
@pytest.mark.parametrize("common", [0, 10**8])  # to all outputs
@pytest.mark.parametrize(
    ("unit", "centre"), [(1.0, 1e9), (1.0, -1.7e9), (1e-3, 1.7e9), (1e-15, 0.0), (1e28, 0.0)]
)
def test_answers_in_another_unit_and_from_another_zero_are_answered_as_well(
    loss: str, common: int, unit: float, centre: float
) -> None:
    outputs, y = cases(3, loss)
    y /= y.std()
    ones = np.ones(len(y), np.int64)
    scores = []
    for answers in (y, y * unit + centre):
        head = Numbers.of(answers, ones, loss)
        found = head.calibrated(outputs + common, head.targets(answers), ones)
        again = Numbers.decode(ByteReader(found.encode()), 2)
        scores.append(again.score(outputs + common, answers))
    assert scores[1] == pytest.approx(scores[0], abs=1e-3)


@pytest.mark.parametrize("value", [0.1, 1.7e9 + 0.1, -3e-30])
@pytest.mark.parametrize("loss", ALL_LOSSES[:-1])
def test_answers_that_are_all_the_same_are_answered_exactly(loss: str, value: float) -> None:
    outputs, y = cases(0, loss)[0][:, :1], np.full(200, value)
    head = Numbers.of(y, loss=loss)
    found = head.calibrated(outputs, head.targets(y), np.ones(200, np.int64))
    assert found.predict(outputs).tolist() == y.tolist()
    assert found.score(outputs, y) == 1


@pytest.mark.parametrize("loss", ALL_LOSSES[:-1])
def test_answers_up_to_the_largest_give_lines_that_float32_holds(loss: str) -> None:
    random = np.random.default_rng(0)
    outputs = random.integers(-100, 100, (200, 1)) + 10_000_000
    for y in (np.where(outputs[:, 0] > 10_000_000, 9e29, -1e30), outputs[:, 0] * 1e-24):
        head = Numbers.of(y, loss=loss)
        found = head.calibrated(outputs, head.targets(y), np.ones(200, np.int64))
        assert found.score(outputs, y) > 0.2


@pytest.mark.parametrize("loss", ALL_LOSSES[:-1])
def test_answers_whose_spread_float32_does_not_hold_are_refused(loss: str) -> None:
    with pytest.raises(ValueError, match=r"y takes numbers .* a spread of 1e-25 at least, got"):
        Numbers.of([0.0, 1e-26, 2e-26], loss=loss)
    assert Numbers.of([0.0, 1e-26, 2e-26], loss="poisson").n_outputs == 1


def test_an_answer_far_away_counts_as_the_furthest() -> None:
    head = Numbers.of([0.0, 1.0])
    most = 2**31 - 1
    assert head.targets([0.5, 1e30, -1e30])[:, 0].tolist() == [0, most, -most]
    assert head.targets([1.0, 0.0])[:, 0].tolist() == [65536, -65536]


@given(st.integers(0, 99), st.sampled_from(ALL_LOSSES))
@settings(max_examples=25)
def test_neither_order_nor_how_often_a_row_of_what_weight_stands_matters(
    seed: int, loss: str
) -> None:
    outputs, y = cases(seed, loss, 40)
    random = np.random.default_rng(seed)
    weights = random.integers(0, 4, 40)
    weights[0] = 1
    at = random.permutation(np.repeat(np.arange(40), weights))
    one, other = Numbers.of(y, weights, loss), Numbers.of(y[at], None, loss)
    assert one == other
    assert one.targets(y).tolist() == other.targets(y).tolist()
    found = one.calibrated(outputs, one.targets(y), weights)
    again = one.calibrated(outputs[at], one.targets(y[at]), np.ones(len(at), np.int64))
    assert found == again
    assert found.reading == again.reading


@pytest.mark.parametrize("seed", range(3))
def test_calibration_is_least_squares(seed: int) -> None:
    outputs, y = cases(seed, "squared_error")
    head = Numbers.of(y)
    found = head.calibrated(outputs, head.targets(y), np.ones(len(y), np.int64))
    for k in range(2):
        slope, level = np.polyfit(outputs[:, k], y[:, k], 1)
        assert found.scale[k] == pytest.approx(slope, rel=1e-3)
        assert found.offset[k] == pytest.approx(level, rel=1e-3)


@pytest.mark.parametrize("level", [0.1, 0.5, 0.9])
def test_calibration_is_a_quantile_regression(level: float) -> None:
    outputs, y = cases(1, "quantile")
    head = Numbers.of(y, loss=f"quantile:{level}")
    found = head.calibrated(outputs, head.targets(y), np.ones(len(y), np.int64))
    for k in range(2):
        best = QuantileRegressor(quantile=level, alpha=0).fit(outputs[:, k : k + 1], y[:, k])
        least = mean_pinball_loss(y[:, k], best.predict(outputs[:, k : k + 1]), alpha=level)
        own = mean_pinball_loss(y[:, k], found.predict(outputs)[:, k], alpha=level)
        assert own == pytest.approx(least, rel=1e-4)


def test_calibration_is_a_poisson_regression() -> None:
    outputs, y = cases(2, "poisson")
    head = Numbers.of(y, loss="poisson")
    found = head.calibrated(outputs, head.targets(y), np.ones(len(y), np.int64))
    for k in range(2):
        best = PoissonRegressor(alpha=0, tol=1e-10).fit(outputs[:, k : k + 1] / 1e3, y[:, k])
        assert found.scale[k] == pytest.approx(best.coef_[0] / 1e3, rel=1e-3)
        assert found.offset[k] == pytest.approx(best.intercept_, rel=1e-3)


@pytest.mark.parametrize("loss", ALL_LOSSES)
def test_outputs_or_answers_that_are_all_alike_give_a_head(loss: str) -> None:
    outputs, y = cases(0, loss)
    ones = np.ones(len(y), np.int64)
    for some_outputs in (outputs, np.full_like(outputs, 77)):
        for answers in (y, np.ones_like(y)):
            head = Numbers.of(answers, loss=loss)
            found = head.calibrated(some_outputs, head.targets(answers), ones)
            assert np.isfinite(found.predict(some_outputs)).all()
    assert found.predict(some_outputs) == pytest.approx(np.ones_like(y), rel=1e-4)


@pytest.mark.parametrize("output", [0, 77, -127951, 10**8, 2**31 - 1])
@pytest.mark.parametrize("loss", ALL_LOSSES)
def test_outputs_that_are_all_alike_give_the_best_constant(loss: str, output: int) -> None:
    random = np.random.default_rng(0)
    y = np.where(random.random(500) < 0.4, random.exponential(100, 500), 0.0)
    weights = random.integers(1, 1024, 500)
    head, outputs = Numbers.of(y, weights, loss), np.full((500, 1), output)
    found = head.calibrated(outputs, head.targets(y), weights)
    level = {"absolute_error": 0.5, "quantile": 0.5, "quantile:0.9": 0.9}.get(loss)
    ordered = np.repeat(y, weights)
    best = ordered.mean() if level is None else np.quantile(ordered, level, method="inverted_cdf")
    assert found.scale.tolist() == [0]
    assert found.predict(outputs) == pytest.approx(np.full(500, best), rel=1e-4, abs=1e-4)


@given(st.integers(0, 99), st.sampled_from([1e-30, 1.0, 1e200]))
def test_the_score_is_scikit_learn_s(seed: int, unit: float) -> None:
    random = np.random.default_rng(seed)
    head = Numbers([0.0, 0.0], [1.0, 1.0])
    outputs = random.integers(-9, 9, (12, 2))
    y = outputs + random.normal(size=(12, 2))
    y[:, 1] = 3.0 if seed % 3 == 0 else y[:, 1]
    assert head.score(outputs, y) == pytest.approx(r2_score(y, outputs))
    assert np.isfinite(head.score(outputs, y * unit))
    assert head.score(outputs, outputs) == 1.0


def test_what_only_classes_have_is_refused_by_the_head_s_name() -> None:
    ticket, rows = number_ticket(), np.zeros((1, 4))
    for what in (ticket.predict_proba, ticket.decision_function):
        with pytest.raises(ValueError, match="a head of kind 'numbers' has no"):
            what(rows)
    with pytest.raises(ValueError, match="a head of kind 'numbers' has no temperature"):
        _ = ticket.head.temperature


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([1.0, np.nan], r"y takes finite numbers within ±1e\+30, got nan"),
        ([1.0, -np.inf], r"y takes finite numbers within ±1e\+30, got -inf"),
        ([1e31, 1.0], r"y takes finite numbers within ±1e\+30, got 1e\+31"),
        (["a", "b"], "y takes numbers"),
        ([[[1.0]]], "y takes shape"),
        (1.0, "y takes shape"),
    ],
)
def test_answers_refused(y: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Numbers.of(y)
    with pytest.raises(ValueError, match=message):
        Numbers(0.0, 1.0).targets(y)


def test_answers_of_another_number_of_outputs_are_refused() -> None:
    with pytest.raises(ValueError, match=r"y takes shape \(n_rows, 2\), got \(3,\)"):
        Numbers([0, 0], [1, 1]).targets([1, 2, 3])


def test_counts_are_not_negative_and_not_all_0() -> None:
    with pytest.raises(ValueError, match="y takes numbers from 0 for loss='poisson', got -1"):
        Numbers.of([1, -1], loss="poisson")
    with pytest.raises(ValueError, match="at least one number above 0"):
        Numbers.of([0, 0], loss="poisson")


@pytest.mark.parametrize("loss", ["", "hinge", "quantile:", "quantile:0", "quantile:1.5", None, 3])
def test_losses_refused(loss: object) -> None:
    with pytest.raises(ValueError, match="loss takes one of"):
        Numbers(0.0, 1.0, loss)  # type: ignore[arg-type]


def test_a_median_has_one_name() -> None:
    assert Numbers(0, 1, "quantile:0.50").loss == "quantile"
    assert Numbers(0, 1, "quantile:0.5") == Numbers(0, 1, "quantile")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"offset": np.nan}, "offset takes finite numbers"),
        ({"scale": np.inf}, "scale takes finite numbers"),
        ({"scale": 1e39}, "scale takes numbers that float32 holds"),
        ({"scale": [1, 2]}, "scale takes 1 numbers, as offset does"),
        ({"offset": []}, "offset takes one or more numbers"),
        ({"offset": "x"}, "offset takes numbers"),
        ({"offset": np.zeros(65537)}, "offset takes at most 65536 numbers"),
        ({"spread": 0.0}, "spread takes numbers above 0"),
    ],
)
def test_heads_refused(given: dict[str, object], message: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match=message):
            Numbers(**{"offset": 0.0, "scale": 1.0, **given})


def test_a_head_of_numbers_is_none_of_classes() -> None:
    assert Numbers(0.0, 1.0) != Classes(1)
    assert Numbers(-0.0, 1.0) == Numbers(0.0, 1.0)
    assert repr(Numbers([1, 2], [3, 4])) == "Numbers([1.0, 2.0], [3.0, 4.0], loss='squared_error')"

"""Searches that are given a budget in bytes: it is met, and what is left open is chosen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_diabetes, load_iris

from rows_apart import dense_network, random_rows
from scratchcard import Limits, TicketClassifier, TicketRegressor, evolve
from scratchcard.datasets import load
from scratchcard.engines import ENGINES, IncrementalEngine
from scratchcard.find import Search, find
from scratchcard.objectives import OBJECTIVES
from scratchcard.search import Callback, Genetic, Memetic, shrink, within_bytes
from scratchcard.search.halving import STAGES, halving, work_of
from scratchcard.search.memetic.pricing import bits_of
from scratchcard.search.within_bytes import density_within
from scratchcard.ticket import Mask, Ticket
from scratchcard.ticket.mask_code import encode_mask

SHORT = Limits(generations=8)


@pytest.fixture(scope="module")
def iris():
    return load("iris")


# -- the budget ----------------------------------------------------------------------------------


@pytest.mark.parametrize("max_bytes", [90, 120, 400])
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_the_file_has_no_more_bytes(iris, max_bytes, n_jobs):
    found = find(iris, max_bytes=max_bytes, limits=SHORT, n_jobs=n_jobs)
    data = found.ticket.to_bytes()
    assert len(data) <= max_bytes
    assert Ticket.from_bytes(data) == found.ticket
    assert found.report()["ticket_bytes"] == len(data)


def test_neither_threads_nor_a_second_time_change_the_ticket(iris):
    one, again, other = (
        find(iris, max_bytes=120, limits=SHORT, n_jobs=n_jobs, seed=seed).ticket
        for n_jobs, seed in ((1, 0), (2, 0), (1, 1))
    )
    assert one == again
    assert one != other


@pytest.mark.parametrize(
    ("given", "chosen"),
    [
        ({"hidden": (9,)}, {"sizes": (4, 9, 3)}),
        ({"weights": "kaiming_normal"}, {"weights": "kaiming_normal"}),
        ({"hidden": (7, 5), "weights": "uniform"}, {"sizes": (4, 7, 5, 3), "weights": "uniform"}),
        ({"algorithm": Memetic(price=1e-4), "hidden": (30,)}, {"sizes": (4, 30, 3)}),
    ],
)
def test_what_is_given_is_not_chosen(iris, given, chosen):
    ticket = find(iris, max_bytes=120, limits=SHORT, **given).ticket
    assert {name: getattr(ticket.network, name) for name in chosen} == chosen
    assert len(ticket.to_bytes()) <= 120


def test_evaluations_are_those_of_all_that_is_tried(iris):
    most = 60_000
    open_, fixed = (
        find(iris, max_bytes=120, limits=Limits(evaluations=most), **given)
        for given in ({}, {"hidden": (9,), "weights": "uniform"})
    )
    for found in (open_, fixed):
        assert 0.5 * most < found.outcome.evaluations < 1.5 * most


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"max_bytes": 60}, "max_bytes takes at least 70 for this data"),
        ({"max_bytes": 0}, "max_bytes takes an integer"),
        ({"max_bytes": 1.5}, "max_bytes takes an integer"),
        ({"max_bytes": 120, "max_density": 0.1}, "max_density takes None with max_bytes"),
        ({"max_bytes": 120, "algorithm": "genetic"}, "takes the memetic algorithm, got 'genetic'"),
        ({"max_bytes": 120, "algorithm": Genetic()}, "takes the memetic algorithm"),
    ],
)
def test_refused(iris, settings, message):
    with pytest.raises(ValueError, match=message):
        Search(iris, **settings)


def test_ctrl_c_keeps_the_best_so_far(iris):
    seen = []

    def interrupt(progress):
        seen.append(progress)
        if len(seen) == 20:
            raise KeyboardInterrupt

    found = find(iris, max_bytes=120, limits=SHORT, callbacks=[interrupt])
    assert found.outcome.stopped_by == "interrupt"
    assert len(found.ticket.to_bytes()) <= 120
    assert len(seen) == 20


def test_a_callback_sees_how_far_all_of_it_is_and_stops_all_of_it(iris):
    seen = []
    find(iris, max_bytes=120, limits=SHORT, callbacks=[seen.append])
    for name in ("fraction", "seconds", "evaluations"):
        assert (np.diff([getattr(one, name) for one in seen]) >= 0).all()
    assert seen[-1].fraction == 1.0
    assert seen[len(seen) // 4].fraction < 0.5
    some = []
    found = find(
        iris, max_bytes=120, limits=SHORT, callbacks=[lambda one: some.append(one) or len(some) > 9]
    )
    assert found.outcome.stopped_by == "callback"
    assert len(some) == 10


@pytest.mark.parametrize("given", [{}, {"hidden": (100, 100)}])
def test_the_least_that_an_error_names_is_enough(iris, given):
    with pytest.raises(ValueError, match="max_bytes takes at least") as refused:
        Search(iris, max_bytes=1, **given)
    least = int(str(refused.value).split("at least ")[1].split()[0])
    with pytest.raises(ValueError, match="max_bytes takes at least"):
        Search(iris, max_bytes=least - 1, **given)
    assert len(find(iris, max_bytes=least, limits=SHORT, **given).ticket.to_bytes()) <= least


def test_no_hidden_layer_is_a_shape_too(iris):
    assert Search(iris, hidden=()).network.sizes == (4, 3)
    assert find(iris, hidden=(), max_bytes=90, limits=SHORT).ticket.network.sizes == (4, 3)


def test_a_callback_with_a_reason_of_its_own_stops_all_of_it(iris):
    class Enough(Callback):
        runs = 0

        def on_generation(self, loop):
            self.runs += 1
            loop.stop("enough")

    enough = Enough()
    found = find(iris, max_bytes=120, limits=SHORT, callbacks=[enough])
    assert found.outcome.stopped_by == "enough"
    assert enough.runs == 1


@pytest.mark.parametrize("where", ["shrink", "validation_loss"])
def test_ctrl_c_between_searches_ends_all_of_it(iris, monkeypatch, where):
    """There it is no flag that a search looks at, but an exception."""
    real, calls = getattr(within_bytes, where), []

    def interrupted(*arguments):
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(within_bytes, where, interrupted)
    classifier = TicketClassifier(max_bytes=120, max_iter=8, random_state=0)
    with pytest.raises(KeyboardInterrupt, match="the best ticket so far is kept"):
        classifier.fit(*iris.train)
    assert len(calls) == 3
    assert len(classifier.ticket_.to_bytes()) <= 120


# -- estimators ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("estimator", "data"), [(TicketClassifier, load_iris), (TicketRegressor, load_diabetes)]
)
def test_estimators_take_it(estimator, data):
    X, y = data(return_X_y=True)
    made = estimator(max_bytes=190, max_iter=8, random_state=0).fit(X, y)
    assert len(made.ticket_.to_bytes()) <= 190
    assert made.score(X, y) > 0.2
    again = estimator(max_bytes=190, max_iter=8, random_state=0, n_jobs=2).fit(X, y)
    assert again.ticket_ == made.ticket_
    network = made.network_
    made.set_params(warm_start=True).fit(X, y)
    assert made.network_ == network
    assert len(made.ticket_.to_bytes()) <= 190


# -- prices --------------------------------------------------------------------------------------


@pytest.mark.parametrize("estimator", [TicketClassifier, TicketRegressor])
def test_what_estimators_refuse(estimator):
    X = np.eye(2)
    with pytest.raises(ValueError, match="weights takes 'auto' or the name of a family, got None"):
        estimator(weights=None).fit(X, [0, 1])
    n_rows = 2 if estimator is TicketClassifier else 1
    with pytest.raises(ValueError, match="max_bytes where a network is chosen, takes"):
        estimator(max_bytes=150).fit(X[:n_rows], [0, 1][:n_rows])


@given(st.integers(0, 99), st.floats(0, 1))
@settings(max_examples=30)
def test_a_weight_costs_about_what_it_adds_to_the_code(seed, density):
    network = dense_network(12, 30, 6, 3, seed=seed)
    random = np.random.default_rng(seed)
    flat = Mask.random(network.layers, density, random).without_dead().flat()
    costs, spent = bits_of(network, flat)
    assert spent == 8 * len(encode_mask(Mask.from_flat(network.layers, flat)))
    assert (costs >= 0).all()
    assert (costs < 20).all()
    first, fan_in = flat[: 12 * 30].reshape(30, 12), 12
    feeds = flat[12 * 30 : 12 * 30 + 30 * 6].reshape(6, 30).any(axis=0)
    of_first = costs[: 30 * fan_in].reshape(30, fan_in)
    assert (of_first[~feeds] == 0).all()  # such weights are not coded
    assert len(np.unique(of_first[feeds])) <= 1
    assert first[~feeds].sum() == 0


def test_a_weight_costs_less_in_a_denser_layer():
    network = dense_network(40, 30, 10, seed=0)
    flat = np.zeros(network.n_weights, np.uint8)
    random = np.random.default_rng(0)
    flat[:1200] = random.random(1200) < 0.05
    flat[1200:] = random.random(300) < 0.4
    costs, _ = bits_of(network, flat)
    fed = flat[1200:].reshape(10, 30).any(axis=0)
    assert costs[:1200].reshape(30, 40)[fed].min() > 2 * costs[1200:].max() > 0


@given(st.integers(2, 10**6), st.floats(0.001, 0.999))
def test_a_density_has_the_entropy_that_was_asked_for(n_weights, share):
    density = density_within(int(share * n_weights) or 1, n_weights)
    assert 0 < density <= 0.5
    bits = -n_weights * (density * np.log2(density) + (1 - density) * np.log2(1 - density))
    assert bits == pytest.approx(int(share * n_weights) or 1, rel=1e-6)
    assert density_within(n_weights, n_weights) == density_within(9 * n_weights, n_weights) == 0.5


@pytest.mark.parametrize("objective", ["cross_entropy", "accuracy"])
def test_every_engine_ends_with_the_same_mask(objective):
    network = dense_network(9, 14, 3, seed=2)
    rows = random_rows(network, 90, seed=0)
    masks = [
        evolve(
            network,
            rows,
            algorithm=Memetic(max_bits=200, max_density=0.4, burst=200, engine=engine),
            objective=objective,
            limits=SHORT,
        ).mask
        for engine in ENGINES
    ]
    assert len(set(masks)) == 1
    assert 0 < 8 * len(encode_mask(masks[0])) <= 208


# -- shrinking -----------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_shrinking_scratches_off_what_does_least_harm(share):
    network = dense_network(10, 14, 3, seed=1)
    mask = Mask.random(network.layers, 0.4, np.random.default_rng(1)).without_dead()
    rows = random_rows(network, 80, seed=0)
    least = 8 * len(encode_mask(Mask.from_flat(network.layers, np.zeros(network.n_weights, int))))
    size = 8 * len(encode_mask(mask))
    max_bits = least + int(share * (size - least))
    objective = OBJECTIVES["cross_entropy"]
    found = shrink(network, mask, rows, max_bits, objective, 1e-4)
    assert 8 * len(encode_mask(found)) <= max_bits
    assert (found.flat() <= mask.flat()).all()
    if share == 1.0:
        assert found is mask
    if share == 0.9:  # better than what chance scratches off
        engine = IncrementalEngine(network, rows, objective, 1e-4)
        kept, random = np.flatnonzero(mask.flat()), np.random.default_rng(0)
        masks = np.tile(mask.flat(), (20, 1))
        for one in masks:
            one[random.choice(kept, mask.surviving - found.surviving, replace=False)] = 0
        by_chance = [engine.value(sums) for sums in engine.evaluate(masks)]
        assert engine.value(engine.evaluate(found.flat()[None])[0]) < min(by_chance)


def test_there_is_no_mask_smaller_than_none():
    network = dense_network(10, 14, 3, seed=1)
    mask = Mask.random(network.layers, 0.4, np.random.default_rng(1))
    with pytest.raises(ValueError, match="max_bits takes at least 16"):
        shrink(network, mask, random_rows(network, 80, 0), 15, OBJECTIVES["accuracy"], 1.0)


# -- successive halving --------------------------------------------------------------------------


def test_halving_tries_all_and_then_the_best_for_longer():
    runs = []

    def run(candidate, share):
        runs.append((candidate, share))
        return candidate

    best = halving(range(12), run, lambda number: -abs(number - 7), lambda result: False)
    assert best == 7
    shares = [stage.share for stage in STAGES]
    assert [share for _, share in runs] == [shares[0]] * 12 + [shares[1]] * 4 + [shares[2]] * 2
    assert [candidate for candidate, _ in runs[12:]] == [7, 6, 8, 5, 7, 6]


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 16])
def test_the_work_of_halving_is_known(n):
    shares = []
    halving(range(n), lambda _, share: shares.append(share), lambda _: 0.0, lambda _: False)
    assert sum(shares) == work_of(n)
    assert shares[-1] == 1.0


@pytest.mark.parametrize("stops", [1, 3, 14, 17])
@pytest.mark.parametrize("raises", [False, True])
def test_halving_ends_early_with_the_best_so_far(stops, raises):
    runs = []

    def run(candidate, share):
        runs.append(candidate)
        if raises and len(runs) == stops:
            raise KeyboardInterrupt
        return candidate

    def halved():
        return halving(range(12), run, lambda x: x, lambda _: not raises and len(runs) == stops)

    if raises and stops == 1:
        with pytest.raises(KeyboardInterrupt):
            halved()
        return
    assert halved() == max(runs[:-1] if raises else runs)
    assert len(runs) == stops

"""Searches for tickets that answer with numbers, from rows to the ticket."""

from __future__ import annotations

import numpy as np
import pytest

from rows_apart import dataset, dense_network
from scratchcard import Genetic, InputScaling, Limits, Mask, Memetic, Rows, Ticket, evolve
from scratchcard.search import Checkpoint, Population, prune
from scratchcard.search.controls import controls
from scratchcard.ticket import Classes, Numbers

LIMITS = Limits(generations=4)
SEARCHES = [Memetic(max_density=0.6, population=3, burst=60), Genetic(population=12, migrants=2)]


def taught(network, n_rows, seed, loss="squared_error", head=None):
    """Return rows whose answers follow the inputs, and the head for them."""
    random = np.random.default_rng(seed)
    limit = network.input_limit
    inputs = random.integers(-limit, limit, (n_rows, network.n_inputs), endpoint=True)
    x = inputs / limit
    y = np.stack([np.exp(x[:, k] + x[:, k + 1]) for k in range(network.n_outputs)], axis=1)
    y = np.round(10 * y) if loss == "poisson" else 1000 + 50 * y
    head = head if head is not None else Numbers.of(y, loss=loss)
    return Rows(inputs, head.targets(y)), head, y


def ticket_of(network, found):
    return Ticket(network, found.mask, InputScaling(np.zeros(1), np.ones(1)), found.head)


@pytest.mark.parametrize("n_outputs", [1, 2])
def test_it_finds_numbers(number_objective, n_outputs):
    network = dense_network(6, 30, n_outputs, seed=2)
    rows, head, _ = taught(network, 300, 0, number_objective.name)
    validation, _, truth = taught(network, 100, 1, number_objective.name, head)
    found = evolve(
        network,
        rows,
        validation,
        objective=number_objective,
        head=head,
        algorithm=Memetic(max_density=0.3),
        limits=Limits(generations=12),
    )
    ticket = ticket_of(network, found)
    X = validation.inputs / network.input_limit
    answers = ticket.predict(X)
    assert answers.shape == ((100,) if n_outputs == 1 else (100, 2))
    again = Ticket.from_bytes(ticket.to_bytes())
    assert np.array_equal(again.predict(X), answers)
    if number_objective.name == "quantile:0.9":
        below = np.mean(truth.reshape(answers.shape) <= answers)
        assert 0.8 < below < 0.97
    else:
        assert ticket.score(X, truth) > 0.6
    assert found.history[-1].objective < found.history[0].objective


@pytest.mark.parametrize("algorithm", SEARCHES, ids=["memetic", "genetic"])
def test_rows_may_come_in_any_order_and_weigh(algorithm, number_objective):
    network = dense_network(6, 10, 2, seed=2)
    rows, head, _ = taught(network, 90, 0, number_objective.name)
    random = np.random.default_rng(4)
    weights = random.integers(0, 3, 90)
    at = random.permutation(np.repeat(np.arange(90), weights))
    settings = {"objective": number_objective, "head": head, "limits": LIMITS}
    one, other = (
        evolve(network, each, algorithm=algorithm, **settings)
        for each in (
            Rows(rows.inputs, rows.targets, weights),
            Rows(rows.inputs[at], rows.targets[at]),
        )
    )
    assert (one.mask, one.head, one.objective) == (other.mask, other.head, other.objective)


@pytest.mark.parametrize("name", ["squared_error", "absolute_error"])
def test_many_rows_and_threads_give_the_same_ticket(name):
    network = dense_network(6, 20, 1, seed=3)
    rows, head, _ = taught(network, 6000, 0, name)
    settings = {"objective": name, "head": head, "limits": Limits(generations=3), "seed": 5}
    algorithm = Memetic(burst=300, population=2)
    one, other = (evolve(network, rows, algorithm=algorithm, n_jobs=n, **settings) for n in (1, 3))
    assert (one.mask, one.head, one.objective) == (other.mask, other.head, other.objective)


def test_a_search_of_numbers_is_resumed(tmp_path):
    network = dense_network(6, 10, 2, seed=2)
    rows, head, _ = taught(network, 90, 0)
    settings = {"objective": "squared_error", "head": head, "algorithm": SEARCHES[0]}
    path = tmp_path / "search"
    whole = evolve(network, rows, rows, limits=Limits(generations=6), **settings)

    def stop(progress):
        return progress.generation == 3

    evolve(
        network,
        rows,
        rows,
        limits=Limits(generations=6),
        callbacks=[stop, Checkpoint(path, 0)],
        **settings,
    )
    saved = Population.load(path)
    again = evolve(network, rows, rows, limits=Limits(generations=6), resume=saved, **settings)
    assert (again.mask, again.head) == (whole.mask, whole.head)


def test_pruning_keeps_the_error():
    network = dense_network(6, 10, 1, seed=2)
    rows, head, _ = taught(network, 90, 0)
    found = evolve(network, rows, objective="squared_error", head=head, limits=LIMITS)
    settings = {"objective": "squared_error", "temperature": found.head.reading}
    pruned = prune(network, found.mask, rows, **settings)
    assert pruned.surviving <= found.mask.surviving
    assert prune(network, found.mask, rows, engine="dense", **settings) == pruned


def test_a_search_without_a_head_answers_about_0():
    network = dense_network(6, 10, 2, seed=2)
    rows, _, _ = taught(network, 90, 0)
    found = evolve(network, rows, objective="squared_error", limits=LIMITS)
    assert isinstance(found.head, Numbers)
    assert found.head.loss == "squared_error"


@pytest.mark.parametrize(
    ("objective", "head", "message"),
    [
        ("cross_entropy", Numbers.plain(2), "head Numbers.*'squared_error', got 'cross_entropy'"),
        ("squared_error", Classes(2), "head Classes.*'accuracy', got 'squared_error'"),
        ("squared_error", Numbers.plain(2, "poisson"), "'poisson', got 'squared_error'"),
        ("squared_error", Numbers.plain(3), "head takes one of 2 outputs.* got one of 3"),
        ("cross_entropy", None, "'cross_entropy' takes rows whose targets are classes"),
        ("poisson", None, "'poisson' takes targets from 0, got -"),
    ],
)
def test_what_does_not_fit_together_is_refused(objective, head, message):
    network = dense_network(6, 10, 2, seed=2)
    rows, _, _ = taught(network, 20, 0)
    with pytest.raises(ValueError, match=message):
        evolve(network, rows, objective=objective, head=head, limits=LIMITS)


def test_classes_are_no_numbers():
    network = dense_network(3, 2)
    with pytest.raises(ValueError, match="'squared_error' takes rows whose targets are numbers"):
        evolve(network, Rows([[1, 2, 3]], [0]), objective="squared_error")
    with pytest.raises(ValueError, match="a number for each of the network's 2 outputs, got 3"):
        evolve(network, Rows([[1, 2, 3]], [[0, 1, 2]]), objective="squared_error")


def test_controls_are_for_classes():
    network = dense_network(4, 5, 1)
    mask = Mask.full(network.layers)
    ticket = Ticket(network, mask, InputScaling(np.zeros(1), np.ones(1)), Numbers(0.0, 1.0))
    with pytest.raises(ValueError, match="got one with a head of kind 'numbers'"):
        controls(ticket, dataset(), evaluations=1)


def test_presets_with_an_accuracy_bound_are_for_classes():
    network = dense_network(6, 10, 2, seed=2)
    rows, head, _ = taught(network, 20, 0)
    with pytest.raises(ValueError, match="preset 'GA \\(static AB\\)' takes an objective of class"):
        evolve(
            network,
            rows,
            objective="squared_error",
            head=head,
            algorithm=Genetic("GA (static AB)"),
            limits=LIMITS,
        )

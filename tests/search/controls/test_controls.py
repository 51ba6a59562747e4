# Controls: what a ticket is held against, and that a real one stands out.
from __future__ import annotations

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchcard import Limits
from scratchcard.cli import main
from scratchcard.datasets import Part, load
from scratchcard.engines import DenseEngine
from scratchcard.find import find
from scratchcard.objectives import get_objective
from scratchcard.search.controls import as_rows, best_of_random, chance, controls, scattered

NAMES = ["ticket", "random", "best of random", "shuffled", "re-drawn", "unmasked"]


@pytest.fixture(scope="module")
def digits():
    return load("digits")


@pytest.fixture(scope="module")
def ticket(digits):
    limits = Limits(evaluations=30_000)
    return find(digits, hidden=(40,), max_density=0.15, limits=limits).ticket


@pytest.fixture
def saved(ticket, tmp_path):
    path = tmp_path / "found.ticket"
    ticket.save(path)
    return str(path)


def test_a_ticket_stands_out_and_its_controls_are_at_chance(ticket, digits):
    found = {control.name: control for control in controls(ticket, digits, evaluations=300)}
    assert list(found) == NAMES
    assert found["ticket"].validation_accuracy > 0.85
    for name in ("random", "shuffled", "re-drawn"):
        assert found[name].validation_accuracy == pytest.approx(0.1, abs=0.08), name
        assert found[name].masks == found[name].chosen_from == 10
        assert found[name].density == pytest.approx(ticket.mask.density)
    best = found["best of random"]
    assert (best.masks, best.chosen_from, best.validation_deviation) == (1, 300, None)
    assert best.validation_accuracy < 0.5
    assert best.density == pytest.approx(ticket.mask.density)
    assert found["unmasked"].density == found["unmasked"].effective_density == 1.0


def test_the_figures_are_those_of_the_ticket(ticket, digits):
    own = controls(ticket, digits, evaluations=20, draws=2, test=True)[0]
    assert own.validation_accuracy == ticket.score(*digits.validation)
    assert own.test_accuracy == ticket.score(*digits.test)
    assert own.effective_density == ticket.mask.effective_density
    assert json.loads(json.dumps(asdict(own), allow_nan=False)) == asdict(own)


def test_test_rows_are_read_only_when_asked_for(ticket, digits):
    few = Part(digits.test.X[:1], digits.test.y[:1])
    settings = {"evaluations": 20, "draws": 2}
    found = controls(ticket, digits, **settings)
    assert found == controls(ticket, replace(digits, test=few), **settings)
    assert all(control.test_accuracy is None for control in found)
    assert chance(digits).commonest_test is None
    assert chance(digits, test=True).commonest_test == pytest.approx(0.1, abs=0.02)


def with_other_labels(part):
    return Part(part.X, np.roll(part.y, 1))


def test_the_best_of_random_is_chosen_by_training_rows(ticket, digits):
    settings = {"evaluations": 200, "draws": 1, "test": True}
    found = controls(ticket, digits, **settings)[2]
    strange = replace(digits, validation=with_other_labels(digits.validation))
    same = controls(ticket, strange, **settings)[2]
    assert (same.effective_density, same.test_accuracy) == (
        found.effective_density,
        found.test_accuracy,
    )
    assert same.validation_accuracy != found.validation_accuracy
    strange = replace(digits, train=with_other_labels(digits.train))
    other = controls(ticket, strange, **settings)[2]
    assert (other.effective_density, other.test_accuracy) != (
        found.effective_density,
        found.test_accuracy,
    )


def test_rows_are_scaled_by_the_ticket_and_not_by_themselves(ticket, digits):
    few = Part(digits.train.X[:3] / 2, digits.train.y[:3])
    both = Part(np.concatenate([few.X, digits.train.X]), np.concatenate([few.y, digits.train.y]))
    assert np.array_equal(as_rows(ticket, few).inputs, as_rows(ticket, both).inputs[:3])
    expected = ticket.scaling.quantise(few.X, ticket.network.input_limit)
    assert np.array_equal(as_rows(ticket, few).inputs, expected)


def test_the_commonest_class_is_that_of_the_training_rows(digits):
    """In the test and validation rows other classes are the commonest."""

    def only(part, *labels):
        chosen = np.isin(part.y, labels)
        return Part(part.X[chosen], part.y[chosen])

    train = Part(digits.train.X, np.where(digits.train.y == 4, 3, digits.train.y))
    skewed = replace(
        digits,
        train=train,
        validation=only(digits.validation, 5, 6),
        test=only(digits.test, 3, 7, 8, 9),
    )
    guess = chance(skewed, test=True)
    assert guess.commonest_validation == 0
    assert guess.commonest_test == np.mean(skewed.test.y == 3) < 0.3
    few = Part(skewed.test.X[skewed.test.y != 3], skewed.test.y[skewed.test.y != 3])
    assert chance(replace(skewed, test=few), test=True).commonest_test == 0


def test_the_seed_decides_and_threads_do_not(ticket, digits):
    settings = {"evaluations": 100, "draws": 3}
    found = controls(ticket, digits, **settings)
    assert found == controls(ticket, digits, **settings, n_jobs=3)
    assert found != controls(ticket, digits, **settings, seed=1)


@pytest.mark.parametrize("objective", ["accuracy", "cross_entropy"])
def test_more_draws_never_give_a_worse_best(ticket, digits, objective):
    rows = as_rows(ticket, digits.train)
    chosen_by = get_objective(objective)
    dense = DenseEngine(ticket.network, rows, chosen_by, 1e-5)

    def best(evaluations: int) -> float:
        mask, tried = best_of_random(
            ticket.network, rows, [300, 60], objective=chosen_by, evaluations=evaluations
        )
        assert tried == evaluations
        assert [int(layer.sum()) for layer in mask.arrays()] == [300, 60]
        return dense.value(dense.sums(dense.state(mask.flat())))

    if objective == "accuracy":  # a cross-entropy also depends on the temperature
        assert best(1) >= best(40) >= best(400)
    else:
        assert np.isfinite(best(40))


def test_the_time_limit_says_how_many_were_drawn(ticket, digits):
    found = controls(ticket, digits, evaluations=10**9, seconds=0.05, draws=1)
    assert 1 <= found[2].chosen_from < 10**9
    assert found[1].validation_deviation is None


@given(
    st.lists(st.tuples(st.integers(1, 60), st.floats(0, 1)), min_size=1, max_size=4),
    st.integers(0, 2**32 - 1),
)
def test_scattered_masks_have_exactly_so_many_survivors(pieces, seed):
    lengths = [length for length, _ in pieces]
    kept = [int(length * share) for length, share in pieces]
    flat = scattered(lengths, kept, np.random.default_rng(seed))
    parts = np.split(flat, np.cumsum(lengths)[:-1])
    assert [int(part.sum()) for part in parts] == kept


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"evaluations": 0}, "evaluations"),
        ({"draws": 0}, "draws"),
        ({"seconds": 0}, "seconds takes a number above 0 or None, got 0"),
        ({"objective": "beauty"}, "objective"),
        ({"seed": -1}, "seed"),
        ({"n_jobs": 0}, "n_jobs"),
    ],
)
def test_settings_are_checked(ticket, digits, settings, message):
    with pytest.raises(ValueError, match=message):
        controls(ticket, digits, **{"evaluations": 10, **settings})


def test_other_data_is_refused(ticket, digits):
    with pytest.raises(ValueError, match="rows of the ticket's 64 features, got 4"):
        controls(ticket, load("iris"), evaluations=10)
    parts = {name: getattr(digits, name) for name in ("train", "validation", "test")}
    strange = replace(digits, **{name: Part(part.X, part.y + 1) for name, part in parts.items()})
    with pytest.raises(ValueError, match="the ticket's classes, got the label 10"):
        controls(ticket, strange, evaluations=10)


def test_the_command_prints_a_table(saved, capsys):
    assert main(["controls", saved, "digits", "--evaluations", "50", "--draws", "2"]) == 0
    out, err = capsys.readouterr()
    assert "the best of 50 random masks" in out
    assert "its bits shuffled within each layer" in out
    assert " test" not in out
    assert err.count("\n") == 1


def test_the_command_prints_one_json_object(saved, capsys):
    options = ["--evaluations", "50", "--draws", "2", "--test", "--json"]
    assert main(["controls", saved, "digits", *options]) == 0
    report = json.loads(capsys.readouterr().out)
    assert [control["name"] for control in report["controls"]] == NAMES
    assert report["chance"]["one_of_n_classes"] == 0.1
    assert report["controls"][0]["test_accuracy"] > 0.8


@pytest.mark.parametrize("arguments", [("no.ticket", "digits"), (None, "iris"), (None, "no-data")])
def test_the_command_refuses_in_one_line(saved, capsys, arguments):
    file, data = arguments
    assert main(["controls", file or saved, data]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    assert err.splitlines()[-1].startswith("scratchcard: ")

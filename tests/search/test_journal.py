"""A search of several parts that dies again and again ends as if nothing had happened."""

from __future__ import annotations

import errno
import itertools
import math
import os
import random

import numpy as np
import pytest

from scratchcard import Limits
from scratchcard.datasets import load
from scratchcard.datasets.dataset import split
from scratchcard.find import Search
from scratchcard.goals import ClusterGoal
from scratchcard.search import CheckpointError, Genetic, Memetic
from scratchcard.search.callbacks import checkpoint
from scratchcard.search.journal import Journal
from scratchcard.search.sealed import read_sealed, write_sealed


def dying(generations):
    """A callback that ends the process, as it were, after so many generations of all parts."""
    left = itertools.count(generations - 1, -1)

    def call(progress):
        if next(left) == 0:
            raise RuntimeError("killed")

    return call


def numbers(n_outputs=1):
    """Rows whose answers are far from 0, so that a unit that is lost shows."""
    chance = np.random.default_rng(0)
    X = chance.normal(size=(240, 5))
    y = 1000 + 7 * X[:, :n_outputs] + chance.normal(size=(240, n_outputs))
    return split("numbers", X, y[:, 0] if n_outputs == 1 else y, answers="numbers")


def counts():
    chance = np.random.default_rng(0)
    X = chance.normal(size=(240, 5))
    y = chance.poisson(5 * np.exp(X[:, 0])).astype(float)
    return split("counts", X, y, answers="numbers")


SMALL = {"hidden": (8,), "weights": "uniform", "max_density": 0.3}
SEARCHES = {
    "settings on folds": lambda: Search(
        load("iris"),
        hidden=(8,),
        max_density=0.5,
        limits=Limits(generations=27),
        prune="validation",
    ),
    "settings of numbers": lambda: Search(numbers(), limits=Limits(evaluations=120_000)),
    "several numbers": lambda: Search(numbers(2), **SMALL, limits=Limits(generations=12)),
    "a quantile": lambda: Search(
        numbers(), **SMALL, objective="quantile:0.9", limits=Limits(generations=12)
    ),
    "counts": lambda: Search(counts(), **SMALL, objective="poisson", limits=Limits(generations=9)),
    "networks within bytes": lambda: Search(
        load("iris"), max_bytes=110, weights="signed_constant", limits=Limits(evaluations=4_000)
    ),
    "clusters": lambda: Search(
        load("iris"), goal=ClusterGoal(3, n_init=5), limits=Limits(generations=8)
    ),
    "genetic": lambda: Search(
        load("iris"), algorithm=Genetic(population=20), limits=Limits(generations=12)
    ),
    "shifted images": lambda: Search(
        load("digits"), **SMALL, augment="shift", limits=Limits(generations=8)
    ),
    "early stopping": lambda: Search(
        load("iris"), algorithm=Memetic(burst=40), limits=Limits(generations=60, patience=6)
    ),
}


@pytest.fixture(params=SEARCHES.values(), ids=SEARCHES)
def make(request):
    return request.param


@pytest.fixture
def eager(monkeypatch):
    """Everything is saved at once, whatever share of the time that takes."""
    monkeypatch.setattr(checkpoint, "SHARE", math.inf)


def with_threads(search, n_jobs):
    search.__dict__["n_jobs"] = n_jobs
    return search


def report_of(found):
    times = ("seconds", "evaluations_per_second")
    return {name: value for name, value in found.report().items() if name not in times}


def history_of(found):
    return [(p.generation, p.objective, p.evaluations) for p in found.outcome.history]


def test_a_search_that_dies_again_and_again_ends_as_if_it_had_not(make, eager, tmp_path):
    whole, path = make().run(), tmp_path / "search"
    for n_deaths, n_jobs in enumerate(itertools.cycle((2, 1))):
        search = with_threads(make(), n_jobs)
        journal = Journal(path, search.identity, seconds=0)
        if path.exists():
            journal.read(path)
        try:
            found = search.run([dying(3 + 7 * n_deaths**2)], journal=journal)
        except RuntimeError:
            continue
        break
    assert n_deaths > 0
    assert found.ticket.to_bytes() == whole.ticket.to_bytes()
    assert report_of(found) == report_of(whole)
    assert history_of(found) == history_of(whole)
    assert os.listdir(tmp_path) == ["search"]
    journal.remove()
    assert os.listdir(tmp_path) == []


def saved_of(make, tmp_path, generations):
    """The file of a search that died after so many generations."""
    path, search = tmp_path / "search", make()
    with pytest.raises(RuntimeError, match="killed"):
        search.run([dying(generations)], journal=Journal(path, search.identity, seconds=0))
    return path


def going_on(make, path):
    search = make()
    journal = Journal(path, search.identity, seconds=0)
    journal.read(path)
    return search.run(journal=journal)


def odd(chance, found):
    """Something else than this value or array of a saved search."""
    if isinstance(found, np.ndarray):
        flat = found.ravel()
        odds = [
            flat[:-1],
            np.append(flat, flat[:1]),
            found[None],
            found.astype(np.float32 if found.dtype == np.float64 else np.float64),
            np.zeros(0, found.dtype),
            np.full(found.shape, -1, np.int64).astype(found.dtype),
            np.full(found.shape, np.iinfo(np.int64).max).astype(found.dtype),
        ]
        if found.dtype == np.float64:
            odds += [np.full(found.shape, one) for one in (np.nan, np.inf, -np.inf, -1.0, 0.0)]
            odds += [np.full(found.shape, one) for one in (1e300, 1e-300)]
        if flat.size:
            one = found.copy()
            one.ravel()[chance.randrange(flat.size)] = chance.choice([0, 1, 3, 255])
            odds.append(one)
        return chance.choice(odds)
    return chance.choice([None, -1, 0, 1.5, 10**30, math.nan, math.inf, "", "x", [], {}, [[]]])


def places_in(values):
    """Every place in plain values, as the table or list that has it and the key."""
    if isinstance(values, (dict, list)):
        for key in list(values) if isinstance(values, dict) else range(len(values)):
            yield values, key
            yield from places_in(values[key])


N_FORGED = int(os.environ.get("N_FORGED", 25))
FUZZED = ("settings on folds", "clusters", "genetic", "several numbers", "shifted images")


@pytest.mark.parametrize("name", FUZZED)
@pytest.mark.filterwarnings("ignore:.*overflow:RuntimeWarning")
def test_a_forged_search_is_refused_or_goes_on(name, eager, tmp_path):
    """Its digest is right, but a search that goes on from it must trust nothing."""
    path, chance = saved_of(SEARCHES[name], tmp_path, 7), random.Random(name)
    n_refused = 0
    for _ in range(N_FORGED):
        values, arrays = read_sealed(path)
        whole = path.read_bytes()
        if chance.random() < 0.7:
            which = chance.choice(sorted(arrays))
            arrays[which] = odd(chance, arrays[which])
        else:
            owner, key = chance.choice(list(places_in(values)))
            owner[key] = odd(chance, owner[key])
        write_sealed(path, values, arrays)
        try:
            going_on(SEARCHES[name], path)
        except CheckpointError:
            n_refused += 1
        path.write_bytes(whole)
    assert N_FORGED / 3 < n_refused < N_FORGED

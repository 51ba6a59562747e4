"""A search of several parts that dies again and again ends as if nothing had happened."""

from __future__ import annotations

import itertools
import math
import os
import random
import resource
import shutil

import numpy as np
import pytest

from scratchcard import Conv2d, Limits
from scratchcard.datasets import load
from scratchcard.datasets.dataset import split
from scratchcard.find import Search
from scratchcard.goals import ClusterGoal
from scratchcard.interrupts import Interrupts
from scratchcard.search import CheckpointError, Genetic, Memetic, prune
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
    "settings of numbers": lambda: Search(
        numbers(), weights="uniform", limits=Limits(generations=27)
    ),
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
    "convolutions": lambda: Search(
        load("digits"), layers=[Conv2d(4, 3, stride=2)], limits=Limits(generations=8)
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
            found = search.run([dying(3 + 60 * n_deaths**2)], journal=journal)
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


N_FORGED = int(os.environ.get("N_FORGED", 8))
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
    assert n_refused > N_FORGED / 4


def test_what_cannot_be_written_is_told_once_until_it_works_again(eager, tmp_path):
    make, told, calls = SEARCHES["early stopping"], [], itertools.count()
    folder = tmp_path / "folder"
    folder.mkdir()
    journal = Journal(folder / "search", {}, seconds=0, complain=told.append)

    def disturb(progress):
        call = next(calls)
        if call in (2, 9):
            shutil.rmtree(folder)
        elif call == 6:
            folder.mkdir()

    found = make().run([disturb], journal=journal)
    assert found.ticket.to_bytes() == make().run().ticket.to_bytes()
    what = f"could not save the search to '{folder}/search': there is no such folder; it goes on"
    assert told == [what, what]


def test_on_a_full_disk_what_was_saved_before_is_whole(eager, tmp_path):
    make, told = SEARCHES["early stopping"], []
    path, search = tmp_path / "search", make()
    journal = Journal(path, search.identity, seconds=0, complain=told.append)
    before = []
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(progress):
        if progress.generation == 4:
            before.append(path.read_bytes())
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))

    try:
        found = search.run([fill], journal=journal)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert len(told) == 1
    assert told[0].endswith("File too large; it goes on, and what was saved before is whole")
    assert os.listdir(tmp_path) == ["search"]
    assert path.read_bytes() == before[0]
    assert going_on(make, path).ticket.to_bytes() == found.ticket.to_bytes()


def test_ctrl_c_while_pruning_saves_all_that_was_found(tmp_path, monkeypatch):
    path, search, interrupts = tmp_path / "search", SEARCHES["settings on folds"](), Interrupts()
    monkeypatch.setattr(checkpoint, "SHARE", 1e-9)  # nothing is saved again by itself

    def interrupted(*arguments, **settings):
        interrupts.flag[0] = 1
        return prune(*arguments, **settings)

    with monkeypatch.context() as patch:
        patch.setattr("scratchcard.find.prune", interrupted)
        found = search.run(interrupts=interrupts, journal=Journal(path, search.identity))
    assert found.outcome.stopped_by == "interrupt"
    values, _ = read_sealed(path)
    assert values["going on"] == []
    n_parts = len(values["ended"])
    again = going_on(SEARCHES["settings on folds"], path)
    assert len(read_sealed(path)[0]["ended"]) == n_parts  # nothing was left but pruning
    whole = SEARCHES["settings on folds"]().run()
    assert again.ticket.to_bytes() == whole.ticket.to_bytes()


def test_a_part_that_others_or_a_callback_stopped_is_searched_on(eager, tmp_path):
    make, path = SEARCHES["clusters"], tmp_path / "search"
    search = make()
    stopped = search.run(
        [lambda progress: progress.generation >= 7], journal=Journal(path, search.identity)
    )
    assert stopped.outcome.stopped_by == "callback"
    assert going_on(make, path).ticket.to_bytes() == make().run().ticket.to_bytes()


def test_a_search_says_how_long_all_of_its_processes_took(eager, tmp_path):
    for name in ("clusters", "genetic"):
        path = saved_of(SEARCHES[name], tmp_path, 7)
        values, arrays = read_sealed(path)
        values["seconds"] += 1000
        for _, population in values["going on"]:
            population["seconds"] += 1000
        write_sealed(path, values, arrays)
        seconds = going_on(SEARCHES[name], path).outcome.seconds
        assert 1000 < seconds < 1200


@pytest.mark.parametrize(
    ("changes", "differs"),
    [
        ({"seed": 1}, "seed: 0 then, 1 now"),
        ({"hidden": (7,)}, r"hidden: None then, \(7,\) now"),
        ({"limits": Limits(generations=5)}, "limits generations: 60 then, 5 now"),
        ({"dataset": load("wine")}, "training rows: 95 rows, .* then, 113 rows, .* now"),
        ({"algorithm": "genetic"}, "algorithm: scratchcard.*Memetic then, genetic now"),
        ({"objective": "accuracy"}, "objective: cross_entropy then, accuracy now"),
    ],
)
def test_another_search_is_told_what_differs(eager, tmp_path, changes, differs):
    path, search = saved_of(SEARCHES["early stopping"], tmp_path, 3), SEARCHES["early stopping"]()
    whole = path.read_bytes()
    other = {name: getattr(search, name) for name in ("dataset", "algorithm", "limits")} | changes
    other = Search(**other)
    with pytest.raises(CheckpointError, match=f"search is of another search: .*{differs}"):
        Journal(path, other.identity).read(path)
    assert path.read_bytes() == whole


def test_another_version_is_told_so(eager, tmp_path, monkeypatch):
    path = saved_of(SEARCHES["early stopping"], tmp_path, 3)
    monkeypatch.setattr("scratchcard.__version__", "9.9")
    with pytest.raises(CheckpointError, match=r"scratchcard: 0\.\S+ then, 9\.9 now"):
        going_on(SEARCHES["early stopping"], path)


def test_nothing_is_written_where_nothing_is_known(tmp_path):
    journal = Journal(tmp_path / "search")
    assert not journal.save()
    with pytest.raises(KeyboardInterrupt), journal:
        raise KeyboardInterrupt
    assert os.listdir(tmp_path) == []

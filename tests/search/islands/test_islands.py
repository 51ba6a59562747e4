"""Islands end with the same ticket whoever searches them, in which order, and whoever dies."""

from __future__ import annotations

import itertools
import os
import shutil
from dataclasses import replace

import numpy as np
import pytest

from inline import Inline
from scratchcard.datasets import load
from scratchcard.find import Search, find
from scratchcard.interrupts import Interrupts
from scratchcard.search import CheckpointError, Genetic, Limits, Memetic
from scratchcard.search.islands import FolderJournal, Islands, archipelago
from scratchcard.search.islands.archipelago import shared
from scratchcard.workers import Workers, WorkersError

GIVEN = {
    "hidden": (8,),
    "weights": "uniform",
    "algorithm": Memetic(max_density=0.5, burst=100),
    "limits": Limits(generations=12),
}
ISLANDS = Islands(4, migrate_every=3)


@pytest.fixture(scope="module")
def iris():
    return load("iris")


@pytest.fixture
def inline(monkeypatch):
    """Makes :class:`Inline` the backend; returns the backends that were made."""
    made = []

    def use(**settings):
        def workers(work, *, n_workers=None, **_):
            made.append(Inline(work, n_workers or 1, **settings))
            return Workers(made[-1])

        monkeypatch.setattr(archipelago, "workers", workers)
        return made

    use()
    return use


def same(one, other) -> bool:
    """Whether two searches found the same, in the same number of trials."""
    fields = ("mask", "head", "objective", "evaluations", "generations", "stopped_by")
    return all(getattr(one.outcome, f) == getattr(other.outcome, f) for f in fields)


@pytest.fixture
def undisturbed(iris, inline):
    return find(iris, **GIVEN, islands=ISLANDS)


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"limits": Limits(evaluations=4000)},
        {"limits": Limits(generations=30, patience=4)},
        {"algorithm": Genetic(population=12, patience=None)},
        {"algorithm": Genetic(population=12, patience=2, min_generations=1), "limits": None},
        {"hidden": None, "weights": None, "algorithm": "memetic"},
    ],
    ids=["generations", "evaluations", "patience", "genetic", "converged", "what is left open"],
)
def test_one_island_finds_what_a_search_finds(iris, inline, changed):
    given = GIVEN | changed
    alone, island = find(iris, **given), find(iris, **given, islands=Islands(1, migrate_every=3))
    assert same(alone, island)
    assert island.outcome.accuracies == [alone.report()["validation_accuracy"]]


@pytest.mark.parametrize("algorithm", [GIVEN["algorithm"], Genetic(population=12, patience=None)])
def test_neither_workers_nor_their_deaths_change_the_ticket(iris, inline, algorithm, tmp_path):
    given = GIVEN | {"algorithm": algorithm}
    whole = find(iris, **given, islands=ISLANDS)
    deaths = 0
    for seed, n_workers in enumerate((1, 2, 3, 4)):
        made = inline(seed=seed, deaths=0.2)
        search = Search(iris, **given, islands=replace(ISLANDS, workers=n_workers))
        journal = search.journal(tmp_path / str(seed), seconds=0.0)  # a job ends after a generation
        journal.place.mkdir()
        assert same(whole, search.run(journal=journal))
        deaths += made[-1].born - n_workers
    assert deaths > 20


def test_a_driver_that_dies_is_followed_by_another(iris, inline, undisturbed, tmp_path):
    search, saved = Search(iris, **GIVEN, islands=ISLANDS), 0

    class PowerCut(BaseException):
        pass

    def cut(progress):
        nonlocal saved
        saved += 1
        if saved % 3 == 0:
            raise PowerCut

    for _ in range(20):
        journal = search.journal(tmp_path / "folder")
        (tmp_path / "folder").mkdir(exist_ok=True)
        if journal.is_there(tmp_path / "folder"):
            journal.read(tmp_path / "folder")
        try:
            again = search.run([cut], journal=journal)
            break
        except PowerCut:
            pass
    assert same(undisturbed, again)
    assert saved > 10
    journal.remove()
    assert list(tmp_path.iterdir()) == []


def test_only_what_may_be_needed_is_kept(iris, inline, tmp_path):
    search = Search(iris, **GIVEN | {"limits": Limits(generations=24)}, islands=ISLANDS)
    counts = []
    inline(seed=1)
    search.run(
        [lambda progress: counts.append(len(os.listdir(tmp_path)))],
        journal=search.journal(tmp_path),
    )
    assert len(counts) == 4 * 8
    assert max(counts) <= 3 + 4 * (2 + 4)  # of an island two populations, of its ring four results


def test_islands_exchange_masks(iris, inline, undisturbed):
    apart = find(iris, **GIVEN, islands=Islands(4, migrate_every=100))
    assert not same(apart, undisturbed)
    assert same(apart, find(iris, **GIVEN, islands=Islands(4, migrate_every=12)))
    assert apart.outcome.losses[0] != apart.outcome.losses[1]


def test_islands_of_other_networks(iris, inline):
    found = find(iris, **GIVEN, islands=Islands(4, 3, networks=2))
    report, outcome = found.report(), found.outcome
    assert found.ticket.network == replace(
        found.search.network, seed=found.search.network.seed + outcome.chosen % 2
    )
    chosen = report["islands"]["chosen"]
    assert min(outcome.losses) == outcome.losses[chosen]
    assert report["islands"]["validation_accuracies"][chosen] == report["validation_accuracy"]
    apart = [
        find(iris, **GIVEN, seed=seed, search_seed=0, islands=Islands(1)).outcome.losses[0]
        for seed in (0, 1)
    ]
    pair = find(iris, **GIVEN, islands=Islands(2, networks=2))
    assert pair.outcome.losses[0] == apart[0]


def test_limits_hold_for_all_together(iris, inline):
    found = find(iris, **GIVEN | {"limits": Limits(evaluations=8000)}, islands=ISLANDS)
    assert 7000 < found.outcome.evaluations < 9000
    limits = Limits(generations=10, evaluations=800, seconds=60, patience=3)
    assert shared(limits, 8, 2) == Limits(10, 100, 15, 3)
    assert shared(limits, 2, 8) == Limits(10, 400, 60, 3)


def test_a_callback_stops_all_islands(iris, inline, tmp_path):
    seen = []

    def enough(progress):
        seen.append(progress)
        return len(seen) == 6

    search = Search(iris, **GIVEN, islands=ISLANDS)
    found = search.run([enough], journal=search.journal(tmp_path))
    assert found.outcome.stopped_by == "callback"
    assert len(seen) == 6
    assert [one.fraction for one in seen] == sorted(one.fraction for one in seen)
    assert seen[-1].fraction == pytest.approx(6 * 3 / (4 * 12))


def test_an_interrupt_ends_with_the_best_so_far_and_can_be_gone_on_from(
    iris, inline, undisturbed, tmp_path
):
    search, interrupts = Search(iris, **GIVEN, islands=ISLANDS), Interrupts()

    def interrupt(progress):
        interrupts.flag[0] = 1

    inline(seed=3)
    found = search.run([interrupt], interrupts, search.journal(tmp_path))
    assert found.outcome.stopped_by == "interrupt"
    assert 0 < found.outcome.evaluations < undisturbed.outcome.evaluations
    assert (tmp_path / "search").exists()
    journal = search.journal(tmp_path)
    journal.read(tmp_path)
    assert same(search.run(journal=journal), undisturbed)


# -- what is refused -------------------------------------------------------------------------------


def test_a_file_that_is_damaged_is_named(iris, inline, tmp_path):
    search, whole = Search(iris, **GIVEN, islands=ISLANDS), tmp_path / "whole"
    whole.mkdir()
    search.run([lambda progress: progress.fraction > 0.6], journal=search.journal(whole))
    populations, results = (sorted(whole.glob(f"*.{kind}")) for kind in ("population", "result"))
    assert len(populations) >= 4 <= len(results)
    numbers = itertools.count()

    def run(spoil, *paths):
        folder = tmp_path / str(next(numbers))
        shutil.copytree(whole, folder)
        spoil(*(folder / path.name for path in paths))
        with pytest.raises(CheckpointError) as error:
            search.run(journal=search.journal(folder))
        return str(error.value)

    for path in (populations[0], results[-1]):
        content = path.read_bytes()
        for damaged in (content[:-1], b"", content[:200] + b"?" + content[201:]):
            assert path.name in run(lambda one, damaged=damaged: one.write_bytes(damaged), path)
    for first, *_, last in (populations, results):
        assert "of another search or island" in run(shutil.copy, last, first)
    lost = run(lambda *paths: [path.unlink() for path in paths], *populations)
    assert "has lost the population of island" in lost


def test_a_folder_of_another_search_is_refused_with_what_differs(iris, inline, tmp_path):
    search = Search(iris, **GIVEN, islands=ISLANDS)
    search.run(journal=search.journal(tmp_path))
    for islands, what in (
        (Islands(5, 3), "islands: 4 then, 5 now"),
        (Islands(4, 2), "migrate_every: 3 then, 2 now"),
        (Islands(4, 3, networks=2), "networks: 1 then, 2 now"),
    ):
        with pytest.raises(CheckpointError, match=what):
            Search(iris, **GIVEN, islands=islands).journal(tmp_path).read(tmp_path)
    other = Search(iris, **GIVEN, islands=Islands(4, 3, workers=7, on="ray", threads=2))
    other.journal(tmp_path).read(tmp_path)


def test_workers_that_see_another_folder_say_so(iris, inline, tmp_path):
    search = Search(iris, **GIVEN, islands=ISLANDS)
    folder = tmp_path / "shared"
    folder.mkdir()
    driver = folder / "driver"

    def run(spoil):
        with pytest.raises(WorkersError) as error:
            search.run([lambda progress: spoil()], journal=search.journal(folder))
        return str(error.value)

    def take_over():
        driver.write_text("another")

    assert "another process goes on with it" in run(take_over)
    assert "a folder that all machines share" in run(driver.unlink)


def test_an_island_that_cannot_be_saved_ends_the_search(iris, inline, tmp_path):
    search = Search(iris, **GIVEN, islands=ISLANDS)
    in_the_way = tmp_path / "island-2-leg-1.result"
    with pytest.raises(WorkersError, match=r"could not save island 2 in .*only an ordinary file"):
        search.run([lambda _: in_the_way.mkdir(exist_ok=True)], journal=search.journal(tmp_path))
    in_the_way.rmdir()
    assert search.run(journal=search.journal(tmp_path)).outcome.stopped_by == "generations"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"count": 0}, "islands takes an integer 1"),
        ({"migrate_every": 0}, "migrate_every takes"),
        ({"count": 2, "networks": 3}, r"networks takes an integer 1\.\.2, got 3"),
        ({"workers": 0}, "workers takes"),
        ({"threads": 0}, "threads takes"),
        ({"on": "moon"}, "on takes processes, ray, got 'moon'"),
    ],
)
def test_settings_out_of_range(given, message):
    with pytest.raises(ValueError, match=message):
        Islands(**given)


def test_what_islands_cannot_do(iris):
    from scratchcard.goals import ClusterGoal
    from scratchcard.search import Callback

    with pytest.raises(ValueError, match="islands takes None without labels"):
        Search(iris, goal=ClusterGoal(3), islands=ISLANDS)
    with pytest.raises(ValueError, match="islands takes None with max_bytes"):
        Search(iris, max_bytes=200, islands=ISLANDS)
    with pytest.raises(ValueError, match="callbacks takes functions with islands"):
        Search(iris, **GIVEN, islands=ISLANDS).run([Callback()])


def test_seeds_differ_and_the_first_is_the_search_s_own():
    seeds = [Islands.seed_of(island, 7) for island in range(100)]
    assert seeds[0] == 7
    assert len(set(seeds)) == 100
    assert {Islands.seed_of(1, seed) for seed in range(100)}.isdisjoint(seeds[:1])
    ring = Islands(5, networks=2)
    assert [ring.before(island) for island in range(5)] == [4, 3, 0, 1, 2]
    assert all(ring.after(ring.before(island)) == island for island in range(5))
    assert Islands(3, networks=3).before(1) is None


def test_a_journal_of_islands_is_a_folder(iris, tmp_path):
    (tmp_path / "mine").write_text("keep")
    journal = Search(iris, **GIVEN, islands=ISLANDS).journal(tmp_path)
    assert isinstance(journal, FolderJournal)
    journal.save()
    journal.remove()
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    assert np.all([path.read_text() == "keep" for path in tmp_path.iterdir()])


def test_a_driver_whose_folder_another_one_leads_ends_and_stops_nobody(iris, inline, tmp_path):
    search = Search(iris, **GIVEN, islands=ISLANDS)
    journal, other = search.journal(tmp_path), search.journal(tmp_path)

    def taken_over(progress):
        taken_over.token = taken_over.token or other.folder.lead()

    taken_over.token = ""
    with pytest.raises(WorkersError, match="another process goes on with it"):
        search.run([taken_over], journal=journal)
    assert not other.folder.is_to_stop(taken_over.token)
    other.read(tmp_path)
    assert same(find(iris, **GIVEN, islands=ISLANDS), search.run(journal=other))

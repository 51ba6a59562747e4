"""The study ``sweep``: its grid, its runs in a folder, what a resumed one finds, its front."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rows_apart import blobs, dataset, places, save, sealed
from scratchcard import Conv2d, Limits, Ticket
from scratchcard.datasets import Part
from scratchcard.find import find
from scratchcard.research.sweep import Setting, Sweep, SweepRuns
from scratchcard.research.sweep.cases import Job
from scratchcard.research.sweep.front import front
from scratchcard.research.sweep.runs import checkpoint_path, run_one, ticket_path
from scratchcard.research.sweep.tables import grouped, markdown_report, plain_report, write
from scratchcard.search import Journal
from sweeps import do

SMALL = Sweep(
    "iris",
    hidden=((8,), (4, 4)),
    init=("uniform",),
    max_density=(0.3, 0.6),
    seeds=2,
    limits=Limits(generations=3),
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("finished")
    do(SweepRuns(SMALL, folder))
    return folder


def copied(finished: Path, folder: Path, n_rows: int) -> SweepRuns:
    """The first runs of a sweep, with all tickets, in another folder."""
    shutil.copytree(finished, folder, dirs_exist_ok=True)
    lines = (finished / "runs.jsonl").read_text().splitlines(keepends=True)
    (folder / "runs.jsonl").write_text("".join(lines[: n_rows + 1]))
    return SweepRuns(SMALL, folder)


def tickets(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "tickets").iterdir()}


def without_seconds(rows):
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


# -- the front -----------------------------------------------------------------------------------


def is_beaten(pair, others) -> bool:
    """Whether another is at least as good in both, and better in one."""
    size, score = pair
    return any(
        s <= size and q >= score and (s < size or q > score) for s, q in others if (s, q) != pair
    )


few = st.tuples(st.integers(1, 5), st.sampled_from([0.0, 0.25, 0.5, 1.0]))
many = st.tuples(st.integers(1, 10**6), st.floats(-10, 1))


@given(st.lists(st.one_of(few, many), max_size=40))
def test_the_front_is_what_no_other_beats(pairs):
    found = front([size for size, _ in pairs], [score for _, score in pairs])
    assert sorted(found) == [i for i, pair in enumerate(pairs) if not is_beaten(pair, pairs)]
    assert found == sorted(found, key=lambda place: (pairs[place][0], place))


# -- the grid ------------------------------------------------------------------------------------


def test_every_combination_is_searched_from_every_seed():
    keys = [job.key for job in SMALL.jobs()]
    assert len(keys) == SMALL.total == 8
    assert len({ticket_path(key) for key in keys}) == 8
    assert keys[0] == {
        "hidden": "8", "init": "uniform", "max_density": 0.3, "max_bytes": None, "seed": 0,
    }  # fmt: skip
    assert [key["seed"] for key in keys] == [0] * 4 + [1] * 4


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seeds": 0}, r"seeds takes an integer 1\.\.10000, got 0"),
        ({"seeds": 2_501}, "a sweep takes at most 10,000 runs, got 10,004: 4 combinations"),
        ({"hidden": ((8,), (4,), (8,))}, "hidden takes each value once, got 8 twice"),
        ({"hidden": ((Conv2d(4),),) * 2}, "hidden takes each value once, got conv4x3 twice"),
        ({"hidden": ((),), "max_density": (0.3, 1.5)}, "^hidden none, init uniform, max_density 1"),
        ({"max_density": (0.1, 0.10)}, "max_density takes each value once, got 0.1 twice"),
        ({"max_bytes": (200,)}, "max_density takes no values with max_bytes"),
        ({"max_density": (0.3, 1.5)}, "hidden 8, init uniform, max_density 1.5: max_density takes"),
        ({"max_density": (0.3, float("nan"))}, "max_density takes a number above 0 to 1, got nan"),
        ({"hidden": ((8,), (1, 1, 1, 1))}, "hidden 1-1-1-1, .*: max_density=0.3 leaves 3 of 10"),
        ({"max_density": (), "max_bytes": (300, 9)}, "max_bytes 9: max_bytes takes at least"),
        ({"max_density": (), "max_bytes": (300,), "algorithm": "genetic"}, "memetic algorithm"),
        ({"algorithm": "annealing"}, "^algorithm takes 'memetic' or 'genetic', got 'annealing'"),
        ({"init": ("normal",)}, "weights takes"),
        ({"hidden": ((8,) * 100,), "max_density": (1.0,)}, "named by, got 100 layers"),
        ({"prune": "test"}, "^prune takes 'train', 'validation' or None, got 'test'"),
        ({"data": "-"}, "no standard input"),
        ({"data": "no-such-data"}, "no data set or file 'no-such-data'"),
        ({"data": "diabetes", "prune": "train"}, "^prune takes None for numbers"),
    ],
)
def test_what_cannot_be_searched_is_refused_before_anything_runs(changes, message):
    with pytest.raises(ValueError, match=message):
        replace(SMALL, **changes).check()


def test_a_good_grid_passes_the_checks():
    SMALL.check()
    replace(SMALL, hidden=(), init=(), max_density=(), max_bytes=(100, 200)).check()


# -- runs ----------------------------------------------------------------------------------------


def test_a_run_is_the_search_that_find_makes(finished):
    rows = SweepRuns(SMALL, finished).rows
    found = find(
        SMALL.dataset, hidden=(4, 4), weights="uniform", max_density=0.6, seed=1,
        limits=Limits(generations=3), n_jobs=2,
    )  # fmt: skip
    row, report = rows[-1], found.report()
    assert tickets(finished)[Path(row["ticket"]).name] == found.ticket.to_bytes()
    for name, own in (
        ("train_score", "train_accuracy"),
        ("validation_score", "validation_accuracy"),
        ("bytes", "ticket_bytes"),
        ("network", "network"),
        ("density", "density"),
        ("evaluations", "evaluations"),
    ):
        assert row[name] == report[own], name


def test_two_jobs_find_the_same(finished, tmp_path):
    runs = SweepRuns(SMALL, tmp_path)
    list(runs.run(2))
    assert tickets(tmp_path) == tickets(finished)
    assert without_seconds(runs.rows) == without_seconds(SweepRuns(SMALL, finished).rows)
    assert without_seconds(runs.front()) == without_seconds(SweepRuns(SMALL, finished).front())


def test_what_is_missing_or_lost_is_done_again_and_nothing_else(finished, tmp_path):
    copied(finished, tmp_path, n_rows=7)
    (tmp_path / ticket_path(next(SMALL.jobs()).key)).unlink()
    runs = SweepRuns(SMALL, tmp_path)
    assert (runs.missing, len(runs.lost)) == (2, 1)
    assert sorted(row["seed"] for row in runs.run()) == [0, 1]
    assert tickets(tmp_path) == tickets(finished)
    again = SweepRuns(SMALL, tmp_path)
    assert (again.missing, again.lost) == (0, [])
    assert list((tmp_path / "unfinished").iterdir()) == []


def test_more_seeds_and_values_may_be_asked_for_later(finished, tmp_path):
    copied(finished, tmp_path, n_rows=8)
    assert SweepRuns(replace(SMALL, seeds=3), tmp_path).missing == 4
    assert SweepRuns(replace(SMALL, max_density=(0.6, 0.9)), tmp_path).missing == 4
    fewer = SweepRuns(replace(SMALL, hidden=((8,),), max_density=(0.6,)), tmp_path)
    assert (fewer.missing, len(fewer.rows)) == (0, 2)


@pytest.mark.parametrize("damage", ["missing", "cut", "one bit", "no bytes in the row", "moved"])
def test_a_run_whose_ticket_is_lost_counts_as_not_done(finished, tmp_path, damage):
    copied(finished, tmp_path, n_rows=8)
    ledger = tmp_path / "runs.jsonl"
    lines = ledger.read_text().splitlines()
    row = json.loads(lines[-1])
    path = tmp_path / row["ticket"]
    ticket = path.read_bytes()
    if damage == "missing":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(ticket[:-5])
    elif damage == "one bit":
        path.write_bytes(ticket[:20] + bytes([ticket[20] ^ 1]) + ticket[21:])
    else:
        row |= {"bytes": None} if damage == "no bytes in the row" else {"ticket": "../../x"}
        ledger.write_text("\n".join([*lines[:-1], json.dumps(row)]) + "\n")
    runs = SweepRuns(SMALL, tmp_path)
    assert ([lost["seed"] for lost in runs.lost], runs.missing) == ([row["seed"]], 1)


def test_a_folder_of_another_sweep_is_refused_with_what_differs(finished):
    with pytest.raises(ValueError, match=r"other settings: limits was .*3.*, is .*4"):
        SweepRuns(replace(SMALL, limits=Limits(generations=4)), finished)
    with pytest.raises(ValueError, match="algorithm was 'memetic', is 'genetic'"):
        SweepRuns(replace(SMALL, algorithm="genetic"), finished)


def test_a_file_that_has_changed_is_noticed(tmp_path):
    rows = blobs(60, seed=1)
    sweep = Sweep(str(save(tmp_path / "rows.npz", rows)), hidden=((4,),))
    SweepRuns(sweep, tmp_path / "out")
    X = rows.X.copy()
    X[7, 0] += 0.125
    other = replace(sweep, data=str(save(tmp_path / "other.npz", Part(X, rows.y))))
    with pytest.raises(ValueError, match=r"rows was .*, is "):
        SweepRuns(other, tmp_path / "out")


# -- a run that was ended in its middle ------------------------------------------------------------


def test_a_run_goes_on_from_its_checkpoint_and_ends_with_the_same_ticket(tmp_path):
    sweep = replace(SMALL, limits=Limits(generations=6))
    job = Job(Setting((8,), "uniform", 0.6), 1)
    search = sweep.search(sweep.dataset, job.setting, job.seed)
    (tmp_path / "unfinished").mkdir()
    path = checkpoint_path(tmp_path, job.key)
    journal = Journal(path, search.identity)
    populations = []

    def keep(progress) -> None:
        time.sleep(0.15)
        journal.save()
        populations.append(path.read_bytes())

    whole = search.run([keep], journal=journal)
    path.write_bytes(populations[3])  # before the last generations
    row, ticket = run_one(sweep, sweep.dataset, tmp_path, job)
    assert ticket == whole.ticket.to_bytes()
    assert row["evaluations"] == whole.outcome.evaluations
    assert row["seconds"] > 0.4  # which it would not have taken from its beginning


@pytest.mark.parametrize("damage", ["damaged", "of another search", "a folder"])
def test_a_checkpoint_that_cannot_be_read_is_begun_anew(finished, tmp_path, damage):
    job = next(SMALL.jobs())
    (tmp_path / "unfinished").mkdir()
    path = checkpoint_path(tmp_path, job.key)
    if damage == "damaged":
        path.write_bytes(b"scratchcard checkpoint 1\n" + b"?" * 100)
    elif damage == "of another search":
        other = SMALL.search(SMALL.dataset, job.setting, 5)
        other.run(journal=Journal(path, other.identity))
    else:
        path.mkdir()
    row, ticket = run_one(SMALL, SMALL.dataset, tmp_path, job)
    assert ticket == (finished / row["ticket"]).read_bytes()


def test_what_a_killed_command_left_of_a_finished_run_is_removed(finished, tmp_path):
    copied(finished, tmp_path, n_rows=8)
    path = checkpoint_path(tmp_path, next(SMALL.jobs()).key)
    path.write_bytes(b"")
    SweepRuns(SMALL, tmp_path)
    assert not path.exists()


# -- test rows -----------------------------------------------------------------------------------


def test_runs_do_not_read_test_rows(tmp_path):
    data = dataset()
    seal = sealed(data)
    for setting in (Setting((6,), "uniform", 0.5), Setting(None, None, None, 120)):
        sweep = replace(SMALL, limits=Limits(generations=2), prune="train")
        row, _ = run_one(sweep, data, tmp_path, Job(setting, 0))
        assert "test_score" not in row
    assert seal.reads == 0


def test_test_rows_change_nothing_but_the_test_scores_of_the_front(tmp_path):
    rows = blobs(120, seed=1)
    test = places(rows.y)["test"]
    found = []
    for name, change in (("plain", lambda X: X), ("other", lambda X: X[::-1] * 1000)):
        X = rows.X.copy()
        X[test] = change(X[test])
        folder = tmp_path / name
        folder.mkdir()
        runs = SweepRuns(
            replace(SMALL, data=str(save(folder / "rows.npz", Part(X, rows.y)))), folder
        )
        do(runs)
        best = runs.front()
        score = [Ticket.load(folder / r["ticket"]).score(X[test], rows.y[test]) for r in best]
        assert [row.pop("test_score") for row in best] == score
        measured = [{**row, "data": "", "seconds": 0} for row in runs.rows]
        found.append((tickets(folder), measured, [row["ticket"] for row in best], score))
    assert found[0][:3] == found[1][:3]
    assert found[0][3] != found[1][3]


# -- reports -------------------------------------------------------------------------------------


def test_the_report_says_what_was_found(finished, tmp_path):
    runs = SweepRuns(SMALL, finished)
    rows, best = runs.rows, runs.front()
    groups = grouped(rows)
    assert len(groups) == 4
    own = [row for row in rows if (row["hidden"], row["max_density"]) == ("8", 0.6)]
    group = next(g for g in groups if (g["hidden"], g["max_density"]) == ("8", 0.6))
    scores = [row["validation_score"] for row in own]
    assert group["validation_score"] == pytest.approx(sum(scores) / 2)
    assert group["best_validation_score"] == max(scores)
    assert group["least_bytes"] == min(row["bytes"] for row in own)
    for text in (markdown_report(rows, best), plain_report(rows, best)):
        for words in ("iris, 8 runs", "4-4", "0.6", best[0]["ticket"], "Test rows were read"):
            assert words in text
    paths = write(rows, best, tmp_path)
    assert {path.name for path in paths} == {
        "runs.csv", "front.csv", "table.md", "front.png", "front.svg",
    }  # fmt: skip
    assert pd.read_csv(tmp_path / "front.csv")["test_score"].tolist() == [
        row["test_score"] for row in best
    ]
    write(rows, best, tmp_path, "parquet")
    from_csv, from_parquet = (
        read(tmp_path / f"runs.{name}")
        for read, name in ((pd.read_csv, "csv"), (pd.read_parquet, "parquet"))
    )
    assert list(from_csv) == list(from_parquet) == list(rows[0])
    assert (from_csv["bytes"] == from_parquet["bytes"]).all()


def test_one_run_can_be_reported(finished, tmp_path):
    row = SweepRuns(SMALL, finished).rows[0]
    assert grouped([row])[0]["deviation"] is None
    write([row], [{**row, "test_score": 1.0}], tmp_path)


def test_numbers_are_judged_by_r2(tmp_path):
    sweep = replace(SMALL, data="diabetes", seeds=1)
    sweep.check()
    runs = SweepRuns(sweep, tmp_path)
    do(runs)
    data, best = sweep.dataset, runs.front()
    for row in best:
        ticket = Ticket.load(tmp_path / row["ticket"])
        assert row["validation_score"] == ticket.score(*data.validation)
        assert row["test_score"] == ticket.score(*data.test)
    assert "R²" in plain_report(runs.rows, best)
    write(runs.rows, best, tmp_path)

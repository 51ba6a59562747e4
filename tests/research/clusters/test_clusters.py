"""``scratchcard compare --labels none``: clusterers side by side; who reads labels, and when."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from clusterers import clouds
from scratchcard import Ticket
from scratchcard.cli import main
from scratchcard.research.clusters import ClusterComparison, ClusterRuns
from scratchcard.research.clusters.methods import METHODS
from scratchcard.research.clusters.runs import ticket_path
from scratchcard.research.clusters.tables import compared_by, markdown_report, plain_report, write
from scratchcard.research.shared.words import frame

OFTEN = ("ticket", "kmeans", "gaussian", "spectral", "ward")


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    X, y = clouds(200)
    path = tmp_path_factory.mktemp("data") / "clouds.npz"
    np.savez(path, X=X, y=y)
    return path


def comparison(path: Path, **settings) -> ClusterComparison:
    short = {
        "methods": OFTEN,
        "target": "y",
        "seeds": 2,
        "hidden": (20,),
        "max_density": 0.5,
        "starts": 2,
        "generations": 8,
    }
    return ClusterComparison(str(path), **(short | settings))


@pytest.fixture(scope="module")
def finished(data, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("finished")
    list(ClusterRuns(comparison(data), folder).run(2))
    return folder


def without_seconds(rows):
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


def test_every_method_finds_clouds_and_some_say_where_new_rows_belong(data, finished):
    rows = ClusterRuns(comparison(data), finished).rows
    assert [(row["seed"], row["method"]) for row in rows] == [
        *((0, method) for method in OFTEN),
        *((1, method) for method in OFTEN if method != "ward"),
    ]
    for row in rows:
        assert row["accuracy"] > 0.9, row
        assert row["clusters"] == 3
        assert (row["rows"], row["rows_aside"]) == (150, 50)
        if row["method"] in ("spectral", "ward"):
            assert row["aside_accuracy"] is None
        else:
            assert row["aside_accuracy"] > 0.9
        assert (row["bytes"] is None) == (row["method"] != "ticket")


def test_the_same_runs_come_out_again(data, finished, tmp_path):
    again = ClusterRuns(comparison(data), tmp_path)
    list(again.run())
    before = ClusterRuns(comparison(data), finished)
    assert without_seconds(again.rows) == without_seconds(before.rows)
    for seed in (0, 1):
        tickets = [ticket_path(folder, "ticket", seed) for folder in (finished, tmp_path)]
        assert tickets[0].read_bytes() == tickets[1].read_bytes()


def test_shuffled_labels_change_what_the_judge_says_and_no_ticket(data, finished, tmp_path):
    with np.load(data) as arrays:
        X, y = arrays["X"], arrays["y"]
    shuffled = tmp_path / "shuffled.npz"
    np.savez(shuffled, X=X, y=np.random.default_rng(0).permutation(y))
    runs = ClusterRuns(comparison(shuffled), tmp_path / "shuffled")
    list(runs.run())
    for seed in (0, 1):
        tickets = [ticket_path(folder, "ticket", seed) for folder in (finished, runs.folder)]
        assert tickets[0].read_bytes() == tickets[1].read_bytes()
    assert max(row["nmi"] for row in runs.rows) < 0.1


def test_rows_set_aside_change_no_ticket(data, finished, tmp_path):
    with np.load(data) as arrays:
        X, y = arrays["X"], arrays["y"]
    given = comparison(data).rows
    changed = X.copy()
    changed[(X[:, None] == given.aside).all(axis=2).any(axis=1)] += 5.0
    assert (changed != X).any()
    other = tmp_path / "changed.npz"
    np.savez(other, X=changed, y=y)
    runs = ClusterRuns(comparison(other, methods=("ticket",), seeds=1), tmp_path / "changed")
    list(runs.run())
    tickets = [ticket_path(folder, "ticket", 0) for folder in (finished, runs.folder)]
    assert tickets[0].read_bytes() == tickets[1].read_bytes()


def test_all_rows_can_be_searched(data):
    rows = comparison(data, all_rows=True).rows
    assert (rows.X.shape, rows.aside.shape) == ((200, 6), (0, 6))
    runs = ClusterRuns(
        comparison(data, all_rows=True, methods=("kmeans",), seeds=1), Path("all rows")
    )
    list(runs.run())
    assert runs.rows[0]["rows"] == 200
    assert runs.rows[0]["aside_accuracy"] is None


def test_only_what_is_missing_or_lost_is_run(data, finished, tmp_path):
    shutil.copytree(finished, tmp_path / "runs")
    ticket_path(tmp_path / "runs", "ticket", 1).unlink()
    runs = ClusterRuns(comparison(data), tmp_path / "runs")
    assert [(row["method"], row["seed"]) for row in runs.lost] == [("ticket", 1)]
    assert runs.missing == 1
    assert [(row["method"], row["seed"]) for row in runs.run()] == [("ticket", 1)]
    more = ClusterRuns(comparison(data, seeds=3, methods=("ward", "kmeans")), tmp_path / "runs")
    assert (more.total, more.missing) == (4, 1)
    with pytest.raises(ValueError, match=r"other settings: clusters was 3, is 4"):
        ClusterRuns(comparison(data, clusters=4), tmp_path / "runs")


def test_the_report_says_what_was_measured(data, finished, tmp_path):
    runs = frame(ClusterRuns(comparison(data), finished).rows)
    text = markdown_report(runs)
    for words in ("150 rows, 3 clusters", "50 rows that no method saw", "Hungarian", "run once"):
        assert words in text
    for words in ("NMI", "ARI", "95 % interval", "aside: accuracy %", "seconds", "p, Holm"):
        assert words in text
    assert "With 2 pairs" in plain_report(runs)
    paths = write(runs, tmp_path)
    assert all(path.stat().st_size > 0 for path in paths)
    assert "Paired tests" not in markdown_report(runs[runs["method"] == "ticket"])


def test_the_one_run_without_chance_is_paired_with_each_of_the_others(data, finished):
    runs = frame(ClusterRuns(comparison(data), finished).rows)
    tests = compared_by(runs, "accuracy")
    assert tests.loc["ward", "pairs"] == tests.loc["kmeans", "pairs"] == 2
    ward = runs.loc[runs["method"] == "ward", "accuracy"].item()
    tickets = runs.loc[runs["method"] == "ticket", "accuracy"]
    assert tests.loc["ward", "difference"] == pytest.approx(ward - tickets.mean())


def test_umap_and_kmeans(data):
    runs = ClusterRuns(comparison(data, methods=("umap",), seeds=1), Path("umap"))
    (row,) = runs.run()
    assert row["accuracy"] > 0.9
    assert row["aside_accuracy"] > 0.9


def test_a_missing_library_is_named_with_its_extra(data, capsys, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name == "umap" else found(name)
    )
    assert main(["compare", str(data), "--labels", "none", "--target", "y"]) == 2
    error = capsys.readouterr().err
    assert "the method umap needs umap: pip install 'scratchcard[clusters]'" in error
    assert not os.listdir()


# The command

COMMAND = [
    "compare", "iris", "--labels", "none", "--methods", "ticket,ward", "--seeds", "1",
    "--hidden", "10", "--max-density", "0.5", "--starts", "1", "--generations", "3",
]  # fmt: skip


def test_the_command_reports_and_goes_on(capsys):
    assert main(COMMAND) == 0
    out, err = capsys.readouterr()
    assert "iris: 112 rows, 3 clusters" in out
    assert "1/2  ticket, seed 0: accuracy" in err
    folder = Path("iris-clusters")
    for name in ("runs.csv", "table.md", "clusters.png", "clusters.svg", "runs.jsonl"):
        assert (folder / name).stat().st_size > 0
    assert Ticket.load(folder / "tickets" / "ticket-0.ticket").network.sizes == (4, 10, 3)
    assert main([*COMMAND, "--json"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    report = json.loads(out)
    assert set(report) == {"methods", "tests", "runs", "files"}
    assert set(report["methods"]["nmi"]) == {"ticket", "ward"}


def test_the_methods_that_are_named_are_those_there_are():
    from scratchcard.cli.comparing_clusters import METHODS as NAMES

    assert NAMES.split(",") == list(METHODS)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["iris", "--methods", "memetic"], "methods takes ticket, kmeans,"),
        (["iris", "--methods", "ward,ward"], "'ward' twice"),
        (["iris", "--methods", ","], "at least one method"),
        (["iris", "--methods", "ward", "--clusters", "1"], "clusters"),
        (["iris", "--methods", "ward", "--clusters", "500"], "at most as many as the 112 rows"),
        (["iris", "--methods", "ward", "--epochs", "3"], "--epochs is not for clusterers"),
        (["iris", "--methods", "ward", "--controls", "3"], "--controls is not for clusterers"),
        (["wine", "--methods", "ticket", "--images"], "images=True takes square images"),
        (["iris", "--methods", "ticket", "--max-density", "2"], "max_density takes a number"),
        (["iris", "--methods", "ticket", "--starts", "100000"], "starts takes an integer 1..65536"),
        (["diabetes", "--methods", "ward"], "diabetes has no labels to judge clusters by"),
        (["no-such-data", "--methods", "ward"], "no data set or file 'no-such-data'"),
        (["iris", "--labels", "given", "--clusters", "3"], "--clusters takes --labels none"),
        (["iris", "--labels", "given", "--all-rows"], "--all-rows takes --labels none"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_one_line(arguments, words, capsys):
    if "--labels" not in arguments:
        arguments = [*arguments, "--labels", "none"]
    assert main(["compare", *arguments]) == 2
    out, err = capsys.readouterr()
    assert words in err
    assert (out, err.count("\n")) == ("", 1)
    assert not os.listdir()


def test_data_without_labels_cannot_be_judged(capsys):
    np.savez("rows.npz", X=np.random.default_rng(0).normal(size=(50, 3)))
    assert main(["compare", "rows.npz", "--labels", "none", "--methods", "ward"]) == 2
    assert "--target names the column that holds them" in capsys.readouterr().err
    np.savez("rows.npz", X=np.random.default_rng(0).normal(size=(50, 3)), y=np.arange(50) / 7)
    command = ["compare", "rows.npz", "--labels", "none", "--methods", "ward", "--target", "y"]
    assert main(command) == 2
    assert "rows.npz: 'y' holds no labels to judge clusters by" in capsys.readouterr().err


def test_empty_clusters_are_not_warned_of(data):
    given = comparison(data, clusters=40, generations=1, starts=1).given(0)
    assert len(set(METHODS["ticket"].run(given).clusters.tolist())) < 40  # and no warning

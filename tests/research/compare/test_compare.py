"""``scratchcard compare``: paired runs, reports, resuming, damaged folders, one-line errors."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from accuracies import runs as runs_of
from scratchcard import Ticket, __version__
from scratchcard.cli import main
from scratchcard.research.compare import Comparison, ComparisonRuns
from scratchcard.research.compare.pictures import draw_accuracies, draw_sizes, look
from scratchcard.research.compare.runs import ticket_path
from scratchcard.research.compare.tables import markdown_report, plain_report, write
from scratchcard.research.shared.instance import Effort
from scratchcard.research.shared.words import frame, write_table


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


# -- the experiment ------------------------------------------------------------------------------

SMALL = Comparison(
    "digits-2",
    methods=("memetic", "ga", "mlp"),
    hidden=(8,),
    seeds=2,
    effort=Effort(generations=3, epochs=3),
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("finished")
    runs = ComparisonRuns(SMALL, folder)
    list(runs.run())
    runs.controls(1, 0.1)
    return folder


def without_seconds(rows):
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


def test_runs_come_seed_by_seed_and_the_same_again(finished, tmp_path):
    rows = ComparisonRuns(SMALL, finished).rows
    assert [(row["seed"], row["method"]) for row in rows] == [
        (seed, method) for seed in (0, 1) for method in SMALL.methods
    ]
    again = ComparisonRuns(SMALL, tmp_path)
    list(again.run(n_jobs=2))
    assert without_seconds(again.rows) == without_seconds(rows)


def copied(finished: Path, folder: Path, n_rows: int) -> ComparisonRuns:
    """The first runs of a comparison, with their tickets, in another folder."""
    shutil.copytree(finished, folder, dirs_exist_ok=True)
    lines = (finished / "runs.jsonl").read_text().splitlines(keepends=True)
    (folder / "runs.jsonl").write_text("".join(lines[: n_rows + 1]))
    return ComparisonRuns(SMALL, folder)


def test_only_what_is_missing_is_run(finished, tmp_path):
    runs = copied(finished, tmp_path, n_rows=4)
    assert runs.lost == []
    assert runs.missing == 2
    assert [(row["method"], row["seed"]) for row in runs.run()] == [("ga", 1), ("mlp", 1)]
    assert ComparisonRuns(SMALL, tmp_path).missing == 0


def test_tickets_are_kept_and_share_their_networks(finished):
    tickets = [Ticket.load(ticket_path(finished, method, 1)) for method in ("memetic", "ga")]
    assert tickets[0].network == tickets[1].network
    assert not ticket_path(finished, "mlp", 1).exists()


def test_controls_stand_beside_the_result_and_are_kept(finished):
    runs = ComparisonRuns(SMALL, finished)
    rows = runs.controls(1, 0.1)
    names = ["ticket", "random", "best of random", "shuffled", "re-drawn", "unmasked"]
    assert [row["name"] for row in rows] == names
    assert rows[0]["test_accuracy"] == pytest.approx(runs.rows[0]["test_accuracy"])
    begun = time.perf_counter()
    assert runs.controls(1, 1000.0) == rows
    assert time.perf_counter() - begun < 1


def test_the_report_says_what_was_measured(finished):
    runs = ComparisonRuns(SMALL, finished)
    rows, controls = runs.rows, runs.controls()
    text = markdown_report(frame(rows), controls)
    mean = 50 * sum(row["test_accuracy"] for row in rows if row["method"] == "ga")
    for words in (f"{mean:.2f} ±", "digits-2, network 64-8-2", "re-drawn", "With 2 pairs"):
        assert words in text
    for words in ("95 % interval", "effective density %", "bytes", "evaluations", "seconds"):
        assert words in text
    assert "p, Holm" in plain_report(frame(rows), controls)


def test_reports_of_one_method_and_one_seed_need_no_tests(finished, tmp_path):
    rows = ComparisonRuns(SMALL, finished).rows[:1]
    paths = write(frame(rows), [], tmp_path)
    assert all(path.stat().st_size > 0 for path in paths)
    assert "Paired tests" not in (tmp_path / "table.md").read_text()


def test_runs_are_read_back_from_both_formats(finished, tmp_path):
    pytest.importorskip("pyarrow")
    rows = ComparisonRuns(SMALL, finished).rows
    for format in ("csv", "parquet"):
        write_table(frame(rows), tmp_path, "runs", format)
    from_csv = pd.read_csv(tmp_path / "runs.csv")
    from_parquet = pd.read_parquet(tmp_path / "runs.parquet")
    assert list(from_csv) == list(from_parquet) == list(rows[0])
    assert np.allclose(from_csv["test_accuracy"], from_parquet["test_accuracy"])
    assert from_csv["evaluations"].isna().sum() == 2


def test_pictures_of_many_methods_tell_them_apart(tmp_path):
    assert len({look(place) for place in range(40)}) == 40
    data = runs_of(**{f"method-{i}": [0.5, 0.6] for i in range(9)}).assign(
        data="x", network="1-2", density=0.1, bytes=100
    )
    for path in draw_accuracies(data, tmp_path) + draw_sizes(data, tmp_path):
        assert path.stat().st_size > 1000


# -- the command ---------------------------------------------------------------------------------

ARGUMENTS = [
    "compare", "digits-2", "--hidden", "8", "--seeds", "2", "--methods", "memetic,mlp",
    "--generations", "3", "--epochs", "3", "--out", "out",
]  # fmt: skip


def test_the_command_reports_and_goes_on(capsys):
    assert main(ARGUMENTS) == 0
    out, err = capsys.readouterr()
    assert "digits-2, network 64-8-2" in out
    assert "Controls of memetic, seed 0" in out
    assert err.count("\n") == 5
    for name in ("runs.csv", "table.md", "accuracy.png", "size.svg", "runs.jsonl"):
        assert Path("out", name).stat().st_size > 0

    assert main([*ARGUMENTS, "--json"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    report = json.loads(out)
    assert set(report) == {"methods", "tests", "controls", "runs", "files"}
    assert len(report["runs"]) == 4

    assert main([*ARGUMENTS, "--hidden", "9"]) == 2
    out, err = capsys.readouterr()
    assert "other settings: hidden was [8], is [9]" in err
    assert (out, err.count("\n")) == ("", 1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["no-such-data"], "no data set or file 'no-such-data'"),
        (["digits-2", "--methods", "memetic,gradient"], "got 'gradient'"),
        (["digits-2", "--methods", "ga,ga"], "'ga' twice"),
        (["digits-2", "--methods", ","], "at least one method"),
        (["digits-2", "--methods", "memetic@1.5"], "got 'memetic@1.5'"),
        (["digits-2", "--methods", "memetic@0.00001"], "a path from an input to an output"),
        (["digits-2", "--hidden", "0"], "layer sizes"),
        (["digits-2", "--seeds", "0"], "seeds"),
        (["digits-2", "--time", "0"], "time"),
        (["digits-2", "--target", "y"], "target"),
        (["digits-2", "--layers", "conv4x3,dense", "--hidden", "8"], "exclude each other"),
        (["digits-2", "--layers", "conv4x3"], "the output layer"),
        (["digits-2", "--layers", "conv4x3,dense", "--methods", "mlp"], "mlp has dense layers"),
        (["wine", "--layers", "conv4x3,dense"], "no square of one channel"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_one_line(arguments, words, capsys):
    if "--methods" not in arguments:
        arguments = [*arguments, "--methods", "memetic"]
    assert main(["compare", *arguments]) == 2
    out, err = capsys.readouterr()
    assert words in err
    assert (out, err.count("\n")) == ("", 1)
    assert not os.listdir()


def test_convolutions_are_compared_with_every_method_on_the_same_network(capsys):
    pytest.importorskip("torch")
    command = [
        "compare", "digits-3", "--layers", "conv4x3p2,dense", "--init", "signed_constant",
        "--methods", "memetic,ga,edge-popup,biprop,twin", "--max-density", "0.4", "--seeds", "1",
        "--generations", "2", "--epochs", "2", "--out", "out",
    ]  # fmt: skip
    assert main(command) == 0
    out = capsys.readouterr().out
    assert "digits-3, network 1x8x8-conv4x3p2-3, signed_constant weights" in out
    assert "Controls of memetic" in out
    tickets = [Ticket.load(path) for path in sorted(Path("out", "tickets").iterdir())]
    assert [str(one.network.architecture) for one in tickets] == ["1x8x8-conv4x3p2-3"] * 3
    assert len({one.network for one in tickets}) == 1
    rows = pd.read_csv(Path("out", "runs.csv")).set_index("method")
    n_parameters = 4 * 9 + 4 + 3 * 64 + 3
    assert rows.loc["twin", "bytes"] == 4 * n_parameters
    assert (rows.loc[["memetic", "edge-popup", "biprop"], "density"] <= 0.4).all()

    assert main([*command[:3], "conv4x3p2,dense9,dense", *command[4:]]) == 2
    assert "other settings: layers was 'conv4x3p2', is 'conv4x3p2,9'" in capsys.readouterr().err


def test_small_networks_can_be_compared_at_a_density_that_suits_them():
    arguments = ["--hidden", "2", "--max-density", "0.5", "--methods", "memetic,mlp"]
    assert main(["compare", "iris", *arguments, "--seeds", "1", "--generations", "2"]) == 0


def test_a_method_that_cannot_be_run_is_named_and_the_others_can_go_on(capsys):
    command = ["compare", "digits", "--hidden", "5", "--seeds", "1", "--generations", "1"]
    assert main([*command, "--methods", "memetic,ga-static"]) == 2
    error = capsys.readouterr().err
    assert "methods: ga-static cannot be run from seed 0: bound=0.7 was reached by none" in error
    assert "Traceback" not in error
    assert main([*command, "--methods", "memetic"]) == 0


def test_a_missing_library_is_named_with_its_extra(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    for module in [
        name for name in sys.modules if name.startswith("scratchcard.research.baselines")
    ]:
        monkeypatch.delitem(sys.modules, module)
    assert main(["compare", "digits-2", "--methods", "memetic,edge-popup,twin"]) == 2
    assert (
        "edge-popup, twin need torch: pip install 'scratchcard[torch]'" in capsys.readouterr().err
    )
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main(["compare", "digits-2"]) == 2
    assert "pip install 'scratchcard[experiments]'" in capsys.readouterr().err


def test_broken_results_or_a_broken_folder_are_an_error(capsys):
    Path("out").mkdir()
    Path("out", "notes.txt").write_text("mine")
    Path("out", "runs.jsonl").write_text("mine too\n")
    assert main(ARGUMENTS) == 2
    assert "runs.jsonl" in capsys.readouterr().err
    Path("file").write_text("")
    assert main([*ARGUMENTS[:-1], "file"]) == 2
    assert main([*ARGUMENTS[:-1], "file/folder"]) == 2
    assert "cannot write into folder 'file/folder'" in capsys.readouterr().err


# -- damaged folders -----------------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["missing", "cut", "empty"])
def test_a_run_whose_ticket_is_lost_is_done_again_and_its_controls_with_it(
    finished, damage, capsys
):
    shutil.copytree(finished, "out")
    path = ticket_path(Path("out"), "memetic", 0)
    ticket = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(ticket[:-5] if damage == "cut" else b"")
    runs = ComparisonRuns(SMALL, Path("out"))
    assert [(row["method"], row["seed"]) for row in runs.lost] == [("memetic", 0)]
    assert runs.missing == 1

    arguments = [*ARGUMENTS, "--methods", "memetic,ga,mlp"]
    assert main(arguments) == 0
    err = capsys.readouterr().err
    assert err.count("memetic, seed 0 is done again, for its ticket cannot be read") == 1
    assert "6/6  memetic, seed 0" in err
    assert path.read_bytes() == ticket
    again = ComparisonRuns(SMALL, Path("out"))
    assert (again.lost, again.missing) == ([], 0)
    assert len(again.controls(1, 1000.0)) == 6


def test_what_a_killed_command_left_half_written_is_removed(finished, tmp_path):
    leftover = tmp_path / "tickets" / ".0123456789abcdef.tmp"
    copied(finished, tmp_path, n_rows=6)
    leftover.write_bytes(b"SCRT")
    runs = ComparisonRuns(SMALL, tmp_path)
    assert not leftover.exists()
    assert (runs.lost, runs.missing) == ([], 0)


HEADER_OF_0_1_0 = {
    "settings": {
        "scratchcard": __version__, "rows": "c0c0533813c536a1", "data": "digits-2",
        "target": None, "hidden": [8],
        "weights": "uniform", "biases": "uniform", "max_density": 0.1,
        "effort": {"generations": 3, "evaluations": None, "epochs": 3, "seconds": None},
    }
}  # fmt: skip
RUN_OF_0_1_0 = {
    "data": "digits-2", "network": "64-8-2", "weights": "uniform", "biases": "uniform",
    "method": "mlp", "seed": 0, "train_accuracy": 1.0, "validation_accuracy": 1.0,
    "test_accuracy": 0.987, "density": 1.0, "effective_density": 1.0, "bytes": 2152,
    "evaluations": None, "seconds": 0.5,
}  # fmt: skip


def test_results_of_version_0_1_0_are_gone_on_with(tmp_path):
    lines = (HEADER_OF_0_1_0, RUN_OF_0_1_0)
    (tmp_path / "runs.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    runs = ComparisonRuns(SMALL, tmp_path)
    assert runs.rows == [RUN_OF_0_1_0]
    assert runs.missing == 5

"""``scratchcard sweep``: what it prints, refuses, and goes on with after kill -9."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest

from processes import eventually, nothing_runs, running, wait_until
from scratchcard import Limits
from scratchcard.cli import main
from scratchcard.datasets import load
from scratchcard.find import find
from scratchcard.research.sweep import Sweep, SweepRuns
from scratchcard.research.sweep.front import front
from sweeps import do


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


ARGUMENTS = [
    "sweep", "iris", "--hidden", "6", "--init", "uniform,signed_constant", "--max-density", "0.5",
    "--seeds", "1", "--generations", "3", "--out", "out",
]  # fmt: skip


GRID = Sweep(
    "iris",
    hidden=((6,),),
    init=("uniform", "signed_constant"),
    max_density=(0.5,),
    seeds=1,
    limits=Limits(generations=3),
)
"""What ``ARGUMENTS`` ask for."""


def test_the_command_goes_on_and_reports(capsys):
    runs = SweepRuns(GRID, Path("out"))
    do(runs)
    before = tickets()
    lost = Path("out", runs.rows[0]["ticket"])
    lost.write_bytes(before[lost.name][:-1])

    assert main(ARGUMENTS) == 0
    out, err = capsys.readouterr()
    for words in ("iris, 2 runs", "signed_constant", "The front: tickets", "Test rows were read"):
        assert words in out
    name = "hidden 6, init uniform, max_density 0.5, seed 0"
    again, progress = err.splitlines()
    assert again == f"scratchcard: {name} is done again, for its ticket cannot be read"
    assert progress.startswith(f"2/2  {name}: ")
    for file in ("runs.csv", "front.csv", "table.md", "front.png", "front.svg", "runs.jsonl"):
        assert Path("out", file).stat().st_size > 0
    assert tickets() == before

    assert main([*ARGUMENTS, "--json", "--format", "parquet"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    report = json.loads(out)
    assert set(report) == {"score", "combinations", "front", "runs", "files"}
    assert report["score"] == "accuracy"
    assert len(report["runs"]) == len(report["combinations"]) == 2
    assert all("test_score" in row for row in report["front"])
    assert not any("test_score" in row for row in report["runs"])

    assert main([*ARGUMENTS, "--generations", "4"]) == 2
    out, err = capsys.readouterr()
    assert "begun with other settings: limits was" in err
    assert (out, err.count("\n")) == ("", 1)


def tickets() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path("out", "tickets").iterdir()}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["no-such-data"], "no data set or file 'no-such-data'"),
        (["-"], "takes no standard input"),
        (["iris", "--hidden", "0"], "layer sizes"),
        (["iris", "--hidden", "8", "--hidden", "8"], "hidden takes each value once"),
        (["iris", "--init", "uniform,normal"], "'uniform,normal' is not a list of families"),
        (["iris", "--max-density", "0.1;0.2"], "'0.1;0.2' is not a list of densities"),
        (["iris", "--max-density", ","], "',' is not a list of densities"),
        (["iris", "--max-density", "0.1,2"], "max_density 2.0: max_density takes a number"),
        (["iris", "--max-bytes", "100,2.5"], "'100,2.5' is not a list of sizes in bytes"),
        (["iris", "--max-bytes", "100,0"], "max_bytes takes an integer"),
        (["iris", "--max-bytes", "100", "--max-density", "0.1"], "with max_bytes"),
        (["iris", "--max-bytes", "100", "--algorithm", "genetic"], "memetic"),
        (["iris", "--seeds", "0"], "seeds"),
        (["iris", "--seeds", "9999", "--hidden", "8", "--hidden", "9"], "at most 10,000 runs"),
        (["iris", "--time", "0"], "time"),
        (["iris", "--numbers"], "iris"),
        (["diabetes", "--prune", "train"], "prune takes None for numbers"),
    ],
)
def test_what_cannot_be_swept_is_refused_in_one_line(arguments, words, capsys):
    assert main(["sweep", *arguments]) == 2
    out, err = capsys.readouterr()
    assert words in err
    assert (out, err.count("\n")) == ("", 1)
    assert not os.listdir()


def test_a_broken_ledger_or_folder_is_an_error(capsys):
    Path("out").mkdir()
    Path("out", "runs.jsonl").write_text("mine\n")
    assert main(ARGUMENTS) == 2
    assert "runs.jsonl" in capsys.readouterr().err
    Path("file").write_text("")
    assert main([*ARGUMENTS[:-1], "file/folder"]) == 2
    assert "cannot write into folder 'file/folder'" in capsys.readouterr().err


def test_after_kill_9_in_a_run_and_between_runs_the_same_tickets_and_front(capsys):
    command = [
        *ARGUMENTS, "--init", "uniform", "--max-density", "0.3,0.6", "--generations", "150",
    ]  # fmt: skip
    unfinished, kept = Path("out", "unfinished"), Path("out", "tickets")

    def kill_once(holds, jobs: str) -> None:
        with running([*command, "--jobs", jobs]) as process:
            wait_until(process, holds)
            process.send_signal(signal.SIGKILL)
            process.communicate(timeout=60)
            assert eventually(lambda: nothing_runs(process.pid))

    kill_once(lambda: any(unfinished.glob("*.checkpoint")), "2")
    kill_once(lambda: any(kept.glob("*.ticket")), "1")
    assert main([*command, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)

    data, settings = load("iris"), {"hidden": (6,), "weights": "uniform"}
    settings["limits"] = Limits(generations=150)
    found = [find(data, **settings, max_density=density).ticket for density in (0.3, 0.6)]
    assert [Path("out", row["ticket"]).read_bytes() for row in report["runs"]] == [
        ticket.to_bytes() for ticket in found
    ]
    sizes = [len(ticket.to_bytes()) for ticket in found]
    best = front(sizes, [ticket.score(*data.validation) for ticket in found])
    assert [row["max_density"] for row in report["front"]] == [(0.3, 0.6)[i] for i in best]
    tested = [np.mean(found[i].predict(data.test.X) == data.test.y) for i in best]
    assert [row["test_score"] for row in report["front"]] == tested
    assert [path.name for path in unfinished.iterdir()] == []


def test_ctrl_c_keeps_finished_runs_and_the_search_that_goes_on():
    with running([*ARGUMENTS, "--generations", "1000000"]) as process:
        wait_until(process, lambda: any(Path("out", "unfinished").glob("*.checkpoint")))
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out) == (130, "")
        assert "0 runs are kept in 'out'" in err
        assert "Traceback" not in err
        assert eventually(lambda: nothing_runs(process.pid))
    assert any(Path("out", "unfinished").glob("*.checkpoint"))

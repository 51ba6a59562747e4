"""``find --islands``: killed and resumed, interrupted, and refused what makes no sense."""

from __future__ import annotations

import json
import os
import signal

import pytest

from processes import below, eventually, nothing_runs, running, wait_until
from scratchcard.cli import main

FIND = [
    "find", "iris", "--hidden", "60", "--init", "uniform", "--max-density", "0.3",
    "--generations", "96", "--islands", "3", "--migrate-every", "4",
]  # fmt: skip
WORKER = "scratchcard.workers.worker"


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The ticket of a search that nobody disturbs."""
    out = tmp_path_factory.mktemp("undisturbed") / "found.ticket"
    assert main([*FIND, "--workers", "1", "--out", str(out)]) == 0
    return out.read_bytes()


def results() -> list[str]:
    """Results of legs in the folder."""
    return [name for name in os.listdir("kept") if name.endswith(".result")]


def workers(process) -> list[int]:
    """Workers that run now; between two of them there may be none for a moment."""
    return below(process.pid, WORKER)


def wait_for_another(process) -> None:
    before = set(results())
    wait_until(process, lambda: set(results()) - before)


def test_workers_and_driver_are_killed_and_the_ticket_is_the_same(undisturbed):
    command = [*FIND, "--out", "found.ticket", "--resume", "kept", "--checkpoint", "kept"]
    with running([*command, "--workers", "2"]) as process:
        wait_until(process, lambda: os.path.isdir("kept") and results() and workers(process))
        os.kill(workers(process)[0], signal.SIGKILL)
        wait_for_another(process)
        process.kill()
        process.wait()
        assert eventually(lambda: nothing_runs(process.pid))
    assert results()
    with running([*command, "--workers", "3", "--json"]) as process:
        out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    with open("found.ticket", "rb") as file:
        assert file.read() == undisturbed
    report = json.loads(out)["islands"]
    assert (report["count"], report["migrate_every"], report["networks"]) == (3, 4, 1)
    assert len(report["validation_accuracies"]) == 3
    assert os.listdir() == ["found.ticket"]


@pytest.mark.parametrize("number", [signal.SIGTERM])
def test_a_signal_ends_with_the_best_ticket_and_the_search_can_go_on(undisturbed, number):
    with running([*FIND, "--workers", "2", "--checkpoint", "kept"]) as process:
        wait_until(process, lambda: os.path.isdir("kept") and results())
        process.send_signal(number)
        out, err = process.communicate(timeout=120)
        assert process.returncode == 130, err
        assert "--resume" in err
        assert "interrupt" in out
        assert eventually(lambda: nothing_runs(process.pid))
    assert main(["show", "iris.ticket"]) == 0
    assert main([*FIND, "--resume", "kept", "--out", "found.ticket"]) == 0
    with open("found.ticket", "rb") as file:
        assert file.read() == undisturbed
    assert sorted(os.listdir()) == ["found.ticket", "iris.ticket"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--workers", "2"], "--workers is for a search with --islands"),
        (["--migrate-every", "2"], "--migrate-every is for a search with --islands"),
        (["--networks", "2"], "--networks is for a search with --islands"),
        (["--on", "ray"], "--on is for a search with --islands"),
        (["--islands", "2", "--networks", "3"], "networks takes an integer 1..2, got 3"),
        (["--islands", "2", "--max-bytes", "200"], "islands takes None with max_bytes"),
        (
            ["--islands", "2", "--labels", "none", "--clusters", "3"],
            "islands takes None without labels",
        ),
        (["--islands", "2", "--checkpoint", "file"], "takes a folder with --islands"),
        (["--islands", "2", "--resume", "file"], "takes a folder with --islands"),
        (["--islands", "2", "--resume", "nothing"], "--resume: no folder 'nothing'"),
        (["--islands", "2", "--resume", "a", "--checkpoint", "b"], "go on in the folder"),
        (["--islands", "2", "--checkpoint", "."], "is not empty"),
        (["--islands", "2", "--resume", "."], "holds no saved search, but other files"),
        (["--resume", "."], "a search with --islands has a folder"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments, message, capsys):
    with open("file", "w") as file:
        file.write("mine")
    assert main(["find", "iris", *arguments]) == 2
    assert message in capsys.readouterr().err
    assert os.listdir() == ["file"]

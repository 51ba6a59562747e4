# --checkpoint and --resume for real: searches that are killed, interrupted and gone on with.
from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from processes import wait_until
from scratchcard.cli import main
from scratchcard.search import Population
from scratchcard.search.sealed import read_sealed

# About 60 searches on folds, of a second in all.
SEARCH = ["find", "iris", "--hidden", "20", "--evaluations", "200000", "--out", "found.ticket"]
KEEPING = ["--checkpoint", "search", "--checkpoint-every", "0"]
RESUMING = [*KEEPING, "--resume", "search"]
SHORT = ["find", "iris", "--hidden", "5", "--init", "uniform", "--max-density", "0.5"]
SHORT += ["--generations", "2", "--out", "found.ticket"]


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The ticket of the search that nothing disturbs."""
    path = tmp_path_factory.mktemp("whole") / "found.ticket"
    assert main([*SEARCH[:-1], str(path)]) == 0
    return path.read_bytes()


def started(*arguments, data=None):
    command = [sys.executable, "-m", "scratchcard", *arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, **pipes, stdin=data or subprocess.DEVNULL)


def changes(path):
    """A function that says whether a file has been written since the last time."""
    seen = [None]

    def has_changed():
        found = os.stat(path).st_mtime_ns if os.path.exists(path) else None
        is_new, seen[0] = found not in (None, seen[0]), found
        return is_new

    return has_changed


def test_a_search_that_is_killed_twice_ends_with_the_same_ticket(whole):
    has_changed = changes("search")
    for _ in range(2):
        process = started(*SEARCH, *RESUMING, "--jobs", "2")
        wait_until(process, has_changed)
        process.kill()
        process.communicate()
        has_changed()
    assert not os.path.exists("found.ticket")
    assert main([*SEARCH, *RESUMING, "--jobs", "1"]) == 0
    assert Path("found.ticket").read_bytes() == whole
    assert os.listdir() == ["found.ticket"]


def test_a_search_that_signals_end_is_saved_and_goes_on(whole):
    has_changed = changes("search")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        process = started(*SEARCH, *RESUMING, "--json")
        wait_until(process, has_changed)
        process.send_signal(number)
        out, errors = process.communicate(timeout=60)
        assert process.returncode == 130
        assert json.loads(out)["stopped_by"] == "interrupt"
        assert errors.endswith("scratchcard: --resume 'search' goes on from here\n")
        assert sorted(os.listdir()) == ["found.ticket", "search"]
        values, _ = read_sealed("search")
        assert values["going on"]
        has_changed()
    assert main([*SEARCH, *RESUMING]) == 0
    assert Path("found.ticket").read_bytes() == whole
    assert os.listdir() == ["found.ticket"]


def test_rows_from_standard_input_are_gone_on_with(capsys, monkeypatch):
    X = np.random.default_rng(0).normal(size=(200, 3))
    lines = (f"{a},{b},{c},{'pn'[a * b > c]}\n" for a, b, c in X.tolist())
    table = "a,b,c,class\n" + "".join(lines)
    Path("table.csv").write_text(table)
    arguments = ["find", "-", *SHORT[2:-4], "--evaluations", "100000", "--out", "found.ticket"]
    with open("table.csv") as data:
        process = started(*arguments, *KEEPING, data=data)
        wait_until(process, changes("search"))
        process.kill()
        process.communicate()

    def again(text):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        return main([*arguments, "--resume", "search"])

    assert again(table + "1,2,3,p\n" * 8) == 2
    assert "training rows: 127 rows, " in capsys.readouterr().err
    assert again(table) == 0
    assert sorted(os.listdir()) == ["found.ticket", "table.csv"]


SECOND = """
import os, signal, time
from scratchcard.cli.checkpoints import Leaving
from scratchcard.datasets import load
from scratchcard.find import Search
from scratchcard.interrupts import Interrupts
from scratchcard.search import Limits
from scratchcard.search.journal import Journal
search = Search(load("iris"), algorithm="genetic", limits=Limits(generations=100))
leaving = Leaving()
def stuck(progress):
    if progress.generation == 5:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(2.1)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(60)
with Interrupts(leaving) as interrupts:
    leaving.journal = Journal("search", search.identity, seconds=1000)
    leaving.journal._pace.do(lambda: None)  # nothing is due for a long time
    search.run([stuck], interrupts, leaving.journal)
"""


def test_a_second_signal_does_not_lose_the_search():
    """One that ends the process at once, because the search does not end by itself."""
    done = subprocess.run([sys.executable, "-c", SECOND], capture_output=True, text=True)
    assert done.returncode == 130
    assert done.stderr == "scratchcard: interrupted again, and ended at once\n"
    assert os.listdir() == ["search"]
    values, _ = read_sealed("search")
    assert (
        values["going on"][0][1]["generation"] <= 5
    )  # copies are rare where generations are short


# -- files that cannot be gone on from -----------------------------------------------------------


def test_one_file_or_the_other_must_be_right(capsys):
    Path("there").write_bytes(b"")
    Path("found.ticket").touch()
    for arguments, message in (
        (["--checkpoint", "there"], "'there' is there already; --resume 'there' goes on from it"),
        (["--resume", "none"], "--resume: no file 'none'"),
        (["--resume", "none", "--checkpoint", "other"], "--resume: no file 'none'"),
        (["--checkpoint", "no/folder"], "no folder 'no' to write 'folder' into"),
        (["--checkpoint", "found.ticket"], "'found.ticket' is the same file as --out"),
        (["--resume", "./found.ticket"], "--resume 'found.ticket' is the same file as --out"),
        (["--checkpoint", "new", "--checkpoint-every", "-1"], "-1.0 is not in the range"),
        (["--checkpoint", "new", "--checkpoint-every", "nan"], "nan"),
    ):
        assert main([*SHORT, *arguments]) == 2
        assert message in capsys.readouterr().err
    assert sorted(os.listdir()) == ["found.ticket", "there"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path.mkdir(), "--resume 'it' is no ordinary file"),
        (os.mkfifo, "--resume 'it' is no ordinary file"),
        (lambda path: path.touch(), "it is no checkpoint of this scratchcard"),
        (lambda path: path.write_bytes(b"PK" + bytes(10_000)), "it is no checkpoint of this"),
        (
            lambda path: Population("genetic", 1, 1, np.ones((1, 9), "u1"), np.ones(1)).save(path),
            "it holds no search: it holds a population",
        ),
    ],
    ids=["folder", "pipe", "empty", "foreign", "population"],
)
def test_what_is_no_saved_search_is_refused(capsys, make, message):
    make(Path("it"))
    size = os.stat("it").st_size
    for more in ([], ["--checkpoint", "it"]):
        assert main([*SHORT, "--resume", "it", *more]) == 2
        error = capsys.readouterr().err
        assert message in error
        assert error.count("\n") == 1
    assert os.listdir() == ["it"]
    assert os.stat("it").st_size == size


def test_a_checkpoint_of_another_search_is_refused_and_stays(capsys):
    process = started(*SEARCH, *KEEPING)
    wait_until(process, changes("search"))
    process.kill()
    process.communicate()
    content = Path("search").read_bytes()
    for arguments, differs in (
        ([*SEARCH, "--seed", "1"], "seed: 0 then, 1 now"),
        ([*SEARCH, "--prune", "train"], "prune: None then, train now"),
        (["find", "wine", *SEARCH[2:]], "training rows: 95 rows"),
        (SHORT, "max_density: auto then, 0.5 now"),
    ):
        assert main([*arguments, "--resume", "search"]) == 2
        error = capsys.readouterr().err
        assert error.startswith("scratchcard: search is of another search: ")
        assert differs in error
    Path("search").write_bytes(content[:-1])
    assert main([*SEARCH, "--resume", "search"]) == 2
    assert capsys.readouterr().err == "scratchcard: search is damaged or cut short\n"
    assert os.listdir() == ["search"]


def test_a_search_goes_on_where_its_file_cannot_be_written_and_keeps_its_ticket(tmp_path):
    Path("folder").mkdir()
    arguments = [*SEARCH, "--checkpoint", "folder/search", "--checkpoint-every", "0"]
    process = started(*arguments, "--json")
    wait_until(process, changes("folder/search"))
    os.rename("folder", "moved")
    out, errors = process.communicate(timeout=120)
    assert process.returncode == 0
    assert json.loads(out)["stopped_by"] == "evaluations"
    assert errors.count("could not save the search to 'folder/search': there is no such") == 1
    assert sorted(os.listdir()) == ["found.ticket", "moved"]
    assert os.listdir("moved") == ["search"]


def test_a_search_whose_ticket_cannot_be_written_is_kept(capsys, monkeypatch):
    def fails(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("scratchcard.cli.saving.write_new", fails)
    monkeypatch.setattr("scratchcard.ticket.Ticket.save", fails)
    assert main([*SHORT, *KEEPING]) == 1
    assert "--resume 'search' goes on from here" in capsys.readouterr().err
    monkeypatch.undo()
    assert main([*SHORT, *RESUMING]) == 0

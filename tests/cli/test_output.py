# What is written and printed: to full, closed and odd streams, into folders that go, as text.
from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from scratchcard import InputScaling, Mask, Network, Ticket
from scratchcard.cli import main
from scratchcard.cli.console import print_table
from scratchcard.text import one_line, printable, shortened
from scratchcard.ticket import Classes

FIND = f"'{sys.executable}' -m scratchcard find iris --hidden 8 --evaluations 500 --jobs 1"
FULL = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="takes /dev/full")


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def shell(command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", command],
        capture_output=True,
        text=True,
        timeout=600,
        env={**os.environ, **environment},
    )


def ticket(*classes: str) -> Ticket:
    """A ticket whose answer is the first class, whatever the row."""
    network = Network.dense((2, 4, len(classes)), biases="zero")
    mask = Mask.from_flat(network.shapes, np.zeros(network.n_weights, np.uint8))
    return Ticket(network, mask, InputScaling([0.0], [1.0]), Classes(classes))


def saved(*classes: str) -> None:
    ticket(*classes).save("some.ticket")
    Path("rows.csv").write_text("a,b\n1,2\n")


# Streams


@FULL
@pytest.mark.parametrize("stream", ["2>/dev/full", "2>&-"])
def test_a_broken_standard_error_ends_no_search(stream):
    done = shell(f"{FIND} --json {stream}")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["ticket"] == "iris.ticket"
    assert Ticket.load("iris.ticket").network.n_inputs == 4


@FULL
@pytest.mark.parametrize("stream", [">/dev/full", ">&-"])
def test_a_broken_standard_output_is_an_error_with_the_ticket_saved(stream):
    done = shell(f"{FIND} {stream}")
    assert done.returncode == 1
    assert "the ticket is in 'iris.ticket'" in done.stderr
    assert "scratchcard: could not write to standard output: " in done.stderr
    assert "Traceback" not in done.stderr
    assert Ticket.load("iris.ticket").network.n_inputs == 4


@FULL
@pytest.mark.parametrize(
    "command", ["find --help", "show some.ticket", "predict some.ticket rows.csv"]
)
def test_any_command_that_cannot_print(command):
    saved("yes", "no")
    done = shell(f"'{sys.executable}' -m scratchcard {command} >/dev/full")
    assert (done.returncode, done.stderr) == (
        1,
        "scratchcard: could not write to standard output: No space left on device\n",
    )


def test_all_streams_closed():
    assert shell(f"{FIND} <&- >&- 2>&-").returncode == 1
    assert Ticket.load("iris.ticket").network.n_inputs == 4  # and nothing else is in its file


def test_a_terminal_that_can_do_little_and_no_home():
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    environment = {**kept, "PYTHONIOENCODING": "ascii", "LANG": "C", "TERM": "dumb"}
    saved("Äpfel", "Birnen")
    command = [sys.executable, "-m", "scratchcard"]
    done = subprocess.run([*command, "show", "some.ticket"], capture_output=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert "Äpfel, Birnen" in done.stdout.decode("utf-8")
    done = subprocess.run(
        [*command, "predict", "some.ticket", "rows.csv"], capture_output=True, env=environment
    )
    assert done.stdout.decode("utf-8") == "label\nÄpfel\n"
    done = subprocess.run([*FIND.replace("'", "").split()], capture_output=True, env=environment)
    assert (done.returncode, done.stderr) == (0, b"")


# Folders


def test_the_folder_is_gone_at_the_end():
    """Somebody removes the folder while the search runs."""
    Path("gone").mkdir()
    Path("here").mkdir()
    command = FIND.replace("--evaluations 500", "--time 2s").replace("'", "").split()
    out = os.path.abspath("gone/x.ticket")
    with subprocess.Popen(
        [*command, "--json", "--out", out],
        cwd="here",
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        time.sleep(1)
        shutil.rmtree("gone")
        stdout, stderr = process.communicate(timeout=600)
    if process.returncode == 2:
        pytest.fail(f"the folder was removed before it was looked at: {stderr}")
    assert process.returncode == 1
    assert "the ticket is in " in stderr
    assert Ticket.load(json.loads(stdout)["ticket"]).network.n_inputs == 4
    assert os.listdir("here") == ["x.ticket"]


def test_searches_at_the_same_time_in_one_folder_keep_all_tickets():
    """They all look for a free name before any of them has a ticket."""
    commands = [
        [*FIND.replace("'", "").split(), "--json", "--seed", str(seed)] for seed in range(3)
    ]
    processes = [subprocess.Popen(c, stdout=subprocess.PIPE, text=True) for c in commands]
    seeds = {}
    for process in processes:
        report = json.loads(process.communicate(timeout=600)[0])
        seeds[report["ticket"]] = report["seed"]
    assert (
        sorted(os.listdir()) == sorted(seeds) == ["iris-2.ticket", "iris-3.ticket", "iris.ticket"]
    )
    for path, seed in seeds.items():
        assert Ticket.load(path).network.seed == seed


# Text


def test_control_characters_are_shown():
    assert printable("a\x1b[2J\r\nb\u202ec\udcff ä…") == r"a\x1b[2J\r\nb\u202ec\udcff ä…"


def test_words_and_emoji_with_joiners_are_shown_as_they_are():
    written = "می\u200cخواهم \U0001f469\u200d\U0001f52c"
    assert printable(written) == written
    assert printable(written + "\u200f") == written + r"\u200f"


def test_long_text_loses_its_middle():
    assert shortened("x" * 300) == "x" * 300
    cut = one_line("a" + "\n" * 10 + "b" + "m" * 50_000_000 + "end")
    assert len(cut) == 300
    assert cut.startswith("a bm")
    assert cut.endswith("mend")


def test_tables_show_control_characters(capsys):
    print_table([("file", "a\x1b[31m\nb"), ("longer", "c")])
    assert capsys.readouterr().out == "file    a\\x1b[31m\\nb\nlonger  c\n"


def test_classes_with_control_characters(capsys):
    saved("a\x1b[2J", "line\nend", "z" * 500)
    assert main(["show", "some.ticket"]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert r"a\x1b[2J, line\nend, zzz" in out
    assert max(map(len, out.splitlines())) < 300


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="takes a terminal")
def test_labels_on_a_terminal_move_no_cursor():
    label = 'a\x1b[31m\n\u202e,"b'
    saved(label, "other")
    command = [sys.executable, "-m", "scratchcard", "predict", "some.ticket", "rows.csv"]
    theirs, ours = os.openpty()
    done = subprocess.run(command, stdout=ours, timeout=600)
    os.close(ours)
    with open(theirs, "rb", buffering=0) as terminal:
        seen = terminal.read(1000).decode().splitlines()
    assert (done.returncode, seen) == (0, ["label", r'"a\x1b[31m\n\u202e,""b"'])
    piped = subprocess.run(command, stdout=subprocess.PIPE, timeout=600)
    assert list(csv.reader(io.StringIO(piped.stdout.decode(), ""))) == [["label"], [label]]


@pytest.mark.parametrize("label", ["a\rb", "a\nb", 'a"b', "a,b", "plain"])
def test_labels_that_need_quotes(label):
    saved(label, "other")
    assert main(["predict", "some.ticket", "rows.csv", "--out", "labels.csv"]) == 0
    with open("labels.csv", newline="") as file:
        assert list(csv.reader(file, strict=True)) == [["label"], [label]]
    assert ("\r" in label) == (Path("labels.csv").read_bytes() == b'label\n"a\rb"\n')


def test_errors_are_short_and_printable(capsys):
    name = "col\x1b[2J" + "m" * 100_000
    Path("data.csv").write_text(f"{name},class\n1,x\n2,y\nnot a number,y\n")
    assert main(["find", "data.csv"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("scratchcard: data.csv: line 4: column ")
    assert "\x1b" not in err
    assert len(err) < 350
    assert err.count("\n") == 1

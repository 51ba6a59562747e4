# The command line: what it prints, what it saves, its exit codes and its one-line errors.
from __future__ import annotations

import base64
import errno
import json
import os
import pty
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

import scratchcard.search.journal
from scratchcard import Mask, Ticket, __version__
from scratchcard.cli import main
from scratchcard.cli.console import ProgressLine, clock, describe, percent, thousands
from scratchcard.datasets import load
from scratchcard.search import Outcome, Progress

REPORT_KEYS = {
    "goal",
    "dataset", "rows", "network", "weights", "biases", "activation", "seed", "search_seed",
    "algorithm", "objective", "train_accuracy", "validation_accuracy", "test_accuracy",
    "majority_accuracy", "density", "effective_density", "surviving_weights", "connected",
    "ticket_bytes", "generations", "evaluations", "evaluations_per_second", "seconds",
    "stopped_by", "ticket",
}  # fmt: skip


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def progress(generation: int = 3) -> Progress:
    return Progress(generation, 12, 0.5, 0.875, 0.1, 30_000, 2.0, 0.25)


class FakeSearch:
    """Stands in for evolve: keeps its arguments, returns a random mask at once."""

    def __init__(self) -> None:
        self.settings: dict = {}
        self.density = 0.2
        self.during = lambda: None

    def __call__(self, network, train, validation, **settings) -> Outcome:
        self.settings = {"network": network, "rows": (train, validation), **settings}
        interrupts = settings["interrupts"]
        interrupts.started()
        settings["callbacks"][0](progress())
        self.during()
        stopped_by = "interrupt" if interrupts.interrupted else "generations"
        mask = Mask.random(network.layers, self.density, np.random.default_rng(0))
        head = settings["head"]
        return Outcome(mask, head, 0.5, 30_000, 2.0, 3, stopped_by, [progress()])


@pytest.fixture
def search(monkeypatch):
    fake = FakeSearch()
    monkeypatch.setattr(scratchcard.search.journal, "evolve", fake)
    return fake


@pytest.fixture
def refused(search, capsys):
    """Run a command that must be refused, before any search, and return its one line."""

    def run(*arguments: str, code: int = 2) -> str:
        assert main(arguments) == code
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("scratchcard: ")
        assert err.count("\n") == 1
        assert not search.settings
        return err

    return run


# scratchcard


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"scratchcard, version {__version__}\n"


def test_no_command_shows_help_as_an_error(capsys):
    assert main([]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "find" in err


@pytest.mark.parametrize("command", ["find", "show", "predict"])
def test_help(command, capsys):
    assert main([command, "--help"]) == 0
    assert command in capsys.readouterr().out


# find


def test_find_saves_the_ticket_and_prints_a_table(search, capsys):
    given = ["--hidden", "100", "--max-density", "0.1", "--init", "uniform"]
    assert main(["find", "iris", *given, "--out", "found.ticket"]) == 0
    out, err = capsys.readouterr()
    ticket = Ticket.load("found.ticket")
    assert ticket.network.sizes == (4, 100, 3)
    assert ticket.head.labels.tolist() == ["setosa", "versicolor", "virginica"]
    assert f"found.ticket, {os.path.getsize('found.ticket')} bytes" in out
    assert "of 38 rows" in out
    assert err == ""


def test_find_prints_one_json_object(search, capsys):
    assert main(["find", "iris", "--json", "--seed", "5"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert set(report) == REPORT_KEYS
    ticket = Ticket.load(report["ticket"])
    data = load("iris")
    assert report["dataset"] == "iris"
    assert report["network"] == "4-100-3"
    assert report["seed"] == ticket.network.seed == 5
    assert report["rows"] == {"train": 95, "validation": 17, "test": 38}
    assert report["test_accuracy"] == np.mean(ticket.predict(data.test.X) == data.test.y)
    assert report["ticket_bytes"] == os.path.getsize(report["ticket"])
    assert report["surviving_weights"] == ticket.mask.surviving
    assert report["evaluations_per_second"] == 15_000
    assert report["stopped_by"] == "generations"


def test_find_never_overwrites_a_ticket_unasked(search):
    for _ in range(3):
        assert main(["find", "iris"]) == 0
    assert sorted(os.listdir()) == ["iris-2.ticket", "iris-3.ticket", "iris.ticket"]


def test_find_hands_the_settings_on(search):
    arguments = (
        "find digits --hidden 30,20 --max-density 0.3 --seed 7 --time 1.5m --generations 9 "
        "--evaluations 1000 --objective accuracy --init signed_constant --biases zero "
        "--activation step --jobs 3"
    )
    assert main(arguments.split()) == 0
    network, limits = search.settings["network"], search.settings["limits"]
    assert network.sizes == (64, 30, 20, 10)
    assert (network.weights, network.biases) == ("signed_constant", "zero")
    assert (network.activation, network.seed) == ("step", 7)
    assert (limits.generations, limits.evaluations, limits.seconds) == (9, 1000, 90)
    assert search.settings["algorithm"].max_density == 0.3
    assert search.settings["objective"].name == "accuracy"
    assert (search.settings["seed"], search.settings["n_jobs"]) == (7, 3)


def test_find_searches_training_rows_and_chooses_on_validation_rows(search):
    given = ["--hidden", "100", "--max-density", "0.1", "--init", "uniform"]
    assert main(["find", "digits", *given]) == 0
    data = load("digits")
    train, validation = search.settings["rows"]
    assert np.array_equal(train.targets, data.train.y)
    assert np.array_equal(validation.targets, data.validation.y)
    assert search.settings["limits"].seconds is None
    assert search.settings["algorithm"].max_density == 0.1


def test_find_genetic(search):
    assert main(["find", "iris", "--algorithm", "genetic"]) == 0
    assert type(search.settings["algorithm"]).__name__ == "Genetic"


def test_find_reads_a_file(search, capsys):
    lines = [f"{'ab'[i % 2]},{i}" for i in range(40)]
    Path("my data.csv").write_text("\n".join(["kind,x", *lines]))
    assert main(["find", "my data.csv", "--target", "kind", "--hidden", "15", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["dataset"], report["ticket"]) == ("my data.csv", "my data.ticket")
    assert report["network"] == "1-15-2"


def test_find_reports_a_ticket_without_a_path(search, capsys):
    search.density = 0.0
    assert main(["find", "iris", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["connected"] is False
    assert "no path leads from an input to an output" in err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_find_saves_when_interrupted(search, capsys, number):
    def interrupted_twice() -> None:
        os.kill(os.getpid(), number)
        until = time.monotonic() + 5
        while not search.settings["interrupts"].interrupted and time.monotonic() < until:
            time.sleep(0.01)
        os.kill(os.getpid(), number)  # so soon that nothing comes between a ticket and its file

    search.during = interrupted_twice
    before = signal.getsignal(number)
    assert main(["find", "iris", "--json"]) == 130
    assert json.loads(capsys.readouterr().out)["stopped_by"] == "interrupt"
    assert Ticket.load("iris.ticket").network.sizes == (4, 100, 3)
    assert signal.getsignal(number) is before


def test_find_interrupted_before_the_search(monkeypatch, capsys):
    def evolve(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(scratchcard.search.journal, "evolve", evolve)
    assert main(["find", "iris"]) == 130
    assert capsys.readouterr().err.strip() == "scratchcard: interrupted before there was a result"
    assert os.listdir() == []


def full_disk(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_find_on_a_full_disk(search, monkeypatch, capsys):
    Path("elsewhere").mkdir()
    monkeypatch.setattr(Ticket, "save", full_disk)
    assert main(["find", "iris", "--out", "elsewhere/x.ticket"]) == 1
    out, err = capsys.readouterr()
    place = os.path.abspath("x.ticket")
    assert err == (
        "scratchcard: could not write 'elsewhere/x.ticket': No space left on device; the ticket is "
        f"in {place!r}\n"
    )
    assert Ticket.load("x.ticket").network.sizes == (4, 100, 3)
    assert f"{place}, {os.path.getsize(place)} bytes" in out


def test_find_where_nothing_can_be_written(search, monkeypatch, capsys):
    """The ticket is printed as text, and so is the report."""
    monkeypatch.setattr(os, "fsync", full_disk)
    for arguments in (["--json"], []):
        assert main(["find", "iris", "--out", "x.ticket", *arguments]) == 1
        out, err = capsys.readouterr()
        assert err == "scratchcard: could not write 'x.ticket': No space left on device\n"
        assert os.listdir() == []
        text = json.loads(out)["ticket_base64"] if arguments else out.splitlines()[-1]
        assert Ticket.from_bytes(base64.b64decode(text)).network.sizes == (4, 100, 3)
        assert "test" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("find", "Missing argument 'DATA'"),
        ("search digits", "No such command 'search'"),
        ("find digits --algorithm gradient", "'--algorithm'"),
        ("find digits --init normal", "'--init'"),
        ("find digits --hidden 0", "'0' is not a list of layer sizes such as 100 or 300,100"),
        ("find digits --hidden 10,,10", "'10,,10' is not a list of layer sizes"),
        ("find digits --hidden 99999999999999", "is not a list of layer sizes"),
        ("find digits --hidden 2000000000", "at most 2**31 weights"),
        ("find digits --time 0s", "'0s' is not a time such as 60s, 2m or 1h"),
        ("find digits --time soon", "'soon' is not a time"),
        ("find digits --time " + "9" * 400, "is not a time"),
        ("find digits --seed -1", "'--seed'"),
        ("find digits --seed 4294967296", "'--seed'"),
        ("find digits --generations 0", "'--generations'"),
        ("find digits --jobs 0", "'--jobs'"),
        ("find digits --max-density 0", "max_density"),
        ("find digits --max-density 1.5", "max_density"),
        ("find digits --max-density nan", "max_density"),
        ("find iris --max-density 0.001", "a path from an input to an output needs 2"),
        ("find iris --algorithm genetic --max-density 0", "max_density"),
        ("find iris --objective beauty", "beauty"),
        ("find iris --hidden 20" + ",20" * 259, "hidden takes at most 254 layers, got 260"),
        ("find iris --max-bytes 60", "max_bytes takes at least 70 for this data and network"),
        ("find iris --max-bytes 0", "0 is not in the range x>=1"),
        ("find iris --max-bytes 200 --max-density 0.1", "max_density takes None with max_bytes"),
        ("find iris --max-bytes 200 --algorithm genetic", "max_bytes takes the memetic algorithm"),
        (
            "find iris --max-bytes 200 --labels none --clusters 3",
            "max_bytes takes None for clusters",
        ),
        ("find " + "x" * 300, "File name too long"),
        ("find iris --out " + "x" * 300, "File name too long"),
        ("predict absent.ticket iris --out " + "x" * 300, "File name too long"),
        ("find digitz", "no data set or file 'digitz'; names: digits, iris"),
        ("find iris --target petal", "has its own labels"),
        ("find iris --out missing/x.ticket", "no folder 'missing'"),
        ("find iris --out /dev/null", "is there and not a file"),
        ("show absent.ticket", "cannot read 'absent.ticket': No such file"),
        ("predict absent.ticket iris", "cannot read 'absent.ticket': No such file"),
        ("predict absent.ticket iris --out missing/x.csv", "no folder 'missing'"),
    ],
)
def test_bad_usage_and_input(refused, arguments, message):
    assert message in refused(*arguments.split())


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ValueError("two\nlines"), "two lines"),
        (OSError(errno.EIO, "Input/output error"), "[Errno 5] Input/output error"),
        (MemoryError(), "out of memory: MemoryError"),
    ],
)
def test_errors_that_nobody_foresaw(refused, monkeypatch, error, message):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(scratchcard.search.journal, "evolve", fail)
    assert refused("find", "iris") == f"scratchcard: {message}\n"


def test_output_that_is_an_input(refused):
    Path("data.csv").write_text("a,class\n" + "1,x\n2,y\n" * 20)
    Path("link.csv").symlink_to("data.csv")
    same = "is the same file as"
    assert f"{same} DATA" in refused("find", "data.csv", "--out", "./data.csv")
    assert f"{same} DATA" in refused("predict", "a.ticket", "data.csv", "--out", "link.csv")
    assert f"{same} FILE" in refused("predict", "data.csv", "iris", "--out", "data.csv")


def test_bad_file(refused):
    Path("data.csv").write_text("a,b,class\n1,2,x\n3,inf,y\n")
    assert "line 3: column 'b' holds inf; takes finite numbers" in refused("find", "data.csv")
    assert "no column 'kind'" in refused("find", "data.csv", "--target", "kind")


def test_numbers_beyond_what_a_ticket_scales(refused):
    rows = "".join(f"{i}e300,{'xy'[i % 2]}\n" for i in range(40))
    Path("data.csv").write_text("a,class\n" + rows)
    assert "column 'a' takes numbers below 2**100" in refused("find", "data.csv")


def test_folder_that_may_not_be_written(refused, monkeypatch):
    def no_file(**_):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(tempfile, "TemporaryFile", no_file)
    message = refused("find", "iris", "--out", "x.ticket")
    assert message == "scratchcard: cannot write into folder '.': Read-only file system\n"


def test_file_that_may_not_be_overwritten(refused, monkeypatch):
    Path("x.ticket").write_text("mine")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert "may not be overwritten" in refused("find", "iris", "--out", "x.ticket")


# show and predict


@pytest.fixture
def ticket(search, capsys):
    main(["find", "iris", "--out", "iris.ticket"])
    search.settings = {}
    capsys.readouterr()
    return Ticket.load("iris.ticket")


def test_show_in_words(ticket, capsys):
    assert main(["show", "iris.ticket"]) == 0
    out = capsys.readouterr().out
    assert "4-100-3, relu" in out
    assert f"{ticket.mask.surviving} of 700 weights stay" in out
    assert "setosa, versicolor, virginica" in out


def test_show_as_json(ticket, capsys):
    assert main(["show", "iris.ticket", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown.pop("file") == "iris.ticket"
    assert ticket.describe().items() <= shown.items()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: data[:-3], "iris.ticket: "),
        (lambda data: data[:20] + bytes([data[20] ^ 4]) + data[21:], "iris.ticket: "),
        (lambda data: data[:4] + b"\3" + data[5:], "newer"),
        (lambda data: b"", "iris.ticket: "),
        (lambda data: b"PK" + data, "not a ticket"),
    ],
)
@pytest.mark.parametrize("command", [("show",), ("predict",)])
def test_damaged_ticket(ticket, refused, damage, message, command):
    path = Path("iris.ticket")
    path.write_bytes(damage(path.read_bytes()))
    rest = ("iris",) if command == ("predict",) else ()
    assert message in refused(*command, "iris.ticket", *rest)


def test_predict_prints_labels(ticket, capsys):
    assert main(["predict", "iris.ticket", "iris"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "label"
    assert lines[1:] == ticket.predict(load("iris").test.X).tolist()


def test_predict_writes_labels(ticket):
    X = load("iris").test.X
    np.savetxt("rows.csv", X, delimiter=",", header="a,b,c,d", comments="")
    assert main(["predict", "iris.ticket", "rows.csv", "--out", "labels.csv"]) == 0
    assert Path("labels.csv").read_text().splitlines() == ["label", *ticket.predict(X)]


def test_predict_leaves_the_target_out(ticket, capsys, refused):
    Path("rows.csv").write_text("a,kind,b,c,d\n1,setosa,2,3,4\n")
    assert main(["predict", "iris.ticket", "rows.csv", "--target", "kind"]) == 0
    assert capsys.readouterr().out.split() == ["label", *ticket.predict([[1, 2, 3, 4]])]


def test_predict_refuses_other_columns(ticket, refused):
    Path("rows.csv").write_text("a,kind,b,c,d\n1,7,2,3,4\n")
    message = refused("predict", "iris.ticket", "rows.csv")
    assert "5 columns and the ticket takes 4 features" in message
    assert "--target" in message
    Path("rows.csv").write_text("a,b,c\n1,2,3\n")
    assert "3 columns and the ticket takes 4 features" in refused(
        "predict", "iris.ticket", "rows.csv"
    )


def test_predict_keeps_the_old_labels_on_a_full_disk(ticket, monkeypatch, capsys):
    Path("labels.csv").write_text("old")

    monkeypatch.setattr(os, "fsync", full_disk)
    assert main(["predict", "iris.ticket", "iris", "--out", "labels.csv"]) == 1
    assert "No space left" in capsys.readouterr().err
    assert Path("labels.csv").read_text() == "old"
    assert sorted(os.listdir()) == ["iris.ticket", "labels.csv"]


# The progress line


def test_progress_in_words():
    assert describe(progress()) == (
        "gen 3/12  0:06 left  objective 0.5000  val 87.5 %  density 10.0 %  15k/s"
    )


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (percent(0.973), "97.3 %"),
        (percent(0.0098), "0.98 %"),
        (percent(0.0), "0.0 %"),
        (percent(1.0), "100.0 %"),
        (clock(59.6), "1:00"),
        (clock(3671), "1:01:11"),
        (thousands(940), "940"),
        (thousands(214_000), "214k"),
        (thousands(3_120_000), "3.1M"),
    ],
)
def test_numbers_in_words(shown, text):
    assert shown == text


def test_progress_is_a_plain_line_now_and_then(monkeypatch, tmp_path):
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    with (tmp_path / "log").open("w") as log, ProgressLine(Console(file=log)) as line:
        for second in range(25):
            now[0] = second
            assert line(progress(second)) is False
    assert [text[:6] for text in (tmp_path / "log").read_text().splitlines()] == [
        "gen 10",
        "gen 20",
    ]


# For real


def run(*arguments: str, **settings) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "scratchcard", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, **settings)


def test_find_show_and_predict_for_real():
    given = ("--hidden", "8", "--max-density", "0.1", "--generations", "2", "--jobs", "1")
    done = run("find", "iris", *given, "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert set(report) == REPORT_KEYS
    assert report["density"] <= 0.1
    assert report["generations"] == 2
    assert run("show", report["ticket"]).returncode == 0
    labels = run("predict", report["ticket"], "iris").stdout.split()[1:]
    assert np.mean(np.array(labels) == load("iris").test.y) == report["test_accuracy"]


def test_find_within_bytes_for_real():
    done = run("find", "iris", "--max-bytes", "100", "--generations", "4", "--json")
    assert done.returncode == 0
    report = json.loads(done.stdout)
    assert Path(report["ticket"]).stat().st_size == report["ticket_bytes"] <= 100
    assert report["network"] != "4-100-3"


def test_time_limit_for_real():
    done = run("find", "iris", "--hidden", "8", "--time", "0.5s", "--json")
    report = json.loads(done.stdout)
    assert (done.returncode, report["stopped_by"]) == (0, "seconds")


def test_interrupt_for_real():
    """Ctrl-C once the live line shows a generation: the ticket is saved, the exit code is 130."""
    terminal, stderr = pty.openpty()
    command = [sys.executable, "-m", "scratchcard", "find", "iris", "--time", "5m"]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=stderr, env=environment
    ) as process:
        os.close(stderr)
        shown = b""
        while b"gen 1" not in shown:
            shown += os.read(terminal, 1000)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    os.close(terminal)
    assert process.returncode == 130
    assert b"interrupt" in out
    assert Ticket.load("iris.ticket").head.labels.tolist() == load("iris").classes.tolist()


def test_bad_input_for_real():
    done = run("find", "digits", "--out", "missing/x.ticket")
    assert done.returncode == 2
    assert done.stderr == "scratchcard: no folder 'missing' to write 'x.ticket' into\n"

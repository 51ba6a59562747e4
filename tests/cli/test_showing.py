# show: which columns a ticket reads, how it does on rows, its picture, and every one-line error.
from __future__ import annotations

import builtins
import csv
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from columns import random_ticket
from scratchcard import Mask, Ticket
from scratchcard.cli import main
from scratchcard.datasets import load
from scratchcard.ticket import Classes, Numbers

CLASSES = Classes(["setosa", "versicolor", "virginica"])
ODD = ["$x$ and $y$", "\x1b[31mred", "a\nb"]


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    """A folder with tickets of some shapes, found nowhere."""
    monkeypatch.chdir(tmp_path)
    random_ticket((4, 20, 3), 0.3, 1, CLASSES).save("iris.ticket")
    random_ticket((64, 20, 10), 0.08, 1).save("digits.ticket")
    random_ticket((10, 20, 1), 0.5, 1, Numbers.of(load("diabetes").train.y)).save("numbers.ticket")


@pytest.fixture
def shown(capsys):
    """Run show and return what it prints, as text or with --json as values."""

    def run(*arguments: str):
        assert main(["show", *arguments]) == 0
        out, err = capsys.readouterr()
        assert err == ""
        return json.loads(out) if "--json" in arguments else out

    return run


@pytest.fixture
def refused(capsys):
    """Run show, which must refuse it with one line."""

    def run(*arguments: str) -> str:
        assert main(["show", *arguments]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("scratchcard: ")
        assert err.count("\n") == 1
        return err

    return run


def table(text: str, header: str) -> list[list[str]]:
    """The cells of the rows under a header, up to the next empty line."""
    lines = text.split("\n")
    start = next(i for i, line in enumerate(lines) if line.startswith(header))
    found = []
    for line in lines[start + 1 :]:
        if not line:
            break
        found.append(line.split("  "))
    return [[cell.strip() for cell in row if cell.strip()] for row in found]


def test_columns_without_data(shown):
    ticket = Ticket.load("digits.ticket")
    values = shown("digits.ticket", "--json")
    read, unread = values["columns_read"], values["columns_not_read"]
    first = ticket.mask.array(0)
    assert sum(one["connections"] for one in read) == first.sum() == ticket.mask.surviving_in(0)
    assert [one["inputs"] for one in read] == [[i] for i in np.flatnonzero(first.any(axis=0))]
    assert all(one["connections"] == one["units"] for one in read)
    assert unread == [f"feature {i + 1}" for i in np.flatnonzero(~first.any(axis=0))]
    assert "on_rows" not in values
    text = shown("digits.ticket")
    assert f"{len(read)} of 64 are read, through {first.sum()} connections to " in text
    assert (
        f"of 20 hidden units\nnot read     {', '.join(unread[:12])}, … ({len(unread)} in all)"
        in text
    )
    rows = table(text, "column ")
    assert len([row for row in rows if row[0].startswith("feature ")]) == 20
    assert rows[-1][0].startswith(f"… and {len(read) - 20} columns more, with ")
    most = max(read, key=lambda one: one["connections"])
    assert rows[0] == [most["column"], str(most["connections"])]


def test_rows_of_classes(shown):
    ticket, data = Ticket.load("iris.ticket"), load("iris")
    values = shown("iris.ticket", "--data", "iris", "--json")
    on = values["on_rows"]
    said = ticket.predict(data.test.X)
    assert (on["dataset"], on["rows"], on["n_rows"]) == ("iris", "test", 38)
    assert on["accuracy"] == np.mean(said == data.test.y)
    assert np.sum(on["confusion"]["right_by_answered"]) == 38
    assert np.trace(on["confusion"]["right_by_answered"]) == np.sum(said == data.test.y)
    assert on["confusion"]["labels"] == CLASSES.labels.tolist()
    assert {one["column"] for one in values["columns_read"]} <= set(data.feature_names)
    text = shown("iris.ticket", "--data", "iris")
    assert "of the 38 test rows of iris" in text
    assert "among the 38 test rows, 10 times; mean ± standard deviation" in text
    lost = {one["column"]: one for one in values["columns_read"]}
    rows = table(text, "column ")[:-1]
    by_loss = sorted(lost, key=lambda name: (-lost[name]["lost"], -lost[name]["connections"]))
    assert [row[0] for row in rows] == by_loss
    best = lost[rows[0][0]]
    assert rows[0][2] == f"{100 * best['lost']:.1f} ± {100 * best['lost_deviation']:.1f} %"
    matrix = table(text, "right ↓")
    assert [list(map(int, row[1:])) for row in matrix] == on["confusion"]["right_by_answered"]


def test_unread_columns_are_said_to_lose_nothing_and_do(shown):
    network = Ticket.load("iris.ticket").network
    arrays = [np.ones(shape, bool) for shape in network.shapes]
    arrays[0][:, 2] = False
    ticket = Ticket.load("iris.ticket")
    Ticket(network, Mask.from_arrays(arrays), ticket.scaling, ticket.head).save("two.ticket")
    values = shown("two.ticket", "--data", "iris", "--json")
    assert values["columns_not_read"] == ["petal length (cm)"]
    assert "not read     petal length (cm)\n" in shown("two.ticket", "--data", "iris")


def test_rows_of_numbers(shown):
    values = shown("numbers.ticket", "--data", "diabetes", "--json")
    ticket, data = Ticket.load("numbers.ticket"), load("diabetes")
    assert values["on_rows"]["r2"] == ticket.score(*data.test)
    error = np.abs(ticket.predict(data.test.X) - data.test.y).mean()
    assert values["on_rows"]["mean_absolute_error"] == pytest.approx(error)
    assert "confusion" not in values["on_rows"]
    text = shown("numbers.ticket", "--data", "diabetes")
    assert "on the 111 test rows of diabetes" in text
    assert "R² lost" in text
    assert "right ↓" not in text


def write_table(labels, n_rows=200, names=("a$b", "x\x1b[31m", "a very long name " * 9)):
    rng = np.random.default_rng(0)
    with open("table.csv", "w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow([*names, "what"])
        for number in range(n_rows):
            lines.writerow([*rng.normal(size=3), labels[number % len(labels)]])


def test_odd_names(shown):
    write_table(ODD)
    random_ticket((3, 20, 3), 0.9, 1, Classes(sorted(ODD))).save("odd.ticket")
    rest = ("--data", "table.csv", "--target", "what")
    text = shown("odd.ticket", *rest, "--picture", "odd.svg")
    assert "\x1b" not in text
    assert "x\\x1b[31m" in text
    assert "a\\nb" in text
    assert "of the 50 test rows of table.csv" in text
    drawn = Path("odd.svg").read_text()
    assert "$x$ and $y$" in drawn
    assert "\x1b" not in drawn
    values = shown("odd.ticket", *rest, "--json")
    assert values["on_rows"]["confusion"]["labels"] == sorted(ODD)


def test_of_many_classes_the_commonest_mistakes_are_shown(shown):
    labels = [f"class {i:02}" for i in range(20)]
    write_table(labels, 600)
    ticket = random_ticket((3, 20, 20), 0.9, 1, Classes(labels))
    ticket.save("many.ticket")
    text = shown("many.ticket", "--data", "table.csv")
    rows = table(text, "right ")
    test = load("table.csv").test
    said = ticket.predict(test.X)
    right, answered, n = rows[0]
    assert int(n) == np.sum((test.y == right) & (said == answered))
    assert [int(row[2]) for row in rows[:10]] == sorted(int(row[2]) for row in rows[:10])[::-1]
    assert rows[10][0].endswith(f"pairs of classes more; {np.sum(said != test.y)} rows are wrong")


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_pictures(shown, suffix):
    alone, rows = f"alone{suffix}", f"rows{suffix.upper()}"
    assert f"{alone}: a picture, " in shown("digits.ticket", "--picture", alone)
    shown("digits.ticket", "--picture", rows, "--data", "digits", "--json")
    for name in (alone, rows):
        assert Path(name).stat().st_size > 10_000
    start = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}[suffix]
    assert Path(alone).read_bytes().startswith(start)


def test_many_pixels_say_that_it_takes_a_while(capsys):
    random_ticket((144, 5, 3), 1.0).save("pixels.ticket")
    X = np.random.default_rng(0).integers(0, 255, (60, 144))
    np.savez("pixels.npz", X=X, y=np.arange(60) % 3)
    assert main(["show", "pixels.ticket", "--data", "pixels.npz", "--picture", "p.png"]) == 0
    out, err = capsys.readouterr()
    assert err == "scratchcard: permuting each of 144 columns\n"
    assert "… and 124 columns more" in out


def test_a_very_wide_ticket_is_shown_without_its_columns(shown, refused):
    random_ticket((70_000, 2), 0.001).save("wide.ticket")
    assert "70000 features" in shown("wide.ticket")
    assert shown("wide.ticket", "--json")["columns_read"] == []
    assert "at most 65536 inputs" in refused("wide.ticket", "--picture", "wide.png")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("none.ticket",), "cannot read 'none.ticket'"),
        (("iris.ticket", "--target", "x"), "--target goes with --data"),
        (("iris.ticket", "--data", "none.csv"), "none.csv"),
        (("iris.ticket", "--data", "wine"), "takes rows of 4 features, as the ticket does, got 13"),
        (("iris.ticket", "--data", "diabetes"), "diabetes has numbers to predict, not classes"),
        (("numbers.ticket", "--data", "iris"), "iris has classes to predict, not numbers"),
        (("iris.ticket", "--data", "iris", "--target", "x"), "iris has its own labels"),
        (("digits.ticket", "--data", "digits-5", "--target", "x"), "has its own labels"),
        (
            ("iris.ticket", "--picture", "x.jpg"),
            "--picture takes a name that ends in .png, .svg or",
        ),
        (("iris.ticket", "--picture", "none/x.png"), "no folder 'none'"),
    ],
)
def test_errors(refused, arguments, message):
    assert message in refused(*arguments)


def test_labels_that_the_ticket_does_not_have(refused):
    rng = np.random.default_rng(0)
    np.savez("other.npz", X=rng.normal(size=(60, 4)), y=np.array(["setosa", "rose"] * 30))
    err = refused("iris.ticket", "--data", "other.npz")
    assert err == (
        "scratchcard: other.npz: y takes the labels 'setosa', 'versicolor', 'virginica', got "
        "'rose'\n"
    )


def test_the_picture_is_none_of_what_is_read(refused):
    Path("iris.ticket").rename("iris.png")
    assert "--picture 'iris.png' is the same file as FILE" in refused(
        "iris.png", "--picture", "iris.png"
    )


def test_without_matplotlib_the_extra_is_named(refused, monkeypatch):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "matplotlib" else find_spec(name)
    )
    err = refused("iris.ticket", "--picture", "iris.png")
    assert err == (
        "scratchcard: show --picture needs matplotlib: pip install 'scratchcard[experiments]'\n"
    )


def test_matplotlib_is_not_asked_for_without_a_picture(shown, monkeypatch):
    real = builtins.__import__

    def without(name, *rest):
        assert not name.startswith("matplotlib")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    shown("iris.ticket", "--data", "iris")


def test_a_full_disk(monkeypatch, capsys):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("scratchcard.cli.showing.write_whole", full)
    assert main(["show", "iris.ticket", "--picture", "iris.png"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "scratchcard: could not write 'iris.png': No space left on device\n"


def test_for_real():
    command = [sys.executable, "-m", "scratchcard", "show", "iris.ticket", "--data", "iris"]
    done = subprocess.run(
        [*command, "--picture", "iris.png"], capture_output=True, text=True, timeout=300
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "petal width (cm)" in done.stdout
    assert Path("iris.png").stat().st_size > 50_000

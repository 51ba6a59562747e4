# How files are written, on the command line: what is found out is said, and options say otherwise.
from __future__ import annotations

import io
import sys

import numpy as np
import pytest

from scratchcard import Ticket
from scratchcard.cli import main

FAST = ["--hidden", "8", "--max-density", "0.5", "--generations", "2", "--jobs", "1"]


def rows_of_flowers(n: int = 90) -> list[list[str]]:
    """Rows of an id, two numbers, a colour and a kind that all of these but the id tell."""
    random = np.random.default_rng(0)
    rows = []
    for i in range(n):
        kind = i * 3 // n
        a, b = random.normal([3 * kind, -2 * kind], 0.3)
        colour = ["red", "blue", "01"][kind]
        rows.append([f"p{i}", f"{a:.2f}", f"{b:.2f}", colour, f"kind-{kind}"])
    return rows


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = rows_of_flowers()
    lines = [",".join(row) for row in rows]
    (tmp_path / "named.csv").write_text("\n".join(["id,a,b,colour,kind", *lines]) + "\n")
    (tmp_path / "bare.data").write_text("\n".join(",".join(r[1:3] + r[4:]) for r in rows) + "\n")
    return tmp_path


def labels(capsys) -> list[str]:
    header, *found = capsys.readouterr().out.split()
    assert header == "label"
    return found


def test_columns_are_left_out_and_found_by_name(folder, capsys):
    assert main(["find", "named.csv", "--drop", "id", *FAST]) == 0
    error = capsys.readouterr().err
    assert "scratchcard: named.csv: 2 numbers, 1 category; labels in 'kind'\n" in error
    assert main(["predict", "named.ticket", "named.csv"]) == 0
    found = labels(capsys)
    assert len(found) == 90
    rows = [line.split(",") for line in (folder / "named.csv").read_text().splitlines()]
    turned = "\n".join(";".join(row[3:0:-1]) for row in rows)
    (folder / "turned.txt").write_text(turned.replace(".", ","))
    assert main(["predict", "named.ticket", "turned.txt"]) == 0
    captured = capsys.readouterr()
    assert captured.out.split()[1:] == found
    assert "turned.txt: semicolons, decimal commas\n" in captured.err
    read = {c.name for c in Ticket.load("named.ticket").columns.columns} - {None}
    (folder / "less.csv").write_text("id,kind\n1,2\n")
    assert main(["predict", "named.ticket", "less.csv"]) == 2
    error = capsys.readouterr().err
    assert "not there" in error
    assert all(name in error for name in read)


def test_a_file_without_a_header(folder, capsys):
    assert main(["find", "bare.data", *FAST, "--json"]) == 0
    captured = capsys.readouterr()
    assert "bare.data: no header; labels in column 2" in captured.err
    assert main(["predict", "bare.ticket", "bare.data"]) == 2
    assert "3 columns and the ticket takes 2 features; name the column" in capsys.readouterr().err
    assert main(["predict", "bare.ticket", "bare.data", "--target", "2"]) == 0
    assert len(labels(capsys)) == 90  # and not one less
    assert main(["predict", "bare.ticket", "named.csv", "--target", "kind"]) == 2
    assert "4 columns and the ticket takes 2" in capsys.readouterr().err
    command = ["predict", "bare.ticket", "named.csv", "--target", "kind", "--drop", "id,colour"]
    assert main(command) == 0
    assert len(labels(capsys)) == 90


def test_columns_that_pandas_numbers(folder, capsys):
    lines = (folder / "bare.data").read_text()
    (folder / "numbered.csv").write_text("0,1,label\n" + lines)
    assert main(["find", "numbered.csv", *FAST]) == 0
    (folder / "rows.csv").write_text(
        "0,1\n" + "\n".join(line.rsplit(",", 1)[0] for line in lines.splitlines())
    )
    capsys.readouterr()
    assert main(["predict", "numbered.ticket", "rows.csv"]) == 0
    assert len(labels(capsys)) == 90


def test_standard_input(folder, capsys, monkeypatch):
    class Input:
        buffer = io.BytesIO((folder / "bare.data").read_bytes())

    monkeypatch.setattr(sys, "stdin", Input)
    assert main(["find", "-", *FAST]) == 0
    assert "standard input: no header" in capsys.readouterr().err
    Input.buffer.seek(0)
    assert main(["predict", "found.ticket", "-", "--drop", "2"]) == 0
    assert len(labels(capsys)) == 90
    for more in ([], ["--labels", "none"]):
        assert main(["compare", "-", "--seeds", "1", "--methods", "memetic", *more]) == 2
        assert "takes no standard input" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("find named.csv --delimiter ::", "--delimiter (delimiter) takes one character"),
        ("find named.csv --encoding klingon", "--encoding"),
        (
            "find named.csv --drop id,klass",
            "no column 'klass'; its columns: id, a, b, colour, kind",
        ),
        ("find named.csv", "column 'id' holds 'p0', text with 90 different values"),
        ("find named.csv --no-header", "line 1: column 0 holds 'id', text with 91"),
        ("find named.csv --drop id,kind,colour", "--target (target) takes another column"),
        ("find iris --drop a", "--drop is for a file with a table; iris is none"),
        ("controls some.ticket iris --header", "cannot read 'some.ticket'"),
        ("landscape named.csv --encoding ascii --delimiter tab", "named.csv"),
        ("compare named.csv --drop klass", "no column 'klass'"),
        ("compare named.csv --labels none --drop klass", "no column 'klass'"),
        ("export some.ticket --to html --drop a", "cannot read 'some.ticket'"),
    ],
)
def test_options_that_do_not_fit(folder, capsys, command, message):
    assert main(command.split()) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert "Traceback" not in captured.err


def test_a_bare_ticket_is_smaller_and_finds_columns_by_place(folder, capsys):
    assert main(["find", "named.csv", "--drop", "id", *FAST]) == 0
    assert main(["find", "named.csv", "--drop", "id", "--bare", "--out", "bare.ticket", *FAST]) == 0
    named, bare = Ticket.load("named.ticket"), Ticket.load("bare.ticket")
    assert bare == named.without_names()
    assert len(bare.to_bytes()) < len(named.to_bytes())
    capsys.readouterr()
    assert main(["predict", "named.ticket", "named.csv"]) == 0
    found = labels(capsys)
    assert main(["predict", "bare.ticket", "named.csv", "--drop", "id", "--target", "kind"]) == 0
    assert labels(capsys) == found


def test_columns_that_are_renamed_or_missing_are_named(folder, capsys):
    """Swapped and added columns are no matter; see the first test."""
    assert (
        main(
            ["find", "named.csv", "--drop", "id", "--hidden", "8", "--max-density", "1", *FAST[4:]]
        )
        == 0
    )
    text = (folder / "named.csv").read_text()
    (folder / "renamed.csv").write_text(text.replace("id,a,b,colour", "id,a,B,colour", 1))
    capsys.readouterr()
    assert main(["predict", "named.ticket", "renamed.csv"]) == 2
    assert "a column that is not there: b" in capsys.readouterr().err


def test_a_page_finds_columns_by_name(folder, capsys):
    assert main(["find", "named.csv", "--drop", "id", *FAST]) == 0
    command = ["export", "named.ticket", "--to", "html", "--out", "page.html", "--data"]
    rows = [line.split(",") for line in (folder / "named.csv").read_text().splitlines()]
    (folder / "turned.csv").write_text("".join(",".join(reversed(row)) + "\n" for row in rows))
    pages = []
    for data in ("named.csv", "turned.csv"):
        assert main([*command, data]) == 0
        pages.append((folder / "page.html").read_text(encoding="utf-8"))
    assert pages[0] == pages[1]


def test_errors_name_the_file_and_what_goes_with_it(folder, capsys):
    assert main(["find", "named.csv", "--drop", "id", *FAST]) == 0
    read = [c for c in Ticket.load("named.ticket").columns.columns if c.name is not None]
    number = next(column.name for column in read if column.kind == "number")
    (folder / "less.csv").write_text("a,b,colour\n,,red\n")
    capsys.readouterr()
    assert main(["predict", "named.ticket", "less.csv"]) == 2
    assert f"less.csv: column {number!r} has no value in row 1" in capsys.readouterr().err
    assert main(["show", "named.ticket", "--drop", "id"]) == 2
    assert "--drop goes with --data" in capsys.readouterr().err
    for command in (["show", "named.ticket", "--data"], ["controls", "named.ticket"]):
        assert main([*command, "named.csv", "--drop", "id,a"]) == 2
        assert "give --target, --drop and --missing as for find" in capsys.readouterr().err

"""``scratchcard export``: files, their names, and what is refused in one line."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from scratchcard import Ticket
from scratchcard.cli import main
from scratchcard.cli.exporting import _KINDS
from scratchcard.export import EXPORTERS, html
from ticket_strategies import random_ticket, small_ticket


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    small_ticket().save("small.ticket")
    rng = np.random.default_rng(0)
    random_ticket(rng, (64, 12, 10), 0.2).save("digits.ticket")
    return tmp_path


def test_the_command_names_every_exporter():
    assert set(_KINDS) == set(EXPORTERS)


@pytest.mark.parametrize("kind", [kind for kind in EXPORTERS if kind != "torch"])
def test_each_kind_of_file(kind, folder, capsys):
    assert main(["export", "small.ticket", "--to", kind]) == 0
    exporter = EXPORTERS[kind]
    suffix = exporter.suffixes[0]
    written = (folder / f"small{suffix}").read_bytes()
    assert written == exporter.file({"small": Ticket.load("small.ticket")}, suffix)
    assert capsys.readouterr().out == f"small{suffix}: {exporter.what}, {len(written):,} bytes\n"
    assert main(["export", "small.ticket", "--to", kind]) == 0
    assert (folder / f"small-2{suffix}").exists()


def test_a_qr_code_is_a_png_by_its_name(folder):
    assert main(["export", "small.ticket", "--to", "qr", "--out", "code.png"]) == 0
    assert (folder / "code.png").read_bytes().startswith(b"\x89PNG")


def test_a_page_shows_rows_of_a_data_set(folder):
    command = ["export", "digits.ticket", "--to", "html", "--data", "digits", "--out", "d.html"]
    assert main(command) == 0
    from scratchcard.datasets import load

    rows = load("digits").test.X[:12]
    page = html(Ticket.load("digits.ticket"), title="digits", rows=rows)
    assert (folder / "d.html").read_text(encoding="utf-8") == page


LABELS = {
    "none": None,
    "text": [f"kind {i % 2}" for i in range(40)],
    "numbers": [f"{i / 7}" for i in range(40)],
    "one of a class": [str(i) for i in range(40)],
    "half": ["a", ""] * 20,
}


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("n_rows", [1, 40])
def test_a_page_shows_rows_and_names_of_any_file(folder, labels, n_rows):
    """The file need not be one that could be searched for classes."""
    rng, kinds = np.random.default_rng(0), LABELS[labels]
    random_ticket(rng, (3, 4, 2), 0.5).save("three.ticket")
    rows = np.round(rng.normal(size=(n_rows, 3)), 3)
    cells = [",".join(map(str, row)) for row in rows.tolist()]
    if kinds:
        cells = [f"{row},{kind}" for row, kind in zip(cells, kinds, strict=False)]
    header = "width,height,depth" + (",kind" if kinds else "")
    (folder / "rows.csv").write_text("\n".join([header, *cells]) + "\n")
    command = ["export", "three.ticket", "--to", "html", "--data", "rows.csv"]
    assert main([*command, "--out", "one.html"]) == 0
    expected = html(
        Ticket.load("three.ticket"),
        title="three",
        rows=rows[:12],
        names=["width", "height", "depth"],
    )
    assert (folder / "one.html").read_text(encoding="utf-8") == expected
    if kinds:
        assert main([*command, "--target", "kind", "--out", "two.html"]) == 0
        assert (folder / "two.html").read_text(encoding="utf-8") == expected


def test_a_page_of_a_file_whose_name_is_no_text(folder):
    name = os.fsdecode(b"bad\xff.ticket")
    Path(name).write_bytes((folder / "small.ticket").read_bytes())
    assert main(["export", name, "--to", "html", "--out", "bad.html"]) == 0
    assert "bad\\" in (folder / "bad.html").read_text(encoding="utf-8")


def test_several_tickets_in_one_header(folder):
    (folder / "other.ticket").write_bytes((folder / "small.ticket").read_bytes())
    command = ["export", "small.ticket", "other.ticket", "--to", "c", "--mode", "small"]
    assert main([*command, "--inputs", "integers"]) == 0
    header = (folder / "small.h").read_text()
    assert "int small_predict" in header
    assert "int other_predict" in header
    assert "double" not in header


def test_sizes_are_measured(folder, capsys):
    assert main(["export", "small.ticket", "--to", "c", "--inputs", "integers", "--measure"]) == 0
    said = capsys.readouterr().out
    for board in ("Cortex-M0", "AVR"):
        (line,) = [line for line in said.splitlines() if line.startswith(board)]
        assert "bytes of flash" in line or "not installed" in line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["small.ticket", "--to", "qr", "--mode", "fast"], "--mode is no option of --to qr"),
        (["small.ticket", "--to", "c", "--data", "digits"], "--data is no option of --to c"),
        (["small.ticket", "--to", "html", "--measure"], "--measure is no option of --to html"),
        (["small.ticket", "digits.ticket", "--to", "html"], "--to html takes one ticket, got 2"),
        (["small.ticket", "small.ticket", "--to", "c"], "takes files with different names, got 2"),
        (["small.ticket", "digits.ticket", "--to", "c"], "tickets of one network, got 8-3-2"),
        (["small.ticket", "--to", "c", "--out", "x.txt"], "a name that ends in .h, got 'x.txt'"),
        (["small.ticket", "--to", "html", "--target", "y"], "--target goes with --data"),
        (["none.ticket", "--to", "c"], "cannot read 'none.ticket': No such file"),
        (
            ["small.ticket", "--to", "html", "--data", "digits"],
            "--data takes rows of 8 features, as the ticket does, got 64 in digits",
        ),
        (["small.ticket", "--to", "c", "--out", "no/x.h"], "no folder 'no'"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(arguments, message, folder, capsys):
    assert main(["export", *arguments]) == 2
    said = capsys.readouterr().err
    assert said.startswith("scratchcard: ")
    assert message in said
    assert said.count("\n") == 1
    assert not list(folder.glob("*.h")) + list(folder.glob("*.html"))

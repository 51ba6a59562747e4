# What the answers are and who gives them, on the command line: --labels, --clusters, --numbers.
from __future__ import annotations

import json

import numpy as np
import pytest

from scratchcard import Ticket
from scratchcard.cli import main
from scratchcard.goals.clusters import MOST_CLUSTERS
from scratchcard.search.clustering import MAX_DENSITY, STARTS

FAST = ["--hidden", "10", "--max-density", "0.3", "--generations", "4", "--jobs", "1"]


@pytest.fixture
def table(tmp_path, monkeypatch):
    """A CSV file with two clusters, which its last column names."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    which = random.integers(2, size=120)
    points = 8 * which[:, None] + random.normal(size=(120, 2))
    rows = [f"{a},{b},{'no' if k else 'yes'}" for (a, b), k in zip(points, which, strict=True)]
    (tmp_path / "table.csv").write_text("\n".join(["a,b,kind", *rows]) + "\n")
    return tmp_path


def test_clusters_of_a_table(table, capsys):
    command = ["find", "table.csv", "--target", "kind", "--labels", "none", "--clusters", "2"]
    assert main([*command, *FAST, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["goal"], report["network"]) == ("clusters", "2-10-2")
    assert report["test_accuracy"] > 0.9
    assert Ticket.load("table.ticket").head.labels.tolist() == [0, 1]
    assert main([*command, *FAST]) == 0
    printed = capsys.readouterr().out
    assert "not read" in printed
    assert "only by this report" in printed
    assert main(["predict", "table.ticket", "table.csv", "--target", "kind"]) == 0
    assert set(capsys.readouterr().out.split()) == {"label", "0", "1"}


def test_without_a_target_every_column_is_a_feature(table, capsys):
    assert main(["find", "table.csv", "--labels", "none", "--clusters", "2", *FAST]) == 0
    error = capsys.readouterr().err
    assert "table.csv: 2 numbers, 1 category; no labels: --target takes the column" in error
    lines = (table / "table.csv").read_text().splitlines()
    (table / "plain.csv").write_text("\n".join(line.rsplit(",", 1)[0] for line in lines) + "\n")
    assert main(["find", "plain.csv", "--labels", "none", "--clusters", "2", *FAST]) == 0
    assert "labels: there are none" in capsys.readouterr().out


@pytest.mark.parametrize("answer", ["{:.3f}", "{:.0e}", "no", "", "{:.0f}"])
def test_a_column_that_is_left_out_may_hold_anything(table, capsys, answer):
    lines = (table / "table.csv").read_text().splitlines()
    cells = [answer.format(i) if i else "x" * ("no" in answer) for i in range(len(lines) - 1)]
    rows = [
        line.rsplit(",", 1)[0] + f",{cell}" for line, cell in zip(lines[1:], cells, strict=True)
    ]
    (table / "any.csv").write_text("\n".join(["a,b,kind", *rows]) + "\n")
    command = ["find", "any.csv", "--labels", "none", "--clusters", "2", "--target", "kind"]
    assert main([*command, *FAST]) == 0
    printed = capsys.readouterr().out
    assert ("test agreement" in printed) == (answer == "no")
    assert ("labels: there are none" in printed) == (answer != "no")


def test_empty_clusters_are_in_the_report(table, capsys):
    command = ["find", "table.csv", "--target", "kind", "--labels", "none", "--clusters", "40"]
    assert main([*command, "--hidden", "3", "--generations", "1", "--jobs", "1"]) == 0
    captured = capsys.readouterr()
    assert " of them empty, the largest with" in captured.out
    assert "smallest with 0.0 %" not in captured.out
    assert captured.err == ""


def test_the_help_is_of_searches_without_labels_too(capsys):
    assert main(["find", "--help"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert f"of each of the {STARTS} starts" in shown
    assert f"{MAX_DENSITY} with --labels none" in shown
    assert "[default: the last; none unless labels are given]" in shown
    assert f"2<=x<={MOST_CLUSTERS}" in shown


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--labels none", "--labels none takes --clusters N"),
        ("--clusters 3", "--clusters takes --labels none"),
        ("--labels none --clusters 3 --numbers", "neither --classes nor --numbers"),
        ("--labels none --clusters 1", "--clusters"),
        ("--labels some", "'some'"),
        ("--images", "--images takes --labels none"),
        ("--numbers", "iris has classes to predict, not numbers"),
        ("--labels none --clusters 3 --objective accuracy", "objective takes 'cross_entropy'"),
        ("--labels none --clusters 3 --prune train", "prune takes"),
        ("--labels none --clusters 500", "clusters takes at most as many as there are different"),
        ("--labels none --clusters 5000", "Invalid value for '--clusters'"),
    ],
)
def test_options_that_do_not_fit(table, capsys, options, message):
    assert main(["find", "iris", *options.split(), *FAST]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert "Traceback" not in captured.err


def test_numbers_or_classes_is_a_question(table, capsys):
    (table / "many.csv").write_text("a,b\n" + "".join(f"{i},{i * i % 101}\n" for i in range(400)))
    assert main(["find", "many.csv", *FAST]) == 2
    error = capsys.readouterr().err
    assert "Are they classes, or numbers to predict? Say --classes or --numbers" in error


def test_numbers_of_a_table(table, capsys):
    (table / "many.csv").write_text("a,b\n" + "".join(f"{i},{i * i}\n" for i in range(300)))
    assert main(["find", "many.csv", "--numbers", *FAST, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["goal"], report["objective"]) == ("numbers", "squared_error")
    assert report["test_r2"] > 0.5
    assert main(["show", "many.ticket"]) == 0
    shown = capsys.readouterr().out
    assert "* output" in shown
    assert "squared error" in shown
    assert main(["predict", "many.ticket", "many.csv", "--target", "b"]) == 0
    header, *numbers = capsys.readouterr().out.split()
    assert (header, len(numbers)) == ("number", 300)
    assert np.corrcoef(np.array(numbers, float), np.arange(300) ** 2)[0, 1] > 0.7


def test_objectives_of_numbers(table, capsys):
    (table / "many.csv").write_text("a,b\n" + "".join(f"{i},{i * i}\n" for i in range(300)))
    for objective, what in (
        ("poisson", "the Poisson deviance (always the mean: "),
        ("quantile:0.9", "the pinball loss (always the same quantile: "),
        ("absolute_error", "the mean distance (always the median: "),
    ):
        assert main(["find", "many.csv", "--numbers", *FAST, "--objective", objective]) == 0
        printed = capsys.readouterr().out
        assert what in printed
        assert "R²" not in printed
        assert ("(asked for: 90.0 %)" in printed) == (objective == "quantile:0.9")
    for options, message in (
        ("--objective accuracy", "objective takes squared_error, absolute_error"),
        ("--objective quantile:2", "objective takes 'quantile:LEVEL' with a level between 0"),
        ("--prune train", "prune takes None for numbers"),
    ):
        assert main(["find", "many.csv", "--numbers", *FAST, *options.split()]) == 2
        assert message in capsys.readouterr().err


def test_large_numbers_are_found_and_shown_to_their_last_digits(table, capsys):
    rows = [f"{i},{1_700_000_000 + i}" for i in range(300)]
    (table / "times.csv").write_text("\n".join(["a,b", *rows]) + "\n")
    assert main(["find", "times.csv", "--numbers", *FAST, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["test_r2"] > 0.9
    assert main(["show", "times.ticket"]) == 0
    shown = next(line for line in capsys.readouterr().out.splitlines() if "* output" in line)
    offset = Ticket.load("times.ticket").head.offset[0]
    assert float(shown.split()[1]) == pytest.approx(offset, abs=0.01)


def test_several_numbers_for_each_row(table, capsys):
    numbers = np.arange(200.0)
    np.savez(table / "rows.npz", X=numbers[:, None], y=np.stack([numbers, -numbers], axis=1))
    assert main(["find", "rows.npz", "--numbers", *FAST]) == 0
    capsys.readouterr()
    assert main(["predict", "rows.ticket", "rows.npz"]) == 0
    assert capsys.readouterr().out.startswith("number_1,number_2\n")


@pytest.mark.parametrize("command", ["compare diabetes --seeds 1", "landscape diabetes"])
def test_commands_for_classes_refuse_numbers(table, capsys, command):
    assert main(command.split()) == 2
    assert "diabetes has numbers to predict, not classes" in capsys.readouterr().err


def test_clusters_of_rows_with_numbers_are_not_held_against_them(table, capsys):
    command = "find diabetes --labels none --clusters 2 --json"
    assert main([*command.split(), *FAST]) == 0
    assert "test_accuracy" not in json.loads(capsys.readouterr().out)

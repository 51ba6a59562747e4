# find --compare-simple: what is told of simple models, when a ticket is not needed, and refusals.
from __future__ import annotations

import json
import subprocess
import sys

import joblib
import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from scratchcard import Ticket
from scratchcard.cli import main
from scratchcard.cli.simple import sentence, simple_lines
from scratchcard.datasets import load

SHORT = ("--hidden", "10", "--generations", "2", "--jobs", "1", "--compare-simple")


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def found(capsys, *arguments: str):
    """Run find with both kinds of output; return the values and the text."""
    assert main(["find", *arguments, *SHORT, "--json"]) == 0
    values = json.loads(capsys.readouterr().out)
    assert main(["find", *arguments, *SHORT]) == 0
    return values, capsys.readouterr().out


def test_classes(capsys):
    values, text = found(capsys, "iris")
    assert list(values["simple"]) == ["tree", "logistic_regression", "commonest_class"]
    tree = values["simple"]["tree"]
    assert f"{tree['depth']} deep with {tree['leaves']} leaves, by validation rows" in text
    assert values["simple"]["commonest_class"]["test_accuracy"] == values["majority_accuracy"]
    assert "logistic regression  97.4 % of the test rows\n" in text
    assert " here" in text.split("\n")[-2]


def test_numbers(capsys):
    values, text = found(capsys, "diabetes")
    assert list(values["simple"]) == ["tree", "ridge", "mean"]
    assert values["simple"]["ridge"]["test_r2"] == pytest.approx(0.353, abs=0.001)
    assert "ridge regression  R² 0.353 on the test rows\n" in text


def test_a_teacher_says_what_is_right_for_simple_models_too(capsys):
    data = load("iris")
    forest = RandomForestClassifier(10, random_state=0).fit(*data.train)
    joblib.dump(forest, "forest.joblib")
    values, _ = found(capsys, "iris", "--labels", "teacher:forest.joblib", "--trust")
    assert all("test_agreement" in model for model in values["simple"].values())
    assert values["simple"]["tree"]["test_agreement"] > 0.8


def test_without_the_option_nothing_is_told(capsys):
    assert main(["find", "iris", "--hidden", "5", "--generations", "1", "--json"]) == 0
    assert "simple" not in json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("digits", "--labels", "none", "--clusters", "10"), "takes labels that say what is right"),
        (("diabetes", "--objective", "quantile:0.9"), "it takes --objective squared_error, got qu"),
    ],
)
def test_refusals(capsys, arguments, message):
    assert main(["find", *arguments, "--compare-simple"]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert f"scratchcard: --compare-simple {'compares' if 'R²' in err else 'takes'}" in err
    assert message in err


def report(ticket: float, tree: tuple[float, str], linear: tuple[float, str]) -> dict:
    return {
        "goal": "classes",
        "test_accuracy": ticket,
        "rows": {"test": 1234},
        "simple": {
            "tree": {"test_accuracy": tree[0], "verdict": tree[1], "depth": 2, "leaves": 3},
            "logistic_regression": {"test_accuracy": linear[0], "verdict": linear[1]},
        },
    }


@pytest.mark.parametrize(
    ("tree", "linear", "text"),
    [
        ((0.8, "worse"), (0.85, "worse"), ""),
        ((0.99, "better"), (0.85, "worse"),
         "A plain tree is better here: 99.0 %, the ticket 90.0 %."),
        ((0.89, "as good"), (0.9, "as good"),
         "Logistic regression is as good here, as far as 1,234 test rows can tell: 90.0 %, the "
         "ticket 90.0 %."),
    ],
)  # fmt: skip
def test_one_sentence_where_a_ticket_is_not_needed(tree, linear, text):
    assert sentence(report(0.9, tree, linear)) == text


def test_an_interrupted_comparison_says_so():
    values = report(0.9, (0, ""), (0, "")) | {"simple": {}}
    assert simple_lines(values) == [("simple models", "not fitted: interrupted")]
    assert sentence(values) == ""


def test_for_real():
    command = [sys.executable, "-m", "scratchcard", "find", "moons", *SHORT]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[-2].startswith("A plain tree is better here: ")
    ticket, data = Ticket.load("moons.ticket"), load("moons")
    accuracy = np.mean(ticket.predict(data.test.X) == data.test.y)
    assert f"the ticket {100 * accuracy:.1f} %." in done.stdout

# Simple models beside a ticket's answers, and what rows can tell of the difference.
from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from scratchcard.datasets import load
from scratchcard.insight import Split, beside_simple
from scratchcard.insight.simple import _verdict


def split_of(name: str) -> Split:
    data = load(name)
    return Split(data.train, data.validation, data.test)


def test_classes():
    split = split_of("iris")
    tree, linear, constant = beside_simple(split, split.test.y, numbers=False)
    assert [tree.name, linear.name, constant.name] == [
        "tree", "logistic_regression", "commonest_class",
    ]  # fmt: skip
    assert tree.settings["leaves"] >= 3
    scaler = StandardScaler().fit(split.train.X)
    model = LogisticRegression().fit(scaler.transform(split.train.X), split.train.y)
    assert linear.test_score == model.score(scaler.transform(split.test.X), split.test.y)
    labels, counts = np.unique(split.train.y, return_counts=True)
    assert constant.test_score == np.mean(split.test.y == labels[counts.argmax()])
    assert constant.verdict == "worse"


def test_numbers():
    split = split_of("diabetes")
    nothing = np.full(len(split.test.y), split.train.y.mean())
    tree, linear, constant = beside_simple(split, nothing, numbers=True)
    assert (tree.name, linear.name, constant.name) == ("tree", "ridge", "mean")
    assert linear.test_score > 0.3
    assert linear.verdict == "better"
    assert constant.verdict == "as good"


def test_several_numbers_count_alike_whatever_their_unit():
    split = split_of("diabetes")
    parts = [part._replace(y=np.column_stack([part.y, 1e6 * part.y])) for part in split]
    right = parts[2].y.copy()
    models = beside_simple(Split(*parts), right, numbers=True)
    assert {model.verdict for model in models} == {"worse"}
    plain = beside_simple(split, split.test.y, numbers=True)
    assert models[1].test_score == pytest.approx(plain[1].test_score)


def test_it_ends_when_asked_to():
    split = split_of("iris")

    def names(most: int) -> tuple[list[str], int]:
        """The models that are fitted until the question whether to stop was asked so often."""
        asked = []

        def stop() -> bool:
            asked.append(1)
            return len(asked) > most

        found = beside_simple(split, split.test.y, numbers=False, stop=stop)
        return [model.name for model in found], len(asked)

    assert names(0) == ([], 1)
    assert names(2) == ([], 3)
    _, all_times = names(1000)
    assert names(all_times - 1) == (["tree"], all_times)


@pytest.mark.parametrize(
    ("more", "verdict"),
    [
        ([0, 0, 0], "as good"),
        ([1, -1, 0, 0], "as good"),
        ([1] * 3 + [0] * 35, "as good"),  # three rows may be luck
        ([1] * 10 + [0] * 28, "worse"),
        ([-1] * 10 + [0] * 28, "better"),
        ([1, 1, 1], "worse"),
    ],
)
def test_what_rows_can_tell(more, verdict):
    assert _verdict(np.array(more, dtype=float)) == verdict

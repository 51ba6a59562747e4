"""heads/classes.py: what outputs mean where each stands for a class."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchcard.ticket.codec import ByteReader, TicketError
from scratchcard.ticket.heads import Classes
from ticket_strategies import classes


@given(st.data(), st.integers(1, 5))
def test_round_trip(data: st.DataObject, n_classes: int) -> None:
    head = data.draw(classes(n_classes))
    reader = ByteReader(head.encode())
    again = Classes.decode(reader, n_classes)
    assert reader.left == 0
    assert again == head
    assert hash(again) == hash(head)
    assert again.labels.tolist() == head.labels.tolist()
    assert again.temperature == head.temperature


@given(st.data(), st.integers(1, 5), st.integers(0, 99))
def test_labels_are_targets_and_targets_are_predicted(
    data: st.DataObject, n_classes: int, seed: int
) -> None:
    head = data.draw(classes(n_classes))
    targets = np.random.default_rng(seed).integers(0, n_classes, 20)
    y = head.labels[targets]
    assert head.targets(y).tolist() == targets.tolist()
    outputs = np.eye(n_classes, dtype=np.int64)[targets]
    assert head.predict(outputs).tolist() == y.tolist()
    assert head.score(outputs, y) == 1.0


def test_a_count_of_classes_is_labels_from_zero() -> None:
    assert Classes(3) == Classes([0, 1, 2])
    assert Classes(3).labels.tolist() == [0, 1, 2]
    assert Classes(3) != Classes([1, 2, 3])
    assert Classes(3) != Classes(3, 0.5)
    assert Classes(3) != [0, 1, 2]


def test_a_label_that_is_no_class_is_named() -> None:
    head = Classes(["yes", "no"])
    with pytest.raises(ValueError, match="y takes the labels 'yes', 'no', got 'maybe'"):
        head.targets(["no", "maybe"])
    with pytest.raises(ValueError, match="y takes the labels 0, 1, got 2"):
        Classes(2).targets([0, 1, 2])
    with pytest.raises(ValueError, match="y takes the labels 0, 1"):
        Classes(2).targets(["a"])


def test_the_score_is_the_accuracy() -> None:
    outputs = np.array([[1, 0], [0, 1], [2, 2], [-5, -4]])
    assert Classes(["a", "b"]).score(outputs, ["a", "a", "a", "b"]) == 0.75


@pytest.mark.parametrize(
    ("temperature", "message"),
    [
        (0.0, "temperature takes a number above 0"),
        (-1.0, "temperature takes a number above 0"),
        (np.nan, "temperature takes a number above 0"),
        (np.inf, "temperature takes a number above 0"),
        (1e39, "temperature takes a number above 0 that float32 holds"),
        (1e-60, "temperature takes a number above 0 that float32 holds"),
        (10**400, "temperature takes a number above 0 that float32 holds"),
        ("1", "temperature takes a number above 0, got '1'"),
        (True, "temperature takes a number above 0, got True"),
        (None, "temperature takes a number above 0, got None"),
        (1j, "temperature takes a number above 0, got 1j"),
    ],
)
def test_temperatures_refused(temperature: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Classes(10, temperature)


@pytest.mark.parametrize("labels", [0, -1, [], ["a", "a"], [1, "a"], [np.nan], 65537])
def test_labels_refused(labels: Any) -> None:
    with pytest.raises(ValueError, match="classes takes"):
        Classes(labels)


@pytest.mark.parametrize("temperature", [0.0, -1.0, np.nan, np.inf])
def test_temperatures_refused_in_a_file(temperature: float) -> None:
    data = np.array([temperature], "<f4").tobytes() + b"\0"
    with pytest.raises(TicketError, match="the temperature must be"):
        Classes.decode(ByteReader(data), 2)

# Judged: accuracy and confusions of classes, R² and errors of numbers.
from __future__ import annotations

import numpy as np
import pytest

from columns import random_ticket
from scratchcard.datasets import Part
from scratchcard.insight import columns_of, judged
from scratchcard.insight import judging as module
from scratchcard.ticket import Classes, Numbers

X = np.random.default_rng(0).normal(size=(80, 5))


def test_classes_and_what_they_are_taken_for():
    ticket = random_ticket((5, 20, 3), 0.5, head=Classes(["b", "a", "c"]))
    said = ticket.predict(X)
    right = np.roll(said, 1)
    found = judged(ticket, columns_of(ticket), Part(X, right))
    assert found.score == np.mean(said == right)
    assert found.confusion.labels.tolist() == ["b", "a", "c"]
    for i, label in enumerate(found.confusion.labels):
        for j, answer in enumerate(found.confusion.labels):
            both = np.sum((right == label) & (said == answer))
            assert found.confusion.counts[i, j] == both
    assert found.mean_absolute_error is None


def test_of_many_classes_those_that_occur_are_listed(monkeypatch):
    monkeypatch.setattr(module, "MOST_CLASSES", 3)
    ticket = random_ticket((5, 20, 8), 0.5)
    said = ticket.predict(X)
    found = judged(ticket, columns_of(ticket), Part(X, said))
    assert found.confusion.labels.tolist() == np.unique(said).tolist()
    assert found.confusion.counts.sum() == len(X)


def test_numbers():
    ticket = random_ticket((5, 20, 2), 0.5, head=Numbers.of(np.array([[1.0, 2.0], [3.0, 9.0]])))
    right = ticket.predict(X) + 0.5
    found = judged(ticket, columns_of(ticket), Part(X, right))
    assert found.confusion is None
    assert found.mean_absolute_error == pytest.approx(0.5)
    assert found.score == ticket.score(X, right)


def test_what_does_not_suit_the_ticket_is_refused():
    ticket = random_ticket((5, 20, 3), 0.5)
    with pytest.raises(ValueError, match="X takes 5 features, got 4"):
        judged(ticket, columns_of(ticket), Part(X[:, :4], ticket.predict(X)))
    with pytest.raises(ValueError, match="y takes the labels 0, 1, 2, got 7"):
        judged(ticket, columns_of(ticket), Part(X, np.full(80, 7)))

"""Folds: every row is held back once, and rows are dealt by what they are."""

from __future__ import annotations

import numpy as np
import pytest

from scratchcard.rows import Rows
from scratchcard.rows.folds import count_of, folds


def rows_of(n_rows: int, n_values: int, n_classes: int = 2, seed: int = 0) -> Rows:
    random = np.random.default_rng(seed)
    inputs = random.integers(0, n_values, (n_rows, 3)).astype(np.int16)
    return Rows(inputs, random.integers(0, n_classes, n_rows))


def weighed(rows: Rows) -> dict[bytes, int]:
    """Return what each different row weighs."""
    found: dict[bytes, int] = {}
    for row, target, weight in zip(rows.inputs, rows.targets, rows.weights, strict=True):
        key = row.tobytes() + target.tobytes()
        found[key] = found.get(key, 0) + int(weight)
    return found


def together(*parts: Rows) -> dict[bytes, int]:
    found: dict[bytes, int] = {}
    for part in parts:
        for key, weight in weighed(part).items():
            found[key] = found.get(key, 0) + weight
    return found


@pytest.mark.parametrize("n_values", [2, 100])
def test_each_row_is_held_back_once(n_values):
    rows = rows_of(200, n_values)
    dealt = folds(rows, 4, 10_000, 0)
    assert len(dealt) == 4
    assert together(*(held for _, held in dealt)) == weighed(rows)
    for searched, held in dealt:
        assert together(searched, held) == weighed(rows)


def test_a_row_of_weight_3_is_three_rows_in_any_order():
    rows = rows_of(60, 4)
    weights = np.random.default_rng(1).integers(0, 4, 60)
    heavy = Rows(rows.inputs, rows.targets, weights)
    order = np.random.default_rng(2).permutation(np.repeat(np.arange(60), weights))
    written = Rows(rows.inputs[order], rows.targets[order])
    assert count_of(heavy) == count_of(written)
    for one, other in zip(folds(heavy, 4, 100, 0), folds(written, 4, 100, 0), strict=True):
        assert [*map(weighed, one)] == [*map(weighed, other)]


def test_classes_are_spread():
    rows = Rows(np.arange(100, dtype=np.int16)[:, None], (np.arange(100) < 8).astype(np.int64))
    for _, held in folds(rows, 4, 1000, 0):
        assert held.targets.sum() == 2


def test_a_row_that_is_written_often_is_on_both_sides():
    inputs = np.concatenate((np.zeros(300), np.arange(1, 41))).astype(np.int16)[:, None]
    rows = Rows(inputs, np.zeros(340, dtype=np.int64))
    for searched, held in folds(rows, 4, 1000, 0):
        assert (held.inputs == 0).any()
        assert (searched.inputs == 0).any()
        assert 40 < held.total_weight < 150


def test_scaled_weights_are_no_counts():
    rows = rows_of(50, 1000)
    scaled = Rows(rows.inputs, rows.targets, np.full(50, 1024))
    assert count_of(scaled) == count_of(rows) == 50
    for searched, held in folds(scaled, 4, 1000, 0):
        assert not weighed(searched).keys() & weighed(held).keys()


def test_of_many_rows_some_are_drawn():
    dealt = folds(rows_of(5000, 1000), 4, 2000, 0)
    assert sum(len(held) for _, held in dealt) == 2000


def test_too_few_rows_are_not_dealt():
    assert folds(rows_of(6, 1000), 4, 2000, 0) == []


def test_numbers_are_dealt_too():
    inputs = np.arange(40, dtype=np.int16)[:, None]
    rows = Rows(inputs, np.arange(-20, 20)[:, None] * 1000)
    dealt = folds(rows, 4, 2000, 0)
    assert sorted(np.concatenate([held.inputs[:, 0] for _, held in dealt])) == list(range(40))

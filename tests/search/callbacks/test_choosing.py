# Choosing: which mask of a population is returned.
from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from scratchcard.rows import Rows
from scratchcard.search.callbacks import Choosing
from scratchcard.search.task import Individual
from scratchcard.ticket import Classes, Mask, Network

NETWORK = Network.dense((3, 4, 2), seed=1)


def population(n, seed):
    random = np.random.default_rng(seed)
    masks = [Mask.random(NETWORK.layers, 0.5, random).flat() for _ in range(n)]
    return [Individual(mask, 0.1 * place) for place, mask in enumerate(masks)]


def validation():
    inputs = np.random.default_rng(9).integers(-127, 128, (60, 3))
    labels = NETWORK.outputs(Mask.full(NETWORK.layers), inputs).argmax(axis=1)
    return Rows(inputs, labels)


def scores(rows, individuals):
    """Accuracies, by the definition."""
    return [
        np.mean(
            NETWORK.outputs(Mask.from_flat(NETWORK.layers, one.mask), rows.inputs).argmax(axis=1)
            == rows.targets
        )
        for one in individuals
    ]


def chosen(choosing, generations):
    """The masks that are kept after each of these populations."""
    kept = []
    for number, individuals in enumerate(generations):
        loop = SimpleNamespace(individuals=individuals, generation=number)
        if number == 0:
            choosing.on_start(loop)
        else:
            choosing.on_generation(loop)
        kept.append(choosing.individual.mask)
    return kept


def test_of_equals_the_first_of_a_population_is_chosen():
    rows = Rows([[0, 0, 0]], [0])
    individuals = population(5, 0)
    twice = [individuals[0], individuals[0], individuals[1]]
    (mask,) = chosen(Choosing(NETWORK, rows, Classes(2)), [twice])
    best = int(np.argmax(scores(rows, twice)))
    assert np.array_equal(mask, twice[best].mask)


def test_what_is_kept_gives_way_only_to_a_better_one():
    """Of equals that come one after the other the first is kept, or the last population counts."""
    rows, first, other = Rows([[0, 0, 0]], [0]), population(1, 0), population(1, 3)
    assert scores(rows, first) == scores(rows, other)
    assert not np.array_equal(first[0].mask, other[0].mask)
    kept = chosen(Choosing(NETWORK, rows, Classes(2), keep_best=True), [first, other])
    assert all(np.array_equal(mask, first[0].mask) for mask in kept)
    last = chosen(Choosing(NETWORK, rows, Classes(2)), [first, other])
    assert np.array_equal(last[-1], other[0].mask)


@pytest.mark.parametrize("keep_best", [False, True])
def test_the_highest_score_on_validation_rows_is_chosen(keep_best):
    rows = validation()
    generations = [population(4, seed) for seed in range(12)]
    choosing = Choosing(NETWORK, rows, Classes(2), keep_best)
    kept = chosen(choosing, generations)
    best_yet, expected = -1.0, None
    for individuals, mask in zip(generations, kept, strict=True):
        found = scores(rows, individuals)
        if not keep_best or max(found) > best_yet:
            expected, best_yet = individuals[int(np.argmax(found))].mask, max(found)
        assert np.array_equal(mask, expected)
    assert choosing.score == max(max(scores(rows, one)) for one in generations)


def test_without_validation_rows_the_best_is_chosen_and_a_copy_is_kept():
    individuals = population(3, 0)
    choosing = Choosing(NETWORK, None, Classes(2))
    chosen(choosing, [individuals])
    before = individuals[0].mask.copy()
    individuals[0].mask[:] ^= 1  # a search goes on changing its masks
    assert np.array_equal(choosing.individual.mask, before)


def test_what_is_kept_survives_a_resumed_search():
    rows = validation()
    choosing, again = (Choosing(NETWORK, rows, Classes(2), keep_best=True) for _ in range(2))
    chosen(choosing, [population(4, seed) for seed in range(4)])
    again.restore(choosing.state())
    assert np.array_equal(again.individual.mask, choosing.individual.mask)
    assert (again.score, again.improved) == (choosing.score, choosing.improved)
    assert again.individual.objective == choosing.individual.objective

"""What every engine computes of every objective: what the network's own outputs say."""

from __future__ import annotations

import numpy as np
import pytest

from rows_apart import dense_network, random_rows
from scratchcard import Mask, Rows
from scratchcard.objectives import bits_per_output
from scratchcard.ticket import Lines, Reading
from scratchcard.ticket.heads.numbers import UNIT

TEMPERATURE = 2.0**-17


class Case:
    """A network, rows of different weights, an engine, and masks that differ in a few bits."""

    def __init__(self, engine, objective, **families) -> None:
        self.network = dense_network(5, 7, 4, 3, seed=6, **families)
        rows = random_rows(self.network, 70, seed=1)
        self.rows = Rows(rows.inputs, rows.targets, np.arange(70) % 4)
        self.reading: Reading = TEMPERATURE
        if objective.answers == "numbers":
            numbers = np.random.default_rng(5).gamma(2.0, UNIT, (70, 3)).astype(np.int64)
            self.rows = self.rows.with_targets(numbers)
            self.reading = Lines((TEMPERATURE, -TEMPERATURE, 0.0), (0.0, 1.0, -1.0))
        self.objective = objective
        self.engine = engine(self.network, self.rows, objective, self.reading)
        random = np.random.default_rng(2)
        first = Mask.random(self.network.layers, 0.5, random).flat()
        self.masks = np.tile(first, (5, 1))
        for k, mask in enumerate(self.masks):
            mask[random.permutation(mask.size)[: 3 * k]] ^= 1

    def expected(self, mask) -> list[int]:
        """Return the sums of the statistics, from the outputs of the network."""
        outputs = self.network.outputs(Mask.from_flat(self.network.layers, mask), self.rows.inputs)
        scale = self.objective.tempering.scale(self.reading)
        if self.objective.answers == "classes":
            assert scale == bits_per_output(TEMPERATURE)
        found = self.objective.statistics(outputs, self.rows.targets, self.rows.weights, scale)
        return found.tolist()


def test_a_state_has_the_sums_of_its_mask(engine, objective, families):
    case = Case(engine, objective, **families)
    for mask in case.masks:
        state = case.engine.state(mask)
        assert case.engine.sums(state).tolist() == case.expected(mask)
        assert np.array_equal(state.mask, mask)


def test_many_masks_have_the_sums_of_each(engine, objective):
    case = Case(engine, objective)
    expected = [case.expected(mask) for mask in case.masks]
    near = case.engine.state(case.masks[0])
    assert case.engine.evaluate(case.masks).tolist() == expected
    assert case.engine.evaluate(case.masks, near).tolist() == expected
    assert case.engine.evaluate(case.masks, n_jobs=2).tolist() == expected


def test_a_trial_flips_nothing_and_applying_it_does(engine, objective):
    case = Case(engine, objective)
    state = case.engine.state(case.masks[0])
    for mask in case.masks[1:]:
        flips = np.flatnonzero(mask != case.masks[0])
        assert case.engine.trial(state, flips).tolist() == case.expected(mask)
        assert np.array_equal(state.mask, case.masks[0])
        assert case.engine.sums(state).tolist() == case.expected(case.masks[0])
        assert case.engine.sums(case.engine.derive(state, mask)).tolist() == case.expected(mask)
    case.engine.apply(state, flips)
    assert case.engine.sums(state).tolist() == case.expected(mask)
    assert np.array_equal(state.mask, mask)


def test_values_are_those_of_the_objective(engine, objective):
    case = Case(engine, objective)
    sums = case.engine.evaluate(case.masks)
    values = [objective.value(one, case.rows.total_weight) for one in sums]
    assert case.engine.values(sums).tolist() == values
    assert [case.engine.value(one) for one in sums] == values
    assert np.isfinite(values).all()


def test_a_row_of_weight_two_is_the_row_twice_and_one_of_none_is_not_there(engine, objective):
    case = Case(engine, objective)
    at = np.random.default_rng(3).permutation(np.repeat(np.arange(70), case.rows.weights))
    repeated = Rows(case.rows.inputs[at], case.rows.targets[at])
    other = engine(case.network, repeated, objective, case.reading)
    found = [[one.value(sums) for sums in one.evaluate(case.masks)] for one in (case.engine, other)]
    assert found[0] == found[1]


def test_all_of_this_holds_for_numbers(engine, number_objective, families):
    case = Case(engine, number_objective, **families)
    expected = [case.expected(mask) for mask in case.masks]
    assert case.engine.evaluate(case.masks).tolist() == expected
    assert case.engine.evaluate(case.masks, case.engine.state(case.masks[0])).tolist() == expected
    test_a_trial_flips_nothing_and_applying_it_does(engine, number_objective)
    test_values_are_those_of_the_objective(engine, number_objective)
    test_a_row_of_weight_two_is_the_row_twice_and_one_of_none_is_not_there(engine, number_objective)


def test_rows_of_another_network_are_refused(engine, objective):
    network = dense_network(4, 3, 2)
    with pytest.raises(ValueError, match="4 features, got 5"):
        engine(network, random_rows(dense_network(5, 3), 9, seed=0), objective, TEMPERATURE)

# Trials: the evidence of a race.
from __future__ import annotations

import numpy as np
import pytest

from scratchcard.engines.incremental.trial import sum_of_squares


@pytest.mark.parametrize("n_rows", [1, 2, 3, 16, 47, 1008])
def test_squares_of_a_race_add_up_to_those_of_all_rows(n_rows):
    random = np.random.default_rng(n_rows)
    new, old = random.integers(-(1 << 20), 1 << 20, (2, n_rows)).astype(np.int32)
    weights = random.integers(0, 1025, n_rows).astype(np.int32)
    found = sum_of_squares(new, old, weights, np.empty(n_rows, dtype=np.float32))
    exact = ((weights * (new.astype(np.float64) - old)) ** 2).sum()
    assert found == pytest.approx(exact, rel=1e-5)

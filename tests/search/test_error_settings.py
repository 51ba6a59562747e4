# NumPy's error settings are the user's, and no search depends on them.
from __future__ import annotations

import numpy as np
import pytest

from scratchcard import Limits, evolve
from scratchcard.datasets import load
from scratchcard.find import Search


@pytest.mark.parametrize("algorithm", ["memetic", "genetic"])
def test_a_search_where_every_floating_point_error_raises(algorithm):
    search = Search(load("iris"), hidden=(8,), algorithm=algorithm)
    problem = search.problem
    limits = Limits(evaluations=2000)
    expected = evolve(problem.network, problem.train, problem.validation, limits=limits)
    with np.errstate(all="raise"):
        found = evolve(problem.network, problem.train, problem.validation, limits=limits)
        report = (
            Search(load("iris"), hidden=(8,), algorithm=algorithm, limits=limits).run().report()
        )
        assert np.geterr()["under"] == "raise"
    assert found.mask == expected.mask
    assert report["stopped_by"] == "evaluations"

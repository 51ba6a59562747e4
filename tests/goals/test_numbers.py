# NumberGoal: tickets are judged by what their numbers are to be.
from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import (
    mean_absolute_error,
    mean_pinball_loss,
    mean_poisson_deviance,
    mean_squared_error,
)

from scratchcard import Limits
from scratchcard.datasets import Dataset, Part
from scratchcard.find import find
from scratchcard.goals.numbers import best_constant, mean_loss

METRICS = {
    "squared_error": mean_squared_error,
    "absolute_error": mean_absolute_error,
    "quantile": lambda y, found: mean_pinball_loss(y, found, alpha=0.5),
    "quantile:0.9": lambda y, found: mean_pinball_loss(y, found, alpha=0.9),
    "poisson": lambda y, found: mean_poisson_deviance(y.ravel(), found.ravel()),
}


@pytest.fixture
def counts():
    """Rows with numbers from 0 that their features say something of."""
    random = np.random.default_rng(0)

    def part(n):
        X = random.normal(size=(n, 3))
        return Part(X, random.poisson(np.exp(X[:, 0])).astype(float))

    return Dataset("counts", part(300), part(60), part(80), answers="numbers")


@pytest.mark.parametrize("loss", METRICS)
def test_losses_are_scikit_learn_s_and_no_constant_has_less(loss):
    random = np.random.default_rng(1)
    y = random.poisson(2.0, (101, 2)).astype(float)
    answers = random.gamma(2.0, size=(101, 2))
    assert mean_loss(loss, answers, y) == pytest.approx(METRICS[loss](y, answers))
    best = best_constant(loss, y)
    least = mean_loss(loss, best, y)
    for step in (-0.2, 0.2):
        assert mean_loss(loss, best + step, y) >= least


@pytest.mark.parametrize("loss", METRICS)
def test_the_report_has_the_loss_beside_that_of_the_best_constant(loss, counts):
    limits = Limits(generations=3)
    settings = {"hidden": (10,), "max_density": 0.5, "limits": limits, "objective": loss}
    found = find(counts, **settings)
    report, answers = found.report(), found.ticket.predict(counts.test.X)
    y = counts.test.y
    assert report["test_loss"] == pytest.approx(METRICS[loss](y, answers))
    constant = np.full(len(y), best_constant(loss, counts.train.y[:, None])[0])
    assert report["test_loss_of_constant"] == pytest.approx(METRICS[loss](y, constant))
    trained = METRICS[loss](counts.train.y, found.ticket.predict(counts.train.X))
    assert report["train_loss"] == pytest.approx(trained)
    assert report["test_r2"] == pytest.approx(found.ticket.score(*counts.test))
    if loss.startswith("quantile"):
        assert report["level"] == (0.9 if loss.endswith("9") else 0.5)
        assert report["test_share_not_above"] == np.mean(y <= answers)
    else:
        assert "level" not in report

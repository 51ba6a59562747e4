# TicketClassifier: scikit-learn's own checks, and what they do not look at.
from __future__ import annotations

from sklearn.utils.estimator_checks import parametrize_with_checks

from scratchcard import Memetic, TicketClassifier

SMALL = Memetic(max_density=0.5, population=2, burst=300)


def small(**settings):
    """Return a classifier whose search is short."""
    return TicketClassifier(
        **{"hidden_layer_sizes": (20,), "algorithm": SMALL, "max_iter": 5, "random_state": 0}
        | settings
    )


@parametrize_with_checks([small(max_iter=10, max_evaluations=6000)])
def test_check(estimator, check):
    check(estimator)

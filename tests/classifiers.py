"""Classifiers whose searches are short. Several tests use them."""

from __future__ import annotations

from scratchcard import Memetic, TicketClassifier

SHORT = Memetic(max_density=0.5, population=2, burst=300)


def small(**settings):
    """Return a classifier whose search is short."""
    defaults = {"hidden_layer_sizes": 20, "algorithm": SHORT, "max_iter": 5, "random_state": 0}
    return TicketClassifier(**(defaults | settings))

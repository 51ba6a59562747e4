"""Estimators: the search with the face of a scikit-learn estimator."""

from __future__ import annotations

from scratchcard.estimators.classifier import TicketClassifier
from scratchcard.estimators.clusterer import TicketClusterer
from scratchcard.estimators.regressor import TicketRegressor

__all__ = ["TicketClassifier", "TicketClusterer", "TicketRegressor"]

"""The search as scikit-learn estimators."""

from __future__ import annotations

from scratchcard.estimators.classifier import TicketClassifier

__all__ = ["TicketClassifier"]

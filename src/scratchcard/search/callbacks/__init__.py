"""Callbacks: what is done beside a search, after each of its generations. A new one is a file."""

from __future__ import annotations

from scratchcard.search.callbacks.base import Callback
from scratchcard.search.callbacks.calling import Calling
from scratchcard.search.callbacks.checkpoint import Checkpoint
from scratchcard.search.callbacks.choosing import Choosing
from scratchcard.search.callbacks.early_stopping import EarlyStopping

__all__ = ["Callback", "Calling", "Checkpoint", "Choosing", "EarlyStopping"]

"""Targets: who says what a row should be. A new kind is a file here; it is handed to the loop."""

from __future__ import annotations

from scratchcard.search.targets.base import Targets
from scratchcard.search.targets.given import Given

__all__ = ["Given", "Targets"]

"""Engines: what computes the objective of a mask. ``dense`` is the truth, ``incremental`` fast."""

from __future__ import annotations

from scratchcard.engines.dense import DenseEngine
from scratchcard.engines.incremental.engine import IncrementalEngine
from scratchcard.rows.rows import Rows, integer_weights

ENGINES = {"incremental": IncrementalEngine, "dense": DenseEngine}
"""Engines by name; all show the face of :class:`DenseEngine`."""

__all__ = ["ENGINES", "DenseEngine", "IncrementalEngine", "Rows", "integer_weights"]

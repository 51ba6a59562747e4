"""Ours, and the truth: the dense engine, NumPy products of float64, one candidate at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scratchcard.engines import DenseEngine
from scratchcard.objectives import get_objective

from ..cases import Case
from ..timing import per_second
from .base import Contender


class DenseContender(Contender):
    """Random candidates, each computed afresh; hidden units that feed nothing are skipped."""

    name = "scratchcard, dense engine"
    detail = "NumPy"

    def __init__(self, case: Case) -> None:
        super().__init__(case)
        objective = get_objective("cross_entropy")
        self.engine = DenseEngine(case.network, case.rows, objective, case.temperature)
        self.pool = case.masks(16)
        self.at = 0

    def losses(self, masks: NDArray[np.uint8]) -> NDArray[Any]:
        """Exact, up to the quantum at which rows are summed."""
        return np.array([self.engine.value(sums) for sums in self.engine.evaluate(masks)])

    def rate(self, seconds: float) -> float:
        """Candidates per second."""
        return per_second(self._next, seconds)

    def _next(self) -> int:
        self.at = (self.at + 1) % len(self.pool)
        self.engine.evaluate(self.pool[self.at : self.at + 1])
        return 1

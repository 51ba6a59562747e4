"""What a contender shows: a name, its rate, and what it computes, so that it can be checked."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..cases import Case

ROW_BLOCKS = (512, 2048, 8192)
POPULATIONS = (1, 4, 16)  # candidates computed at once
TUNING_ROWS = 8192
BUSY = 4e9  # weights times rows in a generation of a peer, about


class Contender(ABC):
    """One who decides candidates of a case."""

    name: str
    detail: str = ""

    def __init__(self, case: Case) -> None:
        self.case = case

    @abstractmethod
    def rate(self, seconds: float) -> float:
        """Candidates decided per second, measured for about so long."""

    def losses(self, masks: NDArray[np.uint8]) -> NDArray[Any] | None:
        """Mean cross-entropy of flat masks, (n, n_weights) -> (n,); None if it shows none."""
        return None

    @property
    def population(self) -> int:
        """A population of which a generation takes a second or so."""
        return int(np.clip(BUSY / (len(self.case.rows) * self.case.network.n_weights), 8, 128))

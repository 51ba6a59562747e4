"""What targets are: who says what a row should be, and when that is asked anew."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from scratchcard.ticket import Mask, Network

__all__ = ["Targets"]


class Targets(Protocol):
    """Says what the network should answer for each of the rows that are searched."""

    def first(self) -> NDArray[np.int64]:
        """Return the targets to begin with, (n_rows,)."""
        ...

    def is_due(self, generation: int) -> bool:
        """Return whether to ask :meth:`renewed` before this generation, the first being 1."""
        ...

    def renewed(self, network: Network, mask: Mask) -> NDArray[np.int64]:
        """Return new targets, (n_rows,), now that this mask is the best."""
        ...

"""Given targets: labels that are known, and stay."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scratchcard.ticket import Mask, Network


class Given:
    """Targets that are known from the beginning.

    Parameters
    ----------
    targets : ndarray of shape (n_rows,)
        Integers: of classes their indices.
    """

    def __init__(self, targets: NDArray[np.int64]) -> None:
        self.targets = targets

    def first(self) -> NDArray[np.int64]:
        """Return the targets, (n_rows,)."""
        return self.targets

    def is_due(self, generation: int) -> bool:
        """Return False: nothing changes."""
        return False

    def renewed(self, network: Network, mask: Mask) -> NDArray[np.int64]:
        """Return the same targets."""
        return self.targets

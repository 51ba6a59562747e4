"""Given targets: labels that are known from the beginning and do not change."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class Given:
    """Targets that are known from the beginning and do not change.

    Parameters
    ----------
    targets : ndarray of shape (n_rows,), int64
        Integers from 0; for classes, their indices.
    """

    def __init__(self, targets: NDArray[np.int64]) -> None:
        self.targets = targets

    def first(self) -> NDArray[np.int64]:
        """Return the targets.

        Returns
        -------
        ndarray of shape (n_rows,), int64
            Integers from 0.
        """
        return self.targets

    def is_due(self, generation: int) -> bool:
        """Return False, because the targets do not change.

        Parameters
        ----------
        generation : int
            Ignored.

        Returns
        -------
        bool
            False.
        """
        return False

    def renewed(self, outputs: NDArray[np.int64], temperature: float) -> NDArray[np.int64]:
        """Return the same targets.

        Parameters
        ----------
        outputs : ndarray of shape (n_rows, n_outputs), int64
            Ignored.
        temperature : float
            Ignored.

        Returns
        -------
        ndarray of shape (n_rows,), int64
            Integers from 0.
        """
        return self.targets

"""The protocol of targets: what the network should answer for each row, and when that changes."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Targets"]


class Targets(Protocol):
    """Says what the network should answer for each of the rows that are searched."""

    def first(self) -> NDArray[np.int64]:
        """Return the targets to begin with.

        Returns
        -------
        ndarray of shape (n_rows,), int64
            Integers from 0.
        """
        ...

    def is_due(self, generation: int) -> bool:
        """Return whether to ask :meth:`renewed` before a generation.

        Parameters
        ----------
        generation : int
            The generation, the first being 1.

        Returns
        -------
        bool
            Whether there are new targets.
        """
        ...

    def renewed(self, outputs: NDArray[np.int64], temperature: Any) -> NDArray[np.int64]:
        """Return new targets for the rows.

        Parameters
        ----------
        outputs : ndarray of shape (n_rows, n_outputs), int64
            What the best individual answers for each row.
        temperature : Reading
            How the search reads outputs: for classes nats of logit per unit of output.

        Returns
        -------
        ndarray of shape (n_rows,), int64
            Integers from 0.
        """
        ...

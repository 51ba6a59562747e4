"""Many rows, which engines cut into blocks and searches read by windows. Several tests use them."""

from __future__ import annotations

import numpy as np

from scratchcard.rows import Rows


def many_rows(n_rows: int, n_features: int = 16, seed: int = 0) -> Rows:
    """Rows of three noisy classes."""
    random = np.random.default_rng(seed)
    centres = random.integers(-60, 61, (3, n_features))
    targets = random.integers(0, 3, n_rows)
    noise = random.integers(-60, 61, (n_rows, n_features))
    return Rows(centres[targets] + noise, targets)

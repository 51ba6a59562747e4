# The incremental engine: which rows come into which block.
from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from scratchcard.engines import IncrementalEngine
from scratchcard.objectives import OBJECTIVES
from scratchcard.rows import Rows
from scratchcard.ticket.network import Network


@given(st.integers(0, 2**32 - 1), st.integers(1, 200))
def test_rows_come_into_the_same_blocks_in_whatever_order(seed, n_rows):
    random = np.random.default_rng(seed)
    network = Network.dense((3, 4, 2))
    inputs = random.integers(-2, 3, (n_rows, 3))
    targets, weights = random.integers(0, 2, n_rows), random.integers(1, 4, n_rows)
    order = random.permutation(n_rows)
    one, other = (
        IncrementalEngine(
            network,
            Rows(inputs[rows], targets[rows], weights[rows]),
            OBJECTIVES["accuracy"],
            1.0,
            block_rows=32,
        ).data
        for rows in (np.arange(n_rows), order)
    )
    for name in ("inputs", "targets", "weights"):
        assert np.array_equal(getattr(one, name), getattr(other, name))


def test_copies_of_a_row_do_not_share_a_block():
    random = np.random.default_rng(0)
    kinds = random.integers(-9, 10, (8, 5))
    which = random.integers(0, 8, 4000)
    rows = Rows(kinds[which], which % 3)
    engine = IncrementalEngine(Network.dense((5, 4, 3)), rows, OBJECTIVES["accuracy"], 1.0, 256)
    for b in range(engine.n_blocks):
        block = engine.data.inputs[b].T[engine.data.weights[b] > 0]
        assert len(np.unique(block, axis=0)) == 8

# Windows: what catches up is what is computed afresh.
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from many_rows import many_rows
from scratchcard.engines import IncrementalEngine
from scratchcard.engines.incremental.windows import WindowedState
from scratchcard.objectives import OBJECTIVES
from scratchcard.ticket.layers import Conv2d, Dense
from scratchcard.ticket.network import Network

NETWORKS = [
    Network.dense((16, 9, 5, 3), seed=1),
    Network(
        [Conv2d(4, 3, pool=2), Dense(5), Dense(3)], (1, 4, 4), seed=1, weights="signed_constant"
    ),
]


@pytest.mark.parametrize("name", ["cross_entropy", "macro_f1"])
@given(data=st.data())
@settings(max_examples=20)
def test_what_catches_up_is_what_is_computed_afresh(name, data):
    random = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    network = data.draw(st.sampled_from(NETWORKS))
    engine = IncrementalEngine(network, many_rows(150), OBJECTIVES[name], 1e-3, block_rows=32)
    n_blocks = engine.n_blocks
    state = WindowedState(engine, (random.random(network.n_weights) < 0.3).astype(np.uint8))
    alone = engine.threads(1)[0]
    for _ in range(6):
        length = int(random.integers(1, n_blocks + 1))
        start = int(random.integers(0, n_blocks - length + 1))
        window = slice(start, start + length)
        flips = random.integers(0, network.n_weights, random.integers(0, 30))
        state.mask[flips] ^= 1
        if random.random() < 0.3:
            engine.temper(engine.temperature * 2)
        state.catch_up(window, alone)
        job, part = state.open(window, alone)
        afresh = engine.state(state.mask)
        planes = [*range(3), 6]  # of the classes and of the target
        for kept in ("sums", "quanta"):
            expected, found = getattr(afresh, kept)[window, 0], getattr(part, kept)[:, 0]
            assert np.array_equal(expected, found)
        hidden = slice(network.layers[0].units if network.layers[0].geometry else 0, None)
        assert np.array_equal(afresh.hidden[window, 0, hidden], part.hidden[:, 0, hidden])
        if network.has_maps:
            assert np.array_equal(afresh.maps.sums[window], part.maps.sums)
            assert np.array_equal(afresh.maps.bytes[window], part.maps.bytes)
            assert np.array_equal(afresh.maps.values[window], part.maps.values)
        assert np.array_equal(afresh.outputs[window][:, planes], part.outputs[:, planes])
        assert np.array_equal(afresh.exps[window, :3], part.exps[:, :3])
        assert job.data.total_weight == engine.data.weights[window].sum()

"""packed.py: bits found, counted and changed where they lie, as NumPy does it unpacked."""

from __future__ import annotations

import numpy as np
import pytest

from scratchcard.ticket.packed import PIECE, clear_ones, count_ones, ones, set_ones, unpacked

N = 3 * PIECE + 13
SPANS = [(0, N), (5, N - 3), (PIECE - 1, PIECE + 1), (17, 18), (24, 24), (PIECE + 3, 3 * PIECE)]


@pytest.fixture(params=[0.0, 1e-4, 0.01, 0.5, 1.0])
def bits(request: pytest.FixtureRequest) -> np.ndarray:
    return np.random.default_rng(0).random(N) < request.param


@pytest.mark.parametrize(("start", "stop"), SPANS)
def test_reading(bits: np.ndarray, start: int, stop: int) -> None:
    packed = np.packbits(bits)
    assert np.array_equal(unpacked(packed, start, stop), bits[start:stop])
    assert count_ones(packed, start, stop) == np.count_nonzero(bits[start:stop])
    found = [np.zeros(0, int), *ones(packed, start, stop)]
    assert np.array_equal(np.concatenate(found), np.flatnonzero(bits[start:stop]))
    assert max(map(len, found)) <= PIECE


def test_changing(bits: np.ndarray) -> None:
    chosen = np.flatnonzero(np.random.default_rng(1).random(N) < 0.3)
    for change, value in ((set_ones, True), (clear_ones, False)):
        packed, expected = np.packbits(bits), bits.copy()
        change(packed, chosen)
        expected[chosen] = value
        assert np.array_equal(packed, np.packbits(expected))

"""rice.py: codes written and read over many pieces, and parameters that make them long enough."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchcard.ticket.codec import TicketError
from scratchcard.ticket.packed import PIECE
from scratchcard.ticket.rice import RiceReader, code_sizes, rice_parameters, write_codes


def code(gaps: np.ndarray, k: int) -> str:
    """Return the code of gaps as text, straight from its definition."""
    low = (format(gap & ((1 << k) - 1), f"0{k}b") if k else "" for gap in gaps.tolist())
    return "".join(
        "0" * (gap >> k) + "1" + bits for gap, bits in zip(gaps.tolist(), low, strict=True)
    )


@pytest.mark.parametrize("k", [0, 1, 2, 3, 7, 13, 31])
def test_codes_over_many_pieces(k: int) -> None:
    rng = np.random.default_rng(k)
    gaps = rng.geometric(0.6 / (1 << k), 3 * PIECE // (k + 2)) - 1
    gaps[len(gaps) // 2] = (3 * PIECE) << min(k, 20)  # many zeros, perhaps of several pieces
    text, start = code(gaps, k), 5
    stream = np.zeros(-(-(start + len(text)) // 8), np.uint8)
    assert write_codes(stream, start, gaps, k) == start + len(text)
    assert "".join(map(str, np.unpackbits(stream).tolist())).rstrip("0") == (
        "0" * start + text
    ).rstrip("0")
    assert code_sizes(gaps)[k] == len(text)
    expected, size = np.cumsum(gaps + 1) - 1, int(gaps.sum()) + gaps.size
    reader = RiceReader(stream.tobytes())
    reader.position = start
    assert np.array_equal(np.concatenate(list(reader.survivors(gaps.size, k, size))), expected)
    assert reader.position == start + len(text)
    reader.close()
    reader.position = start
    with pytest.raises(TicketError, match="does not have"):
        list(reader.survivors(gaps.size, k, size - 1))
    reader.position = start
    with pytest.raises(TicketError, match="ends inside"):
        list(reader.survivors(gaps.size + 8, k, 1 << 60))


@given(
    st.lists(st.lists(st.integers(0, 300), min_size=1, max_size=8), min_size=1, max_size=4),
    st.integers(0, 2000),
)
def test_parameters_that_are_long_enough(listed: list[list[int]], least: int) -> None:
    sizes = [code_sizes(np.array(gaps)) for gaps in listed]
    chosen = rice_parameters(sizes, least)
    best = [of.index(min(of)) for of in sizes]
    total = sum(of[k] for of, k in zip(sizes, chosen, strict=True))
    assert total >= min(least, sum(map(max, sizes)))
    if sum(map(min, sizes)) >= least:
        assert chosen == best
    fewest = sum(map(min, sizes))
    alone = [fewest - min(of) + size for of in sizes for size in of]
    enough = [size for size in alone if size >= least]
    if enough:  # one layer alone can make up for what is missing: by no more than that takes
        assert total == max(fewest, min(enough))

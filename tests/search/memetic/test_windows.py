# Windows of a search: ever more blocks of rows, and none left out.
from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scratchcard.search.memetic.windows import Windows


@given(
    n_blocks=st.integers(1, 60),
    first_rows=st.integers(1, 5000),
    steps=st.integers(1, 40),
)
def test_windows_grow_to_all_rows_and_leave_none_out(n_blocks, first_rows, steps):
    windows = Windows(n_blocks, n_blocks * 100, first_rows)
    seen = [windows.next(k / steps) for k in range(steps)]
    lengths = [window.stop - window.start for window in seen]
    assert lengths == sorted(lengths)
    assert windows.next(1.0) == slice(0, n_blocks)
    assert all(0 <= window.start < window.stop <= n_blocks for window in seen)
    again = Windows(n_blocks, n_blocks * 100, first_rows)
    rounds = [again.next(0.5) for _ in range(2 * n_blocks)]
    assert set().union(*(range(w.start, w.stop) for w in rounds)) == set(range(n_blocks))

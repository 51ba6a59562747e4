"""Windows: which blocks of rows are read next, ever more of them, one run after the other."""

from __future__ import annotations


class Windows:
    """Says which run of blocks is read next; the runs grow until one holds all blocks.

    Parameters
    ----------
    n_blocks, n_rows : int
        Blocks and rows of the engine.
    first_rows : int
        About how many rows the first windows have.
    """

    def __init__(self, n_blocks: int, n_rows: int, first_rows: int) -> None:
        self.n_blocks = n_blocks
        self.first = min(n_blocks, max(1, round(first_rows * n_blocks / n_rows)))
        self.at = 0

    def next(self, fraction: float) -> slice:
        """Return the next window when this share of the search is over; 1 gives all blocks."""
        growth = (self.n_blocks / self.first) ** min(max(fraction, 0.0), 1.0)
        length = round(self.first * growth)
        length = min(self.n_blocks, length + length % 2)  # two threads get as many blocks each
        if self.at == self.n_blocks:
            self.at = 0
        start = min(self.at, self.n_blocks - length)
        self.at = start + length
        return slice(start, start + length)

"""Neighbours: which rows are most alike, as a graph along which answers are averaged."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scratchcard.checks import as_int

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["Neighbours"]

SHIFTS = ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0))  # by which an image is like its copies
PIECE = 4096  # rows whose neighbours are looked up at once
DISTANCES = 1 << 22  # distances between rows that are kept at once

IMAGE_COPIES = 3  # nearest copies that are looked up for each neighbour, because images repeat

Integers = NDArray[np.integer[Any]]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Neighbours:
    """A graph of rows: each leads to the rows that are most like it.

    Parameters
    ----------
    graph : scipy.sparse.csr_array of shape (n_rows, n_others)
        How much each of the other rows counts for a row; each row adds up to 1.
    """

    graph: csr_array

    @classmethod
    def of(
        cls,
        inputs: Integers,
        k: int,
        others: Integers | None = None,
        images: bool = False,
    ) -> Neighbours:
        """Find the ``k`` rows that are nearest to each row.

        The graph depends on neither the order in which rows of the same distance are found nor the
        number of threads that look for them. Of rows that are all as far as the one after the
        ``k``-th, none counts. Where all of the nearest are that far, as in rows of few different
        values, the next ``k`` of them count: those whose indices follow the row's own, and after
        the last index the first.

        Parameters
        ----------
        inputs : ndarray of shape (n_rows, n_features) of integers
            The rows.
        k : int
            Neighbours of a row, at least 0.
        others : ndarray of shape (n_others, n_features) of integers, or None
            The rows among which neighbours are looked for. None for the rows themselves: then each
            also counts as its own neighbour, and neighbours count both ways.
        images : bool
            Whether rows are square images, which are like their copies shifted by a pixel.

        Returns
        -------
        Neighbours
            The graph.
        """
        from scipy.sparse import csr_array, eye_array

        k = as_int("k", k, 0, 1 << 16)
        are_own = others is None
        pool = inputs if others is None else others
        k = min(k, len(pool) - are_own)
        rows, found = _nearest(inputs, pool, k, are_own, images)
        ones = np.ones(len(rows))
        graph = csr_array((ones, (rows, found)), shape=(len(inputs), len(pool)))
        if are_own:
            graph = (graph + graph.T) * 0.5 + eye_array(len(inputs))
        graph = csr_array(graph)
        graph.sort_indices()
        total = graph.sum(axis=1)
        graph.data /= np.repeat(np.maximum(total, 1e-12), np.diff(graph.indptr))
        return cls(graph)

    def averaged(self, answers: Floats, steps: int = 1) -> Floats:
        """Return each row's answers averaged over its neighbours, step after step.

        Parameters
        ----------
        answers : ndarray of shape (n_others, n_outputs)
            Answers.
        steps : int
            How often; after the second, neighbours of neighbours count too, and so on.

        Returns
        -------
        ndarray of shape (n_rows, n_outputs)
            The averages.
        """
        for _ in range(steps):
            answers = self.graph @ answers
        return answers


def _nearest(
    inputs: Integers, pool: Integers, k: int, are_own: bool, images: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return pairs of a row and one of its ``k`` nearest rows of the pool, in order.

    Squared distances are sums of integers that float64 holds exactly, so that ties are ties.
    """
    from sklearn.neighbors import NearestNeighbors

    copies = _shifted(pool) if images else pool
    # Among the nearest are the row itself, and several copies of the same image.
    wanted = (IMAGE_COPIES * k if images else k) + len(copies) // len(pool) * are_own + 1
    search = NearestNeighbors(n_neighbors=min(wanted, len(copies)))
    search.fit(copies.astype(np.float32))
    rows, found = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for start in range(0, len(inputs), PIECE):
        part = inputs[start : start + PIECE].astype(np.float32)
        far, which = search.kneighbors(part)
        which = which % len(pool)
        numbers = np.arange(start, start + len(part))
        is_other = which != numbers[:, None] if are_own else np.ones(which.shape, bool)
        if images:
            is_other &= _are_first(which)
        is_close = _closest(far, is_other, k, is_all=len(copies) <= wanted)
        row, place = np.nonzero(is_close)
        rows.append(numbers[row])
        found.append(which[row, place])
        alone = np.flatnonzero(~is_close.any(axis=1)) if k > 0 else numbers[:0]
        step = max(1, DISTANCES // len(pool))
        for first in range(0, len(alone), step):
            some = numbers[alone[first : first + step]]
            row, tied = _next_tied(_squares(inputs[some], copies, len(pool)), some, k, are_own)
            rows.append(some[row])
            found.append(tied)
    return np.concatenate(rows), np.concatenate(found)


def _squares(inputs: Integers, copies: Integers, n_pool: int) -> Floats:
    """Return squared distances less each row's own square, (n_rows, n_pool).

    Of several copies of a row of the pool, which stand ``n_pool`` apart, the nearest counts. Sums
    are of integers that float64 holds exactly, in whatever order they are added.
    """
    rows = inputs.astype(np.float64)
    found = np.full((len(rows), n_pool), np.inf)
    for first in range(0, len(copies), n_pool):
        for start in range(0, n_pool, PIECE):
            piece = copies[first + start : first + min(start + PIECE, n_pool)].astype(np.float64)
            squares = (piece * piece).sum(axis=1) - 2.0 * (rows @ piece.T)
            kept = found[:, start : start + len(piece)]
            np.minimum(kept, squares, out=kept)
    return found


def _next_tied(
    squares: Floats, numbers: NDArray[np.int64], k: int, are_own: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return pairs of a line of distances and one of the ``k`` nearest after the row's own index.

    The first would be the same for all lines, and so in the middle of every cluster.
    """
    n_pool = squares.shape[1]
    if are_own:
        squares[np.arange(len(squares)), numbers] = np.inf
    steps = (np.arange(n_pool) - numbers[:, None] - 1) % n_pool
    steps[squares > squares.min(axis=1, keepdims=True)] = n_pool
    which = np.sort(np.argpartition(steps, k - 1, axis=1)[:, :k], axis=1)
    row, place = np.nonzero(np.take_along_axis(steps, which, axis=1) < n_pool)
    return row, which[row, place]


def _shifted(rows: Integers) -> Integers:
    """Return square images, and then the same images shifted by a pixel to each side."""
    side = math.isqrt(rows.shape[1])
    images = rows.reshape(-1, side, side)
    copies = [np.roll(images, shift, (1, 2)).reshape(rows.shape) for shift in SHIFTS]
    return np.concatenate(copies)


def _are_first(which: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return whether no number to the left in the same line is the same, (n_lines, n)."""
    order = np.argsort(which, axis=1, kind="stable")
    ordered = np.take_along_axis(which, order, axis=1)
    is_new = np.ones(which.shape, bool)
    is_new[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    found = np.empty_like(is_new)
    np.put_along_axis(found, order, is_new, axis=1)
    return found


def _closest(far: Floats, is_other: NDArray[np.bool_], k: int, is_all: bool) -> NDArray[np.bool_]:
    """Return which of the rows found, (n_lines, n), nearest first, are a line's ``k`` nearest.

    Of those that are all as far as the one after the last, none is. Unless all rows were found,
    nor is one as far as the last found: which of several such rows it is depends on threads.
    """
    rank = np.cumsum(is_other, axis=1)
    beyond = np.where(rank > k, far, np.inf).min(axis=1)
    if not is_all:
        beyond = np.minimum(beyond, far[:, -1])
    found: NDArray[np.bool_] = is_other & (rank <= k) & (far < beyond[:, None])
    return found

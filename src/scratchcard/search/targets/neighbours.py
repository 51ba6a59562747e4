"""Neighbours: which rows are most alike, as a graph along which answers are averaged."""

from __future__ import annotations

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
        inputs: NDArray[np.integer[Any]],
        k: int,
        others: NDArray[np.integer[Any]] | None = None,
        images: bool = False,
    ) -> Neighbours:
        """Find the ``k`` rows that are nearest to each row.

        The graph depends on neither the order in which rows of the same distance are found nor the
        number of threads that look for them: of rows that are all as far as the one after the
        ``k``-th, none counts.

        Parameters
        ----------
        inputs : ndarray of shape (n_rows, n_features) of integers
            The rows.
        k : int
            Neighbours of a row.
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

        k = as_int("k", k, 1, 1 << 16)
        are_own = others is None
        pool = inputs if others is None else others
        k = min(k, len(pool) - are_own)
        rows, found = _nearest(inputs, pool, k, are_own, images)
        ones = np.ones(len(rows))
        graph = csr_array((ones, (rows, found)), shape=(len(inputs), len(pool)))
        graph.data[:] = 1.0
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
    inputs: NDArray[np.integer[Any]],
    pool: NDArray[np.integer[Any]],
    k: int,
    are_own: bool,
    images: bool,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return pairs of a row and one of its ``k`` nearest rows of the pool, in order."""
    from sklearn.neighbors import NearestNeighbors

    copies = [pool]
    if images:
        side = int(np.sqrt(pool.shape[1]))
        images_of = pool.reshape(-1, side, side)
        copies = [np.roll(images_of, shift, (1, 2)).reshape(pool.shape) for shift in SHIFTS]
    everything = np.concatenate(copies).astype(np.float32)
    # A row finds itself and all of its own copies first.
    wanted = min(k * (1 if not images else 3) + len(copies) * are_own + 1, len(everything))
    search = NearestNeighbors(n_neighbors=wanted).fit(everything)
    pairs = []
    for start in range(0, len(inputs), PIECE):
        part = inputs[start : start + PIECE].astype(np.float32)
        far, which = search.kneighbors(part)
        which = which % len(pool)
        here = np.arange(start, start + len(part))
        for row, distances, others in zip(here, far, which, strict=True):
            pairs.append(_chosen(row, distances, others, k, are_own))
    rows = np.repeat(np.arange(len(inputs)), [len(part) for part in pairs])
    return rows, np.concatenate(pairs)


def _chosen(
    row: int, distances: Floats, others: NDArray[np.int64], k: int, are_own: bool
) -> NDArray[np.int64]:
    """Return the k nearest different rows, in order of their number; ties at the end are left."""
    if are_own:
        kept = others != row
        distances, others = distances[kept], others[kept]
    different, first = np.unique(others, return_index=True)
    nearest = distances[first]  # distances come in increasing order
    if len(different) <= k:
        return different
    limit = np.partition(nearest, k)[k]
    closer = different[nearest < limit]
    return closer if len(closer) else np.sort(different)[:k]

"""Draws random masks, and finds the best of very many: how good a mask is found by luck alone."""

from __future__ import annotations

import heapq
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from scratchcard.engines import IncrementalEngine
from scratchcard.objectives import Objective
from scratchcard.rows import Rows, shuffled
from scratchcard.search import search_temperature
from scratchcard.ticket import Mask, Network

MAX_ROWS_OF_FIRST_ROUND = 4096  # all masks are compared on these, only the best on all rows
FINALISTS = 32  # the best masks of the first round, which are compared on all rows
# Most masks, and most bytes of masks, that a thread draws and evaluates at once.
MAX_MASKS_AT_ONCE, MAX_BYTES_AT_ONCE = 16, 1 << 26

FlatMask = NDArray[np.uint8]  # (n_weights,)


def best_of_random(
    network: Network,
    train: Rows,
    kept: Sequence[int],
    *,
    objective: Objective,
    evaluations: int,
    seconds: float | None = None,
    seed: int = 0,
    n_jobs: int = 1,
) -> tuple[Mask, int]:
    """Return the best of very many random masks on the training rows.

    All are compared on the same 4,096 training rows, or on all if there are fewer; the 32 best of
    them are compared on all training rows.

    Parameters
    ----------
    network : Network
        The network that the masks are for.
    train : Rows
        Training rows.
    kept : sequence of int
        Survivors in each layer.
    objective : Objective
        What decides which is best.
    evaluations : int
        How many masks are drawn.
    seconds : float or None
        How long they may be drawn; a few are drawn in any case.
    seed : int
        Seed of all draws.
    n_jobs : int
        Threads; the result does not depend on them.

    Returns
    -------
    tuple of Mask and int
        The best mask, and how many were drawn.
    """
    temperature = search_temperature(network, train, sum(kept) / network.n_weights)
    screen = IncrementalEngine(network, _sample(train), objective, temperature)
    lengths = [layer.n_weights for layer in network.layers]
    size = max(1, min(MAX_MASKS_AT_ONCE, MAX_BYTES_AT_ONCE // network.n_weights))

    def best_of_batch(start: int) -> list[tuple[float, int, FlatMask]]:
        rng = np.random.default_rng([seed, start])  # so that the draws do not depend on threads
        numbers = range(start, min(start + size, evaluations))
        masks = np.array([scattered(lengths, kept, rng) for _ in numbers])
        values = [screen.value(sums) for sums in screen.evaluate(masks)]
        return heapq.nsmallest(FINALISTS, zip(values, numbers, masks, strict=True), key=_order)

    finalists: list[tuple[float, int, FlatMask]] = []
    deadline = time.perf_counter() + (np.inf if seconds is None else seconds)
    with ThreadPoolExecutor(n_jobs) as threads:
        for round_ in _rounds(range(0, evaluations, size), n_jobs):
            for found in threads.map(best_of_batch, round_):
                finalists = heapq.nsmallest(FINALISTS, [*finalists, *found], key=_order)
            tried = min(round_[-1] + size, evaluations)
            if time.perf_counter() > deadline:
                break
    judge = IncrementalEngine(network, train, objective, temperature)
    masks = np.array([flat for _, _, flat in finalists])
    best = int(np.argmin([judge.value(sums) for sums in judge.evaluate(masks)]))
    return Mask.from_flat(network.layers, masks[best]), tried


def scattered(lengths: Sequence[int], kept: Sequence[int], rng: np.random.Generator) -> FlatMask:
    """Return a flat mask whose pieces have exactly as many survivors as asked for, anywhere.

    Parameters
    ----------
    lengths : sequence of int
        Length of each piece.
    kept : sequence of int
        Survivors in each piece.
    rng : numpy.random.Generator
        Draws the places.

    Returns
    -------
    ndarray of shape (n_weights,), uint8
        The mask.
    """
    flat = np.zeros(sum(lengths), np.uint8)
    start = 0
    for length, count in zip(lengths, kept, strict=True):
        flat[start + rng.choice(length, count, replace=False, shuffle=False)] = 1
        start += length
    return flat


def _order(candidate: tuple[float, int, FlatMask]) -> tuple[float, int]:
    return candidate[:2]


def _rounds(starts: range, n_jobs: int) -> Iterator[range]:
    """Yield the batches that threads evaluate before the clock is read again."""
    for i in range(0, len(starts), n_jobs):
        yield starts[i : i + n_jobs]


def _sample(rows: Rows) -> Rows:
    if len(rows) <= MAX_ROWS_OF_FIRST_ROUND:
        return rows
    first = shuffled(rows)[:MAX_ROWS_OF_FIRST_ROUND]
    return Rows(rows.inputs[first], rows.targets[first], rows.weights[first])

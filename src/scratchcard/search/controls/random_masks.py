"""Random masks with so many survivors, and the best of very many: how far luck alone gets."""

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
from scratchcard.search.temperature import search_temperature
from scratchcard.ticket.mask import Mask
from scratchcard.ticket.network import Network

SCREEN_ROWS = 4096  # random masks are compared on so many training rows, the best then on all
FINALISTS = 32
BATCH = 16  # masks that a thread draws and reads at once
BATCH_BYTES = 1 << 26

Flat = NDArray[np.uint8]


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
    """The best of very many random masks on the training rows, and how many were drawn.

    kept : survivors in each layer. seconds : a limit by the clock; at least one batch is drawn.

    All are compared on the same 4,096 training rows, or all if there are fewer; the 32 best of
    them on all training rows.
    """
    temperature = search_temperature(network, train, sum(kept) / network.n_weights)
    screen = IncrementalEngine(network, _sample(train), objective, temperature)
    lengths = [out * into for out, into in network.shapes]
    size = max(1, min(BATCH, BATCH_BYTES // network.n_weights))

    def read(start: int) -> list[tuple[float, int, Flat]]:
        rng = np.random.default_rng([seed, start])  # of its own: threads do not change the draws
        numbers = range(start, min(start + size, evaluations))
        masks = np.array([scattered(lengths, kept, rng) for _ in numbers])
        values = [screen.value(sums) for sums in screen.evaluate(masks)]
        return heapq.nsmallest(FINALISTS, zip(values, numbers, masks, strict=True), key=_rank)

    finalists: list[tuple[float, int, Flat]] = []
    deadline = time.perf_counter() + (np.inf if seconds is None else seconds)
    with ThreadPoolExecutor(n_jobs) as threads:
        for round_ in _rounds(range(0, evaluations, size), n_jobs):
            for found in threads.map(read, round_):
                finalists = heapq.nsmallest(FINALISTS, [*finalists, *found], key=_rank)
            tried = min(round_[-1] + size, evaluations)
            if time.perf_counter() > deadline:
                break
    judge = IncrementalEngine(network, train, objective, temperature)
    masks = np.array([flat for _, _, flat in finalists])
    best = int(np.argmin([judge.value(sums) for sums in judge.evaluate(masks)]))
    return Mask.from_flat(network.layers, masks[best]), tried


def scattered(lengths: Sequence[int], kept: Sequence[int], rng: np.random.Generator) -> Flat:
    """A flat random mask whose pieces of these lengths have exactly so many survivors."""
    flat = np.zeros(sum(lengths), np.uint8)
    start = 0
    for length, count in zip(lengths, kept, strict=True):
        flat[start + rng.choice(length, count, replace=False, shuffle=False)] = 1
        start += length
    return flat


def _rank(candidate: tuple[float, int, Flat]) -> tuple[float, int]:
    return candidate[:2]


def _rounds(starts: range, n_jobs: int) -> Iterator[range]:
    """Batches that threads read before the clock is looked at again."""
    for i in range(0, len(starts), n_jobs):
        yield starts[i : i + n_jobs]


def _sample(rows: Rows) -> Rows:
    if len(rows) <= SCREEN_ROWS:
        return rows
    first = shuffled(rows)[:SCREEN_ROWS]
    return Rows(rows.inputs[first], rows.targets[first], rows.weights[first])

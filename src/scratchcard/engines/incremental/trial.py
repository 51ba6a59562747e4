"""Trials: what a set of flips changes, and nothing else. The compiled centre of the engine.

Everything works on one block of rows at a time, unit-major: one unit's numbers for all rows of a
block lie next to each other, so every inner loop is a plain vector loop. A flip touches the unit it
leads into; from there its change travels along surviving connections only.

What runs once per trial allocates nothing and is compiled without reference counts (``_nrt``):
counting every view of a row up and down took a fifth of the time of a trial.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scratchcard.compiled.cache import jit
from scratchcard.compiled.vectors import add, copy, fill, weighted_total
from scratchcard.engines.incremental.maps import change_maps
from scratchcard.engines.incremental.propagation import propagate, refresh
from scratchcard.engines.incremental.state import Place
from scratchcard.engines.incremental.threads import (
    BAD_STATISTIC,
    STOPPED,
    barrier,
    message,
    next_round,
)
from scratchcard.engines.incremental.wiring import count_maps
from scratchcard.objectives.base import Block


class Race(NamedTuple):
    """When a trial may end before it has read all blocks."""

    limit: float  # the trial ends if the sum of the one statistic grows by more; inf: no race
    z: float  # by how many standard errors the change must be above the limit


NO_RACE = Race(np.inf, 0.0)
FIRST_STAGE = 2  # blocks that a race reads before it first looks at its limit
# Places of the words in a message; CHANGE and SQUARES are the evidence of a race.
CHANGE, SQUARES, STOP, SUMS = 0, 1, 2, 3
# Sums of squares are integer multiples of SQUARES_UNIT, so that their order does not matter, and
# are cut so that int64 holds those of all blocks.
SQUARES_UNIT, MOST_SQUARES = 256.0, 2.0**62


@jit(inline="always")
def add_up(job, state, b):
    """Compute the statistics of block ``b`` under trial: ``quanta[b, 1]`` and ``sums[b, 1]``."""
    n_classes = job.net.sizes[job.net.sizes.size - 1]
    sums = state.sums[b, 1, : state.trial_sums.size]
    fill(sums, 0)
    quanta = state.quanta[b, 1]
    weights = job.data.weights[b]
    status = job.block(
        Block(
            state.outputs[b],
            state.exps[b],
            state.where[b, : n_classes + 1],
            job.data.targets[b],
            weights,
            job.net.scale,
            job.net.reading,
            state.work,
            quanta,
            sums,
        )
    )
    if status != 0:
        job.threads.failed[0] = BAD_STATISTIC
    if sums.size == 1:
        sums[0] = weighted_total(quanta, weights)


@jit(_nrt=False)
def sum_of_squares(new, old, weights, work):
    """Return ``sum((weights * (new - old)) ** 2)``, from which the spread of the changes follows.

    The numbers are added up by halves in ``work``, (n_rows,) float32: these are vector loops, and
    the order is the same everywhere.
    """
    for r in range(work.size):
        d = np.float32(np.int32(new[r] - old[r])) * np.float32(weights[r])
        work[r] = d * d
    n = work.size
    while n > 1:
        half = (n + 1) >> 1
        for r in range(n - half):
            work[r] += work[half + r]
        n = half
    return np.float64(work[0])


@jit(inline="always")
def try_block(job, state, b, flips, n_flips, keeps):
    """Compute what ``flips`` would change in block ``b``, and return whether any output changes.

    If ``keeps``, maps are changed at once; the rest is by :func:`keep_block`.
    """
    place = Place(job.net, job.data, state, b)
    if not propagate(place, flips, n_flips, keeps):
        copy(state.sums[b, 1], state.sums[b, 0])
        return False
    refresh(place)
    add_up(job, state, b)
    return True


@jit(nogil=True, _nrt=False)
def trial(job, state, flips, n_flips, race):
    """Fill ``state.trial_sums`` with the statistics' sums that ``flips`` would lead to.

    Threads share the blocks. Where ``race.limit`` is finite they are read in stages, each twice as
    long as all before. The trial ends as soon as the change of the sum of the one statistic is, on
    the evidence of the rows read, above the limit by more than ``race.z`` standard errors of a
    sample drawn without replacement. Return whether it ran to the end; then the sums are exact.
    """
    data, threads = job.data, job.threads
    n_blocks, block_rows = data.weights.shape
    sums = state.trial_sums
    change = 0  # these two are integers, so that it does not matter which thread has added what
    squares = 0
    begin = 0
    while begin < n_blocks:
        end = n_blocks
        if race.limit < np.inf:
            end = min(n_blocks, max(FIRST_STAGE, 2 * begin))
        words = next_round(threads)
        words[STOP] = threads.stop[0]
        for b in range(
            begin + (threads.number - begin) % threads.n_threads, end, threads.n_threads
        ):
            if try_block(job, state, b, flips, n_flips, False) and end < n_blocks:
                new, old = state.quanta[b, 1], state.quanta[b, 0]
                found = sum_of_squares(new, old, data.weights[b], state.work[0])
                words[SQUARES] += np.int64(min(found / SQUARES_UNIT, MOST_SQUARES / n_blocks))
                words[CHANGE] += state.sums[b, 1, 0] - state.sums[b, 0, 0]
            add(words[SUMS : SUMS + sums.size], state.sums[b, 1])
        barrier(threads)
        if begin == 0:
            fill(sums, 0)
        add_messages(sums, threads)
        for number in range(threads.n_threads):
            threads.round[STOPPED] |= message(threads, number)[STOP]
        if end < n_blocks:
            for number in range(threads.n_threads):
                words = message(threads, number)
                change += words[CHANGE]
                squares += words[SQUARES]
            share = end / n_blocks
            moved = np.float64(change)
            spread = max(0.0, squares * SQUARES_UNIT - moved * moved / (end * block_rows))
            error = np.sqrt(spread * (1.0 - share)) / share
            if moved / share - race.z * error > race.limit:
                return False
        begin = end
    return True


@jit(inline="always")
def add_messages(sums, threads):
    """Add what every thread has summed up in this round to ``sums``."""
    for number in range(threads.n_threads):
        add(sums, message(threads, number)[SUMS:])


@jit(nogil=True, _nrt=False)
def sum_up(state, threads):
    """Fill ``state.trial_sums`` with the sums that are kept; every thread must call this."""
    sums = state.trial_sums
    words = next_round(threads)
    for b in range(threads.number, state.sums.shape[0], threads.n_threads):
        add(words[SUMS : SUMS + sums.size], state.sums[b, 0])
    barrier(threads)
    fill(sums, 0)
    add_messages(sums, threads)


@jit(inline="always")
def keep_block(net, state, b):
    """Keep what :func:`try_block` computed for block ``b``, but for maps."""
    n_classes = net.sizes[net.sizes.size - 1]
    moved = state.moved[b, : state.changed.size + 1]
    for m in range(moved[moved.size - 1]):
        copy(state.hidden[b, 0, moved[m]], state.hidden[b, 1, m])
    where = state.where[b, : n_classes + 1]
    outputs = state.outputs[b]
    if where[n_classes] == 2 * n_classes:
        return
    copy(outputs[2 * n_classes], outputs[where[n_classes]])
    where[n_classes] = 2 * n_classes
    for k in range(n_classes):
        if where[k] != k:
            copy(outputs[k], outputs[where[k]])
            if net.needs_exps:
                copy(state.exps[b, k], state.exps[b, where[k]])
            where[k] = k
    copy(state.quanta[b, 0], state.quanta[b, 1])
    copy(state.sums[b, 0], state.sums[b, 1])


@jit(nogil=True, _nrt=False)
def keep(job, state, flips, n_flips):
    """Make the flips of the last :func:`trial`, which must have run to the end."""
    net = job.net
    has_maps = n_flips > 0 and flips[0] < net.starts[count_maps(net.maps)]
    for b in range(job.threads.number, state.sums.shape[0], job.threads.n_threads):
        if has_maps:
            change_maps(net.maps, Place(net, job.data, state, b), flips, n_flips, True)
        keep_block(net, state, b)
    for f in range(n_flips):
        state.mask[flips[f]] ^= 1


@jit(inline="always")
def rescale_block(job, state, b):
    """Compute afresh what block ``b`` keeps beyond its outputs, at another scale of logits."""
    n_classes = job.net.sizes[job.net.sizes.size - 1]
    state.moved[b, state.changed.size] = 0
    state.where[b, n_classes] = 2 * n_classes
    for k in range(n_classes):
        state.where[b, k] = n_classes + k
        copy(state.outputs[b, n_classes + k], state.outputs[b, k])
    refresh(Place(job.net, job.data, state, b))
    add_up(job, state, b)
    keep_block(job.net, state, b)

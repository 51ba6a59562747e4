"""The compiled heart of the incremental engine: what a set of flips changes, and nothing else.

Everything works on one block of rows at a time, unit-major: one unit's numbers for all rows of a
block lie next to each other, so every inner loop is a plain vector loop. A flip touches the unit
it leads into; from there its change travels along surviving connections only.

What runs once per trial allocates nothing and is compiled without reference counts (``_nrt``):
counting every view of a row up and down took a fifth of the time of a trial.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from scratchcard.compiled.float32 import clip_scalar, exp2_scalar
from scratchcard.compiled.vectors import (
    ZERO,
    add,
    add_scaled,
    copy,
    fill,
    if_equal,
    if_greater,
    set_scaled,
    shift_right,
    weighted_total,
)
from scratchcard.engines.incremental.threads import meet, message, take_turn

RELU, STEP, SIGN = 0, 1, 2


class Net(NamedTuple):
    """The frozen network, as the kernels read it."""

    sizes: NDArray[np.int64]  # (L + 1,)
    starts: NDArray[np.int64]  # (L + 1,) start of each layer in the flat weight vector
    units: NDArray[np.int64]  # (L + 1,) start of layer l's hidden units, l = 1..L-1
    weights: NDArray[np.int8]  # (n_weights,)
    shifts: NDArray[np.int32]  # (L,) by layer of units; [0] unused
    limits: NDArray[np.int32]  # (L,)
    activation: int
    scale: np.float32  # logits in bits per unit of output
    needs_exps: bool


class Data(NamedTuple):
    """Rows in blocks; short blocks are padded with rows of weight 0."""

    inputs: NDArray[np.int16]  # (blocks, n_features, rows)
    targets: NDArray[np.int32]  # (blocks, rows)
    weights: NDArray[np.int32]  # (blocks, rows)
    total_weight: int


class Race(NamedTuple):
    """When a trial may end before it has read all blocks."""

    limit: float  # largest change of the sum of the one statistic of interest; inf: no race
    z: float  # standard errors of doubt


NO_RACE = Race(np.inf, 0.0)
FIRST_STAGE = 2  # blocks that a race reads before it first asks who is behind
CHANGE, SQUARES, SUMS = 0, 1, 2  # words of a message; the first two are evidence of a race
SQUARES_UNIT = 256.0  # squares are counted in this, as integers, so that their order is no matter
MOST_SQUARES = 2.0**62  # of which all blocks together have at most so many


class State(NamedTuple):
    """One individual: its mask and everything that is kept so that a trial is cheap.

    Planes of outputs and exps: 0..K-1 the classes, K..2K-1 those under trial; of outputs also
    2K, each row's target output, and 2K + 1 and 2K + 2, the same under trial. Where an array's
    second axis is 2, [:, 0] is kept and [:, 1] under trial. Padded: blocks lie a cache line apart,
    for threads that write to one line in turns wait for each other.
    """

    mask: NDArray[np.uint8]  # (n_weights,)
    sums: NDArray[np.int64]  # (blocks, 2, n_statistics, padded)
    quanta: NDArray[np.int32]  # (blocks, 2, rows) the one statistic of each row
    hidden: NDArray[np.int32]  # (blocks, 2, hidden units, rows) sums; under trial in moved's order
    outputs: NDArray[np.int32]  # (blocks, 2K + 3, rows)
    exps: NDArray[np.float32]  # (blocks, 2K, rows)
    where: NDArray[np.int64]  # (blocks, K + 1, padded) plane of each class, plane of the target
    moved: NDArray[np.int64]  # (blocks, hidden units + 1, padded) with a new sum; then how many
    changed: NDArray[np.int64]  # (hidden units,) scratch: those whose activation changed
    delta: NDArray[np.int32]  # (hidden units + 1, rows) scratch: change of the changed activations
    work: NDArray[np.float32]  # (2, rows) scratch
    trial_sums: NDArray[np.int64]  # (n_statistics,) result of the last trial


@njit(cache=True)
def activate(sums, out, activation, shift, limit):
    """Activations of one unit: ``out[r] = f(sums[r])``."""
    if activation == RELU:
        for r in range(out.size):
            out[r] = min(shift_right(max(sums[r], ZERO), shift), limit)
    else:
        below = ZERO if activation == STEP else np.int32(-limit)
        for r in range(out.size):
            out[r] = if_greater(sums[r], ZERO, limit, if_greater(ZERO, sums[r], below, ZERO))


@njit(cache=True)
def change(old, new, out, activation, shift, limit):
    """Change of one unit's activation, ``out[r] = f(new[r]) - f(old[r])``; whether there is any."""
    some = ZERO
    if activation == RELU:
        for r in range(out.size):
            a = min(shift_right(max(old[r], ZERO), shift), limit)
            b = min(shift_right(max(new[r], ZERO), shift), limit)
            out[r] = np.int32(b - a)
            some = np.int32(some | np.int32(b - a))
    else:
        below = ZERO if activation == STEP else np.int32(-limit)
        for r in range(out.size):
            a = if_greater(old[r], ZERO, limit, if_greater(ZERO, old[r], below, ZERO))
            b = if_greater(new[r], ZERO, limit, if_greater(ZERO, new[r], below, ZERO))
            out[r] = np.int32(b - a)
            some = np.int32(some | np.int32(b - a))
    return some != 0


@njit(cache=True)
def exponentials_and_targets(outputs, scale, exps, targets, k, old, out):
    """``exps = 2 ** clip(outputs * scale)`` and :func:`select_targets`, in one pass."""
    k = np.int32(k)
    for r in range(out.size):
        exps[r] = exp2_scalar(clip_scalar(np.float32(outputs[r]) * scale))
        out[r] = if_equal(targets[r], k, outputs[r], old[r])


@njit(cache=True)
def select_targets(targets, k, outputs, old, out):
    """``out`` = class ``k``'s outputs where the target is ``k``, ``old`` elsewhere."""
    k = np.int32(k)
    for r in range(out.size):
        out[r] = if_equal(targets[r], k, outputs[r], old[r])


@njit(inline="always")
def add_source(net, data, state, b, layer, i, w, below, above, out, scratch):
    """``out += w * (activation of unit i of this layer after the trial)``."""
    if layer == 0:
        add_scaled(out, w, data.inputs[b, i])
        return
    u = net.units[layer] + i
    activate(state.hidden[b, 0, u], scratch, net.activation, net.shifts[layer], net.limits[layer])
    add_scaled(out, w, scratch)
    for c in range(below, above):
        if state.changed[c] == u:
            add_scaled(out, w, state.delta[c])


@njit(inline="always")
def propagate(net, data, state, b, flips, n_flips):
    """Carry ``flips[:n_flips]`` (flat weight indices, sorted, distinct) through block ``b``.

    What would change goes to the arrays and planes under trial; ``moved`` and ``where`` say which
    of them count. Returns whether any output was touched.
    """
    n_layers = net.sizes.size - 1
    n_classes = net.sizes[n_layers]
    hidden = state.hidden[b, 0]
    fresh = state.hidden[b, 1]
    outputs = state.outputs[b]
    where = state.where[b, : n_classes + 1]
    moved = state.moved[b, : state.changed.size + 1]
    scratch = state.work[1].view(np.int32)
    for k in range(n_classes):
        where[k] = k
    where[n_classes] = 2 * n_classes
    first = 0  # the flips of this layer are flips[first:last]
    below = 0  # changed units of the layer below are changed[below:above]
    n_changed = 0
    n_moved = 0
    n_touched = 0
    for layer in range(n_layers):
        fan_in = net.sizes[layer]
        fan_out = net.sizes[layer + 1]
        is_output = layer == n_layers - 1
        last = first
        while last < n_flips and flips[last] < net.starts[layer + 1]:
            last += 1
        above = n_changed
        f = first
        j = 0
        while j < fan_out:
            if below == above:  # nothing arrives from below: go straight to the next flip
                if f == last:
                    break
                j = (flips[f] - net.starts[layer]) // fan_in
            row = net.starts[layer] + j * fan_in
            is_met = f < last and flips[f] < row + fan_in
            for c in range(below, above):
                is_met |= state.mask[row + state.changed[c] - net.units[layer]] != 0
            if not is_met:
                j += 1
                continue
            u = net.units[layer + 1] + j
            old = outputs[j] if is_output else hidden[u]
            new = outputs[n_classes + n_touched] if is_output else fresh[n_moved]
            is_copied = False
            for c in range(below, above):
                i = state.changed[c] - net.units[layer]
                if state.mask[row + i]:
                    if is_copied:
                        add_scaled(new, net.weights[row + i], state.delta[c])
                    else:
                        set_scaled(new, old, net.weights[row + i], state.delta[c])
                    is_copied = True
            while f < last and flips[f] < row + fan_in:
                w = np.int32(net.weights[flips[f]])
                if state.mask[flips[f]]:
                    w = np.int32(-w)
                i = flips[f] - row
                f += 1
                if layer == 0 and not is_copied:
                    set_scaled(new, old, w, data.inputs[b, i])
                else:
                    if not is_copied:
                        copy(new, old)
                    add_source(net, data, state, b, layer, i, w, below, above, new, scratch)
                is_copied = True
            if is_output:
                where[j] = n_classes + n_touched
                n_touched += 1
            else:
                moved[n_moved] = u
                n_moved += 1
                shift, limit = net.shifts[layer + 1], net.limits[layer + 1]
                delta = state.delta[n_changed]
                if change(old, new, delta, net.activation, shift, limit):
                    state.changed[n_changed] = u
                    n_changed += 1
            j += 1
        first = last
        below = above
    moved[moved.size - 1] = n_moved
    return n_touched > 0


@njit(inline="always")
def refresh(net, data, state, b):
    """Bring exps and target outputs under trial up to date after :func:`propagate`."""
    n_classes = net.sizes[net.sizes.size - 1]
    outputs = state.outputs[b]
    where = state.where[b, : n_classes + 1]
    kept = 2 * n_classes
    now = kept
    for k in range(n_classes):
        if where[k] != k:
            fresh = outputs[where[k]]
            into = kept + 2 if now == kept + 1 else kept + 1
            old, new = outputs[now], outputs[into]
            if net.needs_exps:
                exps = state.exps[b, where[k]]
                exponentials_and_targets(fresh, net.scale, exps, data.targets[b], k, old, new)
            else:
                select_targets(data.targets[b], k, fresh, old, new)
            now = into
    where[n_classes] = now


@njit(inline="always")
def add_up(block, net, data, state, b):
    """The statistics of block ``b`` under trial: ``quanta[b, 1]`` and ``sums[b, 1]``."""
    n_classes = net.sizes[net.sizes.size - 1]
    sums = state.sums[b, 1, : state.trial_sums.size]
    fill(sums, 0)
    quanta = state.quanta[b, 1]
    block(
        state.outputs[b],
        state.exps[b],
        state.where[b, : n_classes + 1],
        data.targets[b],
        data.weights[b],
        net.scale,
        state.work,
        quanta,
        sums,
    )
    if sums.size == 1:
        sums[0] = weighted_total(quanta, data.weights[b])


@njit(cache=True, _nrt=False)
def sum_of_squares(new, old, weights, work):
    """``sum((weights * (new - old)) ** 2)``, for the spread of the rows' changes.

    Added up by halves in ``work``, (rows,) float32: vector loops, and one order everywhere.
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


@njit(inline="always")
def try_block(block, net, data, state, b, flips, n_flips):
    """Compute what ``flips`` would change in block ``b``; returns whether any output."""
    if not propagate(net, data, state, b, flips, n_flips):
        copy(state.sums[b, 1], state.sums[b, 0])
        return False
    refresh(net, data, state, b)
    add_up(block, net, data, state, b)
    return True


@njit(cache=True, nogil=True, _nrt=False)
def trial(block, net, data, state, flips, n_flips, race, team):
    """Fill ``state.trial_sums`` with the statistics' sums that ``flips`` would lead to.

    The ranks of a team share the blocks. Where ``race.limit`` is finite they are read in stages,
    each twice as long as all before, and the trial ends as soon as the change of the sum of the
    one statistic is, on the evidence of the rows read, above the limit by more than ``race.z``
    standard errors of a sample drawn without replacement.
    Returns whether it ran to the end; then the sums are exact.
    """
    n_blocks, block_rows = data.targets.shape
    sums = state.trial_sums
    change = 0.0
    squares = 0.0
    begin = 0
    while begin < n_blocks:
        end = n_blocks
        if race.limit < np.inf:
            end = min(n_blocks, max(FIRST_STAGE, 2 * begin))
        words = take_turn(team)
        for b in range(begin + (team.rank - begin) % team.size, end, team.size):
            if try_block(block, net, data, state, b, flips, n_flips) and end < n_blocks:
                new, old = state.quanta[b, 1], state.quanta[b, 0]
                found = sum_of_squares(new, old, data.weights[b], state.work[0])
                words[SQUARES] += np.int64(min(found / SQUARES_UNIT, MOST_SQUARES / n_blocks))
                words[CHANGE] += state.sums[b, 1, 0] - state.sums[b, 0, 0]
            add(words[SUMS : SUMS + sums.size], state.sums[b, 1])
        meet(team)
        if begin == 0:
            fill(sums, 0)
        add_messages(sums, team)
        if end < n_blocks:
            for rank in range(team.size):
                words = message(team, rank)
                change += words[CHANGE]
                squares += words[SQUARES] * SQUARES_UNIT
            share = end / n_blocks
            spread = max(0.0, squares - change * change / (end * block_rows))
            error = np.sqrt(spread * (1.0 - share)) / share
            if change / share - race.z * error > race.limit:
                return False
        begin = end
    return True


@njit(inline="always")
def add_messages(sums, team):
    """Add what every rank has summed up in this turn."""
    for rank in range(team.size):
        add(sums, message(team, rank)[SUMS:])


@njit(cache=True, nogil=True, _nrt=False)
def sum_up(state, team):
    """Fill ``state.trial_sums`` with the sums that are kept; every rank must ask."""
    sums = state.trial_sums
    words = take_turn(team)
    for b in range(team.rank, state.sums.shape[0], team.size):
        add(words[SUMS : SUMS + sums.size], state.sums[b, 0])
    meet(team)
    fill(sums, 0)
    add_messages(sums, team)


@njit(inline="always")
def keep_block(net, state, b):
    """Keep what :func:`try_block` computed of block ``b``."""
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


@njit(cache=True, nogil=True, _nrt=False)
def keep(net, state, flips, n_flips, team):
    """Make the flips of the last :func:`trial`, which must have run to the end."""
    for b in range(team.rank, state.sums.shape[0], team.size):
        keep_block(net, state, b)
    for f in range(n_flips):
        state.mask[flips[f]] ^= 1


@njit(inline="always")
def rescale_block(block, net, data, state, b):
    """Compute afresh what is kept of block ``b`` beyond the outputs: at another scale of logits."""
    n_classes = net.sizes[net.sizes.size - 1]
    state.moved[b, state.changed.size] = 0
    state.where[b, n_classes] = 2 * n_classes
    for k in range(n_classes):
        state.where[b, k] = n_classes + k
        copy(state.outputs[b, n_classes + k], state.outputs[b, k])
    refresh(net, data, state, b)
    add_up(block, net, data, state, b)
    keep_block(net, state, b)

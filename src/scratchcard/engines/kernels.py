"""The compiled heart of the incremental engine: what a set of flips changes, and nothing else.

Everything works on one block of rows at a time, unit-major: one unit's numbers for all rows of a
block lie next to each other, so every inner loop is a plain vector loop. A flip touches the unit
it leads into; from there its change travels along surviving connections only.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from scratchcard.objectives.float32 import clip_scalar, exp2_scalar
from scratchcard.vectors import ZERO, add_scaled, copy, fill, if_equal, if_greater, shift_right

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


class State(NamedTuple):
    """One individual: its mask and everything that is kept so that a trial is cheap.

    Planes of outputs and exps: 0..K-1 the classes, K..2K-1 the same under trial; of outputs also
    2K, each row's target output, and 2K + 1 and 2K + 2, the same under trial.
    """

    mask: NDArray[np.uint8]  # (n_weights,)
    sums: NDArray[np.int64]  # (blocks, n_statistics)
    hidden: NDArray[np.int32]  # (blocks, hidden units, rows) sums before the activation
    outputs: NDArray[np.int32]  # (blocks, 2K + 3, rows)
    exps: NDArray[np.float32]  # (blocks, 2K, rows)
    delta: NDArray[np.int32]  # (hidden units, rows) scratch: change of each unit's activation
    work: NDArray[np.float32]  # (2, rows) scratch
    changed: NDArray[np.int64]  # (hidden units,) scratch: units changed, layer by layer
    where: NDArray[np.int64]  # (K + 1,) scratch: plane of each class, plane of the target
    trial_sums: NDArray[np.int64]  # (n_statistics,) scratch


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
def exponentials(outputs, scale, out):
    """``out = 2 ** clip(outputs * scale)``."""
    for r in range(out.size):
        out[r] = exp2_scalar(clip_scalar(np.float32(outputs[r]) * scale))


@njit(cache=True)
def select_targets(targets, k, outputs, old, out):
    """``out`` = class ``k``'s outputs where the target is ``k``, ``old`` elsewhere."""
    k = np.int32(k)
    for r in range(out.size):
        out[r] = if_equal(targets[r], k, outputs[r], old[r])


@njit(cache=True)
def add_source(net, data, hidden, delta, is_changed, layer, i, w, b, out, scratch):
    """``out += w * (activation of unit i of this layer after the trial)``."""
    if layer == 0:
        add_scaled(out, w, data.inputs[b, i])
        return
    u = net.units[layer] + i
    activate(hidden[u], scratch, net.activation, net.shifts[layer], net.limits[layer])
    add_scaled(out, w, scratch)
    if is_changed:
        add_scaled(out, w, delta[u])


@njit(cache=True)
def propagate(net, data, state, b, flips, n_flips, commit):
    """Carry ``flips[:n_flips]`` (flat weight indices, sorted, distinct) through block ``b``.

    Outputs under trial go to the trial planes, and ``state.where`` says which plane is now whose.
    With ``commit`` the kept numbers change too (the mask itself does not: the caller flips it
    after the last block). Returns whether any output was touched.
    """
    n_layers = net.sizes.size - 1
    n_classes = net.sizes[n_layers]
    hidden = state.hidden[b]
    outputs = state.outputs[b]
    scratch = state.work[1].view(np.int32)
    fresh = state.work[0].view(np.int32)
    for k in range(n_classes):
        state.where[k] = k
    state.where[n_classes] = 2 * n_classes
    first = 0  # the flips of this layer are flips[first:last]
    n_changed = 0  # changed units of the layer below are changed[below:n_changed]
    below = 0
    touched = False
    for layer in range(n_layers):
        fan_in = net.sizes[layer]
        fan_out = net.sizes[layer + 1]
        last = first
        while last < n_flips and flips[last] < net.starts[layer + 1]:
            last += 1
        above = n_changed
        if first == last and below == above:
            continue
        f = first
        j = 0
        while j < fan_out:
            row = net.starts[layer] + j * fan_in
            if below == above:  # nothing arrives from below: go straight to the next flip
                if f == last:
                    break
                j = (flips[f] - net.starts[layer]) // fan_in
                row = net.starts[layer] + j * fan_in
            moved = False
            if layer == n_layers - 1:
                target = outputs[n_classes + j]
                source = outputs[j]
            else:
                target = fresh
                source = hidden[net.units[layer + 1] + j]
            for c in range(below, above):
                i = state.changed[c] - net.units[layer]
                if state.mask[row + i]:
                    if not moved:
                        copy(target, source)
                        moved = True
                    add_scaled(target, net.weights[row + i], state.delta[state.changed[c]])
            while f < last and flips[f] < row + fan_in:
                i = flips[f] - row
                w = np.int32(net.weights[row + i])
                if state.mask[row + i]:
                    w = np.int32(-w)
                if not moved:
                    copy(target, source)
                    moved = True
                is_changed = False
                for c in range(below, above):
                    if state.changed[c] == net.units[layer] + i:
                        is_changed = True
                is_changed &= not commit  # else what is kept is the new activation already
                add_source(
                    net, data, hidden, state.delta, is_changed, layer, i, w, b, target, scratch
                )
                f += 1
            if moved:
                if layer == n_layers - 1:
                    touched = True
                    state.where[j] = n_classes + j
                    if commit:
                        copy(source, target)
                else:
                    u = net.units[layer + 1] + j
                    if change(
                        source,
                        target,
                        state.delta[u],
                        net.activation,
                        net.shifts[layer + 1],
                        net.limits[layer + 1],
                    ):
                        state.changed[n_changed] = u
                        n_changed += 1
                    if commit:
                        copy(source, target)
            j += 1
        first = last
        below = above
    return touched


@njit(cache=True)
def refresh(net, data, state, b, commit):
    """Bring exps and target outputs of block ``b`` up to date after :func:`propagate`."""
    n_classes = net.sizes[net.sizes.size - 1]
    outputs = state.outputs[b]
    exps = state.exps[b]
    for k in range(n_classes):
        if state.where[k] != k and net.needs_exps:
            exponentials(outputs[n_classes + k], net.scale, exps[n_classes + k])
            if commit:
                copy(exps[k], exps[n_classes + k])
    kept = 2 * n_classes
    now = kept
    for k in range(n_classes):
        if state.where[k] != k:
            into = kept + 2 if now == kept + 1 else kept + 1
            fresh = outputs[n_classes + k]
            select_targets(data.targets[b], k, fresh, outputs[now], outputs[into])
            now = into
    state.where[n_classes] = now
    if commit:
        copy(outputs[kept], outputs[now])
        for k in range(n_classes):
            state.where[k] = k
        state.where[n_classes] = kept


@njit(cache=True)
def add_block_sums(block, net, data, state, b, sums):
    """Add the statistics of block ``b`` to ``sums``, reading the planes in ``state.where``."""
    block(
        state.outputs[b],
        state.exps[b],
        state.where,
        data.targets[b],
        data.weights[b],
        net.scale,
        state.work,
        sums,
    )


@njit(cache=True)
def trial(block, net, data, state, flips, n_flips):
    """Fill ``state.trial_sums`` with the statistics' sums that ``flips`` would lead to."""
    sums = state.trial_sums
    sums[:] = 0
    for b in range(state.sums.shape[0]):
        if propagate(net, data, state, b, flips, n_flips, False):
            refresh(net, data, state, b, False)
            add_block_sums(block, net, data, state, b, sums)
        else:
            sums += state.sums[b]


@njit(cache=True)
def apply(block, net, data, state, flips, n_flips):
    """Make ``flips``: mask, kept numbers and sums."""
    for b in range(state.sums.shape[0]):
        if propagate(net, data, state, b, flips, n_flips, True):
            refresh(net, data, state, b, True)
            state.sums[b, :] = 0
            add_block_sums(block, net, data, state, b, state.sums[b])
    for f in range(n_flips):
        state.mask[flips[f]] ^= 1


@njit(cache=True)
def build(block, net, biases, data, state):
    """Compute everything that ``state`` keeps from its mask."""
    n_layers = net.sizes.size - 1
    n_classes = net.sizes[n_layers]
    scratch = state.work[1].view(np.int32)
    for b in range(state.sums.shape[0]):
        bias = 0
        for layer in range(n_layers):
            for j in range(net.sizes[layer + 1]):
                if layer == n_layers - 1:
                    fill(state.outputs[b, j], biases[bias])
                else:
                    fill(state.hidden[b, net.units[layer + 1] + j], biases[bias])
                bias += 1
            fan_in = net.sizes[layer]
            for i in range(fan_in):
                if layer > 0:
                    activate(
                        state.hidden[b, net.units[layer] + i],
                        scratch,
                        net.activation,
                        net.shifts[layer],
                        net.limits[layer],
                    )
                for j in range(net.sizes[layer + 1]):
                    at = net.starts[layer] + j * fan_in + i
                    if state.mask[at]:
                        w = net.weights[at]
                        if layer == n_layers - 1:
                            out = state.outputs[b, j]
                        else:
                            out = state.hidden[b, net.units[layer + 1] + j]
                        if layer == 0:
                            add_scaled(out, w, data.inputs[b, i])
                        else:
                            add_scaled(out, w, scratch)
        for k in range(n_classes):
            state.where[k] = n_classes + k
            copy(state.outputs[b, n_classes + k], state.outputs[b, k])
        refresh(net, data, state, b, True)
        state.sums[b, :] = 0
        add_block_sums(block, net, data, state, b, state.sums[b])

"""Brings what an individual keeps up to date with its mask, from nothing or from what it was."""

from __future__ import annotations

import numpy as np

from scratchcard.compiled.cache import jit
from scratchcard.compiled.vectors import add_scaled, fill
from scratchcard.engines.incremental.activation import activate
from scratchcard.engines.incremental.maps import fill_maps
from scratchcard.engines.incremental.state import Place, State
from scratchcard.engines.incremental.trial import keep_block, rescale_block, try_block
from scratchcard.engines.incremental.wiring import count_maps, first_source, first_weight

PIECE = 256  # weights that are compared at once
# With more flips than this per surviving weight, computing afresh is cheaper; where weights lead
# into maps, all flips into one map are added in one pass.
DERIVE_SHARE, DERIVE_SHARE_OF_MAPS = 0.1, 0.5


@jit(nogil=True)
def build(job, state):
    """Compute everything that ``state`` keeps from its mask."""
    chosen = room_for_slots(job.net)
    for b in range(state.sums.shape[0]):
        forward(job, state, b, state.mask, True, chosen)
        rescale_block(job, state, b)
    state.reading[:] = job.net.reading


@jit(nogil=True)
def rescale(job, state):
    """Bring ``state`` to how outputs are read now."""
    for b in range(state.sums.shape[0]):
        rescale_block(job, state, b)
    state.reading[:] = job.net.reading


@jit(inline="always")
def is_read_by(reading, numbers):
    """Return whether outputs are read by these numbers."""
    is_same = True
    for k in range(numbers.size):
        is_same &= reading[k] == numbers[k]
    return is_same


@jit(nogil=True)
def catch_up(job, state, masks, readings):
    """Bring this thread's blocks of ``state`` up to date with its mask.

    ``masks``, (n_blocks, n_weights) uint8, are what each block was computed for last, and
    ``readings``, (n_blocks, numbers) float32, how outputs were read then; NaN for a block that has
    never been computed.
    """
    few = np.int64(derive_share(job.net) * np.count_nonzero(state.mask))
    flips = np.empty(few + 1, dtype=np.int64)
    chosen = room_for_slots(job.net)
    for b in range(job.threads.number, masks.shape[0], job.threads.n_threads):
        n_flips = few + 1 if np.isnan(readings[b, 0]) else differences(masks[b], state.mask, flips)
        if n_flips > few:
            forward(job, state, b, state.mask, True, chosen)
            rescale_block(job, state, b)
        else:
            behind = with_mask(state, masks[b])
            if not is_read_by(readings[b], job.net.reading):
                rescale_block(job, behind, b)
            if n_flips > 0:
                try_block(job, behind, b, flips, n_flips, True)
                keep_block(job.net, behind, b)
        masks[b] = state.mask
        readings[b] = job.net.reading


@jit(inline="always")
def derive_share(net):
    """Return up to how many flips per surviving weight are fewer than all."""
    return DERIVE_SHARE if count_maps(net.maps) == 0 else DERIVE_SHARE_OF_MAPS


@jit(inline="always")
def with_mask(state, mask):
    """Return the same numbers with another mask."""
    return State(
        mask,
        state.sums,
        state.quanta,
        state.hidden,
        state.outputs,
        state.exps,
        state.where,
        state.moved,
        state.changed,
        state.delta,
        state.work,
        state.trial_sums,
        state.reading,
        state.n_retargets,
        state.maps,
    )


@jit(_nrt=False)
def differences(first, second, indices):
    """Fill ``indices`` with the places where two masks differ, and return how many fitted in."""
    n = 0
    for start in range(0, first.size, PIECE):
        end = min(first.size, start + PIECE)
        some = np.uint8(0)
        for index in range(start, end):
            some |= first[index] ^ second[index]
        if some == 0:
            continue
        for index in range(start, end):
            if first[index] != second[index]:
                if n == indices.size:
                    return n
                indices[n] = index
                n += 1
    return n


@jit(inline="always")
def room_for_slots(net):
    """Return scratch for the slots of one unit's survivors, as :func:`forward` needs it."""
    return np.empty(net.fan_ins.max() + 1, dtype=np.int64)


@jit(_nrt=False)
def forward(job, state, b, mask, kept, chosen):
    """Compute the sums of block ``b`` with this mask.

    If ``kept``, hidden sums and outputs go to the planes that are kept; if not, outputs alone, to
    the planes under trial. Activations go to ``state.delta``.
    """
    net, data = job.net, job.data
    n_layers = net.sizes.size - 1
    n_classes = net.sizes[n_layers]
    n_maps = count_maps(net.maps)
    place = Place(net, data, state, b)
    fill_maps(net.maps, place, mask, kept)
    for layer in range(n_maps, n_layers):
        fan_in = net.fan_ins[layer]
        is_output = layer == n_layers - 1
        for j in range(net.sizes[layer + 1]):
            row = first_weight(net, layer, j)
            origin = first_source(net, layer, j) * net.spans[layer]
            n_chosen = 0
            for slot in range(fan_in):
                chosen[n_chosen] = slot
                n_chosen += mask[row + slot]
            u = net.places[layer + 1] + j
            if is_output:
                out = state.outputs[b, j if kept else n_classes + j]
            else:
                out = state.hidden[b, 0, u] if kept else state.delta[u]
            fill(out, net.biases[u])
            weights = net.weights[row : row + fan_in]
            if layer == n_maps:
                add_first(net.maps, place, origin, (out, weights, chosen, n_chosen))
            else:
                lowest = net.places[layer] + origin
                below = state.delta[lowest : lowest + fan_in]
                add_chosen(out, weights, below, chosen, n_chosen)
            if not is_output:
                shift, limit = net.shifts[layer + 1], net.limits[layer + 1]
                activate(out, state.delta[u], net.activation, shift, limit)


@jit(_nrt=False)
def add_first(maps, place, origin, what):
    """Do what :func:`add_chosen` does in the first layer that has no maps."""
    out, weights, chosen, n_chosen = what
    if maps is None:
        values = place.data.inputs[place.b]
    else:
        values = place.state.maps.delta
        origin += maps.first_values[maps.kernels.size - 1]
    add_chosen(out, weights, values[origin : origin + weights.size], chosen, n_chosen)


@jit(_nrt=False)
def add_chosen(out, weights, sources, chosen, n_chosen):
    """Add ``weights[i] * sources[i]`` to ``out`` for the first ``n_chosen`` of ``chosen``.

    Four of them are added in one pass.
    """
    k = 0
    while k + 4 <= n_chosen:
        i0, i1, i2, i3 = chosen[k], chosen[k + 1], chosen[k + 2], chosen[k + 3]
        w0, w1 = np.int32(weights[i0]), np.int32(weights[i1])
        w2, w3 = np.int32(weights[i2]), np.int32(weights[i3])
        s0, s1, s2, s3 = sources[i0], sources[i1], sources[i2], sources[i3]
        for r in range(out.size):
            first = np.int32(w0 * np.int32(s0[r])) + np.int32(w1 * np.int32(s1[r]))
            second = np.int32(w2 * np.int32(s2[r])) + np.int32(w3 * np.int32(s3[r]))
            out[r] += np.int32(np.int32(first) + np.int32(second))
        k += 4
    while k < n_chosen:
        add_scaled(out, weights[chosen[k]], sources[chosen[k]])
        k += 1

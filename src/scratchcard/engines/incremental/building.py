"""What an individual keeps, brought up to date with its mask: from nothing, or from what it was."""

from __future__ import annotations

import numpy as np
from numba import njit

from scratchcard.compiled.vectors import add_scaled, fill
from scratchcard.engines.incremental.trial import (
    State,
    activate,
    keep_block,
    rescale_block,
    try_block,
)

PIECE = 256  # weights compared at once
DERIVE_SHARE = 0.1  # flips per surviving weight above which computing afresh is cheaper


@njit(cache=True, nogil=True)
def build(block, net, biases, data, state):
    """Compute everything that ``state`` keeps from its mask."""
    for b in range(state.sums.shape[0]):
        forward(net, biases, data, state, b, state.mask, True)
        rescale_block(block, net, data, state, b)


@njit(cache=True, nogil=True)
def catch_up(block, net, biases, data, state, masks, scales, team):
    """Bring this rank's blocks of ``state`` up to date with its mask.

    masks : (blocks, n_weights) uint8, the mask that each block is of. scales : (blocks,) float32,
    the scale of its logits; 0 for a block that has never been computed.
    """
    few = np.int64(DERIVE_SHARE * np.count_nonzero(state.mask))
    flips = np.empty(few + 1, dtype=np.int64)
    for b in range(team.rank, masks.shape[0], team.size):
        n_flips = few + 1 if scales[b] == 0 else differences(masks[b], state.mask, flips)
        if n_flips > few:
            forward(net, biases, data, state, b, state.mask, True)
            rescale_block(block, net, data, state, b)
        else:
            behind = with_mask(state, masks[b])
            if scales[b] != net.scale:
                rescale_block(block, net, data, behind, b)
            if n_flips > 0:
                try_block(block, net, data, behind, b, flips, n_flips)
                keep_block(net, behind, b)
        masks[b] = state.mask
        scales[b] = net.scale


@njit(inline="always")
def with_mask(state, mask):
    """The same numbers, of another mask."""
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
    )


@njit(cache=True)
def differences(first, second, indices):
    """Find where two masks, (n_weights,), differ: fill ``indices``, and return how many fitted."""
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


@njit(cache=True)
def forward(net, biases, data, state, b, mask, kept):
    """Sums of block ``b`` with this mask: hidden ones and outputs if ``kept``.

    Else only outputs, to the planes under trial. Activations go to ``state.delta``.
    """
    n_layers = net.sizes.size - 1
    n_classes = net.sizes[n_layers]
    chosen = np.empty(net.sizes.max() + 1, dtype=np.int64)
    bias = 0
    for layer in range(n_layers):
        fan_in = net.sizes[layer]
        is_output = layer == n_layers - 1
        for j in range(net.sizes[layer + 1]):
            row = net.starts[layer] + j * fan_in
            n_chosen = 0
            for i in range(fan_in):
                chosen[n_chosen] = i
                n_chosen += mask[row + i]
            u = net.units[layer + 1] + j
            if is_output:
                out = state.outputs[b, j if kept else n_classes + j]
            else:
                out = state.hidden[b, 0, u] if kept else state.delta[u]
            fill(out, biases[bias])
            bias += 1
            weights = net.weights[row : row + fan_in]
            if layer == 0:
                add_chosen(out, weights, data.inputs[b], chosen, n_chosen)
            else:
                below = state.delta[net.units[layer] : net.units[layer] + fan_in]
                add_chosen(out, weights, below, chosen, n_chosen)
            if not is_output:
                shift, limit = net.shifts[layer + 1], net.limits[layer + 1]
                activate(out, state.delta[u], net.activation, shift, limit)


@njit(cache=True)
def add_chosen(out, weights, sources, chosen, n_chosen):
    """``out += weights[i] * sources[i]`` for the first ``n_chosen`` of ``chosen``, four at once."""
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

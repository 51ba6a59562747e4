"""Everything afresh: what an individual keeps, computed from its mask alone, block by block."""

from __future__ import annotations

import numpy as np
from numba import njit

from scratchcard.engines.kernels import activate, rescale
from scratchcard.vectors import add_scaled, fill


@njit(cache=True, nogil=True)
def build(block, net, biases, data, state, alone):
    """Compute everything that ``state`` keeps from its mask; ``alone`` is a team of one."""
    for b in range(state.sums.shape[0]):
        forward(net, biases, data, state, b, state.mask, True)
    rescale(block, net, data, state, alone)


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

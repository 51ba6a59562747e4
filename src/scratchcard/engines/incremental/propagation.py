"""Propagation: how a change travels from flipped weights to the outputs of one block of rows."""

from __future__ import annotations

import numpy as np

from scratchcard.compiled.cache import jit
from scratchcard.compiled.float32 import clip_scalar, exp2_scalar
from scratchcard.compiled.vectors import add_scaled, copy, if_equal, set_scaled
from scratchcard.engines.incremental.activation import activate, change
from scratchcard.engines.incremental.maps import add_moved, add_value, change_maps
from scratchcard.engines.incremental.wiring import (
    count_maps,
    first_source,
    first_weight,
    target_of,
)


@jit
def exponentials_and_targets(outputs, scale, exps, targets, k, old, out):
    """Set ``exps = 2 ** clip(outputs * scale)`` and do :func:`select_targets`, in one pass."""
    k = np.int32(k)
    for r in range(out.size):
        exps[r] = exp2_scalar(clip_scalar(np.float32(outputs[r]) * scale))
        out[r] = if_equal(targets[r], k, outputs[r], old[r])


@jit
def select_targets(targets, k, outputs, old, out):
    """Set ``out`` to class ``k``'s outputs where the target is ``k``, and to ``old`` elsewhere."""
    k = np.int32(k)
    for r in range(out.size):
        out[r] = if_equal(targets[r], k, outputs[r], old[r])


@jit(inline="always")
def add_source(place, layer, i, w, moved, keeps, out):
    """Add ``w`` times what value ``i`` of this layer is after the trial to ``out``.

    The values of this layer that changed stand at ``moved[0]`` to ``moved[1]`` in ``changed``. If
    ``keeps``, those of maps have been changed already.
    """
    net, state = place.net, place.state
    if layer == 0:
        add_scaled(out, w, place.data.inputs[place.b, i])
        return
    if layer == count_maps(net.maps):
        add_value(net.maps, place, i, w, moved, keeps, out)
        return
    u = net.places[layer] + i
    activation = state.work[1].view(np.int32)
    shift, limit = net.shifts[layer], net.limits[layer]
    activate(state.hidden[place.b, 0, u], activation, net.activation, shift, limit)
    add_scaled(out, w, activation)
    for c in range(moved[0], moved[1]):
        if state.changed[c] == u:
            add_scaled(out, w, state.delta[c])


@jit(inline="always")
def propagate(place, flips, n_flips, keeps):
    """Carry ``flips[:n_flips]`` (flat weight indices, ascending, distinct) through a block.

    What would change goes to the arrays and planes under trial; ``moved`` and ``where`` say which
    of them count. If ``keeps``, maps are changed at once. Return whether any output was touched.
    """
    net, data, state, b = place.net, place.data, place.state, place.b
    n_layers = net.sizes.size - 1
    n_classes = net.sizes[n_layers]
    hidden = state.hidden[b, 0]
    fresh = state.hidden[b, 1]
    outputs = state.outputs[b]
    where = state.where[b, : n_classes + 1]
    moved = state.moved[b, : state.changed.size + 1]
    for k in range(n_classes):
        where[k] = k
    where[n_classes] = 2 * n_classes
    first = 0  # the flips of this layer are flips[first:last]
    below = 0  # changed values of the layer below are changed[below:above]
    n_changed = 0
    n_moved = 0
    n_touched = 0
    n_maps = count_maps(net.maps)
    if n_maps > 0:
        first, n_changed = change_maps(net.maps, place, flips, n_flips, keeps)
    for layer in range(n_maps, n_layers):
        fan_in = net.fan_ins[layer]
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
                j = target_of(net, layer, flips[f])
            row = first_weight(net, layer, j)
            lowest = first_source(net, layer, j) * net.spans[layer]
            origin = net.places[layer] + lowest
            is_met = is_flipped = f < last and flips[f] < row + fan_in
            from_maps = n_maps > 0 and layer == n_maps and above > 0
            if from_maps:
                is_met = True  # by most units; add_moved tells
            else:
                for c in range(below, above):
                    slot = state.changed[c] - origin
                    if slot >= 0 and slot < fan_in:
                        is_met |= state.mask[row + slot] != 0
            if not is_met:
                j += 1
                continue
            u = net.places[layer + 1] + j
            old = outputs[j] if is_output else hidden[u]
            new = outputs[n_classes + n_touched] if is_output else fresh[n_moved]
            is_copied = False
            if from_maps:
                is_copied = add_moved(net.maps, place, layer, j, above, old, new)
                if not (is_copied or is_flipped):
                    j += 1
                    continue
            else:
                for c in range(below, above):
                    slot = state.changed[c] - origin
                    if slot >= 0 and slot < fan_in and state.mask[row + slot]:
                        if is_copied:
                            add_scaled(new, net.weights[row + slot], state.delta[c])
                        else:
                            set_scaled(new, old, net.weights[row + slot], state.delta[c])
                        is_copied = True
            while f < last and flips[f] < row + fan_in:
                w = np.int32(net.weights[flips[f]])
                if state.mask[flips[f]]:
                    w = np.int32(-w)
                i = lowest + flips[f] - row
                f += 1
                if layer == 0 and not is_copied:
                    set_scaled(new, old, w, data.inputs[b, i])
                else:
                    if not is_copied:
                        copy(new, old)
                    add_source(place, layer, i, w, (below, above), keeps, new)
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


@jit(inline="always")
def refresh(place):
    """Bring exponentials and target outputs under trial up to date after :func:`propagate`.

    Where targets are numbers there is neither; then the last of ``where`` only tells that some
    output is new.
    """
    net, data, state, b = place.net, place.data, place.state, place.b
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
            elif net.has_classes:
                select_targets(data.targets[b], k, fresh, old, new)
            now = into
    where[n_classes] = now

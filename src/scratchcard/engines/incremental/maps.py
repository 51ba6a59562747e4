"""Layers of maps in one block of rows: their values from nothing, and what flips change in them.

A map has one plane of numbers for each position, all rows of the block side by side. What is kept
of it are its sums, at all positions that count, and its values, the activations that the layer
above reads. A flip adds plus or minus one shifted map to a map; what changes in its values goes up
through surviving weights only. A trial writes nothing but these changes. Flips that are made go
through the block a second time, in place: few are, and planes under trial would double the memory
that a trial moves.

Nothing here allocates memory. Functions that are called for any network take its maps first: where
these are None, Numba leaves out what they would do.
"""

from __future__ import annotations

import numpy as np

from scratchcard.compiled.cache import jit
from scratchcard.compiled.vectors import add_scaled, copy, fill
from scratchcard.engines.incremental.activation import activate
from scratchcard.engines.incremental.few_taps import FEW, change_by_few
from scratchcard.engines.incremental.kept_maps import change_value, reads_bytes, sums_of, values_of
from scratchcard.engines.incremental.planes import set_larger, set_sum
from scratchcard.engines.incremental.taps import FLIPPED, MOVING, PLANE, choose, set_tap
from scratchcard.engines.incremental.wiring import first_source, first_weight, target_of

MOST_READERS = 32  # units above the maps; if there are more, some read nearly every value


@jit(_nrt=False)
def fill_maps(maps, place, mask, kept):
    """Compute all maps of a block with this mask.

    Values go to ``maps.delta``. If ``kept``, they and the sums go to where they are kept, too.
    """
    net, data, state, b = place.net, place.data, place.state, place.b
    if maps is None:
        return
    values = state.maps.delta
    taps, chosen = state.maps.taps[FLIPPED], state.maps.chosen[FLIPPED]
    any_plane = state.maps.moved[:0]
    for layer in range(maps.kernels.size):
        sources = data.inputs[b] if layer == 0 else values
        span, pool = net.spans[layer], maps.pools[layer]
        size = (maps.heights[layer], maps.widths[layer])
        step, before = maps.strides[layer], maps.befores[layer]
        squares = pool * pool
        best, bias = state.maps.work[squares], state.maps.work[squares + 1]
        for unit in range(net.sizes[layer + 1]):
            row, lowest = first_weight(net, layer, unit), first_source(net, layer, unit)
            n_taps = 0
            for slot in range(net.fan_ins[layer]):
                if mask[row + slot]:
                    w = np.int64(net.weights[row + slot])
                    set_tap(net, layer, lowest + slot // span, slot % span, w, taps[n_taps])
                    n_taps += 1
            fill(bias, net.biases[net.places[layer + 1] + unit])
            first_sum, first_value = sums_of(net, layer, unit), values_of(net, layer, unit)
            for q in range(maps.rows[layer] * maps.columns[layer]):
                above, left = q // maps.columns[layer] * pool, q % maps.columns[layer] * pool
                for d in range(squares):
                    at = (
                        (above + d // pool) * step - before,
                        (left + d % pool) * step - before,
                    )
                    n = choose(taps, n_taps, at, size, any_plane, chosen)
                    plane = first_sum + q * squares + d
                    out = state.maps.sums[b, plane] if kept else state.maps.work[d]
                    set_sum(out, bias, sources, chosen, n)
                    if d == 0:
                        copy(best, out)
                    else:
                        set_larger(best, best, out)
                shift, limit = net.shifts[layer + 1], net.limits[layer + 1]
                value = first_value + q
                activate(best, values[value], net.activation, shift, limit)
                if kept and value < maps.n_bytes:
                    copy(state.maps.bytes[b, value], values[value])
                elif kept:
                    copy(state.maps.values[b, value - maps.n_bytes], values[value])


@jit(_nrt=False)
def change_maps(maps, place, flips, n_flips, keeps):
    """Carry ``flips[:n_flips]`` through the maps of a block.

    ``changed`` gets the values of the last layer of maps that change, and ``maps.delta`` by how
    much. If ``keeps``, sums and values of all maps are changed as well. Return how many of the
    flips lead into maps, and how many values of the last layer change.
    """
    if maps is None:
        return 0, 0
    net, state = place.net, place.state
    n_layers = maps.kernels.size
    # A trial need not know of changes that nothing above reads, if nothing above is flipped.
    skips_unread = (
        not keeps
        and n_flips > 0
        and flips[n_flips - 1] < net.starts[n_layers]
        and net.sizes[n_layers + 1] <= MOST_READERS
    )
    first = n_below = n_changed = side = 0
    for layer in range(n_layers):
        last = first
        while last < n_flips and flips[last] < net.starts[layer + 1]:
            last += 1
        f = first
        n_above = unit = n_changed = 0
        while unit < net.sizes[layer + 1]:
            if n_below == 0:  # nothing arrives from below: go straight to the next flip
                if f == last:
                    break
                unit = target_of(net, layer, flips[f])
            below = state.maps.altered[side, :n_below]
            n_moving = _moving_taps(place, layer, unit, below)
            end = f
            while end < last and flips[end] < first_weight(net, layer, unit + 1):
                end += 1
            # A flipped weight reads what its map will be: the value, and its change on top.
            n_flipped, n_moving = _flipped_taps(
                place, layer, unit, flips[f:end], below, n_moving, keeps
            )
            f = end
            n_taps = n_moving + n_flipped
            if n_taps > 0:
                before = n_changed
                if n_taps > FEW or min(n_moving, n_flipped) > 0:
                    counts = (n_moving, n_flipped)
                    n_changed = _change_map(place, layer, unit, counts, n_changed, keeps)
                else:
                    few = (FLIPPED, n_flipped) if n_moving == 0 else (MOVING, n_moving)
                    skips = skips_unread and layer == n_layers - 1
                    n_changed = change_by_few(place, layer, unit, few, n_changed, keeps, skips)
                if n_changed > before:
                    state.maps.altered[1 - side, n_above] = unit
                    n_above += 1
            unit += 1
        first, n_below, side = last, n_above, 1 - side
    return first, n_changed


@jit(_nrt=False)
def _moving_taps(place, layer, unit, below):
    """List the surviving weights that lead into a map from maps that change; return how many."""
    net, state = place.net, place.state
    taps, span = state.maps.taps[MOVING], net.spans[layer]
    row, lowest = first_weight(net, layer, unit), first_source(net, layer, unit)
    n = 0
    for source in below:
        start = (source - lowest) * span
        if start < 0 or start >= net.fan_ins[layer]:
            continue
        for s in range(span):
            if state.mask[row + start + s]:
                w = np.int64(net.weights[row + start + s])
                set_tap(net, layer, source, s, w, taps[n])
                n += 1
    return n


@jit(_nrt=False)
def _flipped_taps(place, layer, unit, flips, below, n_moving, keeps):
    """List the flipped weights that lead into a map; return how many, and how many are moving."""
    net, state = place.net, place.state
    span = net.spans[layer]
    row, lowest = first_weight(net, layer, unit), first_source(net, layer, unit)
    n = 0
    for index in flips:
        w = np.int64(net.weights[index])
        if state.mask[index]:
            w = -w
        slot = index - row
        source = lowest + slot // span
        set_tap(net, layer, source, slot % span, w, state.maps.taps[FLIPPED, n])
        if layer > 0 and not reads_bytes(net.maps, layer):
            state.maps.taps[FLIPPED, n, PLANE] -= net.maps.n_bytes
        n += 1
        if keeps:  # then the value below has changed already
            continue
        for other in below:
            if other == source:
                set_tap(net, layer, source, slot % span, w, state.maps.taps[MOVING, n_moving])
                n_moving += 1
    return n, n_moving


@jit(inline="always")
def _new_sums(place, layer, unit, counts, q, keeps):
    """Return the sum that counts at a position of a map after the flips, and whether it is new."""
    net, state, b = place.net, place.state, place.b
    maps = net.maps
    columns, pool = maps.columns[layer], maps.pools[layer]
    size = (maps.heights[layer], maps.widths[layer])
    above, left = q // columns * pool, q % columns * pool
    squares = pool * pool
    best = state.maps.work[squares]
    moving, flipped = state.maps.chosen[MOVING], state.maps.chosen[FLIPPED]
    moved = state.maps.moved
    plane = sums_of(net, layer, unit) + q * squares
    is_new = False
    before = now = state.maps.sums[b, plane]
    for d in range(squares):
        at = (
            (above + d // pool) * maps.strides[layer] - maps.befores[layer],
            (left + d % pool) * maps.strides[layer] - maps.befores[layer],
        )
        n_moving = choose(state.maps.taps[MOVING], counts[0], at, size, moved, moving)
        n_flipped = choose(state.maps.taps[FLIPPED], counts[1], at, size, moved[:0], flipped)
        before, now = now, state.maps.sums[b, plane + d]
        if n_moving + n_flipped > 0:
            is_new = True
            out, half = state.maps.work[d], state.maps.work[squares + 1]
            if n_moving == 0:
                _add_flipped(place, layer, now, n_flipped, out)
            elif n_flipped == 0:
                set_sum(out, now, state.maps.delta, moving, n_moving)
            else:
                set_sum(half, now, state.maps.delta, moving, n_moving)
                _add_flipped(place, layer, half, n_flipped, out)
            if keeps:
                copy(now, out)
            now = out
        if d == 1:
            set_larger(best, before, now)
        elif d > 1:
            set_larger(best, best, now)
    return (best if squares > 1 else now), is_new


@jit(_nrt=False)
def _add_flipped(place, layer, base, n, out):
    """Set ``out`` to ``base`` and what the first ``n`` flipped weights that were chosen read."""
    data, maps, b = place.data, place.state.maps, place.b
    flipped = maps.chosen[FLIPPED]
    if layer == 0:
        set_sum(out, base, data.inputs[b], flipped, n)
    elif reads_bytes(place.net.maps, layer):
        set_sum(out, base, maps.bytes[b], flipped, n)
    else:
        set_sum(out, base, maps.values[b], flipped, n)


@jit(_nrt=False)
def _change_map(place, layer, unit, counts, n_changed, keeps):
    """Change a map by its taps, and return how many values of the layer have changed so far."""
    net, state = place.net, place.state
    maps = net.maps
    n_positions = maps.rows[layer] * maps.columns[layer]
    first_value = values_of(net, layer, unit)
    first_place = net.places[layer + 1] + unit * n_positions
    for q in range(n_positions):
        sums, is_new = _new_sums(place, layer, unit, counts, q, keeps)
        moved = is_new and change_value(place, layer, first_value + q, sums, keeps)
        state.maps.moved[first_value + q] = moved
        if moved:
            state.changed[n_changed] = first_place + q
            n_changed += 1
    return n_changed


@jit(_nrt=False)
def add_moved(maps, place, layer, unit, n_changed, old, new):
    """Set ``new`` to the sums ``old`` of a unit above maps, with all that has changed in these.

    Return whether anything leads from a value that has changed to the unit.
    """
    if maps is None:
        return False
    net, state = place.net, place.state
    chosen = state.maps.chosen[MOVING]
    row, lowest = first_weight(net, layer, unit), first_source(net, layer, unit) * net.spans[layer]
    origin = net.places[layer]
    first_plane = maps.first_values[layer - 1]
    n = 0
    for k in range(n_changed):
        value = state.changed[k] - origin
        slot = value - lowest
        if slot >= 0 and slot < net.fan_ins[layer]:
            chosen[n, 0] = first_plane + value
            chosen[n, 1] = net.weights[row + slot]
            n += state.mask[row + slot]
    if n > 0:
        set_sum(new, old, state.maps.delta, chosen, n)
    return n > 0


@jit(_nrt=False)
def add_value(maps, place, i, w, moved, keeps, out):
    """Add ``w`` times what value ``i`` of the last layer of maps is after the trial to ``out``.

    The values that changed stand at ``moved[0]`` to ``moved[1]`` in ``changed``. If ``keeps``, they
    have been changed already.
    """
    if maps is None:
        return
    net, state, layer = place.net, place.state, maps.kernels.size
    plane = maps.first_values[layer - 1] + i
    add_scaled(out, w, state.maps.values[place.b, plane - maps.n_bytes])
    for c in range(moved[0], moved[1]):
        if state.changed[c] == net.places[layer] + i and not keeps:
            add_scaled(out, w, state.maps.delta[plane])

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
from scratchcard.engines.incremental.activation import activate, change_from
from scratchcard.engines.incremental.planes import (
    add_change,
    add_to_four,
    set_larger,
    set_largest,
    set_largest_of_two,
    set_one,
    set_sum,
    set_two,
)
from scratchcard.engines.incremental.taps import FACTOR, choose, plane_at, set_tap
from scratchcard.engines.incremental.wiring import first_source, first_weight, target_of

MOVING, FLIPPED = 0, 1  # taps by what they read: changes of values below, or values themselves
FEW = 2  # taps of one map that a trial carries through it in one pass
MOST_READERS = 32  # units above the maps; if there are more, some read nearly every value


@jit(inline="always")
def _sums_of(net, layer, unit):
    """Return the first plane of sums of a map."""
    maps = net.maps
    squares = maps.pools[layer] * maps.pools[layer]
    return maps.first_sums[layer] + unit * maps.rows[layer] * maps.columns[layer] * squares


@jit(inline="always")
def _values_of(net, layer, unit):
    """Return the first plane of values of a map."""
    maps = net.maps
    return maps.first_values[layer] + unit * maps.rows[layer] * maps.columns[layer]


@jit(_nrt=False)
def fill_maps(maps, place, mask, kept):
    """Compute all maps of a block with this mask.

    If ``kept``, sums and values go to where they are kept; if not, values alone, to ``maps.delta``.
    """
    net, data, state, b = place.net, place.data, place.state, place.b
    if maps is None:
        return
    values = state.maps.values[b] if kept else state.maps.delta
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
            first_sum, first_value = _sums_of(net, layer, unit), _values_of(net, layer, unit)
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
                activate(best, values[first_value + q], net.activation, shift, limit)


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
                    n_changed = _change_by_few(place, layer, unit, few, n_changed, keeps, skips)
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
    sources = place.data.inputs[b] if layer == 0 else state.maps.values[b]
    plane = _sums_of(net, layer, unit) + q * squares
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
                set_sum(out, now, sources, flipped, n_flipped)
            elif n_flipped == 0:
                set_sum(out, now, state.maps.delta, moving, n_moving)
            else:
                set_sum(half, now, state.maps.delta, moving, n_moving)
                set_sum(out, half, sources, flipped, n_flipped)
            if keeps:
                copy(now, out)
            now = out
        if d == 1:
            set_larger(best, before, now)
        elif d > 1:
            set_larger(best, best, now)
    return (best if squares > 1 else now), is_new


@jit(_nrt=False)
def _change_map(place, layer, unit, counts, n_changed, keeps):
    """Change a map by its taps, and return how many values of the layer have changed so far."""
    net, state, b = place.net, place.state, place.b
    maps = net.maps
    n_positions = maps.rows[layer] * maps.columns[layer]
    first_value = _values_of(net, layer, unit)
    first_place = net.places[layer + 1] + unit * n_positions
    shift, limit = net.shifts[layer + 1], net.limits[layer + 1]
    for q in range(n_positions):
        sums, is_new = _new_sums(place, layer, unit, counts, q, keeps)
        values, delta = state.maps.values[b, first_value + q], state.maps.delta[first_value + q]
        moved = is_new and change_from(values, sums, delta, net.activation, shift, limit)
        state.maps.moved[first_value + q] = moved
        if moved:
            state.changed[n_changed] = first_place + q
            n_changed += 1
            if keeps:
                add_change(values, delta)
    return n_changed


@jit(_nrt=False)
def _change_by_few(place, layer, unit, few, n_changed, keeps, skips):
    """Do what :func:`_change_map` does for one or two taps of a kind, in fewer passes.

    ``few`` is the kind of the taps, and how many there are. If ``skips``, values that no surviving
    weight reads count as unchanged.
    """
    net, state, b = place.net, place.state, place.b
    maps, (kind, n_taps) = net.maps, few
    columns, pool, step = maps.columns[layer], maps.pools[layer], maps.strides[layer]
    size = (maps.heights[layer], maps.widths[layer])
    n_positions = maps.rows[layer] * columns
    first_value, plane = _values_of(net, layer, unit), _sums_of(net, layer, unit)
    first_place = net.places[layer + 1] + unit * n_positions
    shift, limit = net.shifts[layer + 1], net.limits[layer + 1]
    one, other = state.maps.taps[kind, 0], state.maps.taps[kind, 1]
    if n_taps == 1:
        other = one
    sources = place.data.inputs[b] if layer == 0 else state.maps.values[b]
    moved = state.maps.moved[:0]
    if kind == MOVING:
        sources, moved = state.maps.delta, state.maps.moved
    nothing, sums = state.maps.delta[state.maps.moved.size], state.maps.sums[b]
    out = state.maps.work[0]
    w, v = one[FACTOR], other[FACTOR]
    for q in range(n_positions):
        r = q // columns * pool * step - maps.befores[layer]
        c = q % columns * pool * step - maps.befores[layer]
        is_new = not skips or _is_read(net, state.mask, layer + 1, unit * n_positions + q)
        if is_new and pool == 1:
            p, o = plane_at(one, r, c, size, moved), plane_at(other, r, c, size, moved)
            is_new = max(p, o) >= 0
            if is_new:
                s, first = sums[plane + q], sources[p] if p >= 0 else nothing
                if n_taps == 1:
                    set_one(out, s, first, w)
                else:
                    set_two(out, s, (first, sources[o] if o >= 0 else nothing), (w, v))
                if keeps:
                    copy(s, out)
        elif is_new:
            p0, o0 = plane_at(one, r, c, size, moved), plane_at(other, r, c, size, moved)
            x = c + step
            p1, o1 = plane_at(one, r, x, size, moved), plane_at(other, r, x, size, moved)
            y = r + step
            p2, o2 = plane_at(one, y, c, size, moved), plane_at(other, y, c, size, moved)
            p3, o3 = plane_at(one, y, x, size, moved), plane_at(other, y, x, size, moved)
            is_new = max(max(max(p0, o0), max(p1, o1)), max(max(p2, o2), max(p3, o3))) >= 0
            if is_new:
                s = plane + 4 * q
                four = (sums[s], sums[s + 1], sums[s + 2], sums[s + 3])
                planes = (
                    sources[p0] if p0 >= 0 else nothing,
                    sources[p1] if p1 >= 0 else nothing,
                    sources[p2] if p2 >= 0 else nothing,
                    sources[p3] if p3 >= 0 else nothing,
                )
                others = (
                    sources[o0] if o0 >= 0 else nothing,
                    sources[o1] if o1 >= 0 else nothing,
                    sources[o2] if o2 >= 0 else nothing,
                    sources[o3] if o3 >= 0 else nothing,
                )
                if keeps:
                    add_to_four(four, planes, w)
                    if n_taps == 2:
                        add_to_four(four, others, v)
                    set_largest(out, four, (nothing, nothing, nothing, nothing), 0)
                elif n_taps == 1:
                    set_largest(out, four, planes, w)
                else:
                    set_largest_of_two(out, four, planes, others, (w, v))
        if is_new:
            value, delta = state.maps.values[b, first_value + q], state.maps.delta[first_value + q]
            is_new = change_from(value, out, delta, net.activation, shift, limit)
            if is_new and keeps:
                add_change(value, delta)
        state.maps.moved[first_value + q] = is_new
        if is_new:
            state.changed[n_changed] = first_place + q
            n_changed += 1
    return n_changed


@jit(_nrt=False)
def _is_read(net, mask, layer, value):
    """Return whether any surviving weight of a layer reads a value of the maps below."""
    for unit in range(net.sizes[layer + 1]):
        slot = value - first_source(net, layer, unit) * net.spans[layer]
        is_there = slot >= 0 and slot < net.fan_ins[layer]
        if is_there and mask[first_weight(net, layer, unit) + slot] != 0:
            return True
    return False


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
    add_scaled(out, w, state.maps.values[place.b, plane])
    for c in range(moved[0], moved[1]):
        if state.changed[c] == net.places[layer] + i and not keeps:
            add_scaled(out, w, state.maps.delta[plane])

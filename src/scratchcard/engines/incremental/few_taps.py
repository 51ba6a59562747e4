"""One or two taps of a map, as most trials have: all that they change in it in one pass."""

from __future__ import annotations

from scratchcard.compiled.cache import jit
from scratchcard.compiled.vectors import copy
from scratchcard.engines.incremental.kept_maps import change_value, reads_bytes, sums_of, values_of
from scratchcard.engines.incremental.planes import (
    add_plane,
    set_largest,
    set_largest_of_two,
    set_one,
    set_two,
)
from scratchcard.engines.incremental.taps import FACTOR, MOVING, plane_at
from scratchcard.engines.incremental.wiring import first_source, first_weight

FEW = 2  # most of them


@jit(_nrt=False)
def change_by_few(place, layer, unit, few, n_changed, keeps, skips):
    """Change a map by one or two taps of a kind, and return how many values have changed so far.

    ``few`` is the kind of the taps, and how many there are. If ``skips``, values that no surviving
    weight reads count as unchanged.
    """
    data, state, b = place.data, place.state, place.b
    what, (kind, n_taps) = (layer, unit, n_changed), few
    taps, everywhere = state.maps.taps[kind], state.maps.moved[:0]
    if kind == MOVING:
        reads = (state.maps.delta, state.maps.moved)
        return _change_by(place, what, (taps, n_taps), reads, keeps, skips)
    if layer > 0 and reads_bytes(place.net.maps, layer):
        small = (state.maps.bytes[b], everywhere)
        return _change_by(place, what, (taps, n_taps), small, keeps, skips)
    reads = (data.inputs[b] if layer == 0 else state.maps.values[b], everywhere)
    return _change_by(place, what, (taps, n_taps), reads, keeps, skips)


@jit(_nrt=False)
def _change_by(place, what, few, reads, keeps, skips):
    """Do what :func:`change_by_few` does with taps that read these planes.

    ``few`` are the taps, and how many there are; ``reads`` are the planes, the last of which is 0,
    and which of them count, or nothing if all do.
    """
    net, state = place.net, place.state
    (layer, unit, n_changed), (taps, n_taps), (sources, moved) = what, few, reads
    maps = net.maps
    columns, pool, step = maps.columns[layer], maps.pools[layer], maps.strides[layer]
    size = (maps.heights[layer], maps.widths[layer])
    n_positions = maps.rows[layer] * columns
    first_value, plane = values_of(net, layer, unit), sums_of(net, layer, unit)
    first_place = net.places[layer + 1] + unit * n_positions
    one, other = taps[0], taps[n_taps - 1]
    sums, out = state.maps.sums[place.b], state.maps.work[0]
    zero = sources.shape[0] - 1
    w, v = one[FACTOR], other[FACTOR]
    for q in range(n_positions):
        r = q // columns * pool * step - maps.befores[layer]
        c = q % columns * pool * step - maps.befores[layer]
        is_new = not skips or _is_read(net, state.mask, layer + 1, unit * n_positions + q)
        if is_new and pool == 1:
            p, o = plane_at(one, r, c, size, moved), plane_at(other, r, c, size, moved)
            is_new = max(p, o) >= 0
            if is_new:
                s, p = sums[plane + q], _or(p, zero)
                if n_taps == 1:
                    set_one(out, s, sources[p], w)
                else:
                    set_two(out, s, (sources[p], sources[_or(o, zero)]), (w, v))
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
                planes = (_or(p0, zero), _or(p1, zero), _or(p2, zero), _or(p3, zero))
                others = (_or(o0, zero), _or(o1, zero), _or(o2, zero), _or(o3, zero))
                if keeps:
                    for d in range(4):
                        add_plane(sums[s + d], sources[planes[d]], w)
                        if n_taps == 2:
                            add_plane(sums[s + d], sources[others[d]], v)
                    set_largest(out, sums, s, sources, (zero, zero, zero, zero), 0)
                elif n_taps == 1:
                    set_largest(out, sums, s, sources, planes, w)
                else:
                    set_largest_of_two(out, sums, s, sources, planes, others, (w, v))
        is_new = is_new and change_value(place, layer, first_value + q, out, keeps)
        state.maps.moved[first_value + q] = is_new
        if is_new:
            state.changed[n_changed] = first_place + q
            n_changed += 1
    return n_changed


@jit(inline="always")
def _or(plane, zero):
    """Return a plane, or the one of zeros if there is none."""
    return plane if plane >= 0 else zero


@jit(_nrt=False)
def _is_read(net, mask, layer, value):
    """Return whether any surviving weight of a layer reads a value of the maps below."""
    for unit in range(net.sizes[layer + 1]):
        slot = value - first_source(net, layer, unit) * net.spans[layer]
        is_there = slot >= 0 and slot < net.fan_ins[layer]
        if is_there and mask[first_weight(net, layer, unit) + slot] != 0:
            return True
    return False

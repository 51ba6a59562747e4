"""Where what an individual keeps of maps stands: their sums, and their values in 8 or 16 bits."""

from __future__ import annotations

from scratchcard.compiled.cache import jit
from scratchcard.engines.incremental.activation import change_from
from scratchcard.engines.incremental.planes import add_change


@jit(inline="always")
def sums_of(net, layer, unit):
    """Return the first plane of sums of a map."""
    maps = net.maps
    squares = maps.pools[layer] * maps.pools[layer]
    return maps.first_sums[layer] + unit * maps.rows[layer] * maps.columns[layer] * squares


@jit(inline="always")
def values_of(net, layer, unit):
    """Return the first plane of values of a map."""
    maps = net.maps
    return maps.first_values[layer] + unit * maps.rows[layer] * maps.columns[layer]


@jit(inline="always")
def reads_bytes(maps, layer):
    """Return whether the values that a layer above the first reads are kept in eight bits."""
    return maps.first_values[layer - 1] < maps.n_bytes


@jit(_nrt=False)
def change_value(place, layer, plane, sums, keeps):
    """Set ``maps.delta[plane]`` to how much a value changes with its sum; return whether it does.

    If ``keeps``, change the value too.
    """
    net, maps, b = place.net, place.state.maps, place.b
    shift, limit = net.shifts[layer + 1], net.limits[layer + 1]
    delta, n_bytes = maps.delta[plane], net.maps.n_bytes
    if plane < n_bytes:
        value = maps.bytes[b, plane]
        is_new = change_from(value, sums, delta, net.activation, shift, limit)
        if is_new and keeps:
            add_change(value, delta)
        return is_new
    wide = maps.values[b, plane - n_bytes]
    is_new = change_from(wide, sums, delta, net.activation, shift, limit)
    if is_new and keeps:
        add_change(wide, delta)
    return is_new

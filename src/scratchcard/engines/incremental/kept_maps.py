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
    maps, n_bytes = place.state.maps, place.net.maps.n_bytes
    delta = maps.delta[plane]
    if plane < n_bytes:
        return _change(place.net, layer, maps.bytes[place.b, plane], sums, delta, keeps)
    return _change(place.net, layer, maps.values[place.b, plane - n_bytes], sums, delta, keeps)


@jit(inline="always")
def _change(net, layer, value, sums, delta, keeps):
    shift, limit = net.shifts[layer + 1], net.limits[layer + 1]
    is_new = change_from(value, sums, delta, net.activation, shift, limit)
    if is_new and keeps:
        add_change(value, delta)
    return is_new

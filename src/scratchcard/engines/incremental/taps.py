"""Taps: the weights that lead from a map, as what they read and by which factor.

A tap is the map's first plane, the weight's row and column in its kernel, and the factor.
"""

from __future__ import annotations

from scratchcard.compiled.cache import jit

PLANE, ROW, COLUMN, FACTOR = 0, 1, 2, 3  # what a tap is made of
MOVING, FLIPPED = 0, 1  # taps by what they read: changes of values below, or values themselves


@jit(inline="always")
def set_tap(net, layer, map_below, place, factor, tap):
    """Describe the weight at this place of the kernel that reads this map below."""
    maps = net.maps
    plane = map_below * maps.heights[layer] * maps.widths[layer]
    if layer > 0:
        plane += maps.first_values[layer - 1]
    kernel = maps.kernels[layer]
    tap[PLANE] = plane
    tap[ROW] = place // kernel
    tap[COLUMN] = place % kernel
    tap[FACTOR] = factor


@jit(inline="always")
def plane_at(tap, r, c, size, moved):
    """Return the plane that a tap reads where its kernel begins at ``r`` and ``c``; -1 for none.

    ``size`` is how many rows and columns the map below has. If ``moved`` is not empty, planes count
    that have changed.
    """
    y, x = r + tap[ROW], c + tap[COLUMN]
    plane = -1
    if y >= 0 and y < size[0] and x >= 0 and x < size[1]:
        plane = tap[PLANE] + y * size[1] + x
        if moved.size > 0 and moved[plane] == 0:
            plane = -1
    return plane


@jit(inline="always")
def choose(taps, n_taps, at, size, moved, chosen):
    """Fill ``chosen`` with the planes that taps read at a place, and the factors; return how many.

    ``at`` is the row and the column that the kernel begins at; for the rest see :func:`plane_at`.
    """
    n = 0
    for t in range(n_taps):
        plane = plane_at(taps[t], at[0], at[1], size, moved)
        if plane >= 0:
            chosen[n, 0] = plane
            chosen[n, 1] = taps[t, FACTOR]
            n += 1
    return n

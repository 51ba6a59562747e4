"""Taps: the weights that lead from a map, as what they read and by which factor.

A tap is the map's first plane, the weight's row and column in its kernel, and the factor.
"""

from __future__ import annotations

from scratchcard.compiled.cache import jit

PLANE, ROW, COLUMN, FACTOR = 0, 1, 2, 3  # what a tap is made of


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
def choose(taps, n_taps, at, size, chosen):
    """Fill ``chosen`` with the planes that taps read at a place, and the factors; return how many.

    ``at`` is the row and the column that the kernel begins at, ``size`` those of the map below.
    """
    n = 0
    for t in range(n_taps):
        r, c = at[0] + taps[t, ROW], at[1] + taps[t, COLUMN]
        if r >= 0 and r < size[0] and c >= 0 and c < size[1]:
            chosen[n, 0] = taps[t, PLANE] + r * size[1] + c
            chosen[n, 1] = taps[t, FACTOR]
            n += 1
    return n


@jit(inline="always")
def choose_moved(taps, n_taps, at, size, chosen, moved):
    """Do what :func:`choose` does, for planes alone that have changed."""
    n = 0
    for t in range(n_taps):
        r, c = at[0] + taps[t, ROW], at[1] + taps[t, COLUMN]
        if r >= 0 and r < size[0] and c >= 0 and c < size[1]:
            plane = taps[t, PLANE] + r * size[1] + c
            if moved[plane] != 0:
                chosen[n, 0] = plane
                chosen[n, 1] = taps[t, FACTOR]
                n += 1
    return n


@jit(inline="always")
def plane_at(tap, r, c, size, moved):
    """Return the plane that a tap reads where its kernel begins at ``r`` and ``c``; -1 for none.

    If ``moved`` is not empty, planes count that have changed.
    """
    y, x = r + tap[ROW], c + tap[COLUMN]
    plane = -1
    if y >= 0 and y < size[0] and x >= 0 and x < size[1]:
        plane = tap[PLANE] + y * size[1] + x
        if moved.size > 0 and moved[plane] == 0:
            plane = -1
    return plane

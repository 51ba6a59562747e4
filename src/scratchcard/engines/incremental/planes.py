"""Planes: vector loops over all rows of a block, in 16 or 32 bits as the sums of the maps are.

Sums may wrap on the way to a result; the result does not. None of these allocates memory. Planes
that are added may be of eight bits. They are added one after the other and each sum is cast: of
two products that are added first, LLVM makes no vector loop where planes have eight bits.
"""

from __future__ import annotations

from scratchcard.compiled.cache import jit
from scratchcard.compiled.vectors import copy


@jit(_nrt=False)
def set_sum(out, base, sources, chosen, n):
    """Set ``out`` to ``base`` plus ``n`` planes of ``sources``, times a factor each.

    ``chosen``, (most, 2) int64, are the planes and the factors. Where ``out`` and ``base`` were one
    plane, vector loops would not be taken.
    """
    k = 0
    if n >= 4:
        a, b, c, d = chosen[0, 0], chosen[1, 0], chosen[2, 0], chosen[3, 0]
        _set_four(
            (out, base),
            (sources[a], sources[b], sources[c], sources[d]),
            (chosen[0, 1], chosen[1, 1], chosen[2, 1], chosen[3, 1]),
        )
        k = 4
    elif n > 0:
        set_one(out, base, sources[chosen[0, 0]], chosen[0, 1])
        k = 1
    else:
        copy(out, base)
    while k + 4 <= n:
        a, b, c, d = chosen[k, 0], chosen[k + 1, 0], chosen[k + 2, 0], chosen[k + 3, 0]
        _set_four(
            (out, out),
            (sources[a], sources[b], sources[c], sources[d]),
            (chosen[k, 1], chosen[k + 1, 1], chosen[k + 2, 1], chosen[k + 3, 1]),
        )
        k += 4
    while k < n:
        set_one(out, out, sources[chosen[k, 0]], chosen[k, 1])
        k += 1


@jit(inline="always")
def set_one(out, base, plane, factor):
    """Set ``out`` to ``base`` plus a plane times a factor."""
    number = out.dtype.type  # without these casts everything is widened to 64 bits
    w = number(factor)
    for r in range(out.size):
        out[r] = number(base[r] + number(w * number(plane[r])))


@jit(inline="always")
def set_two(out, base, planes, factors):
    """Set ``out`` to ``base`` plus two planes, times a factor each."""
    first, second = planes
    number = out.dtype.type
    w, v = number(factors[0]), number(factors[1])
    for r in range(out.size):
        x = number(base[r] + number(w * number(first[r])))
        out[r] = number(x + number(v * number(second[r])))


@jit(inline="always")
def _set_four(sums, planes, factors):
    out, base = sums
    p0, p1, p2, p3 = planes
    number = out.dtype.type
    w0, w1 = number(factors[0]), number(factors[1])
    w2, w3 = number(factors[2]), number(factors[3])
    for r in range(out.size):
        x = number(base[r] + number(w0 * number(p0[r])))
        x = number(x + number(w1 * number(p1[r])))
        x = number(x + number(w2 * number(p2[r])))
        out[r] = number(x + number(w3 * number(p3[r])))


@jit(inline="always")
def set_larger(out, first, second):
    """Set ``out`` to the larger of two planes."""
    for r in range(out.size):
        out[r] = max(first[r], second[r])


@jit(inline="always")
def set_largest(out, sums, first, sources, planes, factor):
    """Set ``out`` to the largest of four sums, each with a plane times a factor added.

    The sums begin with ``sums[first]``, and to each belongs one of ``planes`` of ``sources``.
    """
    p0, p1, p2, p3 = planes
    number = out.dtype.type
    w = number(factor)
    for r in range(out.size):
        a = number(sums[first, r] + number(w * number(sources[p0, r])))
        b = number(sums[first + 1, r] + number(w * number(sources[p1, r])))
        c = number(sums[first + 2, r] + number(w * number(sources[p2, r])))
        d = number(sums[first + 3, r] + number(w * number(sources[p3, r])))
        out[r] = max(max(a, b), max(c, d))


@jit(inline="always")
def set_largest_of_two(out, sums, first, sources, planes, others, factors):
    """Do what :func:`set_largest` does with two planes added to each sum."""
    p0, p1, p2, p3 = planes
    o0, o1, o2, o3 = others
    number = out.dtype.type
    w, v = number(factors[0]), number(factors[1])
    for r in range(out.size):
        a = number(sums[first, r] + number(w * number(sources[p0, r])))
        b = number(sums[first + 1, r] + number(w * number(sources[p1, r])))
        c = number(sums[first + 2, r] + number(w * number(sources[p2, r])))
        d = number(sums[first + 3, r] + number(w * number(sources[p3, r])))
        a = number(a + number(v * number(sources[o0, r])))
        b = number(b + number(v * number(sources[o1, r])))
        c = number(c + number(v * number(sources[o2, r])))
        d = number(d + number(v * number(sources[o3, r])))
        out[r] = max(max(a, b), max(c, d))


@jit(inline="always")
def add_plane(sums, plane, factor):
    """Add a plane times a factor to sums."""
    number = sums.dtype.type
    w = number(factor)
    for r in range(sums.size):
        sums[r] = number(sums[r] + number(w * number(plane[r])))


@jit(inline="always")
def add_change(values, delta):
    """Add to values by how much they change."""
    for r in range(values.size):
        values[r] += delta[r]

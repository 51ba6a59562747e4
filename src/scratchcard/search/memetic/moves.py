"""Moves: what a burst proposes, and how it accepts. Compiled; the same for every engine.

What runs once per trial allocates nothing and is compiled without reference counts (``_nrt``), as
in the engine: taking a part out of a tuple of arrays counts each of them up and down.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scratchcard.compiled.cache import jit
from scratchcard.engines.incremental.threads import apart
from scratchcard.engines.incremental.wiring import (
    Net,
    Wiring,
    first_between,
    first_weight,
    layer_of,
    source_of,
    target_of,
)

MIX1, MIX2, GOLDEN = (
    np.uint64(0xBF58476D1CE4E5B9),
    np.uint64(0x94D049BB133111EB),
    np.uint64(0x9E3779B97F4A7C15),
)
# Weights that a proposal looks at for one to add. At a density of 0.5 one proposal in 2**32 finds
# none; it is then left out.
TRIES = 32


class Survivors(NamedTuple):
    """The surviving weights of a mask, kept so that one of them is drawn in one step."""

    indices: NDArray[np.int64]  # (n_weights,) flat indices, of which surviving[0] count
    place: NDArray[np.int32]  # (n_weights,) where each weight stands in indices; -1: scratched off
    surviving: NDArray[np.int64]  # (1,) how many weights survive
    fed: NDArray[np.int64]  # (units,) surviving outgoing weights of each unit, inputs first
    costs: NDArray[np.float64]  # (n_weights,) what the survival of each weight costs
    spent: NDArray[np.float64]  # (1,) what the survivors cost together


class Moves(NamedTuple):
    """The numbers by which a burst proposes and accepts."""

    remove: float  # share of the proposals that scratch one weight off
    swap: float  # share of the proposals that replace a weight by another one into the same unit
    small_layer: float  # share of the additions whose layer is drawn evenly, not by size
    budget: float  # once survivors cost this, nothing is proposed that makes them cost more
    price: float  # what each unit of cost adds to the objective
    heat: float  # mean of the exponentially distributed worsening that is accepted
    race_z: float  # standard errors after which a race is lost; 0: no races
    rates: NDArray[np.float64]  # (layers,) share of the weights drawn that begin a run
    runs: NDArray[np.int64]  # (layers,) proposals of a run, which lead into the same unit


class Chooser(NamedTuple):
    """What one thread makes proposals from; every thread has its own copy."""

    survivors: Survivors
    moves: Moves
    rng: NDArray[np.uint64]  # (1,) the random stream
    run: NDArray[np.int64]  # (3,) the run that goes on: FIRST, WIDTH, LEFT


# Of a run: the first weight into the unit, how many there are, and proposals that are left.
FIRST, WIDTH, LEFT = 0, 1, 2


@jit(_nrt=False)
def random_bits(rng):
    """Return the next 64 random bits of ``rng``, (1,) uint64: SplitMix64.

    Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
    """
    rng[0] += GOLDEN
    z = rng[0]
    z = (z ^ (z >> np.uint64(30))) * MIX1
    z = (z ^ (z >> np.uint64(27))) * MIX2
    return z ^ (z >> np.uint64(31))


@jit(_nrt=False)
def uniform(rng):
    """Return a random float in [0, 1)."""
    return (random_bits(rng) >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@jit(_nrt=False)
def below(rng, n):
    """Return a random integer in 0..n-1."""
    return np.int64(uniform(rng) * n)


@jit(_nrt=False)
def slack_of(chooser):
    """Return by how much the next candidate may be worse."""
    heat = chooser.moves.heat
    return -heat * np.log(1.0 - uniform(chooser.rng)) if heat > 0 else 0.0


@jit(_nrt=False)
def growth_of(survivors, flips, n_flips):
    """Return how much more the survivors cost after these flips."""
    growth = 0.0
    for f in range(n_flips):
        cost = survivors.costs[flips[f]]
        growth += cost if survivors.place[flips[f]] < 0 else -cost
    return growth


@jit(_nrt=False)
def note_flips(net, survivors, flips, n_flips):
    """Note that these weights have been flipped."""
    for f in range(n_flips):
        note_flip(net, survivors, flips[f])


@jit(inline="always")
def note_flip(net, survivors, index):
    """Note that the weight at ``index`` has been flipped."""
    layer = layer_of(net, index)
    source = source_of(net, layer, index)
    if net.stands:
        source += net.first_units[layer]
    at = survivors.place[index]
    if at < 0:
        survivors.indices[survivors.surviving[0]] = index
        survivors.place[index] = survivors.surviving[0]
        survivors.surviving[0] += 1
        survivors.fed[source] += 1
        survivors.spent[0] += survivors.costs[index]
    else:
        survivors.surviving[0] -= 1
        last = survivors.indices[survivors.surviving[0]]
        survivors.indices[at] = last
        survivors.place[last] = at
        survivors.place[index] = -1
        survivors.fed[source] -= 1
        survivors.spent[0] -= survivors.costs[index]


@jit(inline="always")
def is_left_out(moves, layer, rng):
    """Return whether a weight that was drawn in this layer begins no run."""
    return moves.rates[layer] < 1.0 and uniform(rng) >= moves.rates[layer]


@jit(inline="always")
def begin_run(net, chooser, layer, index):
    """Let the next proposals lead into the unit that the weight at ``index`` leads to."""
    run, length = chooser.run, chooser.moves.runs[layer]
    if length > 1:
        run[FIRST] = first_weight(net, layer, target_of(net, layer, index))
        run[WIDTH] = net.fan_ins[layer]
        run[LEFT] = length


@jit(_nrt=False)
def draw_survivor(net, chooser):
    """Return a random surviving weight; -1 if none was found, or if it is left out."""
    survivors, moves, rng, run = chooser
    if run[LEFT] > 0:
        for _ in range(TRIES):
            index = run[FIRST] + below(rng, run[WIDTH])
            if survivors.place[index] >= 0:
                return index
        return -1
    if survivors.surviving[0] == 0:
        return -1
    index = survivors.indices[below(rng, survivors.surviving[0])]
    layer = layer_of(net, index)
    if is_left_out(moves, layer, rng):
        return -1
    begin_run(net, chooser, layer, index)
    return index


@jit(_nrt=False)
def draw_addition(net, chooser):
    """Return a random weight that is scratched off; -1 if none was found, or if it is left out."""
    survivors, moves, rng, run = chooser
    n_layers = net.sizes.size - 1
    for _ in range(TRIES):
        if run[LEFT] > 0:
            index = run[FIRST] + below(rng, run[WIDTH])
        elif uniform(rng) < moves.small_layer:
            layer = below(rng, n_layers)
            size = net.starts[layer + 1] - net.starts[layer]
            index = net.starts[layer] + below(rng, size)
        else:
            index = below(rng, net.starts[n_layers])
        if survivors.place[index] >= 0:
            continue
        layer = layer_of(net, index)
        j = target_of(net, layer, index)
        is_read = net.stands and layer < n_layers - 1
        if is_read and survivors.fed[net.first_units[layer + 1] + j] == 0:
            continue  # a weight into a unit that feeds nothing changes no output
        if run[LEFT] > 0:
            return index
        if is_left_out(moves, layer, rng):
            return -1
        begin_run(net, chooser, layer, index)
        return index
    return -1


@jit(_nrt=False)
def propose(net, chooser, flips):
    """Fill ``flips`` with one or two weights to flip, and return how many; 0 if none was found."""
    survivors, moves, rng = chooser.survivors, chooser.moves, chooser.rng
    kind = uniform(rng)
    if chooser.run[LEFT] > 0:
        chooser.run[LEFT] -= 1
    if kind < moves.remove + moves.swap:
        flips[0] = draw_survivor(net, chooser)
        if flips[0] < 0:
            return 0
        if kind < moves.remove:
            return 1
        layer = layer_of(net, flips[0])
        row = first_weight(net, layer, target_of(net, layer, flips[0]))
        for _ in range(TRIES):
            other = row + below(rng, net.fan_ins[layer])
            dearer = survivors.costs[other] - survivors.costs[flips[0]]
            if dearer > 0 and survivors.spent[0] + dearer > moves.budget:
                continue
            if survivors.place[other] < 0:
                flips[1] = other
                if flips[0] > other:
                    flips[1] = flips[0]
                    flips[0] = other
                return 2
        return 0
    if survivors.spent[0] >= moves.budget:
        return 0
    flips[0] = draw_addition(net, chooser)
    return 1 if flips[0] >= 0 else 0


@jit
def mated_units_in_random_order(net, rng):
    """Return the numbers of all units that recombine, inputs counted, in random order."""
    n_mated = net.places[net.places.size - 1]
    if not net.stands:  # units of the last layer are outputs only where layers stand on each other
        n_mated += net.sizes[net.sizes.size - 1]
    order = np.arange(n_mated)
    for k in range(n_mated - 1, 0, -1):
        swap = below(rng, k + 1)
        order[k], order[swap] = order[swap], order[k]
    return order + net.first_units[1]


@jit(_nrt=False)
def unit_difference(net, mask, other, number, flips):
    """Fill ``flips`` with the weights of a unit whose bits differ, and return how many.

    Weights into the unit count, and those out of it where they are known, in ascending order;
    ``number`` is the unit's, inputs counted.
    """
    layer = 1
    while number >= net.first_units[layer + 1]:
        layer += 1
    unit = number - net.first_units[layer]
    n = 0
    row = first_weight(net, layer - 1, unit)
    for index in range(row, row + net.fan_ins[layer - 1]):
        if mask[index] != other[index]:
            flips[n] = index
            n += 1
    if not net.stands:
        return n
    for above in range(net.sizes[layer + 1]):
        start = first_between(net, layer, unit, above)
        if start < 0:
            continue
        for index in range(start, start + net.spans[layer]):
            if mask[index] != other[index]:
                flips[n] = index
                n += 1
    return n


@jit
def room_for_unit(net):
    """Return an array for the flips of one unit, as :func:`unit_difference` needs it."""
    return np.zeros(net.fan_ins.max() + (net.sizes[1:] * net.spans).max(), dtype=np.int64)


def survivors_of(mask: NDArray[np.uint8], net: Net | Wiring) -> Survivors:
    """Return the survivors of a mask, (n_weights,)."""
    found = np.flatnonzero(mask)
    survivors = Survivors(
        indices=np.zeros(mask.size, dtype=np.int64),
        place=np.full(mask.size, -1, dtype=np.int32),
        surviving=apart(1),
        fed=np.zeros(net.first_units[-1], dtype=np.int64),
        costs=np.ones(mask.size),
        spent=apart(1, np.float64),
    )
    note_flips(net, survivors, found, found.size)
    return survivors

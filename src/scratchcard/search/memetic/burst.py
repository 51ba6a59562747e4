"""A burst: one individual's run of mutation trials, compiled; the memetic search's inner loop."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from scratchcard.engines.incremental.trial import Race, keep, sum_up, trial

MIX1, MIX2, GOLDEN = (
    np.uint64(0xBF58476D1CE4E5B9),
    np.uint64(0x94D049BB133111EB),
    np.uint64(0x9E3779B97F4A7C15),
)
TRIES = 32  # how often a proposal looks for a connection that may be added


class Survivors(NamedTuple):
    """The surviving connections of a mask, so that one is drawn at once."""

    indices: NDArray[np.int64]  # (n_weights,) the first surviving[0] are flat weight indices
    place: NDArray[np.int32]  # (n_weights,) where in indices, -1 for none
    surviving: NDArray[np.int64]  # (1,) how many they are
    fed: NDArray[np.int64]  # (units,) surviving outgoing connections of each unit, inputs first


class Moves(NamedTuple):
    """How a burst proposes and accepts."""

    remove: float  # share of proposals that scratch one connection off
    swap: float  # share that move a connection's source, its target unit kept
    small_layer: float  # share of additions whose layer is drawn evenly, not by size
    max_survivors: int
    price: float  # what a surviving weight adds to the objective
    heat: float  # mean of the exponentially distributed worsening that is accepted
    race_z: float  # standard errors after which a race is lost; 0: no races


@njit(cache=True)
def random_bits(rng):
    """The next 64 random bits of ``rng``, (1,) uint64: SplitMix64 (Steele, Lea, Flood 2014)."""
    rng[0] += GOLDEN
    z = rng[0]
    z = (z ^ (z >> np.uint64(30))) * MIX1
    z = (z ^ (z >> np.uint64(27))) * MIX2
    return z ^ (z >> np.uint64(31))


@njit(cache=True)
def uniform(rng):
    """A float in [0, 1)."""
    return (random_bits(rng) >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@njit(cache=True)
def below(rng, n):
    """An integer in 0..n-1."""
    return np.int64(uniform(rng) * n)


@njit(cache=True)
def locate(net, index):
    """(layer, source unit, target unit) of a flat weight index."""
    layer = 0
    while index >= net.starts[layer + 1]:
        layer += 1
    at = index - net.starts[layer]
    return layer, at % net.sizes[layer], at // net.sizes[layer]


@njit(inline="always")
def flip_survivor(net, survivors, units, index):
    """Note that the connection at ``index`` has been flipped."""
    layer, i, _ = locate(net, index)
    at = survivors.place[index]
    if at < 0:
        survivors.indices[survivors.surviving[0]] = index
        survivors.place[index] = survivors.surviving[0]
        survivors.surviving[0] += 1
        survivors.fed[units[layer] + i] += 1
    else:
        survivors.surviving[0] -= 1
        last = survivors.indices[survivors.surviving[0]]
        survivors.indices[at] = last
        survivors.place[last] = at
        survivors.place[index] = -1
        survivors.fed[units[layer] + i] -= 1


@njit(inline="always")
def propose(net, survivors, units, moves, rng, flips):
    """Fill ``flips`` with one or two connections to flip; returns how many, 0 for none found."""
    kind = uniform(rng)
    count = survivors.surviving[0]
    n_layers = net.sizes.size - 1
    if kind < moves.remove + moves.swap:
        if count == 0:
            return 0
        flips[0] = survivors.indices[below(rng, count)]
        if kind < moves.remove:
            return 1
        layer, _, j = locate(net, flips[0])
        for _ in range(TRIES):
            other = net.starts[layer] + j * net.sizes[layer] + below(rng, net.sizes[layer])
            if survivors.place[other] < 0:
                flips[1] = other
                if flips[0] > other:
                    flips[1] = flips[0]
                    flips[0] = other
                return 2
        return 0
    if count >= moves.max_survivors:
        return 0
    for _ in range(TRIES):
        if uniform(rng) < moves.small_layer:
            layer = below(rng, n_layers)
            size = net.starts[layer + 1] - net.starts[layer]
            index = net.starts[layer] + below(rng, size)
        else:
            index = below(rng, net.starts[n_layers])
        if survivors.place[index] >= 0:
            continue
        layer, _, j = locate(net, index)
        if layer < n_layers - 1 and survivors.fed[units[layer + 1] + j] == 0:
            continue  # a connection into a unit that feeds nothing is neutral
        flips[0] = index
        return 1
    return 0


@njit(inline="always")
def decide(
    block, value, net, data, state, survivors, units, moves, flips, n_flips, now, slack, team
):
    """Try ``flips`` and make them if the objective and the price grow by at most ``slack``.

    Returns the objective, ``now`` itself if nothing was made, and whether it was.
    """
    growth = 0
    for f in range(n_flips):
        growth += 1 if survivors.place[flips[f]] < 0 else -1
    allowed = slack - moves.price * growth
    limit = np.inf
    if moves.race_z > 0:  # the objective is a multiple of the mean of the one statistic
        state.trial_sums[0] = data.total_weight
        limit = allowed * data.total_weight / value(state.trial_sums, data.total_weight)
    if not trial(block, net, data, state, flips, n_flips, Race(limit, moves.race_z), team):
        return now, False
    then = value(state.trial_sums, data.total_weight)
    if then - now > allowed:
        return now, False
    keep(net, state, flips, n_flips, team)
    for f in range(n_flips):
        flip_survivor(net, survivors, units, flips[f])
    return then, True


@njit(cache=True)
def objective_now(value, data, state, team):
    """The objective of an individual; every rank of the team must ask at the same time."""
    sum_up(state, team)
    return value(state.trial_sums, data.total_weight)


@njit(cache=True, nogil=True)
def burst(block, value, net, data, state, survivors, units, moves, rng, team, n_trials):
    """Propose ``n_trials`` times, make what is accepted; returns (value, trials, accepted).

    Every rank of the team calls this with its own copies of ``state.mask``, ``survivors`` and
    ``rng``, and ends with the same.
    """
    flips = np.zeros(2, dtype=np.int64)
    now = objective_now(value, data, state, team)
    tried = 0
    accepted = 0
    for _ in range(n_trials):
        if team.stop[0] != 0:
            break
        n_flips = propose(net, survivors, units, moves, rng, flips)
        if n_flips == 0:
            continue
        tried += 1
        slack = -moves.heat * np.log(1.0 - uniform(rng)) if moves.heat > 0 else 0.0
        now, made = decide(
            block,
            value,
            net,
            data,
            state,
            survivors,
            units,
            moves,
            flips,
            n_flips,
            now,
            slack,
            team,
        )
        accepted += made
    return now, tried, accepted


@njit(cache=True)
def unit_difference(net, state, other, layer, u, flips):
    """Connections of hidden unit ``u`` of ``layer`` whose bits differ from ``other``; how many."""
    n = 0
    fan_in = net.sizes[layer - 1]
    row = net.starts[layer - 1] + u * fan_in
    for index in range(row, row + fan_in):
        if state.mask[index] != other[index]:
            flips[n] = index
            n += 1
    for k in range(net.sizes[layer + 1]):
        index = net.starts[layer] + k * net.sizes[layer] + u
        if state.mask[index] != other[index]:
            flips[n] = index
            n += 1
    return n


@njit(cache=True, nogil=True)
def recombine(block, value, net, data, state, survivors, units, moves, rng, team, other):
    """Recombination by unit: for every hidden unit in random order, take its incoming and outgoing
    bits from the mask ``other`` if that does not hurt; returns (value, trials, accepted)."""
    n_layers = net.sizes.size - 1
    n_hidden = units[n_layers] - units[1]
    order = np.arange(n_hidden)
    for k in range(n_hidden - 1, 0, -1):
        swap = below(rng, k + 1)
        order[k], order[swap] = order[swap], order[k]
    flips = np.zeros(net.sizes.max() * 2, dtype=np.int64)
    now = objective_now(value, data, state, team)
    tried = 0
    accepted = 0
    for k in range(n_hidden):
        if team.stop[0] != 0:
            break
        layer = 1
        while order[k] + units[1] >= units[layer + 1]:
            layer += 1
        unit = order[k] + units[1] - units[layer]
        n_flips = unit_difference(net, state, other, layer, unit, flips)
        growth = 0
        for f in range(n_flips):
            growth += 1 if survivors.place[flips[f]] < 0 else -1
        if n_flips == 0 or (growth > 0 and survivors.surviving[0] + growth > moves.max_survivors):
            continue
        tried += 1
        now, made = decide(
            block, value, net, data, state, survivors, units, moves, flips, n_flips, now, 0.0, team
        )
        accepted += made
    return now, tried, accepted

"""A burst: one individual's run of mutation trials, compiled. The memetic search's inner loop."""

from __future__ import annotations

import numpy as np

from scratchcard.compiled.cache import jit
from scratchcard.engines.incremental.threads import BAD_VALUE, STOPPED
from scratchcard.engines.incremental.trial import Race, keep, sum_up, trial
from scratchcard.search.memetic.moves import (
    growth_of,
    mated_units_in_random_order,
    note_flips,
    propose,
    room_for_unit,
    slack_of,
    unit_difference,
)


@jit(inline="always")
def decide(job, state, chooser, flips, n_flips, now, slack):
    """Try ``flips``, and make them if the objective and the price grow by at most ``slack``.

    Return the objective, which is ``now`` itself if nothing was made, and whether the flips were
    made.
    """
    total_weight = job.data.total_weight
    moves = chooser.moves
    allowed = slack - moves.price * growth_of(chooser.survivors, flips, n_flips)
    limit = np.inf
    if moves.race_z > 0:  # the objective is a multiple of the mean of the one statistic
        state.trial_sums[0] = total_weight
        limit = allowed * total_weight / job.value(state.trial_sums, total_weight)
    if not trial(job, state, flips, n_flips, Race(limit, moves.race_z)):
        return now, False
    then = job.value(state.trial_sums, total_weight)
    if not then - now <= allowed:
        if not np.isfinite(then):
            job.threads.failed[0] = BAD_VALUE
        return now, False
    if not np.isfinite(then):
        job.threads.failed[0] = BAD_VALUE
        return now, False
    keep(job, state, flips, n_flips)
    note_flips(job.net, chooser.survivors, flips, n_flips)
    return then, True


@jit(_nrt=False)
def objective_now(job, state):
    """Return the objective of an individual; all threads must ask at the same time."""
    sum_up(state, job.threads)
    now = job.value(state.trial_sums, job.data.total_weight)
    if not np.isfinite(now):
        job.threads.failed[0] = BAD_VALUE
    return now


@jit(inline="always")
def is_over(threads):
    """Return whether no more trials are to be made."""
    return threads.failed[0] != 0 or threads.round[STOPPED] != 0


@jit(nogil=True)
def burst(job, state, chooser, n_trials):
    """Propose ``n_trials`` times and make what is accepted; return (value, trials, accepted).

    Every thread calls this with its own copies of ``state.mask`` and ``chooser``, and ends with the
    same.
    """
    return _mutate(job, state, chooser, n_trials, np.zeros(2, dtype=np.int64))


@jit(nogil=True, _nrt=False)
def _mutate(job, state, chooser, n_trials, flips):
    """Do what :func:`burst` says, with an array for the flips."""
    now = objective_now(job, state)
    tried = 0
    accepted = 0
    for _ in range(n_trials):
        if is_over(job.threads):
            break
        n_flips = propose(job.net, chooser, flips)
        if n_flips == 0:
            continue
        tried += 1
        slack = slack_of(chooser)
        now, made = decide(job, state, chooser, flips, n_flips, now, slack)
        accepted += made
    return now, tried, accepted


@jit(nogil=True)
def recombine(job, state, chooser, other):
    """Take units' weights from the mask ``other`` where that does not hurt the objective.

    For every hidden unit, in random order, the bits of its incoming and outgoing weights are taken
    together or not at all. Return (value, trials, accepted).
    """
    order = mated_units_in_random_order(job.net, chooser.rng)
    flips = room_for_unit(job.net)
    return _mate(job, state, chooser, other, (order, flips))


@jit(nogil=True, _nrt=False)
def _mate(job, state, chooser, other, arrays):
    """Do what :func:`recombine` says, with arrays for the units' order and the flips."""
    order, flips = arrays
    survivors = chooser.survivors
    budget = chooser.moves.budget
    now = objective_now(job, state)
    tried = 0
    accepted = 0
    for k in range(order.size):
        if is_over(job.threads):
            break
        n_flips = unit_difference(job.net, state.mask, other, order[k], flips)
        growth = growth_of(survivors, flips, n_flips)
        if n_flips == 0 or (growth > 0 and survivors.spent[0] + growth > budget):
            continue
        tried += 1
        now, made = decide(job, state, chooser, flips, n_flips, now, 0.0)
        accepted += made
    return now, tried, accepted

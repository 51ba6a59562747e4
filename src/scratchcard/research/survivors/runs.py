"""Counts what the masks of several tickets of one network shape have in common, against chance.

Chance means masks that are as dense in each layer and otherwise random. Tickets on the same weights
(equal networks, other search seeds) tell whether searches agree. On other weights a connection's
place means something only through the inputs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import combinations
from math import isqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from scratchcard.research.survivors.cases import Group, check_tickets, groups_of
from scratchcard.ticket import Mask, Ticket

Row = dict[str, Any]
"""Plain values, fit for JSON and for a line of a table."""

HOW_OFTEN = ("all", "most", "rare", "never")
"""In how many runs a connection survives: all, at least half, fewer, or none."""


@dataclass(frozen=True)
class Survivors:
    """Tables of plain values; layers count from 1, densities and shares are fractions of 1.

    Parameters
    ----------
    groups : tuple of Group
        The tickets that are counted together.
    tickets : list of dict
        A row for each ticket.
    layers : list of dict
        For each ticket and layer its density, and the magnitudes and signs of its survivors against
        those of all weights.
    degrees : list of dict
        For each ticket and hidden layer.
    shared : list of dict
        For each group and layer, how many connections survive in all, at least half, fewer or none
        of the runs.
    pairs : list of dict
        How much every two masks overlap.
    overlap : list of dict
        The means of ``pairs``.
    inputs : list of dict
        For each input, how many survivors read it; of a convolution, for each place of its kernels.
    """

    groups: tuple[Group, ...]
    tickets: list[Row]
    layers: list[Row]
    degrees: list[Row]
    shared: list[Row]
    pairs: list[Row]
    overlap: list[Row]
    inputs: list[Row]


def survivors(tickets: Sequence[Ticket], names: Sequence[str] | None = None) -> Survivors:
    """Compare the masks of at least two different tickets of one network shape.

    Parameters
    ----------
    tickets : sequence of Ticket
        The tickets.
    names : sequence of str or None
        Their names; their numbers, from 1, if None.

    Returns
    -------
    Survivors

    Raises
    ------
    ValueError
        For tickets of other shapes, for one ticket twice, and for fewer than two.
    """
    named = [str(i + 1) for i in range(len(tickets))] if names is None else list(names)
    check_tickets(tickets, named)
    masks = [ticket.mask for ticket in tickets]
    groups = tuple(groups_of(tickets))
    pairs = [
        overlap_of(tickets[a], tickets[b]) | {"a": named[a], "b": named[b]}
        for a, b in combinations(range(len(tickets)), 2)
    ]
    return Survivors(
        groups=groups,
        tickets=[_ticket(name, ticket) for name, ticket in zip(named, tickets, strict=True)],
        layers=[
            {"ticket": name} | row
            for name, ticket in zip(named, tickets, strict=True)
            for row in _layers(ticket)
        ],
        degrees=[
            {"ticket": name} | row
            for name, mask in zip(named, masks, strict=True)
            for row in _degrees(mask)
        ],
        shared=[
            {"group": group.name, "runs": len(group.members)} | row
            for group in groups
            for row in _shared([masks[i] for i in group.members])
        ],
        pairs=pairs,
        overlap=averaged(pairs),
        inputs=list(_inputs(masks)),
    )


def times(masks: Sequence[Mask]) -> NDArray[np.int64]:
    """Return in how many of the masks each weight survives, (n_weights,)."""
    counts: NDArray[np.int64] = np.sum([mask.flat() for mask in masks], axis=0, dtype=np.int64)
    return counts


def _inputs(masks: Sequence[Mask]) -> Iterator[Row]:
    """Yield how many survivors read each input, or stand at each place of a kernel."""
    first = masks[0].layers[0]
    reads = np.array([mask.array(0).sum(axis=0) for mask in masks])
    for number, column in enumerate(reads.T):
        place: Row = {"input": number}
        if first.reads_maps:
            channel, position = divmod(number, first.span)
            row, across = divmod(position, isqrt(first.span))
            place = {"channel": channel, "row": row, "column": across}
        yield place | {"survivors": float(column.mean()), "read_by": int((column > 0).sum())}


def _ticket(name: str, ticket: Ticket) -> Row:
    mask = ticket.mask
    return {
        "ticket": name,
        "network": ticket.network.architecture,
        "seed": ticket.network.seed,
        "weights": ticket.network.weights,
        "survivors": mask.surviving,
        "density": mask.density,
        "effective_density": mask.effective_density,
    }


def _layers(ticket: Ticket) -> Iterator[Row]:
    """Yield for each layer whether the survivors are large weights, or weights of one sign.

    ``larger`` is the chance that a survivor's magnitude exceeds a dead weight's (ties count half),
    with the p value of Mann and Whitney's test; ``positive`` is the share of weights above 0, with
    the p value of Fisher's test.
    """
    for layer, alive in enumerate(ticket.mask.arrays()):
        weights = ticket.network.weights_of(layer)
        live, dead = weights[alive], weights[~alive]
        magnitudes = np.abs(live.astype(np.int64)), np.abs(dead.astype(np.int64))
        larger = larger_p = positive_p = None
        if len(live) and len(dead):
            if len(np.unique(np.concatenate(magnitudes))) > 1:
                test = stats.mannwhitneyu(*magnitudes)
                larger = float(test.statistic) / (len(live) * len(dead))
                larger_p = float(test.pvalue)
            table = [[int((w > 0).sum()), int((w < 0).sum())] for w in (live, dead)]
            positive_p = float(stats.fisher_exact(table)[1])
        yield {
            "layer": layer + 1,
            "density": len(live) / weights.size,
            "magnitude": float(magnitudes[0].mean()) if len(live) else None,
            "magnitude_of_all": float(np.abs(weights.astype(np.int64)).mean()),
            "larger": larger,
            "larger_p": larger_p,
            "positive": float((live > 0).mean()) if len(live) else None,
            "positive_of_all": float((weights > 0).mean()),
            "positive_p": positive_p,
        }


def _degrees(mask: Mask) -> Iterator[Row]:
    """Yield in- and out-degrees of hidden units: mean, deviation, and the deviation by chance."""
    for hidden in range(len(mask.layers) - 1):
        row: Row = {"hidden_layer": hidden + 1, "units": mask.layers[hidden].units}
        for name, (degrees, n) in degrees_of(mask, hidden).items():
            row |= {
                f"{name}_mean": float(degrees.mean()),
                f"{name}_deviation": float(degrees.std()),
                f"{name}_deviation_by_chance": float(stats.binom.std(n, degrees.mean() / n)),
                f"{name}_most": int(degrees.max()),
            }
            if name == "out":
                row["feed_nothing"] = float((degrees == 0).mean())
        yield row


def degrees_of(mask: Mask, hidden: int) -> dict[str, tuple[NDArray[np.int64], int]]:
    """Return how many survivors enter and leave the units of a hidden layer, of how many weights.

    A unit of maps is a whole map, whatever the number of its positions.
    """
    layer, above = mask.layers[hidden], mask.layers[hidden + 1]
    into, out = mask.array(hidden), mask.array(hidden + 1)
    away = out.reshape(above.units, above.units_below, above.span)
    return {
        "in": (into.sum(axis=1), layer.fan_in),
        "out": (away.sum(axis=(0, 2)), above.units * above.span),
    }


def _shared(masks: Sequence[Mask]) -> Iterator[Row]:
    """Yield for each layer how many connections survive in all, most, few and none of the runs.

    By chance the number of runs is Poisson-binomial; p is that of an exact binomial test.
    """
    runs = len(masks)
    for layer, alive in enumerate(zip(*(mask.arrays() for mask in masks), strict=True)):
        counts = np.bincount(np.sum(alive, axis=0).ravel(), minlength=runs + 1)
        coins = [np.array([1 - bits.mean(), bits.mean()]) for bits in alive]
        chances = reduce(np.convolve, coins)
        at = np.arange(runs + 1)
        kinds = (at == runs, (at < runs) & (2 * at >= runs), (at > 0) & (2 * at < runs), at == 0)
        for kind, which in zip(HOW_OFTEN, kinds, strict=True):
            n, observed = int(counts.sum()), int(counts[which].sum())
            chance = min(1.0, float(chances[which].sum()))
            yield {
                "layer": layer + 1,
                "survives_in": kind,
                "connections": observed,
                "by_chance": n * chance,
                "p": float(stats.binomtest(observed, n, chance).pvalue),
            }


# -- overlap of two masks --------------------------------------------------------------------------


def overlap_of(a: Ticket, b: Ticket) -> Row:
    """Return how much two masks overlap; by chance each layer's overlap is hypergeometric."""
    both = either = 0
    expected = variance = 0.0
    for one, other in zip(a.mask.arrays(), b.mask.arrays(), strict=True):
        both += int((one & other).sum())
        either += int((one | other).sum())
        with np.errstate(
            divide="ignore", invalid="ignore"
        ):  # SciPy computes a kurtosis that is not used
            mean, spread = stats.hypergeom.stats(one.size, one.sum(), other.sum(), moments="mv")
        expected += float(mean)
        variance += float(np.nan_to_num(spread))  # NaN where a layer is a single weight
    total = both + either
    return {
        "same_weights": a.network == b.network,
        "shared": both,
        "shared_by_chance": expected,
        "variance_by_chance": variance,
        "jaccard": both / either if either else 0.0,
        "jaccard_by_chance": expected / (total - expected) if total > expected else 0.0,
    } | _z(both, expected, variance)


def averaged(pairs: Sequence[Row]) -> list[Row]:
    """Return one row for all pairs on the same weights, and one for those on different weights.

    By chance overlaps of different pairs are uncorrelated, so variances add up.
    """
    rows = []
    for same in (True, False):
        found = [pair for pair in pairs if pair["same_weights"] == same]
        if found:
            names = ("shared", "shared_by_chance", "variance_by_chance")
            sums = [sum(pair[name] for pair in found) for name in names]
            means = {
                name: float(np.mean([pair[name] for pair in found]))
                for name in ("jaccard", "jaccard_by_chance")
            }
            rows.append({"same_weights": same, "pairs": len(found)} | means | _z(*sums))
    return rows


def _z(observed: float, expected: float, variance: float) -> Row:
    """Return the standard score and its two-sided p value; None where chance leaves no choice."""
    if variance <= 0:
        return {"z": None, "p": None}
    z = (observed - expected) / variance**0.5
    return {"z": z, "p": float(2 * stats.norm.sf(abs(z)))}

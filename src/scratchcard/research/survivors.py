"""Survivors: what the masks of several tickets of one network shape have in common.

Everything is held against chance: masks that are as dense in each layer and otherwise random. SciPy
does the statistics. Tickets on the *same weights* (equal networks, other search seeds) tell whether
searches agree; on other weights a connection's place means something only through the inputs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import combinations, pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from scratchcard.datasets import Dataset
from scratchcard.find import Found, find
from scratchcard.research.overlap import Row, in_short, overlap_of
from scratchcard.ticket.mask import Mask
from scratchcard.ticket.ticket import Ticket

OTHER_WEIGHTS = "one per network"
KINDS = ("all", "most", "rare", "never")  # in how many runs a connection survives


class Group(NamedTuple):
    """Tickets whose masks are counted together."""

    name: str
    members: tuple[int, ...]
    same_weights: bool


@dataclass(frozen=True)
class Survivors:
    """Tables of plain values; layers count from 1, densities and shares are fractions of 1.

    tickets : one row per ticket. layers : per ticket and layer, its density, and magnitudes and
    signs of survivors against all weights. degrees : per ticket and hidden layer. shared : per
    group, layer and kind, how many connections survive in all, at least half, fewer or none of the
    runs. pairs : overlap of every two masks. overlap : the same in short. inputs : per input.
    """

    groups: tuple[Group, ...]
    tickets: list[Row]
    layers: list[Row]
    degrees: list[Row]
    shared: list[Row]
    pairs: list[Row]
    overlap: list[Row]
    inputs: list[Row]


def search_again(dataset: Dataset, search_seeds: Iterable[int], **settings: Any) -> list[Found]:
    """Search the same weights once for every seed; takes the settings of ``Search`` but that."""
    return [find(dataset, search_seed=seed, **settings) for seed in search_seeds]


def survivors(tickets: Sequence[Ticket], names: Sequence[str] | None = None) -> Survivors:
    """Compare the masks of at least two different tickets of one network shape.

    names : of the tickets; their numbers, from 1, if None. Raises ValueError for tickets of other
    shapes, for one ticket twice, and for less than two.
    """
    named = [str(i + 1) for i in range(len(tickets))] if names is None else list(names)
    _check(tickets, named)
    masks = [ticket.mask for ticket in tickets]
    groups = tuple(_groups(tickets))
    pairs = [
        overlap_of(tickets[a], tickets[b]) | {"a": named[a], "b": named[b]}
        for a, b in combinations(range(len(tickets)), 2)
    ]
    reads = np.array([mask.arrays()[0].sum(axis=0) for mask in masks])
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
        overlap=in_short(pairs),
        inputs=[
            {"input": i, "survivors": float(column.mean()), "read_by": int((column > 0).sum())}
            for i, column in enumerate(reads.T)
        ],
    )


def times(masks: Sequence[Mask]) -> NDArray[np.int64]:
    """In how many of the masks each weight survives, (n_weights,)."""
    counts: NDArray[np.int64] = np.sum([mask.flat() for mask in masks], axis=0, dtype=np.int64)
    return counts


def _check(tickets: Sequence[Ticket], names: Sequence[str]) -> None:
    if len(tickets) < 2:
        raise ValueError(f"tickets takes at least two, got {len(tickets)}")
    if len(names) != len(tickets):
        raise ValueError(f"names takes one for each of {len(tickets)} tickets, got {len(names)}")
    shape = tickets[0].network.sizes
    seen: dict[Ticket, str] = {}
    for name, ticket in zip(names, tickets, strict=True):
        if ticket.network.sizes != shape:
            raise ValueError(
                f"tickets takes one network shape, got {'-'.join(map(str, shape))} in {names[0]} "
                f"and {'-'.join(map(str, ticket.network.sizes))} in {name}"
            )
        if ticket in seen:
            raise ValueError(
                f"tickets takes different ones, got the same in {seen[ticket]}, {name}"
            )
        seen[ticket] = name


def _groups(tickets: Sequence[Ticket]) -> Iterator[Group]:
    """Every network with at least two tickets; and the first tickets of all different networks."""
    members: dict[Any, list[int]] = {}
    for i, ticket in enumerate(tickets):
        members.setdefault(ticket.network, []).append(i)
    for network, found in members.items():
        if len(found) > 1:
            alike = sum(other.seed == network.seed for other in members)
            families = f", {network.weights}, {network.activation}" if alike > 1 else ""
            yield Group(f"seed {network.seed}{families}", tuple(found), True)
    if len(members) > 1:
        yield Group(OTHER_WEIGHTS, tuple(found[0] for found in members.values()), False)


def _ticket(name: str, ticket: Ticket) -> Row:
    mask = ticket.mask
    return {
        "ticket": name,
        "network": "-".join(map(str, ticket.network.sizes)),
        "seed": ticket.network.seed,
        "weights": ticket.network.weights,
        "survivors": mask.surviving,
        "density": mask.density,
        "effective_density": mask.effective_density,
    }


def _layers(ticket: Ticket) -> Iterator[Row]:
    """Does the search prefer large weights, or weights of one sign?

    larger: the chance that a survivor's magnitude exceeds a dead weight's (ties count half), with
    the p-value of Mann and Whitney's test; positive: the share of weights above 0, with Fisher's.
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
    """In- and out-degrees of hidden units: mean, deviation, and the deviation by chance alone."""
    layers = mask.arrays()
    for hidden, (into, out) in enumerate(pairwise(layers)):
        row: Row = {"hidden_layer": hidden + 1, "units": len(into)}
        for name, degrees, n in (
            ("in", into.sum(axis=1), into.shape[1]),
            ("out", out.sum(axis=0), out.shape[0]),
        ):
            row |= {
                f"{name}_mean": float(degrees.mean()),
                f"{name}_deviation": float(degrees.std()),
                f"{name}_deviation_by_chance": float(stats.binom.std(n, degrees.mean() / n)),
                f"{name}_most": int(degrees.max()),
            }
        yield row | {"feed_nothing": float((out.sum(axis=0) == 0).mean())}


def _shared(masks: Sequence[Mask]) -> Iterator[Row]:
    """Per layer, how many connections survive in all, most, few and none of the runs.

    By chance the number of runs is Poisson-binomial; p is that of an exact binomial test.
    """
    runs = len(masks)
    for layer, alive in enumerate(zip(*(mask.arrays() for mask in masks), strict=True)):
        counts = np.bincount(np.sum(alive, axis=0).ravel(), minlength=runs + 1)
        coins = [np.array([1 - bits.mean(), bits.mean()]) for bits in alive]
        chances = reduce(np.convolve, coins)
        at = np.arange(runs + 1)
        kinds = (at == runs, (at < runs) & (2 * at >= runs), (at > 0) & (2 * at < runs), at == 0)
        for kind, which in zip(KINDS, kinds, strict=True):
            n, observed = int(counts.sum()), int(counts[which].sum())
            chance = min(1.0, float(chances[which].sum()))
            yield {
                "layer": layer + 1,
                "survives_in": kind,
                "connections": observed,
                "by_chance": n * chance,
                "p": float(stats.binomtest(observed, n, chance).pvalue),
            }

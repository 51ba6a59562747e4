"""Overlap of masks: how many survivors two tickets share, against chance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import stats

from scratchcard.ticket.ticket import Ticket

Row = dict[str, Any]  # plain values, fit for JSON and for a line of a table


def overlap_of(a: Ticket, b: Ticket) -> Row:
    """How much two masks overlap; by chance each layer's overlap is hypergeometric."""
    both = either = 0
    expected = variance = 0.0
    for one, other in zip(a.mask.arrays(), b.mask.arrays(), strict=True):
        both += int((one & other).sum())
        either += int((one | other).sum())
        with np.errstate(divide="ignore", invalid="ignore"):  # SciPy's kurtosis, which nobody reads
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


def in_short(pairs: Sequence[Row]) -> list[Row]:
    """Pairs on the same weights and on different ones, each as one row.

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
    """Standard score, and its two-sided p-value under a normal distribution; None by certainty."""
    if variance <= 0:
        return {"z": None, "p": None}
    z = (observed - expected) / variance**0.5
    return {"z": z, "p": float(2 * stats.norm.sf(abs(z)))}

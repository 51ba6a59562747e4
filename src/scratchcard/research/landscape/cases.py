"""Whose landscapes are studied, and how thoroughly."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from scratchcard.checks import as_int
from scratchcard.datasets import load
from scratchcard.find import Search
from scratchcard.research.landscape.measures.metrics import METRICS, metric_names

NETWORKS = ((20,), (75,), (100,), (50, 50))
CLASS_COUNTS = {"digits": (2, 3, 4, 5, 10), "blobs": tuple(range(2, 11))}
PLANES = ("tickets", "random")
SMALLEST = {"points": 2, "steps": 10, "grid": 2, "evaluations": 100}
COUNTS = (
    "evaluations", "runs", "points", "randoms", "walks", "steps", "max_lag", "per_ring", "grid",
)  # fmt: skip


@dataclass(frozen=True)
class Settings:
    """How thorough a study is.

    Parameters
    ----------
    metrics : tuple of str
        Names of ``METRICS``.
    evaluations : int
        Candidates that each search decides.
    runs : int
        Searches guided by each metric.
    points : int
        Masks along the search.
    randoms : int
        Random masks as dense as the first mask of the search, and as the last.
    walks, steps, max_lag : int
        Number and length of the random walks, and the largest lag of their autocorrelation.
    per_ring : int
        Masks at each distance from the ticket.
    grid : int
        Masks along each side of the plane.
    plane : str or None
        What spans the plane: "tickets" of two other searches, or two "random" masks as dense; None
        for no plane.

    Raises
    ------
    ValueError
        For a setting that is out of range; it names the setting.
    """

    metrics: tuple[str, ...] = tuple(METRICS)
    evaluations: int = 100_000
    runs: int = 3
    points: int = 6
    randoms: int = 3
    walks: int = 8
    steps: int = 2000
    max_lag: int = 400
    per_ring: int = 10
    grid: int = 21
    plane: str | None = "tickets"

    def __post_init__(self) -> None:
        object.__setattr__(self, "metrics", metric_names(self.metrics))
        for name in COUNTS:
            as_int(name, getattr(self, name), SMALLEST.get(name, 1), 2**31 - 1)
        if self.max_lag >= self.steps:
            raise ValueError(f"max_lag takes less than steps={self.steps}, got {self.max_lag}")
        if self.plane not in (None, *PLANES):
            raise ValueError(f"plane takes 'tickets', 'random' or None, got {self.plane!r}")


def sweep_cases(name: str, sweep: str | None, search: Search) -> Iterator[Search]:
    """Yield the searches whose landscapes are studied: one, or one for each case of a sweep.

    Parameters
    ----------
    name : str
        Name of the data set; a sweep of the classes takes digits or blobs.
    sweep : str or None
        "classes", "network" or None.
    search : Search
        The search itself, or what all cases have in common.

    Raises
    ------
    ValueError
        For another sweep, or one that the data set has not.
    """
    if sweep is None:
        yield search
    elif sweep == "network":
        for hidden in NETWORKS:
            yield replace(search, hidden=hidden)
    elif sweep == "classes" and (base := re.sub(r"-\d+$", "", name)) in CLASS_COUNTS:
        for count in CLASS_COUNTS[base]:
            yield replace(search, dataset=load(f"{base}-{count}"))
    else:
        raise ValueError(
            f"sweep takes 'classes' of digits or blobs, 'network' or None, got {sweep!r} of {name}"
        )

"""How thorough a study of landscapes is."""

from __future__ import annotations

from dataclasses import dataclass

from scratchcard.checks import as_int
from scratchcard.research.landscape.metrics import METRICS, metric_names

PLANES = ("tickets", "random")


@dataclass(frozen=True)
class Settings:
    """How thorough a study is.

    evaluations : candidates that each search decides. runs : searches guided by each metric.
    points : masks along the search. randoms : random masks as dense as the first, and the last.
    walks, steps, max_lag : of the random walks. per_ring : masks at each distance of 20.
    grid : masks along each side of the plane. plane : what spans it, "tickets" of two other
    searches or two "random" masks as dense; None for no plane.
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
        least = {"points": 2, "steps": 10, "grid": 2, "evaluations": 100}
        for name in (
            "evaluations", "runs", "points", "randoms", "walks", "steps", "max_lag", "per_ring",
            "grid",
        ):  # fmt: skip
            as_int(name, getattr(self, name), least.get(name, 1), 2**31 - 1)
        if self.max_lag >= self.steps:
            raise ValueError(f"max_lag takes less than steps={self.steps}, got {self.max_lag}")
        if self.plane not in (None, *PLANES):
            raise ValueError(f"plane takes 'tickets', 'random' or None, got {self.plane!r}")

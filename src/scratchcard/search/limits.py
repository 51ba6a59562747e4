"""Limits of a search, and how far within them it is."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scratchcard.checks import as_int

MOST = 1 << 62  # of what is counted


@dataclass(frozen=True)
class Limits:
    """When a search ends, whichever comes first; None is no limit.

    Where generations, evaluations and seconds are all None, the algorithm's own default number of
    generations holds.

    Parameters
    ----------
    generations, evaluations : int or None
        Reproducible limits.
    seconds : float or None
        A limit by the clock, so the result depends on the machine. No clock counts the compilation
        that the first search on a machine begins with.
    patience : int or None
        Generations without a better validation accuracy; needs validation rows.
    """

    generations: int | None = None
    evaluations: int | None = None
    seconds: float | None = None
    patience: int | None = None

    def __post_init__(self) -> None:
        for name in ("generations", "evaluations", "patience"):
            if (value := getattr(self, name)) is not None:
                as_int(name, value, 1, MOST)
        value = self.seconds
        if value is not None and not (value > 0 and math.isfinite(value)):
            raise ValueError(f"seconds takes a number above 0 or None, got {value!r}")

    def filled(self, generations: int) -> Limits:
        """Return the limits, with this limit on generations where there is none at all."""
        if (self.generations, self.evaluations, self.seconds) != (None, None, None):
            return self
        return Limits(generations, patience=self.patience)

    def used(self, generation: int, evaluations: int, seconds: float) -> dict[str, float]:
        """Return which share of each limit is used up."""
        return {
            "generations": generation / self.generations if self.generations else 0.0,
            "evaluations": evaluations / (self.evaluations or math.inf),
            "seconds": seconds / (self.seconds or math.inf),
        }


@dataclass(frozen=True)
class Progress:
    """Where a search stands after a generation.

    Objective and density are those of the best individual; ``validation_accuracy`` is the highest
    of the population. Where a search reads many rows by windows, the objective is that of the rows
    that it read last.
    """

    generation: int
    generations: int | None
    objective: float
    validation_accuracy: float | None
    density: float
    evaluations: int
    seconds: float
    fraction: float

    @property
    def evaluations_per_second(self) -> float:
        """Candidates decided per second, all threads together."""
        return self.evaluations / self.seconds if self.seconds > 0 else 0.0

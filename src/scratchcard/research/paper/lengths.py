"""How long a run lasts, in units that do not depend on the machine; and about how many seconds."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from scratchcard.research.arena import Effort
from scratchcard.research.descents import BATCH, EPOCHS, MIN_STEPS, MLP_ITERATIONS
from scratchcard.research.paper.cases import SEARCHES, Case
from scratchcard.search import Genetic, Memetic
from scratchcard.search.memetic.search import POPULATION


@dataclass(frozen=True)
class Length:
    """How long runs of one kind of case last; None is the method's own, the paper's length.

    Parameters
    ----------
    ga, memetic : generations. draws : of an adaptive bound, see ``Genetic``.
    edge_popup, twin, mlp : epochs.
    """

    ga: int | None = None
    memetic: int | None = None
    edge_popup: int | None = None
    twin: int | None = None
    mlp: int | None = None
    draws: int = 200

    def effort(self, method: str) -> Effort:
        """What a method of this name is given."""
        if method in ("edge-popup", "twin", "mlp"):
            return Effort(epochs=getattr(self, method.replace("-", "_")))
        return Effort(generations=self.memetic if method == "memetic" else self.ga)

    def limited(self, generations: int | None, epochs: int | None) -> Length:
        """The same with at most so many generations and epochs.

        A limit above a method's own length leaves it alone; epochs of edge-popup and the twin
        depend on the rows, so that theirs are as many as the limit says.
        """
        changes: dict[str, Any] = {}
        for limit, names in ((generations, ("ga", "memetic")), (epochs, DESCENTS)):
            if limit is None:
                continue
            for name in names:
                if limit < (getattr(self, name) or OWN.get(name, math.inf)):
                    changes[name] = limit
        return replace(self, **changes)


DESCENTS = ("edge_popup", "twin", "mlp")
OWN = {"ga": Genetic.generations, "memetic": Memetic.generations, "mlp": MLP_ITERATIONS}

FULL = {family: Length() for family in SEARCHES}

QUICK = {
    "moons": Length(ga=60, memetic=60, edge_popup=12, twin=12, mlp=20, draws=10),
    "circles": Length(ga=60, edge_popup=12, twin=12, mlp=20, draws=10),
    "digits": Length(ga=400, draws=10),
    "blobs": Length(ga=25, memetic=15, edge_popup=6, twin=6, mlp=20, draws=10),
}
"""For all of it within 30 minutes on two cores. Data sets, networks, populations stay whole."""

# Seconds on one core, measured; good to a factor of two, which is enough to tell hours from days.
_FIRST = 100  # generations of the GA in which masks differ much, and most are computed to the end
_FIRST_GENERATION = 3e-9  # per row and weight
_LATER_GENERATION = (2e-3, 7e-10)  # once, and per row and weight
_DRAW = 1e-10  # of a random mask, per row and weight
_EPOCH = {"edge-popup": 6e-6, "twin": 4.5e-6, "mlp": 2e-6}  # per row
_TRIAL = {"moons": 8e-6, "circles": 7e-6, "digits": 3e-6, "blobs": 1e-5}  # of the memetic search
_START = 0.3
# of the GA until it ends by itself, with two classes and with more
_GENERATIONS = {
    "moons": (450, 450),
    "circles": (450, 450),
    "digits": (10, 6000),
    "blobs": (10, 2000),
}


def expected_seconds(case: Case, method: str, length: Length, n_rows: int) -> float:
    """About how long one run takes on one core."""
    sizes = [int(size) for size in case.network.split("-")]
    n_weights = sum(a * b for a, b in pairwise(sizes))
    effort = length.effort(method)
    if method in _EPOCH:
        epochs = effort.epochs or max(EPOCHS, MIN_STEPS * BATCH // n_rows)
        return _START + epochs * n_rows * _EPOCH[method]
    if method == "memetic":
        burst = case.search.burst or 60 * math.sqrt(n_weights)
        trials = (effort.generations or Memetic.generations) * burst
        return _START + trials * (case.search.population or POPULATION) * _TRIAL[case.family]
    generations = effort.generations or Genetic.generations
    generations = min(generations, _GENERATIONS[case.family][case.n_classes > 2])
    draws = 30 * length.draws if method == "ga-adaptive" else 0
    first = min(generations, _FIRST)
    once, each = _LATER_GENERATION
    later = generations - first
    per_row_and_weight = first * _FIRST_GENERATION + later * each + draws * _DRAW
    return _START + later * once + n_rows * n_weights * per_row_and_weight

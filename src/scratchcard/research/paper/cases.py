"""The paper's experiments as data: networks, data sets, methods that take part, and how long."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from scratchcard.research.shared.gradients import MLP_ITERATIONS
from scratchcard.research.shared.instance import Effort
from scratchcard.search import Genetic, Memetic

GA_DENSITY = "ga"
"""Stands for the density that the GA's run of the same case and seed came to."""

SEARCHES = {
    # With few weights a search easily gets stuck, so many individuals search.
    "moons": Memetic(max_density=0.4, population=16),
    # The classes overlap and the boundary takes many weights: a calibrated softmax and all rows.
    "circles": Memetic(max_density=0.5, burst=4800, sample=1.0, sharpness=1.0, smoothing=0.02),
    "digits": Memetic(max_density=0.1),
    "blobs": Memetic(max_density=0.2),
}
"""The memetic search's settings, by the family of the data."""


class Case(NamedTuple):
    """A network on a data set."""

    data: str
    hidden: tuple[int, ...]
    n_classes: int

    @property
    def network(self) -> str:
        """Layer sizes, as 2-100-2."""
        n_features = 64 if self.family == "digits" else 2
        return "-".join(map(str, (n_features, *self.hidden, self.n_classes)))

    @property
    def family(self) -> str:
        """The kind of data: digits for digits-2. Settings and lengths depend on it."""
        return self.data.partition("-")[0]

    @property
    def search(self) -> Memetic:
        """Settings of the memetic search."""
        return SEARCHES[self.family]


@dataclass(frozen=True)
class Experiment:
    """One of the paper's experiments, which is one table of the report."""

    name: str
    title: str
    cases: tuple[Case, ...]


@dataclass(frozen=True)
class Entrant:
    """A method with settings that takes part in the experiments.

    Parameters
    ----------
    name : str
        In results and on the command line.
    label : str
        In tables.
    method : str
        A name of ``METHODS``.
    weights : str
        Family of the network's random weights; biases are uniform throughout.
    density : float, str or None
        What may stay; None for the case's density, ``GA_DENSITY`` for the GA's.
    pruned : bool
        Whether the paper's pruning pass follows.
    """

    name: str
    label: str
    method: str
    weights: str = "uniform"
    density: float | str | None = None
    pruned: bool = False


PLANAR_NETWORKS = ((20,), (75,), (100,), (50, 50))
DIGITS_NETWORKS = ((20,), (75,), (100,), (50, 50))


def _digits(n_classes: int, hidden: tuple[int, ...]) -> Case:
    name = "digits" if n_classes == 10 else f"digits-{n_classes}"
    return Case(name, hidden, n_classes)


EXPERIMENTS = {
    one.name: one
    for one in (
        Experiment(
            "moons",
            "Moons",
            tuple(Case("moons", hidden, 2) for hidden in PLANAR_NETWORKS),
        ),
        Experiment(
            "circles",
            "Circles",
            tuple(Case("circles", hidden, 2) for hidden in PLANAR_NETWORKS),
        ),
        Experiment(
            "digits",
            "Digits, ten classes",
            tuple(_digits(10, hidden) for hidden in DIGITS_NETWORKS),
        ),
        Experiment(
            "digits-2",
            "Digits, two classes",
            tuple(_digits(2, hidden) for hidden in DIGITS_NETWORKS),
        ),
        Experiment(
            "classes",
            "Digits, from two to ten classes",
            tuple(_digits(n, (75,)) for n in (2, 3, 4, 5, 10)),
        ),
        Experiment(
            "blobs",
            "Blobs, from two to ten classes",
            tuple(Case(f"blobs-{n}", (100,), n) for n in range(2, 11)),
        ),
    )
}
"""By name. Some share a case, which is then run once."""

REFERENCE = "memetic"

ENTRANTS = {
    one.name: one
    for one in (
        Entrant(REFERENCE, "memetic", "memetic", pruned=True),
        Entrant("memetic-signed", "memetic ±1", "memetic", "signed_constant", pruned=True),
        Entrant("ga", "GA", "ga", pruned=True),
        Entrant("ga-adaptive", "GA (adaptive AB)", "ga-adaptive", pruned=True),
        Entrant("edge-popup@0.5", "edge-popup, 50 %", "edge-popup", density=0.5),
        Entrant("edge-popup@ga", "edge-popup, as GA", "edge-popup", density=GA_DENSITY),
        Entrant("signed@0.5", "edge-popup ±1, 50 %", "edge-popup", "signed_constant", 0.5),
        Entrant("signed@ga", "edge-popup ±1, as GA", "edge-popup", "signed_constant", GA_DENSITY),
        Entrant("mlp", "backprop, scikit-learn", "mlp"),
        Entrant("twin", "backprop, Adam", "twin"),
    )
}
"""By name. ``mlp`` and ``twin`` train all weights, and are there for scale."""

MASKS = tuple(name for name, one in ENTRANTS.items() if one.method not in ("mlp", "twin"))
EDGE_POPUPS = tuple(name for name, one in ENTRANTS.items() if one.method == "edge-popup")
EVOLVED = tuple(name for name, one in ENTRANTS.items() if one.pruned)
OPPONENTS = {
    ours: tuple(
        name
        for name, one in ENTRANTS.items()
        if one.method != "memetic" and (ours == REFERENCE or one.weights == ENTRANTS[ours].weights)
    )
    for ours in (REFERENCE, "memetic-signed")
}
"""What the memetic search is tested against: on signed-constant weights only what ran there too."""


@dataclass(frozen=True)
class Length:
    """How long the runs on one kind of data last; None leaves it to the method, as the paper does.

    Parameters
    ----------
    ga, memetic : int or None
        Generations.
    edge_popup, twin, mlp : int or None
        Epochs.
    draws : int
        Random masks that an adaptive bound is drawn from, see ``Genetic``.
    """

    ga: int | None = None
    memetic: int | None = None
    edge_popup: int | None = None
    twin: int | None = None
    mlp: int | None = None
    draws: int = 200

    def effort(self, method: str) -> Effort:
        """Return how long a method of this name may work."""
        if method in ("edge-popup", "twin", "mlp"):
            return Effort(epochs=getattr(self, method.replace("-", "_")))
        return Effort(generations=self.memetic if method == "memetic" else self.ga)

    def limited(self, generations: int | None, epochs: int | None) -> Length:
        """Return the same lengths with these upper limits.

        A limit above a method's own length leaves it alone. How many epochs edge-popup and the twin
        take by themselves depends on the rows, so a limit on them always counts.
        """
        changes: dict[str, Any] = {}
        for limit, names in ((generations, ("ga", "memetic")), (epochs, WITH_EPOCHS)):
            if limit is None:
                continue
            for name in names:
                if limit < (getattr(self, name) or OWN_LENGTHS.get(name, math.inf)):
                    changes[name] = limit
        return replace(self, **changes)


WITH_EPOCHS = ("edge_popup", "twin", "mlp")
OWN_LENGTHS = {"ga": Genetic.generations, "memetic": Memetic.generations, "mlp": MLP_ITERATIONS}

FULL = {family: Length() for family in SEARCHES}

QUICK = {
    "moons": Length(ga=60, memetic=60, edge_popup=12, twin=12, mlp=20, draws=10),
    "circles": Length(ga=60, edge_popup=12, twin=12, mlp=20, draws=10),
    "digits": Length(ga=400, draws=10),
    "blobs": Length(ga=25, memetic=15, edge_popup=6, twin=6, mlp=20, draws=10),
}
"""Lengths of short runs; data sets, networks and populations are the same as in full runs."""

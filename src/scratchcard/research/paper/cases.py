"""The paper's experiments as data: which networks on which data, and who takes part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from scratchcard.search import Memetic

GA_DENSITY = "ga"  # stands for the density that the GA's run of the same case and seed came to

SEARCHES = {
    # few weights leave few ways around: many individuals
    "moons": Memetic(max_density=0.4, population=16),
    # classes that overlap, and a boundary that wants many weights: a calibrated softmax, all rows
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
        """Of the data: digits of digits-2. Settings and lengths depend on it."""
        return self.data.partition("-")[0]

    @property
    def search(self) -> Memetic:
        """Settings of the memetic search."""
        return SEARCHES[self.family]


@dataclass(frozen=True)
class Experiment:
    """One of the paper's experiments: a table of the report."""

    name: str
    title: str
    cases: tuple[Case, ...]


@dataclass(frozen=True)
class Entrant:
    """Someone who takes part.

    Parameters
    ----------
    name : in ledgers and on the command line. label : in tables.
    method : a name of ``METHODS``.
    weights : family of the network's random weights; biases are uniform throughout.
    density : what may stay; None for the case's, ``GA_DENSITY`` for the GA's.
    pruned : whether the paper's pruning pass follows.
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
"""Whom the memetic search is tested against: everybody; on signed-constant weights, those there."""

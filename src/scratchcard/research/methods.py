"""Methods: what can be compared, by name. A new one is a class and a row in the table.

A name may carry a density, as in ``edge-popup@0.5``; without one a method takes the density that it
is given. ``edge-popup``, ``biprop`` and ``twin`` need the extra ``torch``.
Ctrl-C raises KeyboardInterrupt out of a run, since half a run compares with nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from scratchcard.research.arena import Arena, Attempt, Effort, raise_interrupt
from scratchcard.research.descents import GradientMask, Perceptron, TrainedTwin
from scratchcard.search import Genetic, Limits, Memetic, accuracy, evolve
from scratchcard.search.problem import make_algorithm
from scratchcard.search.task import Algorithm
from scratchcard.search.temperature import calibrated_temperature
from scratchcard.ticket.network import Network

PAPER_PATIENCE, PLANAR_PATIENCE = 50, 300  # generations; for rows with two features


class Method(Protocol):
    """Something that can be run on an arena."""

    def run(self, arena: Arena, effort: Effort) -> Attempt:
        """Find a mask, or train a model, with one thread."""
        ...


@dataclass(frozen=True)
class MemeticSearch:
    """Our memetic search with cross-entropy; ``settings`` but for its density."""

    density: float
    settings: Memetic = field(default_factory=Memetic)

    def run(self, arena: Arena, effort: Effort) -> Attempt:
        """Search on training rows, choose by validation rows."""
        algorithm = replace(self.settings, max_density=self.density)
        return _evolved(arena, algorithm, "cross_entropy", effort)


@dataclass(frozen=True)
class PaperGenetic:
    """The paper's genetic algorithm with the paper's objective and stopping rule.

    Accuracy for two classes; cross-entropy, with no patience, for more. Its density is what it
    comes to. ``draws`` are those of an adaptive bound, see ``Genetic``.
    """

    preset: str
    draws: int = Genetic.draws

    def run(self, arena: Arena, effort: Effort) -> Attempt:
        """Search on training rows, choose by validation rows."""
        patience: int | None = None
        if arena.dataset.n_classes == 2:
            patience = PLANAR_PATIENCE if arena.dataset.n_features == 2 else PAPER_PATIENCE
        objective = "accuracy" if arena.dataset.n_classes == 2 else "cross_entropy"
        algorithm = Genetic(preset=self.preset, patience=patience, draws=self.draws)
        return _evolved(arena, algorithm, objective, effort)


def _evolved(arena: Arena, algorithm: Algorithm, objective: str, effort: Effort) -> Attempt:
    limits = Limits(effort.generations, effort.evaluations, effort.seconds)
    outcome = evolve(
        arena.network,
        arena.train,
        arena.validation,
        algorithm=algorithm,
        objective=objective,
        limits=limits,
        seed=arena.seed,
    )
    raise_interrupt(outcome.stopped_by)
    flat = outcome.mask.flat()
    return Attempt(
        judge=lambda rows: accuracy(arena.network, flat, rows),
        seconds=outcome.seconds,
        mask=outcome.mask,
        temperature=outcome.temperature,
        evaluations=outcome.evaluations,
    )


def pruned(arena: Arena, attempt: Attempt) -> Attempt:
    """The attempt after the paper's pruning pass, on training rows; its mask must be there."""
    from scratchcard.search import prune

    assert attempt.mask is not None
    began = time.perf_counter()
    mask = prune(arena.network, attempt.mask, arena.train)
    flat = mask.flat()
    return replace(
        attempt,
        judge=lambda rows: accuracy(arena.network, flat, rows),
        seconds=attempt.seconds + time.perf_counter() - began,
        mask=mask,
        temperature=calibrated_temperature(arena.network, mask, arena.validation),
    )


METHODS: dict[str, Callable[[float], Method]] = {
    "memetic": MemeticSearch,
    "ga": lambda density: PaperGenetic("GA"),
    "ga-static": lambda density: PaperGenetic("GA (static AB)"),
    "ga-adaptive": lambda density: PaperGenetic("GA (adaptive AB)"),
    "edge-popup": lambda density: GradientMask("edge-popup", density),
    "biprop": lambda density: GradientMask("biprop", density),
    "twin": lambda density: TrainedTwin(),
    "mlp": lambda density: Perceptron(),
}
"""Methods by name; each is made with the density that may stay, and may not heed it."""

WITHOUT_DENSITY = ("ga", "ga-static", "ga-adaptive", "twin", "mlp")
"""Those that heed no density."""

NEED_TORCH = ("edge-popup", "biprop", "twin")


def make_method(text: str, density: float) -> Method:
    """Return the method that ``text`` names, as ``memetic`` or ``edge-popup@0.5``.

    Raises ValueError for an unknown name, a density that is none, and one where none is heeded.
    """
    name, at, own = text.partition("@")
    if name not in METHODS:
        raise ValueError(f"methods takes {', '.join(METHODS)}, got {text!r}")
    if at:
        if name in WITHOUT_DENSITY:
            raise ValueError(f"methods: {name} takes no density, got {text!r}")
        try:
            density = float(own)
        except ValueError:
            density = float("nan")
    if not 0.0 < density <= 1.0:
        raise ValueError(f"methods takes densities above 0 and at most 1, got {text!r}")
    return METHODS[name](density)


def check_method(text: str, density: float, network: Network) -> None:
    """Raise ValueError unless the method of this name can be run on the network."""
    method = make_method(text, density)
    if isinstance(method, MemeticSearch):
        make_algorithm("memetic", method.density, network)
    elif isinstance(method, GradientMask):
        smallest = min(fan_out * fan_in for fan_out, fan_in in network.shapes)
        if int(method.density * smallest) == 0:
            raise ValueError(
                f"methods: {text} at density {method.density} leaves none of a layer's "
                f"{smallest} weights"
            )


def needs_torch(text: str) -> bool:
    """Whether the method of this name needs the extra ``torch``."""
    return text.partition("@")[0] in NEED_TORCH

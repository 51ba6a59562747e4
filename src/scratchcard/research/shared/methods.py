"""The methods that can be compared, by name. A new one is a class and a row in the table.

A name may carry a density, as in ``edge-popup@0.5``; without one a method takes the density that it
is given. ``edge-popup``, ``biprop`` and ``twin`` need the extra ``torch``.
KeyboardInterrupt leaves a run, since half a run compares with nothing.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from scratchcard.research.shared.gradients import GradientMask, Perceptron, TrainedTwin
from scratchcard.research.shared.instance import Attempt, Effort, Instance, raise_interrupt
from scratchcard.search import (
    Algorithm,
    Genetic,
    Limits,
    Memetic,
    accuracy,
    calibrated_temperature,
    evolve,
    make_algorithm,
    prune,
)
from scratchcard.ticket import Network

# Generations that the genetic algorithm goes on without a better mask.
PATIENCE, PATIENCE_WITH_TWO_FEATURES = 50, 300

DECIMAL = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


class Method(Protocol):
    """Something that can be run on an instance."""

    @property
    def makes_tickets(self) -> bool:
        """Whether what it finds is a ticket."""
        ...

    def run(self, instance: Instance, effort: Effort) -> Attempt:
        """Find a mask, or train a model, with one thread."""
        ...


@dataclass(frozen=True)
class MemeticMethod:
    """The memetic search with cross-entropy.

    Parameters
    ----------
    density : float
        Largest share of the weights that may stay.
    settings : Memetic
        The other settings of the search.
    """

    density: float
    settings: Memetic = field(default_factory=Memetic)
    makes_tickets = True

    def run(self, instance: Instance, effort: Effort) -> Attempt:
        """Search on training rows, choose by validation rows."""
        algorithm = replace(self.settings, max_density=self.density)
        return _evolved(instance, algorithm, "cross_entropy", effort)


@dataclass(frozen=True)
class PaperGenetic:
    """The paper's genetic algorithm with the paper's objective and stopping rule.

    The objective is accuracy for two classes, and cross-entropy, with no patience, for more. The
    density is what it comes to.

    Parameters
    ----------
    preset : str
        As ``Genetic`` names it.
    draws : int
        Random masks that an adaptive bound is drawn from, see ``Genetic``.
    """

    preset: str
    draws: int = Genetic.draws
    makes_tickets = True

    def run(self, instance: Instance, effort: Effort) -> Attempt:
        """Search on training rows, choose by validation rows."""
        dataset = instance.dataset
        patience: int | None = None
        if dataset.n_classes == 2:
            patience = PATIENCE_WITH_TWO_FEATURES if dataset.n_features == 2 else PATIENCE
        objective = "accuracy" if dataset.n_classes == 2 else "cross_entropy"
        algorithm = Genetic(preset=self.preset, patience=patience, draws=self.draws)
        return _evolved(instance, algorithm, objective, effort)


def _evolved(instance: Instance, algorithm: Algorithm, objective: str, effort: Effort) -> Attempt:
    limits = Limits(effort.generations, effort.evaluations, effort.seconds)
    outcome = evolve(
        instance.network,
        instance.train,
        instance.validation,
        algorithm=algorithm,
        objective=objective,
        limits=limits,
        seed=instance.seed,
    )
    raise_interrupt(outcome.stopped_by)
    flat = outcome.mask.flat()
    return Attempt(
        judge=lambda rows: accuracy(instance.network, flat, rows),
        seconds=outcome.seconds,
        mask=outcome.mask,
        temperature=outcome.temperature,
        evaluations=outcome.evaluations,
    )


def pruned(instance: Instance, attempt: Attempt) -> Attempt:
    """Return an attempt that has a mask after the paper's pruning pass on training rows."""
    assert attempt.mask is not None
    began = time.perf_counter()
    mask = prune(instance.network, attempt.mask, instance.train)
    flat = mask.flat()
    return replace(
        attempt,
        judge=lambda rows: accuracy(instance.network, flat, rows),
        seconds=attempt.seconds + time.perf_counter() - began,
        mask=mask,
        temperature=calibrated_temperature(instance.network, mask, instance.validation),
    )


METHODS: dict[str, Callable[[float], Method]] = {
    "memetic": MemeticMethod,
    "ga": lambda density: PaperGenetic("GA"),
    "ga-static": lambda density: PaperGenetic("GA (static AB)"),
    "ga-adaptive": lambda density: PaperGenetic("GA (adaptive AB)"),
    "edge-popup": lambda density: GradientMask("edge-popup", density),
    "biprop": lambda density: GradientMask("biprop", density),
    "twin": lambda density: TrainedTwin(),
    "mlp": lambda density: Perceptron(),
}
"""Methods by name; each is made with the density that may stay, and may ignore it."""

WITHOUT_DENSITY = ("ga", "ga-static", "ga-adaptive", "twin", "mlp")
"""The methods that ignore the density."""

NEED_TORCH = ("edge-popup", "biprop", "twin")


def make_method(text: str, density: float) -> Method:
    """Return the method of a name.

    Parameters
    ----------
    text : str
        A name of ``METHODS``, alone or with a density: ``memetic`` or ``edge-popup@0.5``.
    density : float
        What may stay if the name has no density.

    Raises
    ------
    ValueError
        For an unknown name, for what is no density above 0 and at most 1, and for a density of a
        method that takes none.
    """
    name, at, own = text.partition("@")
    if name not in METHODS:
        raise ValueError(f"methods takes {', '.join(METHODS)}, got {text!r}")
    if at:
        if name in WITHOUT_DENSITY:
            raise ValueError(f"methods: {name} takes no density, got {text!r}")
        density = float(own) if DECIMAL.fullmatch(own) else float("nan")
    if not 0.0 < density <= 1.0:
        raise ValueError(f"methods takes densities above 0 and at most 1, got {text!r}")
    return METHODS[name](density)


def check_method(text: str, density: float, network: Network) -> None:
    """Raise ValueError unless the method of this name can be run on the network."""
    method = make_method(text, density)
    if isinstance(method, MemeticMethod):
        make_algorithm("memetic", method.density, network)
    elif isinstance(method, Perceptron) and len(network.input_shape) > 1:
        raise ValueError(
            f"methods: {text} has dense layers alone, got {network.architecture}; twin is the same "
            "network trained"
        )
    elif isinstance(method, GradientMask):
        smallest = min(layer.n_weights for layer in network.layers)
        if int(method.density * smallest) == 0:
            raise ValueError(
                f"methods: {text} at density {method.density} leaves none of a layer's "
                f"{smallest} weights"
            )


def makes_tickets(text: str) -> bool:
    """Return whether what the method of this name finds is a ticket."""
    return make_method(text, 1.0).makes_tickets


def needs_torch(text: str) -> bool:
    """Return whether the method of this name needs the extra ``torch``."""
    return text.partition("@")[0] in NEED_TORCH


def require_torch(methods: tuple[str, ...]) -> None:
    """Raise ImportError, naming the methods, if some need torch and it is not installed."""
    from importlib.util import find_spec

    wanting = [method for method in methods if needs_torch(method)]
    if wanting and find_spec("torch") is None:
        raise ImportError(
            f"methods: {', '.join(wanting)} need torch: pip install 'scratchcard[torch]'"
        )

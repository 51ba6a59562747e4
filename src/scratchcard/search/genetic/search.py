"""The genetic algorithm of the paper that this library grew from, faithful, as three presets.

Schönberger, Zorn, Nüßlein, Gabor, Altmann: "Towards Scalable Lottery Ticket Networks using Genetic
Algorithms", arXiv 2508.08877 (2025), and "Finding Strong Lottery Ticket Networks with Genetic
Algorithms", arXiv 2411.04658 (2024). One bit per weight; a population of random masks; every
generation some recombine with one of the best, some mutate one bit, random migrants arrive, and
lexicographic selection truncates: performance first, then the number of zeros.

The softmax of a cross-entropy reads the outputs at the scale of the float network that the integers
stand for, as in the paper; see :func:`own_temperature`. Two things differ from the authors' code.
Their adaptive bound is driven by the clock (4 s of search for a mask are reasonable, 5 s the most);
here it is driven by a number of draws, 200 at most, which is 5 s at the 25 ms that one evaluation
took there. Masks that fail it by far are refused early, see :mod:`.screening`.
And it never reads test rows.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scratchcard.engines import ENGINES, Rows
from scratchcard.objectives import Objective
from scratchcard.objectives.counts import ACCURACY
from scratchcard.search.genetic.arrivals import Arrivals
from scratchcard.search.genetic.bits import ones, packed
from scratchcard.search.genetic.evaluation import Evaluator
from scratchcard.search.genetic.operators import (
    MIGRATIONS,
    MUTATIONS,
    RECOMBINATIONS,
    SELECTIONS,
    Masks,
    Migration,
    Mutation,
    Recombination,
    Selection,
    is_connected,
    operator,
    thinned,
)
from scratchcard.search.genetic.screening import Screening
from scratchcard.search.task import Individual, Task
from scratchcard.ticket.network import Network

START_DENSITY = 0.5
SHARPEST = 16.0
FEW_ROWS, FEW_BLOCK_ROWS = 2048, 256  # few rows stand in small blocks: one shows a bad mask
OFTEN = 0.1  # seconds between two looks at the clock, at least where masks allow
REDRAWS = 100  # of a child without a path, before its parent's mask stands in for it


class Preset(NamedTuple):
    """How random masks are drawn, and how masks mutate."""

    bound: float | None  # accuracy that a random mask must pass
    adaptive: bool  # whether the bound falls
    connected: bool  # whether every individual must have a path from an input to an output
    mutation: str


PRESETS = {
    "GA": Preset(None, False, False, "bit"),
    "GA (static AB)": Preset(0.7, False, True, "layer_bit"),
    "GA (adaptive AB)": Preset(0.85, True, True, "layer_bit"),
}
"""The paper's three configurations; AB stands for accuracy bound."""


@dataclass(frozen=True)
class Genetic:
    """Settings of the genetic algorithm.

    What is good is the objective that it is run with: the paper takes "accuracy" for two classes
    and "cross_entropy" for more.

    Parameters
    ----------
    preset : "GA": the first masks and the migrants keep each weight with probability 0.5.
        "GA (static AB)": they are drawn again until their accuracy on the training rows passes a
        bound. "GA (adaptive AB)": the bound falls while masks that pass are hard to find, and from
        0.51 admits any. The last two keep an input-output path in every individual.
    population : individuals.
    recombination_share : share of the individuals that have a child, with a mate from the best.
    mates : share of the individuals, the best ones, that mates are drawn from.
    mutation_share : share of the individuals, children included, that have a mutant.
    migrants : random masks that arrive in a generation.
    generations : default length of a search.
    min_generations, patience : the search ends after at least so many generations, when the best
        objective has not changed for ``patience`` of them (the paper: 50, and 300 for rows with
        two features); never if ``patience`` is None.
    target_accuracy : the search also ends when the best individual has this training accuracy (the
        paper: 1.0); never if None.
    bound : accuracy bound; None for the preset's, 0.7 (static) or 0.85 (adaptive; the paper takes
        0.7 for small networks).
    draws : of an adaptive bound, masks drawn for one arrival until the bound falls by the most it
        can; a success after four fifths of them makes it fall too, by less the later it comes.
    max_density : at most this share of the weights survives, above 0 to 1; survivors in excess are
        scratched off at random. None for no limit, as in the paper.
    migration, recombination, mutation, selection : operators, names or functions (see
        :mod:`scratchcard.search.genetic.operators`); mutation is the preset's if None.
    engine : "incremental" or "dense"; the result does not depend on it.
    """

    preset: str = "GA"
    population: int = 100
    recombination_share: float = 0.3
    mates: float = 0.3
    mutation_share: float = 0.1
    migrants: int = 10
    generations: int = 11_000
    min_generations: int = 100
    patience: int | None = 50
    target_accuracy: float | None = 1.0
    bound: float | None = None
    draws: int = 200
    max_density: float | None = None
    migration: str | Migration = "random"
    recombination: str | Recombination = "uniform"
    mutation: str | Mutation | None = None
    selection: str | Selection = "lexicographic"
    engine: str = "incremental"

    def __post_init__(self) -> None:
        for name, known in (("preset", PRESETS), ("engine", ENGINES)):
            if getattr(self, name) not in known:
                listed = ", ".join(map(repr, known))
                raise ValueError(f"{name} takes one of {listed}, got {getattr(self, name)!r}")
        for name in ("recombination_share", "mutation_share"):
            _check_number(name, getattr(self, name), 0 <= getattr(self, name) <= 1, "0 to 1")
        for name in ("mates", "max_density", "bound", "target_accuracy"):
            if (value := getattr(self, name)) is not None:
                _check_number(name, value, 0 < value <= 1, "above 0 to 1")
        for name in ("population", "generations", "min_generations", "patience", "draws"):
            if (value := getattr(self, name)) is not None or name != "patience":
                _check_integer(name, value, 1)
        _check_integer("migrants", self.migrants, 0)
        if self.bound is not None and PRESETS[self.preset].bound is None:
            raise ValueError("bound is for the presets with an accuracy bound (AB), not for 'GA'")
        operator("migration", MIGRATIONS, self.migration)
        operator("recombination", RECOMBINATIONS, self.recombination)
        operator("mutation", MUTATIONS, self.mutation or "bit")
        operator("selection", SELECTIONS, self.selection)

    def start(self, task: Task) -> GeneticSearch:
        """Begin a search."""
        return GeneticSearch(self, task)


def _check_number(name: str, value: float, fits: bool, takes: str) -> None:
    if not fits:
        raise ValueError(f"{name} takes a number {takes}, got {value!r}")


def _check_integer(name: str, value: object, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ValueError(f"{name} takes an integer from {least}, got {value!r}")


def own_temperature(network: Network, calm: float) -> float:
    """Temperature at which an output of 1 of the network of real weights is a logit of 1 nat.

    But no lower than ``calm``, the temperature that gives random masks logits with a spread of one
    nat, so that the softmax is not flat; and no more than 16 times that, so that deep and wide
    networks do not saturate it.
    """
    return float(np.clip(1.0 / network.units[-1], calm, SHARPEST * calm))


class GeneticSearch:
    """A running search; see :class:`Genetic`. All chance is drawn here, none in a thread."""

    def __init__(self, settings: Genetic, task: Task) -> None:
        self.settings, self.task = settings, task
        self.preset = PRESETS[settings.preset]
        self.network = task.network
        self.random = np.random.default_rng(task.seed)
        engine = ENGINES[settings.engine]
        temperature = own_temperature(task.network, task.temperature)

        def evaluator(rows: Rows, objective: Objective = ACCURACY) -> Evaluator:
            block_rows = FEW_BLOCK_ROWS if len(rows) <= FEW_ROWS else None
            made = engine(task.network, rows, objective, temperature, block_rows)
            return Evaluator(made, task.n_jobs)

        self.fitness = self.accuracy = evaluator(task.rows, task.objective)
        if task.objective != ACCURACY:
            self.accuracy = evaluator(task.rows)
        bound = self.preset.bound if settings.bound is None else settings.bound
        self.screening = Screening(task.rows, self.accuracy, evaluator) if bound else None
        self.arrivals = Arrivals(
            self._draw,
            self._may_live,
            self._accuracies,
            bound,
            settings.draws if self.preset.adaptive else None,
        )
        self.generation = 0
        self.piece = task.n_jobs  # masks evaluated between two looks at a clock that limits
        self.changed = 0  # the generation in which the best objective last changed
        self.converged = False
        self.masks = np.empty((0, self.network.n_weights), dtype=np.uint8)  # best first
        self.objectives = np.empty(0)
        try:
            self._select(self._first(), np.empty(0), task.deadline)
        except BaseException:
            self.close()
            raise

    @property
    def evaluations(self) -> int:
        """Masks evaluated so far, those that failed a bound included."""
        own = self.accuracy.evaluations if self.accuracy is not self.fitness else 0
        refused = self.screening.refused if self.screening else 0
        return self.fitness.evaluations + own + refused

    def close(self) -> None:
        """Release threads."""
        self.fitness.close()
        self.accuracy.close()
        if self.screening:
            self.screening.close()

    def individuals(self) -> Sequence[Individual]:
        """The best individual alone, so that a few validation rows do not choose among thousands
        of masks that differ in a bit or two."""
        return [Individual(self.masks[0], float(self.objectives[0]))]

    def step(self, fraction: float, deadline: float = math.inf) -> None:
        """Recombination, mutation, migration, selection."""
        if time.perf_counter() > deadline:
            return
        settings, random = self.settings, self.random
        family = [self.masks]
        n = len(self.masks)
        firsts = np.flatnonzero(random.random(n) < settings.recombination_share)
        if firsts.size:
            mates = random.integers(0, max(1, int(settings.mates * n)), firsts.size)
            family.append(self._children(self.masks[firsts], self.masks[mates]))
        everyone = np.concatenate(family)
        chosen = np.flatnonzero(random.random(len(everyone)) < settings.mutation_share)
        if chosen.size:
            family.append(self._mutants(everyone[chosen]))
        if settings.migrants:
            family.append(self.arrivals(settings.migrants, deadline))
        self.generation += 1
        self._select(np.concatenate(family), self.objectives, deadline)
        settled = self.generation >= settings.min_generations and settings.patience is not None
        if settled and self.generation - self.changed >= (settings.patience or 0):
            self.converged = True

    def _select(self, masks: Masks, objectives: NDArray[np.float64], deadline: float) -> None:
        """The best of these masks become the population; the first ones' objectives are known.

        Those that could not be evaluated until ``deadline`` have no part in it.

        Performance comes first: a mask that is worse than a whole population has no place in it,
        and no more of its rows are read than show that. An operator of a user's sees true values.
        """
        settings = self.settings
        is_full = len(objectives) == settings.population
        worst = objectives[-1] if is_full and settings.selection == "lexicographic" else math.inf
        objectives = self._evaluated(masks, objectives, worst, deadline)
        masks = masks[: len(objectives)]
        surviving = ones(packed(masks))
        select = operator("selection", SELECTIONS, settings.selection)
        order = select(objectives, surviving, settings.population)
        best_is_new = len(self.masks) == 0 or order[0] != 0
        if len(self.masks) == 0 or objectives[order[0]] != self.objectives[0]:
            self.changed = self.generation
        self.masks, self.objectives = masks[order], objectives[order]
        if best_is_new and settings.target_accuracy is not None:
            errors = self.accuracy.engine.evaluate(self.masks[:1])[0]
            accuracy = 1.0 - self.accuracy.engine.value(errors)
            self.converged = accuracy >= settings.target_accuracy
        if time.perf_counter() < deadline:
            self.fitness.keep(self.masks)

    def _evaluated(
        self, masks: Masks, known: NDArray[np.float64], worst: float, deadline: float
    ) -> NDArray[np.float64]:
        """Objectives of the masks, the first of which are known: of all, or of one at least."""
        if deadline == math.inf:
            return np.concatenate([known, self.fitness(masks[len(known) :], worst)])
        while len(known) < len(masks):
            now = time.perf_counter()
            if len(known) > 0 and now > deadline:
                break
            found = self.fitness(masks[len(known) : len(known) + self.piece], worst)
            known = np.concatenate([known, found])
            if time.perf_counter() - now < OFTEN:
                self.piece *= 2
        return known

    # -- where masks come from -------------------------------------------------------------------

    def _first(self) -> Masks:
        """The first population: arrivals, or a given mask and its mutants."""
        n = self.settings.population
        if self.task.start is None:
            return self.arrivals(n, self.task.deadline)
        start = self._thinned(np.array(self.task.start, dtype=np.uint8)[None])
        return np.concatenate([start, self._mutants(np.repeat(start, n - 1, axis=0))])

    def _draw(self, n: int) -> Masks:
        """Random masks."""
        most = self.settings.max_density
        density = START_DENSITY if most is None else min(START_DENSITY, most)
        migrate = operator("migration", MIGRATIONS, self.settings.migration)
        return self._thinned(migrate(self.network, n, density, self.random))

    def _children(self, firsts: Masks, mates: Masks) -> Masks:
        """One child of each pair."""
        recombine = operator("recombination", RECOMBINATIONS, self.settings.recombination)

        def make(pairs: NDArray[np.intp]) -> Masks:
            return recombine(self.network, firsts[pairs], mates[pairs], self.random)

        return self._viable(make, firsts)

    def _mutants(self, masks: Masks) -> Masks:
        """One mutant of each mask."""
        mutate = operator("mutation", MUTATIONS, self.settings.mutation or self.preset.mutation)

        def make(chosen: NDArray[np.intp]) -> Masks:
            return mutate(self.network, masks[chosen], self.random)

        return self._viable(make, masks)

    def _viable(self, make: Callable[[NDArray[np.intp]], Masks], parents: Masks) -> Masks:
        """A mask from each parent, made again until it has a path where the preset asks for one."""
        made = parents.copy()
        pending = np.arange(len(parents))
        for _ in range(REDRAWS):
            if pending.size == 0:
                break
            fresh = self._thinned(make(pending))
            fits = np.array([self._may_live(mask) for mask in fresh])
            made[pending[fits]] = fresh[fits]
            pending = pending[~fits]
        return made

    def _may_live(self, mask: Masks) -> bool:
        return not self.preset.connected or is_connected(self.network, mask)

    def _thinned(self, masks: Masks) -> Masks:
        """The masks, no denser than allowed."""
        if self.settings.max_density is None:
            return masks
        allowed = max(1, int(self.settings.max_density * self.network.n_weights))
        return thinned(masks, allowed, self.random)

    def _accuracies(self, masks: Masks, bound: float) -> NDArray[np.float64]:
        """Accuracies on the training rows, (n, n_weights) -> (n,), those below the bound about."""
        assert self.screening is not None
        found = self.screening(masks, bound)
        if self.accuracy is not self.fitness:
            self.accuracy.keep(masks[:0])
        return found

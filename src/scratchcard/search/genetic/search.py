"""The genetic algorithm of the paper: a running search."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from scratchcard.engines import make_engine_of
from scratchcard.objectives import Objective
from scratchcard.objectives.counts import ACCURACY
from scratchcard.rows import Rows
from scratchcard.search.genetic.arrivals import Arrivals
from scratchcard.search.genetic.bits import ones, packed
from scratchcard.search.genetic.evaluation import Evaluator
from scratchcard.search.genetic.masks import is_connected, thinned
from scratchcard.search.genetic.operators import Masks
from scratchcard.search.genetic.presets import PRESETS
from scratchcard.search.genetic.screening import Screening
from scratchcard.search.population import Population, generator_of, refuse_unless, words_of
from scratchcard.search.task import Individual, Task
from scratchcard.ticket import Mask, Reading

if TYPE_CHECKING:
    from scratchcard.search.genetic.settings import Genetic

START_DENSITY = 0.5  # density of random masks, where no lower density is asked for
# Up to FEW_ROWS rows are cut into blocks of FEW_BLOCK_ROWS, so that a bad mask shows after one.
FEW_ROWS, FEW_BLOCK_ROWS = 2048, 256
OFTEN = 0.1  # more masks are evaluated at once while they take fewer seconds than this
REDRAWS = 100  # times that a child without a path is made again before its parent replaces it


class GeneticSearch:
    """A running search; see :class:`~scratchcard.Genetic`. All chance is drawn in one thread.

    Parameters
    ----------
    settings : Genetic
        The settings.
    task : Task
        What is searched.
    population : Population or None
        The state to go on from; None to begin.
    """

    def __init__(self, settings: Genetic, task: Task, population: Population | None) -> None:
        self.settings, self.task = settings, task
        self.preset = PRESETS[settings.preset]
        self.network = task.network
        self.random = np.random.default_rng(task.seed)
        self.has_classes = task.objective.answers == "classes"
        if self.preset.bound is not None and not self.has_classes:
            raise ValueError(
                f"preset {settings.preset!r} takes an objective of classes, whose accuracy it "
                f"bounds, got {task.objective.name!r}; 'GA' takes both"
            )
        self.reading = task.objective.tempering.unfitted(task.network, task.temperature)
        self.deadline = task.deadline
        self.counted = 0  # evaluations by evaluators that are closed
        self._read_rows()
        bound = self.preset.bound if settings.bound is None else settings.bound
        self.arrivals = Arrivals(
            self._draw,
            self._may_live,
            self._accuracies,
            bound,
            settings.draws if self.preset.adaptive else None,
        )
        self.generation = 0
        # Masks that are evaluated before the clock is read again. Where an engine computes several
        # at once, always as many, so that not even a rounding depends on the clock.
        at_once = self.fitness.engine.at_once
        self.piece, self.is_piece_fixed = max(task.n_jobs, at_once), at_once > 1
        self.changed = 0  # the generation in which the best objective last changed
        self.converged = False
        self.masks = np.empty((0, self.network.n_weights), dtype=np.uint8)  # best first
        self.objectives = np.empty(0)
        try:
            if population is None:
                self._select(self._first(), np.empty(0))
            else:
                self._restore(population)
        except BaseException:
            self.close()
            raise

    def _read_rows(self) -> None:
        """Make what evaluates masks on the task's rows."""
        task, make_engine = self.task, make_engine_of(self.settings.engine)

        def evaluator(rows: Rows, objective: Objective = ACCURACY) -> Evaluator:
            block_rows = FEW_BLOCK_ROWS if len(rows) <= FEW_ROWS else None
            made = make_engine(task.network, rows, objective, self.reading, block_rows)
            return Evaluator(made, task.n_jobs)

        self.fitness = self.accuracy = evaluator(task.rows, task.objective)
        if task.objective != ACCURACY and self.has_classes:
            self.accuracy = evaluator(task.rows)
        has_bound = self.preset.bound is not None
        self.screening = Screening(task.rows, self.accuracy, evaluator) if has_bound else None

    @property
    def evaluations(self) -> int:
        """Masks evaluated so far, those that failed a bound included."""
        own = self.accuracy.evaluations if self.accuracy is not self.fitness else 0
        refused = self.screening.refused if self.screening else 0
        return self.counted + self.fitness.evaluations + own + refused

    def _count(self) -> None:
        """Remember the evaluations so far, before other evaluators take over."""
        self.counted = self.evaluations

    def close(self) -> None:
        """Release threads."""
        self.fitness.close()
        self.accuracy.close()
        if self.screening:
            self.screening.close()

    @property
    def temperature(self) -> Reading:
        """How outputs are read: for classes nats of logit per unit of output."""
        return self.reading

    def outputs(self) -> NDArray[np.int64]:
        """Return what the best individual answers for all rows of the task, in their order.

        Returns
        -------
        ndarray of shape (n_rows, n_outputs), int64
            Outputs of the network.
        """
        best = Mask.from_flat(self.network.layers, self.masks[0])
        return self.network.outputs(best, self.task.rows.inputs)

    def individuals(self) -> Sequence[Individual]:
        """Return the best individual alone.

        So a few validation rows do not choose among thousands of masks that differ in a bit or two.

        Returns
        -------
        sequence of Individual
            The best individual.
        """
        return [Individual(self.masks[0], float(self.objectives[0]))]

    def step(self, fraction: float, deadline: float = math.inf) -> None:
        """Run one generation: recombination, mutation, migration and selection.

        Parameters
        ----------
        fraction : float
            Share of the limits that is used, 0 to 1; this algorithm ignores it.
        deadline : float
            A time of ``time.perf_counter`` at which the generation ends early.
        """
        self.deadline = deadline
        if self._is_over():
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
            family.append(self.arrivals(settings.migrants, self._is_over))
        self.generation += 1
        self._select(np.concatenate(family), self.objectives)
        settled = self.generation >= settings.min_generations and settings.patience is not None
        if settled and self.generation - self.changed >= (settings.patience or 0):
            self.converged = True

    def retarget(self, targets: NDArray[np.int64], fraction: float) -> None:
        """Search with other targets of the task's rows from now on.

        Parameters
        ----------
        targets : ndarray of shape (n_rows,), int64
            The targets.
        fraction : float
            Share of the limits that is used, 0 to 1; this algorithm ignores it.
        """
        self._count()
        self.close()
        self.task = replace(self.task, rows=self.task.rows.with_targets(targets))
        self._read_rows()
        self.converged = False
        masks, self.masks = self.masks, self.masks[:0]
        self._select(masks, np.empty(0))

    def receive(self, masks: NDArray[np.uint8], fraction: float) -> None:
        """Add masks that other searches have found to the population, and select.

        Parameters
        ----------
        masks : ndarray of shape (n_masks, n_weights), uint8
            Flat masks.
        fraction : float
            Share of the limits that is used, 0 to 1; this algorithm ignores it.
        """
        self._select(np.concatenate([self.masks, masks]), self.objectives)

    def _is_over(self) -> bool:
        """Return whether no time is left."""
        return self.task.stop[0] > 0 or time.perf_counter() > self.deadline

    def _select(self, masks: Masks, objectives: NDArray[np.float64]) -> None:
        """Make the best of these masks the population; the objectives of the first ones are known.

        Masks that could not be evaluated in time are left out. Performance comes first: a mask that
        is worse than a whole population cannot live, and no more of its rows are read than show
        that. A selection operator that a user wrote sees true values.
        """
        settings = self.settings
        is_full = len(objectives) == settings.population
        worst = objectives[-1] if is_full and settings.selection == "lexicographic" else math.inf
        objectives = self._evaluated(masks, objectives, worst)
        masks = masks[: len(objectives)]
        surviving = ones(packed(masks))
        order = settings.operator("selection")(objectives, surviving, settings.population)
        best_is_new = len(self.masks) == 0 or order[0] != 0
        if len(self.masks) == 0 or objectives[order[0]] != self.objectives[0]:
            self.changed = self.generation
        self.masks, self.objectives = masks[order], objectives[order]
        if best_is_new and settings.target_accuracy is not None and self.has_classes:
            errors = self.accuracy.engine.evaluate(self.masks[:1])[0]
            accuracy = 1.0 - self.accuracy.engine.value(errors)
            self.converged = accuracy >= settings.target_accuracy
        if not self._is_over():
            self.fitness.keep(self.masks)

    def _evaluated(
        self, masks: Masks, known: NDArray[np.float64], worst: float
    ) -> NDArray[np.float64]:
        """Return the objectives of the masks, or of the first of them where time runs out.

        The first ``known`` are not computed again, and at least one mask is evaluated.
        """
        while len(known) < len(masks):
            now = time.perf_counter()
            if len(known) > 0 and self._is_over():
                break
            found = self.fitness(masks[len(known) : len(known) + self.piece], worst)
            known = np.concatenate([known, found])
            if not self.is_piece_fixed and time.perf_counter() - now < OFTEN:
                self.piece *= 2
        return known

    # -- where masks come from -------------------------------------------------------------------

    def _first(self) -> Masks:
        """Return the first population: arrivals, or a given mask and its mutants."""
        n = self.settings.population
        if self.task.start is None:
            return self.arrivals(n, self._is_over)
        start = self._thinned(np.array(self.task.start, dtype=np.uint8)[None])
        return np.concatenate([start, self._mutants(np.repeat(start, n - 1, axis=0))])

    def _draw(self, n: int) -> Masks:
        """Return random masks, no denser than allowed."""
        most = self.settings.max_density
        density = START_DENSITY if most is None else min(START_DENSITY, most)
        migrate = self.settings.operator("migration")
        return self._thinned(migrate(self.network, n, density, self.random))

    def _children(self, firsts: Masks, mates: Masks) -> Masks:
        """Return one child of each pair."""
        recombine = self.settings.operator("recombination")

        def make(pairs: NDArray[np.intp]) -> Masks:
            made: Masks = recombine(self.network, firsts[pairs], mates[pairs], self.random)
            return made

        return self._viable(make, firsts)

    def _mutants(self, masks: Masks) -> Masks:
        """Return one mutant of each mask."""
        mutate = self.settings.operator("mutation")

        def make(chosen: NDArray[np.intp]) -> Masks:
            made: Masks = mutate(self.network, masks[chosen], self.random)
            return made

        return self._viable(make, masks)

    def _viable(self, make: Callable[[NDArray[np.intp]], Masks], parents: Masks) -> Masks:
        """Return a mask from each parent, made again until it has the path that a preset wants."""
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
        """Return the masks, no denser than allowed."""
        if self.settings.max_density is None:
            return masks
        allowed = max(1, int(self.settings.max_density * self.network.n_weights))
        return thinned(masks, allowed, self.random)

    def _accuracies(self, masks: Masks, bound: float) -> NDArray[np.float64]:
        """Return accuracies of masks on the training rows; estimates, for those below the bound."""
        assert self.screening is not None
        found = self.screening(masks, bound)
        if self.accuracy is not self.fitness:
            self.accuracy.keep(masks[:0])
        return found

    # -- its state as plain data -----------------------------------------------------------------

    def population(self) -> Population:
        """Return the whole state of the search as plain data.

        Returns
        -------
        Population
            The state, from which a search can go on.
        """
        waiting = list(self.arrivals.drawn)
        masks = np.array([mask for mask, _ in waiting], dtype=np.uint8)
        bound = math.nan if self.arrivals.bound is None else self.arrivals.bound
        numbers = (self.changed, int(self.converged), len(waiting))
        return Population(
            algorithm=self.settings.name,
            generation=self.generation,
            evaluations=self.evaluations,
            masks=self.masks.copy(),
            objectives=self.objectives.copy(),
            arrays={
                "random": words_of(self.random),
                "numbers": np.array(numbers, dtype=np.int64),
                "bound": np.array([bound]),
                "waiting": np.packbits(masks.reshape(-1, self.network.n_weights), axis=1),
                "accuracies": np.array([accuracy for _, accuracy in waiting]),
            },
        )

    def _restore(self, population: Population) -> None:
        """Go on from what :meth:`population` returned."""
        n_weights, array = self.network.n_weights, population.array
        changed, converged, n_waiting = array("numbers", np.int64, 3).tolist()
        bound = float(array("bound", np.float64, 1)[0])
        packed = array("waiting", np.uint8, n_waiting, -(-n_weights // 8))
        accuracies = array("accuracies", np.float64, n_waiting)
        refuse_unless(
            0 < len(population.masks) <= self.settings.population
            and not np.isnan(population.objectives).any(),
            "a number of individuals, or objectives, of another search",
        )
        refuse_unless(
            math.isnan(bound) if self.arrivals.bound is None else 0 <= bound <= 1,
            "a bound of another search",
        )
        self.random = generator_of(array("random", np.uint64, 6))
        self.changed, self.converged = changed, bool(converged)
        self.arrivals.bound = None if math.isnan(bound) else bound
        masks = np.unpackbits(packed, axis=1, count=n_weights)
        self.arrivals.drawn.extend(zip(masks, accuracies.tolist(), strict=True))
        self.generation, self.counted = population.generation, population.evaluations
        self.masks, self.objectives = population.masks.copy(), population.objectives.copy()
        self.fitness.know(self.masks, self.objectives)
        self.fitness.keep(self.masks)

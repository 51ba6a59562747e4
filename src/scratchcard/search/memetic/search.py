"""The memetic search, the default: a population whose individuals improve, then mate.

Every generation each individual goes through a burst of mutation trials, which are accepted by
their exact change of the objective under a cooling threshold (threshold accepting: Dueck and
Scheuer 1990, with exponentially distributed thresholds, which is annealing). Then all recombine
with the best, unit by unit. Selection is lexicographic: the objective within a tolerance, then
fewer weights. It says who is best, and who makes room for newcomers. These come every few
generations in the first half of a search: alternately children of the two best by uniform
recombination, and migrants with random masks.

Where there are many rows, those that matter are drawn, anew every few generations. All individuals
read the same window of these, which moves on and grows.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from scratchcard.engines import Engine, make_engine_of
from scratchcard.engines.incremental.threads import Threads
from scratchcard.search.memetic.first import first_mask, thinned
from scratchcard.search.memetic.member import (
    Member,
    individual_of,
    make_member,
    surviving_in,
)
from scratchcard.search.memetic.moves import Moves
from scratchcard.search.memetic.pool import Pool
from scratchcard.search.memetic.pricing import bits_of
from scratchcard.search.memetic.rates import rates_of, runs_of
from scratchcard.search.memetic.sampler import Sampler
from scratchcard.search.memetic.saved import Saved
from scratchcard.search.memetic.windows import Windows
from scratchcard.search.population import Population
from scratchcard.search.task import Individual, Task
from scratchcard.ticket import Mask, Reading

if TYPE_CHECKING:
    from scratchcard.search.memetic.settings import Memetic

FAIR_PRICE = 0.02  # by default, the weights that may survive add this to the objective together
TEMPERATURE_ROWS = 4096  # the temperature is fitted to about this many rows
TRIALS_OF_WINDOW = 2000  # trials of an individual in a window; then the clock is read, too
POPULATION = 4  # individuals by default, in a network of up to LARGE weights; 1 in a larger one
LARGE = 1 << 16
MIN_GENERATIONS = 20  # least that a limit on evaluations allows: bursts get shorter for it
NEWCOMER_PERIOD = 10  # generations from one newcomer to the next
# By default an individual has TRIALS * sqrt(n_weights) trials in a generation. From 15 to 240 makes
# no difference to what is found (benchmarks/constants.py --trials).
TRIALS = 60
HEAT = 10.0
# To bring rows up to date takes far longer where there are maps. So there a generation has more
# trials, and a window lasts for more of them.
TRIALS_OF_MAPS = 450
BURSTS_OF_WINDOW = 20  # times TRIALS_OF_WINDOW
HEAT_OF_MAPS = 3.0


class MemeticSearch:
    """A running memetic search; see :class:`~scratchcard.Memetic`.

    Parameters
    ----------
    settings : Memetic
        The settings.
    task : Task
        What is searched.
    population : Population or None
        The state to go on from; None to begin.
    """

    def __init__(self, settings: Memetic, task: Task, population: Population | None) -> None:
        self.settings, self.task = settings, task
        network = task.network
        self.max_survivors = max(1, int(settings.max_density * network.n_weights))
        trials = TRIALS_OF_MAPS if network.has_maps else TRIALS
        self.n_trials = settings.burst or max(1, int(trials * np.sqrt(network.n_weights)))
        self.size = settings.population or (
            1 if network.n_weights > LARGE or network.has_maps else POPULATION
        )
        self.bursts_of_window = BURSTS_OF_WINDOW if network.has_maps else 1
        if task.evaluations is not None:
            share = task.evaluations // (MIN_GENERATIONS * self.size)
            self.n_trials = max(1, min(self.n_trials, share))
        self.pace = 0.0  # share of the search in one generation; 0 where only the clock ends it
        if task.generations is not None:
            self.pace = 1.0 / task.generations
        if task.evaluations is not None:
            self.pace = max(self.pace, self.n_trials * self.size / task.evaluations)
        self.budget = float(settings.max_bits or self.max_survivors)
        self.survivors_per_cost = self.max_survivors / self.budget
        heat = settings.heat
        if heat is None:
            heat = HEAT_OF_MAPS if network.has_maps else HEAT
        self.heat = heat * FAIR_PRICE / self.max_survivors
        self.price = FAIR_PRICE / self.max_survivors * self.survivors_per_cost
        if settings.price is not None:
            self.price = settings.price * self.survivors_per_cost
        self.doubt = 0.0
        if task.objective.is_mean and settings.race_error > 0:
            self.doubt = float(norm.isf(settings.race_error))
        self.began = time.perf_counter()
        self.generation = 0
        self.born = 0
        self.evaluations = 0
        self.converged = False
        self.first_reading = task.temperature
        self.make_engine = make_engine_of(settings.engine)
        self.sampler = Sampler(task, settings.sample, self.make_engine)
        if population is not None:
            self._restore(population)
            return
        self._draw_rows(np.zeros(network.n_weights, np.uint8), task.temperature, 0.0)
        self.pool = Pool(self.engine, self.size, task.n_jobs, task.stop)
        self.members = [self._newborn() for _ in range(self.size)]
        self._live(self._moves(0.0), 0)
        self._select()

    def close(self) -> None:
        """Release threads."""
        self.pool.close()

    def step(self, fraction: float, deadline: float = math.inf) -> None:
        """Run one generation: bursts of mutation trials, mating with the best, and selection.

        Rows are drawn anew and the temperature is fitted first, where that is due. A generation
        that takes long ends early at the deadline, and once the task's ``stop`` is set.

        Parameters
        ----------
        fraction : float
            Share of the limits that is used, 0 to 1.
        deadline : float
            A time of ``time.perf_counter``.
        """
        self.generation += 1
        self._reprice()
        if self.sampler.is_due(self.generation):
            self._draw_anew(fraction)
        self.retemper()
        before = self.evaluations
        at = self._bursts(fraction, deadline)
        self.evaluations += self.evaluations == before  # or a limit on them might never be reached
        self._select()
        if len(self.members) == 1 or self._is_over(deadline):
            return
        best, moves = self.members[0].mask.copy(), self._moves(at)
        self._together(partial(_mated, self.window, moves, best), self.members[1:])
        self._select()
        if self.generation % NEWCOMER_PERIOD == 0 and fraction < 0.5:
            self._replace_worst()
            self._select()

    @property
    def temperature(self) -> Reading:
        """How outputs are read: for classes nats of logit per unit of output."""
        return self.engine.temperature

    def outputs(self) -> NDArray[np.int64]:
        """Return what the best individual answers for all rows of the task, in their order.

        Returns
        -------
        ndarray of shape (n_rows, n_outputs), int64
            Outputs of the network.
        """
        best, rows, network = self.members[0], self.task.rows, self.task.network
        mask = Mask.from_flat(network.layers, best.mask)
        if self.sampler.draws:
            return network.outputs(mask, rows.inputs)
        self._together(lambda member, threads: member.catch_up(threads), [best])
        outputs = best.outputs()
        uncounted = np.flatnonzero(rows.weights == 0)
        if uncounted.size:
            outputs[uncounted] = network.outputs(mask, rows.inputs[uncounted])
        return outputs

    def individuals(self) -> Sequence[Individual]:
        """Return the population.

        Returns
        -------
        sequence of Individual
            The individuals, best first.
        """
        return [individual_of(member) for member in self.members]

    def retarget(self, targets: NDArray[np.int64], fraction: float) -> None:
        """Search with other targets of the task's rows from now on.

        Parameters
        ----------
        targets : ndarray of shape (n_rows,), int64
            The targets.
        fraction : float
            Share of the limits that is used, 0 to 1.
        """
        self.task = replace(self.task, rows=self.task.rows.with_targets(targets))
        self.sampler.retarget(self.task)
        if self.sampler.draws:
            self._draw_anew(fraction)
            return
        self.engine.retarget(targets)
        self._live(self._moves(fraction), 0)
        self._select()

    def receive(self, masks: NDArray[np.uint8], fraction: float) -> None:
        """Let every member take units of masks that other searches have found, where none hurts.

        Parameters
        ----------
        masks : ndarray of shape (n_masks, n_weights), uint8
            Flat masks.
        fraction : float
            Share of the limits that is used, 0 to 1.
        """
        self._reprice()
        moves = self._moves(fraction)
        for mask in masks:
            self._live(moves, 0)
            self._together(partial(_mated, self.window, moves, mask), self.members)
        self._select()

    # -- a generation ----------------------------------------------------------------------------

    def _bursts(self, fraction: float, deadline: float) -> float:
        """Make a generation's trials, window after window; return the share of the search done."""
        at = fraction
        for done in range(0, self.n_trials, TRIALS_OF_WINDOW):
            now = time.perf_counter()
            if self._is_over(deadline) and self.evaluations > 0:
                break
            n_trials = min(TRIALS_OF_WINDOW, self.n_trials - done)
            at = fraction + self.pace * (done + n_trials) / self.n_trials
            if deadline < math.inf:
                at = max(at, (now - self.began) / (deadline - self.began))
            at = min(at, 1.0)
            if done % (TRIALS_OF_WINDOW * self.bursts_of_window) == 0:
                self.window = self.windows.next(at)
            self._live(self._moves(at), n_trials)
        return at

    def _is_over(self, deadline: float) -> bool:
        return self.task.stop[0] > 0 or time.perf_counter() > deadline

    def _moves(self, fraction: float) -> Moves:
        settings, runs = self.settings, runs_of(self.task.network)
        return Moves(
            remove=settings.remove,
            swap=settings.swap,
            small_layer=settings.small_layer,
            budget=self.budget,
            price=self.price,
            heat=self.heat * (1.0 - fraction) ** 2,
            race_z=self.doubt,
            rates=rates_of(self.task.network, fraction) / runs,
            runs=runs,
        )

    def _live(self, moves: Moves, n_trials: int, members: Sequence[Member] | None = None) -> None:
        """Run a burst on the window for some members, or for all."""
        members = self.members if members is None else members
        if self.settings.max_bits is not None:
            for one in members:
                one.charge(*bits_of(self.task.network, one.mask))
        self._together(
            lambda member, threads: member.live(threads, self.window, moves, n_trials),
            members,
            n_trials == TRIALS_OF_WINDOW,
        )

    def _together(
        self,
        work: Callable[[Member, Threads], int],
        members: Sequence[Member],
        even: bool = False,
    ) -> None:
        """Let members work at the same time, and count their trials."""
        self.evaluations += self.pool.run(work, members, even)

    def retemper(self) -> None:
        """Fit the temperature to the best individual; bursts that follow compute with it."""
        outputs, rows = self.members[0].sample(self.window, TEMPERATURE_ROWS)
        temperature = self.task.objective.tempering.fitted(
            outputs,
            rows,
            self.first_reading,
            self.engine.temperature,
            self.settings.sharpness,
            self.settings.smoothing,
        )
        if temperature != self.engine.temperature:
            self.engine.temper(temperature)

    def _reprice(self) -> None:
        """Set what a survivor costs a search of numbers, where the settings leave that open.

        A weight that fits nothing but noise lowers the loss of n rows by about the loss that is
        left over n (as in Akaike's criterion), so it has to save at least that.
        """
        if self.settings.price is None and self.task.objective.answers == "numbers":
            per_survivor = self.members[0].objective / self.task.rows.total_weight
            self.price = per_survivor * self.survivors_per_cost

    def _select(self) -> None:
        """Sort the members, best first.

        The objective with its price counts first, in steps of the tolerance; then what the
        survivors cost, which is their number unless bits are counted.
        """
        step = max(self.settings.tolerance, 1e-12)

        def key(one: Member) -> tuple[float, float, float]:
            spent = float(one.survivors.spent[0])
            cost = one.objective + self.price * spent
            return float(np.floor(cost / step)), spent, cost

        self.members.sort(key=key)

    # -- rows ------------------------------------------------------------------------------------

    def _draw_rows(self, mask: NDArray[np.uint8], temperature: Reading, fraction: float) -> None:
        """Draw rows that matter to this mask, and open the first window of them."""
        self.drawn_for = mask.copy(), temperature
        rows, task, draws = self.sampler.draw(mask, temperature), self.task, self.sampler.draws
        first = rows  # rows that got other targets stay in the order of their first ones
        if task.first_targets is not None and not draws:
            first = rows.with_targets(task.first_targets)
        self.engine: Engine = self.make_engine(
            task.network, first, task.objective, temperature, is_shuffled=draws
        )
        if first is not rows:
            self.engine.retarget(rows.targets)
        self.windows = Windows(self.engine.n_blocks, len(rows), self.settings.first_rows)
        self.window = self.windows.next(fraction)

    def _draw_anew(self, fraction: float) -> None:
        """Give all members other rows: those that matter to the best individual now."""
        self._draw_rows(self.members[0].mask, self.engine.temperature, fraction)
        self.pool.use(self.engine)
        for member in self.members:
            member.use(self.engine)
        self._live(self._moves(fraction), 0)
        self._select()

    # -- individuals -----------------------------------------------------------------------------

    def _replace_worst(self) -> None:
        """Replace the last of the population by a child of the two best, or by a migrant."""
        mask = None
        if self.generation // NEWCOMER_PERIOD % 2:
            first, second = (member.mask for member in self.members[:2])
            random = np.random.default_rng([self.task.seed, self.generation])
            mask = np.where(random.random(first.size) < 0.5, first, second)
        self.members[-1] = self._newborn(mask)
        self._live(self._moves(0.0), 0, self.members[-1:])
        self.evaluations += 1

    def _newborn(self, mask: NDArray[np.uint8] | None = None) -> Member:
        """Return a member with this mask, or with a first one if it is None.

        A first one is the mask to start from, if there is one, and else a random mask.
        """
        task, settings = self.task, self.settings
        seeds = np.random.SeedSequence([task.seed, self.born])
        random = np.random.default_rng(seeds)
        if mask is None and self.born < self.size:
            mask = task.start
        if mask is None:
            share = settings.start_density
            mask = first_mask(task.network, settings.max_density, share, random)
        self.born += 1
        mask = thinned(mask, self.max_survivors, random)
        stream = int(seeds.generate_state(1, np.uint64)[0])
        return make_member(self.engine, mask, self.pool.n_threads, stream)

    # -- its state as plain data -----------------------------------------------------------------

    def population(self) -> Population:
        """Return the whole state of the search as plain data.

        Returns
        -------
        Population
            The state, from which a search can go on.
        """
        mask, temperature = self.drawn_for
        order = [member.survivors.indices[: surviving_in(member)] for member in self.members]
        numbers = (self.born, self.sampler.due, self.windows.at)
        return Population(
            algorithm=self.settings.name,
            generation=self.generation,
            evaluations=self.evaluations,
            masks=np.array([member.mask for member in self.members]),
            objectives=np.array([member.objective for member in self.members]),
            arrays={
                "survivors": np.concatenate(order),  # draws depend on their order
                "streams": np.concatenate([member.rng for member in self.members]),
                "numbers": np.array(numbers, dtype=np.int64),
                "window": np.array([self.window.start, self.window.stop], dtype=np.int64),
                "temperatures": np.array([self.engine.temperature, temperature]),
                "drawn for": np.packbits(mask),
            },
        )

    def _restore(self, population: Population) -> None:
        """Go on from what :meth:`population` returned."""
        saved = Saved.of(population, self.task, self.size, self.sampler.draws)
        self.born, self.sampler.due = saved.born, saved.drawn - self.sampler.draws
        self._draw_rows(saved.drawn_for, saved.temperatures[1], 0.0)  # the last draw, once more
        self.engine.temper(saved.temperatures[0])
        saved.check_windows(self.engine.n_blocks)
        self.windows.at, self.window = saved.at, saved.window
        self.pool = Pool(self.engine, self.size, self.task.n_jobs, self.task.stop)
        self.members = []
        for mask, stream, order in zip(population.masks, saved.streams, saved.orders, strict=True):
            member = make_member(self.engine, mask, self.pool.n_threads, int(stream))
            member.survivors.indices[: len(order)] = order
            member.survivors.place[order] = np.arange(len(order))
            member.share()
            self.members.append(member)
        self._live(self._moves(1.0), 0)
        for member, objective in zip(self.members, population.objectives, strict=True):
            member.objective = float(objective)
        self.generation, self.evaluations = population.generation, population.evaluations


def _mated(
    window: slice, moves: Moves, other: NDArray[np.uint8], member: Member, threads: Threads
) -> int:
    """Do one thread's part in having a member take units' weights from another mask."""
    return member.mate(threads, window, moves, other)

"""The memetic search, the default: a population whose individuals learn, then mate.

Every generation each individual lives through a burst of mutation trials, accepted by their exact
change of the objective under a cooling threshold (threshold accepting: Dueck and Scheuer 1990, with
exponentially distributed thresholds, which is annealing). Then all recombine with the best, unit by
unit. Selection is lexicographic, objective within a tolerance, then fewer weights: it says who is
best, and who makes room for newcomers, which come every few generations in the first half of a
search: children of the two best by uniform recombination, and migrants with random masks, in turn.

Where the rows are many, those that matter are drawn, anew every so often, and all look at the same
window of these, which moves on and grows.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from scratchcard.engines import IncrementalEngine
from scratchcard.engines.incremental.threads import Team
from scratchcard.engines.incremental.windows import Windows
from scratchcard.search.memetic.burst import Moves
from scratchcard.search.memetic.member import Member
from scratchcard.search.memetic.pool import Crew
from scratchcard.search.memetic.sampler import Sampler
from scratchcard.search.task import Individual, Task
from scratchcard.search.temperature import SHARPNESS, SMOOTHING, retempered
from scratchcard.ticket.mask import Mask

FAIR_PRICE = 0.02  # what all the weights that may survive add to the objective by default
TEMPERATURE_ROWS = 4096
TURN = 2000  # trials on a window, and between two looks at the clock
POPULATION = 4
LARGE = 1 << 16  # weights
TINY, HUGE = np.finfo(np.float64).tiny, np.finfo(np.float64).max
SHORTEST = 20  # generations that a limit on evaluations leaves room for
NEWCOMER_PERIOD = 10  # generations


@dataclass(frozen=True)
class Memetic:
    """Settings of the memetic search.

    Parameters
    ----------
    max_density : at most this share of the weights survives, 0 < max_density <= 1.
    price : what one surviving weight adds to the objective; None for 0.02 divided by the number
        of weights that ``max_density`` allows.
    population : individuals; None for 4, or for 1 where the network has more than 2**16 weights:
        there the luck of the start averages out, and every trial is wanted in one place.
    burst : mutation trials of an individual in a generation; None for 60 times the square root of
        the number of weights.
    generations : default length of a search.
    heat : how much worse a mutation may be at the start, as a multiple of the default price;
        cools to nothing at the end.
    remove, swap : shares of the proposals that scratch a connection off, and that move the source
        of one; the rest add one.
    small_layer : share of the additions whose layer is drawn evenly instead of by its size.
    tolerance : objectives this close count as equal in selection, and the sparser mask wins.
    start_density : density of the first masks, as a share of ``max_density``.
    race_error : a trial reads its rows in stages and ends when its candidate is, on the evidence so
        far, not good enough. This is the chance that one such look drops a candidate that is
        just good enough, below 0.5; 0 always reads all rows. Only objectives that
        are a mean are raced, and only where there are more than 2,048 rows.
    first_rows : rows that a search begins with; the window of rows that is read grows
        geometrically until it holds all of them at the end, and moves on every 2,000 trials.
    sample : share of the rows that is searched at a time, above 0 to 1, but never fewer than 16,384
        rows; see :mod:`scratchcard.search.memetic.sampler`. Of objectives that read a softmax.
    sharpness, smoothing : the softmax is read at ``sharpness`` (0.1 to 10) times the temperature
        with the least cross-entropy of labels smoothed by ``smoothing``, fitted every generation.
        The defaults are for classes that can be told apart; where labels are noisy, or where a
        long search learns its rows by heart, 1 and 0.02 are better.
    """

    max_density: float = 0.1
    price: float | None = None
    population: int | None = None
    burst: int | None = None
    generations: int = 100
    heat: float = 10.0
    remove: float = 0.3
    swap: float = 0.3
    small_layer: float = 0.3
    tolerance: float = 1e-4
    start_density: float = 0.5
    race_error: float = 0.3
    first_rows: int = 2048
    sample: float = 0.3
    sharpness: float = SHARPNESS
    smoothing: float = SMOOTHING
    draws_rows: ClassVar[bool] = True

    def __post_init__(self) -> None:
        _check_share("max_density", self.max_density, zero=False)
        _check_share("start_density", self.start_density, zero=False)
        _check_share("sample", self.sample, zero=False)
        for name in ("remove", "swap", "small_layer", "race_error"):
            _check_share(name, getattr(self, name))
        _check_share("smoothing", self.smoothing, zero=False)
        _check_number("sharpness", self.sharpness, "from 0.1 to 10", 0.1, 10.0)
        if self.race_error >= 0.5:
            raise ValueError(
                f"race_error takes a number from 0 and below 0.5, got {self.race_error}"
            )
        if self.remove + self.swap >= 1:
            raise ValueError(
                "remove + swap takes less than 1, or nothing would ever be added, got "
                f"{self.remove} + {self.swap}"
            )
        for name in ("price", "heat", "tolerance"):
            if not (name == "price" and self.price is None):
                _check_number(name, getattr(self, name), "from 0", 0.0, HUGE)
        for name in ("population", "burst", "generations", "first_rows"):
            value = getattr(self, name)
            if value is None and name in ("population", "burst"):
                continue
            if not (isinstance(value, int | np.integer) and value >= 1):
                raise ValueError(f"{name} takes an integer from 1, got {value!r}")

    def start(self, task: Task) -> MemeticSearch:
        """Begin a search."""
        return MemeticSearch(self, task)


def _check_share(name: str, value: Any, zero: bool = True) -> None:
    _check_number(name, value, f"{'from' if zero else 'above'} 0 to 1", 0.0 if zero else TINY, 1.0)


def _check_number(name: str, value: Any, takes: str, lowest: float, highest: float) -> None:
    if not isinstance(value, Real) or not lowest <= float(value) <= highest:
        raise ValueError(f"{name} takes a number {takes}, got {value!r}")


class MemeticSearch:
    """A running memetic search; see :class:`Memetic`."""

    def __init__(self, settings: Memetic, task: Task) -> None:
        self.settings = settings
        network = task.network
        self.max_survivors = max(1, int(settings.max_density * network.n_weights))
        self.n_trials = settings.burst or max(1, int(60 * np.sqrt(network.n_weights)))
        population = settings.population or (1 if network.n_weights > LARGE else POPULATION)
        if task.evaluations is not None:
            share = task.evaluations // (SHORTEST * population)
            self.n_trials = max(1, min(self.n_trials, share))
        self.pace = 0.0  # share of the search that a generation is; by the clock it is not known
        if task.generations is not None:
            self.pace = 1.0 / task.generations
        if task.evaluations is not None:
            self.pace = max(self.pace, self.n_trials * population / task.evaluations)
        self.heat = settings.heat * FAIR_PRICE / self.max_survivors
        self.price = FAIR_PRICE / self.max_survivors
        if settings.price is not None:
            self.price = settings.price
        self.doubt = 0.0
        if task.objective.is_mean and settings.race_error > 0:
            self.doubt = float(norm.isf(settings.race_error))
        self.task = task
        self.began = time.perf_counter()
        self.generation = 0
        self.born = 0
        self.population = population
        self.evaluations = 0
        self.converged = False
        self.coolest = task.temperature
        self.sampler = Sampler(task, settings.sample)
        self.engine = self._drawn(np.zeros(network.n_weights, np.uint8), task.temperature, 0.0)
        self.crew = Crew(self.engine, population, task.n_jobs)
        self.members = [self._newborn() for _ in range(population)]
        self._live(self._moves(0.0), 0)
        self._select()

    def close(self) -> None:
        """Release threads."""
        self.crew.close()

    def step(self, fraction: float, deadline: float = math.inf) -> None:
        """Rows and temperature where due, bursts, recombination, selection."""
        self.generation += 1
        if self.sampler.is_due(self.generation):
            self._draw(fraction)
        self._retemper()
        at = fraction
        for done in range(0, self.n_trials, TURN):
            now = time.perf_counter()
            if now > deadline and self.evaluations > 0:
                break
            n_trials = min(TURN, self.n_trials - done)
            at = fraction + self.pace * (done + n_trials) / self.n_trials
            if deadline < math.inf:
                at = max(at, (now - self.began) / (deadline - self.began))
            at = min(at, 1.0)
            self.window = self.windows.next(at)
            self._live(self._moves(at), n_trials)
        self._select()
        if len(self.members) == 1 or time.perf_counter() > deadline:
            return
        best, moves = self.members[0].mask.copy(), self._moves(at)
        self._together(
            lambda member, team: member.mate(team, self.window, moves, best), self.members[1:]
        )
        self._select()
        if self.generation % NEWCOMER_PERIOD == 0 and fraction < 0.5:
            self._replace_worst()
            self._select()

    def individuals(self) -> Sequence[Individual]:
        """The population, best first."""
        return [member.individual for member in self.members]

    def _moves(self, fraction: float) -> Moves:
        settings = self.settings
        return Moves(
            remove=settings.remove,
            swap=settings.swap,
            small_layer=settings.small_layer,
            max_survivors=self.max_survivors,
            price=self.price,
            heat=self.heat * (1.0 - fraction) ** 2,
            race_z=self.doubt,
        )

    def _live(self, moves: Moves, n_trials: int, members: Sequence[Member] | None = None) -> None:
        """A burst on the window for some members, or for everybody."""
        self._together(
            lambda member, team: member.live(team, self.window, moves, n_trials),
            self.members if members is None else members,
            n_trials == TURN,
        )

    def _together(
        self,
        work: Callable[[Member, Team], int],
        members: Sequence[Member],
        even: bool = False,
    ) -> None:
        """Let members work, each with a team, and count their trials."""
        self.evaluations += self.crew.run(work, members, even)

    def _drawn(
        self, mask: NDArray[np.uint8], temperature: float, fraction: float
    ) -> IncrementalEngine:
        """A new engine of rows that matter to this mask, and the first window of them."""
        rows, task = self.sampler.draw(mask, temperature), self.task
        engine = IncrementalEngine(
            task.network, rows, task.objective, temperature, is_shuffled=self.sampler.draws
        )
        self.windows = Windows(len(engine.data.targets), len(rows), self.settings.first_rows)
        self.window = self.windows.next(fraction)
        return engine

    def _draw(self, fraction: float) -> None:
        """Other rows for everybody: those that matter to the best individual now."""
        self.engine = self._drawn(self.members[0].mask, self.engine.temperature, fraction)
        self.crew.use(self.engine)
        for member in self.members:
            member.use(self.engine)
        self._live(self._moves(fraction), 0)
        self._select()

    def _retemper(self) -> None:
        """Fit the temperature to the best individual; who works next computes with it."""
        outputs, rows = self.members[0].state.sample(self.window, TEMPERATURE_ROWS)
        temperature = retempered(
            outputs,
            rows,
            self.coolest,
            self.engine.temperature,
            self.settings.sharpness,
            self.settings.smoothing,
        )
        if temperature != self.engine.temperature:
            self.engine.temper(temperature)

    def _replace_worst(self) -> None:
        """A newcomer for the last of the population: a child of the two best, or a migrant."""
        mask = None
        if self.generation // NEWCOMER_PERIOD % 2:
            first, second = (member.mask for member in self.members[:2])
            random = np.random.default_rng([self.task.seed, self.generation])
            mask = np.where(random.random(first.size) < 0.5, first, second)
        self.members[-1] = self._newborn(mask)
        self._live(self._moves(0.0), 0, self.members[-1:])
        self.evaluations += 1

    def _newborn(self, mask: NDArray[np.uint8] | None = None) -> Member:
        """A member with this mask; or with the one to start from, if any; or with a random one."""
        task, settings = self.task, self.settings
        seeds = np.random.SeedSequence([task.seed, self.born])
        random = np.random.default_rng(seeds)
        if mask is None and self.born < self.population:
            mask = task.start
        if mask is None:
            density = settings.start_density * settings.max_density
            mask = Mask.random(task.network.shapes, density, random).flat()
        self.born += 1
        mask = _thinned(mask, self.max_survivors, random)
        stream = seeds.generate_state(1, np.uint64)[0]
        return Member(self.engine, mask, self.crew.ranks, stream)

    def _select(self) -> None:
        """Sort, best first: the objective with its price in steps of the tolerance, then size."""
        step = max(self.settings.tolerance, 1e-12)

        def rank(one: Member) -> tuple[float, int, float]:
            cost = one.objective + self.price * one.surviving
            return float(np.floor(cost / step)), one.surviving, cost

        self.members.sort(key=rank)


def _thinned(
    mask: NDArray[np.uint8], max_survivors: int, random: np.random.Generator
) -> NDArray[np.uint8]:
    """The mask with no more than so many survivors, which of them left to chance."""
    kept = np.flatnonzero(mask)
    if kept.size <= max_survivors:
        return mask
    thinned = np.zeros_like(mask)
    thinned[random.choice(kept, max_survivors, replace=False)] = 1
    return thinned

"""The memetic search, the default: a population whose individuals learn, then mate.

Every generation each individual lives through a burst of mutation trials, accepted by their exact
change of the objective under a cooling threshold (threshold accepting: Dueck and Scheuer 1990, with
exponentially distributed thresholds, which is annealing). Then all recombine with the best, unit by
unit. Selection is lexicographic, objective within a tolerance, then fewer weights: it says who is
best, who is kept as the best ever seen, and who makes room for newcomers, which come every few
generations in the first half of a search: children of the two best by uniform recombination, and
migrants with random masks, in turn.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scratchcard.engines import IncrementalEngine
from scratchcard.evolution.burst import Moves, Survivors, burst, recombine
from scratchcard.evolution.task import Individual, Task
from scratchcard.evolution.temperature import retempered
from scratchcard.mask import Mask

FAIR_PRICE = 0.02  # what all the weights that may survive add to the objective by default
TEMPERATURE_ROWS = 4096
CHUNK = 1000  # trials between two looks at the clock
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
    population : individuals.
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
    race_z : a trial reads the rows block by block and ends when its candidate is worse than could
        be accepted by this many standard errors; 4 wrongly drops at most about 1 acceptable
        candidate in 30,000 per look. 0 reads all rows always. Only objectives that are a mean
        are raced.
    """

    max_density: float = 0.1
    price: float | None = None
    population: int = 4
    burst: int | None = None
    generations: int = 100
    heat: float = 10.0
    remove: float = 0.3
    swap: float = 0.3
    small_layer: float = 0.3
    tolerance: float = 1e-4
    start_density: float = 0.5
    race_z: float = 4.0

    def __post_init__(self) -> None:
        _check_share("max_density", self.max_density, zero=False)
        _check_share("start_density", self.start_density, zero=False)
        for name in ("remove", "swap", "small_layer"):
            _check_share(name, getattr(self, name))
        if self.remove + self.swap >= 1:
            raise ValueError(
                "remove + swap takes less than 1, or nothing would ever be added, got "
                f"{self.remove} + {self.swap}"
            )
        for name in ("price", "heat", "tolerance", "race_z"):
            value = getattr(self, name)
            if not (value is None and name == "price") and not 0 <= value < np.inf:
                raise ValueError(f"{name} takes a number from 0, got {value!r}")
        for name in ("population", "burst", "generations"):
            value = getattr(self, name)
            if value is None and name == "burst":
                continue
            if not (isinstance(value, int | np.integer) and value >= 1):
                raise ValueError(f"{name} takes an integer from 1, got {value!r}")

    def start(self, task: Task) -> MemeticSearch:
        """Begin a search."""
        return MemeticSearch(self, task)


def _check_share(name: str, value: Any, zero: bool = True) -> None:
    if not isinstance(value, Real) or not 0 <= float(value) <= 1 or (value == 0 and not zero):
        raise ValueError(
            f"{name} takes a number {'from' if zero else 'above'} 0 to 1, got {value!r}"
        )


class MemeticSearch:
    """A running memetic search; see :class:`Memetic`."""

    def __init__(self, settings: Memetic, task: Task) -> None:
        self.settings = settings
        network = task.network
        self.engine = IncrementalEngine(network, task.rows, task.objective, task.temperature)
        self.max_survivors = max(1, int(settings.max_density * network.n_weights))
        self.n_trials = settings.burst or max(1, int(60 * np.sqrt(network.n_weights)))
        if task.evaluations is not None:
            share = task.evaluations // (SHORTEST * settings.population)
            self.n_trials = max(1, min(self.n_trials, share))
        self.heat = settings.heat * FAIR_PRICE / self.max_survivors
        self.price = FAIR_PRICE / self.max_survivors
        if settings.price is not None:
            self.price = settings.price
        self.task = task
        self.began = time.perf_counter()
        self.generation = 0
        self.born = settings.population
        self.evaluations = 0
        self.converged = False
        self.closed = False
        self.threads = ThreadPoolExecutor(max(1, task.n_jobs))
        self.coolest = task.temperature
        self.units = np.concatenate([[0], np.cumsum(network.sizes)]).astype(np.int64)
        numbers = range(settings.population)
        self.members = list(self.threads.map(lambda k: _Member(self, task, k), numbers))
        self.elite = self.members[0].individual.copy()
        self._select()

    def close(self) -> None:
        """Release threads."""
        self.closed = True
        self.threads.shutdown(cancel_futures=True)

    def step(self, fraction: float, deadline: float = math.inf) -> None:
        """Temperature, bursts, recombination, selection."""
        settings = self.settings
        self.generation += 1
        self._retemper()
        moves = Moves(
            remove=settings.remove,
            swap=settings.swap,
            small_layer=settings.small_layer,
            max_survivors=self.max_survivors,
            price=self.price,
            heat=self.heat * (1.0 - fraction) ** 2,
            race_z=settings.race_z if self.engine.objective.is_mean else 0.0,
        )
        tried = list(self.threads.map(lambda m: m.live(moves, deadline), self.members))
        self.evaluations += sum(tried)
        self._select()
        if len(self.members) == 1 or time.perf_counter() > deadline:
            return
        best = self.members[0].state.mask
        tried = list(self.threads.map(lambda m: m.mate(best, moves), self.members[1:]))
        self.evaluations += sum(tried)
        self._select()
        if self.generation % NEWCOMER_PERIOD == 0 and fraction < 0.5:
            self._replace_worst()
            self._select()

    def individuals(self) -> Sequence[Individual]:
        """The best ever seen, then the population, best first."""
        return [self.elite, *(member.individual for member in self.members)]

    def _retemper(self) -> None:
        """Fit the temperature to the best individual and compute everybody's objective with it."""
        outputs, rows = self.engine.sample(self.members[0].state, TEMPERATURE_ROWS)
        temperature = retempered(outputs, rows, self.coolest, self.engine.temperature)
        if temperature != self.engine.temperature:
            self.engine.temper(temperature)
            list(self.threads.map(_Member.retemper, self.members))
            sums = self.engine.evaluate(self.elite.mask[None])[0]
            self.elite = replace(self.elite, objective=self.engine.value(sums))

    def _replace_worst(self) -> None:
        """A newcomer for the last of the population: a child of the two best, or a migrant."""
        mask = None
        if self.generation // NEWCOMER_PERIOD % 2:
            first, second = (member.state.mask for member in self.members[:2])
            random = np.random.default_rng([self.task.seed, self.generation])
            mask = np.where(random.random(first.size) < 0.5, first, second)
        self.members[-1] = _Member(self, self.task, self.born, mask)
        self.born += 1
        self.evaluations += 1

    def _select(self) -> None:
        """Sort, best first: the objective with its price in steps of the tolerance, then size."""
        step = max(self.settings.tolerance, 1e-12)

        def rank(one: _Member | Individual) -> tuple[float, int, float]:
            cost = one.objective + self.price * one.surviving
            return float(np.floor(cost / step)), one.surviving, cost

        self.members.sort(key=rank)
        if rank(self.members[0]) < rank(self.elite):
            self.elite = self.members[0].individual.copy()


class _Member:
    """One individual: its engine state, its list of survivors and its random stream."""

    def __init__(
        self,
        search: MemeticSearch,
        task: Task,
        number: int,
        mask: NDArray[np.uint8] | None = None,
    ) -> None:
        self.search = search
        network = task.network
        seeds = np.random.SeedSequence([task.seed, number])
        self.rng = seeds.generate_state(1, np.uint64)
        random = np.random.default_rng(seeds)
        if mask is None and number < search.settings.population:
            mask = task.start
        if mask is None:
            density = search.settings.start_density * search.settings.max_density
            mask = Mask.random(network.shapes, density, random).flat()
        mask = _thinned(mask, search.max_survivors, random)
        self.state = search.engine.state(mask)
        self.survivors = _survivors(mask, network.shapes, network.offsets, search.units)
        self.objective = search.engine.value(search.engine.sums(self.state))

    @property
    def surviving(self) -> int:
        return int(self.survivors.surviving[0])

    @property
    def individual(self) -> Individual:
        return Individual(self.state.mask, self.objective)

    def retemper(self) -> None:
        """Compute the objective again after a change of the temperature."""
        engine = self.search.engine
        engine.rescale(self.state)
        self.objective = engine.value(engine.sums(self.state))

    def live(self, moves: Moves, deadline: float) -> int:
        """A burst of mutation trials; returns how many were decided."""
        decided = 0
        for done in range(0, self.search.n_trials, CHUNK):
            now, began = time.perf_counter(), self.search.began
            if self.search.closed or now > deadline:
                break
            if deadline < math.inf:  # long generations cool while they last
                cooled = self.search.heat * (1.0 - (now - began) / (deadline - began)) ** 2
                moves = moves._replace(heat=min(moves.heat, cooled))
            decided += self._run(burst, moves, min(CHUNK, self.search.n_trials - done))
        return decided

    def mate(self, other: NDArray[np.uint8], moves: Moves) -> int:
        """Take units' connections from a mate where that does not hurt; returns trials."""
        return self._run(recombine, moves, other)

    def _run(self, kernel: Callable[..., Any], moves: Moves, last: Any) -> int:
        """Let ``kernel`` change this individual; returns trials. ``last`` is its own argument."""
        engine = self.search.engine
        self.objective, tried, _ = kernel(
            engine.block,
            engine.compiled_value,
            engine.net,
            engine.data,
            self.state,
            self.survivors,
            self.search.units,
            moves,
            self.rng,
            last,
        )
        return int(tried)


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


def _survivors(
    mask: NDArray[np.uint8],
    shapes: Sequence[tuple[int, int]],
    offsets: Sequence[int],
    units: NDArray[np.int64],
) -> Survivors:
    found = np.flatnonzero(mask)
    indices = np.zeros(mask.size, dtype=np.int64)
    indices[: found.size] = found
    place = np.full(mask.size, -1, dtype=np.int32)
    place[found] = np.arange(found.size)
    fed = np.zeros(units[-1], dtype=np.int64)
    for layer, (fan_out, fan_in) in enumerate(shapes):
        bits = mask[offsets[layer] : offsets[layer + 1]].reshape(fan_out, fan_in)
        fed[units[layer] : units[layer] + fan_in] = bits.sum(axis=0)
    return Survivors(indices, place, np.array([found.size], dtype=np.int64), fed)

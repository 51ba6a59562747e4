"""Runs: a search or a training within a budget of seconds, watched on validation rows.

All start from the same network, seed and threads, and read the same training rows. Test rows are
read once, when a run is over.

Ours is charged for everything between call and return: reading the rows, judging validation rows,
calibrating. The others are charged for training alone; looking at validation rows is free.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from scratchcard.datasets import load
from scratchcard.find import Search
from scratchcard.rows import Rows
from scratchcard.search import Limits, Memetic, Progress, accuracy, evolve
from scratchcard.search.problem import Problem

from .settings import Settings

LOOKS = 60  # at validation rows in a training, evenly spread over the logarithm of time
WARM_UP_ROWS = 500
EARLIEST = 0.01  # share of the budget at which the first is taken
LONG = 600.0  # seconds from which a softmax that is not sharper than fits is better: docs/search.md

MEMETIC, EDGE_POPUP, TWIN = "memetic", "edge-popup", "dense twin"
Point = tuple[float, float]  # seconds, validation accuracy


@dataclass(frozen=True)
class Run:
    """What one run reached, and when: accuracies are shares of 1."""

    who: str
    density: float  # asked for; 1 for the twin
    budget: float
    seconds: float
    curve: list[Point]
    surviving: float  # density reached
    validation: float
    test: float

    @property
    def name(self) -> str:
        """Who, and how much stays."""
        return self.who if self.who == TWIN else f"{self.who} {100 * self.density:g} %"

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


class Arena:
    """The network and rows on which all runs of a part compete."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.data = load(settings.dataset)
        self._warm_up()

    @cached_property
    def problem(self) -> Problem:
        """Training and validation rows in the network's integers."""
        settings = self.settings
        return Search(self.data, hidden=settings.hidden, seed=settings.seed).problem

    def _warm_up(self) -> None:
        """Everybody works on a few rows once: no budget pays for compiling or for imports."""
        from scratchcard.research.baselines import EdgePopup, Twin

        network, train = self.problem.network, self.problem.train
        few = Rows(train.inputs[:WARM_UP_ROWS], train.targets[:WARM_UP_ROWS])
        evolve(network, few, few, limits=Limits(generations=2), n_jobs=self.settings.jobs)
        for baseline in (EdgePopup(), Twin()):
            baseline.fit(network, few, epochs=1)

    @property
    def name(self) -> str:
        """Data set and network."""
        return f"{self.data.name} {'-'.join(map(str, self.problem.network.sizes))}"

    @property
    def _validation(self) -> Rows:
        assert self.problem.validation is not None
        return self.problem.validation

    def _test(self) -> Rows:
        part, problem = self.data.test, self.problem
        inputs = problem.scaling.quantise(part.X, problem.network.input_limit)
        return Rows(inputs, self.data.targets(part))

    def memetic(self, density: float, budget: float) -> Run:
        """Our search, which cools over its budget."""
        problem, curve = self.problem, []
        softmax = {"sharpness": 1.0, "smoothing": 0.02} if budget >= LONG else {}

        def watch(progress: Progress) -> None:
            curve.append((progress.seconds, float(progress.validation_accuracy or 0.0)))

        outcome = evolve(
            problem.network,
            problem.train,
            problem.validation,
            algorithm=Memetic(max_density=density, **softmax),
            limits=Limits(seconds=budget),
            seed=self.settings.seed,
            n_jobs=self.settings.jobs,
            callbacks=[watch],
        )
        mask = outcome.mask

        def judge(rows: Rows) -> float:
            return accuracy(problem.network, mask.flat(), rows)

        return self._run(MEMETIC, density, budget, outcome.seconds, curve, mask.density, judge)

    def edge_popup(self, density: float, budget: float) -> Run:
        """Edge-popup, whose learning rate falls over its budget."""
        from scratchcard.research.baselines import EdgePopup

        found, curve = self._trained(EdgePopup(density=density), budget)
        reached = found.mask.density
        return self._run(
            EDGE_POPUP, density, budget, found.run.seconds, curve, reached, found.accuracy
        )

    def twin(self, budget: float) -> Run:
        """A dense network of the same shape, trained."""
        from scratchcard.research.baselines import Twin

        found, curve = self._trained(Twin(), budget)
        return self._run(TWIN, 1.0, budget, found.run.seconds, curve, 1.0, found.accuracy)

    def _trained(self, baseline: Any, budget: float) -> tuple[Any, list[Point]]:
        """What a baseline finds within the budget, and its curve."""
        looks = iter(np.geomspace(EARLIEST * budget, budget, LOOKS))
        curve: list[Point] = []
        due = next(looks)

        def watch(progress: Any) -> None:
            nonlocal due
            seconds = progress.run.seconds
            if seconds >= due:
                curve.append((seconds, progress.model().accuracy(self._validation)))
                due = next((look for look in looks if look > seconds), np.inf)

        settings = self.settings
        found = baseline.fit(
            self.problem.network,
            self.problem.train,
            seconds=budget,
            seed=settings.seed,
            n_jobs=settings.jobs,
            callbacks=[watch],
        )
        return found, curve

    def _run(
        self,
        who: str,
        density: float,
        budget: float,
        seconds: float,
        curve: list[Point],
        surviving: float,
        judge: Callable[[Rows], float],
    ) -> Run:
        """The record of a run that is over; here its test rows are read."""
        validation = judge(self._validation)
        curve.append((seconds, validation))
        run = Run(who, density, budget, seconds, curve, surviving, validation, judge(self._test()))
        print(
            f"{run.name}, {budget:g} s: validation {validation:.4f}, test {run.test:.4f}",
            flush=True,
        )
        return run

"""Measures everything about the landscape of one data set and network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from scratchcard.find import Search
from scratchcard.research.landscape.cases import Settings
from scratchcard.research.landscape.measures import distance, walks
from scratchcard.research.landscape.measures.guidance import guided
from scratchcard.research.landscape.measures.metrics import FlatMask, Reader
from scratchcard.research.landscape.measures.neighbours import (
    Neighbourhood,
    groups,
    neighbourhood,
)
from scratchcard.research.landscape.measures.plane import plane_masks
from scratchcard.research.landscape.measures.trajectory import Waypoint, random_like, trajectory

DENSITY = 0.1  # the largest of a search, where a case does not say

Records = list[dict[str, Any]]
Tables = dict[str, Records]


@dataclass(frozen=True)
class Study:
    """The study of one search.

    Parameters
    ----------
    search : Search
        Its data set, network, largest density, seed and threads.
    settings : Settings
        How thorough the study is.
    """

    search: Search
    settings: Settings = field(default_factory=Settings)

    def run(self, say: Callable[[str], object] = lambda _: None) -> Tables:
        """Measure everything.

        Parameters
        ----------
        say : callable
            Is told what is measured next.

        Returns
        -------
        dict
            Tables by name; each row says which case it belongs to.
        """
        tables: Tables = {}
        for name, measure in (
            ("neighbours", self.neighbours),
            ("walks", self.autocorrelation),
            ("distance", self.fitness_distance),
            ("plane", self.plane),
            ("guidance", self.guidance),
        ):
            say(f"{self.case['data']} {self.case['network']}: {name}")
            tables[name] = [self.case | row for row in measure()]
        return tables

    @cached_property
    def case(self) -> dict[str, Any]:
        """What tells this case from others in a sweep."""
        dataset, network = self.search.dataset, self.search.network
        return {
            "data": dataset.name,
            "classes": dataset.n_classes,
            "network": network.architecture,
            "weights": network.n_weights,
        }

    @property
    def max_density(self) -> float:
        """The largest density that searches allow."""
        density = self.search.max_density
        return density if isinstance(density, float) else DENSITY

    @cached_property
    def reader(self) -> Reader:
        """Computes the metrics on the training rows."""
        problem = self.search.problem
        return Reader(problem.network, problem.train, self.max_density, self.settings.metrics)

    @cached_property
    def waypoints(self) -> list[Waypoint]:
        """Masks along the search; the last is the ticket."""
        return self._trajectory(self.search.seed)

    @property
    def ticket(self) -> FlatMask:
        """The mask that the search ends with."""
        return self.waypoints[-1].mask

    def _trajectory(self, seed: int) -> list[Waypoint]:
        settings, search = self.settings, self.search
        return trajectory(
            search.problem,
            self.max_density,
            settings.evaluations,
            seed,
            settings.points,
            search.n_jobs,
        )

    def _seed(self, run: int) -> int:
        """Return the seed of a search on the same weights; that of run 0 is the study's own."""
        return (self.search.seed + run) % 2**32

    def _random(self, purpose: int) -> np.random.Generator:
        return np.random.default_rng([self.search.seed, purpose])

    # -- neighbours ------------------------------------------------------------------------------

    def neighbours(self) -> Iterator[dict[str, Any]]:
        """Yield statistics of all one-flip neighbours along the search and at random masks."""
        for name, at, mask in self._places():
            yield from self._around(name, at, mask)

    def _places(self) -> Iterator[tuple[str, int, FlatMask]]:
        first, last = self.waypoints[0], self.waypoints[-1]
        for point in self.waypoints:
            yield "ticket" if point is last else "search", point.evaluations, point.mask
        random = self._random(1)
        for point in (first, last):
            for _ in range(self.settings.randoms):
                like = random_like(self.search.problem, point.mask, random)
                yield "random", point.evaluations, like

    def _around(self, name: str, at: int, mask: FlatMask) -> Iterator[dict[str, Any]]:
        temperature = self.reader.temper(mask)
        members = dict(groups(self.search.network, mask))
        for metric in self.settings.metrics:
            around = neighbourhood(self.reader, metric, mask)
            for group, flips in members.items():
                row = {"mask": name, "as_dense_as_after": at, "metric": metric, "group": group}
                row |= {"density": float(mask.mean()), "loss": around.value}
                row |= {"temperature": temperature}
                row |= around.summary(flips)
                if group == "all":
                    row |= {
                        "agreement": self._agreement(metric, around),
                        "local_optimum": around.is_local_optimum,
                        "neutral_removals": around.neutral_removals,
                        "seconds": around.seconds,
                        "flips_per_second": mask.size / around.seconds,
                    }
                yield row

    @cached_property
    def _on_validation(self) -> Reader:
        problem = self.search.problem
        assert problem.validation is not None
        return Reader(problem.network, problem.validation, self.max_density, self.settings.metrics)

    def _agreement(self, metric: str, around: Neighbourhood) -> float:
        """Return Spearman's correlation of what flips change on training and on validation rows."""
        self._on_validation.engines[metric].temper(self.reader.engines[metric].temperature)
        other = neighbourhood(self._on_validation, metric, around.mask).changes
        if np.ptp(around.changes) == 0 or np.ptp(other) == 0:
            return 0.0
        return float(spearmanr(around.changes, other).statistic)

    # -- walks, distances, plane -----------------------------------------------------------------

    def autocorrelation(self) -> Iterator[dict[str, Any]]:
        """Yield the autocorrelation of random walks from random masks as dense as the ticket."""
        settings, random = self.settings, self._random(2)
        self.reader.temper(self.ticket)
        walked: dict[str, list[NDArray[np.float64]]] = {name: [] for name in settings.metrics}
        for _ in range(settings.walks):
            start = random_like(self.search.problem, self.ticket, random)
            flips = walks.walk_flips(start, settings.steps, random)
            for name, values in walks.walk_values(self.reader, start, flips).items():
                walked[name].append(values)
        for name, each in walked.items():
            result = walks.autocorrelation(np.array(each), settings.max_lag)
            for lag, correlation in zip(result.lags, result.correlations, strict=True):
                yield {
                    "metric": name,
                    "lag": lag,
                    "correlation": correlation,
                    "correlation_length": result.length,
                }

    def fitness_distance(self) -> Iterator[dict[str, Any]]:
        """Yield fitness-distance correlations around the ticket, and at random masks as dense."""
        random = self._random(3)
        rings = distance.masks_around(self.ticket, self.settings.per_ring, random)
        count = distance.DISTANCES * self.settings.per_ring
        anywhere = np.array(
            [random_like(self.search.problem, self.ticket, random) for _ in range(count)]
        )
        self.reader.temper(self.ticket)
        for sample, masks in (("around the ticket", rings), ("random", anywhere)):
            distances = np.count_nonzero(masks != self.ticket, axis=1)
            for name, values in self.reader.values(masks).items():
                found = distance.correlations(distances, values)
                yield {"metric": name, "sample": sample, "masks": len(masks)} | found

    def plane(self) -> Iterator[dict[str, Any]]:
        """Yield each metric on a plane of masks around the ticket."""
        if self.settings.plane is None:
            return
        random = self._random(4)
        if self.settings.plane == "tickets":
            right, top = (self._trajectory(self._seed(k))[-1].mask for k in (1, 2))
        else:
            right, top = (random_like(self.search.problem, self.ticket, random) for _ in range(2))
        shares, masks = plane_masks(self.ticket, right, top, self.settings.grid, random)
        self.reader.temper(self.ticket)
        flat = masks.reshape(-1, masks.shape[-1])
        for name, values in self.reader.values(flat).items():
            for (y, x), loss in np.ndenumerate(values.reshape(masks.shape[:2])):
                yield {"metric": name, "x": shares[x], "y": shares[y], "loss": float(loss)}

    # -- guidance --------------------------------------------------------------------------------

    def guidance(self) -> Iterator[dict[str, Any]]:
        """Yield the accuracy that a search reaches when each metric guides it."""
        search, settings = self.search, self.settings
        for metric in settings.metrics:
            for run in range(settings.runs):
                yield guided(
                    search.problem,
                    metric,
                    self.max_density,
                    settings.evaluations,
                    self._seed(run),
                    search.n_jobs,
                )

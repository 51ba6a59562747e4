"""A leg: an island's search from one exchange of masks to the next.

A leg is a pure function of what the island was, and of the masks that it takes in. So whoever does
it, in how many jobs, and after how many deaths, the island is the same at its end.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scratchcard.interrupts import Interrupts
from scratchcard.objectives import Objective, get_objective
from scratchcard.rows import Rows
from scratchcard.search.callbacks import Callback
from scratchcard.search.evolution import evolve, warm_up
from scratchcard.search.islands.folder import Folder
from scratchcard.search.islands.results import LEG, PAUSE, Result
from scratchcard.search.islands.settings import Islands
from scratchcard.search.limits import Limits
from scratchcard.search.loop import Loop
from scratchcard.search.outcomes import parts_of
from scratchcard.search.population import Population
from scratchcard.search.sealed import CheckpointError
from scratchcard.search.task import Algorithm
from scratchcard.ticket import Head, Network
from scratchcard.workers import WorkersError

SHARE = 0.02  # of the time of a job may go into its beginning
RECEIVED = "received"


@dataclass(frozen=True)
class Job:
    """What a worker is to do.

    Attributes
    ----------
    island, leg : int
        Their numbers, from 0.
    migrants : tuple of ndarray of uint8
        Packed masks that the island takes in when the leg begins.
    limits : Limits
        Those of the island's whole search.
    """

    island: int
    leg: int
    migrants: tuple[NDArray[np.uint8], ...]
    limits: Limits


@dataclass(frozen=True)
class Legs:
    """The work of a worker: does a leg, or as much of it as the time allows, and saves it.

    Attributes
    ----------
    islands : Islands
        The settings.
    network : Network
        The network of the first island.
    train : Rows
        Rows that the search reads.
    validation : Rows or None
        Rows that choosing reads.
    head : Head
        What the outputs mean.
    algorithm : Algorithm
        What searches.
    objective : str or Objective
        What is minimised.
    seed : int
        Seed of the search of the first island.
    augment : str or None
        How rows are varied.
    folder : Folder
        Where everything is saved.
    token : str
        What stands in the folder while the driver of this worker leads the search.
    seconds : float
        How long a job takes, at most, where a generation does not take longer.
    """

    islands: Islands
    network: Network
    train: Rows
    validation: Rows | None
    head: Head
    algorithm: Algorithm
    objective: str | Objective
    seed: int
    augment: str | None
    folder: Folder
    token: str
    seconds: float

    def __call__(self, job: Job) -> Result | None:
        """Go on with a leg.

        Parameters
        ----------
        job : Job
            What to do.

        Returns
        -------
        Result or None
            What the island has found; None if workers are to stop, and nothing was done.

        Raises
        ------
        WorkersError
            If this is not the folder that the driver sees, or the island cannot be saved.
        CheckpointError
            For a file that is damaged.
        """
        self.folder.check(self.token)
        if self.folder.is_to_stop(self.token):
            return None
        network = self.islands.network_of(job.island, self.network)
        masks = [np.unpackbits(one, count=network.n_weights) for one in job.migrants]
        # Before the job's clock begins.
        warm_up(self.algorithm, get_objective(self.objective), network)
        course = _Watch(job, masks, self.islands.migrate_every, self._is_to_stop, self.seconds)
        outcome = evolve(
            network,
            self.train,
            self.validation,
            algorithm=self.algorithm,
            objective=self.objective,
            limits=job.limits,
            seed=self.islands.seed_of(job.island, self.seed),
            n_jobs=self.islands.threads,
            callbacks=[course],
            resume=self._before(job),
            augment=self.augment,
            head=self.head,
            interrupts=Interrupts(),  # never entered: a worker is stopped by its driver
        )
        population = course.population
        assert population is not None
        best = np.packbits(population.masks[0])
        result = Result(job.island, job.leg, parts_of(outcome), best)
        self.folder.check(self.token)  # a worker whose driver is gone is to overwrite nothing
        try:
            self.folder.save(job.island, job.leg, population)
            if not result.is_pause:
                self.folder.publish(result)
        except OSError as error:
            raise WorkersError(
                f"could not save island {job.island} in {str(self.folder.path)!r}: "
                f"{error.strerror or error}; what was saved before is whole"
            ) from None
        return result

    def _is_to_stop(self) -> bool:
        return self.folder.is_to_stop(self.token)

    def _before(self, job: Job) -> Population | None:
        """Return what was saved last of the island: in this leg, or at the end of the last one."""
        found = self.folder.load(job.island, job.leg)
        if found is None and job.leg > 0:
            found = self.folder.load(job.island, job.leg - 1)
            if found is None:
                raise CheckpointError(
                    f"{str(self.folder.path)!r} has lost the population of island {job.island}, "
                    f"leg {job.leg - 1}"
                )
        return found


class _Watch(Callback):
    """Takes migrants in where a leg begins, and stops the search where it ends.

    Parameters
    ----------
    job : Job
        The leg.
    masks : list of ndarray of shape (n_weights,), uint8
        The migrants.
    length : int
        Generations of a leg.
    is_to_stop : callable
        Says when to stop before.
    seconds : float
        The job takes no longer than this, or than the last generation that began before; where
        beginning takes long, four times as long at most.
    """

    def __init__(
        self,
        job: Job,
        masks: list[NDArray[np.uint8]],
        length: int,
        is_to_stop: Callable[[], bool],
        seconds: float,
    ) -> None:
        self.job, self.masks, self.is_to_stop = job, masks, is_to_stop
        self.start, self.end = job.leg * length, (job.leg + 1) * length
        self.received = 0  # the last leg whose migrants were taken in
        self.population: Population | None = None
        self.seconds, self.began, self.until = seconds, time.monotonic(), 0.0

    def state(self) -> dict[str, NDArray[Any]]:
        """Return which migrants were taken in."""
        return {RECEIVED: np.array(self.received)}

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        """Go on with what was taken in before."""
        self.received = int(state[RECEIVED])

    def on_start(self, loop: Loop) -> None:
        """Take migrants in, and see how long beginning has taken."""
        now = time.monotonic()
        worth_it = min((now - self.began) / SHARE, 4 * self.seconds)
        self.until = now + max(self.seconds, worth_it)
        if loop.generation > self.start and self.received < self.job.leg:
            raise CheckpointError(
                f"island {self.job.island} is saved at generation {loop.generation} without the "
                f"masks of leg {self.job.leg}"
            )
        self._look(loop)

    def on_generation(self, loop: Loop) -> None:
        """Stop where the leg, or the time, is over."""
        self._look(loop)
        if time.monotonic() >= self.until or self.is_to_stop():
            self._stop(loop, PAUSE)

    def on_end(self, loop: Loop) -> None:
        """Keep the population."""
        self.population = loop.population()

    def _look(self, loop: Loop) -> None:
        if loop.generation == self.start and self.received < self.job.leg:
            self.received = self.job.leg
            if self.masks and not loop.is_over:
                loop.receive(np.array(self.masks))
        if loop.generation >= self.end:
            self._stop(loop, LEG)

    @staticmethod
    def _stop(loop: Loop, reason: str) -> None:
        if not loop.is_over:
            loop.stop(reason)

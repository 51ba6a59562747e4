"""Evolve islands: lead workers that search several islands, and return the best of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

from scratchcard.interrupts import Interrupts
from scratchcard.objectives import Objective, get_objective
from scratchcard.search.callbacks import Callback
from scratchcard.search.callbacks.checkpoint import Pace
from scratchcard.search.evolution import AnyCallback, Outcome
from scratchcard.search.islands.course import Course
from scratchcard.search.islands.folder import FolderJournal
from scratchcard.search.islands.leg import Job, Legs
from scratchcard.search.islands.settings import Islands
from scratchcard.search.limits import Limits, Progress
from scratchcard.search.problem import Problem, validation_loss
from scratchcard.search.task import Algorithm
from scratchcard.search.temperature import accuracy
from scratchcard.ticket import Head, Network
from scratchcard.workers import Workers, workers

PATIENCE = 10.0  # seconds in which workers that are asked to stop may save what they have


@dataclass(frozen=True)
class Archipelago(Outcome):
    """What a search on islands found, and how it went.

    Evaluations are those of all islands together, seconds those of the wall clock. The mask, its
    objective, the generations and the history are those of the island that was chosen.

    Attributes
    ----------
    network : Network
        The network of the island that was chosen.
    chosen : int
        Its number.
    losses : list of float or None
        The loss of each island on validation rows, or the objective where there are none; None for
        one that was interrupted before its first generations were over.
    accuracies : list of float or None
        The same for the accuracy on validation rows; empty without classes or validation rows.
    worker_seconds : float
        Seconds that all islands took, added up.
    """

    network: Network
    chosen: int
    losses: list[float | None]
    accuracies: list[float | None]
    worker_seconds: float


def evolve_islands(
    problem: Problem,
    islands: Islands,
    journal: FolderJournal,
    *,
    algorithm: Algorithm,
    objective: str | Objective = "cross_entropy",
    limits: Limits | None = None,
    seed: int = 0,
    callbacks: Sequence[AnyCallback] = (),
    augment: str | None = None,
    head: Head | None = None,
    interrupts: Interrupts | None = None,
) -> Archipelago:
    """Search on islands, and return the best mask of them all by validation rows.

    Ctrl-C ends the search within seconds: workers save what they have, and the best mask so far is
    returned.

    Parameters
    ----------
    problem : Problem
        The network of the first island, and the rows of all.
    islands : Islands
        How many there are, and who searches them.
    journal : FolderJournal
        The folder in which everything is saved; what is there is gone on from.
    algorithm : Algorithm
        What searches each island.
    objective : str or Objective
        What is minimised.
    limits : Limits or None
        When to stop: generations and patience of each island, evaluations and seconds of all of
        them together.
    seed : int
        Seed of the first island's search; others have seeds that follow from it.
    callbacks : sequence of callable
        Functions that are called with the :class:`Progress` of all islands together whenever there
        is news; a true answer stops the search.
    augment : str or None
        As for :func:`scratchcard.evolve`.
    head : Head or None
        What the outputs mean.
    interrupts : Interrupts or None
        Holds the flag that ends the search; None for a new one, which Ctrl-C sets.

    Returns
    -------
    Archipelago
        The best mask, calibrated.

    Raises
    ------
    ValueError
        For callbacks that are no functions.
    CheckpointError
        For a file of the folder that is damaged, or of another search.
    WorkersError
        If workers cannot be started, do not see the folder, or cannot save an island in it.
    KeyboardInterrupt
        After Ctrl-C before there is a first mask.
    """
    for one in callbacks:
        if isinstance(one, Callback):
            raise ValueError(
                f"callbacks takes functions with islands, whose workers are elsewhere, got {one!r}"
            )
    objective = get_objective(objective)
    head = objective.head(problem.network.n_outputs) if head is None else head
    limits = (limits or Limits()).filled(algorithm.generations)
    with ExitStack() as stack:
        if interrupts is None:
            interrupts = stack.enter_context(Interrupts())
        interrupts.started()  # from here on the folder is left in order
        journal.save()
        work = Legs(
            islands,
            problem.network,
            problem.train,
            problem.validation,
            head,
            algorithm,
            _by_name(objective),
            seed,
            augment,
            journal.folder,
            journal.folder.lead(),
            journal.seconds,
        )
        driver = _Driver(problem, work, journal, limits, callbacks, interrupts)
        driver.run()
        return driver.best()


class _Driver:
    """Gives jobs to workers until all islands have ended, or something stops the search."""

    def __init__(
        self,
        problem: Problem,
        work: Legs,
        journal: FolderJournal,
        limits: Limits,
        callbacks: Sequence[AnyCallback],
        interrupts: Interrupts,
    ) -> None:
        self.problem, self.work, self.journal = problem, work, journal
        self.limits, self.interrupts = limits, interrupts
        self.callbacks: list[Callable[[Progress], object]] = [
            one for one in callbacks if not isinstance(one, Callback)
        ]
        self.folder, self.islands = journal.folder, work.islands
        self.began = time.monotonic() - self.folder.seconds
        self.pace = Pace(journal.seconds)
        self.course = Course(self.islands, self.folder)
        self.outcomes: dict[int, Outcome] = {}
        for result in self.course.latest.values():
            self._know(result.island)
        self.stopped_by = ""

    def run(self) -> None:
        """Search until a limit, an interrupt, or a callback that stops."""
        if self.course.is_over:
            return
        pool = workers(
            self.work,
            on=self.islands.on,
            n_workers=self.islands.workers,
            n_threads=self.islands.threads,
        )
        with pool:
            share = shared(self.limits, self.islands.count, pool.n_workers)
            going: set[int] = set()
            try:
                while not self.course.is_over and not self.stopped_by:
                    for island, leg, migrants in list(self.course.ready()):
                        if island not in going and pool.has_room:
                            going.add(island)
                            pool.begin(island, Job(island, leg, migrants, share))
                    island = self._next(pool, lambda: self.interrupts.interrupted)
                    going.discard(island)
            except KeyboardInterrupt:
                self.stopped_by = "interrupt"
            finally:
                self._note_seconds()
                if going:
                    self._halt(pool)
        self._note_seconds()

    def _next(self, pool: Workers, stop: Callable[[], bool]) -> int:
        """Wait for an island, take note of what it has found, and return which it is."""
        island, result = pool.next_result(stop)
        assert isinstance(island, int)
        if result is None:
            return island
        self.course.note(result)
        self._know(island)
        if self.pace.is_due:
            self.pace.do(self._note_seconds)
        if self.callbacks and self.outcomes[island].history:
            progress = self._progress(island)
            for callback in self.callbacks:
                if callback(progress):
                    self.stopped_by = "callback"
        return island

    def _halt(self, pool: Workers) -> None:
        """Let workers save what they have."""
        self.folder.ask_to_stop(self.work.token)
        until = time.monotonic() + PATIENCE
        self.callbacks = []
        try:
            while pool.n_unfinished:
                self._next(pool, lambda: time.monotonic() >= until)
        except KeyboardInterrupt:  # what was saved before is whole
            pass
        except Exception as error:  # beside what has stopped the search
            self.journal.complain(str(error))

    def _know(self, island: int) -> None:
        network = self.islands.network_of(island, self.problem.network)
        self.outcomes[island] = self.course.latest[island].outcome(network, self.work.head)

    def _note_seconds(self) -> None:
        self.folder.note(time.monotonic() - self.began, self.work.token)

    def _progress(self, island: int) -> Progress:
        """Return how far all islands are, with the objective of the one that has just returned."""
        found = [one.history[-1] for one in self.outcomes.values() if one.history]
        last = self.outcomes[island].history[-1]
        scores = [one.validation_accuracy for one in found if one.validation_accuracy is not None]
        return replace(
            last,
            generation=sum(one.generation for one in found) // self.islands.count,
            validation_accuracy=max(scores) if scores else None,
            evaluations=sum(one.evaluations for one in found),
            seconds=time.monotonic() - self.began,
            fraction=sum(one.fraction for one in found) / self.islands.count,
        )

    def best(self) -> Archipelago:
        """Return the best of what all islands have found."""
        if not self.outcomes:
            raise KeyboardInterrupt
        losses = {island: self._loss(island) for island in sorted(self.outcomes)}
        chosen = min(losses, key=lambda island: losses[island])
        best, everyone = self.outcomes[chosen], range(self.islands.count)
        return Archipelago(
            mask=best.mask,
            head=best.head,
            objective=best.objective,
            evaluations=sum(one.evaluations for one in self.outcomes.values()),
            seconds=time.monotonic() - self.began,
            generations=best.generations,
            stopped_by=self.stopped_by or best.stopped_by,
            history=best.history,
            network=self._problem_of(chosen).network,
            chosen=chosen,
            losses=[losses.get(island) for island in everyone],
            accuracies=[self._accuracy(island) for island in everyone] if self._judges else [],
            worker_seconds=sum(one.seconds for one in self.outcomes.values()),
        )

    @property
    def _judges(self) -> bool:
        return self.problem.validation is not None and self.work.head.answers == "classes"

    def _problem_of(self, island: int) -> Problem:
        network = self.islands.network_of(island, self.problem.network)
        return replace(self.problem, network=network)

    def _loss(self, island: int) -> float:
        outcome = self.outcomes[island]
        if self.problem.validation is None:
            return outcome.objective
        return validation_loss(self._problem_of(island), outcome)

    def _accuracy(self, island: int) -> float | None:
        if island not in self.outcomes or self.problem.validation is None:
            return None
        mask, network = self.outcomes[island].mask, self._problem_of(island).network
        return accuracy(network, mask.flat(), self.problem.validation)


def shared(limits: Limits, count: int, n_workers: int) -> Limits:
    """Return the limits of one island.

    Parameters
    ----------
    limits : Limits
        Those of the search, whose evaluations and seconds hold for all islands together.
    count : int
        Islands.
    n_workers : int
        Islands that are searched at a time.

    Returns
    -------
    Limits
        Its own.
    """
    evaluations, seconds = limits.evaluations, limits.seconds
    return replace(
        limits,
        evaluations=None if evaluations is None else max(1, evaluations // count),
        seconds=None if seconds is None else seconds * min(1.0, n_workers / count),
    )


def _by_name(objective: Objective) -> str | Objective:
    """Return the name of an objective of this library, which every process can look up."""
    try:
        is_ours = get_objective(objective.name) == objective
    except ValueError:
        return objective
    return objective.name if is_ours else objective

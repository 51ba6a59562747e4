"""The loop: one generation after the other, whatever the algorithm.

Everything that is done beside the search is a callback.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from scratchcard.interrupts import Interrupts
from scratchcard.search.callbacks import Callback
from scratchcard.search.limits import Limits, Progress, as_array, from_array
from scratchcard.search.population import Population, refuse_unless
from scratchcard.search.targets import Targets
from scratchcard.search.task import Algorithm, Individual, RunningSearch, Task

# Names of the renewed targets, and of the progress so far, among the arrays of a population.
TARGETS, HISTORY = "targets", "history"


class Loop:
    """A search in progress, as callbacks see it.

    Parameters
    ----------
    algorithm : Algorithm
        Starts the search.
    task : Task
        What is searched.
    limits : Limits
        When it ends.
    callbacks : sequence of Callback
        What is done beside it. The first one chooses, and is called even for a generation that was
        cut short.
    targets : Targets
        What says what the network should answer for each row.
    identify : callable
        Returns what tells this search from others, for those who save it.

    Attributes
    ----------
    task : Task
        What is searched.
    search : RunningSearch
        The running search.
    limits : Limits
        When it ends.
    generation : int
        Generations that are over.
    history : list of Progress
        One for each generation.
    individuals : sequence of Individual
        The population now, best first.
    validation_accuracy : float or None
        The highest of the population; None until choosing has read validation rows.
    stopped_by : str
        Why the search ends; empty while it goes on.
    fraction : float
        Share of the limits that is used, 0 to 1.
    """

    def __init__(
        self,
        algorithm: Algorithm,
        task: Task,
        limits: Limits,
        callbacks: Sequence[Callback],
        targets: Targets,
        identify: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        self.algorithm, self.task, self.limits = algorithm, task, limits
        self.callbacks, self.targets, self._identify = callbacks, targets, identify
        self.first_targets = task.rows.targets
        self.generation = 0
        self.history: list[Progress] = []
        self.validation_accuracy: float | None = None
        self.stopped_by = ""
        self.is_retargeted = False
        self.evaluations = 0
        self.search: RunningSearch
        self.individuals: Sequence[Individual] = ()

    def stop(self, reason: str) -> None:
        """End the search after this generation.

        Parameters
        ----------
        reason : str
            Why it ends; the first reason given is kept.
        """
        self.stopped_by = self.stopped_by or reason

    def run(self, interrupts: Interrupts, resume: Population | None = None) -> None:
        """Search until a limit, an interrupt, or a callback that stops it.

        Parameters
        ----------
        interrupts : Interrupts
            Is told when a first population exists.
        resume : Population or None
            A population to go on from.

        Raises
        ------
        KeyboardInterrupt
            After Ctrl-C before a first population exists.
        """
        self.began = time.perf_counter() - (0.0 if resume is None else resume.seconds)
        if resume is not None and TARGETS in resume.arrays:
            self._know(self._targets_of(resume))
        try:
            self.search = self.algorithm.start(self.task, resume)
        except KeyboardInterrupt:
            self.stop("interrupt")
            raise
        try:
            self._begin(resume)
            interrupts.started()
            while not self.stopped_by:
                self._step()
        except KeyboardInterrupt:
            self.stopped_by = "interrupt"
        finally:
            self._end()

    def receive(self, masks: NDArray[np.uint8]) -> None:
        """Let the search take in masks that other searches in the same network have found.

        Parameters
        ----------
        masks : ndarray of shape (n_masks, n_weights), uint8
            Flat masks.
        """
        self.search.receive(masks, self.fraction)
        self._look()

    @property
    def is_over(self) -> bool:
        """Whether a limit is reached, or the algorithm's own rule says that the search ends."""
        return self.fraction >= 1.0 or self.search.converged

    def population(self) -> Population:
        """Return the state of the search, with what its callbacks must remember.

        Returns
        -------
        Population
            The state, as plain data.
        """
        kept = {
            f"{prefix}{name}": array
            for prefix, callback in self._named_callbacks()
            for name, array in callback.state().items()
        }
        if self.is_retargeted:
            kept[TARGETS] = self.task.rows.targets
        kept[HISTORY] = as_array(self.history)
        population = self.search.population().with_arrays(kept)
        return replace(population, seconds=time.perf_counter() - self.began)

    @cached_property
    def identity(self) -> Mapping[str, str]:
        """What tells this search from others: its settings, and fingerprints of what it reads."""
        return self._identify()

    def _know(self, targets: NDArray[np.int64]) -> None:
        """Have the task say what the rows should be now."""
        rows, first = self.task.rows.with_targets(targets), self.first_targets
        self.task, self.is_retargeted = replace(self.task, rows=rows, first_targets=first), True

    def _targets_of(self, resume: Population) -> NDArray[np.int64]:
        """Return the targets that rows had got since the search began."""
        first, n_outputs = self.first_targets, self.task.network.n_outputs
        targets = resume.array(TARGETS, first.dtype, *first.shape)
        is_class = targets.ndim > 1 or (targets.min() >= 0 and targets.max() < n_outputs)
        refuse_unless(is_class, "targets that are none of the classes")
        return targets

    def _named_callbacks(self) -> Iterator[tuple[str, Callback]]:
        """Yield each callback with what its arrays are called by, whatever others there are."""
        numbers: Counter[str] = Counter()
        for callback in self.callbacks:
            name = type(callback).__name__
            yield f"{name} {numbers[name]} ", callback
            numbers[name] += 1

    def _restore(self, resume: Population) -> None:
        """Give callbacks, and the loop itself, what they must remember."""
        self.generation = resume.generation
        try:
            self.history = from_array(resume.arrays.get(HISTORY, as_array(())))
            for start, callback in self._named_callbacks():
                own = {k: v for k, v in resume.arrays.items() if k.startswith(start)}
                callback.restore({k.removeprefix(start): v for k, v in own.items()})
        except (LookupError, TypeError, ValueError, OverflowError) as error:
            refuse_unless(False, f"an odd memory: {error}")

    def _begin(self, resume: Population | None) -> None:
        if resume is not None:
            self._restore(resume)
        self._look()
        self.fraction = self._fraction()
        for callback in self.callbacks:
            callback.on_start(self)
        self.fraction = self._fraction()
        if self.task.stop[0] > 0:
            self.stop("interrupt")
        if resume is not None:  # it may have been saved at its end
            self._stop_at_limits()

    def _step(self) -> None:
        """Run one generation, and do what follows it."""
        if self.targets.is_due(self.generation + 1):
            targets = self.targets.renewed(self.search.outputs(), self.search.temperature)
            self.search.retarget(targets, self.fraction)
            self._know(targets)
        self.search.step(self.fraction, self.task.deadline)
        self.generation += 1
        self._look()
        self.fraction = self._fraction()
        chooser, *others = self.callbacks
        chooser.on_generation(self)
        self.history.append(self._progress())
        if self.task.stop[0] > 0:  # the generation was cut short: only choosing looks at it
            self.stopped_by = "interrupt"
            return
        for callback in others:
            callback.on_generation(self)
        self._stop_at_limits()

    def _stop_at_limits(self) -> None:
        if self.fraction >= 1.0:
            used = self._used()
            self.stop(max(used, key=lambda name: used[name]))
        elif self.search.converged:
            self.stop("converged")

    def _look(self) -> None:
        self.individuals = self.search.individuals()
        self.evaluations = self.search.evaluations

    def _used(self) -> dict[str, float]:
        return self.limits.used(self.generation, self.evaluations, self.seconds)

    def _fraction(self) -> float:
        self.seconds = time.perf_counter() - self.began
        return min(1.0, max(self._used().values()))

    def _progress(self) -> Progress:
        best = self.individuals[0]
        return Progress(
            generation=self.generation,
            generations=self.limits.generations,
            objective=best.objective,
            validation_accuracy=self.validation_accuracy,
            density=best.surviving / self.task.network.n_weights,
            evaluations=self.evaluations,
            seconds=self.seconds,
            fraction=self.fraction,
        )

    def _end(self) -> None:
        """Let callbacks end, and release threads, which waits until they are done."""
        try:
            for callback in self.callbacks:
                callback.on_end(self)
            self.search.close()
        except KeyboardInterrupt:
            self.stopped_by = "interrupt"
            self.search.close()
        del self.search  # its memory is wanted now

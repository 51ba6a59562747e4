"""Starts: several searches without labels side by side, of which only the best go on to the end."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from scratchcard.interrupts import Interrupts
from scratchcard.objectives import mutual_information
from scratchcard.rows import Rows
from scratchcard.search.callbacks import Callback
from scratchcard.search.evolution import Outcome
from scratchcard.search.journal import Journal
from scratchcard.search.limits import Limits, Progress
from scratchcard.search.loop import Loop
from scratchcard.search.population import Population
from scratchcard.search.sealed import CheckpointError
from scratchcard.search.targets import Consensus, Neighbours
from scratchcard.search.task import Algorithm
from scratchcard.search.together import OF_ITSELF
from scratchcard.ticket import Network

# docs/search.md says what was measured of these.
PAUSE = 0.25  # share of a search after which it goes on only if it is among the best
KEPT = 0.25  # share of the starts that are
NEIGHBOURS = 5  # of a row, among which its targets are agreed on
PAUSED = "paused"

Answers = NDArray[np.float64]


@dataclass
class Start:
    """One search: what is known of it so far."""

    number: int
    outcome: Outcome | None = None
    score: float = math.nan
    history: list[Progress] = field(default_factory=list)
    population: Population | None = None  # to go on from, where it was paused


@dataclass
class Starts:
    """All searches, and what they share."""

    network: Network
    train: Rows
    validation: Rows | None
    algorithm: Algorithm
    limits: Limits
    seed: int
    n_init: int
    n_jobs: int
    images: bool
    interrupts: Interrupts
    journal: Journal

    def run(self, callbacks: Sequence[Callable[[Progress], object]]) -> list[Start]:
        """Run the beginning of all searches, and then the rest of the best, several at once.

        Parameters
        ----------
        callbacks : sequence of callable
            Functions that are called after each generation of any start, one at a time.

        Returns
        -------
        list of Start
            All of them, in order.
        """
        began = self.journal.began()
        self.deadline = began + (self.limits.seconds or math.inf)
        n_kept = max(1, round(KEPT * self.n_init))
        self.pause = PAUSE if n_kept < self.n_init else 1.0
        self.whole = self.n_init * self.pause + n_kept * (1.0 - self.pause)  # in searches
        self.beside = _Beside(callbacks, self.limits, self.n_init, self.whole, began)
        inputs = self.train.inputs
        # In a cluster of the smallest size that may be meant all other rows are neighbours.
        k = min(NEIGHBOURS, len(inputs) // self.network.n_outputs - 1)
        self.neighbours = Neighbours.of(inputs, k, images=self.images)
        self.judging = self.neighbours
        if self.validation is not None:
            judged = self.validation.inputs
            self.judging = Neighbours.of(judged, max(k, 1), inputs, images=self.images)
        starts = [Start(number) for number in range(self.n_init)]
        self._search(starts)
        paused = [start for start in starts if start.population is not None]
        if paused and not self._is_over():
            paused.sort(key=lambda start: -start.score)
            self._search(paused[:n_kept])
        return starts

    @property
    def evaluations(self) -> int:
        """Candidates that were decided in all searches together."""
        return int(self.beside.evaluations.sum())

    @property
    def generations(self) -> int:
        """Generations of all searches together."""
        return int(self.beside.generations.sum())

    @property
    def stopped(self) -> str:
        """Why all searches were stopped; empty if they were not."""
        return "interrupt" if self.interrupts.interrupted else self.beside.stopped

    def _search(self, starts: Sequence[Start]) -> None:
        """Search from each start, or go on with it, several at once."""
        at_once = min(self.n_jobs, len(starts))

        def seconds_of(place: int) -> float | None:
            """Return the seconds for the start at this place: its share of those left."""
            if self.limits.seconds is None:
                return None
            left = self.deadline - time.perf_counter()
            is_first = starts[place].population is None
            rest = len(starts) - place
            mine = self.pause if is_first else 1.0 - self.pause
            later = (self.whole - self.n_init * self.pause) if is_first else 0.0
            return max(left * at_once * mine / (rest * mine + later), 1e-3)

        def work(place: int) -> None:
            if (place == 0 and starts[0].population is None) or not self._is_over():
                self._run(starts[place], seconds_of(place), max(1, self.n_jobs // len(starts)))

        with ThreadPoolExecutor(at_once) as threads:
            tasks = [threads.submit(work, place) for place in range(len(starts))]
            try:
                for task in tasks:
                    task.result()
            except BaseException:
                self.beside.stopped = "error"
                raise

    def _is_over(self) -> bool:
        late = time.perf_counter() > self.deadline
        return late or self.interrupts.interrupted or bool(self.beside.stopped)

    def _run(self, start: Start, seconds: float | None, n_jobs: int) -> None:
        """Run one search until it is paused, or from there to its end."""
        evaluations = self.limits.evaluations
        seed = int(np.random.SeedSequence([self.seed, start.number]).generate_state(1)[0])
        if evaluations is not None:
            evaluations = max(1, int(evaluations / self.whole))
        pause = f"pause of {start.number}"
        watching = _Watching(
            self.beside,
            start,
            self.pause,
            seconds is not None,
            lambda population: self.journal.keep(pause, population),
        )
        part = f"start {start.number}" + (", paused" if start.population is not None else "")
        start.outcome = self.journal.evolve(
            self.network,
            self.train,
            part=part,
            ends=(*OF_ITSELF, PAUSED),
            algorithm=self.algorithm,
            limits=Limits(self.limits.generations, evaluations, seconds),
            seed=seed,
            n_jobs=n_jobs,
            callbacks=[watching],
            resume=start.population,
            targets=Consensus(
                self.neighbours, self.network.n_outputs, self.train.weights, seed=seed
            ),
            interrupts=self.interrupts,
        )
        start.history = start.outcome.history
        start.population = None
        if start.outcome.stopped_by == PAUSED:
            start.population = watching.population or self.journal.kept(pause)
            if start.population is None:
                raise CheckpointError(f"the saved search lacks the {pause}")
        share = 1.0 if start.population is None else self.pause
        self.beside.know(start.number, start.outcome, share)
        start.score = self._score(start.outcome)

    def _score(self, outcome: Outcome) -> float:
        """Return the information that rows' clusters share with those of their neighbours.

        It is the mean over the rows searched and those set aside, since the latter alone are few,
        and chance would choose. Within each part rows count by their weights; the parts count by
        how many different rows they have.
        """
        searched = self._clusters(outcome, self.train)
        scores = [self._shared(searched, self.neighbours, searched, self.train)]
        counts = [len(self.train)]
        if self.validation is not None:
            aside = self._clusters(outcome, self.validation)
            scores.append(self._shared(aside, self.judging, searched, self.validation))
            counts.append(len(self.validation))
        return float(np.average(scores, weights=counts))

    def _shared(self, answers: Answers, graph: Neighbours, others: Answers, rows: Rows) -> float:
        return mutual_information(answers, graph.averaged(others), rows.weights)

    def _clusters(self, outcome: Outcome, rows: Rows) -> Answers:
        """Return which cluster each row is in: (n_rows, n_clusters), 1 for that and else 0."""
        outputs = self.network.outputs(outcome.mask, rows.inputs)
        clusters: Answers = np.eye(self.network.n_outputs)[outputs.argmax(axis=1)]
        return clusters


class _Beside:
    """What is done after each generation of any start, one at a time."""

    def __init__(
        self,
        callbacks: Sequence[Callable[[Progress], object]],
        limits: Limits,
        n_init: int,
        whole: float,
        began: float,
    ) -> None:
        self.callbacks, self.limits, self.whole, self.began = callbacks, limits, whole, began
        self.lock = threading.Lock()
        self.shares = np.zeros(n_init)
        self.evaluations = np.zeros(n_init, np.int64)
        self.generations = np.zeros(n_init, np.int64)
        self.stopped = ""

    def know(self, number: int, outcome: Outcome, share: float) -> None:
        """Count what a search did that has ended, perhaps in an earlier process."""
        with self.lock:
            self.shares[number] = share
            self.evaluations[number] = outcome.evaluations
            self.generations[number] = outcome.generations

    def after(self, number: int, share: float, progress: Progress) -> None:
        """Tell the callbacks how far all starts are, after a generation of one of them."""
        with self.lock:
            self.shares[number] = share
            self.evaluations[number] = progress.evaluations
            self.generations[number] = progress.generation
            generations = self.limits.generations
            told = replace(
                progress,
                generation=int(self.generations.sum()),
                generations=None if generations is None else round(generations * self.whole),
                evaluations=int(self.evaluations.sum()),
                seconds=time.perf_counter() - self.began,
                fraction=min(1.0, float(self.shares.sum()) / self.whole),
            )
            for callback in self.callbacks:
                if callback(told):
                    self.stopped = self.stopped or "callback"


class _Watching(Callback):
    """Tells of the generations of one start, and pauses it."""

    def __init__(
        self,
        beside: _Beside,
        start: Start,
        pause: float,
        is_timed: bool,
        keep: Callable[[Population], object],
    ) -> None:
        self.beside, self.number, self.pause, self.keep = beside, start.number, pause, keep
        self.is_first = start.population is None
        self.is_timed = is_timed
        self.population: Population | None = None

    def on_generation(self, loop: Loop) -> None:
        """Tell of it, and stop once all are to stop, or once this start is to be compared."""
        share = loop.fraction
        if self.is_timed:  # the clock only runs while it searches
            part = self.pause if self.is_first else 1.0 - self.pause
            share = share * part + (0.0 if self.is_first else self.pause)
        self.beside.after(self.number, share, loop.history[-1])
        if self.beside.stopped:
            loop.stop(self.beside.stopped)
        elif self.is_first and self.pause < 1.0 and share >= self.pause * (1 - 1e-9):
            self.population = replace(loop.population(), seconds=0.0)  # both parts have their own
            self.keep(self.population)  # before it is known that this part has ended
            loop.stop(PAUSED)

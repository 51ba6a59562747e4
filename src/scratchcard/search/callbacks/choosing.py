"""Choosing: decides, by validation rows, which mask of a population is returned."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scratchcard.engines import Engine, IncrementalEngine
from scratchcard.objectives import get_objective
from scratchcard.rows import Rows
from scratchcard.search.callbacks.base import Callback
from scratchcard.search.task import Individual
from scratchcard.ticket import Head, Network

if TYPE_CHECKING:
    from scratchcard.search.loop import Loop


class Choosing(Callback):
    """Keeps, of every population, the mask with the highest score on validation rows.

    The mask with the highest score ever seen on validation rows would often be a lucky early one,
    so the last population counts. Only a search that stops for want of improvement (``keep_best``)
    returns the mask that it improved on last. Without validation rows the best individual is kept.

    Parameters
    ----------
    network : Network
        The network whose masks are judged.
    validation : Rows or None
        The rows that they are judged on.
    head : Head
        Names the objective that judges.
    keep_best : bool
        Whether a mask is kept until a better one comes.
    n_jobs : int
        Threads.

    Attributes
    ----------
    individual : Individual or None
        The mask that is chosen.
    score : float
        The highest score so far, 1 minus the objective that judges.
    improved : int
        The generation in which the score last improved.
    """

    def __init__(
        self,
        network: Network,
        validation: Rows | None,
        head: Head,
        keep_best: bool = False,
        n_jobs: int = 1,
    ) -> None:
        self.n_weights = network.n_weights
        self.judge: Engine | None = None
        if validation is not None:
            judge = get_objective(head.judge)
            self.judge = IncrementalEngine(network, validation, judge, head.reading)
        self.head = head
        self.keep_best = keep_best
        self.n_jobs = n_jobs
        self.masks: NDArray[np.uint8] | None = None  # those that self.scores belong to
        self.scores: list[float] = []
        self.individual: Individual | None = None
        self.score = -math.inf
        self.improved = 0  # the generation of the last better score

    def on_start(self, loop: Loop) -> None:
        """Choose from the first population, unless one is resumed whose choice is known."""
        if self.individual is None:
            self._consider(loop)

    def on_generation(self, loop: Loop) -> None:
        """Choose from this generation."""
        loop.validation_accuracy = self._consider(loop)

    def _consider(self, loop: Loop) -> float | None:
        """Choose from the individuals of a generation, and return the highest score in it."""
        best, score, is_better = 0, None, True
        if self.judge is not None:
            masks = np.array([individual.mask for individual in loop.individuals])
            if self.masks is None or not np.array_equal(masks, self.masks):
                self.masks, self.scores = masks, self._judged(self.judge, masks)
            best = int(np.argmax(self.scores))
            score = self.scores[best]
            is_better = score > self.score
            if is_better:
                self.improved, self.score = loop.generation, score
        if self.individual is None or not self.keep_best or is_better:
            self.individual = loop.individuals[best].copy()
        return score

    def _judged(self, judge: Engine, masks: NDArray[np.uint8]) -> list[float]:
        """Return the scores of masks, each calibrated where the judge reads more than labels."""
        if judge.objective.reads_labels:
            return [1.0 - judge.value(sums) for sums in judge.evaluate(masks, n_jobs=self.n_jobs)]
        scores = []
        for mask in masks:
            outputs, rows = judge.outputs(mask, len(judge.rows))
            head = self.head.calibrated(outputs.astype(np.int64), rows.targets, rows.weights)
            judge.temper(head.reading)
            sums = judge.evaluate(mask[None], n_jobs=self.n_jobs)[0]
            scores.append(1.0 - judge.value(sums))
        return scores

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the mask that is kept, and when it was found."""
        if self.individual is None:
            return {}
        return {
            "mask": np.packbits(self.individual.mask),
            "numbers": np.array([self.individual.objective, self.score, float(self.improved)]),
        }

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        """Go on with the mask that was kept."""
        if not state:
            return
        objective, self.score, improved = state["numbers"].tolist()
        self.improved = int(improved)
        packed = state["mask"]
        if len(packed) != -(-self.n_weights // 8) or math.isnan(objective + self.score):
            raise ValueError("another mask than one that was chosen")
        self.individual = Individual(np.unpackbits(packed, count=self.n_weights), objective)

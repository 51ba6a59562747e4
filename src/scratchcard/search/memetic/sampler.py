"""The sampler: which rows a search reads for a while, drawn by how much they matter.

A row that is right beyond doubt hardly changes its loss, whatever is flipped. So the chance that a
row is drawn grows with 1 - p, where p is the probability that the best individual gives to its
target, and a row weighs one over that chance. Sums stay unbiased, and their noise is a fraction of
that of as many rows drawn evenly (importance sampling; of rows by their loss: Katharopoulos and
Fleuret, "Not All Samples Are Created Equal", ICML 2018). Rows are drawn anew every few generations,
so that no choice lasts.

All arithmetic that decides uses integers or single floats, so that it is the same everywhere.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scratchcard.engines import Engine, EngineMaker
from scratchcard.rows import AUGMENTATIONS, MAX_ROW_WEIGHT, Rows
from scratchcard.search.task import Task
from scratchcard.ticket import Reading

MANY = 1 << 14  # more rows than this are sampled, and no sample is smaller than this
PERIOD = 3  # generations that a sample lasts: a longer one is learnt by heart
PERIOD_OF_MAPS = 9  # and where there are maps, which take longer to be computed for other rows
LEAST = 0.1  # added to how much each row matters, as a share of the mean, so that any is drawn
CERTAIN = 1 << 32  # the integer that stands for a chance of 1
STREAM = 1  # number of the random stream; individual 1 begins with the same, which does no harm


class Sampler:
    """Draws the rows of a task that a search reads for a while.

    Parameters
    ----------
    task : Task
        Its rows, objective, augmentation and seed are used.
    share : float
        Share of the rows that is drawn where there are many; above 0 and at most 1.
    make_engine : EngineMaker
        Makes what tells how much each row matters.
    """

    def __init__(self, task: Task, share: float, make_engine: EngineMaker) -> None:
        self.task = task
        rows = task.rows
        self.engine: Engine | None = None
        self.n_drawn = len(rows)
        is_drawn = task.objective.importance is not None and rows.group == 1
        if len(rows) > MANY and is_drawn and share < 1.0:
            counted = int(np.count_nonzero(rows.weights))
            self.n_drawn = min(max(MANY, round(share * len(rows))), counted)
            self.engine = make_engine(task.network, rows, task.objective, task.temperature)
        self.due = 0  # draws so far
        self.period = PERIOD_OF_MAPS if task.network.has_maps else PERIOD

    @property
    def draws(self) -> bool:
        """Whether rows are drawn or varied at all; if not, all are read as they are."""
        return self.engine is not None or self.task.augment is not None

    def retarget(self, task: Task) -> None:
        """Draw rows of this task from now on, in which only the targets are other ones."""
        self.task = task
        if self.engine is not None:
            self.engine.retarget(task.rows.targets)

    def is_due(self, generation: int) -> bool:
        """Return whether rows are to be drawn anew for this generation, the first being 1."""
        return self.draws and generation > self.due * self.period

    def draw(self, mask: NDArray[np.uint8], temperature: Reading) -> Rows:
        """Return rows that matter to this mask, (n_weights,), in random order, varied.

        Where rows are not drawn, those of the task are returned.
        """
        task, rows = self.task, self.task.rows
        if not self.draws:
            return rows
        random = np.random.default_rng([task.seed, STREAM, self.due])
        self.due += 1
        chosen, weights = np.arange(len(rows)), rows.weights
        if self.engine is not None:
            assert task.objective.importance is not None
            self.engine.temper(temperature)
            statistics = self.engine.row_statistics(mask, task.n_jobs)
            importance = task.objective.importance(statistics)
            chosen, weights = weighted_draw(importance, rows.weights, self.n_drawn, random)
        order = _permutation(len(chosen), rows.group, random)
        chosen, weights = chosen[order], weights[order]
        inputs = rows.inputs[chosen]
        if task.augment is not None:
            inputs = AUGMENTATIONS[task.augment](inputs, random, task.network.input_shape)
        return Rows(inputs, rows.targets[chosen], weights, rows.group)


def _permutation(n_rows: int, group: int, random: np.random.Generator) -> NDArray[np.int64]:
    """Return a random order of rows in which groups stay together."""
    order: NDArray[np.int64] = random.permutation(n_rows // group)
    if group == 1:
        return order
    return (order[:, None] * group + np.arange(group)).ravel()


def weighted_draw(
    importance: NDArray[np.float32],
    weights: NDArray[np.int64],
    n_drawn: int,
    random: np.random.Generator,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the indices and new weights of about ``n_drawn`` rows.

    ``importance``, (n_rows,) float32, is what the probability of each row's target lacks of 1;
    ``weights``, (n_rows,), are the weights of the rows.
    """
    matter = (importance * 65536.0).astype(np.int64) * weights
    matter += int(LEAST * matter.sum() / len(matter)) + 1
    matter[weights == 0] = 0
    chances = np.minimum(CERTAIN, (matter * _scale(matter, n_drawn)).astype(np.int64))
    marks = np.cumsum(chances) + random.integers(CERTAIN)
    chosen = np.flatnonzero(np.diff(marks // CERTAIN, prepend=0))
    heavy = weights[chosen] * (CERTAIN / np.maximum(chances[chosen], 1))
    unit = MAX_ROW_WEIGHT / heavy.max()
    return chosen, np.maximum(1, np.rint(heavy * unit)).astype(np.int64)


def _scale(matter: NDArray[np.int64], n_drawn: int) -> float:
    """Return what turns integers, (n_rows,), into chances that add up to ``n_drawn``.

    Each chance is at most 1.
    """
    largest = np.sort(matter)[::-1]
    rest = np.cumsum(largest[::-1])[::-1]  # sums from each place on
    certain = np.arange(len(largest))  # rows that are certain; the others share what is left
    scales = (n_drawn - certain) * float(CERTAIN) / np.maximum(rest, 1)
    fits = largest * scales <= CERTAIN
    return float(scales[fits.argmax()])

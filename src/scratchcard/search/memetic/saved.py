"""Saved: the state of a memetic search as a file had it, once it is known to be one."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scratchcard.search.population import MOST, Population, refuse_unless
from scratchcard.search.task import Task
from scratchcard.ticket import Reading
from scratchcard.ticket.heads.lines import reading_from


class Saved(NamedTuple):
    """What a memetic search goes on from, beside its masks and their objectives."""

    born: int  # individuals so far
    drawn: int  # times that rows were drawn
    at: int  # the block after the last window
    window: slice  # blocks that were read last
    temperatures: tuple[Reading, Reading]  # now, and when rows were drawn last
    drawn_for: NDArray[np.uint8]  # (n_weights,) the mask that rows were drawn for
    streams: NDArray[np.uint64]  # (n_individuals,) random streams
    orders: list[NDArray[np.int64]]  # survivors of each individual, on whose order draws depend

    @classmethod
    def of(cls, population: Population, task: Task, size: int, draws: bool) -> Saved:
        """Return the state of a search of a task with so many individuals.

        ``draws`` says whether rows are drawn. Raises CheckpointError for a population that no such
        search has left.
        """
        network = task.network
        array = population.array
        refuse_unless(
            len(population.masks) == size and np.isfinite(population.objectives).all(),
            "a number of individuals, or objectives, of another search",
        )
        born, drawn, at = array("numbers", np.int64, 3).tolist()
        start, stop = array("window", np.int64, 2).tolist()
        refuse_unless(
            min(born, drawn - draws, at, start) >= 0 and max(born, drawn) < MOST and start < stop,
            "odd counts",
        )
        packed = array("drawn for", np.uint8, -(-network.n_weights // 8))
        return cls(
            born,
            drawn,
            at,
            slice(start, stop),
            _temperatures(population, task),
            np.unpackbits(packed, count=network.n_weights),
            array("streams", np.uint64, size),
            _orders(population),
        )

    def check_windows(self, n_blocks: int) -> None:
        """Raise CheckpointError unless the rows have the blocks that were read."""
        refuse_unless(max(self.at, self.window.stop) <= n_blocks, "blocks of other rows")


def _temperatures(population: Population, task: Task) -> tuple[Reading, Reading]:
    is_of_classes = task.objective.answers == "classes"
    shape = (2,) if is_of_classes else (2, 2, task.network.n_outputs)
    found = population.array("temperatures", np.float64, *shape)
    with np.errstate(over="ignore", under="ignore"):
        single = found.astype(np.float32)  # as compiled code reads it
    is_right = np.isfinite(single).all() and (not is_of_classes or (found > 0).all())
    refuse_unless(is_right, "temperatures that are none")
    return reading_from(found[0]), reading_from(found[1])


def _orders(population: Population) -> list[NDArray[np.int64]]:
    masks = population.masks
    counts = np.count_nonzero(masks, axis=1)
    found = population.array("survivors", np.int64, int(counts.sum()))
    orders = np.split(found, np.cumsum(counts)[:-1])
    for mask, order in zip(masks, orders, strict=True):
        refuse_unless(
            np.array_equal(np.sort(order), np.flatnonzero(mask)), "survivors of other masks"
        )
    return orders

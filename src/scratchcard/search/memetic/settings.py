"""Settings of the memetic search, the default algorithm."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from scratchcard.checks import as_int, as_number, as_share
from scratchcard.engines import EngineMaker, make_engine_of
from scratchcard.search.memetic.search import MemeticSearch
from scratchcard.search.population import Population
from scratchcard.search.task import Task
from scratchcard.search.temperature import SHARPNESS, SMOOTHING

MOST = 1 << 62  # the highest count that a setting takes: compiled code can hold it


@dataclass(frozen=True)
class Memetic:
    """Settings of the memetic search.

    Parameters
    ----------
    max_density : float
        Largest share of the weights that may stay, above 0 and at most 1.
    price : float or None
        What one surviving weight adds to the objective; None for 0.02 divided by the number of
        weights that ``max_density`` allows, and for tickets that answer with numbers, where noise
        is easily fitted, for the loss of the best individual divided by the number of rows.
    population : int or None
        Individuals. None for 4, or for 1 where the network has more than 2**16 weights, or
        convolutions: there the luck of the start averages out, and every trial is wanted in one
        place.
    burst : int or None
        Mutation trials of an individual in a generation; None for 60 times the square root of the
        number of weights, or 450 times where there are convolutions.
    generations : int
        Default length of a search.
    heat : float or None
        How much worse a mutation may be at the start, as a multiple of the default price; it cools
        to nothing at the end. None for 10, or for 3 where there are convolutions.
    remove, swap : float
        Shares of the proposals that scratch a connection off, and that move the source of one; the
        rest add one.
    small_layer : float
        Share of the additions whose layer is drawn evenly instead of by its size.
    tolerance : float
        Objectives this close count as equal in selection, and the sparser mask wins.
    start_density : float
        Density of the first masks, as a share of ``max_density``. Where there are convolutions, it
        is a share of 0.1 at most, and half of the weights below the last of them stay, unless they
        would be more than half of those that may.
    race_error : float
        Chance, below 0.5, that one look of a race drops a candidate that is just good enough. In a
        race a trial reads its rows in stages and ends when its candidate is, on the evidence so
        far, not good enough; 0 always reads all rows. Only objectives that are a mean are raced,
        and only where there are more than 2,048 rows, or 512 where there are convolutions.
    first_rows : int
        Rows that a search begins with. The window of rows that is read grows geometrically until it
        holds all of them at the end, and moves on every 2,000 proposals; 40,000 where there are
        convolutions.
    sample : float
        Share of the rows that is searched at a time, above 0 and at most 1, but never fewer than
        16,384 rows; see :mod:`scratchcard.search.memetic.sampler`. Used with objectives that read a
        softmax.
    sharpness, smoothing : float
        The softmax is read at ``sharpness`` (0.1 to 10) times the temperature with the least
        cross-entropy of labels smoothed by ``smoothing``, fitted every generation. The defaults are
        for classes that can be told apart; where labels are noisy, or where a long search learns
        its rows by heart, 1 and 0.02 are better.
    engine : str or EngineMaker
        A name of :data:`scratchcard.engines.ENGINES`, or what makes an engine. On few rows the
        result does not depend on it; an engine without compiled bursts is slower by orders of
        magnitude.
    max_bits : int or None
        Most bits of the mask's code in the ticket's file, at least 1, instead of ``max_density``,
        which is then no limit: heat, price and the first masks are for so many survivors. A weight
        is priced by the bits that it adds; the ``price`` is that of an average one. A mask may end
        some bits above the limit; :func:`scratchcard.search.shrink` scratches these off.

    Raises
    ------
    ValueError
        For a setting that is out of range.
    """

    max_density: float = 0.1
    price: float | None = None
    population: int | None = None
    burst: int | None = None
    generations: int = 100
    heat: float | None = None
    remove: float = 0.3
    swap: float = 0.3
    small_layer: float = 0.3
    tolerance: float = 1e-4
    start_density: float = 0.5
    race_error: float = 0.3
    first_rows: int = 2048
    sample: float = 0.3
    sharpness: float = SHARPNESS
    smoothing: float = SMOOTHING
    engine: str | EngineMaker = "incremental"
    max_bits: int | None = None
    name: ClassVar[str] = "memetic"
    draws_rows: ClassVar[bool] = True

    def __post_init__(self) -> None:
        for name in ("max_density", "start_density", "sample", "smoothing"):
            as_share(name, getattr(self, name), zero=False)
        for name in ("remove", "swap", "small_layer"):
            as_share(name, getattr(self, name))
        as_number("race_error", self.race_error, 0.0, 0.5, "from 0 and below 0.5")
        as_number("sharpness", self.sharpness, 0.1, 10.0)
        if self.race_error >= 0.5:
            raise ValueError(
                f"race_error takes a number from 0 and below 0.5, got {self.race_error}"
            )
        if self.remove + self.swap >= 1:
            raise ValueError(
                "remove + swap takes less than 1, or nothing would ever be added, got "
                f"{self.remove} + {self.swap}"
            )
        for name in ("price", "heat", "tolerance"):
            value = getattr(self, name)
            if not (value is None and name in ("price", "heat")):
                as_number(name, value, 0.0)
        for name in ("population", "burst", "generations", "first_rows", "max_bits"):
            value = getattr(self, name)
            if not (value is None and name in ("population", "burst", "max_bits")):
                as_int(name, value, 1, MOST)
        make_engine_of(self.engine)

    def start(self, task: Task, population: Population | None = None) -> MemeticSearch:
        """Begin a search, or go on with one that was interrupted.

        Parameters
        ----------
        task : Task
            What is searched.
        population : Population or None
            The state to go on from.

        Returns
        -------
        MemeticSearch
            The search, with its first population.
        """
        return MemeticSearch(self, task, population)

    def smallest(self) -> Memetic:
        """Return settings of a search of next to nothing that runs all the same code.

        Returns
        -------
        Memetic
            The settings.
        """
        return replace(Memetic(max_density=1.0, population=2), engine=self.engine)

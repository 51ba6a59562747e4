"""Limits of a search, and how much of them a search has used."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scratchcard.checks import as_int

MOST = 1 << 62  # the highest limit: a count that compiled code can hold


@dataclass(frozen=True)
class Limits:
    """When a search ends, whichever limit comes first; None is no limit.

    Where generations, evaluations and seconds are all None, the algorithm's own default number of
    generations holds.

    Parameters
    ----------
    generations, evaluations : int or None
        Reproducible limits: generations, and candidates decided.
    seconds : float or None
        A limit by the clock, so the result depends on the machine. The compilation that the first
        search on a machine begins with is not counted.
    patience : int or None
        Generations without a better validation accuracy; needs validation rows.

    Raises
    ------
    ValueError
        For a limit that is not a number above 0.
    """

    generations: int | None = None
    evaluations: int | None = None
    seconds: float | None = None
    patience: int | None = None

    def __post_init__(self) -> None:
        for name in ("generations", "evaluations", "patience"):
            if (value := getattr(self, name)) is not None:
                as_int(name, value, 1, MOST)
        value = self.seconds
        if value is not None and not (value > 0 and math.isfinite(value)):
            raise ValueError(f"seconds takes a number above 0 or None, got {value!r}")

    def filled(self, generations: int) -> Limits:
        """Return the limits, with a limit on generations where there is none at all.

        Parameters
        ----------
        generations : int
            That limit.

        Returns
        -------
        Limits
            These limits, or others with the default number of generations and the same patience.
        """
        if (self.generations, self.evaluations, self.seconds) != (None, None, None):
            return self
        return Limits(generations, patience=self.patience)

    def used(self, generation: int, evaluations: int, seconds: float) -> dict[str, float]:
        """Return which share of each limit is used.

        Parameters
        ----------
        generation : int
            Generations that are over.
        evaluations : int
            Candidates decided.
        seconds : float
            Seconds since the search began.

        Returns
        -------
        dict of str to float
            A share for each of "generations", "evaluations" and "seconds"; 0 without a limit, above
            1 beyond it.
        """
        return {
            "generations": generation / self.generations if self.generations else 0.0,
            "evaluations": evaluations / (self.evaluations or math.inf),
            "seconds": seconds / (self.seconds or math.inf),
        }


@dataclass(frozen=True)
class Progress:
    """How far a search is after a generation.

    Attributes
    ----------
    generation : int
        Generations that are over.
    generations : int or None
        The limit on generations.
    objective : float
        Objective of the best individual; lower is better. Where a search reads many rows by
        windows, it is that on the rows that it read last.
    validation_accuracy : float or None
        Highest accuracy of the population on validation rows; None without them.
    density : float
        Density of the best individual.
    evaluations : int
        Candidates decided.
    seconds : float
        Seconds since the search began.
    fraction : float
        Share of the limits that is used, 0 to 1.
    """

    generation: int
    generations: int | None
    objective: float
    validation_accuracy: float | None
    density: float
    evaluations: int
    seconds: float
    fraction: float

    @property
    def evaluations_per_second(self) -> float:
        """Candidates decided per second, all threads together."""
        return self.evaluations / self.seconds if self.seconds > 0 else 0.0


def as_array(history: Sequence[Progress]) -> NDArray[np.float64]:
    """Return the progress of a search as an array, for a file.

    Parameters
    ----------
    history : sequence of Progress
        One for each generation.

    Returns
    -------
    ndarray of shape (n_generations, 8), float64
        The fields in their order; NaN for None.
    """
    rows = [[np.nan if v is None else v for v in astuple(progress)] for progress in history]
    return np.array(rows, np.float64).reshape(len(rows), len(fields(Progress)))


def from_array(array: NDArray[np.float64]) -> list[Progress]:
    """Return the progress that :func:`as_array` was given.

    Parameters
    ----------
    array : ndarray of shape (n_generations, 8), float64
        The fields in their order.

    Returns
    -------
    list of Progress
        One for each generation.

    Raises
    ------
    ValueError
        For an array of another shape.
    """
    if array.ndim != 2 or array.shape[1] != len(fields(Progress)) or array.dtype != np.float64:
        raise ValueError(f"the progress of a search is not of shape {array.shape}")
    names = [field.name for field in fields(Progress)]
    counts = array[:, [names.index(n) for n in ("generation", "generations", "evaluations")]]
    if np.isinf(counts).any() or np.isnan(counts[:, ::2]).any():
        raise ValueError("the progress of a search has counts that are no numbers")

    def progress(row: list[float]) -> Progress:
        found = dict(zip((f.name for f in fields(Progress)), row, strict=True))
        whole = {n: int(found[n]) for n in ("generation", "evaluations")}
        limit, score = found["generations"], found["validation_accuracy"]
        some: dict[str, Any] = {
            "generations": None if np.isnan(limit) else int(limit),
            "validation_accuracy": None if np.isnan(score) else score,
        }
        return Progress(**{**found, **whole, **some})

    return [progress(row) for row in array.tolist()]

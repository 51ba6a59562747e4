"""Settings of the genetic algorithm of the paper that this library grew from, as three presets.

Schönberger, Zorn, Nüßlein, Gabor, Altmann: "Towards Scalable Lottery Ticket Networks using Genetic
Algorithms", arXiv 2508.08877 (2025), and "Finding Strong Lottery Ticket Networks with Genetic
Algorithms", arXiv 2411.04658 (2024). One bit per weight; a population of random masks; every
generation some recombine with one of the best, some mutate one bit, random migrants arrive, and
lexicographic selection truncates: performance first, then the number of zeros.

The softmax of a cross-entropy reads the outputs at the scale of the float network that the integers
stand for, as in the paper; see :func:`own_temperature`. Two things differ from the authors' code.
Their adaptive bound is driven by the clock (4 s of search for a mask are reasonable, 5 s the most);
here it is driven by a number of draws, 200 at most, which is 5 s at the 25 ms that one evaluation
took there. Masks that fail it by far are refused early, see :mod:`.screening`.
And it never reads test rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from scratchcard.checks import as_family, as_int, as_share
from scratchcard.engines import EngineMaker, make_engine_of
from scratchcard.search.genetic.operators import (
    Migration,
    Mutation,
    Recombination,
    Selection,
    operator,
)
from scratchcard.search.genetic.presets import PRESETS
from scratchcard.search.genetic.search import GeneticSearch
from scratchcard.search.population import Population
from scratchcard.search.task import Task

MOST = 1 << 62  # the highest count that a setting takes: compiled code can hold it


@dataclass(frozen=True)
class Genetic:
    """Settings of the genetic algorithm.

    What is good is the objective that it is run with: the paper takes "accuracy" for two classes
    and "cross_entropy" for more.

    Parameters
    ----------
    preset : {"GA", "GA (static AB)", "GA (adaptive AB)"}
        "GA": the first masks and the migrants keep each weight with probability 0.5. "GA (static
        AB)": they are drawn again until their accuracy on the training rows passes a bound. "GA
        (adaptive AB)": the bound falls while masks that pass are hard to find, and from 0.51 admits
        any. The last two keep a path from an input to an output in every individual.
    population : int
        Individuals.
    recombination_share : float
        Share of the individuals that have a child, with a mate from the best.
    mates : float
        Share of the individuals, the best ones, that mates are drawn from.
    mutation_share : float
        Share of the individuals, children included, that have a mutant.
    migrants : int
        Random masks that arrive in a generation.
    generations : int
        Default length of a search.
    min_generations, patience : int, int or None
        The search ends after at least ``min_generations``, when the best objective has not changed
        for ``patience`` generations (the paper: 50, and 300 for rows with two features); never if
        ``patience`` is None.
    target_accuracy : float or None
        The search also ends when the best individual has this training accuracy (the paper: 1.0);
        never if None, and never where answers are numbers.
    bound : float or None
        Accuracy bound; None for the preset's, 0.7 (static) or 0.85 (adaptive; the paper takes 0.7
        for small networks).
    draws : int
        For an adaptive bound, masks drawn for one arrival until the bound falls by the most it can.
        A success after four fifths of them makes it fall too, by less the later it comes.
    max_density : float or None
        Largest share of the weights that may stay, above 0 and at most 1; survivors in excess are
        scratched off at random. None for no limit, as in the paper.
    migration, recombination, mutation, selection : str or callable
        Operators, names or functions (see :mod:`scratchcard.search.genetic.operators`); None as
        ``mutation`` for the preset's.
    engine : str or EngineMaker
        A name of :data:`scratchcard.engines.ENGINES`, or what makes an engine; the result does not
        depend on it.

    Raises
    ------
    ValueError
        For a setting that is out of range.
    """

    preset: str = "GA"
    population: int = 100
    recombination_share: float = 0.3
    mates: float = 0.3
    mutation_share: float = 0.1
    migrants: int = 10
    generations: int = 11_000
    min_generations: int = 100
    patience: int | None = 50
    target_accuracy: float | None = 1.0
    bound: float | None = None
    draws: int = 200
    max_density: float | None = None
    migration: str | Migration = "random"
    recombination: str | Recombination = "uniform"
    mutation: str | Mutation | None = None
    selection: str | Selection = "lexicographic"
    engine: str | EngineMaker = "incremental"
    name: ClassVar[str] = "genetic"
    draws_rows: ClassVar[bool] = False

    def __post_init__(self) -> None:
        as_family("preset", self.preset, PRESETS)
        make_engine_of(self.engine)
        for name in ("recombination_share", "mutation_share"):
            as_share(name, getattr(self, name))
        for name in ("mates", "max_density", "bound", "target_accuracy"):
            if (value := getattr(self, name)) is not None or name == "mates":
                as_share(name, value, zero=False)
        for name in ("population", "generations", "min_generations", "patience", "draws"):
            if (value := getattr(self, name)) is not None or name != "patience":
                as_int(name, value, 1, MOST)
        as_int("migrants", self.migrants, 0, MOST)
        if self.bound is not None and PRESETS[self.preset].bound is None:
            raise ValueError("bound is for the presets with an accuracy bound (AB), not for 'GA'")
        for kind in ("migration", "recombination", "mutation", "selection"):
            self.operator(kind)

    def operator(self, kind: str) -> Any:
        """Return the operator of this kind.

        Parameters
        ----------
        kind : str
            "migration", "recombination", "mutation" or "selection".

        Returns
        -------
        callable
            The function that the settings name, or that was given.

        Raises
        ------
        ValueError
            If the settings name no operator.
        """
        chosen = getattr(self, kind)
        if chosen is None and kind == "mutation":
            chosen = PRESETS[self.preset].mutation
        return operator(kind, chosen)

    def start(self, task: Task, population: Population | None = None) -> GeneticSearch:
        """Begin a search, or go on with one that was interrupted.

        Parameters
        ----------
        task : Task
            What is searched.
        population : Population or None
            The state to go on from.

        Returns
        -------
        GeneticSearch
            The search, with its first population.
        """
        return GeneticSearch(self, task, population)

    def smallest(self) -> Genetic:
        """Return settings of a search of next to nothing that runs all the same code.

        Returns
        -------
        Genetic
            The settings.
        """
        return Genetic(population=2, mutation_share=1.0, migrants=1, engine=self.engine)

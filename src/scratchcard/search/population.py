"""Population: the whole state of a search as plain data, which a file can hold."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scratchcard.search.sealed import Arrays, CheckpointError, read_sealed, write_sealed

__all__ = ["Population", "generator_of", "words_of"]

KIND = "population"


@dataclass(frozen=True)
class Population:
    """Everything that describes a search between two generations.

    Parameters
    ----------
    algorithm : str
        Name of the algorithm whose state this is.
    generation, evaluations : int
        Generations that are over, and candidates decided.
    masks : ndarray of shape (n_individuals, n_weights), uint8
        Flat masks of the individuals, in the search's order, best first.
    objectives : ndarray of shape (n_individuals,), float64
        Their objectives, as they were when each was last computed.
    arrays : mapping of str to ndarray
        What else the algorithm needs to go on as if nothing had happened, such as random streams
        and which rows are drawn. Callbacks keep theirs there too.
    seconds : float
        Seconds that the search has taken.
    identity : mapping of str to str
        What search this is the state of: its settings, and fingerprints of what it reads. Empty
        where nobody is to look.
    """

    algorithm: str
    generation: int
    evaluations: int
    masks: NDArray[np.uint8]
    objectives: NDArray[np.float64]
    arrays: Arrays = field(default_factory=dict)
    seconds: float = 0.0
    identity: Mapping[str, str] = field(default_factory=dict)

    def with_arrays(self, more: Arrays) -> Population:
        """Return the same population with more arrays.

        Parameters
        ----------
        more : mapping of str to ndarray
            The arrays to add.

        Returns
        -------
        Population
            A new population.
        """
        return replace(self, arrays={**self.arrays, **more})

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the population to a file, whole or not at all.

        Parameters
        ----------
        path : str or path-like
            The file; an existing one is replaced.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        head, arrays = self.parts()
        write_sealed(path, {"kind": KIND, **head}, arrays)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Population:
        """Read a population from a file; nothing in it is ever run.

        Parameters
        ----------
        path : str or path-like
            The file.

        Returns
        -------
        Population
            The population.

        Raises
        ------
        OSError
            If the file cannot be read.
        CheckpointError
            If it does not hold a population.
        """
        head, arrays = read_sealed(path)
        try:
            if head["kind"] != KIND:
                raise ValueError(f"it holds a {head['kind']}")
            return cls.of_parts(head, arrays)
        except Exception as error:  # whatever is missing, or is something else than it should be
            reason = f"no {error}" if isinstance(error, KeyError) else error
            raise CheckpointError(f"{os.fspath(path)} holds no population: {reason}") from None

    def parts(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return the population as plain values and arrays, for a file.

        Returns
        -------
        head : dict
            Plain values that JSON holds.
        arrays : dict of str to ndarray
            The arrays.
        """
        head = {
            "algorithm": self.algorithm,
            "generation": self.generation,
            "evaluations": self.evaluations,
            "seconds": self.seconds,
            "identity": dict(self.identity),
            "n_weights": self.masks.shape[1],
        }
        own = {f"own.{name}": array for name, array in self.arrays.items()}
        masks = np.packbits(self.masks, axis=1)
        return head, {"masks": masks, "objectives": self.objectives, **own}

    @classmethod
    def of_parts(cls, head: Mapping[str, Any], arrays: Arrays) -> Population:
        """Return the population that :meth:`parts` were taken of.

        Parameters
        ----------
        head : mapping
            The plain values.
        arrays : mapping of str to ndarray
            The arrays.

        Returns
        -------
        Population
            The population.

        Raises
        ------
        ValueError
            For parts that do not agree.
        KeyError
            For a part that is missing.
        """
        packed, objectives, n_weights = arrays["masks"], arrays["objectives"], head["n_weights"]
        fits = packed.dtype == np.uint8 and packed.ndim == 2
        if (
            not fits
            or packed.shape[1] != -(-n_weights // 8)
            or objectives.shape != packed.shape[:1]
        ):
            raise ValueError("its masks do not agree with what it says of them")
        return cls(
            str(head["algorithm"]),
            int(head["generation"]),
            int(head["evaluations"]),
            np.unpackbits(packed, axis=1, count=n_weights),
            objectives.astype(np.float64),
            {n.removeprefix("own."): array for n, array in arrays.items() if n.startswith("own.")},
            float(head["seconds"]),
            dict(head["identity"]),
        )


def words_of(random: np.random.Generator) -> NDArray[np.uint64]:
    """Return the state of a PCG64 generator.

    Parameters
    ----------
    random : numpy.random.Generator
        A generator whose bit generator is PCG64.

    Returns
    -------
    ndarray of shape (6,), uint64
        Its state.
    """
    state = random.bit_generator.state
    numbers = (state["state"]["state"], state["state"]["inc"])
    words = [part for n in numbers for part in (n >> 64, n & (1 << 64) - 1)]
    return np.array([*words, state["has_uint32"], state["uinteger"]], dtype=np.uint64)


def generator_of(words: NDArray[np.uint64]) -> np.random.Generator:
    """Return the PCG64 generator whose state these words are.

    Parameters
    ----------
    words : ndarray of shape (6,), uint64
        What :func:`words_of` gave.

    Returns
    -------
    numpy.random.Generator
        A generator that goes on from that state.
    """
    numbers = [int(word) for word in words]
    generator = np.random.PCG64(0)
    generator.state = {
        "bit_generator": "PCG64",
        "state": {
            "state": numbers[0] << 64 | numbers[1],
            "inc": numbers[2] << 64 | numbers[3],
        },
        "has_uint32": numbers[4],
        "uinteger": numbers[5],
    }
    return np.random.Generator(generator)

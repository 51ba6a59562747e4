"""Population: the whole state of a search as plain data, which a file can hold."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from scratchcard.search.sealed import Arrays, CheckpointError, read_sealed, write_sealed

__all__ = ["Population", "generator_of", "refuse_unless", "words_of"]

KIND = "population"
MOST = 1 << 62  # the highest count: compiled code can hold it


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

    def array(self, name: str, dtype: DTypeLike, *shape: int | None) -> NDArray[Any]:
        """Return one of the arrays, if it is what an algorithm takes.

        Parameters
        ----------
        name : str
            Its name.
        dtype : data-type
            The type that it must have.
        *shape : int or None
            The shape that it must have; None for any length.

        Returns
        -------
        ndarray
            The array.

        Raises
        ------
        CheckpointError
            For another array, or none.
        """
        found = self.arrays.get(name)
        refuse_unless(
            found is not None
            and found.dtype == dtype
            and found.ndim == len(shape)
            and all(n in (None, m) for n, m in zip(shape, found.shape, strict=True)),
            f"another array {name!r} than {self.algorithm} leaves",
        )
        assert found is not None
        return found

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
        counts = (n_weights, head["generation"], head["evaluations"])
        if not all(type(count) is int and 0 <= count <= MOST for count in counts):
            raise ValueError(f"its counts are {counts}")
        if not (
            packed.dtype == np.uint8
            and packed.ndim == 2
            and packed.shape[0] > 0 < n_weights
            and packed.shape[1] == -(-n_weights // 8)
            and objectives.dtype == np.float64
            and objectives.shape == packed.shape[:1]
        ):
            raise ValueError("its masks do not agree with what it says of them")
        identity, seconds = dict(head["identity"]), float(head["seconds"])
        if not 0 <= seconds < math.inf or not all(isinstance(v, str) for v in identity.values()):
            raise ValueError("it says nothing sensible of its search")
        return cls(
            str(head["algorithm"]),
            head["generation"],
            head["evaluations"],
            np.unpackbits(packed, axis=1, count=n_weights),
            objectives,
            {n.removeprefix("own."): array for n, array in arrays.items() if n.startswith("own.")},
            seconds,
            identity,
        )


def refuse_unless(is_right: bool | np.bool_, what: str) -> None:
    """Raise CheckpointError unless a population is one that a search can go on from.

    Parameters
    ----------
    is_right : bool
        Whether it is.
    what : str
        What the population has, if it is not.

    Raises
    ------
    CheckpointError
        It says so.
    """
    if not is_right:
        raise CheckpointError(f"no search has left this population: it has {what}")


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

    Raises
    ------
    CheckpointError
        For words that no generator has.
    """
    numbers = [int(word) for word in words]
    refuse_unless(
        numbers[3] % 2 == 1 and numbers[4] in (0, 1) and numbers[5] < 1 << 32,
        "words of a random stream that no generator has",
    )
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

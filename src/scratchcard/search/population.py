"""Population: the whole state of a search as plain data, which a file can hold."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scratchcard.files import write_whole

__all__ = ["Population", "PopulationError", "generator_of", "words_of"]

VERSION = 1
Arrays = Mapping[str, NDArray[Any]]


class PopulationError(ValueError):
    """A file does not hold a population; the message says why."""


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
    """

    algorithm: str
    generation: int
    evaluations: int
    masks: NDArray[np.uint8]
    objectives: NDArray[np.float64]
    arrays: Arrays = field(default_factory=dict)

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
        return Population(
            self.algorithm,
            self.generation,
            self.evaluations,
            self.masks,
            self.objectives,
            {**self.arrays, **more},
        )

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
        head = {
            "version": VERSION,
            "algorithm": self.algorithm,
            "generation": self.generation,
            "evaluations": self.evaluations,
            "n_weights": self.masks.shape[1],
        }
        buffer = io.BytesIO()
        np.savez(
            buffer,
            head=np.frombuffer(json.dumps(head).encode(), np.uint8),
            masks=np.packbits(self.masks, axis=1),
            objectives=self.objectives,
            **{f"own.{name}": array for name, array in self.arrays.items()},  # type: ignore[arg-type]
        )
        write_whole(path, buffer.getvalue())

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
        PopulationError
            If it does not hold a population.
        """
        try:
            with zipfile.ZipFile(path) as members:
                if any(one.compress_type != zipfile.ZIP_STORED for one in members.infolist()):
                    raise PopulationError(f"{os.fspath(path)}: a population is not compressed")
            with np.load(path, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            return _from_arrays(arrays)
        except PopulationError:
            raise
        except OSError:
            raise
        except Exception as error:  # whatever a damaged archive makes of zipfile and NumPy
            raise PopulationError(f"{os.fspath(path)} holds no population: {error}") from None


def _from_arrays(arrays: dict[str, NDArray[Any]]) -> Population:
    head = json.loads(arrays.pop("head").tobytes())
    packed, objectives = arrays.pop("masks"), arrays.pop("objectives")
    if head["version"] != VERSION:
        raise ValueError(f"it has version {head['version']}, this scratchcard reads {VERSION}")
    n_weights = int(head["n_weights"])
    fits = packed.dtype == np.uint8 and packed.ndim == 2
    if not fits or packed.shape[1] != -(-n_weights // 8) or objectives.shape != packed.shape[:1]:
        raise ValueError("its masks do not agree with what it says of them")
    return Population(
        str(head["algorithm"]),
        int(head["generation"]),
        int(head["evaluations"]),
        np.unpackbits(packed, axis=1, count=n_weights),
        objectives.astype(np.float64),
        {name.removeprefix("own."): array for name, array in arrays.items()},
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

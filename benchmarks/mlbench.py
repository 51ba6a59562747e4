"""Data sets of R's package mlbench, which Debian packs; pyreadr reads them.

    apt-get download r-cran-mlbench && dpkg -x r-cran-mlbench_*.deb mlbench && pip install pyreadr

Satellite has 4,435 training and 2,000 test rows, Letter 16,000 and 4,000, by their order. Shuttle
comes without a split, and is cut as the package cuts rows.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from scratchcard.datasets import Answers, Dataset, Part, split

MLBENCH = {
    "satellite": ("Satellite", "classes", 4435),
    "letter": ("LetterRecognition", "lettr", 16000),
    "shuttle": ("Shuttle", "Class", None),
}
"""The file, the column with the classes, and how many rows there are before the test rows."""


def read(name: str, folder: Path, answers: Answers = "none") -> Dataset:
    """A data set by its name in ``MLBENCH``, from the unpacked package."""
    import pyreadr

    file, target, n_rows = MLBENCH[name]
    (table,) = pyreadr.read_r(next(folder.rglob(f"{file}.rda"))).values()
    y = table[target].astype(str).to_numpy(dtype=np.str_)
    X = table.drop(columns=target).to_numpy(dtype=np.float64)
    test = None if n_rows is None else Part(X[n_rows:], y[n_rows:])
    return split(name, X[:n_rows], y[:n_rows], answers=answers, test=test)

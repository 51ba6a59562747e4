"""The data sets that have a name. NumPy and scikit-learn.

digits, iris, wine, breast_cancer : scikit-learn's; ``digits-N`` keeps the digits 0 to N - 1.
diabetes : scikit-learn's; how far the disease has come after a year, a number.
moons, circles : 66,000 points, noise 0.07, seed 42, in [-0.7, 0.7] by the range of the training
    rows; 16,000 are test rows, and the validation rows are 15 % of the other 50,000.
blobs : 5,000 points around each of 10 centres in (-20, 40), seed 10; ``blobs-N`` has N centres.
fashion-mnist : the official 10,000 test rows; pixels 0 to 255. The four files are looked for in
    $SCRATCHCARD_DATA/fashion-mnist and where Debian's package dataset-fashion-mnist puts them.

The settings of moons, circles and blobs are those of "Towards Scalable Lottery Ticket Networks
using Genetic Algorithms" (arXiv 2508.08877); its test rows, though, were scaled by their own range.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from scratchcard.datasets.dataset import Answers, Array, DataError, Dataset, Part, split
from scratchcard.datasets.idx import read_folder

NAMES = (
    "digits",
    "iris",
    "wine",
    "breast_cancer",
    "diabetes",
    "moons",
    "circles",
    "blobs",
    "fashion-mnist",
)
"""The data sets that have a name; ``digits-N`` and ``blobs-N`` are the first N classes of one."""

DATA_FOLDER_VARIABLE = "SCRATCHCARD_DATA"
_DEBIAN_FOLDER = Path("/usr/share/datasets")
_WITH_CLASS_COUNT = re.compile(r"(digits|blobs)-(\d{1,9})")
_MOST_CLASSES = 10


def is_name(name: str) -> bool:
    """Return whether a data set has this name.

    Parameters
    ----------
    name : str
        The name.

    Returns
    -------
    bool
        Whether :func:`load_named` knows it.
    """
    return name in NAMES or _WITH_CLASS_COUNT.fullmatch(name) is not None


def load_named(name: str, answers: Answers | None = None) -> Dataset:
    """Load the data set of this name.

    Parameters
    ----------
    name : str
        A name of :data:`NAMES`, ``digits-N`` or ``blobs-N``.
    answers : {"classes", "numbers", "none"} or None
        What a search may read; None for what the data set has: numbers of diabetes, and classes of
        all others.

    Returns
    -------
    Dataset
        Training, validation and test rows.

    Raises
    ------
    DataError
        If there is no such data set, if its files are not on this machine, or if it has no such
        answers.
    """
    own: Answers = "numbers" if name == "diabetes" else "classes"
    answers = own if answers is None else answers
    if answers not in (own, "none"):
        raise DataError(f"{name} has {own} to predict, not {answers}")
    counted = _WITH_CLASS_COUNT.fullmatch(name)
    if counted:
        n_classes = int(counted[2])
        if not 2 <= n_classes <= _MOST_CLASSES:
            raise DataError(f"{name}: {counted[1]} has 2 to {_MOST_CLASSES} classes")
        return (_digits if counted[1] == "digits" else _blobs)(name, answers, n_classes)
    match name:
        case "digits":
            return _digits(name, answers, _MOST_CLASSES)
        case "blobs":
            return _blobs(name, answers, _MOST_CLASSES)
        case "moons" | "circles":
            return _planar(name, answers)
        case "fashion-mnist":
            return _fashion_mnist(name, answers)
        case "iris" | "wine" | "breast_cancer":
            return _toy(name, answers)
        case "diabetes":
            return _diabetes(name, answers)
    raise DataError(f"no data set {name!r}; names: {', '.join(NAMES)}")


def _from_sklearn(loader: str, **settings: Any) -> Any:
    from sklearn import datasets

    make: Callable[..., Any] = getattr(datasets, loader)
    return make(**settings)


def _digits(name: str, answers: Answers, n_classes: int) -> Dataset:
    X, y = _from_sklearn("load_digits", return_X_y=True)
    kept = y < n_classes
    return split(name, X[kept], y[kept], answers=answers)


def _toy(name: str, answers: Answers) -> Dataset:
    bunch = _from_sklearn(f"load_{name}")
    labels = bunch.target_names[bunch.target]
    names = tuple(map(str, bunch.feature_names))
    return split(name, bunch.data, labels, answers=answers, feature_names=names)


def _diabetes(name: str, answers: Answers) -> Dataset:
    bunch = _from_sklearn("load_diabetes", scaled=False)
    names = tuple(map(str, bunch.feature_names))
    return split(name, bunch.data, bunch.target, answers=answers, feature_names=names)


def _blobs(name: str, answers: Answers, n_classes: int) -> Dataset:
    X, y = _from_sklearn(
        "make_blobs",
        n_samples=5000 * n_classes,
        centers=n_classes,
        center_box=(-20.0, 40.0),
        random_state=10,
    )
    return split(name, X, y, answers=answers)


def _planar(name: str, answers: Answers) -> Dataset:
    X, y = _from_sklearn(f"make_{name}", n_samples=66_000, noise=0.07, random_state=42)
    dataset = split(name, X, y, answers=answers, test_rows=16_000)
    low, high = dataset.train.X.min(), dataset.train.X.max()

    def scaled(part: Part) -> Part:
        values: Array = 1.4 * (part.X - low) / (high - low) - 0.7
        return Part(values, part.y)

    return replace(
        dataset,
        train=scaled(dataset.train),
        validation=scaled(dataset.validation),
        test=scaled(dataset.test),
        columns=None,
        scaling=None,
        tables=None,
    )


def _fashion_mnist(name: str, answers: Answers) -> Dataset:
    own = os.environ.get(DATA_FOLDER_VARIABLE)
    folders = ([Path(own) / name] if own else []) + [_DEBIAN_FOLDER / name]
    for folder in folders:
        if folder.is_dir():
            return read_folder(folder, name, answers)
    raise DataError(
        f"{name}: its files are not in {' or '.join(map(str, folders))}; install Debian's package "
        f"dataset-fashion-mnist, or put the four *-ubyte.gz files into a folder {name!r} and set "
        f"{DATA_FOLDER_VARIABLE} to the folder that holds it"
    )

"""Tickets that answer as a random forest does, found on rows without labels.

    apt-get download r-cran-mlbench && dpkg -x r-cran-mlbench_*.deb mlbench && pip install pyreadr
    python benchmarks/teachers.py mlbench [--seeds 0 1 2] [--only digits] [--ways labels more-rows]

The forest, 100 trees, is fitted to the training rows. A search is given what the forest says of
them, and chooses by what it says of the validation rows, which the forest has not seen. Labels are
read by the forest and by the table alone. Satellite has 4,435 training and 2,000 test rows, Letter
16,000 and 4,000, by their order; 15 % of the training rows are set aside to choose on.

The ways are what the library does (``labels``), and what was tried beside it. There is a line for
each seed, and one with the medians.
"""

from __future__ import annotations

import argparse
import pickle
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.neighbors import NearestNeighbors

import mlbench
from scratchcard.datasets import Dataset, Part, load
from scratchcard.find import find
from scratchcard.goals import TeacherGoal
from scratchcard.rows import integer_weights
from scratchcard.search import Outcome
from scratchcard.search.problem import Labelled, Problem
from scratchcard.ticket import Head

NEIGHBOURS = 10
LEAST_PROBABILITY = 0.03
MADE_ROWS = 2  # how many rows are made of each training row
HIDDEN = {"digits": (100,), "satellite": (300,), "letter": (1000,)}
COLUMNS = (
    "validation_agreement", "test_agreement", "test_accuracy", "teacher_test_accuracy", "density",
    "ticket_bytes", "seconds",
)  # fmt: skip


class ByConfidence(TeacherGoal):
    """Rows weigh what the forest gives to the class that it says."""

    def labelled(self, dataset: Dataset, part: Part, head: Head) -> Labelled:
        weights = integer_weights(self.teacher.predict_proba(part.X).max(axis=1))
        return Labelled(part.X, super().labelled(dataset, part, head).targets, weights)


class ByProbabilities(TeacherGoal):
    """A row stands there once for each class that may be right, and weighs its probability."""

    def labelled(self, dataset: Dataset, part: Part, head: Head) -> Labelled:
        if part is not dataset.train:
            return super().labelled(dataset, part, head)
        chances = self.teacher.predict_proba(part.X)
        most = chances.max(axis=1, keepdims=True)
        rows, classes = np.nonzero((chances >= LEAST_PROBABILITY) | (chances == most))
        weights = np.rint(100 * chances[rows, classes]).astype(np.int64)
        return Labelled(part.X[rows], classes, weights)


class DrawnAnew(TeacherGoal):
    """Every generation the target of each row is drawn anew, by the forest's probabilities."""

    def search(self, problem: Problem, **settings: Any) -> Outcome:
        return super().search(problem, targets=_Drawn(self.chances), **settings)

    def labelled(self, dataset: Dataset, part: Part, head: Head) -> Labelled:
        if part is dataset.train:
            self.chances = self.teacher.predict_proba(part.X)
        return super().labelled(dataset, part, head)


class _Drawn:
    def __init__(self, chances: NDArray[np.float64]) -> None:
        self.sums, self.random = np.cumsum(chances, axis=1), np.random.default_rng(0)

    def first(self) -> NDArray[np.int64]:
        below = self.sums[:, :-1] < self.random.random((len(self.sums), 1))
        return below.sum(axis=1)

    def is_due(self, generation: int) -> bool:
        return True

    def renewed(self, outputs: NDArray[np.int64], temperature: float) -> NDArray[np.int64]:
        return self.first()


class MoreRows(TeacherGoal):
    """The forest is also asked about rows between a row and one of its nearest neighbours."""

    def labelled(self, dataset: Dataset, part: Part, head: Head) -> Labelled:
        if part is dataset.train:
            part = Part(np.concatenate([part.X, between(part.X)]), part.y)
        return super().labelled(dataset, part, head)


class WiderRows(TeacherGoal):
    """The forest is also asked about rows with noise of 0.3 standard deviations."""

    def labelled(self, dataset: Dataset, part: Part, head: Head) -> Labelled:
        if part is dataset.train:
            rows = np.tile(part.X, (MADE_ROWS, 1))
            noise = np.random.default_rng(0).normal(size=rows.shape) * 0.3 * part.X.std(axis=0)
            part = Part(np.concatenate([part.X, rows + noise]), part.y)
        return super().labelled(dataset, part, head)


WAYS: dict[str, type[TeacherGoal]] = {
    "labels": TeacherGoal,
    "confidence": ByConfidence,
    "probabilities": ByProbabilities,
    "drawn": DrawnAnew,
    "more-rows": MoreRows,
    "wider-rows": WiderRows,
}


def between(X: NDArray[Any]) -> NDArray[np.float64]:
    """Rows between a row and one of its nearest neighbours, (MADE_ROWS * n_rows, n_features)."""
    random = np.random.default_rng(0)
    scaled = X / np.where(X.std(axis=0) > 0, X.std(axis=0), 1)
    near = NearestNeighbors(n_neighbors=NEIGHBOURS + 1).fit(scaled).kneighbors(scaled)[1]
    row = np.tile(np.arange(len(X)), MADE_ROWS)
    other = near[row, random.integers(1, NEIGHBOURS + 1, len(row))]
    share = random.random((len(row), 1))
    return X[row] * (1 - share) + X[other] * share


def read(name: str, folder: Path) -> Dataset:
    """Digits, or a data set of R's package mlbench."""
    return load(name, answers="none") if name == "digits" else mlbench.read(name, folder)


def main() -> None:
    """Print a line for each data set and way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("mlbench"))
    parser.add_argument("--only", nargs="*", choices=list(HIDDEN), default=list(HIDDEN))
    parser.add_argument("--ways", nargs="*", choices=list(WAYS), default=["labels"])
    parser.add_argument("--hidden", type=int, nargs="*")
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    parser.add_argument("--jobs", type=int, default=1)
    arguments = parser.parse_args()
    print("data  way  hidden  seed  " + "  ".join(COLUMNS))
    for name in arguments.only:
        data = read(name, arguments.folder)
        forest = RandomForestClassifier(random_state=0).fit(*data.train)
        hidden = tuple(arguments.hidden or HIDDEN[name])
        for way in arguments.ways:
            reports = []
            for seed in arguments.seeds:
                goal = WAYS[way](forest)
                settings = {"hidden": hidden, "weights": "uniform", "max_density": None}
                found = find(data, goal=goal, seed=seed, n_jobs=arguments.jobs, **settings)
                reports.append(found.report())
                tell(f"{name}  {way}  {hidden}  {seed}", reports[-1:])
            if len(reports) > 1:
                tell(f"{name}  {way}  {hidden}  median", reports)
        print(f"{name}: the forest's pickle has {len(pickle.dumps(forest))} bytes")


def tell(what: str, reports: list[dict[str, Any]]) -> None:
    """Print the medians of some reports."""
    medians = [np.median([report[column] for report in reports]) for column in COLUMNS]
    shown = [f"{median:.4f}" if median <= 1 else f"{median:.0f}" for median in medians]
    print("  ".join([what, *shown]), flush=True)


if __name__ == "__main__":
    main()

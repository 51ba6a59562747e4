"""Tickets for digits beside their trained twin: the same hidden units, rows and seeds.

    python benchmarks/digits_against_twin.py [--seeds 5] [--jobs 2]

The twin is scikit-learn's MLPClassifier, trained to convergence once on the training rows, which
are what the search reads, and once on training and validation rows, which are all that a ticket
ever sees. Nothing is chosen by the test rows.
"""

from __future__ import annotations

import argparse
import time
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from scratchcard.datasets import Dataset, load
from scratchcard.find import find

DENSITIES = (0.05, 0.1, 0.2)


def twin(data: Dataset, seed: int, with_validation: bool) -> float:
    """Test accuracy of the trained twin; inputs scaled to -1..1 as the ticket scales them."""
    parts = [data.train, data.validation] if with_validation else [data.train]
    X = np.concatenate([part.X for part in parts]) / 8 - 1
    y = np.concatenate([part.y for part in parts])
    model = MLPClassifier((100,), random_state=seed, max_iter=1000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return float(model.fit(X, y).score(data.test.X / 8 - 1, data.test.y))


def main() -> None:
    """Print one row per seed, then the means."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    data = load("digits")
    header = "".join(f"  ticket<={d:<5} density  bytes  sec" for d in DENSITIES)
    print(f"seed  twin   twin+val{header}")
    table = []
    for seed in range(arguments.seeds):
        row = [twin(data, seed, False), twin(data, seed, True)]
        for density in DENSITIES:
            began = time.perf_counter()
            settings = {"hidden": (100,), "weights": "uniform", "max_density": density}
            report = find(data, seed=seed, n_jobs=arguments.jobs, **settings).report()
            seconds = time.perf_counter() - began
            row += [report["test_accuracy"], report["density"], report["ticket_bytes"], seconds]
        table.append(row)
        show(str(seed), row)
    show("mean", list(np.mean(table, axis=0)))


def show(name: str, row: list[float]) -> None:
    """Print one row."""
    cells = f"{name:4}  {100 * row[0]:5.2f}  {100 * row[1]:5.2f}   "
    for k in range(2, len(row), 4):
        accuracy, density, size, seconds = row[k : k + 4]
        cells += f"  {100 * accuracy:8.2f}      {density:.4f}  {size:5.0f}  {seconds:4.1f}"
    print(cells, flush=True)


if __name__ == "__main__":
    main()

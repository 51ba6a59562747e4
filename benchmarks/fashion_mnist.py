"""Tickets for Fashion-MNIST within minutes; official test rows, read once by each.

    python benchmarks/fashion_mnist.py [--jobs 2] [--only 0 1 2]

Needs the four IDX files (Debian: dataset-fashion-mnist). Settings were chosen on validation rows,
9,000 of the 60,000 training rows. The searches here read 58,000 and keep 2,000 for validation:
a search of one individual has little to choose. Seed 0 throughout; times are those of the search.
"""

from __future__ import annotations

import argparse
import resource
from dataclasses import replace
from typing import Any

import numpy as np

from scratchcard.datasets import Dataset, Part, load
from scratchcard.find import find
from scratchcard.search import Limits, Memetic

VALIDATION_ROWS = 2000
CALIBRATED = {"sharpness": 1.0, "smoothing": 0.02}  # better than sharper in long searches
CASES: tuple[tuple[dict[str, Any], dict[str, Any], float], ...] = (
    ({"hidden": (256,), "weights": "kaiming_normal"}, {"max_density": 0.05}, 175.0),
    (
        {"hidden": (256,), "weights": "kaiming_normal", "augment": "shift"},
        {"max_density": 0.05, "sample": 0.6, "first_rows": 8192, **CALIBRATED},
        870.0,
    ),
    (
        {"hidden": (300, 100), "weights": "kaiming_normal", "augment": "shift"},
        {"max_density": 0.1, "sample": 0.6, "first_rows": 10240, **CALIBRATED},
        1680.0,
    ),
)
"""What ``find`` takes, what the memetic search takes, and seconds."""


def enlarged(data: Dataset) -> Dataset:
    """The same with most of the validation rows among the training rows."""
    train, validation = data.train, data.validation
    moved = len(validation.y) - VALIDATION_ROWS
    X = np.concatenate([train.X, validation.X[:moved]])
    y = np.concatenate([train.y, validation.y[:moved]])
    rest = Part(validation.X[moved:], validation.y[moved:])
    return replace(data, train=Part(X, y), validation=rest)


def main() -> None:
    """Print one row per case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", type=int, nargs="+", default=range(len(CASES)))
    arguments = parser.parse_args()
    data = enlarged(load("fashion-mnist"))
    for settings, of_search, seconds in (CASES[k] for k in arguments.only):
        report = find(
            data,
            algorithm=Memetic(**of_search),
            limits=Limits(seconds=seconds),
            n_jobs=arguments.jobs,
            **settings,
        ).report()
        gigabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
        print(
            f"{report['network']} {report['weights']} augment={settings.get('augment')} "
            f"{report['seconds']:.0f} s: "
            f"test {100 * report['test_accuracy']:.2f} %, "
            f"validation {100 * report['validation_accuracy']:.2f} %, "
            f"train {100 * report['train_accuracy']:.2f} %, density {report['density']:.4f}, "
            f"{report['ticket_bytes']:,} bytes, "
            f"{report['evaluations_per_second']:,.0f} candidates/s, "
            f"{gigabytes:.1f} GB at most so far",
            flush=True,
        )


if __name__ == "__main__":
    main()

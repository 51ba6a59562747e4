"""Both algorithms on the paper's moons, circles and blobs networks, one seed each.

    python benchmarks/toys.py [--jobs 2] [--only moons]

Networks and data as in arXiv 2508.08877: moons and circles on four networks, blobs with ten classes
on 2-100-10. "genetic" is the preset "GA" with accuracy (two classes) or
cross-entropy (more) as its fitness and 300 generations as its limit; "memetic" runs its default
length.
"""

from __future__ import annotations

import argparse
import time

from scratchcard.data import load
from scratchcard.evolution import Genetic, Limits
from scratchcard.find import find

PLANAR = ((20,), (75,), (100,), (50, 50))
CASES = [("moons", h) for h in PLANAR] + [("circles", h) for h in PLANAR] + [("blobs", (100,))]


def main() -> None:
    """Print one row per data set, network and algorithm."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    print("data     network    algorithm  test    density  effective  bytes  seconds  candidates")
    for name, hidden in CASES:
        if not name.startswith(arguments.only):
            continue
        data = load(name)
        two = data.n_classes == 2
        genetic = Genetic(preset="GA", patience=300 if two else None)
        for algorithm, settings in (
            ("memetic", {"algorithm": "memetic", "max_density": 0.5 if two else 0.2}),
            (
                "genetic",
                {
                    "algorithm": genetic,
                    "objective": "accuracy" if two else "cross_entropy",
                    "limits": Limits(generations=300),
                },
            ),
        ):
            began = time.perf_counter()
            found = find(data, hidden=hidden, seed=0, n_jobs=arguments.jobs, **settings)
            seconds = time.perf_counter() - began
            report = found.report()
            print(
                f"{name:8} {report['network']:10} {algorithm:10} {report['test_accuracy']:.4f}  "
                f"{report['density']:.4f}   {report['effective_density']:.4f}    "
                f"{report['ticket_bytes']:5}  {seconds:7.1f}  {report['evaluations']:10,}",
                flush=True,
            )


if __name__ == "__main__":
    main()

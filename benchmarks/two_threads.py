"""What a second thread is worth: the same search with one thread and with two, in turn.

    python benchmarks/two_threads.py [--generations 20] [--pairs 5] [--hidden 256]
    python benchmarks/two_threads.py --data digits --hidden 100 --density 0.1 --generations 100

Prints seconds of the search (without loading), the ratio of each pair, and whether the tickets are
the same.
"""

from __future__ import annotations

import argparse
from statistics import median

from scratchcard.datasets import load
from scratchcard.find import Search
from scratchcard.search import Limits


def main() -> None:
    """Print one line per pair."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="fashion-mnist")
    parser.add_argument("--generations", type=int, default=20)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--hidden", type=int, nargs="+", default=[256])
    parser.add_argument("--density", type=float, default=0.05)
    arguments = parser.parse_args()
    data = load(arguments.data)

    def run(n_jobs: int, generations: int) -> tuple[float, bytes]:
        found = Search(
            data,
            hidden=tuple(arguments.hidden),
            weights="uniform",
            max_density=arguments.density,
            limits=Limits(generations=generations),
            n_jobs=n_jobs,
        ).run()
        return found.outcome.history[-1].seconds, found.ticket.to_bytes()

    run(2, 1)  # compiles
    ratios = []
    for _ in range(arguments.pairs):
        (one, first), (two, second) = run(1, arguments.generations), run(2, arguments.generations)
        ratios.append(one / two)
        same = "the same ticket" if first == second else "NOT the same ticket"
        print(f"1 thread {one:6.1f} s, 2 threads {two:6.1f} s: {one / two:.2f} times, {same}")
    print(f"median {median(ratios):.2f} times")


if __name__ == "__main__":
    main()

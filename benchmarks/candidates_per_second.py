"""Candidates decided per second on digits, one thread: incremental search beside dense evaluation.

    python benchmarks/candidates_per_second.py

Both decide masks of the same 64-100-10 network on the same training rows, one after the other
in the same run, five times. The dense engine is NumPy with float64 matrix products on one thread.
"""

from __future__ import annotations

import time

import numpy as np
from threadpoolctl import threadpool_limits

from scratchcard.datasets import load
from scratchcard.engines import DenseEngine
from scratchcard.find import Search
from scratchcard.objectives import get_objective
from scratchcard.search.temperature import search_temperature

RUNS = 5


def main() -> None:
    """Print both rates, run by run and in turn, and the median of their ratios."""
    search = Search(load("digits"), hidden=(100,), weights="uniform", max_density=None, n_jobs=1)
    search.run()  # compiles
    problem = search.problem
    engine = DenseEngine(
        problem.network,
        problem.train,
        get_objective("cross_entropy"),
        search_temperature(problem.network, problem.train, 0.1),
    )
    random = np.random.default_rng(0)
    state = engine.state((random.random(problem.network.n_weights) < 0.1).astype(np.uint8))
    ratios = []
    for _ in range(RUNS):
        incremental = search.run().report()["evaluations_per_second"]
        flips = random.integers(0, problem.network.n_weights, 2000)
        with threadpool_limits(1):
            began = time.perf_counter()
            for flip in flips:
                engine.trial(state, np.array([flip]))
            dense = len(flips) / (time.perf_counter() - began)
        ratios.append(incremental / dense)
        print(f"find reports {incremental:9,.0f} candidates/s; dense {dense:7,.0f}", flush=True)
    print(f"median ratio {np.median(ratios):.0f}")


if __name__ == "__main__":
    main()

"""The best digits tickets within a number of bytes, whole file: chosen on validation rows.

    python benchmarks/small_tickets.py [--seeds 10] [--jobs 2]

For each case, one search per seed. Of the tickets that fit, the one with the highest validation
accuracy is taken (the smaller file wins a tie), and the test rows are read for that one alone.
"""

from __future__ import annotations

import argparse

import numpy as np

from scratchcard.datasets import load
from scratchcard.find import find

CASES = (
    (400, {"hidden": (100,), "max_density": 0.085, "weights": "uniform"}),
    (250, {"hidden": (30,), "max_density": 0.22, "weights": "signed_constant"}),
)


def main() -> None:
    """Print one row per case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    data = load("digits")
    print("limit  network    weights          seed  bytes  survivors  density  validation  test")
    for limit, settings in CASES:
        chosen = None
        for seed in range(arguments.seeds):
            ticket = find(data, seed=seed, n_jobs=arguments.jobs, **settings).ticket
            size = len(ticket.to_bytes())
            key = (ticket.score(*data.validation), -size)
            if size <= limit and (chosen is None or key > chosen[0]):
                chosen = key, ticket
        if chosen is None:
            print(f"{limit:5}  no ticket fits")
            continue
        (validation, size), ticket = chosen
        name = "-".join(map(str, ticket.network.sizes))
        test = np.mean(ticket.predict(data.test.X) == data.test.y)
        print(
            f"{limit:5}  {name:10} {ticket.network.weights:15}  {ticket.network.seed:4}  "
            f"{-size:5}  "
            f"{ticket.mask.surviving:9}  {ticket.mask.density:.4f}   {100 * validation:9.2f}  "
            f"{100 * test:5.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()

"""The best digits tickets within a number of bytes, whole file: chosen on validation rows.

    python benchmarks/small_tickets.py [--bytes 150 250 400] [--seeds 10] [--jobs 2]

For each number of bytes, one search per seed, which chooses the network too. The ticket is taken
whose probabilities have the lowest cross-entropy on validation rows, and the test rows are read for
that one alone.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from sklearn.metrics import log_loss

from scratchcard.datasets import load
from scratchcard.find import find
from scratchcard.ticket import Ticket


def main() -> None:
    """Print one row per number of bytes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bytes", type=int, nargs="+", default=[150, 250, 400])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    data = load("digits")

    def loss(ticket: Ticket) -> float:
        return float(log_loss(data.validation.y, ticket.predict_proba(data.validation.X)))

    print("limit  network      weights          seed  bytes  survivors  density  validation  test")
    for limit in arguments.bytes:
        began, tickets = time.perf_counter(), []
        for seed in range(arguments.seeds):
            ticket = find(data, max_bytes=limit, seed=seed, n_jobs=arguments.jobs).ticket
            tickets.append(ticket)
            sizes = "-".join(map(str, ticket.network.sizes))
            validation = 100 * ticket.score(*data.validation)
            print(f"  seed {seed}: {sizes}, validation {validation:.2f} %, {loss(ticket):.4f}")
        ticket = min(tickets, key=loss)
        seconds = (time.perf_counter() - began) / arguments.seeds
        test = np.mean(ticket.predict(data.test.X) == data.test.y)
        print(
            f"{limit:5}  {'-'.join(map(str, ticket.network.sizes)):11} "
            f"{ticket.network.weights:15}  {ticket.network.seed:4}  {len(ticket.to_bytes()):5}  "
            f"{ticket.mask.surviving:9}  {ticket.mask.density:.4f}   "
            f"{100 * ticket.score(*data.validation):9.2f}  {100 * test:5.2f}   "
            f"{seconds:.0f} s each",
            flush=True,
        )


if __name__ == "__main__":
    main()

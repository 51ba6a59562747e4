"""What each choice of the memetic search is worth on Fashion-MNIST: one setting changed at a time.

    python benchmarks/search_choices.py [--seconds 60] [--hidden 256] [--max-density 0.05]

Every line is a search of its own with the same network, rows, seed, threads and budget. Prints the
cross-entropy on the training rows (unshifted) and on the validation
rows, each at the calibrated temperature, and the accuracies. No test row is read.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
from scipy.special import logsumexp

from scratchcard.datasets import load
from scratchcard.find import Search
from scratchcard.rows import Rows
from scratchcard.search import Limits, Memetic, Outcome, evolve
from scratchcard.ticket.network import Network

CHOICES: dict[str, dict[str, Any]] = {
    "as it is": {},
    "no sampling": {"sample": 1.0},
    "sample 0.2": {"sample": 0.2},
    "sample 0.6": {"sample": 0.6},
    "all sampled rows from the start": {"first_rows": 1 << 30},
    "windows from 512 rows": {"first_rows": 512},
    "windows from 8,192 rows": {"first_rows": 8192},
    "no race": {"race_error": 0.0},
    "race error 0.02": {"race_error": 0.02},
    "race error 0.15": {"race_error": 0.15},
    "race error 0.45": {"race_error": 0.45},
    "population 2": {"population": 2},
    "population 4": {"population": 4},
    "no heat": {"heat": 0.0},
    "heat 30": {"heat": 30.0},
    "more removals": {"remove": 0.4, "swap": 0.3},
    "more swaps": {"remove": 0.2, "swap": 0.5},
    "no swaps": {"remove": 0.45, "swap": 0.0},
    "layers by size": {"small_layer": 0.0},
    "start almost empty": {"start_density": 0.1},
    "start full": {"start_density": 1.0},
    "price times 5": {"price_times": 5.0},
    "calibrated softmax": {"sharpness": 1.0, "smoothing": 0.02},
    "shifted rows": {"augment": "shift"},
}


def measures(network: Network, found: Outcome, rows: Rows) -> tuple[float, float]:
    """Cross-entropy in nats and accuracy of what was found."""
    logits = network.outputs(found.mask, rows.inputs) * found.temperature
    losses = logsumexp(logits, axis=1) - logits[np.arange(len(rows)), rows.targets]
    return float(losses.mean()), float(np.mean(logits.argmax(axis=1) == rows.targets))


def main() -> None:
    """Print one row per choice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--hidden", type=int, nargs="+", default=[256])
    parser.add_argument("--max-density", type=float, default=0.05)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", nargs="+", choices=list(CHOICES), default=list(CHOICES))
    arguments = parser.parse_args()
    problem = Search(load("fashion-mnist"), hidden=tuple(arguments.hidden)).problem
    network, validation = problem.network, problem.validation
    assert validation is not None
    few = Rows(problem.train.inputs[:3000], problem.train.targets[:3000])
    for population in (1, 2):  # compiles
        warm_up = Memetic(population=population)
        evolve(network, few, algorithm=warm_up, limits=Limits(evaluations=200))
    print(f"{'':24} train CE  accuracy   validation CE  accuracy   density  candidates/s")
    for name in arguments.only:
        settings = {"max_density": arguments.max_density, **CHOICES[name]}
        augment = settings.pop("augment", None)
        if (times := settings.pop("price_times", None)) is not None:
            allowed = int(arguments.max_density * network.n_weights)
            settings["price"] = times * 0.02 / allowed
        found = evolve(
            network,
            problem.train,
            validation,
            algorithm=Memetic(**settings),
            limits=Limits(seconds=arguments.seconds),
            n_jobs=arguments.jobs,
            augment=augment,
        )
        train, judged = (measures(network, found, part) for part in (problem.train, validation))
        print(
            f"{name:24} {train[0]:.4f}    {100 * train[1]:5.2f} %    {judged[0]:.4f}         "
            f"{100 * judged[1]:5.2f} %   {found.mask.density:.4f}   "
            f"{found.evaluations_per_second:,.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main()

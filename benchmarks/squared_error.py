"""The squared error with a line of its own for every candidate, against one fitted each generation.

    python benchmarks/squared_error.py [--seeds 4] [--generations 40] [--max-density 0.1]

Rows are those of scikit-learn's ``make_friedman1`` with a noise of 1, 1,500 to search and 500 to
judge, so that at best R² is about 0.96. Prints R² on both for every seed, and the medians.
"""

from __future__ import annotations

import argparse

import numpy as np
from sklearn.datasets import make_friedman1

from scratchcard import InputScaling, Limits, Memetic, Network, Ticket, evolve
from scratchcard.objectives import Objective, get_objective
from scratchcard.objectives.base import QUANTUM
from scratchcard.objectives.lines import StraightLines
from scratchcard.search import Labelled, Problem
from scratchcard.ticket import Lines, Numbers
from scratchcard.ticket.heads.numbers import UNIT

STEP, QUANTA, MOST = np.float32(1 / UNIT), np.float32(QUANTUM), np.float32(256.0)


class LeastSquares(StraightLines):
    """Lines of least squares, as they are fitted for other losses."""

    def __init__(self) -> None:
        super().__init__("absolute_error")  # for the scale

    def fitted(self, outputs, rows, first, now, sharpness, smoothing) -> Lines:
        """Return the lines, which go through the means."""
        found = super().fitted(outputs, rows, first, now, sharpness, smoothing)
        means = rows.targets.mean(axis=0) / UNIT - np.array(found.scales) * outputs.mean(axis=0)
        return Lines(found.scales, tuple(means.tolist()))


def _squares(outputs, targets, weights, lines):
    read = outputs.astype(np.float32) * lines[0] + lines[1]
    errors = np.minimum(np.abs(targets.astype(np.float32) * STEP - read), MOST)
    quanta = (errors[:, 0] * errors[:, 0] * QUANTA).astype(np.int32).astype(np.int64)
    return np.array([(quanta * weights).sum()], dtype=np.int64)


def _squares_block(block):
    outputs, scale, offset = block.outputs[block.where[0]], block.reading[0], block.reading[1]
    for r in range(block.quanta.size):
        read = np.float32(outputs[r]) * scale + offset
        error = min(abs(np.float32(block.targets[r]) * STEP - read), MOST)
        block.quanta[r] = np.int32(error * error * QUANTA)
    return 0


FITTED_EACH_GENERATION = Objective(
    name="squared_error",
    n_statistics=lambda n_outputs: 1,
    statistics=_squares,
    block=_squares_block,
    value=lambda sums, total_weight: sums[0] / (QUANTUM * total_weight),
    is_mean=True,
    answers="numbers",
    tempering=LeastSquares(),
    compiled_to_disk=False,
)


def scores(objective: Objective, seed: int, given: argparse.Namespace) -> tuple[float, float]:
    """R² on the rows searched, and on the others."""
    X, y = make_friedman1(2000, 10, noise=1.0, random_state=seed)
    head = Numbers.of(y[:1500])
    network = Network.dense((10, 100, 1), seed=seed, input_bits=16)
    scaling = InputScaling.fit(X[:1500])
    problem = Problem.make(network, Labelled(X[:1500], head.targets(y[:1500])), scaling=scaling)
    found = evolve(
        network,
        problem.train,
        objective=objective,
        head=head,
        algorithm=Memetic(max_density=given.max_density),
        limits=Limits(generations=given.generations),
        seed=seed,
    )
    ticket: Ticket = problem.ticket(found)
    return ticket.score(X[:1500], y[:1500]), ticket.score(X[1500:], y[1500:])


def main() -> None:
    """Print one row per objective."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--generations", type=int, default=40)
    parser.add_argument("--max-density", type=float, default=0.1)
    given = parser.parse_args()
    for name, objective in (
        ("a line of its own", get_objective("squared_error")),
        ("fitted each generation", FITTED_EACH_GENERATION),
    ):
        found = np.array([scores(objective, seed, given) for seed in range(given.seeds)])
        middle = np.median(found, axis=0)
        print(f"{name:24} searched {middle[0]:.3f} {found[:, 0].round(3)}")
        print(f"{'':24} others   {middle[1]:.3f} {found[:, 1].round(3)}", flush=True)


if __name__ == "__main__":
    main()

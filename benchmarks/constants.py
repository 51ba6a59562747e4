"""What constants of the searches are worth that no option sets: each tried at several values.

    python benchmarks/constants.py [--radius] [--trials]

Validation accuracies and objectives are means of four seeds, with the same candidates each. Test
rows are not read.
"""

from __future__ import annotations

import argparse

import numpy as np

from scratchcard.datasets import load
from scratchcard.find import Search
from scratchcard.search import Genetic, Limits, evolve
from scratchcard.search.genetic import evaluation
from scratchcard.search.memetic import search as memetic


def main() -> None:
    """Run what is asked for, or all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--radius", action="store_true")
    parser.add_argument("--trials", action="store_true")
    chosen = parser.parse_args()
    if chosen.radius or not chosen.trials:
        radius()
    if chosen.trials or not chosen.radius:
        trials()


def radius() -> None:
    """Seconds of the genetic algorithm by how near a mask must be to share another's state."""
    for name, hidden in (("digits", 20), ("moons", 75)):
        problem = Search(load(name), hidden=(hidden,)).problem
        for evaluation.RADIUS in (4, 8, 16, 32, 64, 128):
            found = evolve(
                problem.network,
                problem.train,
                algorithm=Genetic(patience=None, target_accuracy=None),
                limits=Limits(generations=150),
            )
            print(f"{name}: radius {evaluation.RADIUS}: {found.seconds:.1f} s", flush=True)


def trials() -> None:
    """What is found by how many trials an individual makes in a generation."""
    for name, candidates in (("digits", 300_000), ("breast_cancer", 100_000), ("moons", 200_000)):
        for memetic.TRIALS in (15, 60, 240):
            scores, objectives = [], []
            for seed in range(4):
                problem = Search(load(name), seed=seed).problem
                burst = memetic.TRIALS * problem.network.n_weights**0.5
                generations = max(1, int(candidates / (memetic.POPULATION * burst)))
                found = evolve(
                    problem.network,
                    problem.train,
                    problem.validation,
                    limits=Limits(generations=generations),
                    seed=seed,
                )
                scores.append(found.history[-1].validation_accuracy)
                objectives.append(found.objective)
            print(
                f"{name}: {memetic.TRIALS} times the root of the weights: validation accuracy "
                f"{100 * np.mean(scores):.2f} %, objective {np.mean(objectives):.4f}",
                flush=True,
            )


if __name__ == "__main__":
    main()

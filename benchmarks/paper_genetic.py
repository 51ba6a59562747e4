"""The paper's genetic algorithm at full length, 11,000 generations of cross-entropy on digits.

    python benchmarks/paper_genetic.py [--generations 11000] [--seed 0] [--jobs 2] [--profile]

The network is 64-75-10. 75 % of the rows are searched (15 % of these choose among the generations'
best), 25 % are test rows, read once at the end. Before it, a smaller case is run on both engines,
and every generation's whole population must be the same. ``--profile`` prints where the time goes
instead.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import time

import numpy as np

from scratchcard.datasets import load
from scratchcard.engines import ENGINES
from scratchcard.find import Search
from scratchcard.objectives import get_objective
from scratchcard.rows import Rows
from scratchcard.search import Genetic, Limits, evolve, prune
from scratchcard.search.task import Task
from scratchcard.search.temperature import search_temperature
from scratchcard.ticket.mask import Mask
from scratchcard.ticket.network import Network

SMALL_GENERATIONS = 60


def main() -> None:
    """Compare the engines, then run the search and print what it found."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--generations", type=int, default=11_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--profile", action="store_true")
    settings = parser.parse_args()
    if settings.profile:
        profile(settings.generations, settings.seed)
        return
    compare_engines()
    run(settings.generations, settings.seed, settings.jobs)


def compare_engines() -> None:
    """The same run on both engines: are the populations the same in every generation?"""
    for name in ("cross_entropy", "accuracy"):
        problem = Search(load("digits"), hidden=(20,)).problem
        objective = get_objective(name)
        temperature = search_temperature(problem.network, problem.train, 0.5)
        searches = [
            Genetic(engine=engine).start(
                Task(problem.network, problem.train, objective, temperature, seed=1)
            )
            for engine in ENGINES
        ]
        same = 0
        seconds = np.zeros(len(searches))
        for _ in range(SMALL_GENERATIONS):
            for k, search in enumerate(searches):
                began = time.perf_counter()
                search.step(0.0)
                seconds[k] += time.perf_counter() - began
            first, other = searches
            same += np.array_equal(first.masks, other.masks) and np.array_equal(
                first.objectives, other.objectives
            )
        print(
            f"digits 64-20-10, {name}: {same} of {SMALL_GENERATIONS} generations with the same "
            f"population and values on both engines ("
            + ", ".join(f"{e} {s:.1f} s" for e, s in zip(ENGINES, seconds, strict=True))
            + ")"
        )


def run(generations: int, seed: int, n_jobs: int) -> None:
    """One search of full length, and pruning."""
    data = load("digits")
    problem = Search(data, hidden=(75,), seed=seed).problem
    network, train, validation = problem.network, problem.train, problem.validation
    assert validation is not None
    outcome = evolve(
        network,
        train,
        validation,
        algorithm=Genetic(preset="GA", patience=None, target_accuracy=None),
        objective="cross_entropy",
        limits=Limits(generations=generations),
        seed=seed,
        n_jobs=n_jobs,
    )
    last = outcome.history[-1]
    print(
        f"digits 64-75-10, GA, cross-entropy, seed {seed}: {outcome.generations} generations, "
        f"{outcome.evaluations} evaluations in {outcome.seconds:.1f} s on {n_jobs} threads; "
        f"ended by: {outcome.stopped_by}; cross-entropy of the last best {last.objective:.4f}"
    )
    targets = data.targets(data.test)
    inputs = problem.scaling.quantise(data.test.X, network.input_limit)
    parts = {"train": train, "validation": validation, "test": Rows(inputs, targets)}
    began = time.perf_counter()
    by_train = prune(network, outcome.mask, train)
    seconds = time.perf_counter() - began
    masks = {
        "found": outcome.mask,
        f"pruned on training rows in {seconds:.1f} s": by_train,
        "pruned on validation rows": prune(network, outcome.mask, validation),
        "pruned on training rows, by cross-entropy": prune(
            network,
            outcome.mask,
            train,
            objective="cross_entropy",
            temperature=outcome.temperature,
        ),
    }
    for name, mask in masks.items():
        scores = ", ".join(f"{p} {accuracy(network, mask, rows):.2%}" for p, rows in parts.items())
        print(f"{name}: density {mask.density:.3f} ({mask.surviving} weights); accuracy {scores}")


def accuracy(network: Network, mask: Mask, rows: Rows) -> float:
    """Share of the rows whose label is right."""
    return float(np.mean(network.outputs(mask, rows.inputs).argmax(axis=1) == rows.targets))


def profile(generations: int, seed: int) -> None:
    """Where the time goes, on one thread."""
    problem = Search(load("digits"), hidden=(75,), seed=seed).problem
    temperature = search_temperature(problem.network, problem.train, 0.5)
    objective = get_objective("cross_entropy")
    task = Task(problem.network, problem.train, objective, temperature, seed)
    search = Genetic(patience=None, target_accuracy=None).start(task)
    profiler = cProfile.Profile()
    profiler.enable()
    for _ in range(generations):
        search.step(0.0)
    profiler.disable()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(15)


if __name__ == "__main__":
    main()

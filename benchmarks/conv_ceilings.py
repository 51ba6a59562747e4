"""What gradients reach in a network, beside our search: edge-popup, and the trained twin.

    python benchmarks/conv_ceilings.py [--layers conv32x3s2,conv64x3p2,dense] [--seconds 900]
    python benchmarks/conv_ceilings.py --methods memetic --densities 0.1 0.25

Fashion-MNIST, 51,000 training rows; accuracies are those of the 9,000 validation rows, and test
rows are never read. What edge-popup finds is a mask, evaluated in integers; the twin is of floats.
The learning rate falls along a half cosine over the seconds, and our search cools down in them, so
the last line of a run is its result, and those before show the way there. Edge-popup keeps exactly
a density, ours at most so much. Each is also a line of a CSV file. Judging does not count in the
seconds of gradients; in those of our search its own choosing does.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scratchcard.cli.layers import layers
from scratchcard.datasets import load
from scratchcard.research.baselines import Descent, EdgePopup, Twin
from scratchcard.research.shared.gradients import GradientMask
from scratchcard.research.shared.instance import BYTES_OF_A_PARAMETER, Attempt, Instance
from scratchcard.research.shared.words import markdown
from scratchcard.search import Limits, Memetic, Progress, accuracy, evolve

METHODS = ("memetic", "edge-popup", "twin")
POINTS = 12  # of a curve, each after 1.41 times the seconds of the one before
FIELDS = (
    "network", "weights", "seed", "method", "density", "optimizer", "lr", "threads",
    "seconds", "epochs", "loss", "accuracy", "survivors", "bytes",
)  # fmt: skip


def main() -> None:
    """Run one method after the other, and print a table of their results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--layers", type=layers, default="conv32x3s2,conv64x3p2,dense")
    parser.add_argument("--weights", default="signed_constant")
    parser.add_argument("--densities", type=float, nargs="*", default=(0.05, 0.1, 0.25, 0.5))
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    parser.add_argument(
        "--descents",
        type=descent,
        nargs="+",
        metavar="OPTIMIZER:RATE",
        help="of edge-popup, such as sgd:0.03 adam:0.001; the default is that of compare",
    )
    parser.add_argument("--seconds", type=float, default=900.0, help="of each run")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1, help="threads of torch")
    parser.add_argument("--out", type=Path, default=Path("conv_ceilings.csv"))
    chosen = parser.parse_args()
    instance = Instance(
        load("fashion-mnist"), (), chosen.seed, chosen.weights, layers=chosen.layers
    )
    results = []
    with chosen.out.open("a", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        if file.tell() == 0:
            writer.writeheader()
        for points, said in runs(instance, chosen):
            for point in points:
                row = dict.fromkeys(FIELDS, "") | said | point
                writer.writerow(row)
                file.flush()
                print(*(f"{name} {value}" for name, value in row.items()), sep=", ", flush=True)
            results.append(row)
    print(markdown([{name: str(value) for name, value in row.items()} for row in results]))


def descent(text: str) -> Descent:
    """Return the descent of an optimizer and a rate; only sgd has the paper's weight decay."""
    optimizer, _, rate = text.partition(":")
    decay = Descent().weight_decay if optimizer == "sgd" else 0.0
    return Descent(optimizer, float(rate), weight_decay=decay)


def runs(
    instance: Instance, chosen: argparse.Namespace
) -> Iterator[tuple[Iterator[dict[str, Any]], dict[str, Any]]]:
    """Yield the points of each run, and what a line says of it."""
    for density in chosen.densities:
        if "memetic" in chosen.methods:
            yield searched(instance, density, chosen), {"method": "memetic", "density": density}
        if "edge-popup" in chosen.methods:
            usual = GradientMask("edge-popup", density).baseline(instance)
            for one in chosen.descents or (usual.descent,):
                edges = EdgePopup(density, descent=one)
                yield curve(instance, edges, chosen), _said("edge-popup", density, one)
    if "twin" in chosen.methods:
        yield curve(instance, Twin(), chosen), _said("twin", 1.0, Twin().descent)


def _said(method: str, density: float, descent: Descent) -> dict[str, Any]:
    return {
        "method": method, "density": density, "optimizer": descent.optimizer, "lr": descent.lr,
    }  # fmt: skip


def _where(instance: Instance, chosen: argparse.Namespace) -> dict[str, Any]:
    return {
        "network": instance.network.architecture,
        "weights": instance.weights,
        "seed": instance.seed,
        "threads": chosen.jobs,
    }


def _due(seconds: float) -> list[float]:
    """Return when a run is judged, the last time first."""
    return [seconds * 2.0 ** (-k / 2) for k in range(1, POINTS)]


def _passed(due: list[float], seconds: float) -> bool:
    """Return whether it is time, and forget the times that have passed."""
    passed = [one for one in due if one <= seconds]
    del due[len(due) - len(passed) :]
    return bool(passed)


def searched(
    instance: Instance, density: float, chosen: argparse.Namespace
) -> Iterator[dict[str, Any]]:
    """Search, and yield what had been found by some seconds and in the end."""
    due, found = _due(chosen.seconds), []

    def callback(progress: Progress) -> None:
        if _passed(due, progress.seconds):
            found.append(
                {
                    **_where(instance, chosen),
                    "seconds": round(progress.seconds, 1),
                    "loss": round(progress.objective, 4),
                    "accuracy": round(100 * (progress.validation_accuracy or 0.0), 2),
                    "survivors": round(progress.density * instance.network.n_weights),
                }
            )

    outcome = evolve(
        instance.network,
        instance.train,
        instance.validation,
        algorithm=Memetic(max_density=density),
        limits=Limits(seconds=chosen.seconds),
        seed=chosen.seed,
        n_jobs=chosen.jobs,
        callbacks=[callback],
    )
    yield from found
    flat = outcome.mask.flat()
    attempt = Attempt(
        lambda rows: accuracy(instance.network, flat, rows),
        outcome.seconds,
        outcome.mask,
        outcome.temperature,
    )
    yield {
        **_where(instance, chosen),
        "seconds": round(outcome.seconds, 1),
        "loss": round(outcome.objective, 4),
        "accuracy": round(100 * attempt.judge(instance.validation), 2),
        "survivors": outcome.mask.surviving,
        "bytes": len(instance.ticket(attempt).to_bytes()),
    }


def curve(
    instance: Instance, baseline: Any, chosen: argparse.Namespace
) -> Iterator[dict[str, Any]]:
    """Run a baseline, and yield what it had found by some seconds and in the end."""
    due = _due(chosen.seconds)
    found = []

    def judge(run: Any, model: Any) -> None:
        mask = getattr(model, "mask", None)
        size = BYTES_OF_A_PARAMETER * instance.n_parameters
        if mask is not None:
            attempt = Attempt(model.accuracy, run.seconds, mask, model.temperature)
            size = len(instance.ticket(attempt).to_bytes())
        found.append(
            {
                **_where(instance, chosen),
                "seconds": round(run.seconds, 1),
                "epochs": run.epochs,
                "loss": round(run.history[-1].loss, 4) if run.history else "",
                "accuracy": round(100 * model.accuracy(instance.validation), 2),
                "survivors": instance.n_parameters if mask is None else mask.surviving,
                "bytes": size,
            }
        )

    def callback(progress: Any) -> None:
        if _passed(due, progress.run.seconds) and progress.fraction < 1:
            judge(progress.run, progress.model())

    model = baseline.fit(
        instance.network,
        instance.train,
        seconds=chosen.seconds,
        seed=chosen.seed,
        n_jobs=chosen.jobs,
        callback=callback,
    )
    judge(model.run, model)
    yield from found


if __name__ == "__main__":
    main()

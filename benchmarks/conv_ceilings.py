"""What gradients reach in a network: edge-popup at several densities, and the trained twin.

    python benchmarks/conv_ceilings.py [--layers conv32x3s2,conv64x3p2,dense] [--seconds 900]

Fashion-MNIST, 51,000 training rows; accuracies are those of the 9,000 validation rows, and test
rows are never read. What edge-popup finds is a mask, evaluated in integers; the twin is of floats.
The learning rate falls along a half cosine over the seconds, so the last line of a run is its
result, and those before show the way there. Each is also a line of a CSV file. Judging does not
count in the seconds.
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
    parser.add_argument("--no-twin", action="store_true")
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
        for baseline, said in runs(instance, chosen):
            for point in curve(instance, baseline, chosen):
                row = said | point
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


def runs(instance: Instance, chosen: argparse.Namespace) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Yield each baseline, and what a line says of it."""
    for density in chosen.densities:
        usual = GradientMask("edge-popup", density).baseline(instance)
        for one in chosen.descents or (usual.descent,):
            yield EdgePopup(density, descent=one), _said("edge-popup", density, one)
    if not chosen.no_twin:
        yield Twin(), _said("twin", 1.0, Twin().descent)


def _said(method: str, density: float, descent: Descent) -> dict[str, Any]:
    return {
        "method": method, "density": density, "optimizer": descent.optimizer, "lr": descent.lr,
    }  # fmt: skip


def curve(
    instance: Instance, baseline: Any, chosen: argparse.Namespace
) -> Iterator[dict[str, Any]]:
    """Run a baseline, and yield what it had found by some seconds and in the end."""
    due = [chosen.seconds * 2.0 ** (-k / 2) for k in range(1, POINTS)]  # the last one first
    found = []

    def judge(run: Any, model: Any) -> None:
        mask = getattr(model, "mask", None)
        size = BYTES_OF_A_PARAMETER * instance.n_parameters
        if mask is not None:
            attempt = Attempt(model.accuracy, run.seconds, mask, model.temperature)
            size = len(instance.ticket(attempt).to_bytes())
        found.append(
            {
                "network": instance.network.architecture,
                "weights": instance.weights,
                "seed": instance.seed,
                "threads": chosen.jobs,
                "seconds": round(run.seconds, 1),
                "epochs": run.epochs,
                "loss": round(run.history[-1].loss, 4) if run.history else "",
                "accuracy": round(100 * model.accuracy(instance.validation), 2),
                "survivors": instance.n_parameters if mask is None else mask.surviving,
                "bytes": size,
            }
        )

    def callback(progress: Any) -> None:
        passed = [one for one in due if one <= progress.run.seconds]
        del due[len(due) - len(passed) :]
        if passed and progress.fraction < 1:
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

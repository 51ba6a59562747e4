"""Does a mask on the convolutions matter? Their random features, with only a last layer found.

    python benchmarks/random_features.py [--layers conv32x3s2,conv64x3p2,dense] [--bytes 6000]

Fashion-MNIST; accuracies are those of the 9,000 validation rows, and test rows are never read. The
layers before the last one keep all of their weights, or a random half of them, so that the seed
alone says what they are. What enters the last layer, in the network's own integers, is then the
input of

* a ticket of one dense layer, searched for as many seconds and as many bytes as a ticket of the
  whole network may have (its biases are zero, for the features have a unit of their own);
* logistic regression, whose strength of regularisation is chosen on the validation rows;
* the same regression with its weights rounded to four bits, -7 to 7, and a scale for each class.

A last layer has fewer weights than the network, so it may not be able to use all of the bytes;
with ``--layers`` several times, wider networks make up for that: conv32x3s2,conv100x3p2,dense has
49,000 last weights, and conv25 in its place 6.1 kB of four bits. Each result is also a line of a
CSV file.
"""

from __future__ import annotations

import argparse
import csv
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from scratchcard import InputScaling, Mask, Network, Rows, Ticket
from scratchcard.cli.layers import layers
from scratchcard.datasets import load
from scratchcard.research.shared.instance import Instance
from scratchcard.research.shared.words import markdown
from scratchcard.search import Limits, Memetic, evolve

LAYERS = ("conv32x3s2,conv64x3p2,dense", "conv32x3s2,conv100x3p2,dense")
STRENGTHS = (1e-3, 1e-2, 1e-1)  # of logistic regression: C, smaller is more regularised
LONG = 600.0  # seconds from which a search reads the calibrated softmax, as benchmarks/suite does
ROWS_AT_ONCE = 256
FIELDS = (
    "network", "weights", "seed", "kept", "features", "rows", "method", "accuracy", "bytes",
    "survivors", "seconds",
)  # fmt: skip
Result = dict[str, Any]


def main() -> None:
    """Print a table, and write each result as soon as it is there."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--layers", nargs="+", default=LAYERS)
    parser.add_argument("--weights", default="signed_constant")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--bytes", type=int, default=6000, help="of the mask of a last layer")
    parser.add_argument("--seconds", type=float, default=900.0, help="of each search")
    parser.add_argument("--rows", type=int, default=51_000, help="training rows")
    parser.add_argument("--iterations", type=int, default=300, help="of logistic regression")
    parser.add_argument("--jobs", type=int, default=1, help="threads of a search")
    parser.add_argument("--out", type=Path, default=Path("random_features.csv"))
    chosen = parser.parse_args()
    data, results = load("fashion-mnist"), []
    with chosen.out.open("a", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        if file.tell() == 0:
            writer.writeheader()
        for text in chosen.layers:
            instance = Instance(data, (), chosen.seed, chosen.weights, layers=layers(text))
            for result in of_network(instance, chosen):
                writer.writerow(result)
                file.flush()
                print(*(f"{name} {value}" for name, value in result.items()), sep=", ", flush=True)
                results.append(result)
    print(markdown([{name: str(value) for name, value in one.items()} for one in results]))


def of_network(instance: Instance, chosen: argparse.Namespace) -> Iterator[Result]:
    """Yield what each method makes of the features of a network."""
    network = instance.network
    half = Mask.random(network.layers, 0.5, np.random.default_rng(chosen.seed))
    for kept, mask in (("all", Mask.full(network.layers)), ("a random half", half)):
        began = time.perf_counter()
        train, validation = (
            Rows(features(network, mask, rows.inputs[: chosen.rows]), rows.targets[: chosen.rows])
            for rows in (instance.train, instance.validation)
        )
        said = {
            "network": network.architecture,
            "weights": network.weights,
            "seed": network.seed,
            "kept": kept,
            "features": train.inputs.shape[1],
            "rows": len(train),
        }
        seconds = time.perf_counter() - began
        print(f"{network.architecture}, {kept}: features in {seconds:.0f} s", flush=True)
        yield said | searched(network, train, validation, chosen)
        yield from (said | result for result in regressed(train, validation, chosen))


def features(network: Network, mask: Mask, inputs: NDArray[np.int16]) -> NDArray[np.int16]:
    """Return what enters the last layer of a network, as its predictions compute it."""
    parts = []
    for number, layer in enumerate(network.layers[:-1]):
        kept, units = mask.array(number), np.arange(layer.units)
        weights, bias = network.weights_of(number) * kept, network.biases_of(number)
        parts.append(layer.live(units, np.ones_like(kept), weights, bias.astype(np.float64)))
    found = np.empty((len(inputs), network.layers[-1].n_sources), np.int16)
    for start in range(0, len(inputs), ROWS_AT_ONCE):
        values = inputs[start : start + ROWS_AT_ONCE].astype(np.float64)
        for number, part in enumerate(parts):
            sums = np.floor(np.maximum(part.sums(values), 0.0) / 2 ** network.shifts[number])
            values = np.minimum(sums, network.limits[number + 1])
        found[start : start + ROWS_AT_ONCE] = values
    return found


def searched(network: Network, train: Rows, validation: Rows, chosen: argparse.Namespace) -> Result:
    """Search a last layer: a dense network whose inputs are features."""
    last = Network.dense(
        (train.inputs.shape[1], network.n_outputs),
        seed=network.seed,
        weights=network.weights,
        biases="zero",
        input_bits=16,
    )
    assert last.input_limit == network.limits[-1]
    softmax = {"sharpness": 1.0, "smoothing": 0.02} if chosen.seconds >= LONG else {}
    outcome = evolve(
        last,
        train,
        validation,
        algorithm=Memetic(max_density=density_of(chosen.bytes, last.n_weights), **softmax),
        limits=Limits(seconds=chosen.seconds),
        seed=chosen.seed,
        n_jobs=chosen.jobs,
    )
    scaling = InputScaling(np.zeros(1, np.float32), np.ones(1, np.float32))
    right = last.outputs(outcome.mask, validation.inputs).argmax(axis=1) == validation.targets
    return {
        "method": "ticket",
        "accuracy": round(100 * float(right.mean()), 2),
        "bytes": len(Ticket(last, outcome.mask, scaling, outcome.head).to_bytes()),
        "survivors": outcome.mask.surviving,
        "seconds": round(outcome.seconds, 1),
    }


def density_of(n_bytes: int, n_weights: int) -> float:
    """Return the density, at most a half, at which the mask of a layer takes so many bytes."""
    share = 8 * n_bytes / n_weights
    if share >= 1.0:
        return 0.5  # which takes the most bytes that a mask can take

    def too_many(d: float) -> float:
        return float(-d * np.log2(d) - (1 - d) * np.log2(1 - d) - share)

    return float(brentq(too_many, 1e-9, 0.5))


def regressed(train: Rows, validation: Rows, chosen: argparse.Namespace) -> Iterator[Result]:
    """Yield logistic regression on the features, with weights as they are and of four bits."""
    began = time.perf_counter()
    middle = train.inputs.mean(axis=0)
    X = train.inputs.astype(np.float32)  # and changed in place: with all rows it is a gigabyte
    X -= middle.astype(np.float32)
    spread = float(X.std(dtype=np.float64))
    X /= np.float32(spread)
    best, weights, bias = -1.0, np.zeros(0), np.zeros(0)
    for strength in STRENGTHS:
        model = LogisticRegression(C=strength, max_iter=chosen.iterations)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # further ones gain nothing here
            model.fit(X, train.targets)
        as_found = model.coef_.astype(np.float64) / spread
        intercept = model.intercept_ - as_found @ middle
        accuracy = judged(as_found, intercept, validation)
        if accuracy > best:
            best, weights, bias = accuracy, as_found, intercept
    seconds = round(time.perf_counter() - began, 1)
    n_weights, n_classes = weights.size, len(bias)
    yield {
        "method": "logistic regression",
        "accuracy": best,
        "bytes": 4 * (n_weights + n_classes),
        "survivors": n_weights,
        "seconds": seconds,
    }
    # What rounding does to the mean of the sums is left to the biases.
    rounded = np.stack([in_four_bits(one) for one in weights])
    yield {
        "method": "logistic regression, 4 bits",
        "accuracy": judged(rounded, bias + (weights - rounded) @ middle, validation),
        "bytes": -(-n_weights // 2) + 4 * 2 * n_classes,
        "survivors": int(np.count_nonzero(rounded)),
        "seconds": seconds,
    }


def in_four_bits(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the nearest of -7 to 7 times a scale, for the scale with the least square error."""
    found = []
    for share in np.linspace(0.2, 1.0, 33):
        step = share * np.abs(weights).max() / 7
        found.append(step * np.clip(np.rint(weights / step), -7, 7))
    return min(found, key=lambda one: float(np.square(one - weights).sum()))


def judged(weights: NDArray[np.float64], bias: NDArray[np.float64], rows: Rows) -> float:
    """Return the accuracy of a linear model in percent."""
    right = (rows.inputs @ weights.T + bias).argmax(axis=1) == rows.targets
    return round(100 * float(right.mean()), 2)


if __name__ == "__main__":
    main()

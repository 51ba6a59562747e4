"""Settings of the memetic search on circles, 2-100-2, judged by 200,000 fresh points.

    python benchmarks/circles.py [--seeds 6] [--jobs 2]

A few thousand validation rows cannot tell settings apart that differ by a tenth of a point. Circles
are made by a program, so that there are as many new points as one likes. Search reads the training
rows; test rows are not read.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np
from sklearn.datasets import make_circles
from sklearn.metrics import log_loss

from scratchcard.datasets import load
from scratchcard.find import find
from scratchcard.research.paper.cases import SEARCHES
from scratchcard.search import Memetic

NOISE, N_POINTS, FRESH_SEED = 0.07, 200_000, 7
OURS = SEARCHES["circles"]
CROWD = replace(OURS, population=16, burst=None, sample=0.3, price=1e-5)
CHOICES: dict[str, Memetic] = {
    "16 individuals, samples, low price": CROWD,
    "4 individuals, bursts four times as long": replace(CROWD, population=4, burst=4800),
    "... and the default price": replace(OURS, sample=0.3),
    "... and all rows": OURS,
}


def main() -> None:
    """Print one row per setting and family of weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    data = load("circles")
    X, y = fresh_points()
    radius = np.hypot(*(X - X.mean(axis=0)).T)
    circle = max(np.mean((radius < limit) == y) for limit in np.linspace(0.3, 0.6, 601))
    print(f"the best circle has {100 * circle:.2f} % of the fresh points\n")
    print("weights          fresh mean  median  training loss  density  seconds  settings")
    for weights in ("uniform", "signed_constant"):
        for name, search in CHOICES.items():
            found = [
                find(
                    data,
                    hidden=(100,),
                    weights=weights,
                    seed=seed,
                    algorithm=search,
                    n_jobs=arguments.jobs,
                )
                for seed in range(arguments.seeds)
            ]
            fresh = [100 * np.mean(one.ticket.predict(X) == y) for one in found]
            losses = [
                log_loss(data.train.y, one.ticket.predict_proba(data.train.X)) for one in found
            ]
            density = np.mean([one.ticket.mask.density for one in found])
            seconds = np.mean([one.outcome.seconds for one in found])
            print(
                f"{weights:15}  {np.mean(fresh):10.3f}  {np.median(fresh):6.2f}  "
                f"{np.mean(losses):13.4f}  {density:7.2f}  {seconds:7.1f}  {name}",
                flush=True,
            )


def fresh_points() -> tuple[np.ndarray, np.ndarray]:
    """Points like the data set's, in its scale: X, (n, 2), and labels, (n,)."""
    data = load("circles")
    known, _ = make_circles(n_samples=66_000, noise=NOISE, random_state=42)
    theirs = np.concatenate([part.X for part in (data.train, data.validation, data.test)])
    scale = np.ptp(theirs) / np.ptp(known)
    X, y = make_circles(n_samples=N_POINTS, noise=NOISE, random_state=FRESH_SEED)
    return (X - known.min()) * scale + theirs.min(), y


if __name__ == "__main__":
    main()

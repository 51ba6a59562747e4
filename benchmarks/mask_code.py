"""How many bytes a mask's code takes, beside what other models of a mask would take.

    python benchmarks/mask_code.py [--seeds 3] [--jobs 2]

"Rice" is the code of a ticket's file. "Layer" is the entropy where each weight of a layer survives
with the same chance, "inputs" and "units" that of models in which each unit below, or each unit
that weights lead to, has a chance of its own (beta-binomial, with the best of five strengths), and
"size" one in which the chance depends on how large the weight is, of which a reader knows as much
as the writer: adaptive models with a count for each sixteenth of the range. Coding by a model takes
its entropy and a few bytes.
"""

from __future__ import annotations

import argparse

import numpy as np
from scipy.special import betaln

from scratchcard.datasets import load
from scratchcard.find import find
from scratchcard.ticket import Ticket
from scratchcard.ticket.mask_code import encode_mask

CASES = (
    ((40,), "signed_constant", 0.15),
    ((40,), "signed_constant", 0.26),
    ((100,), "signed_constant", 0.05),
    ((20, 20), "signed_constant", 0.22),
    ((40,), "uniform", 0.15),
    ((100,), "uniform", 0.05),
    ((100,), "uniform", 0.1),
)
STRENGTHS = (4, 16, 64, 256, 1e9)


def coded_layers(ticket: Ticket) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return, for each layer, the rows that are coded: those of units that feed something.

    Each is a pair of which weights survive and how large they are, (units, fan_in).
    """
    found, feeding = [], slice(None)
    for number in reversed(range(ticket.network.n_layers)):
        kept = ticket.mask.array(number)[feeding]
        weights = np.abs(ticket.network.weights_of(number).astype(int)).reshape(-1, kept.shape[1])
        found.append((kept, weights[feeding]))
        feeding = kept.any(axis=0)
    return found


def betabinomial(counts: np.ndarray, n: int) -> float:
    """Return the bytes of n draws for each count, each with a chance of its own."""
    rate = counts.sum() / (n * len(counts))
    if rate in (0, 1):
        return 0.0
    return min(
        float((betaln(a, b) - betaln(counts + a, n - counts + b)).sum()) / np.log(2) / 8
        for a, b in ((strength * rate, strength * (1 - rate)) for strength in STRENGTHS)
    )


def entropy(kept: np.ndarray) -> float:
    """Return the bytes of weights that survive with the same chance."""
    p = kept.mean()
    bits = 0.0 if p in (0, 1) else -(p * np.log2(p) + (1 - p) * np.log2(1 - p))
    return kept.size * bits / 8


def by_size(kept: np.ndarray, weights: np.ndarray) -> float:
    """Return the bytes of a model with a chance for each sixteenth of the weights' range."""
    return sum(
        (betaln(0.4, 0.4) - betaln(chosen.sum() + 0.4, (~chosen).sum() + 0.4)) / np.log(2) / 8
        for size in range(8)
        if (chosen := kept[weights // 16 == size]).size
    )


def main() -> None:
    """Print one row per case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    data = load("digits")
    print("digits: bytes, means over seeds")
    print("network      weights          survivors   Rice  layer  inputs  units   size")
    for hidden, weights, density in CASES:
        rows = []
        for seed in range(arguments.seeds):
            settings = {"hidden": hidden, "weights": weights, "max_density": density}
            ticket = find(data, seed=seed, n_jobs=arguments.jobs, **settings).ticket
            layers = coded_layers(ticket)
            rows.append(
                (
                    ticket.mask.surviving,
                    len(encode_mask(ticket.mask)),
                    sum(entropy(kept) for kept, _ in layers),
                    sum(betabinomial(kept.sum(axis=0), len(kept)) for kept, _ in layers),
                    sum(betabinomial(kept.sum(axis=1), kept.shape[1]) for kept, _ in layers),
                    sum(by_size(*layer) for layer in layers),
                )
            )
        survivors, *sizes = np.mean(rows, axis=0)
        name = "-".join(map(str, ticket.network.sizes))
        print(
            f"{name:12} {weights:15} {survivors:10.0f} "
            + "".join(f"{size:7.1f}" for size in sizes),
            flush=True,
        )


if __name__ == "__main__":
    main()

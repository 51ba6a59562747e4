"""Runs of the paper's cases with given accuracies. Several tests use it."""

from __future__ import annotations

from scratchcard.research.paper.tables import PRUNED_FIELDS
from scratchcard.research.shared.words import frame


def runs_of(accuracies, density=0.1, **more):
    """A table of runs: {(data, network, method): test accuracies by seed}."""
    return frame(
        [
            {
                "data": data,
                "network": network,
                "method": method,
                "seed": seed,
                "test_accuracy": accuracy,
                "density": density,
                "effective_density": density,
                "evaluations": 10,
                "seconds": 1.0,
                "pruned_density": density / 2,
                **more,
            }
            for (data, network, method), values in accuracies.items()
            for seed, accuracy in enumerate(values)
        ],
        PRUNED_FIELDS,
    )

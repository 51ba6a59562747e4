"""Everything that is registered by name, so that what is new is tested without being asked for.

The fixtures in conftest.py run a test once for each row of a table; a new row is one more run.
"""

from __future__ import annotations

from hinge import hinge
from scratchcard import Genetic, Memetic
from scratchcard.engines import ENGINES
from scratchcard.objectives import OBJECTIVES, custom_objective, quantile_loss
from scratchcard.search.problem import ALGORITHMS
from scratchcard.ticket.network import ACTIVATIONS
from scratchcard.ticket.weights import BIAS_FAMILIES, WEIGHT_FAMILIES

OWN = "own"  # an objective of a user's
OF_NUMBERS = {name: one for name, one in OBJECTIVES.items() if one.answers == "numbers"}
OF_NUMBERS |= {"quantile:0.9": quantile_loss(0.9)}
OF_CLASSES = {
    name: one for name, one in OBJECTIVES.items() if one.answers == "classes" and one.group == 1
}
"""Objectives that read rows one by one; those over pairs are tested with pairs."""
OBJECTIVES_BY_NAME = OF_CLASSES | {OWN: custom_objective("hinge", hinge)}
ENGINES_BY_NAME = ENGINES

SHORT_SEARCHES = {
    "memetic": Memetic(max_density=0.6, population=3, burst=60),
    "genetic": Genetic(population=12, migrants=2, max_density=0.6),
}
"""A short search by the name of every algorithm."""

FAMILIES = [
    *({"activation": name} for name in ACTIVATIONS),
    *({"weights": name} for name in WEIGHT_FAMILIES),
    *({"biases": name} for name in BIAS_FAMILIES),
    {"input_bits": 16},
]
"""What a network may be made of, one thing changed at a time."""

assert set(SHORT_SEARCHES) == set(ALGORITHMS), "give the new algorithm a short search here"

"""Operators of the genetic algorithm, by kind and name. A new one is a file and a row here.

A function can also be passed itself, without either.
"""

from __future__ import annotations

from typing import Any, TypeVar

from scratchcard.search.genetic.operators.base import (
    Masks,
    Migration,
    Mutation,
    Recombination,
    Selection,
)
from scratchcard.search.genetic.operators.bit_flip import flip_bit
from scratchcard.search.genetic.operators.layer_bit_flip import flip_bit_of_layer
from scratchcard.search.genetic.operators.lexicographic import lexicographic
from scratchcard.search.genetic.operators.random_masks import random_masks
from scratchcard.search.genetic.operators.uniform_crossover import uniform_crossover

OPERATORS: dict[tuple[str, str], Any] = {
    ("migration", "random"): random_masks,
    ("recombination", "uniform"): uniform_crossover,
    ("mutation", "bit"): flip_bit,
    ("mutation", "layer_bit"): flip_bit_of_layer,
    ("selection", "lexicographic"): lexicographic,
}
"""The operators by (kind, name)."""

Chosen = TypeVar("Chosen")


def operator(kind: str, chosen: str | Chosen) -> Chosen:
    """Return the operator of this kind and name, or the operator itself.

    Parameters
    ----------
    kind : str
        "migration", "recombination", "mutation" or "selection".
    chosen : str or callable
        A name, or a function.

    Returns
    -------
    callable
        The function.

    Raises
    ------
    ValueError
        For something that is neither.
    """
    if not isinstance(chosen, str):
        if not callable(chosen):
            raise ValueError(f"{kind} takes a name or a function, got {chosen!r}")
        return chosen
    if (kind, chosen) not in OPERATORS:
        known = ", ".join(name for of_kind, name in OPERATORS if of_kind == kind)
        raise ValueError(f"{kind} takes one of {known}, or a function, got {chosen!r}")
    found: Chosen = OPERATORS[kind, chosen]
    return found


__all__ = [
    "OPERATORS",
    "Masks",
    "Migration",
    "Mutation",
    "Recombination",
    "Selection",
    "operator",
]

"""Engines: what computes the objective of a mask. ``dense`` is the reference; the other is fast."""

from __future__ import annotations

from scratchcard.engines.dense import DenseEngine
from scratchcard.engines.face import Engine, EngineMaker
from scratchcard.engines.incremental import IncrementalEngine
from scratchcard.engines.loose import Loose, LooseNetwork

ENGINES: dict[str, EngineMaker] = {"incremental": IncrementalEngine, "dense": DenseEngine}
"""Engines by name. A new one is a file or folder here and a row in this table."""


def make_engine_of(name: str | EngineMaker) -> EngineMaker:
    """Return what makes engines of this name, or the maker itself.

    Parameters
    ----------
    name : str or EngineMaker
        A name in :data:`ENGINES`, or what makes an engine.

    Returns
    -------
    EngineMaker
        A class, or a function, that makes an engine.

    Raises
    ------
    ValueError
        If there is no engine of that name.
    """
    if callable(name):
        return name
    if name not in ENGINES:
        known = ", ".join(map(repr, ENGINES))
        raise ValueError(f"engine takes one of {known}, got {name!r}")
    return ENGINES[name]


__all__ = [
    "ENGINES",
    "DenseEngine",
    "Engine",
    "EngineMaker",
    "IncrementalEngine",
    "Loose",
    "LooseNetwork",
    "make_engine_of",
]

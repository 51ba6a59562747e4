"""The genetic algorithm of the paper: its settings are what others import."""

from __future__ import annotations

from scratchcard.search.genetic.settings import Genetic

__all__ = ["Genetic"]

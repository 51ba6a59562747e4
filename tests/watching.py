"""Watching: a callback that keeps what the population of a search looked like."""

from __future__ import annotations

from scratchcard.search import Callback, Individual


class Watching(Callback):
    """Keeps the individuals of every generation, best first, with masks of their own."""

    def __init__(self) -> None:
        self.populations: list[list[Individual]] = []

    def on_generation(self, loop) -> None:
        self.populations.append([one.copy() for one in loop.search.individuals()])

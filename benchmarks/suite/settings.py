"""Settings: what a run of the suite measures, and for how long."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """One run of the suite.

    Parameters
    ----------
    out : folder for results and pictures.
    jobs : threads, the same for everybody.
    seed : of the network and of all searches and trainings.
    dataset, hidden : the network of every part but ``candidates``, which has cases of its own.
    quick : whether everything is cut short, to see that it works.
    repeats, seconds : how often each rate is measured, interleaved, and for how long.
    budgets : seconds that a search or a training may take in ``curves``; ``density`` takes the
        first.
    densities : caps in ``curves``: at most this share of the weights stays.
    """

    out: Path
    jobs: int = 1
    seed: int = 0
    dataset: str = "fashion-mnist"
    hidden: tuple[int, ...] = (256,)
    quick: bool = False
    repeats: int = 3
    seconds: float = 20.0
    budgets: tuple[float, ...] = (60.0, 180.0, 900.0)
    densities: tuple[float, ...] = (0.05, 0.10, 0.50)
    density_axis: tuple[float, ...] = (0.01, 0.02, 0.05, 0.10, 0.20, 0.50)

    def shortened(self) -> Settings:
        """The same for a quick look: every part ends within a minute or two."""
        return replace(
            self,
            quick=True,
            repeats=1,
            seconds=3.0,
            budgets=(5.0, 15.0),
            densities=(0.05, 0.50),
            density_axis=(0.02, 0.10, 0.50),
        )

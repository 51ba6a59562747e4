"""What this project wants the memetic search to reach on the paper's cases, held against runs.

    scratchcard reproduce paper --out FOLDER
    python benchmarks/paper_targets.py FOLDER

Prints a line for each target.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from scratchcard.research.paper.cases import ENTRANTS, OPPONENTS, REFERENCE
from scratchcard.research.paper.claims import NOT_RUN, Claim
from scratchcard.research.paper.tables import medians
from scratchcard.research.shared.statistics import ROUNDING
from scratchcard.research.shared.words import percent

if TYPE_CHECKING:
    from pandas import DataFrame, Series

REACHED, MISSED = "reached", "missed"
MOST_POINTS_BELOW_THE_TWIN = 0.005

TARGETS = (
    ("moons", "2-100-2", 0.99),
    ("moons", "2-50-50-2", 0.99),
    ("moons", "2-20-2", 0.93),
    ("circles", "2-100-2", 0.92),
)
"""Median test accuracies that the memetic search is to reach."""


def main() -> None:
    """Print the targets and how the runs of a folder meet them."""
    import pandas as pd

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    for claim in targets(pd.read_csv(parser.parse_args().folder / "runs.csv")):
        print(f"{claim.verdict}: {claim.text} ({claim.figures})".replace(" ()", ""))


def targets(runs: DataFrame) -> list[Claim]:
    """Return each target and whether it is reached."""
    found = medians(runs)
    return [*_planar_targets(found), _digits_target(found)]


def _planar_targets(found: Series) -> Iterator[Claim]:
    """Yield the targets on two features; on signed-constant weights too, where it was run there."""
    for data, network, least in TARGETS:
        trained = {
            label: found[data, network, name]
            for name, label in (("twin", "Adam"), ("mlp", "scikit-learn"))
            if (data, network, name) in found.index
        }
        beside = "".join(
            f"; trained with {name}: {percent(value)} %" for name, value in trained.items()
        )
        for reference in OPPONENTS:
            own = found.get((data, network, reference))
            if own is not None or reference == REFERENCE:
                label = ENTRANTS[reference].label
                text = f"{data}, {network}: {label} median of at least {100 * least:.0f} %"
                yield _target(text, own, least, beside)


def _digits_target(found: Series) -> Claim:
    text = (
        "digits, 64-100-10, 90 % sparsity: memetic not below the trained dense twin by more than "
        "half a point (medians)"
    )
    own, twin = (found.get(("digits", "64-100-10", name)) for name in ("memetic", "twin"))
    if twin is None:
        return Claim(text, NOT_RUN)
    beside = f"; trained with Adam: {percent(twin)} %"
    return _target(text, own, twin - MOST_POINTS_BELOW_THE_TWIN, beside)


def _target(text: str, value: float | None, least: float, beside: str) -> Claim:
    if value is None:
        return Claim(text, NOT_RUN)
    verdict = REACHED if value >= least - ROUNDING else MISSED
    return Claim(text, verdict, f"{percent(value)} %{beside}")


if __name__ == "__main__":
    main()

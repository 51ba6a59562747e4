"""Tickets within a number of bytes, counting the whole file, and the sweep at a fixed number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from scratchcard.datasets import Dataset
from scratchcard.find import find
from scratchcard.search import Limits
from scratchcard.ticket import Ticket

BUDGETS: dict[str, tuple[int, ...]] = {
    "digits": (150, 200, 250, 300, 400, 600),
    "mnist": (600, 1100, 2000, 4000),
    "mnist-14": (400, 700, 1100, 2000),
    "fashion-mnist": (1000, 2000, 4000, 8000, 16_000),
    "breast_cancer": (280, 300, 350),  # 240 of them scale the 30 features
    "wine": (130, 150, 200),
    "letter": (500, 1000, 2000, 4000, 8000),
    "satellite": (150, 300, 600, 1200),
    "shuttle": (100, 150, 250, 500),
}
"""Bytes of the files that are sought on each data set."""

SWEPT_WIDTHS = (10, 20, 30, 40, 60, 100, 200, 400)
FAMILIES = ("uniform", "signed_constant")
SHIFTED = ("mnist", "fashion-mnist")  # images whose rows are moved by a pixel
FEW_ROWS, SEEDS = 2000, 3  # so many seeds are tried where there are no more training rows


def seeds(data: Dataset) -> range:
    """Seeds to search with, of which validation rows choose one."""
    return range(SEEDS if len(data.train.y) <= FEW_ROWS else 1)


def ticket_within(
    data: Dataset, most_bytes: int, limits: Limits | None = None, **settings: Any
) -> Ticket | None:
    """A ticket whose file has at most these bytes; None if there is none.

    What the settings leave open, the width and the family of weights, is chosen by the search on
    validation rows.
    """
    if data.name in SHIFTED:
        settings["augment"] = "shift"
    try:
        return find(data, max_bytes=most_bytes, limits=limits, **settings).ticket
    except ValueError as error:
        if not str(error).startswith("max_bytes takes at least"):
            raise
        return None  # not even a path fits


class Swept(NamedTuple):
    """One ticket of the sweep; its accuracy is that on validation rows."""

    data: str
    bytes: int
    width: int
    weights: str
    seed: int
    survivors: int | None = None
    density: float | None = None
    file: int | None = None
    accuracy: float | None = None


def cases(data: Dataset, budgets: list[int], n_seeds: int) -> Iterator[Swept]:
    """What is to be searched: widths and families at each number of bytes."""
    for most_bytes in budgets:
        for width in SWEPT_WIDTHS:
            for weights in FAMILIES:
                for seed in range(n_seeds):
                    yield Swept(data.name, most_bytes, width, weights, seed)


def swept(case: Swept, data: Dataset, limits: Limits | None) -> Swept:
    """Search one case."""
    ticket = ticket_within(
        data, case.bytes, limits, hidden=(case.width,), weights=case.weights, seed=case.seed
    )
    if ticket is None:
        return case
    return case._replace(
        survivors=ticket.mask.surviving,
        density=ticket.mask.density,
        file=len(ticket.to_bytes()),
        accuracy=ticket.score(*data.validation),
    )

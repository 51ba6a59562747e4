"""Tickets within a number of bytes, counting the whole file, and the sweep at a fixed number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from scratchcard.datasets import Dataset
from scratchcard.find import Search, find
from scratchcard.search import Limits
from scratchcard.ticket import InputScaling, Mask, Ticket

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

WIDTHS = (20, 40, 100, 200)
SWEPT_WIDTHS = (10, 20, 30, 40, 60, 100, 200, 400)
FAMILIES = ("uniform", "signed_constant")
SEEDS = 3
SHIFTED = ("mnist", "fashion-mnist")  # images whose rows are moved by a pixel
TRIES = 4  # searches until a file has the right size
NEAR_ENOUGH = 0.97  # of the bytes that it may have


def ticket_within(data: Dataset, most_bytes: int) -> Ticket | None:
    """The best ticket whose file has at most these bytes, chosen on validation rows.

    A grid of widths, families of weights and seeds. None if no ticket is small enough.
    """
    best: tuple[float, Ticket] | None = None
    for width in WIDTHS:
        for weights in FAMILIES:
            for seed in range(SEEDS):
                ticket = ticket_of_size(
                    data, most_bytes, hidden=(width,), weights=weights, seed=seed
                )
                if ticket is None:
                    continue
                score = ticket.score(*data.validation)
                if best is None or score > best[0]:
                    best = score, ticket
    return None if best is None else best[1]


def ticket_of_size(
    data: Dataset, most_bytes: int, limits: Limits | None = None, **settings: Any
) -> Ticket | None:
    """A ticket whose file has just these bytes or a little less; None if there is none.

    The density that may stay is guessed from random masks, and corrected by what searches gave.
    """
    if data.name in SHIFTED:
        settings["augment"] = "shift"
    search = Search(data, **settings)
    density = _density(search, most_bytes)
    fits: Ticket | None = None
    for _ in range(TRIES):
        if int(density * search.network.n_weights) < search.network.n_layers:
            break  # no path would be left
        ticket = find(data, max_density=density, limits=limits, **settings).ticket
        size, least = len(ticket.to_bytes()), _size(search, 0.0)
        if size <= most_bytes and (fits is None or size > len(fits.to_bytes())):
            fits = ticket
        if NEAR_ENOUGH * most_bytes <= size <= most_bytes or size <= least:
            break
        density = min(1.0, density * (0.99 * most_bytes - least) / (size - least))
    return fits


def _density(search: Search, most_bytes: int) -> float:
    """The density at which a random mask has a file of these bytes; 0 if none is so small."""
    low, high = 0.0, 1.0
    for _ in range(12):
        middle = (low + high) / 2
        low, high = (middle, high) if _size(search, middle) <= most_bytes else (low, middle)
    return low


def _size(search: Search, density: float) -> int:
    """Bytes of the file of a random mask."""
    network = search.network
    mask = Mask.random(network.layers, density, np.random.default_rng(0))
    scaling = InputScaling.fit(search.dataset.train.X)
    return len(Ticket(network, mask, scaling, search.head).to_bytes())


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


def cases(data: Dataset, budgets: list[int], seeds: int) -> Iterator[Swept]:
    """What is to be searched: widths and families at each number of bytes."""
    for most_bytes in budgets:
        for width in SWEPT_WIDTHS:
            for weights in FAMILIES:
                for seed in range(seeds):
                    yield Swept(data.name, most_bytes, width, weights, seed)


def swept(case: Swept, data: Dataset, limits: Limits | None) -> Swept:
    """Search one case."""
    ticket = ticket_of_size(
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

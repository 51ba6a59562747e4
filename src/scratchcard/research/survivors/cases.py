"""Which tickets are compared, and which of them together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from scratchcard.datasets import Dataset
from scratchcard.find import Found, find
from scratchcard.ticket import Ticket

OTHER_WEIGHTS = "one per network"


class Group(NamedTuple):
    """Tickets whose masks are counted together."""

    name: str
    members: tuple[int, ...]
    same_weights: bool


def search_again(dataset: Dataset, search_seeds: Iterable[int], **settings: Any) -> list[Found]:
    """Search the same weights once for every seed.

    Parameters
    ----------
    dataset : Dataset
        Rows to search, choose and test on.
    search_seeds : iterable of int
        Seeds of the searches.
    **settings
        Other settings of ``scratchcard.find.Search``.

    Returns
    -------
    list of Found
    """
    return [find(dataset, search_seed=seed, **settings) for seed in search_seeds]


def check_tickets(tickets: Sequence[Ticket], names: Sequence[str]) -> None:
    """Raise ValueError unless these are at least two different tickets of one network shape."""
    if len(tickets) < 2:
        raise ValueError(f"tickets takes at least two, got {len(tickets)}")
    if len(names) != len(tickets):
        raise ValueError(f"names takes one for each of {len(tickets)} tickets, got {len(names)}")
    first = tickets[0].network
    seen: dict[Ticket, str] = {}
    for name, ticket in zip(names, tickets, strict=True):
        if ticket.network.layers != first.layers:
            raise ValueError(
                f"tickets takes one network shape, got {first.architecture} in {names[0]} and "
                f"{ticket.network.architecture} in {name}"
            )
        if ticket in seen:
            raise ValueError(
                f"tickets takes different ones, got the same in {seen[ticket]}, {name}"
            )
        seen[ticket] = name


def groups_of(tickets: Sequence[Ticket]) -> Iterator[Group]:
    """Yield the tickets of each network that has several, and the first tickets of all networks."""
    members: dict[Any, list[int]] = {}
    for i, ticket in enumerate(tickets):
        members.setdefault(ticket.network, []).append(i)
    for network, found in members.items():
        if len(found) > 1:
            alike = sum(other.seed == network.seed for other in members)
            families = f", {network.weights}, {network.activation}" if alike > 1 else ""
            yield Group(f"seed {network.seed}{families}", tuple(found), True)
    if len(members) > 1:
        yield Group(OTHER_WEIGHTS, tuple(found[0] for found in members.values()), False)

"""Settings of islands: how many there are, when they exchange masks, and who computes them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from scratchcard.checks import as_int
from scratchcard.search.limits import MOST
from scratchcard.ticket import Network
from scratchcard.workers import BACKENDS

MOST_ISLANDS = 1 << 12
MOST_WORKERS = 10_000
SEEDS = 1 << 32  # of networks


@dataclass(frozen=True)
class Islands:
    """Several searches with seeds of their own, which exchange their best masks.

    The islands of a network stand in a ring. After every so many generations each takes in the best
    mask that the island before it had then. What is found depends on neither ``workers``, ``on``
    nor ``threads``, and not on workers that die.

    Parameters
    ----------
    count : int
        Islands. Evaluations and seconds that limit a search hold for all of them together,
        generations for each.
    migrate_every : int
        Generations from one exchange to the next; as many as the whole search has for none.
    networks : int
        Random networks, of seeds that follow each other. The islands are dealt out to them, and
        only those of the same network exchange masks.
    workers : int or None
        Islands that are searched at a time; None for as many as there are processors for.
    on : str
        Where: "processes" of this machine, or the "ray" cluster.
    threads : int
        Threads of each worker.

    Raises
    ------
    ValueError
        For a setting that is out of range.
    """

    count: int = 8
    migrate_every: int = 10
    networks: int = 1
    workers: int | None = None
    on: str = "processes"
    threads: int = 1

    def __post_init__(self) -> None:
        as_int("islands", self.count, 1, MOST_ISLANDS)
        as_int("migrate_every", self.migrate_every, 1, MOST)
        as_int("networks", self.networks, 1, self.count)
        if self.workers is not None:
            as_int("workers", self.workers, 1, MOST_WORKERS)
        as_int("threads", self.threads, 1, MOST_WORKERS)
        if self.on not in BACKENDS:
            raise ValueError(f"on takes {', '.join(BACKENDS)}, got {self.on!r}")

    @property
    def deciding(self) -> dict[str, Any]:
        """The settings that decide what is found, by name."""
        return {
            "islands": self.count,
            "migrate_every": self.migrate_every,
            "networks": self.networks,
        }

    def before(self, island: int) -> int | None:
        """Return the island whose masks an island takes in.

        Parameters
        ----------
        island : int
            Its number, from 0.

        Returns
        -------
        int or None
            None for one that is alone on its network.
        """
        return self._neighbour(island, -1)

    def after(self, island: int) -> int | None:
        """Return the island that takes in the masks of an island.

        Parameters
        ----------
        island : int
            Its number, from 0.

        Returns
        -------
        int or None
            None for one that is alone on its network.
        """
        return self._neighbour(island, 1)

    def _neighbour(self, island: int, step: int) -> int | None:
        """Return the island so many steps on in the ring of its network."""
        ring = range(island % self.networks, self.count, self.networks)
        return ring[(ring.index(island) + step) % len(ring)] if len(ring) > 1 else None

    def network_of(self, island: int, network: Network) -> Network:
        """Return the network that an island searches.

        Parameters
        ----------
        island : int
            Its number, from 0.
        network : Network
            That of the first island.

        Returns
        -------
        Network
            The same but for its seed.
        """
        return replace(network, seed=(network.seed + island % self.networks) % SEEDS)

    @staticmethod
    def seed_of(island: int, seed: int) -> int:
        """Return the seed of an island's search.

        Parameters
        ----------
        island : int
            Its number, from 0.
        seed : int
            That of the whole search, which the first island has.

        Returns
        -------
        int
            A seed.
        """
        if island == 0:
            return seed
        return int(np.random.SeedSequence([seed, island]).generate_state(1, np.uint64)[0] >> 2)

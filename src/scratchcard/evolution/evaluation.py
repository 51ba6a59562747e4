"""Evaluation of masks that resemble each other, on any engine: what the genetic algorithm reads.

A mask that is known is not evaluated again. A mask that differs in few bits from one whose engine
state is kept is decided by a trial of that state; any other is computed afresh. An engine's sums
are exact integers, so none of this changes a value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scratchcard.engines import DenseEngine, IncrementalEngine

TRIAL_SHARE = 0.2  # a trial is cheaper up to so many flips per surviving weight
MEMORY = 1 << 29  # bytes of engine states at most
STATES = 30  # and so many states at most: more would cost more to make than they save


class Evaluator:
    """Objective values of masks.

    Parameters
    ----------
    engine : computes them.
    n_jobs : threads that share the work of one call.
    """

    def __init__(self, engine: DenseEngine | IncrementalEngine, n_jobs: int = 1) -> None:
        self.engine = engine
        self.evaluations = 0
        self.n_jobs = n_jobs
        self.threads = ThreadPoolExecutor(n_jobs) if n_jobs > 1 else None
        self.capacity = min(STATES, engine.affordable_states(MEMORY))
        self.known: dict[bytes, float] = {}
        self.states: dict[bytes, Any] = {}

    def close(self) -> None:
        """Release threads."""
        if self.threads is not None:
            self.threads.shutdown(cancel_futures=True)

    def __call__(self, masks: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Values of the objective, (n, n_weights) masks -> (n,)."""
        keys = [mask.tobytes() for mask in masks]
        new = {key: m for m, key in enumerate(keys) if key not in self.known}
        unknown = np.array(list(new.values()), dtype=np.int64)
        parts = self._parts(masks, unknown)
        found = self._map(lambda part: self.engine.evaluate(masks[part[1]], part[0]), parts)
        for (_, members), sums in zip(parts, found, strict=True):
            for m, row in zip(members, sums, strict=True):
                self.known[keys[m]] = self.engine.value(row)
        self.evaluations += len(unknown)
        return np.array([self.known[key] for key in keys])

    def keep(self, masks: NDArray[np.uint8]) -> None:
        """Remember these masks and no others, and the first of them with their states."""
        wanted: dict[bytes, NDArray[np.uint8]] = {}
        for mask in masks:
            wanted.setdefault(mask.tobytes(), mask)
        self.known = {key: self.known[key] for key in wanted}
        wanted = dict(list(wanted.items())[: self.capacity])
        missing = [key for key in wanted if key not in self.states]
        made = self._map(self._make, [wanted[key] for key in missing])
        self.states.update(zip(missing, made, strict=True))
        self.states = {key: self.states[key] for key in wanted}

    def _make(self, mask: NDArray[np.uint8]) -> Any:
        if not self.states:
            return self.engine.state(mask)
        flips, nearest = self._nearest(mask[None])
        near = list(self.states.values())[nearest[0]]
        few = flips[0] <= TRIAL_SHARE * np.count_nonzero(mask)
        return self.engine.derive(near, mask) if few else self.engine.state(mask)

    def _nearest(self, masks: NDArray[np.uint8]) -> tuple[NDArray[Any], NDArray[np.intp]]:
        """How many flips away the nearest mask with a state is, (n,), and which it is, (n,)."""
        bases = np.array([state.mask for state in self.states.values()], dtype=np.float32)
        wanted = masks.astype(np.float32)
        flips = wanted.sum(axis=1)[:, None] + bases.sum(axis=1) - 2 * wanted @ bases.T
        return flips.min(axis=1), flips.argmin(axis=1)

    def _parts(
        self, masks: NDArray[np.uint8], unknown: NDArray[np.int64]
    ) -> list[tuple[Any, NDArray[np.int64]]]:
        """The work, in parts for threads: (state to try from or None, indices of masks).

        No two parts share a state, because a trial writes into its scratch arrays.
        """
        parts: list[tuple[Any, NDArray[np.int64]]] = []
        afresh = unknown
        if self.states and len(unknown):
            flips, nearest = self._nearest(masks[unknown])
            few = flips <= TRIAL_SHARE * np.count_nonzero(masks[unknown], axis=1)
            afresh = unknown[~few]
            for b, state in enumerate(self.states.values()):
                members = unknown[few & (nearest == b)]
                if members.size:
                    parts.append((state, members))
        if afresh.size:
            parts += [(None, part) for part in np.array_split(afresh, min(self.n_jobs, afresh.size))]
        return sorted(parts, key=lambda part: (part[0] is not None, -len(part[1])))

    def _map(self, function: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
        return list(map(function, items) if self.threads is None else self.threads.map(function, items))

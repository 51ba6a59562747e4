"""Evaluates masks that resemble each other, on any engine, for the genetic algorithm.

A mask that is known is not evaluated again. A mask that differs in few bits from an anchor, which
is a mask whose engine state is kept, is decided by a trial of that state. Any other is computed
afresh, and no further than it takes to see that it is too bad. An engine's sums are exact integers,
so none of this changes a value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scratchcard.engines import Engine
from scratchcard.search.genetic.bits import Words, distances, ones, packed

TRIAL_SHARE = 0.1  # a mask with more flips than this per survivor is computed afresh, not tried
# A mask at most this many flips from an anchor gets no anchor of its own. From 4 to 64 takes
# the same time, 128 takes longer (benchmarks/constants.py --radius).
RADIUS = 32
ANCHORS = 30  # most masks whose engine states are kept
MEMORY = 1 << 29  # most bytes that the engine states of all anchors take together
PIECE = 8  # least number of trials of one state that a thread takes, or all if they are fewer

Masks = NDArray[np.uint8]


class _Anchor:
    """A mask and its engine state, in as many copies as threads have needed at once."""

    def __init__(self, mask: Masks) -> None:
        self.mask = mask.copy()
        self.states: list[Any] = []


class Evaluator:
    """Gives the objective of masks, and remembers it for those that are kept.

    Parameters
    ----------
    engine : Engine
        What computes objectives.
    n_jobs : int
        Threads that share the work of one call.
    """

    def __init__(self, engine: Engine, n_jobs: int = 1) -> None:
        self.engine = engine
        self.evaluations = 0
        self.n_jobs = n_jobs
        self.threads = ThreadPoolExecutor(n_jobs) if n_jobs > 1 else None
        self.capacity = min(ANCHORS, engine.affordable_states(MEMORY // n_jobs))
        self.known: dict[bytes, float] = {}
        self.anchors: list[_Anchor] = []
        self.bases = packed(np.empty((0, engine.network.n_weights), dtype=np.uint8))  # their masks

    def close(self) -> None:
        """Release threads."""
        if self.threads is not None:
            self.threads.shutdown(cancel_futures=True)

    def __call__(self, masks: Masks, worst: float = math.inf) -> NDArray[np.float64]:
        """Return the objectives of masks.

        No more is found out of a new mask whose value is above ``worst``, and inf is returned for
        it.

        Parameters
        ----------
        masks : ndarray of shape (n, n_weights), uint8
            Flat masks.
        worst : float
            Value above which a mask is of no interest.

        Returns
        -------
        ndarray of shape (n,), float64
            The objectives; lower is better.
        """
        words = packed(masks)
        names = keys(words)
        new = {key: m for m, key in enumerate(names) if key not in self.known}
        unknown = np.array(list(new.values()), dtype=np.int64)
        parts = self._parts(words, unknown)
        found = self._map(
            lambda part: self.engine.evaluate(masks[part[1]], part[0], worst=worst), parts
        )
        for (_, members), sums in zip(parts, found, strict=True):
            for m, value in zip(members, self.engine.values(sums), strict=True):
                if not value > worst:
                    self.known[names[m]] = float(value)
        self.evaluations += len(unknown)
        return np.array([self.known.get(key, math.inf) for key in names])

    def know(self, masks: Masks, objectives: NDArray[np.float64]) -> None:
        """Take the objectives of masks as known.

        Parameters
        ----------
        masks : ndarray of shape (n, n_weights), uint8
            Flat masks.
        objectives : ndarray of shape (n,), float64
            Their objectives.
        """
        self.known.update(zip(keys(packed(masks)), objectives.tolist(), strict=True))

    def keep(self, masks: Masks) -> None:
        """Remember these masks and no others, and place anchors among them, the first masks first.

        Parameters
        ----------
        masks : ndarray of shape (n, n_weights), uint8
            Flat masks whose objectives are known.
        """
        words = packed(masks)
        self.known = {key: self.known[key] for key in keys(words)}
        if self.capacity == 0 or len(masks) == 0:
            return
        flips = distances(words, self.bases)
        radius = np.minimum(RADIUS, TRIAL_SHARE / 2 * ones(words))
        near = (flips <= radius[:, None]).any(axis=0)
        self._anchor([self.anchors[b] for b in np.flatnonzero(near)])
        flips = flips[:, near].min(axis=1, initial=masks.shape[1])
        fresh: list[_Anchor] = []
        while len(self.anchors) + len(fresh) < self.capacity and (flips > radius).any():
            m = np.argmax(flips > radius)
            fresh.append(_Anchor(masks[m]))
            flips = np.minimum(flips, distances(words, words[m : m + 1])[:, 0])
        made = self._map(lambda anchor: self._state(anchor.mask), fresh)
        for anchor, state in zip(fresh, made, strict=True):
            anchor.states.append(state)
        self._anchor(self.anchors + fresh)

    def _anchor(self, anchors: list[_Anchor]) -> None:
        """Make these the anchors from now on."""
        self.anchors = anchors
        masks = np.array([anchor.mask for anchor in anchors], dtype=np.uint8)
        self.bases = packed(masks.reshape(-1, self.engine.network.n_weights))

    def _state(self, mask: Masks) -> Any:
        """Return an engine state, derived from that of an anchor where one is near."""
        flips = distances(packed(mask[None]), self.bases)[0]
        if flips.min(initial=mask.size) > TRIAL_SHARE * np.count_nonzero(mask):
            return self.engine.state(mask)
        return self.engine.derive(self.anchors[flips.argmin()].states[0], mask)

    def _parts(
        self, words: Words, unknown: NDArray[np.int64]
    ) -> list[tuple[Any, NDArray[np.int64]]]:
        """Return the work in parts for threads: (state to try from or None, indices of masks).

        No two parts share a state, because a trial writes into its scratch arrays.
        """
        parts: list[tuple[Any, NDArray[np.int64]]] = []
        afresh = unknown
        if self.anchors and len(unknown):
            flips = distances(words[unknown], self.bases)
            nearest = flips.argmin(axis=1)
            few = flips.min(axis=1) <= TRIAL_SHARE * ones(words[unknown])
            afresh = unknown[~few]
            for b, anchor in enumerate(self.anchors):
                members = unknown[few & (nearest == b)]
                pieces = min(self.n_jobs, 1 + members.size // PIECE)
                while len(anchor.states) < pieces:
                    anchor.states.append(self.engine.derive(anchor.states[0], anchor.mask))
                split = np.array_split(members, pieces)
                parts += [(s, p) for s, p in zip(anchor.states, split, strict=False) if p.size]
        if afresh.size:
            split = np.array_split(afresh, min(self.n_jobs, afresh.size))
            parts += [(None, part) for part in split]
        return sorted(parts, key=lambda part: (part[0] is not None, -len(part[1])))

    def _map(self, function: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
        apply = map if self.threads is None else self.threads.map
        return list(apply(function, items))


def keys(words: Words) -> list[bytes]:
    """Return a key for each of the masks, (n, words); keys are equal where the masks are."""
    return [row.tobytes() for row in words]

"""Outcomes as plain values and arrays, so that a file can hold what a search has found."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scratchcard.search.evolution import Outcome
from scratchcard.search.limits import as_array, from_array
from scratchcard.search.sealed import CheckpointError
from scratchcard.ticket import Head, Mask, Network
from scratchcard.ticket.codec import ByteReader

__all__ = ["Parts", "outcome_of", "parts_of"]

Parts = tuple[dict[str, Any], dict[str, NDArray[Any]]]
"""Plain values that JSON holds, and arrays by name."""

PLAIN = ("objective", "evaluations", "seconds", "generations", "stopped_by")
"""Fields of an outcome that are plain values."""


def parts_of(outcome: Outcome) -> Parts:
    """Return an outcome as plain values and arrays.

    Parameters
    ----------
    outcome : Outcome
        What a search found.

    Returns
    -------
    plain : dict
        Values that JSON holds.
    arrays : dict of str to ndarray
        The mask, the head and the history.
    """
    plain = {name: getattr(outcome, name) for name in PLAIN}
    plain["objective"] = float(outcome.objective)
    return plain, {
        "mask": np.packbits(outcome.mask.flat()),
        "head": np.frombuffer(outcome.head.encode(), np.uint8),
        "history": as_array(outcome.history),
    }


def outcome_of(parts: Parts, network: Network, head: Head) -> Outcome:
    """Return the outcome that :func:`parts_of` was given.

    Parameters
    ----------
    parts : tuple of dict and dict
        Plain values and arrays.
    network : Network
        The network that was searched.
    head : Head
        A head of the kind that it was searched with.

    Returns
    -------
    Outcome
        What the search found.

    Raises
    ------
    CheckpointError
        For parts of something else.
    """
    plain, arrays = parts
    try:
        flat = np.unpackbits(arrays["mask"], count=network.n_weights)
        reader = ByteReader(arrays["head"].tobytes())
        return Outcome(
            mask=Mask.from_flat(network.layers, flat),
            head=type(head).decode(reader, network.n_outputs),
            history=from_array(arrays["history"]),
            **{name: plain[name] for name in PLAIN},
        )
    except (KeyError, ValueError, TypeError) as error:
        raise CheckpointError(f"a part of the saved search cannot be read: {error}") from None

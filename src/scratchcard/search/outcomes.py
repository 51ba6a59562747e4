"""Outcomes as plain values and arrays, so that a file can hold what a search has found."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scratchcard.search.evolution import Outcome
from scratchcard.search.limits import MOST, as_array, from_array
from scratchcard.search.sealed import CheckpointError
from scratchcard.ticket import Head, Mask, Network
from scratchcard.ticket.codec import ByteReader

__all__ = ["Parts", "outcome_of", "parts_of"]

Parts = tuple[dict[str, Any], dict[str, NDArray[Any]]]
"""Plain values that JSON holds, and arrays by name."""


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
    return {
        "objective": float(outcome.objective),
        "evaluations": int(outcome.evaluations),
        "seconds": float(outcome.seconds),
        "generations": int(outcome.generations),
        "stopped_by": str(outcome.stopped_by),
    }, {
        "mask": np.packbits(outcome.mask.flat()),
        "head": np.frombuffer(outcome.head.encode(), np.uint8),
        "history": as_array(outcome.history),
    }


def outcome_of(name: str, parts: Parts, network: Network, head: Head) -> Outcome:
    """Return the outcome that :func:`parts_of` was given.

    Parameters
    ----------
    name : str
        What it is the outcome of.
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
        packed = arrays["mask"]
        if packed.dtype != np.uint8 or packed.shape != (-(-network.n_weights // 8),):
            raise ValueError(f"its mask is of shape {packed.shape}")
        counts, seconds = (plain["evaluations"], plain["generations"]), float(plain["seconds"])
        if (
            not all(type(n) is int and 0 <= n <= MOST for n in counts)
            or not 0 <= seconds < math.inf
        ):
            raise ValueError(f"it has counts {counts} and took {seconds} seconds")
        flat = np.unpackbits(packed, count=network.n_weights)
        found = type(head).decode(ByteReader(arrays["head"].tobytes()), network.n_outputs)
        return Outcome(
            mask=Mask.from_flat(network.layers, flat),
            head=head.calibrated_as(found),
            objective=float(plain["objective"]),
            evaluations=counts[0],
            seconds=seconds,
            generations=counts[1],
            stopped_by=str(plain["stopped_by"]),
            history=from_array(arrays["history"]),
        )
    except (LookupError, ValueError, TypeError, OverflowError) as error:
        raise CheckpointError(f"{name} of the saved search cannot be read: {error}") from None

"""Pruning after a search: scratching off what is not needed, or what there is no room for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scratchcard.engines import IncrementalEngine, make_engine_of
from scratchcard.objectives import Objective, get_objective
from scratchcard.rows import Rows
from scratchcard.ticket import Mask, Network, Reading
from scratchcard.ticket.mask_code import encode_mask

ROWS = 2048  # read to see what does least harm where the mask must shrink
TEMPERATURE = 1.0  # any number does for objectives that read only labels


def prune(
    network: Network,
    mask: Mask,
    rows: Rows,
    *,
    objective: str | Objective = "accuracy",
    temperature: float = TEMPERATURE,
    seed: int | None = None,
    engine: str = "incremental",
    stop: NDArray[np.int64] | None = None,
) -> Mask:
    """Scratch off each surviving weight in turn, and leave it off unless the objective gets worse.

    Parameters
    ----------
    network : Network
        The random network.
    mask : Mask
        The mask that was found.
    rows : Rows
        Rows that the objective is read on: training or validation rows, never test rows.
    objective : str or Objective
        What must not get worse. Accuracy is the paper's, and scratches off the most; cross-entropy
        scratches off less and keeps more of the accuracy on other rows.
    temperature : float
        Nats of logit per unit of output, for objectives that read more than labels: the
        :attr:`Outcome.temperature` of the search.
    seed : int or None
        None to go by flat weight index, first layer first, as the paper does; a number for a random
        order.
    engine : str
        A name of :data:`scratchcard.engines.ENGINES`; the result does not depend on it.
    stop : ndarray of shape (1,), int64, or None
        Set above 0 by others to end the pass where it is.

    Returns
    -------
    Mask
        What is left. :func:`~scratchcard.search.calibrated_temperature` calibrates anew.

    Raises
    ------
    ValueError
        For a mask or rows that do not fit the network, and an unknown objective or engine.
    """
    network.check_mask(mask)
    reader = make_engine_of(engine)(network, rows, get_objective(objective), temperature)
    state = reader.state(mask.flat())
    value = reader.value(reader.sums(state))
    order = np.flatnonzero(mask.flat())
    if seed is not None:
        np.random.default_rng(seed).shuffle(order)
    for index in order:
        if stop is not None and stop[0] > 0:
            break
        flip = np.array([index])
        then = reader.value(reader.trial(state, flip))
        if then <= value:
            reader.apply(state, flip)
            value = then
    return Mask.from_flat(network.layers, state.mask)


def shrink(
    network: Network,
    mask: Mask,
    rows: Rows,
    max_bits: int,
    objective: Objective,
    reading: Reading,
) -> Mask:
    """Scratch off weights until the code of a mask has at most so many bits.

    In each round those go whose loss does the least harm, as many as seem to be enough. Harm is
    measured on at most 2,048 of the rows.

    Parameters
    ----------
    network : Network
        The random network.
    mask : Mask
        The mask that was found.
    rows : Rows
        Rows that the objective is read on: training rows.
    max_bits : int
        Most bits of the mask's code in a ticket's file.
    objective : Objective
        What the search minimised.
    reading : float or Lines
        How the objective reads outputs, such as the temperature.

    Returns
    -------
    Mask
        What is left, without dead weights; ``mask`` itself where that is small enough.

    Raises
    ------
    ValueError
        If even the code of an empty mask has more bits.
    """
    size = 8 * len(encode_mask(mask.without_dead()))
    if size <= max_bits:
        return mask
    engine = IncrementalEngine(network, _some(rows), objective, reading)
    mask = mask.without_dead()
    while size > max_bits:
        flat = mask.flat()
        state, left = engine.state(flat), np.flatnonzero(flat)
        if not left.size:
            raise ValueError(f"max_bits takes at least {size}, which an empty mask has")
        harm = [engine.value(engine.trial(state, np.array([index]))) for index in left]
        n = max(1, int(left.size * (size - max_bits) / size))
        flat[left[np.argsort(harm, kind="stable")[:n]]] = 0
        mask = Mask.from_flat(network.layers, flat).without_dead()
        size = 8 * len(encode_mask(mask))
    return mask


def _some(rows: Rows) -> Rows:
    """Return at most ROWS of the rows, drawn at random."""
    if len(rows) <= ROWS:
        return rows
    some = np.sort(np.random.default_rng(0).choice(len(rows), ROWS, replace=False))
    return Rows(rows.inputs[some], rows.targets[some], rows.weights[some])

"""Tempering: how an objective reads outputs, and how that is fitted while a search goes on.

For classes it is a temperature, one positive number that turns outputs into logits. It never
changes a label.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from scratchcard.rows import Rows
from scratchcard.ticket import Network, Reading
from scratchcard.ticket.heads.classes import spread

__all__ = [
    "SHARPNESS",
    "SMOOTHING",
    "SOFTMAX",
    "Tempering",
    "bits_per_output",
    "own_temperature",
    "retempered",
]

Outputs = NDArray[np.integer[Any]]

# What the temperature of a search is fitted with by default: the share of a target that is spread
# over all classes, and the multiple of the fitted temperature that the search takes.
SMOOTHING, SHARPNESS = 0.1, 2.0
# The fit tries lowest * 2**(k / 2) for k below this: up to 128 times; moons need 30 to 60.
STEPS = 15
SPREAD = 1.0  # nats between classes that the outputs of random masks are given before a search
SHARPEST = 16.0  # most that the temperature is a multiple of the one that gives a spread of a nat


class Tempering(Protocol):
    """How an objective reads outputs: what it makes of a reading, and how readings are found."""

    def scale(self, reading: Any) -> Any:
        """Return what the objective's statistics take as ``scale``.

        Parameters
        ----------
        reading : Reading
            A temperature, or lines.

        Returns
        -------
        float32 or ndarray of shape (2, n_outputs), float32
            The numbers by which outputs are read.
        """
        ...

    def first(self, outputs: Sequence[Outputs], weights: NDArray[np.int64]) -> Reading:
        """Return the reading at the beginning of a search.

        Parameters
        ----------
        outputs : sequence of ndarray of shape (n_rows, n_outputs)
            Outputs of random masks.
        weights : ndarray of shape (n_rows,), int64
            Weights of the rows.

        Returns
        -------
        Reading
            The reading.
        """
        ...

    def fitted(
        self, outputs: Outputs, rows: Rows, first: Any, now: Any, sharpness: float, smoothing: float
    ) -> Reading:
        """Return the reading for the next generation of a search.

        Parameters
        ----------
        outputs : ndarray of shape (n_rows, n_outputs) of integers
            Outputs of the best individual.
        rows : Rows
            The rows that they are of; inputs are not read.
        first, now : Reading
            The reading at the beginning, and that of the last generation.
        sharpness, smoothing : float
            Settings for classes, see :class:`~scratchcard.Memetic`.

        Returns
        -------
        Reading
            The reading.
        """
        ...

    def unfitted(self, network: Network, first: Any) -> Reading:
        """Return the reading for a search that never changes it.

        Parameters
        ----------
        network : Network
            The random network.
        first : Reading
            The reading at the beginning of other searches.

        Returns
        -------
        Reading
            The reading.
        """
        ...


class Softmax:
    """Reads outputs at a temperature."""

    def scale(self, reading: float) -> np.float32:
        """Return bits of logit per unit of output."""
        return bits_per_output(reading)

    def first(self, outputs: Sequence[Outputs], weights: NDArray[np.int64]) -> float:
        """Return the temperature that gives random masks logits with a spread of one nat."""
        squares = [spread(of_mask, weights) ** 2 for of_mask in outputs]
        return float(np.float32(SPREAD / max(np.sqrt(np.mean(squares)), 1.0)))

    def fitted(
        self,
        outputs: Outputs,
        rows: Rows,
        first: float,
        now: float,
        sharpness: float,
        smoothing: float,
    ) -> float:
        """Return the temperature with the least label-smoothed cross-entropy, made sharper."""
        return retempered(outputs, rows, first, now, sharpness, smoothing)

    def unfitted(self, network: Network, first: float) -> float:
        """Return the temperature of the paper."""
        return own_temperature(network, first)


SOFTMAX = Softmax()
"""How outputs that stand for classes are read."""


def bits_per_output(temperature: float) -> np.float32:
    """Return the number that turns an output into a logit in bits.

    Parameters
    ----------
    temperature : float
        Nats of logit per unit of output.

    Returns
    -------
    float32
        Bits of logit per unit of output: the temperature divided by ln 2.
    """
    return np.float32(temperature * 1.4426950408889634)


def own_temperature(network: Network, calm: float) -> float:
    """Return the temperature at which 1.0 of the network of real weights is a logit of 1 nat.

    It is no lower than ``calm``, so that the softmax is not flat; and no higher than 16 times that,
    so that deep and wide networks do not saturate it.

    Parameters
    ----------
    network : Network
        The random network.
    calm : float
        The temperature that gives random masks logits with a spread of one nat.

    Returns
    -------
    float
        Nats of logit per unit of output.
    """
    return float(np.clip(1.0 / network.one_sums[-1], calm, SHARPEST * calm))


def retempered(
    outputs: NDArray[np.integer],
    rows: Rows,
    lowest: float,
    now: float,
    sharpness: float = SHARPNESS,
    smoothing: float = SMOOTHING,
) -> float:
    """Return the temperature for the next generation of a search.

    It is ``sharpness`` times the temperature at which the label-smoothed cross-entropy is least,
    and at least ``sharpness`` times ``lowest``. The fit goes in steps of a factor of sqrt(2), so
    that no rounding decides, and downhill from ``now``, because the loss is convex in the
    temperature.

    A fixed temperature would leave the softmax flat once the outputs separate the classes well, and
    rows near the boundary between classes would hardly change the loss. With a ``sharpness`` above
    1 a search gives more weight to which side of the boundary a row is on; with 1 it gives more
    weight to probabilities that fit. The smoothing keeps the temperature finite where no training
    error is left.

    Parameters
    ----------
    outputs : ndarray of shape (n_rows, n_outputs) of integers
        Outputs of the best individual.
    rows : Rows
        The rows that they are of; inputs are not read.
    lowest : float
        Lowest temperature that is fitted.
    now : float
        The temperature of the last generation.
    sharpness : float
        The multiple of the fitted temperature.
    smoothing : float
        Share of a target that is spread over all classes, above 0 to 1.

    Returns
    -------
    float
        Nats of logit per unit of output.
    """
    margins = (outputs - outputs[np.arange(len(rows)), rows.targets][:, None]).astype(np.float32)
    pull = smoothing * float(np.average(margins.mean(axis=1), weights=rows.weights))

    @cache
    def loss(step: int) -> float:
        if not 0 <= step < STEPS:
            return np.inf
        t = lowest * 2.0 ** (step / 2)
        logits = margins * np.float32(t)
        highest = logits.max(axis=1)
        spread = np.log(np.exp(logits - highest[:, None]).sum(axis=1)) + highest
        return float(np.average(spread, weights=rows.weights) - pull * t)

    step = round(2 * np.log2(max(now / (sharpness * lowest), 1.0)))
    while loss(step + 1) < loss(step):
        step += 1
    while loss(step - 1) <= loss(step):
        step -= 1
    return float(np.float32(sharpness * lowest * 2.0 ** (step / 2)))

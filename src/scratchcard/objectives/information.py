"""Mutual information: what the answer for a row tells about the answer for its neighbour.

Rows come in pairs, a row and a neighbour of it. The softmax outputs of the two rows make a joint
table of clusters, the mean over the pairs of their outer product; it is made symmetric, since a
pair has no direction. Its mutual information is high where neighbours get the same cluster, where
they get it surely, and where all clusters are used alike; at most it is the logarithm of the number
of clusters. No target is read (Ji, Henriques and Vedaldi 2019, "Invariant Information Clustering").
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from scratchcard.compiled.cache import jit
from scratchcard.objectives.base import Objective
from scratchcard.objectives.softmax import _exponentials, _largest, _off_sign, _relative_exp
from scratchcard.objectives.tempering import Outputs, Softmax
from scratchcard.rows import Rows

FINE = np.float32(1 << 24)  # products of two probabilities are cut to multiples of one over this
LN2 = 0.6931471805599453
SQRT_HALF = 0.7071067811865476
UNIT = np.float32(1)
ZERO = np.float32(0)


def mutual_information(
    p: npt.ArrayLike, q: npt.ArrayLike, weights: npt.ArrayLike | None = None
) -> float:
    """Return what the clusters of rows and of their neighbours tell about each other, in nats.

    Parameters
    ----------
    p : array-like of shape (n_pairs, n_clusters)
        Probabilities of the clusters of a row of each pair.
    q : array-like of shape (n_pairs, n_clusters)
        Those of the other row.
    weights : array-like of shape (n_pairs,) or None
        What each pair counts, at least 0; None for 1 everywhere.

    Returns
    -------
    float
        From 0 to the logarithm of the number of clusters.

    Raises
    ------
    ValueError
        For arrays of other shapes, and where no pair counts.
    """
    rows, neighbours = np.asarray(p, np.float64), np.asarray(q, np.float64)
    if rows.ndim != 2 or rows.shape != neighbours.shape:
        raise ValueError(
            "p and q take the same shape (n_pairs, n_clusters), "
            f"got {rows.shape} and {neighbours.shape}"
        )
    counts = np.ones(len(rows)) if weights is None else np.asarray(weights, np.float64)
    if counts.shape != (len(rows),):
        raise ValueError(f"weights takes shape {(len(rows),)}, as p has pairs, got {counts.shape}")
    table = (rows * counts[:, None]).T @ neighbours
    joint = table + table.T
    if not joint.sum() > 0:
        raise ValueError(f"weights takes a pair that counts, got none among {len(rows)} pairs")
    joint /= joint.sum()
    single = joint.sum(axis=1)
    at = joint > 0
    found = np.sum(joint[at] * np.log(joint[at] / np.outer(single, single)[at]))
    return max(0.0, float(found))


def answered_by_neighbours(outputs: Outputs, rows: Rows) -> Rows:
    """Return the rows, each with what is answered for the row beside it in its group as target.

    Parameters
    ----------
    outputs : ndarray of shape (n_rows, n_outputs) of integers
        Outputs for the rows.
    rows : Rows
        The rows; their targets are not read.

    Returns
    -------
    Rows
        The rows with other targets.
    """
    answers = outputs.argmax(axis=1).reshape(-1, rows.group)
    return rows.with_targets(np.roll(answers, 1, axis=1).ravel())


class AmongNeighbours(Softmax):
    """Reads outputs at the temperature that fits what is answered for the neighbours of rows."""

    def fitted(
        self,
        outputs: Outputs,
        rows: Rows,
        first: float,
        now: float,
        sharpness: float,
        smoothing: float,
    ) -> float:
        """Return the temperature as if rows were to be what their neighbours are."""
        rows = answered_by_neighbours(outputs, rows)
        return super().fitted(outputs, rows, first, now, sharpness, smoothing)


# -- the objective -------------------------------------------------------------------------------


def _joint(outputs: Any, targets: Any, weights: Any, scale: np.float32) -> npt.NDArray[np.int64]:
    exps, total = _exponentials(outputs, scale)
    p = exps * (UNIT / total)[:, None]
    products = p[::2, :, None] * p[1::2, None, :]
    quanta = (products * FINE).astype(np.int32).astype(np.int64)
    table: npt.NDArray[np.int64] = (quanta * weights[::2, None, None]).sum(axis=0)
    return table.ravel()


def _joint_block(block):
    n_classes = block.where.size - 1
    n_pairs = block.weights.size // 2
    inverse, first = block.work[0], block.work[1]
    for r in range(inverse.size):
        total = block.exps[block.where[0]][r]
        for k in range(1, n_classes):
            total += block.exps[block.where[k]][r]
        inverse[r] = UNIT / total
        if _off_sign(total) < 0:
            inverse[r] = ZERO  # the pair is added at the end
    for j in range(n_classes):
        e = block.exps[block.where[j]]
        for i in range(n_pairs):
            first[i] = e[2 * i] * inverse[2 * i]
        for k in range(n_classes):
            f = block.exps[block.where[k]]
            found = np.int64(0)
            for i in range(n_pairs):
                product = first[i] * (f[2 * i + 1] * inverse[2 * i + 1])
                found += np.int64(np.int32(product * FINE)) * np.int64(block.weights[2 * i])
            block.sums[j * n_classes + k] += found
    for i in range(n_pairs):
        if inverse[2 * i] == ZERO or inverse[2 * i + 1] == ZERO:
            _add_off_the_scale(block, 2 * i)
    if n_classes == 1:  # then a row has one statistic, and that of each row is what counts
        for i in range(n_pairs):
            product = _probability(block, 0, 2 * i) * _probability(block, 0, 2 * i + 1)
            block.quanta[2 * i] = np.int32(product * FINE)
            block.quanta[2 * i + 1] = np.int32(0)
    return 0


@jit
def _add_off_the_scale(block, r):
    """Add the products of the pair at ``r``, of whose rows at least one is off the scale."""
    n_classes = block.where.size - 1
    for j in range(n_classes):
        p = _probability(block, j, r)
        for k in range(n_classes):
            product = p * _probability(block, k, r + 1)
            quanta = np.int64(np.int32(product * FINE)) * np.int64(block.weights[r])
            block.sums[j * n_classes + k] += quanta


@jit
def _probability(block, k, r):
    """Return the probability of class ``k`` for a row that may be off the scale."""
    n_classes = block.where.size - 1
    if block.work[0][r] != ZERO:
        return block.exps[block.where[k], r] * block.work[0][r]
    largest = _largest(block, r)
    total = _relative_exp(block, 0, r, largest)
    for j in range(1, n_classes):
        total += _relative_exp(block, j, r, largest)
    return _relative_exp(block, k, r, largest) * (UNIT / total)


def _information_value(sums, total_weight):
    # Of counts c that add up to n, sum(c / n * log(c / n)) is sum(c * log(c)) / n - log(n).
    n_classes = int(np.sqrt(sums.size))
    n, joint, single = 0.0, 0.0, 0.0
    for j in range(n_classes):
        row = 0.0
        for k in range(n_classes):
            count = float(sums[j * n_classes + k] + sums[k * n_classes + j])
            row += count
            joint += _times_log(count)
        n += row
        single += _times_log(row)
    if n == 0.0:
        return 0.0
    return -max(0.0, (_times_log(n) + joint - 2.0 * single) / n)


@jit
def _times_log(x):
    """Return x * ln(x) of a number of at least 0, by the same operations on every machine."""
    if x == 0.0:
        return 0.0
    m, exponent = math.frexp(x)
    if m < SQRT_HALF:
        m, exponent = 2.0 * m, exponent - 1
    t = (m - 1.0) / (m + 1.0)  # at most 0.172, and ln(m) is 2 * (t + t**3 / 3 + t**5 / 5 + ...)
    series, power = 0.0, t
    for k in range(1, 23, 2):
        series += power / k
        power *= t * t
    return x * (exponent * LN2 + 2.0 * series)


def _square(n_classes: int) -> int:
    return n_classes * n_classes


MUTUAL_INFORMATION = Objective(
    name="mutual_information",
    n_statistics=_square,
    statistics=_joint,
    block=_joint_block,
    value=_information_value,
    needs_exps=True,
    tempering=AmongNeighbours(),
    group=2,
    reads_targets=False,
)
"""Minus the mutual information in nats between the answers for a row and for its neighbour."""

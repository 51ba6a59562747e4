"""Rows whose part in a data set is known: what tests of the promises about rows are made from."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from scratchcard.datasets import Dataset, Part, split
from scratchcard.rows import Rows
from scratchcard.ticket.mask import Mask
from scratchcard.ticket.network import Network

N_FEATURES = 4
LABELS = np.array(["left", "right", "top"])
CENTRES = np.array([[2.0, 0, 0, 1], [-2.0, 0, 1, 0], [0, 2.0, 1, 1]])


def blobs(n_rows: int, seed: int, noise: float = 0.8) -> Part:
    """Return rows of three classes, most of which can be told apart, in steps of 1/8.

    So few different values need 8 bits. All lie between -4 and 4.
    """
    random = np.random.default_rng(seed)
    which = np.arange(n_rows) % len(LABELS)
    X = CENTRES[which] + random.normal(0, noise, (n_rows, N_FEATURES))
    return Part(np.clip(np.round(X * 8) / 8, -4, 4), LABELS[which])


def dataset(
    train: Part | None = None, validation: Part | None = None, test: Part | None = None
) -> Dataset:
    """Return a data set of these parts; blobs for those not given."""
    return Dataset(
        "blobs",
        train or blobs(90, seed=1),
        validation or blobs(45, seed=2),
        test or blobs(30, seed=3),
    )


def fine(part: Part, factor: float = 1.0) -> Part:
    """Return rows far away, 300 of them at least, no two of which share a value."""
    times = -(-300 // len(part.y))
    X, y = np.tile(part.X, (times, 1)), np.tile(part.y, times)
    return Part(X * factor + np.arange(len(X))[:, None] / 1024, y)


def relabelled(part: Part, labels: list[str]) -> Part:
    """Return the rows with other labels: these in place of left, right and top."""
    return Part(part.X, np.array(labels)[np.searchsorted(LABELS, part.y)])


def noisily(part: Part, share: float, seed: int = 0) -> Part:
    """Return the rows, a share of them with a label drawn anew."""
    random = np.random.default_rng(seed)
    drawn = random.random(len(part.y)) < share
    return Part(part.X, np.where(drawn, random.choice(LABELS, len(part.y)), part.y))


class SealedPart:
    """Rows that nobody may look at until they are opened; it counts how often they are read."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.is_open = False
        self.reads = 0

    @property
    def X(self) -> np.ndarray:
        assert self.is_open, "test rows were read before the search was over"
        self.reads += 1
        return self.part.X

    @property
    def y(self) -> np.ndarray:
        assert self.is_open, "test labels were read before the search was over"
        return self.part.y

    def __iter__(self):
        return iter((self.X, self.y))

    def __getitem__(self, index):
        return (self.X, self.y)[index]


def sealed(data: Dataset) -> SealedPart:
    """Put the test rows of a data set, which checked them when it was made, under a seal."""
    seal = SealedPart(data.test)
    object.__setattr__(data, "test", seal)
    return seal


# Files


def places(y: np.ndarray) -> dict[str, np.ndarray]:
    """Return which rows of a file with these labels become which part.

    The split reads labels only, so rows that carry nothing but their number tell.
    """
    probe = split("probe", np.arange(len(y), dtype=float)[:, None], y)
    return {
        part: getattr(probe, part).X[:, 0].astype(int) for part in ("train", "validation", "test")
    }


def save(path: Path, part: Part) -> Path:
    """Write rows to an NPZ file."""
    np.savez(path, X=part.X, y=part.y)
    return path


# Networks


def dense_network(*sizes: int, **families) -> Network:
    """Return a dense network of these sizes."""
    return Network.dense(sizes, **families)


def random_rows(network: Network, n_rows: int, seed: int) -> Rows:
    """Return rows of a network's integers with random labels."""
    random = np.random.default_rng(seed)
    limit = network.input_limit
    inputs = random.integers(-limit, limit, (n_rows, network.n_inputs), endpoint=True)
    return Rows(inputs, random.integers(0, network.n_outputs, n_rows))


def share_right(network: Network, mask: Mask, rows: Rows) -> float:
    """Return the weighted share of rows whose label is right, by the network's own outputs."""
    right = network.outputs(mask, rows.inputs).argmax(axis=1) == rows.targets
    return float(np.average(right, weights=rows.weights))


# Calibration


def smoothed_loss(outputs: np.ndarray, targets: np.ndarray, temperature: float) -> float:
    """Return the cross-entropy of labels smoothed by Laplace's rule, outputs times a temperature.

    The rule gives every class 1 / (n + 2) in all of the weight of a label, for n rows.
    """
    logits = outputs * temperature
    logits = logits - logits.max(axis=1, keepdims=True)
    losses = np.log(np.exp(logits).sum(axis=1, keepdims=True)) - logits
    smoothing = 1.0 / (len(targets) + 2)
    own = losses[np.arange(len(targets)), targets]
    return float(np.mean((1 - smoothing) * own + smoothing * losses.mean(axis=1)))


def is_calibrated(outputs: np.ndarray, targets: np.ndarray, temperature: float) -> bool:
    """Return whether no temperature nearby has a lower loss on these rows."""
    least = smoothed_loss(outputs, targets, temperature)
    others = (0.2, 0.5, 0.8, 0.95, 0.99, 1.01, 1.05, 1.25, 2.0, 5.0)
    return all(least <= smoothed_loss(outputs, targets, temperature * by) for by in others)

"""Trains parameters by minibatch descent, within a limit of epochs or seconds. Torch.

The learning rate falls along a half cosine over the limit. The rows are float32 tensors in memory
from the start, and a minibatch is some of their indices. Time in the callback does not count.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Generic, NamedTuple, Protocol, TypeVar

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from scratchcard.research.baselines.clock import Clock
from scratchcard.rows import Rows

M = TypeVar("M")
M_co = TypeVar("M_co", covariant=True)

DEFAULT_EPOCHS = 100
OPTIMIZERS = ("sgd", "adam")


@dataclass(frozen=True)
class Descent:
    """How gradients move parameters. The defaults are those of the edge-popup paper.

    Parameters
    ----------
    optimizer : str
        "sgd" or "adam".
    lr : float
        Learning rate at the start; it ends at 0.
    momentum : float
        Of sgd; the first beta of adam.
    weight_decay : float
        Times the parameter, added to the gradient.
    batch : int
        Rows in a minibatch.
    """

    optimizer: str = "sgd"
    lr: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 1e-4
    batch: int = 128

    def __post_init__(self) -> None:
        if self.optimizer not in OPTIMIZERS:
            known = " or ".join(map(repr, OPTIMIZERS))
            raise ValueError(f"optimizer takes {known}, got {self.optimizer!r}")
        if not self.lr > 0:
            raise ValueError(f"lr takes a number above 0, got {self.lr!r}")
        if self.batch < 1:
            raise ValueError(f"batch takes a number of rows from 1, got {self.batch!r}")

    def start(self, parameters: list[torch.Tensor]) -> torch.optim.Optimizer:
        """Return torch's optimizer of these parameters."""
        shared = {"lr": self.lr, "weight_decay": self.weight_decay, "fused": True}
        if self.optimizer == "adam":
            return torch.optim.Adam(parameters, betas=(self.momentum, 0.999), **shared)
        return torch.optim.SGD(parameters, momentum=self.momentum, **shared)


@dataclass(frozen=True)
class TrainingLimits:
    """When training ends, whichever comes first; 100 epochs if both are None.

    Only a limit in seconds makes the result depend on the machine.
    """

    epochs: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        for name in ("epochs", "seconds"):
            value = getattr(self, name)
            if value is not None and not (value > 0 and math.isfinite(value)):
                raise ValueError(f"{name} takes a number above 0 or None, got {value!r}")

    def used(self, epochs: float, seconds: float) -> dict[str, float]:
        """Return the share of each limit that is used up."""
        allowed = DEFAULT_EPOCHS if self.epochs is None and self.seconds is None else self.epochs
        return {
            "epochs": epochs / (allowed or math.inf),
            "seconds": seconds / (self.seconds or math.inf),
        }


class Epoch(NamedTuple):
    """The end of an epoch: training seconds until then, and the mean loss of its steps."""

    seconds: float
    loss: float


@dataclass(frozen=True)
class Run:
    """How training went, or has gone so far: ``stopped_by`` is then empty.

    It ends by "epochs", "seconds", "callback" or "interrupt".
    """

    seconds: float = 0.0
    steps: int = 0
    stopped_by: str = ""
    history: tuple[Epoch, ...] = field(default=(), repr=False)

    @property
    def epochs(self) -> int:
        """Whole epochs."""
        return len(self.history)


class Learner(Protocol[M_co]):
    """Parameters that can be trained, and the model that they make."""

    parameters: list[torch.Tensor]
    input_unit: float

    def logits(self, inputs: torch.Tensor) -> torch.Tensor:
        """Turn inputs, (n_rows, n_inputs) in units of ``input_unit``, into (n_rows, n_outputs)."""
        ...

    def model(self, run: Run) -> M_co:
        """Return the model that the parameters make now."""
        ...


@dataclass(frozen=True)
class TrainingProgress(Generic[M]):
    """Where training stands after a step."""

    run: Run
    fraction: float
    learner: Learner[M]

    def model(self) -> M:
        """Return the model as it is now."""
        return self.learner.model(self.run)


def train(
    learner: Learner[M],
    rows: Rows,
    *,
    descent: Descent,
    limits: TrainingLimits,
    clock: Clock,
    generator: torch.Generator,
    callback: Callable[[TrainingProgress[M]], object] | None = None,
) -> M:
    """Train on the mean cross-entropy of the rows until a limit, and return the model.

    KeyboardInterrupt ends training, and the model so far is returned.

    Parameters
    ----------
    learner : Learner
        The parameters.
    rows : Rows
        Training rows.
    descent : Descent
        The optimizer and its settings.
    limits : TrainingLimits
        When training ends.
    clock : Clock
        Counts the seconds of the limit; what it counted before belongs to the training.
    generator : torch.Generator
        Draws the order of the rows.
    callback : callable or None
        Called after each step; a true answer stops.
    """
    inputs = torch.from_numpy(rows.inputs.astype(np.float32)).div_(learner.input_unit)
    weights = torch.from_numpy((rows.weights / rows.weights.mean()).astype(np.float32))
    targets = torch.tensor(rows.targets)
    optimizer = descent.start(learner.parameters)
    per_epoch = -(-len(rows) // descent.batch)
    run, fraction, loss_sum = Run(), 0.0, 0.0
    try:
        for batch in _batches(len(rows), descent.batch, generator):
            for group in optimizer.param_groups:
                group["lr"] = descent.lr * (1.0 + math.cos(math.pi * fraction)) / 2.0
            outputs = learner.logits(inputs.index_select(0, batch))
            losses = cross_entropy(outputs, targets[batch], reduction="none")
            loss = (losses * weights[batch]).mean()
            for parameter in learner.parameters:
                parameter.grad = None
            loss.backward()
            optimizer.step()

            steps, seconds, history = run.steps + 1, clock.seconds, run.history
            loss_sum += loss.item()
            if steps % per_epoch == 0:
                history += (Epoch(seconds, loss_sum / per_epoch),)
                loss_sum = 0.0
            run = Run(seconds, steps, "", history)
            used = limits.used(steps / per_epoch, seconds)
            fraction = min(1.0, max(used.values()))
            with clock.paused():
                if callback is not None and callback(TrainingProgress(run, fraction, learner)):
                    return learner.model(replace(run, stopped_by="callback"))
            if fraction >= 1.0:
                return learner.model(replace(run, stopped_by=max(used, key=lambda n: used[n])))
    except KeyboardInterrupt:
        pass
    return learner.model(replace(run, stopped_by="interrupt"))


def _batches(n_rows: int, size: int, generator: torch.Generator) -> Iterator[torch.Tensor]:
    """Yield indices of rows, epoch after epoch, each time in a new order."""
    while True:
        yield from torch.randperm(n_rows, generator=generator).split(size)

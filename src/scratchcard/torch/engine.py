"""The engine of modules: a loss of masks, each of which is a forward pass.

Elsewhere than on a CPU the search asks for several masks at once, and ``vmap`` computes them
together. Then always as many are computed, the last one again where masks lack: products of other
shapes may be summed in another order, and what a seed finds would depend on how many masks were
asked for.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from scratchcard.engines.checks import one_statistic_only
from scratchcard.objectives import Objective
from scratchcard.objectives.base import one_statistic
from scratchcard.rows import Rows
from scratchcard.torch.examples import Examples
from scratchcard.torch.frozen import Frozen

__all__ = ["Loss", "ModuleEngine"]

Loss = Callable[[torch.Tensor, torch.Tensor], Any]
Mask = NDArray[np.uint8]

# Masks at once where nobody says. A CPU gains by vmap where rows are few, but less than is lost
# with each candidate that is accepted: those that were proposed after it (docs/guide/torch.md).
AT_ONCE, AT_ONCE_ON_CPU = 32, 1
DIGITS = 24  # binary digits of a loss, as in single precision


class _AsTheyAre:
    """The tempering of a loss, which reads outputs as they are."""

    def scale(self, reading: Any) -> Any:
        return np.float32(1.0)

    def first(self, outputs: Any, weights: Any) -> float:
        return 1.0

    def unfitted(self, network: Any, reading: Any) -> Any:
        return reading

    def fitted(self, outputs: Any, rows: Any, first: Any, current: Any, *settings: float) -> Any:
        return current


def _not_by_rows(*given: Any) -> Any:
    raise NotImplementedError("the loss of a module is computed by its engine")


def loss_of(sums: NDArray[np.int64], total_weight: int = 1) -> float:
    """Return the loss whose bits an engine of modules gives as sums."""
    return float(sums.view(np.float64)[0])


LOSS = Objective(
    name="loss",
    n_statistics=one_statistic,
    statistics=_not_by_rows,
    block=_not_by_rows,
    value=loss_of,
    answers="whatever the loss reads",
    tempering=_AsTheyAre(),
)


@dataclass
class _State:
    mask: Mask


class ModuleEngine:
    """Computes a loss of masks of a frozen module.

    Its methods take and return what those of every engine do; see
    :class:`scratchcard.engines.Engine`. The one statistic that it sums is the loss itself, a double
    float whose bits are kept as an integer.

    Parameters
    ----------
    frozen : Frozen
        The module.
    loss : callable
        ``loss(outputs, targets)``, a number or one for each row; lower is better.
    examples : Examples
        The inputs and targets.
    at_once : int or None
        Masks to compute at once; None for what is fast.
    """

    compiled = None
    n_blocks = 1
    temperature = 1.0
    objective = LOSS

    def __init__(
        self, frozen: Frozen, loss: Loss, examples: Examples, at_once: int | None = None
    ) -> None:
        self.frozen, self.loss, self.examples = frozen, loss, examples
        self.network: Any = frozen.network
        self.rows = Rows(
            np.zeros((len(examples), 0), np.int16), np.zeros(len(examples), np.int64)
        )  # the search counts them, and only this engine reads them
        if at_once is None:
            at_once = AT_ONCE_ON_CPU if frozen.device.type == "cpu" else AT_ONCE
        self.at_once = 1 if at_once > 1 and self._lacks_vmap() else at_once

    def _lacks_vmap(self) -> bool:
        """Return whether several masks cannot be computed at once, with a warning that says why."""
        two = torch.ones(2, self.network.n_weights, device=self.frozen.device)
        try:
            with torch.no_grad(), warnings.catch_warnings():
                # torch warns where it would loop over masks itself, which is slower than to do so.
                warnings.filterwarnings("error", "There is a performance drop")
                self.frozen.many(self.frozen.weights(two), self.examples.batches[0])
        except Exception as error:  # whatever a module's own code raises
            reason = (str(error) or type(error).__name__).split(". ")[0].splitlines()[0]
            warnings.warn(
                f"masks are computed one after the other, since vmap cannot run this module: "
                f"{reason}",
                stacklevel=4,
            )
            return True
        return False

    # -- what a mask is worth --------------------------------------------------------------------

    def evaluate(
        self, masks: Mask, near: Any = None, n_jobs: int = 1, worst: float = np.inf
    ) -> NDArray[np.int64]:
        """Return the sums of flat masks: (n, n_weights) give (n, 1)."""
        losses = np.empty((len(masks), 1))
        with torch.no_grad():
            for start in range(0, len(masks), self.at_once):
                part = masks[start : start + self.at_once]
                for number, outputs in enumerate(self._outputs(part)[: len(part)]):
                    losses[start + number] = self._loss(outputs)
        found: NDArray[np.int64] = losses.view(np.int64)
        return found

    def _outputs(self, masks: Mask) -> torch.Tensor:
        """Return the outputs of masks, (at_once, n_rows, ...); those of the last fill up."""
        frozen, batches = self.frozen, self.examples.batches
        filled = np.concatenate([masks, np.repeat(masks[-1:], self.at_once - len(masks), axis=0)])
        weights = frozen.weights(torch.tensor(filled, device=frozen.device))
        if self.at_once > 1:
            return torch.cat([frozen.many(weights, batch) for batch in batches], dim=1)
        first = {name: some[0] for name, some in weights.items()}
        return torch.cat([frozen.one(first, batch) for batch in batches])[None]

    def _loss(self, outputs: torch.Tensor) -> float:
        """Return the loss of outputs, a mean over rows where it is one number for each."""
        try:
            found = self.loss(outputs, self.examples.targets)
        except (RuntimeError, TypeError, IndexError) as error:
            reason = str(error) or type(error).__name__
            raise ValueError(
                f"loss takes a function of these outputs and targets: {reason}"
            ) from error
        try:
            values = torch.as_tensor(found).detach().cpu().double()
        except (TypeError, ValueError, RuntimeError):
            raise ValueError(
                f"loss takes a function that returns a number or a tensor, got {found!r:.80}"
            ) from None
        if values.shape not in ((), (len(self.examples),)):
            raise ValueError(
                f"loss takes a function that returns one number, or one for each of the "
                f"{len(self.examples)} rows, got shape {tuple(values.shape)}"
            )
        return _rounded(float(values.mean()))

    def value(self, sums: NDArray[np.int64]) -> float:
        """Return the loss for these sums, (1,); infinite where it is no finite number.

        A mask may leave a module nothing to divide by; it is worse than any other then.
        """
        loss = loss_of(sums)
        return loss if math.isfinite(loss) else math.inf

    def values(self, sums: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the losses for many sums: (n, 1) give (n,)."""
        return np.array([self.value(row) for row in sums])

    # -- individuals -----------------------------------------------------------------------------

    def state(self, mask: Mask) -> _State:
        """Return an individual with this flat mask, (n_weights,), which is copied."""
        return _State(np.array(mask, dtype=np.uint8))

    def derive(self, state: _State, mask: Mask) -> _State:
        """Return an individual with this flat mask; the similar one is of no use here."""
        return self.state(mask)

    def affordable_states(self, memory: int) -> int:
        """Return 0, because deriving an individual from another saves nothing here."""
        return 0

    def sums(self, state: _State) -> NDArray[np.int64]:
        """Return the sums of an individual, (1,)."""
        found: NDArray[np.int64] = self.evaluate(state.mask[None])[0]
        return found

    def trial(self, state: _State, flips: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return what the sums would be with these flat weight indices flipped; flips nothing."""
        mask = state.mask.copy()
        mask[flips] ^= 1
        found: NDArray[np.int64] = self.evaluate(mask[None])[0]
        return found

    def trial_flips(self, state: _State, flips: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return what the sums would be for each flat index flipped alone, (n, 1)."""
        masks = np.repeat(state.mask[None], len(flips), axis=0)
        masks[np.arange(len(flips)), flips] ^= 1
        return self.evaluate(masks)

    def apply(self, state: _State, flips: NDArray[np.int64]) -> None:
        """Flip these flat weight indices of an individual."""
        state.mask[flips] ^= 1

    # -- what only other objectives need ---------------------------------------------------------

    def temper(self, temperature: Any) -> None:
        """Do nothing: the loss reads outputs as they are."""

    def retarget(self, targets: NDArray[np.int64]) -> None:
        """Raise ValueError: the targets of a module are tensors that stay as they are."""
        raise ValueError("targets of a module stay as they are")

    def row_statistics(self, mask: Mask, n_jobs: int = 1) -> NDArray[np.int32]:
        """Raise ValueError: a loss has no statistic of each row."""
        one_statistic_only(self.objective, 0)
        raise ValueError("a loss of a module has no integer statistics of rows")

    def outputs(self, mask: Mask, n_rows: int) -> tuple[NDArray[Any], Rows]:
        """Return the outputs for all rows, and rows that stand for them."""
        with torch.no_grad():
            return self._outputs(mask[None])[0].cpu().numpy(), self.rows


def _rounded(loss: float) -> float:
    """Return a loss in as many digits as single precision has.

    So a module of double floats gives the same loss however its sums are ordered.
    """
    mantissa, exponent = math.frexp(loss)
    is_finite = math.isfinite(loss)
    return math.ldexp(round(math.ldexp(mantissa, DIGITS)), exponent - DIGITS) if is_finite else loss

"""Examples: the inputs and targets that a module is judged on, as tensors on a device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, IterableDataset, default_collate

__all__ = ["Examples", "as_device", "read_examples"]


@dataclass(frozen=True)
class Examples:
    """Inputs and targets, read once.

    Parameters
    ----------
    batches : sequence of tuple of Tensor
        The arguments of the module, ``batch_size`` rows at a time.
    targets : Tensor
        The targets of all rows.
    """

    batches: Sequence[tuple[torch.Tensor, ...]]
    targets: torch.Tensor

    def __len__(self) -> int:
        return len(self.targets)


def as_device(device: Any) -> torch.device | None:
    """Return a device that tensors can be put on; None for None.

    Raises ValueError for anything else.
    """
    if device is None:
        return None
    try:
        found = torch.device(device)
        torch.zeros(1, device=found).item()  # which fails on the device "meta"
    except (RuntimeError, TypeError, AssertionError, NotImplementedError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(
            f"device takes one that this torch can use, got {device!r}: {reason}"
        ) from None
    return found


def read_examples(
    name: str, data: Any, batch_size: int, device: torch.device, dtype: torch.dtype
) -> Examples:
    """Return data as tensors on a device.

    Parameters
    ----------
    name : str
        The argument that errors name.
    data : tuple, Dataset or DataLoader
        ``(inputs, targets)``, tensors or arrays with as many rows; ``inputs`` may be a tuple, for a
        module that takes several arguments. Or what yields such pairs, row by row or batch by
        batch.
    batch_size : int
        Rows of a batch.
    device : torch.device
        Where the tensors are put.
    dtype : torch.dtype
        What arrays of floating-point numbers become, which NumPy makes double.

    Returns
    -------
    Examples
        The tensors, which share no memory with what was given.

    Raises
    ------
    ValueError
        For anything else, and for no rows.
    """
    if isinstance(data, DataLoader):
        inputs, targets = _collected(name, list(data), joined=data.batch_size is not None)
    elif isinstance(data, IterableDataset):
        inputs, targets = _collected(name, list(data), joined=False)
    elif isinstance(data, Dataset):
        rows = [data[row] for row in range(len(data))]
        inputs, targets = _collected(name, rows, joined=False)
    else:
        inputs, targets = _pair(name, data)
    several = isinstance(inputs, (tuple, list)) and all(hasattr(one, "shape") for one in inputs)
    arguments = inputs if several else (inputs,)
    tensors = [_as_tensor(name, values, device, dtype) for values in (*arguments, targets)]
    lengths = [len(values) for values in tensors]
    if min(lengths) == 0 or len(tensors) < 2:
        raise ValueError(f"{name} takes at least one row, got none")
    if len(set(lengths)) > 1:
        raise ValueError(
            f"{name} takes as many rows of inputs as of targets, got {lengths[:-1]} rows of inputs "
            f"and {lengths[-1]} targets"
        )
    *read, targets = tensors
    split = [values.split(batch_size) for values in read]
    # Copies lie alike in memory, whatever was given, so that products sum alike.
    batches = [tuple(part.clone() for part in parts) for parts in zip(*split, strict=True)]
    return Examples(batches, targets.clone())


def _pair(name: str, data: Any) -> tuple[Any, Any]:
    if not isinstance(data, (tuple, list)) or len(data) != 2:
        raise ValueError(
            f"{name} takes (inputs, targets), a Dataset or a DataLoader of such pairs, got "
            f"{type(data).__name__}"
        )
    return data[0], data[1]


def _collected(name: str, items: list[Any], joined: bool) -> tuple[Any, Any]:
    """Return all the pairs as one; ``joined`` says that each is a batch already."""
    if not items:
        raise ValueError(f"{name} takes at least one row, got none")
    for item in items:
        _pair(name, item)
    try:
        if not joined:
            inputs, targets = default_collate([tuple(item) for item in items])
            return inputs, targets
        inputs = [one if isinstance(one, (tuple, list)) else (one,) for one, _ in items]
        arguments = tuple(torch.cat(parts) for parts in zip(*inputs, strict=True))
        return arguments, torch.cat([targets for _, targets in items])
    except (RuntimeError, TypeError, ValueError) as error:
        raise ValueError(f"{name} takes rows of numbers that are alike: {error}") from error


def _as_tensor(name: str, values: Any, device: torch.device, dtype: torch.dtype) -> torch.Tensor:
    try:
        found = torch.as_tensor(values).detach().to(device)
        if isinstance(values, np.ndarray) and found.is_floating_point():
            found = found.to(dtype)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"{name} takes tensors or arrays of numbers: {error}") from None
    if found.ndim == 0:
        raise ValueError(f"{name} takes tensors with a row for each example, got a single number")
    if found.is_floating_point() and not bool(torch.isfinite(found).all()):
        raise ValueError(f"{name} takes finite numbers, got NaN or an infinity")
    return found

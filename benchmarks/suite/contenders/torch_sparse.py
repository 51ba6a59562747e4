"""The same in torch with the first layer sparse (CSR), where the masks leave little of it.

Not what the issue asks to compare with, but a clever user might try it. Making the sparse matrix
is timed, since every candidate has a new one.
"""

from __future__ import annotations

import warnings

from torch import Tensor

from ..cases import Case
from .torch_dense import Layers, TorchContender, _upwards


def sparse(weights: Layers, biases: Layers, inputs: Tensor) -> Tensor:
    """Logits, (population, classes, rows), of inputs, (features, rows)."""
    first = weights[0].flatten(0, 1).to_sparse_csr() @ inputs
    return _upwards(first.unflatten(0, weights[0].shape[:2]), weights, biases)


class SparseContender(TorchContender):
    """Random candidates, evaluated as a population."""

    name = "torch, first layer sparse"
    formulations = {"sparse": sparse}  # noqa: RUF012

    def __init__(self, case: Case) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # "in beta state"
            super().__init__(case)


contender = SparseContender

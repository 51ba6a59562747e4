"""Masks of any ``torch.nn.Module``, found without a gradient. Needs the extra ``torch``.

:func:`find_mask` searches a mask of a frozen module's parameters with the same algorithms as
:func:`scratchcard.evolve`. Every candidate is a forward pass, so this is the general road and the
slow one; the networks of :class:`scratchcard.Network` are searched by what a candidate changes.
"""

from __future__ import annotations

try:
    import torch as _torch  # noqa: F401
except ModuleNotFoundError as error:
    if error.name != "torch":
        raise
    raise ImportError("scratchcard.torch needs torch: pip install 'scratchcard[torch]'") from error

from scratchcard.torch.finding import find_mask
from scratchcard.torch.outcome import ModuleOutcome

__all__ = ["ModuleOutcome", "find_mask"]

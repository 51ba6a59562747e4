"""Frozen: a module as it is, whose parameters are read and never written."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence

import torch
from torch import nn
from torch.func import functional_call, vmap

from scratchcard.engines import Loose, LooseNetwork
from scratchcard.torch.examples import Examples

__all__ = ["Frozen", "Parameters"]

Parameters = Sequence[str] | Callable[[str, nn.Parameter], bool] | None

PROBED = 256  # most rows on which a module is asked twice


class Frozen:
    """A module, and which of its parameters are masked.

    The weights of a parameter of shape (n, ...) are taken as n units, with the weights into each
    side by side; those of a vector as one unit.

    Parameters
    ----------
    module : torch.nn.Module
        The module, in the mode that it is to be used in.
    parameters : sequence of str, callable or None
        Names of the parameters to mask; or ``f(name, parameter)``, true for these; or None for all
        with two or more dimensions.
    device : torch.device or None
        Where to compute; None for where the parameters are.

    Attributes
    ----------
    names : tuple of str
        The parameters that are masked.
    network : LooseNetwork
        What a search is told of them.

    Raises
    ------
    ValueError
        For what is no module, for names that it does not have, for no weights to mask, and for
        weights that are not finite floats.
    """

    def __init__(
        self, module: nn.Module, parameters: Parameters, device: torch.device | None
    ) -> None:
        if not isinstance(module, nn.Module):
            raise ValueError(f"module takes a torch.nn.Module, got {type(module).__name__}")
        own = dict(module.named_parameters())
        self.names = _chosen(own, parameters)
        self.device = device or own[self.names[0]].device
        # One is asked, and may keep what it computes; the other becomes the result.
        self.module, self._pristine = _copied(module), _copied(module)

        def here(tensor: torch.Tensor) -> torch.Tensor:
            return tensor.detach().to(device or tensor.device).clone()

        self.parameters = {name: here(tensor) for name, tensor in own.items()}
        self.buffers = {name: here(tensor) for name, tensor in module.named_buffers()}
        shapes = [self.parameters[name].shape for name in self.names]
        layers = [
            Loose(shape[0], shape[1:].numel()) if len(shape) > 1 else Loose(1, shape.numel())
            for shape in shapes
        ]
        self.network = LooseNetwork(layers)

    def split(self, masks: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return flat masks, (n, n_weights), as one for each parameter, (n, *its shape)."""
        offsets = self.network.offsets
        return {
            name: masks[:, start:stop].reshape(len(masks), *self.parameters[name].shape)
            for name, start, stop in zip(self.names, offsets, offsets[1:], strict=False)
        }

    def weights(self, masks: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the weights that flat masks, (n, n_weights) of 0 and 1, leave of each parameter.

        They are of shape (n, *that of the parameter).
        """
        return {
            name: self.parameters[name] * mask.to(self.parameters[name])
            for name, mask in self.split(masks).items()
        }

    def one(
        self, weights: dict[str, torch.Tensor], arguments: tuple[torch.Tensor, ...]
    ) -> torch.Tensor:
        """Return the outputs for a batch with these weights instead of the parameters."""
        state = {**self.parameters, **self.buffers, **weights}
        outputs: torch.Tensor = functional_call(self.module, state, arguments)
        return outputs

    def many(
        self, weights: dict[str, torch.Tensor], arguments: tuple[torch.Tensor, ...]
    ) -> torch.Tensor:
        """Return the outputs for a batch with several weights at once: (n, n_rows, ...)."""
        outputs: torch.Tensor = vmap(lambda some: self.one(some, arguments))(weights)
        return outputs

    def asked(
        self, weights: dict[str, torch.Tensor], arguments: tuple[torch.Tensor, ...]
    ) -> torch.Tensor:
        """Return what :meth:`one` does; raise ValueError for data that the module cannot read."""
        try:
            return self.one(weights, arguments)
        except (RuntimeError, TypeError, IndexError) as error:
            reason = str(error) or type(error).__name__
            raise ValueError(f"data takes what the module can read: {reason}") from error

    def probe(self, examples: Examples) -> None:
        """Ask the module twice, and raise ValueError unless it can be searched."""
        arguments = tuple(values[:PROBED] for values in examples.batches[0])
        read = tuple(values.clone() for values in arguments)
        before = {name: buffer.clone() for name, buffer in self.buffers.items()}
        own = {name: parameter.clone() for name, parameter in self.parameters.items()}
        first, second = (self.asked(own, arguments) for _ in range(2))
        if not all(map(_same, arguments, read)):
            raise ValueError("module takes one that leaves its inputs as they are")
        for name, parameter in own.items():
            if not _same(parameter, self.parameters[name]):
                raise ValueError(
                    f"module takes one that writes no parameter, got one that changes {name!r} "
                    "when it is called"
                )
        changed = [n for n, buffer in self.buffers.items() if not _same(buffer, before[n])]
        if changed:
            raise ValueError(
                f"module takes one whose buffers stay as they are, got one that changes "
                f"{changed[0]!r} when it is called; call module.eval() first"
            )
        if not isinstance(first, torch.Tensor):
            raise ValueError(
                f"module takes one that returns a tensor, got {type(first).__name__}; wrap it in a "
                "module that returns the tensor that the loss reads"
            )
        if not _same(first, second):
            raise ValueError(
                "module takes one that answers alike when it is asked twice, got other outputs; "
                "call module.eval() first if it has dropout"
            )
        if first.ndim == 0 or len(first) != len(arguments[0]):
            raise ValueError(
                f"module takes one that returns a row of outputs for each of the "
                f"{len(arguments[0])} rows, got shape {tuple(first.shape)}"
            )

    def masked(self, masks: dict[str, torch.Tensor]) -> nn.Module:
        """Return a copy of the module with each weight times its mask."""
        module = copy.deepcopy(self._pristine)
        with torch.no_grad():
            for name, parameter in module.named_parameters():
                if name in masks:
                    parameter.mul_(masks[name].to(parameter))
        return module


def _copied(module: nn.Module) -> nn.Module:
    try:
        return copy.deepcopy(module)
    except Exception as error:  # whatever it holds that has no copy
        raise ValueError(f"module takes one that can be copied: {error}") from error


def _chosen(own: dict[str, nn.Parameter], parameters: Parameters) -> tuple[str, ...]:
    """Return the names of the parameters to mask, in the module's order."""
    for name, parameter in own.items():
        if isinstance(parameter, nn.parameter.UninitializedParameter) or parameter.is_meta:
            raise ValueError(f"module takes parameters that have values, {name!r} has none yet")
    if parameters is None:
        names = {name for name, p in own.items() if p.ndim > 1 and p.is_floating_point()}
    elif callable(parameters):
        names = {n for n, p in own.items() if parameters(n, p)}
    else:
        names = {parameters} if isinstance(parameters, str) else set(parameters)
    known = ", ".join(map(repr, own)) or "none"
    for name in names:
        if name not in own:
            raise ValueError(f"parameters takes names of the module's, {known}, got {name!r}")
    found = tuple(name for name in own if name in names)
    for name in found:
        _check(name, own[name])
    if sum(own[name].numel() for name in found) == 0:
        raise ValueError(f"parameters takes at least one weight to mask, got none of {known}")
    return tuple(name for name in found if own[name].numel())


def _check(name: str, parameter: nn.Parameter) -> None:
    if not parameter.is_floating_point():
        raise ValueError(
            f"parameters takes those of floating-point numbers, {name!r} is {parameter.dtype}"
        )
    if not bool(torch.isfinite(parameter).all()):
        raise ValueError(f"module takes finite parameters, {name!r} holds NaN or an infinity")


def _same(a: torch.Tensor, b: torch.Tensor) -> bool:
    """Return whether two tensors hold the same values; NaN is like NaN."""
    return a.shape == b.shape and bool(((a == b) | ((a != a) & (b != b))).all())

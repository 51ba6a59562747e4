"""The layers of a ticket as a torch module. Imported where torch is needed, and there alone."""

from __future__ import annotations

import torch
from torch import nn

from scratchcard.export.parts import (
    PlainLayer,
    Wires,
    padding_of,
    plain_layers,
    wires_of,
)
from scratchcard.ticket import Conv2d, Layer, Ticket

__all__ = ["Features", "Quantise", "Saturate", "Sign", "module_of"]


class Features(nn.Module):
    """Turns rows of columns into features: see :class:`scratchcard.export.parts.Wires`."""

    def __init__(self, wires: Wires, offset: list[float]) -> None:
        super().__init__()
        for name, values in wires._asdict().items():
            self.register_buffer(name, torch.from_numpy(values.copy()))
        self.register_buffer("rest", torch.tensor(offset).double().expand(len(wires.code)).clone())

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Return features, (n_rows, n_inputs), for rows (n_rows, n_columns)."""
        cells = rows.double()[:, self.column]
        lacks = torch.isnan(cells)
        hit = (cells == self.code) | (lacks & self.is_missing)
        rest = torch.where(hit, torch.ones_like(self.rest), self.rest)
        return torch.where(self.is_number & ~lacks, cells, rest)


class Quantise(nn.Module):
    """Turns features into a network's integers."""

    def __init__(self, ticket: Ticket) -> None:
        super().__init__()
        self.limit = float(ticket.network.input_limit)
        self.register_buffer("offset", torch.tensor(ticket.scaling.offset.tolist()).double())
        self.register_buffer("scale", torch.tensor(ticket.scaling.scale.tolist()).double())

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return integers, (n_rows, n_features), for features of that shape."""
        scaled = (features.double() - self.offset) * self.scale * self.limit
        return torch.clamp(torch.floor(scaled + 0.5), -self.limit, self.limit)


class Saturate(nn.Module):
    """The activation relu: nothing below 0, a right shift, and a limit."""

    def __init__(self, shift: int, limit: int) -> None:
        super().__init__()
        self.factor, self.limit = 2.0**-shift, float(limit)

    def forward(self, sums: torch.Tensor) -> torch.Tensor:
        """Return the values of units for their sums."""
        return torch.clamp(torch.floor(torch.relu(sums) * self.factor), max=self.limit)


class Sign(nn.Module):
    """The activations step and sign."""

    def __init__(self, one: int, negative: bool) -> None:
        super().__init__()
        self.one, self.least = float(one), -1.0 if negative else 0.0

    def forward(self, sums: torch.Tensor) -> torch.Tensor:
        """Return the values of units for their sums."""
        return torch.clamp(torch.sign(sums), min=self.least) * self.one


def module_of(ticket: Ticket) -> nn.Sequential:
    """Return the module of a ticket: see :func:`scratchcard.export.torch`."""
    layers, network = plain_layers(ticket, "torch"), ticket.network
    parts: list[nn.Module] = [Quantise(ticket)]
    if ticket.columns is not None:
        parts.insert(0, Features(wires_of(ticket.columns), ticket.scaling.offset.tolist()))
    if network.has_maps:
        parts.append(nn.Unflatten(1, network.input_shape))
    for number, (layer, plain) in enumerate(zip(network.layers, layers, strict=True)):
        parts += _sums_of(layer, plain)
        if number == network.n_layers - 1:
            break
        if network.activation == "relu":
            parts.append(Saturate(network.shifts[number], network.limits[number + 1]))
        else:
            parts.append(Sign(network.ones[number + 1], network.activation == "sign"))
    return nn.Sequential(*parts).requires_grad_(False).eval()


def _sums_of(layer: Layer, plain: PlainLayer) -> list[nn.Module]:
    """Return the modules that give a layer's sums."""
    if isinstance(layer, Conv2d):
        return _convolution(layer, plain)
    units, fan_in = plain.weights.shape
    linear = nn.Linear(fan_in, units, dtype=torch.float64)
    _fill(linear, plain)
    return [nn.Flatten(), linear] if len(layer.below) > 1 else [linear]


def _convolution(layer: Conv2d, plain: PlainLayer) -> list[nn.Module]:
    before, after = padding_of(layer)
    conv = nn.Conv2d(
        layer.units_below,
        layer.units,
        layer.kernel,
        layer.stride,
        before if before == after else 0,
        dtype=torch.float64,
    )
    _fill(conv, plain)
    around = [] if before == after else [nn.ZeroPad2d((before, after, before, after))]
    return [*around, conv, *([nn.MaxPool2d(2)] if layer.pool == 2 else [])]


def _fill(module: nn.Linear | nn.Conv2d, plain: PlainLayer) -> None:
    with torch.no_grad():
        weights = torch.from_numpy(plain.weights.copy())
        module.weight.copy_(weights.reshape(module.weight.shape))
        module.bias.copy_(torch.from_numpy(plain.biases.copy()))

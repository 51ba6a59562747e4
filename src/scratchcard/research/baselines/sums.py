"""What each kind of layer computes, in torch. A new kind is a function here and a row in the table.

Weights are matrices, (units, fan_in), whatever the layer, so that scores, masks and optimizers need
not know its kind. Values are (n_rows, values below); those of maps are (n_rows, maps, height,
width) with the maps last in memory, which convolves 1.6 times as fast as maps first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn.functional import conv2d, linear, max_pool2d, pad

from scratchcard.ticket import Conv2d, Dense, Layer

Sums = Callable[[Any, torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]


def sums(
    layer: Layer, values: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor
) -> torch.Tensor:
    """Return the sums of a layer, before its activation.

    Parameters
    ----------
    layer : Layer
        The layer.
    values : tensor of shape (n_rows, ...)
        All values below, flat or as maps.
    weight : tensor of shape (units, fan_in)
        Its weights, 0 where scratched off.
    bias : tensor of shape (units,)
        Its biases.

    Returns
    -------
    tensor of shape (n_rows, units) or (n_rows, units, height, width)
        The sums; where there is pooling, the largest of each square.
    """
    return _SUMS[type(layer)](layer, values, weight, bias)


def _dense(
    layer: Dense, values: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor
) -> torch.Tensor:
    return linear(values.flatten(1), weight, bias)


def _convolution(
    layer: Conv2d, values: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor
) -> torch.Tensor:
    there = layer.geometry
    maps = values.reshape(len(values), *layer.below)
    # Zeros that even kernels read after the map and not before it: torch pads both ends alike.
    more = [
        max(0, (places - 1) * there.stride + there.kernel - size - 2 * there.before)
        for places, size in ((there.columns, there.width), (there.rows, there.height))
    ]
    if any(more):
        maps = pad(maps, (0, more[0], 0, more[1]))
    kernels = weight.view(layer.units, layer.units_below, there.kernel, there.kernel)
    found = conv2d(_maps_last(maps), _maps_last(kernels), bias, there.stride, there.before)
    return max_pool2d(found, there.pool) if there.pool > 1 else found


def _maps_last(tensor: torch.Tensor) -> torch.Tensor:
    """Return the same tensor with its second axis last in memory."""
    return tensor.contiguous(memory_format=torch.channels_last)


_SUMS: dict[type[Layer], Sums] = {Dense: _dense, Conv2d: _convolution}

"""Layers: which units weights connect. A new one is a file here and a row in the table below."""

from __future__ import annotations

from scratchcard.ticket.layers.base import MAX_UNITS, Layer, Shape, architecture_of, read_maps
from scratchcard.ticket.layers.conv2d import Conv2d
from scratchcard.ticket.layers.dense import Dense

LAYERS: dict[str, type[Layer]] = {layer.name: layer for layer in (Dense, Conv2d)}
"""The kinds of layers by name."""

__all__ = [
    "LAYERS",
    "MAX_UNITS",
    "Conv2d",
    "Dense",
    "Layer",
    "Shape",
    "architecture_of",
    "read_maps",
]

"""Layers and shapes of images as they are written on the command line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scratchcard.ticket import Layer

_NUMBER = "[0-9]{1,10}"
_CONVOLUTION = re.compile(rf"conv({_NUMBER})x({_NUMBER})(?:s({_NUMBER}))?(v)?(?:p({_NUMBER}))?")
_DENSE = re.compile(rf"dense({_NUMBER})")
_SHAPE = re.compile(r"[1-9][0-9]{0,9}(x[1-9][0-9]{0,9}){1,2}")
_TAKES = "takes elements such as conv32x3, conv32x3s2, conv32x3v, conv32x3p2 or dense100"
OUTPUT = "dense"


def layers(text: str) -> tuple[Layer, ...]:
    """Return the layers before the output layer: conv32x3s2,conv64x3p2,dense100,dense.

    A convolution is written conv, maps, x, size of its kernels, then s and a stride, v for no
    padding, and p2 for pooling, where it has these. The last element is the output layer, dense.
    """
    *hidden, last = [part.strip() for part in text.split(",")]
    found = tuple(_layer(part) for part in hidden)
    if last != OUTPUT:
        _layer(last)  # which may be no element at all
        raise click.BadParameter(
            f"the last element is the output layer and must be {OUTPUT!r}, without a number: got "
            f"{last!r}"
        )
    return found


def _layer(text: str) -> Layer:
    from scratchcard.ticket import Conv2d, Dense

    try:
        if match := _DENSE.fullmatch(text):
            return Dense(int(match[1]))
        if match := _CONVOLUTION.fullmatch(text):
            maps, kernel, stride, valid, pool = match.groups()
            layer: Layer = Conv2d(
                int(maps),
                int(kernel),
                stride=int(stride or 1),
                padding="valid" if valid else "same",
                pool=int(pool or 1),
            )
            if str(layer) != text:
                raise click.BadParameter(f"{text!r} is written {str(layer)!r}")
            return layer
    except ValueError as error:
        raise click.BadParameter(f"{text!r}: {error}") from None
    if text == OUTPUT:
        raise click.BadParameter(
            f"{OUTPUT!r} without a number is the output layer and comes last; a hidden layer has "
            "its units, such as dense100"
        )
    raise click.BadParameter(f"{text!r} is no layer; --layers {_TAKES}, and {OUTPUT} at the end")


def units_if_dense(layers: tuple[Layer, ...]) -> tuple[Layer, ...] | tuple[int, ...]:
    """Return layers as --hidden gives them, where all of them are dense."""
    from scratchcard.ticket.layers import read_maps

    return layers if read_maps(layers) else tuple(layer.units for layer in layers)


def image_shape(text: str) -> tuple[int, ...]:
    """Return the shape of an image: 28x28, or with channels first 3x32x32."""
    if not _SHAPE.fullmatch(text.strip()):
        raise click.BadParameter(f"{text!r} is not a shape such as 28x28 or 3x32x32")
    return tuple(map(int, text.strip().split("x")))


def check_layers(
    layers: Sequence[Layer] | None,
    hidden: tuple[int, ...] | None = None,
    image_shape: tuple[int, ...] | None = None,
) -> None:
    """Raise click.UsageError for options that exclude each other."""
    if layers is not None and hidden is not None:
        raise click.UsageError("--layers and --hidden exclude each other; give one of them")
    if image_shape is not None and not any(layer.reads_maps for layer in layers or ()):
        raise click.UsageError("--image-shape takes --layers with a convolution")


LAYERS_HELP = (
    "Layers instead of --hidden, such as conv32x3s2,conv64x3p2,dense: a convolution is conv, its "
    "maps, x, the size of its kernels, then s and a stride, v for no padding, p2 for pooling; "
    "dense100 is a hidden layer, and dense, at the end, the output layer."
)
image_shape_option = click.option(
    "--image-shape",
    type=image_shape,
    metavar="SHAPE",
    help="Shape of the images that rows are, for convolutions: 28x28, or with channels first "
    "3x32x32.  [default: a square of one channel]",
)

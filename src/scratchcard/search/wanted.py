"""Wanted: what a user says of a network, and the networks that this leaves to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from scratchcard.checks import as_int
from scratchcard.rows.images import shape_of_images
from scratchcard.search.problem import DEFAULT_HIDDEN, DEFAULT_WEIGHTS
from scratchcard.ticket import Dense, Layer, Network
from scratchcard.ticket.layers import MAX_UNITS, Shape, read_maps

__all__ = ["Wanted", "as_layers"]

MAP_WEIGHTS = "signed_constant"
"""Family of the weights of convolutions where nobody asks for another."""


@dataclass(frozen=True)
class Wanted:
    """What is asked of a network.

    Parameters
    ----------
    hidden : tuple of Layer or None
        The layers before the output layer; None to leave them open.
    weights : str or None
        The family of the weights; None to leave it open.
    shape : tuple of int or None
        Shape of a row that is maps: channels, height, width; None for plain features.
    """

    hidden: tuple[Layer, ...] | None = None
    weights: str | None = None
    shape: Shape | None = None

    @classmethod
    def of(
        cls,
        hidden: Sequence[int] | None,
        layers: Any,
        weights: str | None,
        image_shape: Any,
        n_features: int,
    ) -> Wanted:
        """Read what a user says.

        Parameters
        ----------
        hidden : sequence of int or None
            Units in each hidden layer, which are dense.
        layers : sequence of Layer or None
            The layers before the output layer, instead of ``hidden``.
        weights : str or None
            The family of the weights. Where a layer is a convolution they are not left open: None
            is then "signed_constant".
        image_shape : sequence of int or None
            Shape of the images that rows are, as :func:`shape_of_images` takes it; None without a
            convolution.
        n_features : int
            Number of features in a row.

        Returns
        -------
        Wanted
            All of it.

        Raises
        ------
        ValueError
            For what are no layers, for images of another shape, and for a shape without a
            convolution.
        """
        listed = None if layers is None else as_layers(layers)
        if read_maps(listed):
            shape = shape_of_images(n_features, image_shape)
            return cls(listed, MAP_WEIGHTS if weights is None else weights, shape)
        if image_shape is not None:
            raise ValueError(
                f"image_shape takes None without a convolution in layers, got {image_shape!r}"
            )
        if listed is None and hidden is not None:
            listed = tuple(Dense(as_int("hidden", n, 1, MAX_UNITS)) for n in hidden)
        return cls(listed, weights)

    @property
    def reads_maps(self) -> bool:
        """Whether a layer is a convolution, so that rows are images."""
        return self.shape is not None

    @property
    def is_open(self) -> bool:
        """Whether layers or weights are left open."""
        return self.hidden is None or self.weights is None

    def as_before(self, network: Network) -> Wanted:
        """Return the same, with what a network has where anything is left open.

        Parameters
        ----------
        network : Network
            The network that a search goes on with.

        Returns
        -------
        Wanted
            All of it. Convolutions are never what was left open.
        """
        is_flat = len(network.input_shape) == 1
        hidden = network.layers[:-1] if self.hidden is None and is_flat else self.hidden
        return replace(self, hidden=hidden, weights=self.weights or network.weights)

    def network(self, n_features: int, n_outputs: int, **settings: Any) -> Network:
        """Return the network, with what is usual in the place of what is left open.

        Parameters
        ----------
        n_features, n_outputs : int
            Features of a row, and outputs.
        **settings : object
            The other fields of the network.

        Returns
        -------
        Network
            The network.
        """
        hidden = tuple(map(Dense, DEFAULT_HIDDEN)) if self.hidden is None else self.hidden
        return Network(
            (*hidden, Dense(n_outputs)),
            (n_features,) if self.shape is None else self.shape,
            weights=DEFAULT_WEIGHTS if self.weights is None else self.weights,
            **settings,
        )

    def like(self, plain: Network, hidden: Sequence[int], weights: str) -> Network:
        """Return a network with other layers and weights where these are left open.

        Parameters
        ----------
        plain : Network
            What :meth:`network` returned.
        hidden : sequence of int
            Units in each hidden layer, where they are left open.
        weights : str
            The family of the weights, where it is left open.

        Returns
        -------
        Network
            The network.
        """
        layers = plain.layers
        if self.hidden is None:
            layers = (*map(Dense, hidden), layers[-1])
        return replace(
            plain, layers=layers, weights=weights if self.weights is None else self.weights
        )


def as_layers(layers: Any) -> tuple[Layer, ...]:
    """Return the layers before the output layer.

    Parameters
    ----------
    layers : sequence of Layer
        The layers.

    Returns
    -------
    tuple of Layer
        The same.

    Raises
    ------
    ValueError
        For what are no layers.
    """
    if not isinstance(layers, (tuple, list)) or not all(isinstance(one, Layer) for one in layers):
        raise ValueError(
            "layers takes the layers before the output layer, as [Conv2d(32, 3, stride=2)], "
            f"got {layers!r}"
        )
    return tuple(layers)

# The picture of a ticket with convolutions: filters, maps of a row, heat maps of kernels.
from __future__ import annotations

import re

import numpy as np
import pytest

from convolved import LAYERS, convolved, images
from scratchcard import Conv2d, Dense, drawing
from scratchcard.datasets import Part
from scratchcard.drawing import counted, is_drawn_by_unit
from scratchcard.drawing.style import BLUE, VERMILION
from scratchcard.insight import judged
from scratchcard.ticket import Numbers

NUMBERS = Numbers.of(np.random.default_rng(0).normal(size=(40, 2)))
TICKETS = {
    "one channel": convolved(),
    "colours": convolved((3, 9, 8), weights="uniform"),
    "many channels": convolved((5, 9, 8)),
    "many filters": convolved(layers=(Conv2d(70, 3), Dense(3))),
    "one of each": convolved((1, 3, 3), (Conv2d(1, 3, padding="valid"), Dense(2))),
    "four convolutions": convolved((1, 9, 8), (*(Conv2d(3, 2) for _ in range(4)), Dense(2))),
    "nothing survives": convolved(density=0.0),
    "numbers": convolved(layers=(*LAYERS[:2], Dense(2)), head=NUMBERS),
}


def draw(ticket, with_rows, kind="svg") -> bytes:
    X = images(30, ticket.network.input_shape)
    on_rows = judged(ticket, [], Part(X, np.roll(ticket.predict(X), 1, axis=0)))
    assert on_rows.importance is None
    rows = on_rows if with_rows else None
    return drawing.picture(
        ticket, [], rows, name="a.ticket", kind=kind, row=X[:1] if with_rows else None
    )


@pytest.mark.parametrize("with_rows", [False, True])
@pytest.mark.parametrize("name", TICKETS)
def test_every_kind_of_ticket_is_drawn(name, with_rows):
    ticket = TICKETS[name]
    first, *others = ticket.network.layers
    shown = re.findall(r"<!-- (.*?) -->", draw(ticket, with_rows).decode(), re.DOTALL)
    survivors = ticket.mask.surviving_in(0)
    title = f"Layer 1, {first}: {survivors:,} of {first.n_weights:,} weights stay"
    assert any(text.startswith(title) for text in shown)
    assert sum(text.startswith("Layer ") for text in shown) == 1 + len(others)
    maps = [f"after {layer}" for layer in ticket.network.layers if layer.positions > 1]
    assert [text for text in shown if text.startswith("after ")] == (maps if with_rows else [])
    assert ("right" in shown) == with_rows


def test_maps_are_called_maps_whatever_the_kernel_and_the_size():
    ticket = convolved((1, 4, 4), (Conv2d(5, 1), Conv2d(3, 4, padding="valid"), Dense(2)))
    shown = re.findall(r"<!-- ((?:from|to) .*?) -->", draw(ticket, False).decode())
    assert shown == ["from map", "to map", "from map", "to unit"]


def test_the_same_ticket_gives_the_same_picture():
    assert draw(TICKETS["colours"], True, "png") == draw(TICKETS["colours"], True, "png")


def test_colours_of_filters_are_the_signs_of_survivors():
    from matplotlib.colors import to_rgb

    from scratchcard.drawing import maps

    ticket, (_, axes) = convolved(weights="signed_constant"), drawing.canvas()
    maps.draw_filters(axes[0, 0], ticket)
    drawn = axes[0, 0].images[0].get_array()
    kept, weights = ticket.mask.array(0), ticket.network.weights_of(0)
    for colour, found in ((BLUE, kept & (weights > 0)), (VERMILION, kept & (weights < 0))):
        cells = np.isclose(drawn, to_rgb(colour)).all(axis=2).sum()
        assert cells == found.sum() * maps.CELL**2


def test_large_kernels_take_a_pixel_for_each_weight():
    from scratchcard.drawing import maps

    ticket = convolved((1, 40, 40), (Conv2d(4, 40), Dense(2)))
    _, axes = drawing.canvas()
    maps.draw_filters(axes[0, 0], ticket)
    assert axes[0, 0].images[0].get_array().shape[0] == 40


def test_kernels_are_counted_as_a_whole():
    a, b = convolved(draw=0), convolved(draw=1)
    found = counted([a, b])
    assert [share.shape for share in found.shares] == [(6, 1), (5, 6), (4, 5)]
    kept = a.mask.array(1).reshape(5, 6, 9).sum(axis=2) + b.mask.array(1).reshape(5, 6, 9).sum(2)
    assert found.shares[1] == pytest.approx(kept / 18)
    assert found.spans == (9, 9, 4)
    assert not is_drawn_by_unit(found)

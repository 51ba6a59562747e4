# The picture of a ticket: for every kind of ticket and file, with any names.
from __future__ import annotations

import re

import numpy as np
import pytest

from columns import random_ticket
from scratchcard import drawing
from scratchcard.datasets import Part
from scratchcard.drawing import counted, places
from scratchcard.drawing import ticket as module
from scratchcard.insight import ColumnInputs, columns_of, judged, uses_of
from scratchcard.ticket import Classes, Numbers

ODD = ["$\\alpha$", "a$b$c", "x\x1b[31m\n", "_{}^%#&~", "ein sehr langer Name " * 9, "\u202eab", ""]
NUMBERS = Numbers.of(np.random.default_rng(0).normal(size=(40, 2)))
TICKETS = {
    "small": (random_ticket((7, 12, 7), 0.3, head=Classes(ODD)), 0),
    "no hidden layer": (random_ticket((7, 3), 0.5), 0),
    "two hidden layers": (random_ticket((7, 9, 9, 2), 0.5), 0),
    "nothing survives": (random_ticket((7, 9, 3), 0.0), 0),
    "many classes": (random_ticket((7, 20, 90), 0.3), 0),
    "wide": (random_ticket((7, 200, 3), 0.1), 0),
    "image": (random_ticket((25, 9, 3), 0.3), 5),
    "wide image": (random_ticket((25, 200, 3), 0.3), 5),
    "numbers": (random_ticket((7, 9, 2), 0.5, head=NUMBERS), 0),
}


def draw(ticket, side, with_rows=True, kind="svg", names=None, columns=None) -> bytes:
    columns = columns or columns_of(ticket, names)
    X = np.random.default_rng(0).normal(size=(60, ticket.network.n_inputs))
    on_rows = judged(ticket, columns, Part(X, np.roll(ticket.predict(X), 1, axis=0)))
    uses = uses_of(ticket, columns)
    rows = on_rows if with_rows else None
    return drawing.picture(ticket, uses, rows, name="a.ticket", kind=kind, side=side)


def texts_of(svg: bytes) -> list[str]:
    """The texts of a picture, which matplotlib writes as comments beside their outlines."""
    return re.findall(r"<!-- (.*?) -->", svg.decode(), re.DOTALL)


@pytest.mark.parametrize("with_rows", [False, True])
@pytest.mark.parametrize("name", TICKETS)
def test_every_kind_of_ticket_is_drawn(name, with_rows):
    ticket, side = TICKETS[name]
    shown = texts_of(draw(ticket, side, with_rows))
    assert any(f"{ticket.mask.surviving:,} of" in text for text in shown)
    assert ("right" in shown) == with_rows


def test_the_same_ticket_gives_the_same_picture():
    ticket, side = TICKETS["small"]
    assert draw(ticket, side, kind="png") == draw(ticket, side, kind="png")


@pytest.mark.parametrize(
    ("kind", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")]
)
def test_every_kind_of_file(kind, start):
    ticket, side = TICKETS["small"]
    drawn = draw(ticket, side, kind=kind)
    assert drawn.startswith(start)
    assert len(drawn) > 10_000


def test_names_are_shown_as_they_stand_and_no_longer_than_fits():
    shown = texts_of(draw(TICKETS["small"][0], 0, names=ODD))
    assert shown.count("$\\alpha$") >= 4  # at the input, the output, the matrix and the bar
    assert "a$b$c" in shown
    assert "x\\x1b[31m\\n" in shown
    assert "\\u202eab" in shown
    assert max(map(len, shown)) < 100


def test_a_column_of_several_inputs_has_one_name():
    ticket = random_ticket((5, 9, 3), 0.9)
    columns = [ColumnInputs("colour", (0, 1, 2)), ColumnInputs("size", (3, 4))]
    shown = texts_of(draw(ticket, 0, columns=columns))
    assert shown.count("colour") == 2
    assert "2 columns" in shown


def test_names_of_many_columns_are_left_out():
    shown = texts_of(draw(random_ticket((60, 9, 3), 0.1), 0, with_rows=False))
    assert "60 inputs" in shown
    assert "feature 7" not in shown


def test_characters_without_a_glyph_warn_nobody():
    assert draw(random_ticket((2, 9, 2), 0.9), 0, names=["日本語", "\U0001f600"])


def test_a_picture_of_too_many_weights_is_refused(monkeypatch):
    monkeypatch.setattr(module, "MOST_WEIGHTS", 50)
    with pytest.raises(ValueError, match="a picture takes a ticket of at most 50 weights, got 90"):
        draw(random_ticket((7, 9, 3), 0.5), 0, with_rows=False)


def test_units_in_use_stand_in_the_middle_and_apart():
    counts = counted([random_ticket((4, 40, 2), 0.1)])
    used = counts.shares[1].any(axis=0)
    assert 4 <= used.sum() <= 20
    heights = places(counts, centred=True)[1]
    assert len(set(heights)) == 40
    assert heights.min() > 0
    assert heights.max() < 1
    above, below = heights > heights[used].max(), heights < heights[used].min()
    assert above.sum() + below.sum() == 40 - used.sum()
    assert abs(int(above.sum()) - int(below.sum())) <= 1
    assert np.ptp(heights[used]) > 0.4

"""The web page in headless Chromium: what a person does there, and that it needs no network."""

from __future__ import annotations

import base64
import re

import numpy as np
import pytest

from exported import facts_of, in_browser
from scratchcard import export
from scratchcard.text import printable
from scratchcard.ticket import Classes, Conv2d, Dense, InputScaling, Mask, Network, Ticket
from scratchcard.ticket.columns import Column, Columns
from ticket_strategies import random_ticket, small_column_ticket

NASTY = ["</script><script>alert(1)</script>", "<!-- <b>&amp;\"'", "\u2028 ${x} `"]
HIDDEN = ["\x1b[31m", "gnp.\u202eexe", "\u2066a\n", "\x7f\x85\ufeff", "\udcff"]


def ticket_of(sizes, labels=None, density=0.3, seed=11):
    network = Network.dense(sizes, seed)
    mask = Mask.random(network.layers, density, np.random.default_rng(1))
    scaling = InputScaling([8.0], [0.125])
    return Ticket(network, mask, scaling, Classes(sizes[-1] if labels is None else labels, 1e-4))


def test_a_connection_is_scratched_off_and_put_back(tmp_path):
    """A tap on the canvas changes the answer as the same mask does in Python."""
    ticket = ticket_of((64, 20, 10))
    row = np.random.default_rng(2).integers(0, 17, (1, 64))
    page = export.html(ticket, rows=row)
    found = in_browser(page, TAPPING, tmp_path)
    layer, number = found["flipped"]
    bits = [array.copy() for array in ticket.mask.arrays()]
    bits[layer].reshape(-1)[number] ^= True
    changed = Ticket(ticket.network, Mask.from_arrays(bits), ticket.scaling, ticket.head)
    assert found["before"] == ticket.outputs(row)[0].tolist()
    assert found["scratched"] == changed.outputs(row)[0].tolist()
    assert found["undone"] == found["before"]
    assert "scratched off" in found["told"]
    assert found["answer"] == str(ticket.predict(row)[0])
    assert (
        found["stay"]
        == f"{ticket.mask.surviving:,} of {ticket.network.n_weights:,} connections stay"
    )


TAPPING = """
const { network: net, picture: shown } = window.scratchcard, canvas = at("network");
shown.resize();
const tap = ([x, y]) => {
  const box = canvas.getBoundingClientRect();
  for (const type of ["pointerdown", "pointerup"]) {
    canvas.dispatchEvent(new PointerEvent(type, { clientX: box.left + x, clientY: box.top + y }));
  }
};
const outputs = () => Array.from(net.outputs(facts.rows[0]));
const found = { before: outputs(), answer: window.scratchcard.answer() };
found.stay = at("stay").textContent;
const [a, b] = shown.ends(1, net.layers[1].survivors[3]);
const before = net.layers.map((layer) => layer.kept.slice());
tap([(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]);
found.told = at("told").textContent;
found.scratched = outputs();
net.layers.forEach((layer, l) => layer.kept.forEach((bit, n) => {
  if (bit !== before[l][n]) found.flipped = [l, n];
}));
at("undo").click();
found.undone = outputs();
"""


def test_a_drawing_is_a_row(tmp_path):
    """What is drawn on the pad is asked for as the ticket's features are."""
    ticket = ticket_of((64, 20, 10))
    found = in_browser(
        export.html(ticket),
        """
        const pad = document.querySelector(".pad"), box = pad.getBoundingClientRect();
        const empty = window.scratchcard.answer();
        const go = (type, x, y) => pad.dispatchEvent(new PointerEvent(type,
          { pointerId: 1, clientX: box.left + x * box.width, clientY: box.top + y * box.height }));
        pad.setPointerCapture = () => {};
        go("pointerdown", 0.5, 0.1); go("pointermove", 0.5, 0.9); go("pointerup", 0.5, 0.9);
        const found = { row, answer: window.scratchcard.answer(), empty };
        """,
        tmp_path,
    )
    row = np.array([found["row"]])
    assert found["empty"] == "?"
    assert row.min() == 0
    assert 13 < row.max() <= 16
    assert found["answer"] == str(ticket.predict(row)[0])


def test_maps_are_shown_and_their_kernels_scratched(tmp_path):
    """A drawing in two channels is a row, and a weight of a kernel goes as it does in Python."""
    layers = [Conv2d(6, 3, 2), Conv2d(4, 2, padding="valid", pool=2), Dense(3)]
    network = Network(layers, (2, 9, 9), 4)
    mask = Mask.random(network.layers, 0.4, np.random.default_rng(0))
    ticket = Ticket(network, mask, InputScaling([8.0], [0.125]), Classes(["a", "b", "c"], 1e-4))
    found = in_browser(
        export.html(ticket),
        """
        const outputs = () => Array.from(network.outputs(row));
        input.dab([4, 5]);
        picture.resize();
        const found = { row, before: outputs(), answer: window.scratchcard.answer() };
        found.flipped = network.layers[1].survivors[5];
        picture.flip([[1, found.flipped]]);
        found.told = at("told").textContent;
        found.after = outputs();
        found.network = at("list").textContent;
        """,
        tmp_path,
    )
    row = np.array([found["row"]])
    assert np.array_equal(row[0, :81], row[0, 81:])
    assert row.max() > row.min()
    assert found["before"] == ticket.outputs(row)[0].tolist()
    assert found["answer"] == ticket.predict(row)[0]
    bits = mask.flat()
    bits[network.offsets[1] + found["flipped"]] = 0
    changed = Ticket(network, Mask.from_flat(network.layers, bits), ticket.scaling, ticket.head)
    assert found["after"] == changed.outputs(row)[0].tolist()
    assert re.fullmatch(r"A connection from map \d to map \d scratched off\.", found["told"])
    assert "2x9x9-conv6x3s2-conv4x2vp2-3" in found["network"]


def test_typed_numbers_are_a_row(tmp_path):
    names = ["width", "<i>height</i>", "depth"]
    ticket = ticket_of((3, 9, 3), NASTY, 0.9)
    found = in_browser(
        export.html(ticket, names=names, rows=[[1.5, 2.25, 30.0]], title="<b>&"),
        """
        const fields = [...document.querySelectorAll("input[type=number]")];
        const first = window.scratchcard.answer();
        fields[1].value = "-3.75";
        fields[1].dispatchEvent(new Event("input"));
        const found = { row, first, answer: window.scratchcard.answer(),
          names: [...document.querySelectorAll(".fields span")].map((one) => one.textContent),
          title: document.querySelector("h1").textContent,
          sideways: document.documentElement.scrollWidth > innerWidth };
        """,
        tmp_path,
    )
    assert found["row"] == [1.5, -3.75, 30.0]
    assert found["first"] == printable(ticket.predict([[1.5, 2.25, 30.0]])[0])
    assert found["answer"] == printable(ticket.predict([found["row"]])[0])
    assert found["names"] == names
    assert found["title"] == "<b>&"
    assert not found["sideways"]


def test_two_features_are_painted(tmp_path):
    ticket = ticket_of((2, 30, 2), ["a", "b"], 0.8, seed=7)
    found = in_browser(
        export.html(ticket),
        """
        const size = plane.field.width, pen = plane.field.getContext("2d");
        const { data } = pen.getImageData(0, 0, size, size);
        const found = Array.from({ length: size * size }, (_, i) => data[4 * i] > 128 ? 0 : 1);
        """,
        tmp_path,
    )
    size = 90
    steps = (np.arange(size) + 0.5) / size * 16
    rows = [[x, 16 - y] for y in steps for x in steps]
    assert len(set(found)) == 2
    assert found == ticket.outputs(rows).argmax(axis=1).tolist()


@pytest.mark.parametrize("width", [375, 1280])
def test_nothing_is_wider_than_the_screen(width, tmp_path):
    """The page stands in a frame of this width, which may be narrower than a browser's window."""
    page = export.html(ticket_of((64, 20, 10), ["x" * 300, *map(str, range(9))]), title="w" * 200)
    found = in_browser(
        page,
        f"""
        document.body.style.width = "{width}px";
        const wide = [...document.querySelectorAll("body *")].filter(
          (one) => one.getBoundingClientRect().right > {width} + 1 && !one.closest("#chances"));
        const found = wide.map((one) => one.tagName);
        """,
        tmp_path,
        width,
    )
    assert found == []


def test_the_file_on_the_page_is_the_ticket():
    ticket = random_ticket(np.random.default_rng(5), (6, 5, 3), 0.5)
    assert base64.b64decode(facts_of(export.html(ticket))["file"]) == ticket.to_bytes()


def test_nothing_is_loaded_from_anywhere():
    page = export.html(ticket_of((64, 20, 10), [*map(str, range(7)), *NASTY]), title=NASTY[0])
    assert not re.search(r"https?:|src=|url\(|@import|<link", page)
    assert "default-src 'none'" in page
    assert page.count("<script") == 2


def test_nothing_on_the_page_is_hidden_or_turned_round():
    """Control characters, and those that turn the direction of writing, are shown as escapes."""
    labels = HIDDEN[:-1]  # no ticket has a label that UTF-8 does not hold; a file's name may be so
    page = export.html(ticket_of((5, 4, 4), labels), names=HIDDEN, title="".join(HIDDEN))
    page.encode()
    assert page.replace("\n", "").isprintable()
    facts = facts_of(page)
    assert facts["names"] == list(map(printable, HIDDEN))
    assert facts["labels"] == facts["names"][:-1]
    assert facts["title"] == "".join(facts["names"])
    assert Ticket.from_bytes(base64.b64decode(facts["file"])).head.labels.tolist() == labels


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"names": ["a"]}, "names takes 64 names of features, got 1"),
        ({"rows": [[1.0]]}, "X takes 64 features, got 1"),
    ],
)
def test_what_a_page_cannot_show_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        export.html(ticket_of((64, 20, 10)), **settings)


def test_a_network_too_large_for_a_page_is_refused():
    network = Network.dense((2000, 600, 2))
    ticket = Ticket(network, Mask.full(network.layers), InputScaling([0.0], [1.0]))
    with pytest.raises(ValueError, match="at most 1048576 weights, got 1201200"):
        export.html(ticket)


# -- tables ------------------------------------------------------------------------------------


def test_a_form_is_a_row_of_a_table(tmp_path):
    """Numbers that may be left empty, and categories to choose from."""
    ticket = small_column_ticket()
    rows = np.array([[12.0, "red", 0], [None, "red", 1], [12.0, "pink", 2]], object)
    found = in_browser(
        export.html(ticket, rows=rows),
        """
        const [width] = document.querySelectorAll("input[type=number]");
        const [colour] = document.querySelectorAll("select");
        const found = { rows: facts.rows };
        found.options = [...colour.options].map((one) => one.textContent);
        found.names = [...document.querySelectorAll(".fields span")].map((one) => one.textContent);
        found.titles = [...document.querySelectorAll(".row")].map((one) => one.title);
        const outputs = () => row && Array.from(network.outputs(row));
        found.picked = [...document.querySelectorAll(".row")].map((button) => {
          button.click();
          return [outputs(), width.value, colour.value];
        });
        const given = (field, value) => {
          field.value = value;
          field.dispatchEvent(new Event("input"));
          return [outputs(), row];
        };
        found.typed = [[width, ""], [colour, "0"], [width, "-3.5"], [colour, "-1"]].map(
          ([field, value]) => given(field, value));
        found.units = [0, 1, 2, 4].map((unit) => picture.nameOf(0, unit));
        """,
        tmp_path,
    )
    outputs = ticket.outputs(rows).tolist()
    assert found["rows"] == [[12, 0, 0], [None, 0, 0], [12, -1, 0]]
    assert found["names"] == ["width", "colour"]
    assert found["options"] == ["red", "another value"]
    assert found["picked"] == [
        [outputs[0], "12", "0"],
        [outputs[1], "", "0"],
        [outputs[2], "12", "-1"],
    ]
    assert found["titles"][1:] == [
        "width: missing, colour: red",
        "width: 12, colour: another value",
    ]
    asked = [[None, "pink", 0], [None, "red", 0], [-3.5, "red", 0], [-3.5, "pink", 0]]
    assert [one for one, _ in found["typed"]] == ticket.outputs(np.array(asked, object)).tolist()
    assert found["typed"][2][1] == [-3.5, 0, None]
    assert found["units"] == ["width", "width is missing", "column 2", "colour = red"]


def test_a_number_that_may_not_be_missing_is_asked_for(tmp_path):
    network = Network.dense((3, 2))
    columns = Columns(
        (Column("number"), Column("category", None, ("a", "b"))), False, np.ones(3, np.bool_)
    )
    scaling = InputScaling([0.0, 0, 0], [0.5, 1, 1])
    ticket = Ticket(network, Mask.full(network.layers), scaling, None, columns)
    found = in_browser(
        export.html(ticket),
        """
        const [number] = document.querySelectorAll("input[type=number]");
        const given = (value) => {
          number.value = value;
          number.dispatchEvent(new Event("input"));
          return [row, window.scratchcard.answer()];
        };
        const found = [given("1"), given("")];
        """,
        tmp_path,
    )
    assert found[0][0] == [1, 0]
    assert found[1] == [None, "?"]


def test_names_of_columns_are_text_alone():
    columns = Columns(
        tuple(Column("category", name, (*NASTY, *HIDDEN[:2])) for name in NASTY),
        True,
        np.ones(15, np.bool_),
    )
    network = Network.dense((15, 2))
    scaling = InputScaling(np.zeros(15), np.ones(15))
    page = export.html(Ticket(network, Mask.full(network.layers), scaling, None, columns))
    assert page.count("<script") == 2
    assert page.replace("\n", "").isprintable()
    facts = facts_of(page)["table"]["columns"]
    assert [column["name"] for column in facts] == list(map(printable, NASTY))
    assert facts[0]["values"] == [printable(value) for value in (*NASTY, *HIDDEN[:2])]


def test_columns_that_are_pixels_are_drawn():
    names = tuple(f"pixel {k}" for k in range(144))
    network = Network.dense((144, 5, 2), 3)
    columns = Columns(tuple(Column("number", name) for name in names), True, np.ones(144, np.bool_))
    mask = Mask.random(network.layers, 0.02, np.random.default_rng(0))
    ticket = Ticket(network, mask, InputScaling([8.0], [0.125]), None, columns)
    X = np.arange(288.0).reshape(2, 144)
    facts = facts_of(export.html(ticket, rows=X))
    assert facts["side"] == 12
    assert facts["rows"] == X.tolist()

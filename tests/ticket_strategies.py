"""Hypothesis strategies for tickets of every kind, and helpers to damage their files."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from scratchcard.ticket.codec import varint
from scratchcard.ticket.columns import Column, Columns
from scratchcard.ticket.heads import Classes, Numbers
from scratchcard.ticket.layers import Conv2d, Dense, Layer
from scratchcard.ticket.mask import Mask
from scratchcard.ticket.network import ACTIVATIONS, Network
from scratchcard.ticket.scaling import InputScaling
from scratchcard.ticket.short_pairs import short_pair
from scratchcard.ticket.ticket import Ticket
from scratchcard.ticket.weights import BIAS_FAMILIES, WEIGHT_FAMILIES

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "ticket-format.md"
TEXT = st.text('abz 09\n"\\ßé文\ufeff\U0001f600', max_size=12)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
LABELS: dict[str, st.SearchStrategy[Any]] = {
    "integers": st.integers(-(2**63), 2**63 - 1),
    "text": TEXT,
    "numbers": FINITE,
    "booleans": st.booleans(),
}


@st.composite
def labels(draw: st.DrawFn, n_classes: int) -> list[Any] | None:
    kind = draw(st.sampled_from([None, *LABELS]))
    if kind is None or (kind == "booleans" and n_classes > 2):
        return None
    return draw(st.lists(LABELS[kind], min_size=n_classes, max_size=n_classes, unique=True))


@st.composite
def classes(draw: st.DrawFn, n_classes: int) -> Classes:
    listed = draw(labels(n_classes))
    temperature = draw(st.floats(2.0**-30, 2.0**10, width=32))
    return Classes(n_classes if listed is None else listed, temperature)


LOSSES = st.one_of(
    st.sampled_from(["squared_error", "absolute_error", "quantile", "poisson"]),
    st.floats(0, 1, exclude_min=True, exclude_max=True).map("quantile:{!r}".format),
)


@st.composite
def numbers(draw: st.DrawFn, n_outputs: int) -> Numbers:
    float32s = st.floats(width=32, allow_nan=False, allow_infinity=False)
    offset = draw(st.lists(FINITE, min_size=n_outputs, max_size=n_outputs))
    scale = draw(st.lists(float32s, min_size=n_outputs, max_size=n_outputs))
    return Numbers(offset, scale, draw(LOSSES))


@st.composite
def networks(draw: st.DrawFn, max_size: int = 9) -> Network:
    return Network.dense(
        sizes=tuple(draw(st.lists(st.integers(1, max_size), min_size=2, max_size=6))),
        seed=draw(st.integers(0, 2**32 - 1)),
        weights=draw(st.sampled_from(list(WEIGHT_FAMILIES))),
        biases=draw(st.sampled_from(list(BIAS_FAMILIES))),
        activation=draw(st.sampled_from(ACTIVATIONS)),
        input_bits=draw(st.sampled_from([8, 16])),
    )


@st.composite
def tickets(draw: st.DrawFn, max_size: int = 9, heads: Any = classes) -> Ticket:
    network = draw(networks(max_size))
    density = draw(st.sampled_from([0.0, 0.05, 0.2, 0.5, 0.9, 1.0]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_pairs = draw(st.sampled_from([1, network.n_inputs]))
    offset = st.floats(-1e6, 1e6, width=32)
    scale = st.floats(0, 1e6, width=32)
    return Ticket(
        network,
        Mask.random(network.layers, density, rng),
        InputScaling(
            np.array(draw(st.lists(offset, min_size=n_pairs, max_size=n_pairs))),
            np.array(draw(st.lists(scale, min_size=n_pairs, max_size=n_pairs))),
        ),
        draw(heads(network.n_outputs)),
    )


@st.composite
def columns(draw: st.DrawFn, max_columns: int = 7) -> tuple[Columns, InputScaling]:
    """Columns of any kind and their scaling; names and values of any text."""
    n_columns = draw(st.integers(1, max_columns))
    kinds = st.sampled_from(["number", "category", "none"])
    listed = draw(st.lists(kinds, min_size=n_columns - 1, max_size=n_columns - 1))
    listed.insert(draw(st.integers(0, n_columns - 1)), draw(kinds.filter(lambda k: k != "none")))
    is_named = draw(st.booleans())
    names = draw(st.lists(TEXT, min_size=n_columns, max_size=n_columns, unique=True))
    found = []
    for kind, name in zip(listed, names, strict=True):
        values = draw(st.lists(TEXT, min_size=1, max_size=4, unique=True))
        missing = kind != "none" and draw(st.booleans())
        named = name if is_named else None
        found.append(Column(kind, named, tuple(values) if kind == "category" else (), missing))
    n_inputs = sum(column.n_inputs for column in found)
    kept = np.array(draw(st.lists(st.booleans(), min_size=n_inputs, max_size=n_inputs)))
    made = Columns(tuple(found), is_named, kept)
    ends = st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=2).map(sorted)
    pairs = [short_pair(*draw(ends)) for _ in range(n_inputs)]
    if n_inputs == 1 or (all(column.code < 2 for column in found) and draw(st.booleans())):
        if any(column.code > 1 for column in found):  # a category of one value, alone
            return draw(columns(max_columns))  # type: ignore[no-any-return]
        pairs = pairs[:1]
    return made, InputScaling(*np.array(pairs, np.float32).T)


@st.composite
def column_tickets(draw: st.DrawFn, heads: Any = classes) -> Ticket:
    """Tickets whose rows are tables."""
    made, scaling = draw(columns())
    network = draw(networks())
    network = Network.dense(
        (made.n_inputs, *network.sizes[1:]),
        seed=network.seed,
        weights=network.weights,
        biases=network.biases,
        activation=network.activation,
        input_bits=network.input_bits,
    )
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    density = draw(st.sampled_from([0.0, 0.2, 0.5, 1.0]))
    mask = Mask.random(network.layers, density, rng)
    return Ticket(network, mask, scaling, draw(heads(network.n_outputs)), made)


def codes_for(ticket: Ticket, rng: np.random.Generator, n_rows: int) -> np.ndarray:
    """Return rows of columns as codes: known values, unknown ones, missing cells, any numbers."""
    assert ticket.columns is not None
    rows = rng.normal(size=(n_rows, ticket.n_columns)) * 10.0 ** rng.integers(-3, 9)
    for column in ticket.columns.describe():
        cells = rows[:, column["column"]]
        if column["kind"] == "category":
            cells[:] = rng.integers(-1, len(column["values"]) + 1, n_rows)
        if column["missing"] or column["kind"] == "category":
            cells[rng.random(n_rows) < 0.3] = np.nan
    return rows


def random_column_ticket(rng: np.random.Generator, units: tuple[int, ...]) -> Ticket:
    """Return a random ticket whose rows are tables."""
    n_columns, is_named = int(rng.integers(1, 9)), bool(rng.integers(2))
    is_global, found = rng.random() < 0.2, []
    for k in range(n_columns):
        kind = "number" if is_global else str(rng.choice(["number", "category", "none"]))
        values = tuple(f"é{v}" if v else "" for v in range(int(rng.integers(2, 6))))
        found.append(
            Column(
                kind,
                f"größe {k}" if is_named else None,
                values if kind == "category" else (),
                bool(kind != "none" and not is_global and rng.integers(2)),
            )
        )
    if not any(column.n_inputs for column in found):
        found[0] = Column("number", found[0].name, missing=True)
    n_inputs = sum(column.n_inputs for column in found)
    made = Columns(tuple(found), is_named, rng.random(n_inputs) < 0.8)
    network = random_ticket(rng, (n_inputs, *units), 0.5).network
    mask = Mask.random(network.layers, float(rng.choice([0.1, 0.5, 1.0])), rng)
    pairs = [short_pair(*sorted(rng.normal(size=2) * 100)) for _ in range(n_inputs)]
    pairs = pairs[:1] if is_global or n_inputs == 1 else pairs
    scaling = InputScaling(*np.array(pairs, np.float32).T)
    lines = rng.normal(size=(2, network.n_outputs))
    head = Numbers(*lines) if rng.integers(2) else Classes(network.n_outputs, 0.001)
    return Ticket(network, mask, scaling, head, made)


def small_ticket() -> Ticket:
    """Return the ticket of the worked example in docs/ticket-format.md."""
    network = Network.dense((8, 3, 2), seed=7)
    layers = [np.zeros((3, 8), bool), np.zeros((2, 3), bool)]
    layers[0][[0, 1, 2, 2], [2, 4, 1, 5]] = True  # the hidden unit 1 feeds nothing
    layers[1][[0, 1, 1], [0, 0, 2]] = True
    scaling = InputScaling(np.array([0.5]), np.array([2.0]))
    head = Classes(["no", "yes"], 2.0**-10)
    return Ticket(network, Mask.from_arrays(layers), scaling, head)


def small_column_ticket() -> Ticket:
    """Return the ticket of the example of columns in docs/ticket-format.md."""
    listed = (
        Column("number", "width", missing=True),
        Column("category", "colour", ("blue", "green", "red")),
        Column("none", "code"),
    )
    network = Network.dense((5, 2), seed=7)
    mask = np.zeros((2, 5), np.bool_)
    mask[[0, 0, 1, 1], [0, 4, 1, 4]] = True  # width and red; width missing and red
    offset, scale = short_pair(2.0, 14.5)
    scaling = InputScaling([offset, 0, 0, 0, 0], [scale, 1, 1, 1, 1])
    kept = np.ones(5, np.bool_)
    made = Columns(listed, True, kept)
    head = Classes(["no", "yes"], 2.0**-10)
    return Ticket(network, Mask.from_arrays([mask]), scaling, head, made)


def small_map_ticket() -> Ticket:
    """Return the ticket of the example of a convolution in docs/ticket-format.md."""
    network = Network([Conv2d(3, 3, pool=2), Dense(2)], (1, 4, 4), seed=7)
    kernels, dense = np.zeros((3, 9), np.bool_), np.zeros((2, 12), np.bool_)
    kernels[[0, 0, 2], [1, 4, 8]] = True  # map 1 feeds nothing
    dense[[0, 0, 1], [1, 10, 3]] = True
    mask = Mask.from_flat(network.layers, np.concatenate([kernels.ravel(), dense.ravel()]))
    scaling = InputScaling(np.array([0.5]), np.array([2.0]))
    return Ticket(network, mask, scaling, Classes(["no", "yes"], 2.0**-10))


def random_ticket(rng: np.random.Generator, sizes: tuple[int, ...], density: float) -> Ticket:
    """Return a ticket of random families, seed and mask, with scaling per feature or global."""
    network = Network.dense(
        sizes,
        seed=int(rng.integers(2**32)),
        weights=str(rng.choice(list(WEIGHT_FAMILIES))),
        biases=str(rng.choice(list(BIAS_FAMILIES))),
        activation=str(rng.choice(ACTIVATIONS)),
        input_bits=int(rng.choice([8, 16])),
    )
    n_pairs = int(rng.choice([1, network.n_inputs]))
    scaling = InputScaling(rng.normal(size=n_pairs), rng.uniform(0.1, 2, n_pairs))
    head = Classes(network.n_outputs, 0.001)
    return Ticket(network, Mask.random(network.layers, density, rng), scaling, head)


def random_number_ticket(rng: np.random.Generator, sizes: tuple[int, ...]) -> Ticket:
    """Return a random ticket that answers with numbers, with rows of one to three dimensions."""
    made = random_ticket(rng, sizes, float(rng.choice([0.1, 0.5, 1.0])))
    network = replace(made.network, input_shape=(1,) * int(rng.integers(3)) + (sizes[0],))
    size = 10.0 ** rng.uniform(-9, 3)
    lines = rng.normal(size=(2, network.n_outputs)) * [[float(rng.choice([1.0, 1e9]))], [size]]
    head = Numbers(*lines, str(rng.choice(["squared_error", "quantile:0.9", "poisson"])))
    mask = Mask.from_flat(network.layers, made.mask.flat())
    return Ticket(network, mask, made.scaling, head)


def random_maps(rng: np.random.Generator, most: int = 12) -> tuple[list[Layer], Any]:
    """Return layers that begin with a convolution, and the shape of their rows."""
    shape = (int(rng.integers(1, 4)), *rng.integers(1, most, 2).tolist())
    layers: list[Layer] = []
    below = shape
    for _ in range(int(rng.integers(1, 4))):
        kernel = int(rng.integers(1, min(5, *below[1:]) + 1))
        layer = Conv2d(
            int(rng.integers(1, 6)),
            kernel,
            int(rng.integers(1, 4)),
            str(rng.choice(["same", "valid"])),
            int(rng.choice([1, 1, 2])),
        )
        try:
            below = layer.on(below).shape
        except ValueError:  # pooling leaves nothing
            layer = replace(layer, pool=1)
            below = layer.on(below).shape
        layers.append(layer)
    layers += [Dense(int(n)) for n in rng.integers(1, 6, rng.integers(1, 3))]
    return layers, shape


def random_map_ticket(
    rng: np.random.Generator, density: float | None = None, numbers: bool | None = None
) -> Ticket:
    """Return a random ticket with convolutions, of small maps and all families."""
    layers, shape = random_maps(rng)
    network = Network(
        layers,  # type: ignore[arg-type]
        shape,
        seed=int(rng.integers(2**32)),
        weights=str(rng.choice(list(WEIGHT_FAMILIES))),
        biases=str(rng.choice(list(BIAS_FAMILIES))),
        activation=str(rng.choice(ACTIVATIONS)),
        input_bits=int(rng.choice([8, 16])),
    )
    density = float(rng.choice([0.05, 0.3, 1.0])) if density is None else density
    n_pairs = int(rng.choice([1, network.n_inputs]))
    scaling = InputScaling(rng.normal(size=n_pairs), rng.uniform(0.1, 2, n_pairs))
    lines = rng.normal(size=(2, network.n_outputs))
    numbers = bool(rng.integers(2)) if numbers is None else numbers
    head = Numbers(*lines) if numbers else Classes(network.n_outputs, 0.001)
    return Ticket(network, Mask.random(network.layers, density, rng), scaling, head)


def map_tickets() -> st.SearchStrategy[Ticket]:
    """Tickets with convolutions."""
    return st.integers(0, 2**32 - 1).map(lambda n: random_map_ticket(np.random.default_rng(n)))


def file_head(sizes: tuple[int, ...], codes: int = 0, seed: int = 0) -> bytes:
    """Return the start of a file, up to and with its temperature."""
    numbers = (len(sizes) - 1, *sizes, seed)
    n_pairs = sizes[0] if codes & 64 else 1
    floats = np.ones(2 * n_pairs + 1, "<f4").tobytes()
    return b"SCRT" + bytes((1, codes)) + b"".join(map(varint, numbers)) + floats


def sealed(body: bytes) -> bytes:
    """Return body with its right checksum: a file that only its content can get refused."""
    return body + zlib.crc32(body).to_bytes(4, "little")


def bit_flips(data: bytes) -> Iterator[bytes]:
    """Yield data with each single bit flipped."""
    for position in range(len(data)):
        for bit in range(8):
            damaged = bytearray(data)
            damaged[position] ^= 1 << bit
            yield bytes(damaged)


def document_vectors() -> list[list[int]]:
    """Return the test vectors in the format's document.

    Each is: seed, layer, index, x0, x1, the weight of each family in the order of codes, bias.
    """
    table = DOCUMENT.read_text("utf-8").split("| seed | layer | index |")[1].split("\n\n")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.split("\n")[2:]]
    return [[int(cell.strip("`"), 16 if "`" in cell else 10) for cell in row] for row in rows]

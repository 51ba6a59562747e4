"""docs/ticket-format.md: its test vectors, tables and worked example are what the library does."""

from __future__ import annotations

import re

import numpy as np
import pytest

from scratchcard.ticket import columns, columns_code, short_pairs
from scratchcard.ticket import file as ticketfile
from scratchcard.ticket.heads import labels
from scratchcard.ticket.network import ACTIVATIONS
from scratchcard.ticket.table import Table
from scratchcard.ticket.ticket import Ticket
from scratchcard.ticket.weights import BIAS_FAMILIES, WEIGHT_FAMILIES, biases, philox2x32, weight_at
from ticket_strategies import (
    DOCUMENT,
    document_vectors,
    small_column_ticket,
    small_map_ticket,
    small_ticket,
)

TEXT = DOCUMENT.read_text("utf-8")


def block(kind: str) -> str:
    found = re.findall(rf"```{kind}\n(.*?)```", TEXT, re.DOTALL)
    assert len(found) == 1
    return str(found[0])


def test_vectors() -> None:
    vectors = document_vectors()
    assert len(vectors) >= 6
    for seed, layer, index, x0, x1, *weights, bias in vectors:
        assert [int(word) for word in philox2x32(index, 2 * layer, seed)] == [x0, x1]
        drawn = [int(weight_at(name, seed, layer, index)) for name in ticketfile.WEIGHTS]
        assert drawn == weights
        uniform = BIAS_FAMILIES["uniform"].draw
        assert int(uniform(*philox2x32(index, 2 * layer + 1, seed))) == bias
        if index < 1000:
            assert biases("uniform", seed, layer, index + 1)[index] == bias


def test_known_answers() -> None:
    rows = re.findall(r"^\| " + r"`(\w{8})` \| " * 4 + r"`(\w{8})` \|$", TEXT, re.MULTILINE)
    assert len(rows) == 3
    for row in rows:
        c0, c1, key, x0, x1 = (int(word, 16) for word in row)
        assert [int(word) for word in philox2x32(c0, c1, key)] == [x0, x1]


def test_codes() -> None:
    for family in WEIGHT_FAMILIES.values():
        row = rf"\| {family.code} \| `{family.name}` \| .* \| {family.one} \| {family.max} "
        assert re.search(row + rf"\| {family.mean_square} \|", TEXT)
    for code, name in enumerate(ticketfile.BIASES):
        assert BIAS_FAMILIES[name].code == code
        assert f"| {code} | `{name}` |" in TEXT
    assert ACTIVATIONS == ("relu", "step", "sign")  # codes 0, 1, 2
    kinds = (labels.COUNTED, labels.INTEGERS, labels.TEXT, labels.NUMBERS, labels.BOOLEANS)
    assert kinds == (0, 1, 2, 3, 4)


def test_limits() -> None:
    assert ticketfile.VERSION == 2
    assert ticketfile.MAX_BYTES == 2**26
    assert ticketfile.MAX_LAYERS == 255
    assert ticketfile.weights_allowed(100) == 2**22 + 4096 * 100
    assert ticketfile.weights_allowed(2**26) == 2**28
    assert labels.MAX_CLASSES == 2**16
    assert labels.MAX_TEXT == 2**22
    assert columns.MOST_COLUMNS == columns_code.MOST_TEXT == 2**16
    assert columns.MOST_INPUTS == 2**18
    assert (short_pairs.SMALLEST, short_pairs.LARGEST) == (-100, 100)
    assert short_pairs.FARTHEST == 2**24 - 1


def hex_of(kind: str) -> bytes:
    return bytes.fromhex("".join(re.findall(r"^((?:[0-9a-f]{2} )+) ", block(kind), re.MULTILINE)))


def test_example_of_columns() -> None:
    ticket, data = small_column_ticket(), hex_of("hex-columns")
    assert data == ticket.to_bytes()
    assert len(data) == 60
    assert Ticket.from_bytes(data) == ticket
    assert (ticket.scaling.offset[0], ticket.scaling.scale[0]) == (8, 9 / 64)
    lines = block("example-columns").splitlines()
    assert len(lines) == 3
    for line in lines:
        cells, inputs, outputs = re.split(" +inputs +| +outputs +", line)
        width, colour = cells.split()
        row = np.array([[None if width == "missing" else float(width), colour, 0]], object)
        assert ticket.outputs(row)[0].tolist() == list(map(int, outputs.split()))
        features = ticket.columns.features(Table.of(row), ticket.scaling)
        found = ticket.scaling.quantise(features, ticket.network.input_limit)[0].tolist()
        assert found == list(map(int, inputs.split()))


def test_example_of_maps() -> None:
    ticket, data = small_map_ticket(), hex_of("hex-maps")
    assert data == ticket.to_bytes()
    assert len(data) == 51
    assert Ticket.from_bytes(data) == ticket
    network, kept = ticket.network, ticket.mask.arrays()
    lines = (line.split() for line in block("example-maps").splitlines())
    example = {name: values for name, *values in lines}
    row = np.array([[float(value) for value in example["features"]]])
    inputs = ticket.scaling.quantise(row, network.input_limit)[0].astype(int)
    kernels = (network.weights_of(0).astype(int) * kept[0]).reshape(3, 3, 3)
    around = np.pad(inputs.reshape(4, 4), 1)
    places = [(r, c) for r in range(4) for c in range(4)]
    windows = np.array([around[r : r + 3, c : c + 3] for r, c in places])
    sums = np.einsum("pyx,jyx->jp", windows, kernels) + network.biases_of(0)[:, None]
    largest = sums.reshape(3, 2, 2, 2, 2).max(axis=(2, 4)).reshape(3, 4)
    hidden = np.minimum(np.maximum(largest, 0) >> network.shifts[0], network.limits[1])
    expected = {
        "limit_0": [network.limits[0]],
        "inputs": inputs,
        "weights_0": network.weights_of(0)[kept[0]],
        "biases_0": network.biases_of(0),
        "unit_0": [network.one_sums[0]],
        "shift_0": [network.shifts[0]],
        "limit_1": [network.limits[1]],
        "sums_0": sums[0],
        "largest_0": largest[0],
        "hidden_0": hidden[0],
        "hidden_2": hidden[2],
        "weights_1": network.weights_of(1)[kept[1]],
        "biases_1": network.biases_of(1),
        "outputs": ticket.outputs(row)[0],
        "label": ticket.predict(row),
    }
    assert {"features", *expected} == set(example)
    for name, values in expected.items():
        assert example[name] == [str(value) for value in values], name
    assert network.has_narrow_maps


def test_worked_example_file() -> None:
    data = hex_of("hex")
    assert data == small_ticket().to_bytes()
    assert len(data) == 41
    assert Ticket.from_bytes(data) == small_ticket()


@pytest.fixture
def example() -> dict[str, list[str]]:
    lines = (line.split() for line in block("example").splitlines())
    return {name: values for name, *values in lines}


def test_worked_example_prediction(example: dict[str, list[str]]) -> None:
    ticket = small_ticket()
    network, layers = ticket.network, ticket.mask.arrays()
    row = np.array([[float(value) for value in example["features"]]])
    inputs = ticket.scaling.quantise(row, network.input_limit)[0].astype(int)
    weights = [network.weights_of(i).astype(int) for i in range(2)]
    units = np.flatnonzero(layers[1].any(axis=0))
    sums = ((weights[0] * layers[0]) @ inputs + network.biases_of(0))[units]
    expected = {
        "limit_0": [network.limits[0]],
        "inputs": inputs,
        "weights_0": weights[0][layers[0]],
        "biases_0": network.biases_of(0),
        "unit_0": [network.one_sums[0]],
        "shift_0": [network.shifts[0]],
        "limit_1": [network.limits[1]],
        "sums_0": sums,
        "hidden": np.minimum(np.maximum(sums, 0) >> network.shifts[0], network.limits[1]),
        "weights_1": weights[1][layers[1]],
        "biases_1": network.biases_of(1),
        "unit_1": [network.one_sums[1]],
        "outputs": ticket.outputs(row)[0],
        "label": ticket.predict(row),
    }
    assert {"features", *expected} == set(example)
    for name, values in expected.items():
        assert example[name] == [str(value) for value in values], name
    b8 = int(biases("uniform", network.seed, 0, 1)[0])
    assert (b8, (b8 * network.one_sums[0]) >> 7) == (-34, -4285)

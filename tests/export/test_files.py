"""The other files: QR codes, a torch program, ONNX of other labels, and heads nobody can export."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass

import numpy as np
import pytest

from exported import qr_bytes, run_onnx
from scratchcard import export
from scratchcard.ticket import (
    Classes,
    Conv2d,
    Dense,
    Head,
    InputScaling,
    Layer,
    Mask,
    Network,
    Numbers,
    Table,
    Ticket,
)
from ticket_strategies import random_ticket, small_column_ticket, small_map_ticket, small_ticket


def ticket_of_bytes(n_bytes: int) -> Ticket:
    """Return a ticket whose file has exactly so many bytes."""
    network = Network.dense((2, 2))
    made = Ticket(
        network, Mask.full(network.layers), InputScaling([0.0], [1.0]), Classes(["", "b"])
    )
    filler = "x" * (n_bytes - len(made.to_bytes()) - 1)
    ticket = Ticket(network, made.mask, made.scaling, Classes([filler, "b"]))
    assert len(ticket.to_bytes()) == n_bytes
    return ticket


@pytest.mark.parametrize("n_bytes", [42, 276, 2953])
def test_a_qr_code_holds_the_whole_file(n_bytes):
    ticket = small_ticket() if n_bytes == 42 else ticket_of_bytes(n_bytes)
    assert qr_bytes(export.qr(ticket, "png")) == ticket.to_bytes()


def test_every_byte_survives_a_qr_code():
    rng = np.random.default_rng(0)
    for _ in range(20):
        ticket = random_ticket(rng, (30, 40, 5), 0.2)
        assert qr_bytes(export.qr(ticket, "png")) == ticket.to_bytes()


def test_a_qr_code_may_be_drawn_by_lines():
    """The SVG has the modules of the PNG: both come from one code, and the PNG is decoded above."""
    svg = export.qr(small_ticket(), "svg").decode()
    assert svg.startswith("<?xml")
    assert "<path" in svg


def test_too_large_a_ticket_for_a_qr_code_is_refused():
    with pytest.raises(ValueError, match="at most 2953 bytes, got one of 2954"):
        export.qr(ticket_of_bytes(2954))
    with pytest.raises(ValueError, match="kind takes one of 'svg', 'png', got 'jpg'"):
        export.qr(small_ticket(), "jpg")


def test_a_torch_program_runs_without_this_package():
    torch = pytest.importorskip("torch")
    ticket = random_ticket(np.random.default_rng(1), (6, 5, 4, 3), 0.6)
    X = np.random.default_rng(2).normal(size=(7, 6))
    labels = {"labels.json": ""}
    data = export.EXPORTERS["torch"].file({"ticket": ticket}, ".pt2")
    program = torch.export.load(io.BytesIO(data), extra_files=labels)
    outputs = program.module()(torch.from_numpy(X))
    assert np.array_equal(outputs.numpy(), ticket.outputs(X))
    assert json.loads(labels["labels.json"]) == ticket.head.labels.tolist()


def test_a_torch_program_takes_rows_of_codes():
    """And what they stand for is in its extra file."""
    torch = pytest.importorskip("torch")
    ticket = small_column_ticket()
    rows = np.array([[12.0, "red", 0], [None, "red", 1], [12.0, "pink", 2]], object)
    extra = {"columns.json": ""}
    data = export.EXPORTERS["torch"].file({"ticket": ticket}, ".pt2")
    program = torch.export.load(io.BytesIO(data), extra_files=extra)
    codes = ticket.columns.codes(Table.of(rows))
    np.testing.assert_array_equal(codes, [[12, 0, 0], [np.nan, 0, 0], [12, -1, 0]])
    outputs = program.module()(torch.from_numpy(codes))
    assert np.array_equal(outputs.numpy(), ticket.outputs(rows))
    assert json.loads(extra["columns.json"]) == ticket.columns.describe()


def test_a_torch_module_has_ordinary_weights():
    torch = pytest.importorskip("torch")
    ticket = small_ticket()
    module = export.torch(ticket)
    weights = module.state_dict()["1.weight"].numpy()
    assert np.array_equal(weights, ticket.network.weights_of(0) * ticket.mask.array(0))
    fresh = export.torch(random_ticket(np.random.default_rng(0), (8, 3, 2), 0.5))
    names = set(module.state_dict())
    assert names == {"0.offset", "0.scale", "1.weight", "1.bias", "3.weight", "3.bias"}
    assert {name for name, _ in fresh.named_modules()} == {
        name for name, _ in module.named_modules()
    }
    assert isinstance(module, torch.nn.Module)


def test_a_torch_program_with_convolutions_runs_without_this_package():
    """Of ordinary modules, whose weights are kernels; padding is not the same on all sides."""
    torch = pytest.importorskip("torch")
    network = Network([Conv2d(3, 3), Conv2d(2, 2, pool=2), Dense(2)], (1, 5, 6), 3)
    mask = Mask.random(network.layers, 0.7, np.random.default_rng(0))
    ticket = Ticket(network, mask, InputScaling([0.0], [0.5]))
    X = np.random.default_rng(2).normal(size=(7, 30))
    data = export.EXPORTERS["torch"].file({"ticket": ticket}, ".pt2")
    outputs = torch.export.load(io.BytesIO(data)).module()(torch.from_numpy(X))
    assert np.array_equal(outputs.numpy(), ticket.outputs(X))
    kinds = [type(module).__name__ for module in export.torch(ticket)]
    assert kinds.count("Conv2d") == 2
    assert kinds.count("MaxPool2d") == 1
    kernels = next(iter(export.torch(ticket)[2].parameters()))
    expected = (network.weights_of(0) * mask.array(0)).reshape(3, 1, 3, 3)
    assert np.array_equal(kernels.numpy(), expected)


def test_onnx_convolves_and_pools():
    pytest.importorskip("onnx")
    nodes = [node.op_type for node in export.onnx(small_map_ticket()).graph.node]
    assert nodes.count("Conv") == nodes.count("MaxPool") == 1
    many = Network([Conv2d(1, 1, pool=1), Dense(1)], (80_000, 1, 2), weights="uniform")
    ticket = Ticket(many, Mask.full(many.layers), InputScaling([0.0], [1.0]))
    with pytest.raises(ValueError, match="weights into a map add up to at most 4194304"):
        export.onnx(ticket)


@pytest.mark.parametrize("labels", [["é", ""], [True, False], [0.5, -1e300], [-(2**63), 2**63 - 1]])
def test_onnx_gives_labels_of_every_kind(labels, tmp_path):
    network = Network.dense((3, 5, 2), 4)
    ticket = Ticket(network, Mask.full(network.layers), InputScaling([0.0], [1.0]), Classes(labels))
    X = np.random.default_rng(0).normal(size=(30, 3))
    assert np.array_equal(run_onnx([ticket], [X], tmp_path)[0], ticket.outputs(X))


def test_files_are_the_same_each_time():
    for ticket in (small_ticket(), small_column_ticket(), small_map_ticket()):
        for name, exporter in export.EXPORTERS.items():
            if name != "torch":  # its file holds the time
                suffix = exporter.suffixes[0]
                files = {exporter.file({"ticket": ticket}, suffix) for _ in range(2)}
                assert len(files) == 1, name


def test_a_torch_module_s_outputs_are_answers_by_the_ticket_s_head():
    torch = pytest.importorskip("torch")
    network = Network([Dense(5), Dense(2)], 3)
    rows = np.random.default_rng(0).normal(size=(9, 3))
    for head in (Numbers([1.5, -2.0], [0.1, 3e-3]), Classes(["a", "b"], 0.01)):
        ticket = Ticket(network, Mask.full(network.layers), InputScaling([0.0], [1.0]), head)
        outputs = export.torch(ticket)(torch.tensor(rows)).numpy()
        assert head.predict(outputs).tolist() == ticket.predict(rows).tolist()


class Ranks(Head):
    name = "ranks"
    code = 77
    judge = "accuracy"
    n_outputs = 2
    temperature = 1.0

    def targets(self, y):
        return np.asarray(y)

    def predict(self, outputs):
        return np.argsort(outputs, axis=1)

    def score(self, outputs, y):
        return 1.0

    def calibrated(self, outputs, targets, weights, smoothing=None):
        return self

    def describe(self):
        return {}

    def encode(self):
        return b""

    @classmethod
    def decode(cls, reader, n_outputs):
        return cls()


@dataclass(frozen=True)
class Pairs(Layer):
    name = "pairs"
    code = 77
    fan_in = 2

    def encode(self):
        return b""

    @classmethod
    def decode(cls, reader, most):
        return cls(2)


@pytest.mark.parametrize("to", ["c", "html", "onnx", "numpy", "torch", "qr"])
def test_other_heads_and_layers_are_refused(to):
    """A QR code takes any ticket, and a torch module gives outputs whatever they mean."""
    dense = Network([Dense(2)], 3)
    headed = Ticket(dense, Mask.full(dense.layers), InputScaling([0.0], [1.0]), Ranks())
    if to not in ("qr", "torch"):
        with pytest.raises(ValueError, match=f"{to} takes a ticket whose outputs are classes"):
            getattr(export, to)(headed)
    paired = Network([Pairs(2)], 3)
    layered = Ticket(paired, Mask.full(paired.layers), InputScaling([0.0], [1.0]))
    if to != "qr":
        with pytest.raises(
            ValueError, match=f"{to} takes a ticket of dense layers and convolutions, got one with"
        ):
            getattr(export, to)(layered)

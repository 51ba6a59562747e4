"""ticket.py: predicting, checking arguments, describing, saving whole, and needing NumPy alone."""

from __future__ import annotations

import copy
import json
import os
import pickle
import stat
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchcard.ticket.heads import Classes
from scratchcard.ticket.mask import Mask
from scratchcard.ticket.network import Network
from scratchcard.ticket.scaling import InputScaling
from scratchcard.ticket.ticket import Ticket, TicketError
from ticket_strategies import random_ticket, tickets

SCALING = InputScaling(np.array([8.0]), np.array([0.125]))


def digits_ticket(density: float = 0.1, labels: Any = 10, temperature: float = 0.001) -> Ticket:
    network = Network.dense((64, 100, 10), seed=4_000_000_000)
    mask = Mask.random(network.layers, density, np.random.default_rng(0))
    head = Classes(labels, temperature)
    return Ticket(network, mask, SCALING, head)


def random_rows(ticket: Ticket, n_rows: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n_rows, ticket.network.n_inputs)) * 3


# -- prediction --------------------------------------------------------------------------------


@settings(max_examples=50, deadline=None)
@given(tickets(), st.integers(0, 100))
def test_predictions_agree_with_the_outputs(ticket: Ticket, seed: int) -> None:
    X = random_rows(ticket, 5, seed)
    inputs = ticket.scaling.quantise(X, ticket.network.input_limit)
    outputs = ticket.outputs(X)
    assert outputs.shape == (5, ticket.network.n_outputs)
    np.testing.assert_array_equal(outputs, ticket.network.outputs(ticket.mask, inputs))
    winners = [row.index(max(row)) for row in outputs.tolist()]  # the first of ties
    assert ticket.predict(X).tolist() == [ticket.head.labels[i] for i in winners]
    logits = ticket.decision_function(X)
    np.testing.assert_array_equal(logits, outputs * ticket.head.temperature)
    proba = ticket.predict_proba(X)
    assert proba.dtype == np.float64
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    np.testing.assert_allclose(np.max(proba, axis=1), proba[np.arange(5), winners])


def test_dropping_dead_weights_changes_no_output() -> None:
    network = Network.dense((6, 5, 4, 3), seed=1)
    mask = Mask.random(network.layers, 0.2, np.random.default_rng(2))
    ticket = Ticket(network, mask, SCALING)
    assert ticket.mask == mask.without_dead() != mask
    X = random_rows(ticket, 50)
    inputs = SCALING.quantise(X, network.input_limit)
    np.testing.assert_array_equal(ticket.outputs(X), network.outputs(mask, inputs))


def test_rows_of_every_form() -> None:
    ticket = digits_ticket(labels=[f"digit {i}" for i in range(10)])
    X = np.random.default_rng(0).integers(0, 17, (7, 64))
    expected = ticket.predict(X)
    assert expected.dtype == np.dtype("<U7")
    for form in (
        X.tolist(),
        X.astype(np.float32),
        X.astype(object),
        pd.DataFrame(X),
        X[::-1][::-1],
    ):
        np.testing.assert_array_equal(ticket.predict(form), expected)
    assert ticket.predict(np.zeros((0, 64))).shape == (0,)
    assert ticket.predict_proba(np.zeros((0, 64))).shape == (0, 10)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.zeros(64), r"X takes shape \(n_rows, 64\), got \(64,\); one row is X.reshape\(1, -1\)"),
        (np.zeros((2, 3, 4)), "X takes shape"),
        (3.0, "X takes shape"),
        (None, "X takes shape"),
        ("text", "X takes shape"),
        ([[1.0], [1.0, 2.0]], "X takes shape"),
        (np.zeros((2, 63)), "X takes 64 features, got 63"),
        (np.full((2, 64), np.nan), "X takes finite numbers, got NaN"),
        (np.full((2, 64), -np.inf), "X takes finite numbers, got infinity"),
        (np.full((2, 64), "1"), "X takes numbers"),
        (np.full((2, 64), "1", object), "X takes numbers"),
        (np.full((2, 64), None, object), "X takes"),
        (np.full((2, 64), 1j), "X takes numbers, got complex128"),
    ],
)
@pytest.mark.parametrize("method", ["predict", "predict_proba", "decision_function", "outputs"])
def test_rows_refused(method: str, X: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        getattr(digits_ticket(), method)(X)


# -- arguments ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"network": "64-100-10"}, "network takes a Network, got str"),
        ({"mask": np.ones(7400)}, "mask takes a Mask, got ndarray"),
        ({"scaling": None}, "scaling takes a InputScaling, got NoneType"),
        ({"mask": Mask.full([(10, 64)])}, "mask takes a mask of 64-100-10, got one of 64-10"),
        ({"scaling": InputScaling(np.zeros(3), np.ones(3))}, "scaling takes 1 pair or 64, got 3"),
        ({"head": Classes([1, 2])}, "head takes one of 10 outputs, .* got one of 2"),
        ({"head": range(10)}, "head takes a Head, got range"),
    ],
)
def test_arguments_refused(arguments: dict[str, Any], message: str) -> None:
    network = Network.dense((64, 100, 10))
    given_arguments = {"network": network, "mask": Mask.full(network.layers), "scaling": SCALING}
    with pytest.raises(ValueError, match=message):
        Ticket(**{**given_arguments, **arguments})


def test_too_many_layers() -> None:
    network = Network.dense((1,) * 257)
    with pytest.raises(ValueError, match="network takes at most 255 layers, got 256"):
        Ticket(network, Mask.full(network.layers), SCALING)


def test_immutable() -> None:
    ticket = digits_ticket()
    with pytest.raises(AttributeError):
        ticket.head = Classes(10)  # type: ignore[misc]
    with pytest.raises(AttributeError):
        ticket.head.temperature = 2.0  # type: ignore[misc]
    with pytest.raises(ValueError, match="read-only"):
        ticket.head.labels[0] = 3


# -- equality, copies, description -------------------------------------------------------------


def test_equality_and_hash() -> None:
    ticket, same = digits_ticket(), digits_ticket()
    assert ticket == same
    assert hash(ticket) == hash(same)
    assert ticket != digits_ticket(temperature=0.002)
    assert ticket != digits_ticket(density=0.2)
    assert ticket != digits_ticket(labels=range(1, 11))
    assert ticket != ticket.to_bytes()
    assert digits_ticket(temperature=0.1) == digits_ticket(temperature=float(np.float32(0.1)))


def test_copies() -> None:
    ticket = digits_ticket()
    for again in (pickle.loads(pickle.dumps(ticket)), copy.deepcopy(ticket), copy.copy(ticket)):
        assert again == ticket


def test_describe() -> None:
    ticket = digits_ticket()
    facts = json.loads(json.dumps(ticket.describe()))
    assert facts["network"] == "64-100-10"
    assert facts["seed"] == 4_000_000_000
    assert (facts["weights"], facts["biases"], facts["activation"]) == (
        "uniform",
        "uniform",
        "relu",
    )
    assert (facts["input_bits"], facts["n_weights"]) == (8, 7400)
    assert facts["surviving_weights"] == ticket.mask.surviving
    assert facts["density"] == ticket.mask.surviving / 7400
    assert facts["sparsity"] == 1 - facts["density"]
    assert facts["effective_density"] == ticket.mask.effective_density
    assert facts["density_per_layer"] == list(ticket.mask.per_layer_density)
    assert facts["bytes"] == len(ticket.to_bytes())
    assert facts["classes"] == list(range(10))
    assert facts["scaling"] == {"kind": "global", "offset": [8.0], "scale": [0.125]}
    assert facts["temperature"] == pytest.approx(0.001)
    assert facts["format_version"] == 1
    assert repr(ticket) == (
        f"<Ticket 64-100-10, seed 4000000000: {facts['surviving_weights']} of 7400 weights, "
        f"{facts['bytes']} bytes>"
    )


def test_all_but_the_mask_takes_at_most_64_bytes() -> None:
    for density in (0.01, 0.03, 0.1, 0.5):
        facts = digits_ticket(density).describe()
        assert facts["bytes"] - facts["mask_bytes"] <= 32  # 64 are asked for


# -- files -------------------------------------------------------------------------------------


def test_save_and_load(tmp_path: Path) -> None:
    ticket, path = digits_ticket(), tmp_path / "digits.ticket"
    ticket.save(path)
    assert path.read_bytes() == ticket.to_bytes()
    assert Ticket.load(path) == Ticket.load(str(path)) == ticket
    other = digits_ticket(density=0.2)
    path.chmod(0o640)
    other.save(str(path))  # replaces, and keeps who may read it
    assert Ticket.load(path) == other
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["digits.ticket"]


def test_save_through_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    digits_ticket().save(target)
    link.symlink_to(target)
    digits_ticket(density=0.2).save(link)
    assert link.is_symlink()
    assert Ticket.load(target) == digits_ticket(density=0.2)


def test_save_where_it_cannot(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"there is no such folder.*nowhere"):
        digits_ticket().save(tmp_path / "nowhere" / "digits.ticket")
    with pytest.raises(OSError, match="only an ordinary file can be replaced"):
        digits_ticket().save(tmp_path)
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with pytest.raises(OSError, match="only an ordinary file can be replaced"):
        digits_ticket().save(fifo)
    assert os.listdir(tmp_path) == ["fifo"]


def test_load_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a ticket")
    with pytest.raises(TicketError, match=r"notes\.txt: this is not a ticket"):
        Ticket.load(path)
    with pytest.raises(FileNotFoundError):
        Ticket.load(tmp_path / "missing.ticket")


def run_python(code: str, *arguments: str) -> str:
    command = [sys.executable, "-W", "error", "-c", textwrap.dedent(code), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_a_full_disk_leaves_the_old_file_whole(tmp_path: Path) -> None:
    """A limit on file size stands in for a full disk: writing fails half way, as it does there."""
    pytest.importorskip("resource", reason="limits on file size are POSIX's")
    old, path = digits_ticket(density=0.02), tmp_path / "digits.ticket"
    old.save(path)
    new = tmp_path / "new"
    digits_ticket(density=0.5).save(new)
    code = """
        import resource, sys
        from scratchcard import Ticket
        ticket = Ticket.load(sys.argv[1])
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
        try:
            ticket.save(sys.argv[2])
        except OSError as error:
            print(type(error).__name__, error.strerror)
    """
    assert run_python(code, str(new), str(path)) == "OSError File too large\n"
    assert Ticket.load(path) == old
    assert sorted(os.listdir(tmp_path)) == ["digits.ticket", "new"]


def test_loading_and_predicting_needs_numpy_alone(tmp_path: Path) -> None:
    digits_ticket().save(tmp_path / "digits.ticket")
    code = """
        import sys
        from scratchcard import Ticket
        ticket = Ticket.load(sys.argv[1])
        ticket.predict([[0.0] * 64]), ticket.predict_proba([[0.0] * 64]), ticket.describe()
        ticket.save(sys.argv[1])
        heavy = {"sklearn", "numba", "llvmlite", "scipy", "rich", "click", "pandas", "joblib"}
        print(sorted(heavy & set(sys.modules)))
    """
    assert run_python(code, str(tmp_path / "digits.ticket")) == "[]\n"


def test_a_big_sparse_ticket(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    ticket = random_ticket(rng, (784, 300, 100, 10), 0.02)
    path = tmp_path / "big.ticket"
    ticket.save(path)
    again = Ticket.load(path)
    X = rng.normal(size=(20, 784))
    np.testing.assert_array_equal(again.outputs(X), ticket.outputs(X))

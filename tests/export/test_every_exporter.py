"""Whatever a ticket is exported to gives Python's integers, on real rows and for any ticket."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from exported import RUNNERS
from readers import table_of
from scratchcard import datasets, export
from scratchcard.ticket import Classes, Conv2d, Dense, InputScaling, Mask, Network, Ticket
from ticket_strategies import codes_for, random_column_ticket, random_map_ticket, tickets


def real_ticket(name: str, **settings: object) -> tuple[Ticket, np.ndarray]:
    """Return a ticket with a random mask that fits a data set, and the test rows."""
    dataset = datasets.load(name)
    sizes = (dataset.n_features, 60, dataset.n_classes)
    network = Network.dense(sizes, seed=5, **settings)
    mask = Mask.random(network.layers, 0.1, np.random.default_rng(5))
    scaling = InputScaling.fit(dataset.train.X)
    return Ticket(network, mask, scaling, Classes(dataset.classes, 1e-4)), dataset.test.X


REAL = {
    "digits": lambda: real_ticket("digits"),
    "breast_cancer": lambda: real_ticket("breast_cancer", input_bits=16, weights="kaiming_normal"),
    "wine": lambda: real_ticket("wine", weights="signed_constant", activation="sign"),
}


def test_every_exporter_is_run():
    assert {name.split(",")[0] for name in RUNNERS} == set(export.EXPORTERS)


@pytest.mark.parametrize("name", RUNNERS)
def test_real_rows(name, tmp_path):
    made = [ticket() for ticket in REAL.values()]
    of, rows = [ticket for ticket, _ in made], [X for _, X in made]
    for ticket, X, outputs in zip(of, rows, RUNNERS[name](of, rows, tmp_path), strict=True):
        assert np.array_equal(outputs, ticket.outputs(X))


@pytest.mark.parametrize("name", RUNNERS)
def test_random_tickets(name, tmp_path):
    # One example is a dozen tickets. None is made smaller: each try takes a compiler or a browser.
    @settings(max_examples=2, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(st.lists(tickets(), min_size=12, max_size=12), st.integers(0, 2**32 - 1))
    def run(of, seed):
        rng = np.random.default_rng(seed)
        rows = [rows_of(ticket, rng) for ticket in of]
        for ticket, X, outputs in zip(of, rows, RUNNERS[name](of, rows, tmp_path), strict=True):
            assert np.array_equal(outputs, ticket.outputs(X)), ticket

    run()


TAKE_MAPS = [name for name in RUNNERS if not name.startswith("c, fast")]


@pytest.mark.parametrize("name", TAKE_MAPS)
def test_random_tickets_with_convolutions(name, tmp_path):
    """Strides, paddings, kernels, pooling, channels, all families; maps of one position too."""
    rng = np.random.default_rng(23)
    of = [random_map_ticket(rng, numbers=False) for _ in range(24)]
    rows = [rows_of(ticket, rng) for ticket in of]
    for ticket, X, outputs in zip(of, rows, RUNNERS[name](of, rows, tmp_path), strict=True):
        assert np.array_equal(outputs, ticket.outputs(X)), ticket


@pytest.mark.parametrize("name", [name for name in TAKE_MAPS if name != "qr"])
def test_convolutions_at_their_limits(name, tmp_path):
    """Full masks and extreme rows, where single floats or a sum of 16 or 32 bits would not do."""
    rng, of, rows = np.random.default_rng(4), [], []
    X = np.vstack([np.full(162, 1e9), np.full(162, -1e9), rng.choice([-1e9, 1e9], 162)])
    for weights, activation in (
        ("uniform", "relu"),
        ("kaiming_normal", "sign"),
        ("signed_constant", "relu"),
        ("signed_constant", "step"),
    ):
        for units in (2, 60):
            layers = [Conv2d(units, 3), Conv2d(5, 4, 1, "valid", 2), Dense(4), Dense(3)]
            network = Network(
                layers, (2, 9, 9), 9, weights=weights, input_bits=16, activation=activation
            )
            of.append(Ticket(network, Mask.full(network.layers), InputScaling([0.0], [1.0])))
            rows.append(X)
    for ticket, X, outputs in zip(of, rows, RUNNERS[name](of, rows, tmp_path), strict=True):
        assert np.array_equal(outputs, ticket.outputs(X)), ticket


@pytest.mark.parametrize("name", RUNNERS)
def test_random_tickets_of_tables(name, tmp_path):
    """Known and unknown values, missing cells, numbers far outside, and columns nobody reads."""
    rng = np.random.default_rng(17)
    of: list[Ticket] = []
    while len(of) < 16:
        ticket = random_column_ticket(rng, tuple(rng.integers(1, 9, rng.integers(1, 4)).tolist()))
        of += [ticket] if isinstance(ticket.head, Classes) else []
    rows = [codes_for(ticket, rng, 12) for ticket in of]
    for ticket, X, outputs in zip(of, rows, RUNNERS[name](of, rows, tmp_path), strict=True):
        assert np.array_equal(outputs, ticket.outputs(table_of(ticket, X))), ticket


def rows_of(ticket: Ticket, rng: np.random.Generator) -> np.ndarray:
    """Return rows within the ticket's range, at the edges of rounding and far outside."""
    shape = (4, ticket.network.n_inputs)
    offset = ticket.scaling.offset.astype(float)
    unit = np.maximum(ticket.scaling.scale.astype(float), 1e-6)
    limit = ticket.network.input_limit
    inside = offset + rng.uniform(-1.2, 1.2, shape) / unit
    halves = offset + (rng.integers(-limit, limit, shape) + 0.5) / limit / unit
    far = rng.choice([0.0, 1e300, -1e300, 5e-324, 1e17, -1.0], shape)
    return np.vstack([inside, halves, far])


@pytest.mark.parametrize("name", [name for name in RUNNERS if name != "qr"])
def test_wide_and_deep_networks_at_their_limits(name, tmp_path):
    """Full masks and extreme rows, where a sum of too few bits would overflow."""
    of, rows = [], []
    rng = np.random.default_rng(4)
    for weights, activation in (
        ("uniform", "relu"),
        ("kaiming_normal", "relu"),
        ("kaiming_normal", "sign"),
        ("signed_constant", "relu"),
        ("signed_constant", "step"),
    ):
        network = Network.dense(
            (500, 90, 30, 20, 3), 9, weights=weights, input_bits=16, activation=activation
        )
        scaling = InputScaling([0.0], [1.0])
        of += [
            Ticket(network, Mask.full(network.layers), scaling),
            Ticket(network, Mask.random(network.layers, 0.03, rng), scaling),
        ]
        X = np.vstack([np.full(500, 1e9), np.full(500, -1e9), rng.choice([-1e9, 1e9], 500)])
        rows += [X, X]
    for ticket, X, outputs in zip(of, rows, RUNNERS[name](of, rows, tmp_path), strict=True):
        assert np.array_equal(outputs, ticket.outputs(X))


@pytest.mark.parametrize("to", ["c", "html", "onnx", "torch", "numpy", "qr"])
def test_what_is_no_ticket_is_refused(to):
    with pytest.raises(ValueError, match="ticket takes a Ticket, got dict"):
        getattr(export, to)({"ticket": {}} if to == "c" else {})

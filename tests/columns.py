"""Random tickets, and their inputs shared out among columns. Several tests use it."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from scratchcard import InputScaling, Mask, Network, Ticket
from scratchcard.insight import ColumnInputs


def random_ticket(sizes, density, draw=0, head=None, **families) -> Ticket:
    network = Network.dense(sizes, seed=draw, **families)
    mask = Mask.random(network.layers, density, np.random.default_rng(draw))
    ends = np.array([[-3.0], [3.0]]) * np.ones(sizes[0])
    return Ticket(network, mask, InputScaling.fit(ends), head)


@st.composite
def tickets(draw):
    sizes = draw(st.lists(st.integers(1, 9), min_size=2, max_size=4))
    return random_ticket(sizes, draw(st.floats(0, 1)), draw(st.integers(0, 99)))


@st.composite
def grouped(draw):
    """A ticket, and its inputs shared out among columns in any way."""
    ticket = draw(tickets())
    owners = draw(st.lists(st.integers(0, 3), min_size=(n := ticket.network.n_inputs), max_size=n))
    groups = [tuple(i for i, owner in enumerate(owners) if owner == k) for k in range(4)]
    return ticket, [
        ColumnInputs(f"column {k}", inputs) for k, inputs in enumerate(groups) if inputs
    ]

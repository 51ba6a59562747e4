"""Tickets of every kind, small, that campaigns start from."""

from __future__ import annotations

from pathlib import Path

import numpy as np

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
    Ticket,
)
from scratchcard.ticket.columns import Column, Columns
from scratchcard.ticket.network import ACTIVATIONS
from scratchcard.ticket.short_pairs import short_pair
from scratchcard.ticket.weights import BIAS_FAMILIES, WEIGHT_FAMILIES

SHAPES: list[tuple[tuple[int, ...], tuple[int | Layer, ...]]] = [
    ((3,), (2,)),
    ((2,), (3, 2)),
    ((8,), (5, 4, 3)),
    ((6,), (20, 1)),
    ((2, 3), (4, 2)),
    ((1, 2, 2), (3, 3)),
    ((4,), (2,) * 9),
    ((1, 6, 5), (Conv2d(3), 2)),
    ((2, 7, 7), (Conv2d(4, 3, 2), Conv2d(2, 2, 1, "valid", 2), 3)),
    ((3, 8, 9), (Conv2d(40, 3, pool=2), Conv2d(3, 4, 1, "valid"), 4, 2)),
    ((1, 5, 5), (Conv2d(2, 5, 3), Conv2d(1, 2, 1, "valid"), 1)),  # maps of one position
]
LABELS = {
    1: [1, [-7], [2**62], ["only"], [0.25], [True]],
    2: [2, [-1, 1], ["no", "größer"], [0.5, 1e300], [False, True]],
    3: [3, [2, 1, 0], ["a", "", "\U0001f600"], [-1.5, 0.0, 2.0]],
}
TABLES = [
    [Column("number", "a"), Column("number", "", missing=True), Column("category", "é", ("x", ""))],
    [Column("number", f"n{k}") for k in range(9)],
    [Column("none")] * 3 + [Column("category", None, tuple("abcdefg"), True)],
    [Column("category", None, ("0", "1"))] * 5 + [Column("number")] * 3 + [Column("none")],
]
LOSSES = ["squared_error", "absolute_error", "quantile:0.9", "poisson"]


def tickets() -> list[Ticket]:
    """Return one ticket for each shape and kind of answer; all else takes turns."""
    rng, made = np.random.default_rng(0), []
    for shape, units in SHAPES:
        last = units[-1]
        n_outputs = last if isinstance(last, int) else last.units
        heads: list[Head] = [Classes(labels, 2.0**-10) for labels in LABELS[n_outputs]]
        lines = rng.normal(size=(2, n_outputs))
        heads += [Numbers(*lines, loss) for loss in LOSSES]
        for head in heads:
            made.append(_ticket(shape, units, head, len(made), rng))
    for number in range(12):
        made.append(_of_a_table(TABLES[number % len(TABLES)], number, rng))
    return made


def _of_a_table(listed: list[Column], number: int, rng: np.random.Generator) -> Ticket:
    n_inputs = sum(column.n_inputs for column in listed)
    columns = Columns(tuple(listed), listed[0].name is not None, np.ones(n_inputs, np.bool_))
    head: Head = Classes(["no", "yes"]) if number % 3 else Numbers([0.5, 1.0], [1.0, 2.0])
    made = _ticket((n_inputs,), (3, 2), head, number, rng)
    pairs = [short_pair(*sorted(rng.normal(size=2))) for _ in range(n_inputs)]
    is_plain = all(column.code == 1 for column in listed)
    scaling = InputScaling(*np.array(pairs[: 1 if is_plain and number % 2 else None]).T)
    return Ticket(made.network, made.mask, scaling, head, columns)


def _ticket(
    shape: tuple[int, ...],
    units: tuple[int | Layer, ...],
    head: Head,
    number: int,
    rng: np.random.Generator,
) -> Ticket:
    network = Network(
        tuple(Dense(one) if isinstance(one, int) else one for one in units),
        shape,
        seed=int(rng.integers(2**32)),
        weights=list(WEIGHT_FAMILIES)[number % 3],
        biases=list(BIAS_FAMILIES)[number % 2],
        activation=ACTIVATIONS[number // 2 % 3],
        input_bits=(8, 16)[number // 3 % 2],
    )
    pairs = (1, network.n_inputs)[number // 5 % 2]
    scaling = InputScaling(rng.normal(size=pairs), rng.uniform(0.1, 2, pairs))
    density = (0.1, 0.4, 1.0)[number // 4 % 3]
    return Ticket(network, Mask.random(network.layers, density, rng), scaling, head)


def arguments_in(folder: Path) -> list[str]:
    """Write the tickets' files into a folder, and return what to tell libFuzzer of it."""
    inputs = folder / "inputs"
    inputs.mkdir(parents=True, exist_ok=True)
    for number, ticket in enumerate(tickets()):
        ticket.save(inputs / f"{number:02}.ticket")
    return [str(inputs), f"-artifact_prefix={folder}/", "-max_len=4096", "-timeout=10"]

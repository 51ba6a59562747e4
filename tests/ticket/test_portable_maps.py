"""portable/: the readers give Python's integers for tickets with convolutions."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from readers import READERS, ROOT, Job, check, run_jobs
from scratchcard.ticket.layers import Conv2d, Dense
from scratchcard.ticket.mask import Mask
from scratchcard.ticket.network import Network
from scratchcard.ticket.scaling import InputScaling
from scratchcard.ticket.ticket import Ticket
from scratchcard.ticket.weights import WEIGHT_FAMILIES
from ticket_strategies import random_map_ticket


def test_random_tickets_with_convolutions(reader: list[str], tmp_path: Path) -> None:
    """Strides, paddings, kernels of any size, pooling, channels, all families, both heads."""
    rng = np.random.default_rng(21)
    made, jobs = [random_map_ticket(rng) for _ in range(300)], []
    for ticket in made:
        rows = (
            rng.normal(size=(3, ticket.n_columns)),
            rng.choice([-1e9, 1e9], (2, ticket.n_columns)),
        )
        jobs.append(Job(ticket.to_bytes(), np.vstack(rows)))
    for ticket, job, answer in zip(made, jobs, run_jobs(reader, jobs, tmp_path), strict=True):
        check(ticket, job.rows, answer)
    assert {ticket.network.has_narrow_maps for ticket in made} == {True, False}
    layers = [layer for ticket in made for layer in ticket.network.layers]
    assert any(layer.reads_maps and layer.positions == 1 for layer in layers)


@pytest.mark.parametrize("weights", WEIGHT_FAMILIES)
def test_sums_of_maps_at_the_limit(reader: list[str], tmp_path: Path, weights: str) -> None:
    """Full masks and rows that reach farthest, where a sum of 16 or of 32 bits would overflow."""
    rng = np.random.default_rng(5)
    for units, kernel in ((2, 3), (20, 5), (300, 3)):
        layers = [Conv2d(units, kernel, 2), Conv2d(3, 3, padding="valid", pool=2), Dense(2)]
        network = Network(layers, (2, 14, 12), 3, weights=weights, input_bits=16)
        ticket = Ticket(network, Mask.full(network.layers), InputScaling([0.0], [1.0]))
        drawn = network.weights_of(0).reshape(units, 2, kernel, kernel)[0]
        far = np.tile(np.sign(drawn), (1, 9, 9))[:, :14, :12].ravel() * 1e9
        rows = np.vstack([far, -far, rng.choice([-1e9, 1e9], far.size)])
        check(ticket, rows, run_jobs(reader, [Job(ticket.to_bytes(), rows)], tmp_path)[0])


def test_images(reader: list[str], tmp_path: Path) -> None:
    """Networks as they are used for images of 28 x 28 pixels, dense and sparse."""
    rng = np.random.default_rng(6)
    layers = [Conv2d(32, 3, 2), Conv2d(64, 3, pool=2), Dense(10)]
    rows = rng.normal(size=(3, 784))
    for weights, density in (("uniform", 0.4), ("signed_constant", 0.1), ("kaiming_normal", 1.0)):
        network = Network(layers, (1, 28, 28), 1, weights=weights)
        mask = Mask.random(network.layers, density, rng)
        ticket = Ticket(network, mask, InputScaling([0.0], [0.5]))
        check(ticket, rows, run_jobs(reader, [Job(ticket.to_bytes(), rows)], tmp_path)[0])


@pytest.mark.parametrize(("weights", "size"), [("signed_constant", 1), ("uniform", 2)])
def test_c_says_how_much_it_needs_for_maps(tmp_path: Path, weights: str, size: int) -> None:
    """Two layers of values, the sums of one map in 16 or 32 bits, and a bit for each map."""
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    layers = [Conv2d(32, 3, 2), Conv2d(64, 3, pool=2), Dense(10)]
    network = Network(layers, (1, 28, 28), 1, weights=weights)
    mask = Mask.random(network.layers, 0.3, np.random.default_rng(0))
    Ticket(network, mask, InputScaling([0.0], [1.0])).save(tmp_path / "maps.ticket")
    program, flags = tmp_path / "memory", ["-std=c99", "-O2", f"-I{ROOT / 'portable'}"]
    subprocess.run(["gcc", *flags, str(READERS / "memory.c"), "-o", str(program)], check=True)
    done = subprocess.run([program, tmp_path / "maps.ticket"], capture_output=True, text=True)
    values, sums, bits = 32 * 14 * 14 + 64 * 7 * 7, 14 * 14 * size, 32 // 8 + 64 // 8
    assert int(done.stdout.split()[0]) == 2 * values + 2 * sums + bits

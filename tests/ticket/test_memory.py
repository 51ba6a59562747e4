"""Loading a ticket takes no more memory than docs/ticket-format.md says, in three languages."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tracemalloc
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from scratchcard.ticket.codec import varint
from scratchcard.ticket.file import weights_allowed
from scratchcard.ticket.layers import Conv2d, Dense
from scratchcard.ticket.mask import Mask
from scratchcard.ticket.network import Network
from scratchcard.ticket.rice import write_codes
from ticket_strategies import file_head, sealed

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = Path(__file__).resolve().parent / "portable"
MIB = 1 << 20

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="memory is read from /proc"
)

FEW = (16370, 16370, 10)  # as many weights as a file of 65 kB may declare
MANY = (8192, 4096, 8192, 10)


def n_weights(sizes: tuple[int, ...]) -> int:
    return sum(a * b for a, b in pairwise(sizes))


def file_of_few() -> bytes:
    """Return a file of 65 kB in which hardly anything survives but the last layer."""
    last, k = FEW[1] * FEW[2], 13
    gaps = np.random.default_rng(0).integers(0, 10_000, 24_800)
    stream = np.packbits(np.ones(last, np.bool_))
    stream = np.append(stream, np.zeros(2**17, np.uint8))
    position = write_codes(stream, last, gaps, k)
    heads = varint(last) + b"\0" + varint(gaps.size) + bytes([k])
    return sealed(file_head(FEW) + b"\0" + heads + stream[: -(-position // 8)].tobytes())


def file_of_many() -> bytes:
    """Return a file of 8 MB in which half of the weights survive, and all of the last layer."""
    rng, layers, heads = np.random.default_rng(0), [], b""
    for number, (a, b) in reversed(list(enumerate(pairwise(MANY)))):
        is_last = number == len(MANY) - 2
        bits = np.full(a * b // 8, 255, np.uint8)
        if not is_last:
            bits[:-1] = np.frombuffer(rng.bytes(bits.size - 1), np.uint8)
        layers.append(bits)
        heads += varint(int(np.bitwise_count(bits).sum(dtype=np.int64))) + b"\0"
    return sealed(file_head(MANY) + b"\0" + heads + np.concatenate(layers).tobytes())


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[int, ...], Path]:
    folder = tmp_path_factory.mktemp("large")
    paths = {FEW: folder / "few.ticket", MANY: folder / "many.ticket"}
    paths[FEW].write_bytes(file_of_few())
    paths[MANY].write_bytes(file_of_many())
    return paths


def run(*command: object) -> list[int]:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [int(word) for word in done.stdout.split()]


def test_the_files_are_what_they_should_be(files: dict[tuple[int, ...], Path]) -> None:
    size = files[FEW].stat().st_size
    assert size < 66_000
    assert 0.99 * weights_allowed(size) < n_weights(FEW) <= weights_allowed(size)
    assert files[MANY].stat().st_size > 8_000_000


@pytest.mark.parametrize("sizes", [FEW, MANY])
def test_python(files: dict[tuple[int, ...], Path], sizes: tuple[int, ...]) -> None:
    loading, writing = run(sys.executable, PROGRAMS / "memory.py", files[sizes])
    size = files[sizes].stat().st_size
    assert loading < n_weights(sizes) / 4 + 8 * size + 16 * MIB
    assert writing < n_weights(sizes) / 2 + 8 * size + 16 * MIB


def test_a_large_kernel_on_a_large_map_takes_little_memory() -> None:
    """Copies of all that it reads, at all places, would take 300 MB."""
    network = Network([Conv2d(1, 15), Dense(2)], (1, 600, 600))
    mask = Mask.random(network.layers, 0.2, np.random.default_rng(0))
    rows = np.ones((1, network.n_inputs), np.int64)
    network.flat_weights()
    tracemalloc.start()
    network.outputs(mask, rows)
    grown = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert grown < 80 * network.n_inputs + 16 * MIB


@pytest.mark.parametrize("sizes", [FEW, MANY])
def test_javascript(files: dict[tuple[int, ...], Path], sizes: tuple[int, ...]) -> None:
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    (loading,) = run("node", PROGRAMS / "memory.mjs", files[sizes])
    assert loading < 24 * files[sizes].stat().st_size + 32 * MIB


def test_c(files: dict[tuple[int, ...], Path], tmp_path: Path) -> None:
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    program = tmp_path / "memory"
    flags = ["-std=c99", "-O2", f"-I{ROOT / 'portable'}"]
    subprocess.run(["gcc", *flags, str(PROGRAMS / "memory.c"), "-o", str(program)], check=True)
    for sizes, path in files.items():
        work, grown = run(program, path)
        even, odd = max(sizes[:-1:2]), max(sizes[1:-1:2])
        flags_of_units = sum(-(-units // 8) for units in sizes[1:-1])
        assert work <= 2 * (even + odd) + flags_of_units + 1
        assert grown < work + MIB

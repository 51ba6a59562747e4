"""Generated C on microcontrollers: in simulators where they are installed, and how large it is."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from exported import integers, with_classes
from scratchcard import export
from scratchcard.export.measure import BOARDS, measure
from scratchcard.ticket import Classes, InputScaling, Mask, Network, Ticket

SOURCES = Path(__file__).parent / "boards"
FLAGS = ["-std=gnu99", "-Os", "-Wall", "-Wextra", "-Werror"]
ROWS = 12


def digits_like(seed: int = 3, density: float = 0.05, **settings: object) -> Ticket:
    network = Network.dense((64, 100, 10), seed, **settings)
    mask = Mask.random(network.layers, density, np.random.default_rng(seed))
    return Ticket(network, mask, InputScaling([8.0], [0.125]), Classes(10))


def rows_of_digits() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 17, (ROWS, 64))


def build(ticket: Ticket, mode: str, folder: Path, command: list[str]) -> list[str]:
    """Compile the ticket with rows for a board; return the command that made it."""
    (folder / "ticket.h").write_text(export.c(ticket, mode=mode, inputs="integers"))
    rows = integers(ticket, rows_of_digits())
    listed = ",\n".join(f"{{{', '.join(map(str, row))}}}" for row in rows.tolist())
    (folder / "rows.h").write_text(
        f"#define ROWS {ROWS}\n"
        f"static const ticket_input rows[ROWS][TICKET_INPUTS] TICKET_FLASH = {{{listed}}};\n"
    )
    subprocess.run([*command, *FLAGS, f"-I{folder}", "-o", str(folder / "program")], check=True)
    return command


def tools(*names: str) -> None:
    for name in names:
        if shutil.which(name) is None:
            pytest.skip(f"{name} is not installed")


def check(ticket: Ticket, said: str) -> None:
    lines = [list(map(int, line.split())) for line in said.splitlines() if line.strip()]
    (outputs,) = with_classes(lines, [ROWS])
    assert np.array_equal(outputs, ticket.outputs(rows_of_digits()))


KINDS = {
    "uniform": {},
    "sign": {"weights": "signed_constant", "activation": "sign"},
    "normal": {"weights": "kaiming_normal", "biases": "zero"},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["small", "fast"])
def test_cortex_m0(mode, kind, tmp_path):
    tools("arm-none-eabi-gcc", "qemu-system-arm")
    ticket = digits_like(**KINDS[kind])
    command = ["arm-none-eabi-gcc", "-mcpu=cortex-m0", "-mthumb", "-ffreestanding", "-nostartfiles"]
    command += ["-nostdlib", f"-T{SOURCES / 'cortex_m0.ld'}", str(SOURCES / "cortex_m0.c")]
    build(ticket, mode, tmp_path, [*command, "-lgcc"])
    command = ["qemu-system-arm", "-M", "microbit", "-nographic", "-monitor", "none"]
    command += ["-semihosting-config", "enable=on,target=native", "-kernel"]
    done = subprocess.run(
        [*command, str(tmp_path / "program")],
        capture_output=True,
        text=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
    )
    check(ticket, done.stdout + done.stderr)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["small", "fast"])
def test_avr(mode, kind, tmp_path):
    tools("avr-gcc", "simavr")
    ticket = digits_like(**KINDS[kind])
    build(ticket, mode, tmp_path, ["avr-gcc", "-mmcu=atmega328p", str(SOURCES / "avr.c")])
    command = ["simavr", "-m", "atmega328p", "-f", "16000000", str(tmp_path / "program")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    said = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)
    lines = [line.rstrip(".") for line in said.splitlines()]
    check(ticket, "\n".join(line for line in lines if re.fullmatch(r"[-\d ]+", line)))


def test_sizes_of_a_ticket_for_digits():
    """A 276-byte ticket of as many survivors as one that reads digits takes under 900 bytes."""
    sizes = measure(export.c(digits_like(), inputs="integers"))
    assert [size.board for size in sizes] == [board.name for board in BOARDS]
    for size, board in zip(sizes, BOARDS, strict=True):
        if shutil.which(f"{board.prefix}gcc") is None:
            assert "not installed" in size.problem
            continue
        assert size.problem is None
        assert size.flash < (900 if board.name == "Cortex-M0" else 2000)
        assert size.ram < 200


def test_a_compiler_that_is_missing_is_named(monkeypatch):
    monkeypatch.setenv("PATH", "")
    for size, board in zip(measure("/* */"), BOARDS, strict=True):
        assert (size.flash, size.ram) == (None, None)
        assert board.package in size.problem


def test_features_need_doubles_of_64_bits():
    tools("avr-gcc")
    avr = measure(export.c(digits_like()))[1]
    assert avr.flash is None
    assert "export with integers" in avr.problem


def test_what_does_not_fit_the_board_is_said():
    tools("avr-gcc")
    network = Network.dense((784, 300, 10))
    mask = Mask.random(network.layers, 0.5, np.random.default_rng(0))
    avr = measure(
        export.c(Ticket(network, mask, InputScaling([0.0], [1.0])), mode="fast", inputs="integers")
    )[1]
    assert avr.flash is None
    assert "does not" in avr.problem

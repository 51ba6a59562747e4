"""Damaged files under a right checksum: refused or whole, alike, soon, and in bounded memory."""

from __future__ import annotations

import zlib
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readers import NO_ROWS, Job, bytes_grown, check_agrees, judged, run_jobs
from scratchcard.ticket.codec import varint
from scratchcard.ticket.ticket import Ticket, TicketError
from ticket_damage import check_whole, damaged, forged, loaded, most_memory_of_javascript
from ticket_strategies import (
    bit_flips,
    column_tickets,
    file_head,
    map_tickets,
    numbers,
    random_column_ticket,
    random_map_ticket,
    random_number_ticket,
    random_ticket,
    sealed,
    small_ticket,
    tickets,
)

MILLISECONDS = 10_000  # for the files of one example, which take a hundredth of that
any_ticket = st.one_of(
    tickets(),
    tickets(heads=numbers),
    column_tickets(),
    column_tickets(heads=numbers),
    map_tickets(),
)
whatever = st.randoms(use_true_random=True)

# -- Python ------------------------------------------------------------------------------------


@settings(max_examples=50, deadline=MILLISECONDS)
@given(any_ticket, any_ticket, whatever)
def test_a_damaged_file_is_refused_or_whole(one: Ticket, other: Ticket, rng: Random) -> None:
    files = one.to_bytes(), other.to_bytes()
    for _ in range(20):
        check_whole(loaded(damaged(*files, rng)))


@settings(max_examples=50, deadline=MILLISECONDS)
@given(whatever)
def test_a_forged_file_is_refused_or_whole(rng: Random) -> None:
    for _ in range(20):
        check_whole(loaded(forged(rng)))


# -- C and JavaScript --------------------------------------------------------------------------


def without_checksum_bits(body: bytes, start: int) -> bytes:
    """Return body with the four bytes from start changed so that its CRC-32 is 0.

    A reader that runs past the end of the mask then finds 32 zeros, and the end of its memory.
    """

    def crc(word: int) -> int:
        return zlib.crc32(body[:start] + word.to_bytes(4, "little") + body[start + 4 :])

    zero, basis = crc(0), {}  # the CRC is affine in the bits: eliminate as in a linear system
    for bit in range(32):
        value, word = crc(1 << bit) ^ zero, 1 << bit
        while value and value.bit_length() in basis:
            other, other_word = basis[value.bit_length()]
            value, word = value ^ other, word ^ other_word
        basis[value.bit_length()] = (value, word)
    found = 0
    while zero:
        value, word = basis[zero.bit_length()]
        zero, found = zero ^ value, found ^ word
    return body[:start] + found.to_bytes(4, "little") + body[start + 4 :]


def edge_files() -> list[bytes]:
    """Return files that are wrong by one step only."""
    one_too_far = sealed(file_head((3, 2)) + b"\0" + b"\1\2\x60")  # survivor 6 of 0..5
    for seed in range(100):
        head = file_head((1000, 1), seed=seed)
        runs_out = head + b"\0" + b"\2\0" + b"\x80"  # the second survivor of two is missing
        forged = without_checksum_bits(runs_out, len(head) - 12)  # the offset's bytes
        if np.isfinite(np.frombuffer(forged, "<f4", 1, len(head) - 12)[0]):
            assert sealed(forged)[-4:] == bytes(4)
            return [one_too_far, sealed(forged)]
    raise AssertionError("no finite offset was found")


def damaged_files() -> list[bytes]:
    """Return damaged files: flips, truncations, flips and splices under a right checksum."""
    rng = np.random.default_rng(5)
    data = small_ticket().to_bytes()
    body = data[:-4]
    files = [*edge_files(), *bit_flips(data), *(data[:i] for i in range(len(data)))]
    files += [sealed(body[:i]) for i in range(len(body))] + [data + b"\0", sealed(body + b"\0")]
    for density in (0.1, 0.5, 1.0):
        ticket = random_ticket(rng, (5, 4, 3, 2), density)
        files += [sealed(flipped) for flipped in bit_flips(ticket.to_bytes()[:-4])]
    for _ in range(10):
        sizes = tuple(rng.integers(1, 4, rng.integers(2, 4)).tolist())
        data = random_number_ticket(rng, sizes).to_bytes()
        files += [sealed(flipped) for flipped in bit_flips(data[:-4])]
        files += [sealed(data[:i]) for i in range(len(data) - 4)]
    for _ in range(10):
        data = random_column_ticket(rng, tuple(rng.integers(1, 4, 2).tolist())).to_bytes()
        files += [sealed(flipped) for flipped in bit_flips(data[:-4])]
        files += [sealed(data[:i]) for i in range(len(data) - 4)]
    for _ in range(10):
        data = random_map_ticket(rng, 0.3).to_bytes()
        files += [sealed(flipped) for flipped in bit_flips(data[:-4])]
        files += [sealed(data[:i]) for i in range(len(data) - 4)]
    for n in range(2500):
        sizes = tuple(rng.integers(1, 7, rng.integers(2, 5)).tolist())
        made = random_ticket(rng, sizes, 0.4) if n % 5 < 3 else random_number_ticket(rng, sizes)
        spliced = bytearray(made.to_bytes()[:-4])
        start = int(rng.integers(4, len(spliced)))
        spliced[start : start + int(rng.integers(4))] = rng.bytes(int(rng.integers(4)))
        files.append(sealed(bytes(spliced)))
    return files + structured_files(Random(5), 500)


def structured_files(rng: Random, count: int) -> list[bytes]:
    """Return as many sound files that were damaged, and as many again that were forged."""
    draw = np.random.default_rng(rng.randrange(2**32))
    sound = [random_ticket(draw, (5, 4, 3, 2), density).to_bytes() for density in (0.1, 0.5, 1.0)]
    sound += [random_number_ticket(draw, sizes).to_bytes() for sizes in ((2, 1), (3, 4, 2))]
    sound += [random_column_ticket(draw, (3, 2)).to_bytes() for _ in range(6)]
    sound += [random_map_ticket(draw, 0.3).to_bytes() for _ in range(6)]
    sound.append(small_ticket().to_bytes())
    files = [damaged(rng.choice(sound), rng.choice(sound), rng) for _ in range(count)]
    return files + [forged(rng) for _ in range(count)]


@pytest.fixture(scope="module")
def judged_files() -> list[tuple[bytes, Ticket | TicketError]]:
    return [(data, judged(data)) for data in damaged_files()]


def test_damaged_files(
    reader: list[str], judged_files: list[tuple[bytes, Ticket | TicketError]], tmp_path: Path
) -> None:
    """What Python refuses is refused, but labels that only Python checks; the rest agrees."""
    answers = run_jobs(reader, [Job(data, NO_ROWS) for data, _ in judged_files], tmp_path)
    for (data, found), answer in zip(judged_files, answers, strict=True):
        try:
            check_agrees(found, answer)
        except AssertionError as error:
            raise AssertionError(data.hex()) from error
    assert sum(isinstance(found, Ticket) for _, found in judged_files) > 2000


FINDINGS = {  # files of campaigns that one reader took for a ticket
    "text with NUL, in JavaScript": "53435254013602020302aeb1ca8801f76d893ecb6e623f0000803a02026e6f"
    "08677201000000657206000600fff008716700",
}


@pytest.mark.parametrize("finding", FINDINGS)
def test_what_campaigns_found(js_reader: list[str], tmp_path: Path, finding: str) -> None:
    data = bytes.fromhex(FINDINGS[finding])
    assert isinstance(judged(data), TicketError)
    assert run_jobs(js_reader, [Job(data, NO_ROWS)], tmp_path)[0].code != 0


def many_columns() -> list[bytes]:
    """Return files of as many columns and values as there may be, of which all are read."""
    most, files = 2**16, []
    for code, size, named in ((1, 1, False), (1, 1, True), (3, 1, False), (9, 4, False)):
        n_inputs = most * size
        head = file_head((2, 2))
        start = b"SCRT\2" + bytes([128 | (code > 1) << 6]) + b"\1" + varint(n_inputs) + b"\1\0\1\0"
        start += b"" if code > 1 else head[-12:-4]
        start += varint(2 * most + named) + varint(most) + varint(code) + b"\xff" * (n_inputs // 8)
        if named:
            start += b"".join(varint(len(f"{k}")) + f"{k}".encode() for k in range(most))
        if code > 1:
            start += (b"\0" + b"".join(b"\1%d" % v for v in range(1, size))) * most
        bits = np.packbits(np.ones(n_inputs, np.bool_)).tobytes()
        files.append(sealed(start + b"\0\0\0\x80\x3f\0" + varint(n_inputs) + b"\0" + bits))
    return files


def test_as_many_columns_as_there_may_be_keep_the_bound_of_memory() -> None:
    for data in many_columns()[::2]:  # the others have more bytes for each column
        ticket = loaded(data)
        assert ticket is not None
        assert ticket.n_columns == 2**16
        assert ticket.columns is not None
        assert ticket.columns.kept.all()


def test_a_wide_layer_in_which_little_survives_takes_little_memory() -> None:
    """Found by a campaign: 8 bytes for each unit of a hidden layer."""
    label = "x" * 1100  # a file so long may declare twice 2**22 weights
    body = file_head((1, 1, 2**22, 1)) + b"\2" + varint(len(label)) + label.encode()
    ticket = loaded(sealed(body + b"\1\0" + b"\1\0" + b"\0" + b"\xc0"))
    assert ticket is not None
    assert ticket.mask.surviving == 2


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="memory is read from /proc")
def test_javascript_keeps_its_bound(js_reader: list[str], tmp_path: Path) -> None:
    wide = [(2**22, 1), (2**21, 2), (2, 2**20, 1), (1, 2**21, 1), (2**20, 3, 2**16)]
    files = [sealed(file_head(sizes) + bytes(len(sizes))) for sizes in wide]  # of no survivors
    files += many_columns()
    assert all(isinstance(judged(data), Ticket) for data in files)
    files += structured_files(Random(9), 500)
    grown = bytes_grown([Job(data, NO_ROWS) for data in files], tmp_path)
    for data, taken in zip(files, grown, strict=True):
        assert taken < most_memory_of_javascript(len(data)), data.hex()

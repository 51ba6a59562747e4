"""Damages tickets' files where it hurts, and mends their checksum, so that a reader gets past it.

For tests, and for the campaigns in benchmarks/fuzzing. ``damaged`` changes a file that was sound;
``forged`` writes one field by field, whole but for what it draws wrongly, which reaches deeper.
"""

from __future__ import annotations

import struct
import tracemalloc
from collections.abc import Callable
from random import Random

import numpy as np

from scratchcard.ticket.codec import varint, zigzag
from scratchcard.ticket.file import weights_allowed
from scratchcard.ticket.rice import write_codes
from scratchcard.ticket.ticket import Ticket, TicketError
from ticket_strategies import sealed

LONGEST = 4096  # bytes of a damaged file
MIB = 1 << 20
FLOATS = [1.0, 0.0, -0.0, -1.0, 1e-45, 3.4e38, float("inf"), float("-inf"), float("nan")]
EDGES = [0, 1, 2, 3, 31, 32, 63, 64, 127, 128, 255]


def most_memory(n_bytes: int, of_a_weight: float, of_a_byte: int, of_a_unit: int) -> float:
    """Return how many bytes docs/ticket-format.md lets a reader take for any file of this size.

    There are no more units that feed something than survivors, nor more survivors than bits.
    """
    return weights_allowed(n_bytes) * of_a_weight + n_bytes * (of_a_byte + 8 * of_a_unit)


def most_memory_of_python(n_bytes: int) -> float:
    return most_memory(n_bytes, 1 / 4, 8, 32) + 16 * MIB


def most_memory_of_javascript(n_bytes: int) -> float:
    return most_memory(n_bytes, 0, 40, 20) + 32 * MIB


def loaded(data: bytes) -> Ticket | None:
    """Return the ticket in data, None if it is refused; it may take no more memory than it says."""
    tracing = tracemalloc.is_tracing()
    if not tracing:
        tracemalloc.start()
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    try:
        return Ticket.from_bytes(data)
    except TicketError:
        return None
    finally:
        taken = tracemalloc.get_traced_memory()[1] - before
        if not tracing:
            tracemalloc.stop()
        assert taken < most_memory_of_python(len(data)), (taken, data.hex())


def check_whole(ticket: Ticket | None) -> None:
    """Check that what was loaded predicts, and has a file of its own; one too large only loads."""
    if ticket is None or ticket.network.n_weights > 100_000:
        return
    again = ticket.to_bytes()
    assert Ticket.from_bytes(again) == ticket
    assert len(ticket.predict(np.ones((2, ticket.network.n_inputs)))) == 2


# -- a sound file, damaged ---------------------------------------------------------------------


def damaged(file: bytes, other: bytes, rng: Random) -> bytes:
    """Return a sound file after one to three kinds of damage, with a right checksum."""
    body = file[:-4]
    for _ in range(rng.choice((1, 1, 2, 3))):
        body = rng.choice(_DAMAGES)(body, other[:-4], rng)[:LONGEST]
    return sealed(body)


def _run(body: bytes, rng: Random, longest: int = 8) -> tuple[int, int]:
    """Return where a run of bytes starts and stops; it may be empty."""
    start = rng.randint(0, len(body))
    return start, min(len(body), start + rng.randint(0, longest))


def _replaced(body: bytes, other: bytes, rng: Random) -> bytes:
    start, stop = _run(body, rng)
    return body[:start] + rng.randbytes(rng.randint(0, 8)) + body[stop:]


def _set_to_an_edge(body: bytes, other: bytes, rng: Random) -> bytes:
    start = rng.randint(0, len(body))
    return body[:start] + bytes([rng.choice(EDGES)]) + body[start + 1 :]


def _flipped(body: bytes, other: bytes, rng: Random) -> bytes:
    changed = bytearray(body or b"\0")
    changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _deleted(body: bytes, other: bytes, rng: Random) -> bytes:
    start, stop = _run(body, rng, rng.choice((1, 4, 64)))
    return body[:start] + body[stop:]


def _repeated(body: bytes, other: bytes, rng: Random) -> bytes:
    start, stop = _run(body, rng)
    return body[:stop] + body[start:stop] * rng.choice((1, 2, 9, 300)) + body[stop:]


def _with_a_number(body: bytes, other: bytes, rng: Random) -> bytes:
    """Put a varint over what is there or before it: of a power of two, or one beside it."""
    value = max(0, min(2**64 - 1, (1 << rng.randint(0, 64)) + rng.randint(-1, 1)))
    written = varint(value)
    if rng.random() < 0.1:  # in more bytes than it takes
        written = written[:-1] + bytes([written[-1] | 128]) + b"\0"
    start = rng.randint(4, max(4, len(body)))
    return body[:start] + written + body[start + rng.randint(0, len(written)) :]


def _with_a_float(body: bytes, other: bytes, rng: Random) -> bytes:
    written = struct.pack(rng.choice(("<f", "<d")), rng.choice(FLOATS))
    start = rng.randint(0, len(body))
    return body[:start] + written + body[start + len(written) :]


def _spliced(body: bytes, other: bytes, rng: Random) -> bytes:
    """Return the front of one file and the end of another, cut at one place or at two."""
    start = rng.randint(0, len(body))
    return body[:start] + other[start if rng.random() < 0.5 else rng.randint(0, len(other)) :]


_DAMAGES: list[Callable[[bytes, bytes, Random], bytes]] = [
    _replaced,
    _set_to_an_edge,
    _flipped,
    _deleted,
    _repeated,
    _with_a_number,
    _with_a_float,
    _spliced,
]


# -- a file written field by field -------------------------------------------------------------


def forged(rng: Random) -> bytes:
    """Return a file, sealed, of which any field may be wrong, but few are."""
    version, sizes = rng.choice((1, 2)), [_size(rng) for _ in range(rng.choice((2, 2, 3, 4, 12)))]
    per_feature = sizes[0] > 1 and sizes[0] < 500 and rng.random() < 0.4
    codes = _seldom(rng, rng.randrange(256), _codes(rng, per_feature))
    n_layers = _seldom(rng, rng.choice((0, 255, 256)), len(sizes) - 1)
    if version == 1:
        shape = varint(n_layers) + b"".join(map(varint, sizes))
    else:
        dimensions = rng.choice(([sizes[0]], [1, sizes[0]], [sizes[0], 1, 1]))
        layers = (bytes([_seldom(rng, 1, 0)]) + varint(size) for size in sizes[1:])
        shape = varint(len(dimensions)) + b"".join(map(varint, dimensions))
        shape += varint(n_layers) + b"".join(layers)
    seed = varint(_seldom(rng, 2**32, rng.randrange(2**32)))
    scaling = _floats(rng, 2 * sizes[0] if per_feature else 2)
    answers = _answers(rng, version, sizes[-1])
    return sealed(
        b"SCRT" + bytes((version, codes)) + shape + seed + scaling + answers + _mask(rng, sizes)
    )


def _seldom(rng: Random, wrong: int, right: int) -> int:
    return wrong if rng.random() < 0.02 else right


def _size(rng: Random) -> int:
    if rng.random() < 0.04:  # at a limit: of a table, of a width, of the weights of any file
        return rng.choice((255, 257, 8191, 65535, 65536, 65537, 2**20, 2**21, 2**22, 2**28, 2**33))
    return rng.randint(1, 9)


def _codes(rng: Random, per_feature: bool) -> int:
    family, activation = rng.randrange(3), rng.randrange(3)
    return (
        family
        | rng.randrange(2) << 2
        | activation << 3
        | rng.randrange(2) << 5
        | (per_feature << 6)
    )


def _floats(rng: Random, count: int) -> bytes:
    drawn = [
        rng.choice(FLOATS) if rng.random() < 0.02 else rng.uniform(0.1, 9) for _ in range(count)
    ]
    return struct.pack(f"<{count}f", *drawn)


def _answers(rng: Random, version: int, count: int) -> bytes:
    """Return a head, with its code in version 2; of very many outputs it is cut short."""
    count = min(count, 300)
    if version == 2 and rng.random() < 0.7:
        loss = _seldom(rng, 4, rng.randrange(4))
        level = struct.pack("<d", rng.choice((0.5, 0.9, 0.5, 1.0))) if loss == 2 else b""
        return bytes((1, loss)) + level + _floats(rng, 2 * count)
    code = bytes([_seldom(rng, 2, 0)]) if version == 2 else b""
    kind = _seldom(rng, rng.randrange(256), rng.randrange(5))
    labels = b""
    for c in range(count):
        if kind == 1:
            labels += zigzag(rng.choice((c + 5, -c - 1, (1 << 63) - 1 - c, c - (1 << 63))))
        elif kind == 2:
            text = rng.choice((f"{c}", f"größer {c}", "é文\U0001f600" * c)).encode()
            labels += varint(_seldom(rng, 2**24, len(text))) + text
        elif kind == 3:
            labels += struct.pack("<d", rng.choice(FLOATS) if rng.random() < 0.05 else c + 0.5)
        elif kind == 4:
            labels += bytes([_seldom(rng, 2, c % 2)])
    return code + _floats(rng, 1) + bytes([kind]) + labels


def _mask(rng: Random, sizes: list[int]) -> bytes:
    """Return survivors with gaps that stay within their layer, or go past it by a little."""
    heads, codes, position = b"", np.zeros(2 * LONGEST, np.uint8), 0
    feeding = sizes[-1]
    for fan_in in reversed(sizes[:-1]):
        size, k = feeding * fan_in, rng.choice((0, 0, 1, 2, 3, 7, 31))
        count = rng.randint(0, min(size, rng.choice((0, 3, 30))))
        room, last, kept = max(0, size - count), -1, []
        for left in range(count, 0, -1):
            gap = rng.randint(0, min(2 * room // left + 1, 2000 << k))
            gap = gap if gap <= room or rng.random() < 0.05 else room
            room, last = max(0, room - gap), last + gap + 1
            kept.append(last)
        heads += varint(_seldom(rng, min(size + 1, 2**64 - 1), count)) + bytes(
            [_seldom(rng, 32, k)] * (count > 0)
        )
        gaps = np.diff(np.array(kept, np.int64), prepend=-1) - 1
        if count and position + int((gaps >> k).sum()) + count * (k + 1) < 8 * codes.size:
            position = write_codes(codes, position, gaps, k)
        feeding = len({place % fan_in for place in kept})
    stream = bytearray(codes[: -(-position // 8)].tobytes())
    if stream and rng.random() < 0.05:
        stream[-1] |= 1  # a spare bit, or one more survivor
    return heads + bytes(stream) + bytes(_seldom(rng, 1, 0))

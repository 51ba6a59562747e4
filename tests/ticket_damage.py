"""Damages tickets' files where it hurts, and mends their checksum, so that a reader gets past it.

For tests, and for the campaigns in benchmarks/fuzzing. ``damaged`` changes a file that was sound;
``forged`` writes one field by field, whole but for what it draws wrongly, which reaches deeper.
"""

from __future__ import annotations

import math
import struct
import tracemalloc
from collections.abc import Callable
from itertools import groupby, pairwise
from random import Random
from typing import NamedTuple

import numpy as np

from scratchcard.ticket.codec import varint, zigzag
from scratchcard.ticket.file import weights_allowed
from scratchcard.ticket.layers import Conv2d
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
    if max(layer.n_sources for layer in ticket.network.layers) > 100_000:
        return
    again = ticket.to_bytes()
    assert Ticket.from_bytes(again) == ticket
    parts = ticket.network, ticket.mask, ticket.scaling, ticket.head, ticket.columns
    assert Ticket(*parts).to_bytes() == again
    assert len(ticket.predict(np.ones((2, ticket.n_columns)))) == 2


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


class _Stacked(NamedTuple):
    """A layer of a forged file, as far as its mask goes."""

    units: int
    fan_in: int
    span: int  # weights from each unit below


def forged(rng: Random) -> bytes:
    """Return a file, sealed, of which any field may be wrong, but few are."""
    version = rng.choice((1, 2))
    has_maps = version == 2 and rng.random() < 0.4
    has_columns = version == 2 and rng.random() < (0.01 if has_maps else 0.6)
    dimensions, layers, stack = _maps(rng) if has_maps else _dense(rng, has_columns)
    n_inputs, n_outputs = math.prod(dimensions), stack[-1].units
    per_feature = 1 < n_inputs < 500 and rng.random() < 0.4
    mask, reads = _mask(rng, stack)
    codes = _seldom(rng, rng.randrange(256), _codes(rng, per_feature) | has_columns << 7)
    n_layers = _seldom(rng, rng.choice((0, 255, 256)), len(layers))
    if version == 1:
        sizes = (n_inputs, *(layer.units for layer in stack))
        shape = varint(n_layers) + b"".join(map(varint, sizes))
    else:
        shape = varint(len(dimensions)) + b"".join(map(varint, dimensions))
        shape += varint(n_layers) + b"".join(layers)
    seed = varint(_seldom(rng, 2**32, rng.randrange(2**32)))
    scaling = _floats(rng, 2 * n_inputs if per_feature else 2)
    if has_columns:
        scaling = (b"" if per_feature else scaling) + _columns(rng, n_inputs, per_feature, reads)
    answers = _answers(rng, version, n_outputs)
    return sealed(b"SCRT" + bytes((version, codes)) + shape + seed + scaling + answers + mask)


def _dense(rng: Random, has_columns: bool) -> tuple[list[int], list[bytes], list[_Stacked]]:
    """Return the dimensions of a row, the bytes of dense layers, and the layers."""
    sizes = [_size(rng) for _ in range(rng.choice((2, 2, 3, 4, 12)))]
    dimensions = rng.choice(([sizes[0]], [1, sizes[0]], [sizes[0], 1, 1]))
    if has_columns and rng.random() < 0.98:
        dimensions = [sizes[0]]
    layers = [bytes([_seldom(rng, 1, 0)]) + varint(size) for size in sizes[1:]]
    return dimensions, layers, [_Stacked(b, a, 1) for a, b in pairwise(sizes)]


def _maps(rng: Random) -> tuple[list[int], list[bytes], list[_Stacked]]:
    """Return the dimensions of a row, the bytes of layers with convolutions, and the layers."""
    dimensions = [rng.randint(1, 3), *(_extent(rng) for _ in range(2))]
    below, layers, stack = tuple(dimensions), list[bytes](), list[_Stacked]()
    for _ in range(rng.choice((1, 1, 2, 3))):
        most = max(1, min(*below[1:], 5))
        kernel = _seldom(rng, rng.choice((most + 1, 255)), rng.randint(1, most))
        units, stride = _seldom(rng, 2**20, rng.randint(1, 4)), rng.choice((1, 1, 2, 3, 255))
        flags = rng.randrange(4)
        if min(below[1:]) < 2 * stride + kernel:  # pooling may leave nothing
            flags = _seldom(rng, flags, flags & 1)
        wrong = _seldom(rng, 0, units), _seldom(rng, 256, kernel), _seldom(rng, 0, stride)
        layers.append(b"\1" + b"".join(map(varint, wrong)) + bytes([_seldom(rng, 4, flags)]))
        stack.append(_Stacked(units, below[0] * kernel**2, kernel**2))
        try:
            padding = ("same", "valid")[flags & 1]
            below = Conv2d(units, kernel, stride, padding, 1 + flags // 2).on(below).shape
        except ValueError:
            below = (units, 1, 1)
    ends = _seldom(rng, 1, 0)  # in maps, which is refused
    for _ in range(rng.randint(0, 2) if ends else rng.randint(1, 2)):
        span = math.prod(below[1:])
        stack.append(_Stacked(rng.randint(1, 5), below[0] * span, span))
        below = (stack[-1].units,)
        layers.append(b"\0" + varint(stack[-1].units))
    return dimensions, layers, stack


def _extent(rng: Random) -> int:
    """Return rows or columns of a map, seldom so many that two such are at a limit."""
    return _seldom(rng, rng.choice((255, 2047, 2048, 2049, 2**14, 2**28)), rng.randint(1, 9))


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


def _floats(rng: Random, count: int, kind: str = "f") -> bytes:
    drawn = [
        rng.choice(FLOATS) if rng.random() < 0.02 else rng.uniform(0.1, 9) for _ in range(count)
    ]
    return struct.pack(f"<{count}{kind}", *drawn)


def _columns(rng: Random, n_inputs: int, per_feature: bool, reads: set[int]) -> bytes:
    """Return columns of so many inputs; of very many all are of one kind."""
    kinds: list[int] = []
    left = n_inputs
    while left or not kinds:
        code = rng.choice((0, 1, 1, 2, 3, 3, 4, 5, 6, 8)) if per_feature else rng.choice((0, 1, 1))
        if n_inputs > 500:
            code = 1
        size = (code - 3) // 2 + 1 + (code % 2 == 0) if code >= 3 else code
        if size <= left or rng.random() < 0.02:
            kinds += [code] * (left if n_inputs > 500 and left < 2**17 else 1)
            left = 0 if n_inputs > 500 else max(0, left - size)
    is_named = rng.random() < 0.5
    parts = [varint(_seldom(rng, 2**17 + 1, 2 * len(kinds) + is_named))]
    for code, run in groupby(kinds):
        count = len(list(run))
        cut = _seldom(rng, rng.randint(1, count), count)  # one run as two
        for length in filter(None, (cut, count - cut)):
            parts += [varint(length), varint(_seldom(rng, rng.randrange(99), code))]
    first = 0
    kept = np.zeros(-(-n_inputs // 8) * 8 if n_inputs < 2**21 else 0, np.bool_)
    for place in reads | {rng.randrange(n_inputs)} if rng.random() < 0.05 else reads:
        kept[place : place + 1] = rng.random() < 0.9
    if rng.random() < 0.02:
        kept[-1:] = True  # a spare bit
    parts.append(np.packbits(kept, bitorder="little").tobytes())
    for k, code in enumerate(kinds[:LONGEST]):
        n_values = (code - 3) // 2 + 1 if code >= 3 else 0
        size = n_values + (code in (1, 2)) + (code > 0 and code % 2 == 0)
        mine = kept[first : first + size]
        first += size
        if not mine.any():
            continue
        if is_named:
            parts.append(_text(rng, _seldom(rng, 0, k)))
        if per_feature and not n_values and mine[0]:
            parts += [varint(_seldom(rng, rng.randint(1500, 1700), rng.randrange(200)))]
            most = (1 << 24) - 1
            steps = rng.choice((0, 1, -1, most, -most, rng.randint(-99, 99)))
            parts += [zigzag(_seldom(rng, rng.choice((most + 1, -most - 1)), steps))]
        parts += [_text(rng, _seldom(rng, 0, v)) for v in np.flatnonzero(mine[:n_values]).tolist()]
    return b"".join(parts)


def _text(rng: Random, number: int) -> bytes:
    text = rng.choice((f"{number}", f"größe {number}", "é文\U0001f600" * number)).encode()
    text = b"\xff\0" if rng.random() < 0.005 else text
    return varint(_seldom(rng, 2**16 + 1, len(text))) + text


def _answers(rng: Random, version: int, count: int) -> bytes:
    """Return a head, with its code in version 2; of very many outputs it is cut short."""
    count = min(count, 300)
    if version == 2 and rng.random() < 0.7:
        loss = _seldom(rng, 4, rng.randrange(4))
        level = struct.pack("<d", rng.choice((0.5, 0.9, 0.5, 1.0))) if loss == 2 else b""
        return bytes((1, loss)) + level + _floats(rng, count, "d") + _floats(rng, count)
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


def _mask(rng: Random, stack: list[_Stacked]) -> tuple[bytes, set[int]]:
    """Return survivors with gaps that stay within their layer, or go past it by a little.

    And which inputs they read.
    """
    heads, codes, position = b"", np.zeros(2 * LONGEST, np.uint8), 0
    feeding, reads = stack[-1].units, set[int]()
    for _, fan_in, span in reversed(stack):
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
        reads = {place % fan_in for place in kept}
        feeding = len({place // span for place in reads})
    stream = bytearray(codes[: -(-position // 8)].tobytes())
    if stream and rng.random() < 0.05:
        stream[-1] |= 1  # a spare bit, or one more survivor
    return heads + bytes(stream) + bytes(_seldom(rng, 1, 0)), reads

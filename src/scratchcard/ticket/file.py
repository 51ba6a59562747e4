"""The ticket's file: its fields to bytes and back, its limits, and writing it whole. NumPy only.

docs/ticket-format.md specifies the file, byte by byte.
"""

from __future__ import annotations

import os
import zlib
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from scratchcard.files import write_whole
from scratchcard.ticket.codec import ByteReader, TicketError, decode_mask, encode_mask, varint
from scratchcard.ticket.labels import decode_labels, encode_labels
from scratchcard.ticket.mask import Mask
from scratchcard.ticket.network import ACTIVATIONS, Network
from scratchcard.ticket.scaling import InputScaling
from scratchcard.ticket.weights import BIAS_FAMILIES, WEIGHT_FAMILIES

__all__ = ["Contents", "Parts", "decode", "encode", "weights_allowed", "write_whole"]

MAGIC = b"SCRT"
VERSION = 1
MAX_LAYERS = 255
MAX_WEIGHTS = 1 << 28
MAX_BYTES = 1 << 26  # of a file; the mask of MAX_WEIGHTS takes half of that at most

_CRC_BYTES = 4
_LEAST_BYTES = 28  # no ticket is shorter

WEIGHTS = tuple(sorted(WEIGHT_FAMILIES, key=lambda name: WEIGHT_FAMILIES[name].code))
BIASES = tuple(sorted(BIAS_FAMILIES, key=lambda name: BIAS_FAMILIES[name].code))

Path = str | os.PathLike[str]


class Parts(NamedTuple):
    """The bytes of a file, in order."""

    head: bytes
    mask: bytes
    checksum: bytes


class Contents(NamedTuple):
    """What a file holds: the arguments of Ticket."""

    network: Network
    mask: Mask
    scaling: InputScaling
    labels: npt.NDArray[Any]
    temperature: float


def weights_allowed(n_bytes: int) -> int:
    """Return how many weights a file of n_bytes may declare, so that no small one takes memory.

    A network of 2**22 weights always fits; a larger one has a file that grows with it.
    """
    return min(MAX_WEIGHTS, (1 << 22) + 4096 * n_bytes)


def encode(
    network: Network,
    mask: Mask,
    scaling: InputScaling,
    labels: npt.NDArray[Any],
    temperature: float,
) -> Parts:
    """Return the file of a ticket. mask has no dead weights; labels came from as_labels."""
    head = _encode_head(network, scaling, labels, temperature)
    coded = encode_mask(mask.layers())
    return Parts(head, coded, _checksum(head + coded))


def _encode_head(
    network: Network, scaling: InputScaling, labels: npt.NDArray[Any], temperature: float
) -> bytes:
    codes = (
        WEIGHTS.index(network.weights)
        | BIASES.index(network.biases) << 2
        | ACTIVATIONS.index(network.activation) << 3
        | (network.input_bits == 16) << 5
        | (scaling.kind == "feature") << 6
    )
    numbers = (network.n_layers, *network.sizes, network.seed)
    floats = np.array([*scaling.offset, *scaling.scale, temperature], "<f4")
    return b"".join(
        (
            MAGIC,
            bytes((VERSION, codes)),
            *map(varint, numbers),
            floats.tobytes(),
            encode_labels(labels),
        )
    )


def _checksum(data: bytes) -> bytes:
    return zlib.crc32(data).to_bytes(_CRC_BYTES, "little")


def decode(data: bytes | bytearray | memoryview) -> Contents:
    """Return what the file `data` holds; raises TicketError for whatever is not a ticket."""
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise TicketError(f"data takes bytes, got {type(data).__name__}")
    data = bytes(data)
    if not data.startswith(MAGIC):
        raise TicketError("this is not a ticket: it does not start with SCRT")
    if len(data) < _LEAST_BYTES:
        raise TicketError(f"the file is cut short: it has {len(data)} bytes")
    if len(data) > MAX_BYTES:
        raise TicketError(f"a ticket has at most {MAX_BYTES} bytes, this one has more")
    version = data[len(MAGIC)]
    if version > VERSION:
        raise TicketError(
            f"the ticket has format version {version}, but this scratchcard reads no newer one "
            f"than {VERSION}: a newer scratchcard may read it"
        )
    if version < VERSION:
        raise TicketError(f"there is no format version {version}")
    if _checksum(data[:-_CRC_BYTES]) != data[-_CRC_BYTES:]:
        raise TicketError("the checksum is wrong: the file is damaged or cut short")
    reader = ByteReader(data[:-_CRC_BYTES])
    reader.take(len(MAGIC) + 1, "the magic")
    try:
        return _decode_fields(reader, weights_allowed(len(data)))
    except TicketError:
        raise
    except ValueError as error:  # refused by Network, InputScaling or as_labels
        raise TicketError(f"the file holds what no ticket has: {error}") from None


def _decode_fields(reader: ByteReader, allowed: int) -> Contents:
    codes = reader.u8("the families")
    n_layers = reader.varint("the number of layers", 1, MAX_LAYERS)
    sizes = [reader.varint("the size of a layer", 1, allowed) for _ in range(n_layers + 1)]
    n_weights = sum(sizes[i] * sizes[i + 1] for i in range(n_layers))
    if n_weights > allowed:
        raise TicketError(
            f"so small a file has at most {allowed} weights, this one declares {n_weights}"
        )
    network = Network(
        sizes=tuple(sizes),
        seed=reader.varint("the seed", 0, (1 << 32) - 1),
        weights=_named("weights", WEIGHTS, codes & 3),
        biases=_named("biases", BIASES, codes >> 2 & 1),
        activation=_named("activation", ACTIVATIONS, codes >> 3 & 3),
        input_bits=16 if codes >> 5 & 1 else 8,
    )
    n_pairs = network.n_inputs if codes >> 6 & 1 else 1
    offset = reader.floats("<f4", n_pairs, "the input scaling")
    scale = reader.floats("<f4", n_pairs, "the input scaling")
    temperature = float(reader.floats("<f4", 1, "the temperature")[0])
    if temperature <= 0:
        raise TicketError(f"the temperature must be above 0, the file says {temperature}")
    labels = decode_labels(reader, network.n_outputs)
    scaling = InputScaling(offset, scale)
    if _encode_head(network, scaling, labels, temperature) != reader.data[: reader.position]:
        raise TicketError("the file is not written in the one way there is")
    return Contents(network, _decode_mask(reader, network), scaling, labels, temperature)


def _named(what: str, names: tuple[str, ...], code: int) -> str:
    if code >= len(names):
        raise TicketError(f"the code of {what} must be 0..{len(names) - 1}, the file says {code}")
    return names[code]


def _decode_mask(reader: ByteReader, network: Network) -> Mask:
    layers = decode_mask(reader, network.sizes)  # before memory is taken for all the weights
    flat = np.zeros(network.n_weights, np.bool_)
    for start, survivors in zip(network.offsets, layers, strict=False):
        flat[start + survivors] = True
    return Mask.from_flat(network.shapes, flat)

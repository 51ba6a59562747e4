"""The ticket's file: its fields to bytes and back, its limits, and writing it whole. NumPy only.

docs/ticket-format.md specifies the file, byte by byte.
"""

from __future__ import annotations

import math
import os
import zlib
from collections.abc import Mapping
from typing import NamedTuple, TypeVar

import numpy as np

from scratchcard.ticket.codec import ByteReader, TicketError, varint
from scratchcard.ticket.columns import Columns
from scratchcard.ticket.columns_code import decode_columns, encode_columns
from scratchcard.ticket.heads import HEADS, Classes, Head
from scratchcard.ticket.layers import LAYERS, Dense, Layer, Shape
from scratchcard.ticket.mask import Mask
from scratchcard.ticket.mask_code import decode_mask, encode_mask
from scratchcard.ticket.network import ACTIVATIONS, MAX_DIMENSIONS, Network
from scratchcard.ticket.scaling import InputScaling
from scratchcard.ticket.weights import BIAS_FAMILIES, WEIGHT_FAMILIES

__all__ = ["Contents", "Parts", "decode", "encode", "weights_allowed"]

MAGIC = b"SCRT"
VERSION = 2  # the newest version that is read; version_of says which one is written
MAX_LAYERS = 255
MAX_WEIGHTS = 1 << 28
MAX_BYTES = 1 << 26  # most bytes of a file; the mask of MAX_WEIGHTS takes at most half of them

_ALWAYS_ALLOWED = 1 << 22  # weights that any file may declare
_ALLOWED_PER_BYTE = 4096  # weights that it may declare besides for each of its bytes
_CRC_BYTES = 4
_LEAST_BYTES = 27  # no ticket is shorter

WEIGHTS = tuple(sorted(WEIGHT_FAMILIES, key=lambda name: WEIGHT_FAMILIES[name].code))
BIASES = tuple(sorted(BIAS_FAMILIES, key=lambda name: BIAS_FAMILIES[name].code))

Path = str | os.PathLike[str]
K = TypeVar("K")


class Parts(NamedTuple):
    """The bytes of a file, in order."""

    head: bytes
    mask: bytes
    checksum: bytes


class Contents(NamedTuple):
    """What a file holds: the fields of a Ticket. The mask has no dead weights."""

    network: Network
    mask: Mask
    scaling: InputScaling
    head: Head
    columns: Columns | None


def weights_allowed(n_bytes: int) -> int:
    """Return how many weights a file may declare, so that no small file takes much memory.

    As many values may a row have, or a layer. A network of 2**22 weights always fits; a larger one
    has a file that grows with it.

    Parameters
    ----------
    n_bytes : int
        Bytes of the file.

    Returns
    -------
    int
        Most weights.
    """
    return min(MAX_WEIGHTS, _ALWAYS_ALLOWED + _ALLOWED_PER_BYTE * n_bytes)


def _bytes_wanted(network: Network) -> int:
    """Return how many bytes a file must have to declare this many weights and values."""
    declared = max(network.n_weights, network.n_values)
    return -(-max(0, declared - _ALWAYS_ALLOWED) // _ALLOWED_PER_BYTE)


def encode(
    network: Network,
    mask: Mask,
    scaling: InputScaling,
    head: Head,
    columns: Columns | None = None,
) -> Parts:
    """Return the file of a ticket.

    It is of version 1 wherever that version can hold it, so that older readers read it too. Where
    the mask is so short that a file of this size could not declare all the weights, or all values
    of a layer, it is written longer.

    Parameters
    ----------
    network : Network
        The random network.
    mask : Mask
        A mask without dead weights.
    scaling : InputScaling
        How features become integers.
    head : Head
        What the outputs mean.
    columns : Columns or None
        How the columns of a table become inputs, if rows are tables.

    Returns
    -------
    Parts
        The bytes of the file.
    """
    start = _encode_start(version_of(network, head, columns), network, scaling, head, columns)
    coded = encode_mask(mask, _bytes_wanted(network) - len(start) - _CRC_BYTES)
    return Parts(start, coded, _checksum(start + coded))


def version_of(network: Network, head: Head, columns: Columns | None) -> int:
    """Return the version of a ticket's file: 1 for dense layers on plain features with classes.

    Parameters
    ----------
    network : Network
        The random network.
    head : Head
        What the outputs mean.
    columns : Columns or None
        How the columns of a table become inputs, if rows are tables.

    Returns
    -------
    int
        1, or 2 for anything else.
    """
    if columns is not None:
        return 2
    is_plain = len(network.input_shape) == 1 and all(layer.code == 0 for layer in network.layers)
    return 1 if is_plain and head.code == 0 else 2


def _encode_start(
    version: int,
    network: Network,
    scaling: InputScaling,
    head: Head,
    columns: Columns | None,
) -> bytes:
    codes = (
        WEIGHTS.index(network.weights)
        | BIASES.index(network.biases) << 2
        | ACTIVATIONS.index(network.activation) << 3
        | (network.input_bits == 16) << 5
        | (scaling.kind == "feature") << 6
        | (columns is not None) << 7
    )
    scales = np.concatenate((scaling.offset, scaling.scale)).astype("<f4").tobytes()
    if columns is not None:
        own = b"" if scaling.kind == "feature" else scales
        scales = own + encode_columns(columns, scaling)
    if version == 1:
        shape = b"".join(map(varint, (network.n_layers, *network.sizes)))
        meaning = head.encode()
    else:
        dimensions = (len(network.input_shape), *network.input_shape, network.n_layers)
        layers = (bytes([layer.code]) + layer.encode() for layer in network.layers)
        shape = b"".join((*map(varint, dimensions), *layers))
        meaning = bytes([head.code]) + head.encode()
    start = MAGIC + bytes((version, codes))
    return b"".join((start, shape, varint(network.seed), scales, meaning))


def _checksum(data: bytes | memoryview) -> bytes:
    return zlib.crc32(data).to_bytes(_CRC_BYTES, "little")


def decode(data: bytes | bytearray | memoryview) -> Contents:
    """Return what a file holds.

    Parameters
    ----------
    data : bytes, bytearray or memoryview
        The bytes of the file, which are never trusted.

    Returns
    -------
    Contents
        The fields of the ticket.

    Raises
    ------
    TicketError
        For anything that is not a ticket's file.
    """
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
    if version < 1:
        raise TicketError(f"there is no format version {version}")
    if _checksum(memoryview(data)[:-_CRC_BYTES]) != data[-_CRC_BYTES:]:
        raise TicketError("the checksum is wrong: the file is damaged or cut short")
    reader = ByteReader(data[:-_CRC_BYTES])
    reader.take(len(MAGIC) + 1, "the magic")
    try:
        return _decode_fields(reader, version, weights_allowed(len(data)))
    except TicketError:
        raise
    except ValueError as error:  # refused by Network, InputScaling or a head
        raise TicketError(f"the file holds what no ticket has: {error}") from None


def _decode_fields(reader: ByteReader, version: int, allowed: int) -> Contents:
    codes = reader.u8("the families")
    if version == 1 and codes >> 7:
        raise TicketError("columns in version 1: the file is not written in the one way there is")
    if version == 1:
        n_layers = reader.varint("the number of layers", 1, MAX_LAYERS)
        sizes = [reader.varint("the size of a layer", 1, allowed) for _ in range(n_layers + 1)]
        input_shape: Shape = (sizes[0],)
        layers: list[Layer] = [Dense(units) for units in sizes[1:]]
    else:
        n_dimensions = reader.varint("the number of dimensions", 1, MAX_DIMENSIONS)
        input_shape = tuple(
            reader.varint("a dimension of the inputs", 1, allowed) for _ in range(n_dimensions)
        )
        n_layers = reader.varint("the number of layers", 1, MAX_LAYERS)
        layers = [_kind("layers", LAYERS, reader).decode(reader, allowed) for _ in range(n_layers)]
    _check_size(input_shape, layers, allowed)
    network = Network(
        layers,  # type: ignore[arg-type]
        input_shape,
        seed=reader.varint("the seed", 0, (1 << 32) - 1),
        weights=_named("weights", WEIGHTS, codes & 3),
        biases=_named("biases", BIASES, codes >> 2 & 1),
        activation=_named("activation", ACTIVATIONS, codes >> 3 & 3),
        input_bits=16 if codes >> 5 & 1 else 8,
    )
    scaling, columns = _decode_scaling(reader, network, bool(codes >> 6 & 1), bool(codes >> 7))
    kind = Classes if version == 1 else _kind("heads", HEADS, reader)
    head = kind.decode(reader, network.n_outputs)
    is_canonical = version == version_of(network, head, columns)
    start = _encode_start(version, network, scaling, head, columns)
    if not is_canonical or start != reader.data[: reader.position]:
        raise TicketError("the file is not written in the one way there is")
    mask = decode_mask(reader, network.layers)
    if columns is not None and (columns.kept & ~mask.reads).any():
        raise TicketError("columns are not written in the one way there is: a weight reads less")
    return Contents(network, mask, scaling, head, columns)


def _decode_scaling(
    reader: ByteReader, network: Network, is_of_each: bool, has_columns: bool
) -> tuple[InputScaling, Columns | None]:
    """Read how features become integers, and the columns that they come from."""
    scaling = None
    if not (is_of_each and has_columns):
        n_pairs = network.n_inputs if is_of_each else 1
        offset = reader.floats("<f4", n_pairs, "the input scaling")
        scaling = InputScaling(offset, reader.floats("<f4", n_pairs, "the input scaling"))
    if not has_columns:
        return scaling, None  # type: ignore[return-value]
    if len(network.input_shape) != 1:
        raise TicketError("rows of columns have one dimension, the file says more")
    columns, scaling = decode_columns(reader, network.n_inputs, scaling)
    return scaling, columns


def _check_size(input_shape: Shape, layers: list[Layer], allowed: int) -> None:
    """Raise TicketError for layers with more weights than a file of this size may declare."""
    n_weights, shape, n_values = 0, input_shape, math.prod(input_shape)
    for layer in layers:
        stacked = layer.on(shape)
        n_weights, shape = n_weights + stacked.n_weights, stacked.shape
        n_values = max(n_values, math.prod(shape))
    if n_weights > allowed or n_values > allowed:
        raise TicketError(
            f"so small a file has at most {allowed} weights, and as many values in a layer; this "
            f"one declares {n_weights} weights and {n_values} values"
        )


def _kind(what: str, table: Mapping[str, type[K]], reader: ByteReader) -> type[K]:
    """Return the kind of layer or head whose code comes next."""
    code = reader.u8(f"a code of {what}")
    for kind in table.values():
        if kind.code == code:  # type: ignore[attr-defined]
            return kind
    raise TicketError(f"there are no {what} with code {code}")


def _named(what: str, names: tuple[str, ...], code: int) -> str:
    if code >= len(names):
        raise TicketError(f"the code of {what} must be 0..{len(names) - 1}, the file says {code}")
    return names[code]

"""IDX files of every type of number, and a folder of them."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from scratchcard.datasets import DataError, load, load_features
from scratchcard.datasets.idx import read_idx

TYPES = {0x08: "u1", 0x09: "i1", 0x0B: "i2", 0x0C: "i4", 0x0D: "f4", 0x0E: "f8"}


def idx(code: int, values: np.ndarray) -> bytes:
    """Return an IDX file: everything in it is big-endian."""
    sizes = struct.pack(f">{values.ndim}I", *values.shape)
    return bytes((0, 0, code, values.ndim)) + sizes + values.astype(f">{TYPES[code]}").tobytes()


@pytest.mark.parametrize("code", TYPES)
@pytest.mark.parametrize("shape", [(6,), (3, 2), (1, 2, 3)], ids=str)
def test_numbers_of_every_type_are_read_in_the_byte_order_of_this_machine(tmp_path, code, shape):
    values = np.arange(1, 7).reshape(shape)
    (tmp_path / "file").write_bytes(idx(code, values))
    found = read_idx(tmp_path / "file")
    assert found.dtype == np.dtype(TYPES[code])
    assert found.dtype.isnative
    assert np.array_equal(found, values)


@pytest.mark.parametrize(
    "head",
    [b"", b"\0\0\x08", b"\1\0\x08\1", b"\0\1\x08\1", b"\0\0\x07\1", b"\0\0\x0a\1", b"\0\0\x08\0"],
    ids=bytes.hex,
)
def test_each_byte_of_the_start_must_be_right(tmp_path, head):
    rest = struct.pack(">I", 2) + b"ab"
    (tmp_path / "file").write_bytes(head + (rest if len(head) == 4 else b""))
    with pytest.raises(DataError, match="not an IDX file"):
        read_idx(tmp_path / "file")


@pytest.mark.parametrize("length", [4, 5, 7])
def test_a_header_that_is_cut_short_is_named(tmp_path, length):
    (tmp_path / "file").write_bytes(idx(0x08, np.arange(3))[:length])
    with pytest.raises(DataError, match="truncated in its header"):
        read_idx(tmp_path / "file")


@pytest.mark.parametrize("change", [-1, 1])
def test_the_sizes_of_wide_numbers_count(tmp_path, change):
    data = idx(0x0C, np.arange(3))
    (tmp_path / "file").write_bytes(data[:-1] if change < 0 else data + b"\0")
    message = f"{len(data) + change} bytes, but its header stands for {len(data)}"
    with pytest.raises(DataError, match=message):
        read_idx(tmp_path / "file")


def test_a_folder_is_named_after_itself_and_its_labels_are_integers(tmp_path):
    random = np.random.default_rng(0)
    for stem, n in (("train", 60), ("t10k", 20)):
        images = random.integers(0, 256, (n, 3, 2))
        (tmp_path / f"{stem}-images-idx3-ubyte").write_bytes(idx(0x08, images))
        labels = idx(0x08, np.arange(n) % 4)
        (tmp_path / f"{stem}-labels-idx1-ubyte").write_bytes(labels)
    data = load(tmp_path)
    assert data.name == str(tmp_path)
    assert data.test.y.dtype == np.int64
    assert data.train.X.dtype == np.uint8
    assert data.test.y.tolist() == [i % 4 for i in range(20)]
    assert np.array_equal(load_features(tmp_path), data.test.X)
    assert np.array_equal(data.test.X, images.reshape(20, 6))

"""Sealed files: what was written is read, to the last bit, or an error says what is wrong."""

from __future__ import annotations

import hashlib
import json
import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from scratchcard.search import CheckpointError
from scratchcard.search.sealed import MAGIC, MAX_BYTES, read_sealed, write_sealed

TYPES = st.sampled_from(["bool", "uint8", "int64", "uint64", "float32", "float64", ">i4", "<U3"])
ARRAYS = TYPES.flatmap(
    lambda kind: st_numpy.arrays(kind, st_numpy.array_shapes(min_dims=0, min_side=0, max_side=4))
)


def forged(path, head: bytes, arrays: bytes = b"", length: int | None = None):
    """A file with the right digest, whatever it holds."""
    length = len(head) if length is None else length
    content = length.to_bytes(8, "little") + head + arrays
    path.write_bytes(MAGIC + hashlib.sha256(content).digest() + content)
    return path


@given(arrays=st.dictionaries(st.text(max_size=5), ARRAYS, max_size=4))
def test_what_was_written_is_read(arrays, tmp_path_factory):
    path = tmp_path_factory.mktemp("sealed") / "file"
    values = {"a": [1, "b", None], "big": 2**70, "half": 0.1, "none": float("inf")}
    write_sealed(path, values, arrays)
    read_values, read_arrays = read_sealed(path)
    assert read_values == values
    assert read_arrays.keys() == arrays.keys()
    for name, array in arrays.items():
        assert read_arrays[name].dtype == array.dtype.newbyteorder("=")
        np.testing.assert_array_equal(read_arrays[name], array)
        assert read_arrays[name].flags.writeable
    assert os.listdir(path.parent) == ["file"]


def test_every_bit_and_every_length_is_guarded(tmp_path):
    path = tmp_path / "file"
    write_sealed(path, {"a": 1}, {"b": np.arange(3)})
    whole = path.read_bytes()
    for place in range(len(whole)):
        for damaged in (
            whole[:place],
            whole[:place] + bytes([whole[place] ^ 1 << place % 8]) + whole[place + 1 :],
        ):
            path.write_bytes(damaged)
            with pytest.raises(CheckpointError, match=r"no checkpoint|damaged or cut short"):
                read_sealed(path)
    path.write_bytes(whole + b"0")
    with pytest.raises(CheckpointError, match="damaged"):
        read_sealed(path)


@pytest.mark.parametrize("array", [np.array([{}]), np.array([None, 1]), np.zeros(2, "i4,f8")])
def test_only_numbers_and_text_are_written(tmp_path, array):
    with pytest.raises(ValueError, match="array 'a' takes numbers or text, got"):
        write_sealed(tmp_path / "file", {}, {"a": array})
    assert list(tmp_path.iterdir()) == []


def described(*arrays):
    return json.dumps({"values": {}, "arrays": arrays}).encode()


@pytest.mark.parametrize(
    ("head", "arrays"),
    [
        (b"", b""),
        (b"[]", b""),
        (b"{}", b""),
        (b"\xff", b""),
        (b"[" * 100_000, b""),
        (b'{"values": [], "arrays": []}', b""),
        (b'{"values": {}, "arrays": [1]}', b""),
        (described(["a", "|O", [1]]), bytes(8)),
        (described(["a", "i4,f8", [1]]), bytes(12)),
        (described(["a", "|V8", [1]]), bytes(8)),
        (described(["a", "<M8[s]", [1]]), bytes(8)),
        (described(["a", "no type", [1]]), bytes(8)),
        (described(["a", "<U0", [10**18]]), b""),
        (described(["a", "|u1", [10**18]]), bytes(8)),
        (described(["a", "|u1", [2**63, 2**63]]), bytes(8)),
        (described(["a", "|u1", [-1]]), b""),
        (described(["a", "|u1", [-2, -4]]), bytes(8)),
        (described(["a", "|u1", [8.0]]), bytes(8)),
        (described(["a", "|u1", [True]]), bytes(1)),
        (described(["a", "|u1", [7]]), bytes(8)),
        (described(["a", "|u1", [9]]), bytes(8)),
        (described(["a", "|u1", [1] * 100]), bytes(1)),
    ],
)
def test_a_forged_file_is_refused(tmp_path, head, arrays):
    with pytest.raises(CheckpointError, match="file holds no checkpoint"):
        read_sealed(forged(tmp_path / "file", head, arrays))


@pytest.mark.parametrize("length", [0, 1, 10**6, 2**64 - 1])
def test_a_wrong_length_of_the_head_is_refused(tmp_path, length):
    with pytest.raises(CheckpointError, match="file holds no checkpoint"):
        read_sealed(forged(tmp_path / "file", described(), length=length))


def test_what_is_no_file_of_its_own_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "."):
        with pytest.raises(CheckpointError, match="is no ordinary file"):
            read_sealed(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        read_sealed(tmp_path / "none")


def test_a_huge_file_is_refused_without_being_read(tmp_path):
    path = tmp_path / "file"
    with path.open("wb") as file:
        file.write(MAGIC)
        file.truncate(MAX_BYTES + 1)  # sparse
    with pytest.raises(CheckpointError, match="larger than any checkpoint"):
        read_sealed(path)


def test_what_could_not_be_read_is_not_written(tmp_path, monkeypatch):
    monkeypatch.setattr("scratchcard.search.sealed.MAX_BYTES", (1 << 20) + 1000)
    write_sealed(tmp_path / "file", {}, {"a": np.zeros(800, np.uint8)})
    before = (tmp_path / "file").read_bytes()
    with pytest.raises(OSError, match="too large"):
        write_sealed(tmp_path / "file", {}, {"a": np.zeros(1001, np.uint8)})
    assert (tmp_path / "file").read_bytes() == before

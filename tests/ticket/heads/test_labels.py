"""labels.py: which labels a ticket takes, of what type it gives them back, and their bytes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchcard.ticket.codec import ByteReader, TicketError
from scratchcard.ticket.heads.labels import as_labels, decode_labels, encode_labels
from ticket_strategies import labels


def decoded(data: bytes, n_classes: int) -> np.ndarray:
    reader = ByteReader(data)
    found = decode_labels(reader, n_classes)
    assert reader.left == 0
    return found


@given(st.data(), st.integers(1, 5))
def test_round_trip(data: st.DataObject, n_classes: int) -> None:
    given_labels = data.draw(labels(n_classes))
    kept = as_labels(given_labels, n_classes)
    assert kept.tolist() == (list(range(n_classes)) if given_labels is None else given_labels)
    again = decoded(encode_labels(kept), n_classes)
    assert again.dtype == kept.dtype
    assert again.tolist() == kept.tolist()
    assert not again.flags.writeable


@pytest.mark.parametrize(
    ("classes", "dtype", "data"),
    [
        (None, "int64", "00"),
        ([0, 1], "int64", "00"),
        (np.array([0, 1], np.uint8), "int64", "00"),
        ([1, 0], "int64", "01" + "0200"),
        ([-1, 300], "int64", "01" + "01" + "d804"),
        (["no", "yes"], "<U3", "02" + "02" + "6e6f" + "03" + "796573"),
        (np.array(["a", "ß"], object), "<U1", "02" + "0161" + "02c39f"),
        (pd.Series(["a", "b"]), "<U1", "02" + "0161" + "0162"),
        ([0.5, -0.0], "float64", "03" + "000000000000e03f" + "0000000000000000"),
        (np.array([1.5, 2], np.float32), "float64", "03" + "000000000000f83f" + "0000000000000040"),
        ([1, 2.5], "float64", "03" + "000000000000f03f" + "0000000000000440"),
        ([False, True], "bool", "04" + "0001"),
        (np.array([True, False]), "bool", "04" + "0100"),
    ],
)
def test_types_and_bytes(classes: Any, dtype: str, data: str) -> None:
    kept = as_labels(classes, 2)
    assert kept.dtype == np.dtype(dtype)
    assert encode_labels(kept).hex() == data


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ([1, 2, 3], r"one label for each of 2 outputs, got shape \(3,\)"),
        ([[1, 2]], "one label for each"),
        ("ab", "one label for each"),
        ([1, 1], "labels that differ"),
        ([0.0, -0.0], "labels that differ"),
        ([1, "a"], "labels of one kind .* got int, str"),
        ([True, 1], "got bool, int"),
        ([None, 1], "got NoneType, int"),
        ([b"a", b"b"], "got bytes"),
        ([np.nan, 1.0], "finite numbers"),
        ([np.inf, 1.0], "finite numbers"),
        ([1 << 63, 0], "fit 64 bits"),
        ([0.5, (1 << 60) + 1], "that no float holds"),
        (["a\0", "a"], "NUL"),
        (["\ud800", "a"], "UTF-8"),
        (["a" * (1 << 21) + "b", "a"], "characters in all"),
    ],
)
def test_labels_refused(classes: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        as_labels(classes, 2)


def test_too_many_classes() -> None:
    with pytest.raises(ValueError, match=r"classes takes 1\.\.65536 labels, got 65537"):
        as_labels(None, 65537)
    with pytest.raises(TicketError, match="at most 65536 classes"):
        decode_labels(ByteReader(b"\0"), 65537)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("", "the file ends inside the kind of labels"),
        ("05", "kind of labels must be 0..4"),
        ("01" + "02", "the file ends inside a label"),
        ("01" + "0202", "labels that differ"),
        ("02" + "0161" + "0561", "the file ends inside a label"),
        ("02" + "ffffffff7f", "the length of a label must be"),
        ("02" + "01ff" + "0161", "decode"),
        ("02" + "0161" + "0161", "labels that differ"),
        ("02" + "0100" + "0161", "NUL"),
        ("03" + "00" * 15, "the file ends inside the labels"),
        ("03" + "000000000000f87f" * 2, "must be finite"),
        ("04" + "0002", "must be 0 or 1"),
        ("04" + "0101", "labels that differ"),
    ],
)
def test_bytes_refused(data: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        decode_labels(ByteReader(bytes.fromhex(data)), 2)

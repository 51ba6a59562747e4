"""IDX files, the format of MNIST and its relatives, plain or gzipped. NumPy only.

A folder in MNIST's layout holds train-images-idx3-ubyte, train-labels-idx1-ubyte,
t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, each as it is or with .gz. The t10k files are the
test rows; validation rows are taken out of the train files.

Source of the format: http://yann.lecun.com/exdb/mnist/ (big-endian; two zero bytes, a type code,
the number of dimensions, one 32-bit size each, then the values).
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np

from scratchcard.datasets.dataset import Answers, Array, DataError, Dataset, Part, split

_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def read_idx(path: Path) -> Array:
    """Read one IDX file, plain or gzipped.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    ndarray
        Its array, of the shape and type that its header says.

    Raises
    ------
    DataError
        If it is not an IDX file, or is truncated or too long.
    """
    try:
        data = path.read_bytes()
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read: {error}") from error
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] not in _TYPES or data[3] == 0:
        raise DataError(f"{path}: not an IDX file")
    kind, n_dimensions = np.dtype(_TYPES[data[2]]), data[3]
    header = 4 + 4 * n_dimensions
    if len(data) < header:
        raise DataError(f"{path}: truncated in its header")
    shape = struct.unpack(f">{n_dimensions}I", data[4:header])
    expected = header + math.prod(shape) * kind.itemsize
    if len(data) != expected:
        raise DataError(f"{path}: {len(data)} bytes, but its header stands for {expected}")
    values = np.frombuffer(data, dtype=kind, offset=header).reshape(shape)
    return values.astype(kind.newbyteorder("="), copy=False)


def read_folder(folder: Path, name: str, answers: Answers = "classes") -> Dataset:
    """Read a folder in MNIST's layout, with its own test rows.

    Parameters
    ----------
    folder : Path
        The folder.
    name : str
        What the data set is called.
    answers : {"classes", "numbers", "none"}
        What a search may read of the labels, which are classes.

    Returns
    -------
    Dataset
        Training, validation and test rows.

    Raises
    ------
    DataError
        If a file is missing or cannot be read, or numbers are asked for.
    """
    if answers == "numbers":
        raise DataError(f"{folder}: IDX files have classes, not numbers to predict")
    train, test = _read_pair(folder, "train"), _read_pair(folder, "t10k")
    return split(name, *train, answers=answers, test=test)


def _read_pair(folder: Path, stem: str) -> Part:
    images = read_idx(_find(folder, f"{stem}-images-idx3-ubyte"))
    labels = read_idx(_find(folder, f"{stem}-labels-idx1-ubyte"))
    if labels.ndim != 1 or len(images) != len(labels):
        raise DataError(
            f"{folder}: {stem} images {images.shape} and labels {labels.shape} do not match"
        )
    return Part(images.reshape(len(images), math.prod(images.shape[1:])), labels.astype(np.int64))


def _find(folder: Path, name: str) -> Path:
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            return path
    raise DataError(f"{folder}: no file {name} or {name}.gz")

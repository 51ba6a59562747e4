"""Arrow: data frames of any library as columns in NumPy. It needs pyarrow."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from scratchcard.ticket.table import DATES, as_text, check_exact, first_repeated

__all__ = ["array_of", "arrow_table"]


def arrow_table(frame: Any, only: Collection[str] = ()) -> Any:
    """Return a data frame as a table of pyarrow.

    Parameters
    ----------
    frame : data frame of pandas, polars or pyarrow, or mapping of names to columns
        What else has ``__arrow_c_stream__`` is read as well. The index of pandas is left out.
    only : collection of str
        Names of the columns to read, where all of these are there; empty for all.

    Returns
    -------
    pyarrow.Table
        The same columns.

    Raises
    ------
    ValueError
        If pyarrow is not there, or for columns that it cannot hold.
    """
    try:
        import pyarrow as pa
    except ImportError as error:
        raise ValueError("reading a data frame needs pyarrow: pip install pyarrow") from error
    try:
        if isinstance(frame, pa.Table):
            return frame.select(_places(frame.column_names, only))
        if hasattr(frame, "iloc"):
            if not hasattr(frame, "columns"):
                raise ValueError("X takes shape (n_rows, n_columns), got a Series")
            places = _places([str(name) for name in frame.columns], only)
            names = [str(frame.columns[place]) for place in places]
            plain = frame.iloc[:, places].set_axis(names, axis=1)
            if len(set(names)) < len(names):
                raise ValueError(f"more than one column is named {first_repeated(names)!r}")
            return pa.Table.from_pandas(plain, preserve_index=False)
        if isinstance(frame, Mapping):
            listed = list(frame.items())
            listed = [listed[place] for place in _places([str(n) for n in frame], only)]
            names = [str(name) for name, _ in listed]
            if len(set(names)) < len(names):
                raise ValueError(f"more than one column is named {first_repeated(names)!r}")
            return pa.table({str(name): list(column) for name, column in listed})
        found = pa.table(frame)
        return found.select(_places(found.column_names, only))
    except (pa.ArrowException, TypeError, OverflowError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"X takes columns of numbers or text: {reason}") from None


def _places(names: Sequence[str], only: Collection[str]) -> list[int]:
    """Return the places of the columns to read: of all, unless all that are asked for are there."""
    wanted = set(only)
    if not wanted or not wanted <= set(names):
        return list(range(len(names)))
    return [place for place, name in enumerate(names) if name in wanted]


def array_of(where: str, column: Any) -> npt.NDArray[Any]:
    """Return a column as numbers with NaN where one is missing, or as objects with text and None.

    Parameters
    ----------
    where : str
        What it is, for the error.
    column : pyarrow.ChunkedArray
        The column.

    Returns
    -------
    ndarray of shape (n_rows,)
        Of float64, or of objects.

    Raises
    ------
    ValueError
        For dates and other values that are neither numbers nor text.
    """
    import pyarrow as pa
    from pyarrow import types

    kind = column.type
    if types.is_dictionary(kind):  # a category, whatever its values are
        parts = [_values_of(where, chunk) for chunk in column.chunks]
        return np.concatenate([np.empty(0, dtype=object), *parts])
    if types.is_null(kind):
        return np.full(len(column), np.nan)
    if types.is_boolean(kind) or types.is_integer(kind) or types.is_decimal(kind):
        column = column.cast(pa.float64(), safe=False)
    if types.is_floating(kind):
        column = column.cast(pa.float64())
    if types.is_floating(column.type):
        numbers: npt.NDArray[Any] = column.to_numpy(zero_copy_only=False).astype(np.float64)
        return numbers
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
        texts: npt.NDArray[Any] = np.array(column.to_pylist(), dtype=object)
        return texts
    if types.is_temporal(kind):
        raise ValueError(f"{where} holds dates or times ({kind}); {DATES}")
    raise ValueError(f"{where} takes numbers, text or categories, got {kind}")


def _values_of(where: str, chunk: Any) -> npt.NDArray[Any]:
    """Return the values of a category, as text, of a chunk that holds their places."""
    import pyarrow as pa

    values = array_of(where, pa.chunked_array([chunk.dictionary]))
    if values.dtype != object:
        check_exact(where, values)
        values = np.array([None if np.isnan(v) else as_text(v) for v in values], dtype=object)
    known = np.concatenate([values, np.array([None], dtype=object)])
    places = chunk.indices.cast(pa.int64()).fill_null(len(values)).to_numpy(zero_copy_only=False)
    found: npt.NDArray[Any] = known[places]
    return found

"""``html``: a ticket as one web page that needs no network."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

import numpy as np
import numpy.typing as npt

from scratchcard.export.parts import check_layers, classes_of, wires_of
from scratchcard.text import printable
from scratchcard.ticket import Conv2d, Network, Ticket
from scratchcard.ticket.columns import Columns
from scratchcard.ticket.table import Table, is_frame

__all__ = ["html"]

_MOST = 1 << 20  # a browser draws and toggles so many weights, and shows so many values
_MOST_ROWS = 12
_LEAST_SIDE = 5  # of a square image, in pixels
_LEAST_NAMED = 12  # of one whose pixels have names: nobody types as many numbers
_PARTS = {
    "style": "page.css",
    "arithmetic": "arithmetic.js",
    "inputs": "inputs.js",
    "picture": "picture.js",
    "page": "page.js",
}


def html(
    ticket: Ticket,
    *,
    title: str = "ticket",
    rows: npt.ArrayLike | None = None,
    names: Sequence[str] | None = None,
) -> str:
    """Return a web page on which a person plays with a ticket; it loads nothing from anywhere.

    It draws the network with its survivors, answers for what is drawn, typed or picked, and lets
    connections be scratched off and back. The weights are drawn from the seed in the browser. In
    the title and in names of classes and features, control characters, and those that turn the
    direction of writing, are shown as escapes.

    Parameters
    ----------
    ticket : Ticket
        A ticket of dense layers and convolutions whose outputs are classes, of at most 2**20
        weights.
    title : str
        The page's title.
    rows : array-like of shape (n_rows, n_columns), data frame or None
        Example rows to pick from, not scaled; the first twelve are taken.
    names : sequence of str or None
        Names of the columns, where the ticket knows none itself. Where their number is a square of
        at least 25, or 144 with names, and all are numbers, a row is taken for an image. Of a
        ticket with convolutions, which knows its images, square ones of at least 5 pixels a side
        can be drawn.

    Returns
    -------
    str
        The page.

    Raises
    ------
    ValueError
        For anything else.
    """
    check_layers(ticket, "html")
    n_columns, columns = ticket.n_columns, ticket.columns
    for what, found in (
        ("weights", ticket.network.n_weights),
        ("values in a layer", ticket.network.n_values),
    ):
        if found > _MOST:
            raise ValueError(
                f"export to html takes a ticket of at most {_MOST} {what}, got {found}"
            )
    if names is not None and len(names) != n_columns:
        raise ValueError(f"names takes {n_columns} names of features, got {len(names)}")
    title = printable(title)
    is_named = names is not None or (columns is not None and columns.is_named)
    is_plain = columns is None or columns.is_plain
    side = image_side(n_columns, not is_named) if is_plain else 0
    if ticket.network.has_maps:
        _, height, width = ticket.network.input_shape
        side = height if height == width and height >= _LEAST_SIDE else 0
    facts = _facts(ticket) | {
        "title": title,
        "names": None if names is None else [printable(str(name)) for name in names],
        "rows": [] if rows is None else _rows(ticket, rows, side > 0),
        "side": side,
        "table": None if columns is None else _table(columns, names),
    }
    page = files("scratchcard.export") / "page"
    texts = {name: (page / file).read_text(encoding="utf-8") for name, file in _PARTS.items()}
    # In a script's text "</script" and "<!--" have a meaning: no "<" of a label is one.
    data = json.dumps(facts, ensure_ascii=True, allow_nan=False).replace("<", "\\u003c")
    template = Template((page / "page.html").read_text(encoding="utf-8"))
    return template.substitute(texts, title=escape(title), data=data)


def _facts(ticket: Ticket) -> dict[str, Any]:
    """Return what the page computes with: the ticket's fields, and its file."""
    network = ticket.network
    head = classes_of(ticket, "html")
    return {
        "sizes": network.sizes,
        "seed": network.seed,
        "weights": network.weights,
        "biases": network.biases,
        "activation": network.activation,
        "inputBits": network.input_bits,
        "shifts": network.shifts,
        "limits": network.limits,
        "ones": network.ones,
        "oneSums": network.one_sums,
        "offset": ticket.scaling.offset.tolist(),
        "scale": ticket.scaling.scale.tolist(),
        "temperature": head.temperature,
        "labels": [printable(str(label)) for label in head.labels.tolist()],
        "mask": base64.b64encode(ticket.mask.bits).decode(),
        "file": base64.b64encode(ticket.to_bytes()).decode(),
        **(_maps(network) if network.has_maps else {}),
    }


def _maps(network: Network) -> dict[str, Any]:
    """Return what the page knows of a network with convolutions besides.

    Rows and columns are those of the sums, without any that no square of a pooling holds.
    """
    found: list[dict[str, int] | None] = []
    for layer in network.layers:
        if not isinstance(layer, Conv2d):
            found.append(None)
            continue
        pool, (_, height, width) = layer.pool, layer.shape
        rows = {"rows": height * pool, "columns": width * pool}
        found.append(layer.geometry._asdict() | rows)
    return {
        "architecture": network.architecture,
        "shape": network.input_shape,
        "convolutions": found,
    }


def _table(columns: Columns, names: Sequence[str] | None) -> dict[str, Any]:
    """Return the columns that are read, and what each input is of a row of their codes."""
    wires, listed = wires_of(columns), columns.describe()
    for column in listed:
        place = column["column"]
        known = str(place + 1) if names is None else str(names[place])
        column["name"] = printable(known if column["name"] is None else column["name"])
        if names is None and not columns.is_named:
            column["name"] = f"column {known}"
        column["values"] = [printable(value) for value in column.get("values", ())]
    return {
        "nColumns": columns.n_columns,
        "columns": listed,
        "inputs": _input_names(columns, listed),
        "column": wires.column.tolist(),
        "code": [None if math.isnan(code) else int(code) for code in wires.code.tolist()],
        "isNumber": wires.is_number.tolist(),
        "isMissing": wires.is_missing.tolist(),
        "isKept": columns.kept.tolist(),
    }


def _input_names(columns: Columns, listed: Sequence[dict[str, Any]]) -> list[str]:
    """Return a name for each input; of those that are not read the column's place."""
    found = [f"column {k + 1}" for k, c in enumerate(columns.columns) for _ in range(c.n_inputs)]
    for column in listed:
        inputs, name = columns.inputs_of(column["column"]), column["name"]
        kept = [number for number in inputs if columns.kept[number]]
        words = [name] if column["kind"] == "number" and columns.kept[inputs.start] else []
        words += [f"{name} = {value}" for value in column["values"]]
        words += [f"{name} is missing"] * (len(words) < len(kept))
        for number, word in zip(kept, words, strict=True):
            found[number] = word
    return found


def _rows(ticket: Ticket, rows: Any, is_image: bool) -> list[list[float | None]]:
    ticket.outputs(rows)  # refuses what is no row
    if ticket.columns is None:
        is_table = isinstance(rows, Table) or is_frame(rows)
        numbers = Table.of(rows).numbers() if is_table else np.asarray(rows)
        return numbers[:_MOST_ROWS].astype(np.float64).tolist()  # type: ignore[no-any-return]
    table = Table.of(rows)
    table = table.take(np.arange(min(table.n_rows, _MOST_ROWS)))
    codes = ticket.columns.codes(table)
    if is_image and table.is_plain and table.n_columns == ticket.n_columns:
        seen = np.nan_to_num(table.X.astype(np.float64))  # pixels that are not read as well
        if np.array_equal(seen[:, ticket.columns.kept], codes[:, ticket.columns.kept]):
            codes = seen
    listed: list[list[float]] = codes.tolist()
    return [[None if math.isnan(cell) else cell for cell in row] for row in listed]


def image_side(n_features: int, is_nameless: bool) -> int:
    """Return the side of a square image, or 0 where rows are none.

    Parameters
    ----------
    n_features : int
        How many numbers a row has.
    is_nameless : bool
        Whether they have no names.

    Returns
    -------
    int
        Pixels along a side.
    """
    side = math.isqrt(n_features)
    least = _LEAST_SIDE if is_nameless else _LEAST_NAMED
    return side if side * side == n_features and side >= least else 0

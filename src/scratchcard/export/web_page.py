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

from scratchcard.export.parts import check_layers, classes_of
from scratchcard.text import printable
from scratchcard.ticket import Ticket

__all__ = ["html"]

_MOST_WEIGHTS = 1 << 20  # a browser draws and toggles so many
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
        A ticket of dense layers whose outputs are classes, of at most 2**20 weights.
    title : str
        The page's title.
    rows : array-like of shape (n_rows, n_features) or None
        Example rows to pick from, not scaled; the first twelve are taken.
    names : sequence of str or None
        Names of the features. Where their number is a square of at least 25, or 144 with names, a
        row is taken for an image.

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
    n_features = ticket.network.n_inputs
    if ticket.network.n_weights > _MOST_WEIGHTS:
        raise ValueError(
            f"export to html takes a ticket of at most {_MOST_WEIGHTS} weights, "
            f"got {ticket.network.n_weights}"
        )
    if names is not None and len(names) != n_features:
        raise ValueError(f"names takes {n_features} names of features, got {len(names)}")
    title = printable(title)
    facts = _facts(ticket) | {
        "title": title,
        "names": None if names is None else [printable(str(name)) for name in names],
        "rows": [] if rows is None else _rows(ticket, rows),
        "side": image_side(n_features, names is None),
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
    }


def _rows(ticket: Ticket, rows: npt.ArrayLike) -> list[list[float]]:
    ticket.outputs(rows)  # refuses what is no row
    return np.asarray(rows)[:_MOST_ROWS].astype(np.float64).tolist()  # type: ignore[no-any-return]


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

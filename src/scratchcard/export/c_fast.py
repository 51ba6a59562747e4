"""The fast mode of generated C: every survivor stands in a table, with what it reads.

Only hidden units that feed something are computed, and they are numbered anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from string import Template
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from scratchcard.export.c_small import activation
from scratchcard.export.c_text import INT, Bounds, array, signed_type, unsigned_type
from scratchcard.export.parts import PlainLayer
from scratchcard.ticket import Network

__all__ = ["fast_code"]

_LAYER = Template("""\
    for ($place j = 0, at = 0; j < ${units}u; j++) {
        $total sum = ${biases};
        for ($place left = ${counts}; left; left--, at++)
            sum += ${cast}${weights} * $from[${sources}];
        $store
    }
""")


_EMPTY = Template("""\
    for ($place j = 0; j < ${units}u; j++) {
        $total sum = ${biases};
        $store
    }
""")


class _Table(NamedTuple):
    kind: str
    values: npt.NDArray[np.int64]


def fast_code(
    p: str,
    network: Network,
    layers: Sequence[PlainLayer],
    bounds: Sequence[Bounds],
    kinds: dict[str, str],
) -> str:
    """Return the tables of a ticket and the function that reads them.

    Parameters
    ----------
    p : str
        What their names start with.
    network : Network
        The network.
    layers : sequence of PlainLayer
        Its layers under the mask.
    bounds : sequence of Bounds
        Bounds of each layer.
    kinds : dict of str to str
        Names of types: ``place`` of a weight's number, ``total`` of a sum, ``input`` of an input;
        and ``P``, what the names of macros start with.

    Returns
    -------
    str
        C.
    """
    live = _live(layers)
    widths = [0, 0]
    for number in range(network.n_layers - 1):
        widths[number % 2] = max(widths[number % 2], live[number].size)
    value = signed_type(max((one.value for one in bounds[1:]), default=1))
    parts, lines = [], []
    for number, width in enumerate(widths):
        if width:
            lines.append(f"    {value} values{number}[{width}];")
    if not layers[0].kept[live[0]].any():
        lines.append("    (void)in;")
    for number, layer in enumerate(layers):
        if live[number].size:
            tables = _tables(layer, live[number], live[number - 1] if number else None)
            parts += [
                array(
                    table.kind, f"{p}_{name}{number}", table.values.tolist(), f" {kinds['P']}_FLASH"
                )
                for name, table in tables.items()
            ]
            lines.append(_layer(p, network, number, tables, bounds, kinds))
    head = f"static inline void {p}_run(const {kinds['input']} *in, {kinds['total']} *out)\n{{"
    return "\n".join(["".join(parts), head, *lines]).rstrip("\n") + "\n}\n"


def _live(layers: Sequence[PlainLayer]) -> list[npt.NDArray[np.int64]]:
    """Return the units of each layer that feed something; all of the last."""
    found = [np.flatnonzero(layer.kept.any(axis=0)) for layer in layers[1:]]
    return [*found, np.arange(len(layers[-1].biases))]


def _tables(
    layer: PlainLayer, units: npt.NDArray[np.int64], below: npt.NDArray[np.int64] | None
) -> dict[str, _Table]:
    kept = layer.kept[units]
    unit, source = np.nonzero(kept)
    weights = layer.weights[units[unit], source].astype(np.int64)
    counts = kept.sum(axis=1)
    if below is not None:
        source = np.searchsorted(below, source)
    biases = layer.biases[units].astype(np.int64)
    if not counts.any():
        return {"biases": _Table(signed_type(int(np.abs(biases).max())), biases)}
    return {
        "counts": _Table(unsigned_type(int(counts.max())), counts),
        "sources": _Table(unsigned_type(int(source.max(initial=0))), source),
        "weights": _Table("int8_t", weights),
        "biases": _Table(signed_type(int(np.abs(biases).max())), biases),
    }


def _layer(
    p: str,
    network: Network,
    number: int,
    tables: dict[str, _Table],
    bounds: Sequence[Bounds],
    kinds: dict[str, str],
) -> str:
    def read(name: str, at: str) -> str:
        kind = tables[name].kind
        size = int("".join(filter(str.isdigit, kind))) // 8
        return f"({kind}){kinds['P']}_READ_{size}(&{p}_{name}{number}[{at}])"

    if number == network.n_layers - 1:
        store = "out[j] = sum;"
    else:
        act = activation(network, number, bounds[number].clipped)
        kind = signed_type(max(one.value for one in bounds[1:]))
        store = f"{act}\n        values{number % 2}[j] = ({kind})value;"
    wide = 127 * bounds[number].value > INT
    names: dict[str, Any] = kinds | {
        "units": len(tables["biases"].values),
        "biases": read("biases", "j"),
        "store": store,
    }
    if "counts" not in tables:
        return _EMPTY.substitute(names).rstrip("\n")
    names |= {
        "counts": read("counts", "j"),
        "cast": "(int32_t)" if wide else "",
        "weights": read("weights", "at"),
        "sources": read("sources", "at"),
        "from": f"values{(number - 1) % 2}" if number else "in",
    }
    return _LAYER.substitute(names).rstrip("\n")

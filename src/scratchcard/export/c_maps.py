"""The small mode of generated C for networks with convolutions: layer after layer, map after map.

Values of maps are many, so they are kept from one layer to the next, and of sums those of one map.
The mask gives each layer unit by unit: see :func:`scratchcard.export.c_mask.coded_by_layer`.
"""

from __future__ import annotations

from collections.abc import Sequence
from string import Template

from scratchcard.export.c_small import activation, drawing_code, weight_names
from scratchcard.export.c_text import Bounds, signed_type
from scratchcard.ticket import Conv2d, Network

__all__ = ["maps_code"]

_DENSE = Template("""\
    at = ${p}_gap(&from, $k);
    for ($place j = 0; j < ${units}u; j++) {
        $total sum = $bias;
        for (; at < ${fan_in}u; at += ${p}_gap(&from, $k) + 1u)
            sum += ${cast}${p}_$family(j * ${fan_in}u + at, ${stream}u) * $source[at];
        at -= ${fan_in}u;
        $store
    }
""")

_MAPS = Template("""\
    { /* a convolution: $units maps of $rows x $columns sums */
        $sums sums[$n_sums];
        at = ${p}_gap(&from, $k);
        for ($place j = 0; j < ${units}u; j++) {
            const $total bias = $bias;
            for ($place i = 0; i < ${n_sums}u; i++)
                sums[i] = ($sums)bias;
            for (; at < ${fan_in}u; at += ${p}_gap(&from, $k) + 1u) {
                const int weight = ${p}_$family(j * ${fan_in}u + at, ${stream}u);
                const $source_kind *map = $source + at / ${span}u * ${size}u;
                const $place row = at % ${span}u / ${kernel}u, column = at % ${span}u % ${kernel}u;
                for ($place r = 0; r < ${rows}u; r++) {
                    const $place y = ($place)(r * ${stride}u + row - ${before}u);
                    for ($place c = 0; y < ${height}u && c < ${columns}u; c++) {
                        const $place x = ($place)(c * ${stride}u + column - ${before}u);
                        $sums *to = &sums[r * ${columns}u + c];
                        if (x < ${width}u) /* zeros stand around the map */
                            *to = ($sums)(*to + ${cast}weight * map[y * ${width}u + x]);
                    }
                }
            }
            at -= ${fan_in}u;
            for ($place i = 0; i < ${positions}u; i++) {
                $total sum = sums[$first];$pooled
                $store
            }
        }
    }
""")

_POOLED = Template("""
                const $sums *square = &sums[$first];
                sum = square[1] > sum ? square[1] : sum;
                sum = square[${columns}] > sum ? square[${columns}] : sum;
                sum = square[${columns} + 1] > sum ? square[${columns} + 1] : sum;""")


def maps_code(
    p: str, network: Network, bounds: Sequence[Bounds], rice: Sequence[int], kinds: dict[str, str]
) -> str:
    """Return the functions that all tickets of a network share.

    Parameters
    ----------
    p : str
        What their names start with.
    network : Network
        A network with convolutions.
    bounds : sequence of Bounds
        Bounds of each layer, whichever of the tickets' masks it is under.
    rice : sequence of int
        Rice parameter of each layer.
    kinds : dict of str to str
        Names of types: ``place`` of a weight's number, ``total`` of a sum, ``input`` of an input;
        and ``P``, what the names of macros start with.

    Returns
    -------
    str
        C.
    """
    value = signed_type(max((one.value for one in bounds[1:]), default=1))
    lines = [
        "/* Runs the network under a mask. */\n",
        f"static inline void {p}_run(const uint8_t *mask, const {kinds['input']} *in, "
        f"{kinds['total']} *out)\n{{\n",
        f"    {p}_bits from = {{mask, 128}};\n",
    ]
    for parity in (0, 1):
        sizes = [layer.units * layer.positions for layer in network.layers[:-1][parity::2]]
        if sizes:
            lines.append(f"    {value} values{parity}[{max(sizes)}];\n")
    lines.append(f"    {kinds['place']} at;\n")
    for number in range(network.n_layers):
        names = _names(p, network, number, bounds[number], rice[number], kinds, value)
        is_dense = not isinstance(network.layers[number], Conv2d)
        lines.append((_DENSE if is_dense else _MAPS).substitute(names))
    return "\n".join([drawing_code(p, network, kinds), "".join([*lines, "}\n"])])


def _names(
    p: str,
    network: Network,
    number: int,
    bounds: Bounds,
    k: int,
    kinds: dict[str, str],
    value: str,
) -> dict[str, object]:
    layer = network.layers[number]
    names: dict[str, object] = kinds | {
        **weight_names(p, network, number, bounds),
        "k": k,
        "units": layer.units,
        "fan_in": layer.fan_in,
        "source": f"values{(number - 1) % 2}" if number else "in",
        "source_kind": value if number else kinds["input"],
    }
    where = "j"
    if isinstance(layer, Conv2d):
        names |= _geometry(layer, bounds)
        where = f"j * {layer.positions}u + i"
    if number == network.n_layers - 1:
        names["store"] = "out[j] = sum;"
    else:
        indent = "\n" + " " * (16 if isinstance(layer, Conv2d) else 8)
        act = activation(network, number, bounds.clipped)
        names["store"] = f"{act}{indent}values{number % 2}[{where}] = ({value})value;"
    return names


def _geometry(layer: Conv2d, bounds: Bounds) -> dict[str, object]:
    """Return the numbers of a convolution; sums that no square of a pooling holds are left out."""
    there, (_, height, width) = layer.geometry, layer.shape
    columns = width * there.pool
    names: dict[str, object] = {
        **there._asdict(),
        "rows": height * there.pool,
        "columns": columns,
        "n_sums": height * width * there.pool**2,
        "sums": signed_type(bounds.total),
        "span": layer.span,
        "size": layer.positions_below,
        "positions": layer.positions,
        "first": "i",
        "pooled": "",
    }
    if there.pool == 2:
        names["first"] = f"i / {width}u * {2 * columns}u + i % {width}u * 2u"
        names["pooled"] = _POOLED.substitute(names)
    return names

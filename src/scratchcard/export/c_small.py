"""The small mode of generated C: the mask is read from flash, surviving weights are drawn anew.

Code is written for the one network: its sizes, families, activation, and the types that its sums
need.
"""

from __future__ import annotations

from collections.abc import Sequence
from string import Template

from scratchcard.export.c_text import INT, Bounds
from scratchcard.ticket import Network

__all__ = ["activation", "drawing_code", "small_code", "weight_names"]

_BITS = Template("""\
/* Reads a mask: bits, the first in the top bit of its byte. */
typedef struct {
    const uint8_t *at;
    uint8_t left; /* the bits left of a byte, and a one after them */
} ${p}_bits;

static inline unsigned ${p}_bit(${p}_bits *from)
{
    unsigned left = from->left * 2u;
    if (!(left & 255u))
        left = ${P}_READ_1(from->at++) * 2u + 1u;
    from->left = (uint8_t)left;
    return left >> 8;
}

/* How many weights are scratched off before the next one that stays: zeros, a one, low bits. */
static inline $place ${p}_gap(${p}_bits *from, unsigned low)
{
    $place gap = 0;
    while (!${p}_bit(from))
        gap++;
    while (low--)
        gap = gap * 2u + ${p}_bit(from);
    return gap;
}
""")

_PHILOX = Template("""\
/* Philox2x32-10 of the network's seed. */
static inline uint32_t ${p}_random(uint32_t c0, uint32_t c1$second)
{
    uint32_t key = ${seed}u;
    for (uint8_t round = 0; round < 10; round++) {
#if defined(__AVR__) || defined(__ARM_ARCH_6M__) /* no product of 64 bits */
        uint16_t a0 = (uint16_t)c0, a1 = (uint16_t)(c0 >> 16);
        uint32_t middle = (uint32_t)a1 * 0xD193u + ((uint32_t)a0 * 0xD193u >> 16);
        uint32_t cross = (uint32_t)a0 * 0xD256u + (uint16_t)middle;
        uint32_t high = (uint32_t)a1 * 0xD256u + (middle >> 16) + (cross >> 16);
#else
        uint32_t high = (uint32_t)((uint64_t)c0 * 0xD256D193u >> 32);
#endif
        high ^= key ^ c1;
        c1 = c0 * 0xD256D193u;
        c0 = high;
        key += 0x9E3779B9u;
    }
$after    return c0;
}
""")

_UNIFORM = Template("""\
/* -127 to 127. */
static inline int ${p}_uniform(uint32_t c0, uint32_t c1)
{
    uint32_t word = ${p}_random(c0, c1$nothing);
    return (int)(word >> 24) - 127 - (word << 8 < word); /* floor(word * 255 / 2**32) - 127 */
}
""")

_SIGN = Template("""\
/* 1 or -1. */
static inline int ${p}_sign(uint32_t c0, uint32_t c1)
{
    return ${p}_random(c0, c1) >> 31 ? -1 : 1;
}
""")

_NORMAL = Template("""\
/* Nearly normal, -127 to 127. */
static inline int ${p}_normal(uint32_t c0, uint32_t c1)
{
    uint32_t second, first = ${p}_random(c0, c1, &second);
    int32_t sum = 128 - 1020 * 39L;
    for (uint8_t byte = 0; byte < 4; byte++) {
        sum += 39L * (int32_t)((first & 255u) + (second & 255u));
        first >>= 8;
        second >>= 8;
    }
    sum = sum < 0 ? ~(~sum >> 8) : sum >> 8;
    return (int)(sum > 127 ? 127 : sum < -127 ? -127 : sum);
}
""")

_BIAS = Template("""\
static inline $total ${p}_bias(uint32_t unit, uint32_t stream, int32_t one)
{
    int32_t bias = ${p}_uniform(unit, stream) * one;
    return ($total)(bias < 0 ? ~(~bias >> 7) : bias >> 7);
}
""")

_ROWS = Template("""\
    for ($place j = 0; j < ${units}u; j++) {
        out[j] = $bias;
        for (; row < ${fan_in}u; row += ${p}_gap(&from, $k) + 1u)
            out[j] += ${cast}${p}_$family(j * ${fan_in}u + row, 0) * in[row];
        row -= ${fan_in}u;
    }
""")

_FIRST = Template("""\
        $total sum = $bias;
        for (; row < ${fan_in}u; row += ${p}_gap(&from, $k) + 1u)
            sum += ${cast}${p}_$family(j * ${fan_in}u + row, 0) * in[row];
        row -= ${fan_in}u;
""")

_COLUMNS = Template("""\
    for ($place j = 0; j < ${units}u; j++) $target[j] = $bias;
    column = ${p}_gap(&from, $k);
    for ($place j = 0; j < ${fan_in}u; j++) {
        if (column < ${units}u) { /* the unit feeds something */
$value
            do {
                $target[column] += ${cast}${p}_$family(column * ${fan_in}u + j, ${stream}u) * value;
                column += ${p}_gap(&from, $k) + 1u;
            } while (column < ${units}u);
        }
        column -= ${units}u;
    }
""")


def activation(network: Network, number: int, clipped: bool) -> str:
    """Return the activation after a layer as an expression of ``sum``, and a limit if needed."""
    one, limit = network.ones[number + 1], network.limits[number + 1]
    if network.activation == "step":
        return f"int value = sum > 0 ? {one} : 0;"
    if network.activation == "sign":
        return f"int value = sum > 0 ? {one} : sum < 0 ? -{one} : 0;"
    shift = network.shifts[number]
    shifted = f"sum >> {shift}" if shift else "sum"
    if not clipped:
        return f"int value = sum > 0 ? (int)({shifted}) : 0;"
    below = f"({shifted}) < {limit}" if shift else f"sum < {limit}"
    return f"int value = sum <= 0 ? 0 : {below} ? (int)({shifted}) : {limit};"


def small_code(
    p: str, network: Network, bounds: Sequence[Bounds], rice: Sequence[int], kinds: dict[str, str]
) -> str:
    """Return the functions that all tickets of a network share.

    Parameters
    ----------
    p : str
        What their names start with.
    network : Network
        The network.
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
    return "\n".join([drawing_code(p, network, kinds), _running(p, network, bounds, rice, kinds)])


def drawing_code(p: str, network: Network, kinds: dict[str, str]) -> str:
    """Return the functions that read bits and draw weights."""
    is_normal = network.weights == "kaiming_normal"
    names = {"p": p, "seed": network.seed, **kinds}
    names |= {"second": "", "after": "", "nothing": ""}
    has_biases = network.biases == "uniform"
    if is_normal:
        names |= {"second": ", uint32_t *second", "after": "    *second = c1;\n"}
        names["nothing"] = ", &c1"
    family = {"uniform": _UNIFORM, "signed_constant": _SIGN, "kaiming_normal": _NORMAL}
    parts = [_BITS, _PHILOX, family[network.weights]]
    if has_biases:
        parts += [*([_UNIFORM] if network.weights != "uniform" else []), _BIAS]
    return "\n".join(part.substitute(names) for part in parts)


def weight_names(p: str, network: Network, number: int, bounds: Bounds) -> dict[str, object]:
    """Return what draws the weights and biases of a layer, by the names that templates use."""
    family = {"uniform": "uniform", "signed_constant": "sign", "kaiming_normal": "normal"}
    largest = {"uniform": 127, "signed_constant": 1, "kaiming_normal": 127}[network.weights]
    bias = f"{p}_bias(j, {2 * number + 1}u, {network.one_sums[number]}L)"
    return {
        "p": p,
        "family": family[network.weights],
        "bias": bias if network.biases == "uniform" else "0",
        "cast": "(int32_t)" if largest * bounds.value > INT else "",
        "stream": 2 * number,
    }


def _running(
    p: str, network: Network, bounds: Sequence[Bounds], rice: Sequence[int], kinds: dict[str, str]
) -> str:
    """Return the function that runs the network under a mask."""
    sizes = network.sizes

    def names(number: int) -> dict[str, object]:
        return kinds | {
            **weight_names(p, network, number, bounds[number]),
            "k": rice[number],
            "units": sizes[number + 1],
            "fan_in": sizes[number],
        }

    lines = [
        "/* Runs the network under a mask. */",
        f"static inline void {p}_run(const uint8_t *mask, const {kinds['input']} *in, "
        f"{kinds['total']} *out)",
        "{",
        f"    {p}_bits from = {{mask, 128}};",
        f"    {kinds['place']} row = {p}_gap(&from, {rice[0]});",
    ]
    if network.n_layers == 1:
        return "\n".join([*lines, _ROWS.substitute(names(0)) + "}\n"])
    lines[-1] = lines[-1].replace(f" row = {p}_gap(&from, {rice[0]})", " row, column")
    for parity in (0, 1):
        between = [sizes[number] for number in range(2, network.n_layers) if number % 2 == parity]
        if between:
            lines.append(f"    {kinds['total']} sums{parity}[{max(between)}];")
    lines.append(f"    row = {p}_gap(&from, {rice[0]});")
    for number in range(1, network.n_layers):
        act = activation(network, number - 1, bounds[number - 1].clipped)
        if number == 1:
            value = _FIRST.substitute(names(0))
        else:
            value = f"        {kinds['total']} sum = sums{number % 2}[j];\n"
        indented = "".join(f"    {line}\n" for line in (value + f"        {act}").splitlines())
        last = number == network.n_layers - 1
        target = "out" if last else f"sums{(number + 1) % 2}"
        lines.append(
            _COLUMNS.substitute(names(number), value=indented.rstrip("\n"), target=target).rstrip(
                "\n"
            )
        )
    return "\n".join([*lines, "}\n"])

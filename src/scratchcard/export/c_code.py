"""``c``: a ticket as one C99 header without heap, library or, with integers, floating point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import or_
from string import Template

from scratchcard import __version__
from scratchcard.checks import as_family
from scratchcard.export.c_columns import columns_code, inputs_comment, reserved
from scratchcard.export.c_fast import fast_code
from scratchcard.export.c_maps import maps_code
from scratchcard.export.c_mask import coded, coded_by_layer, rice_of, walks_by_layer, walks_of
from scratchcard.export.c_small import small_code
from scratchcard.export.c_text import (
    INT,
    Bounds,
    array,
    bounds_of,
    c_names,
    check_size,
    labels,
    signed_type,
)
from scratchcard.export.parts import (
    PlainLayer,
    check_layers,
    classes_of,
    plain_layers,
)
from scratchcard.ticket import Network, Ticket
from scratchcard.ticket.layers.conv2d import MAX_KERNEL

__all__ = ["INPUTS", "MODES", "c"]

MODES = {
    "small": "the mask is read from flash, and the weights that stay are drawn from the seed",
    "fast": "the weights that stay are in tables",
}
"""The modes of generated C."""

INPUTS = {
    "features": "raw features, double, which are scaled here",
    "integers": "integers, scaled already; no floating point",
}
"""What a row may hold."""

_HEAD = Template("""\
/* $file.h: $network under $masks, written by scratchcard $version.

   Mode $mode: $how.
   Rows: $inputs.
   C99, this file alone; no heap, no library. Compile without -ffast-math.

$usage */

#ifndef ${P}_H
#define ${P}_H

#include <stdint.h>
#ifdef __AVR__
#include <avr/pgmspace.h>
#define ${P}_FLASH PROGMEM
#define ${P}_READ_1(at) pgm_read_byte(at)
#define ${P}_READ_2(at) pgm_read_word(at)
#define ${P}_READ_4(at) pgm_read_dword(at)
#else
#define ${P}_FLASH
#define ${P}_READ_1(at) (*(at))
#define ${P}_READ_2(at) (*(at))
#define ${P}_READ_4(at) (*(at))
#endif

""")

_SCALED = Template("""\
typedef char ${p}_needs_doubles_of_64_bits[sizeof(double) == 8 ? 1 : -1];

/* The integer that stands for a feature. volatile: each step is rounded to double, not fused. */
static inline $input ${p}_scaled(double feature, double offset, double scale)
{
    volatile double value = feature - offset;
    int32_t whole;
    value = value * scale;
    value = value * $limit.0;
    value = value + 0.5;
    if (value >= $limit.0)
        return $limit;
    if (value < -$limit.0)
        return -$limit;
    whole = (int32_t)value; /* towards 0 */
    return ($input)((double)whole > value ? whole - 1 : whole);
}

""")

_NAMES = Template("""\
#define ${T}_INPUTS $n_inputs
#define ${T}_OUTPUTS $n_outputs
#define ${T}_LIMIT $limit
typedef $input ${t}_input; /* -${T}_LIMIT to ${T}_LIMIT */
typedef $total ${t}_output;

""")

_OUTPUTS = {
    "integers": Template("""\
/* Gives the outputs for a row. */
static inline void ${t}_outputs(const ${t}_input *row, ${t}_output *outputs)
{
    $run;
}

/* The class of a row: the largest output wins, and the first of equal ones. */
static inline int ${t}_predict(const ${t}_input *row)
{
    ${t}_output outputs[$n_outputs];
    int best = 0;
    ${t}_outputs(row, outputs);
"""),
    "features": Template("""\
/* Gives the outputs for a row, and returns 0; or -1 for $bad. */
static inline int ${t}_outputs(const double *row, ${t}_output *outputs)
{
    ${t}_input in[$n_inputs];
$read    $run;
    return 0;
}

/* The class of a row: the largest output wins, and the first of equal ones. -1 for $bad.
   */
static inline int ${t}_predict(const double *row)
{
    ${t}_output outputs[$n_outputs];
    int best = 0;
    if (${t}_outputs(row, outputs))
        return -1;
"""),
}

_READ = Template("""\
    for ($place i = 0; i < ${n_inputs}u; i++) {
        if (!(row[i] - row[i] == 0.0))
            return -1;
        in[i] = ${p}_scaled(row[i], $offset, $scale);
    }
""")

_READ_COLUMNS = Template("""\
    if (${t}_quantise(row, in))
        return -1;
""")

_BEST = Template("""\
    for (int i = 1; i < $n_outputs; i++)
        if (outputs[i] > outputs[best])
            best = i;
    return best;
}

""")


def c(
    tickets: Ticket | Mapping[str, Ticket], *, mode: str = "small", inputs: str = "features"
) -> str:
    """Return a C99 header that predicts with a ticket, or with several of one network.

    Parameters
    ----------
    tickets : Ticket or mapping of str to Ticket
        A ticket, whose functions are called ``ticket_predict`` and so on; or tickets by the names
        that their functions start with. Those of one call are of the same network, and in the mode
        "small" they share all but their masks.
    mode : {"small", "fast"}
        "small" reads the mask from flash and draws surviving weights anew for each row; "fast"
        reads them from tables, and takes dense layers alone.
    inputs : {"features", "integers"}
        What a row holds: doubles as the ticket takes them, or integers that are scaled already, as
        ``ticket.scaling.quantise(X, ticket.network.input_limit)`` gives them. Then there is no
        floating point in the header.

    Returns
    -------
    str
        The header, in ASCII.

    Raises
    ------
    ValueError
        For anything else, and for what C could not hold.

    Notes
    -----
    Of a ticket of tables a row of "features" is one of ``ticket.columns.codes(table)``; comments
    and constants in the header say which column and which value is which. A row of "integers" has
    an integer for each input: ``ticket.columns.features(table, ticket.scaling)``, scaled.
    """
    as_family("mode", mode, MODES)
    as_family("inputs", inputs, INPUTS)
    named = {"ticket": tickets} if isinstance(tickets, Ticket) else dict(tickets)
    if not named:
        raise ValueError("tickets takes at least one ticket, got none")
    names = c_names(list(named))
    listed = list(named.values())
    for ticket in listed:
        check_layers(ticket, "c")
        if mode == "fast" and ticket.network.has_maps:
            raise ValueError(
                "export to c in the mode fast takes a ticket of dense layers, got one with "
                "convolutions; the mode small takes it"
            )
    network = listed[0].network
    check_size(network)
    for ticket in listed:
        classes_of(ticket, "c")
        if ticket.network != network:
            raise ValueError(
                f"tickets takes tickets of one network, got {network.architecture} with seed "
                f"{network.seed} and {ticket.network.architecture} with seed {ticket.network.seed}"
            )
    layers = [plain_layers(ticket, "c") for ticket in listed]
    bounds = [bounds_of(network, one) for one in layers]
    return _header(names, listed, layers, bounds, mode, inputs)


def _header(
    names: Sequence[str],
    tickets: Sequence[Ticket],
    layers: Sequence[Sequence[PlainLayer]],
    bounds: Sequence[Sequence[Bounds]],
    mode: str,
    inputs: str,
) -> str:
    p, network = names[0], tickets[0].network
    joint = [reduce(or_, of_layer) for of_layer in zip(*bounds, strict=True)]
    kinds = _kinds(network, joint) | {"P": p.upper()}
    parts = [_introduction(names, network, mode, inputs, tickets[0].columns is not None)]
    if inputs == "features":
        limit = network.input_limit
        parts.append(_SCALED.substitute(p=p, input=kinds["input"], limit=limit))
    if mode == "small":
        has = network.has_maps
        walks = [(walks_by_layer if has else walks_of)(one) for one in layers]
        rice = rice_of(walks)
        parts += [(maps_code if has else small_code)(p, network, joint, rice, kinds), "\n"]
        masks = [(coded_by_layer if has else coded)(one, rice).tolist() for one in walks]
        parts += [
            array("uint8_t", f"{t}_mask", mask, f" {p.upper()}_FLASH")
            for t, mask in zip(names, masks, strict=True)
        ]
        parts.append("\n")
    used = reserved(names)
    for t, ticket, one, own in zip(names, tickets, layers, bounds, strict=True):
        if mode == "fast":
            parts += [fast_code(t, network, one, own, kinds), "\n"]
        run = f"{p}_run({t}_mask, " if mode == "small" else f"{t}_run("
        parts.append(_functions(p, t, ticket, kinds, inputs, run, used))
    return "".join([*parts, "#endif\n"])


def _kinds(network: Network, bounds: Sequence[Bounds]) -> dict[str, str]:
    """Return the names of types: of a weight's number, of sums, of inputs."""
    largest = max(layer.n_weights for layer in network.layers)
    if network.has_maps:
        largest = max(largest, network.n_values) + 2 * MAX_KERNEL  # places just outside a map
    return {
        "place": "unsigned" if largest < 1 << 16 else "uint32_t",
        "total": "int" if max(bound.total for bound in bounds) <= INT else "int32_t",
        "input": signed_type(network.input_limit),
    }


def _introduction(
    names: Sequence[str], network: Network, mode: str, inputs: str, is_table: bool
) -> str:
    p = names[0]
    length = "COLUMNS" if is_table and inputs == "features" else "INPUTS"
    kind = "double" if inputs == "features" else f"{p}_input"
    return _HEAD.substitute(
        file=p,
        P=p.upper(),
        network=f"{network.architecture} {network.activation} of seed {network.seed}",
        masks="one mask" if len(names) == 1 else f"{len(names)} masks",
        version=__version__,
        mode=mode,
        how=MODES[mode],
        inputs=INPUTS[inputs],
        usage=f"       {kind} row[{p.upper()}_{length}] = {{...}};\n"
        f"       int class_index = {p}_predict(row);",
    )


def _functions(
    p: str,
    t: str,
    ticket: Ticket,
    kinds: dict[str, str],
    inputs: str,
    run: str,
    used: set[str],
) -> str:
    """Return what a user calls: types, outputs, class, label."""
    network, scaling, head = ticket.network, ticket.scaling, classes_of(ticket, "c")
    names = kinds | {
        "p": p,
        "t": t,
        "T": t.upper(),
        "n_inputs": str(network.n_inputs),
        "n_outputs": str(network.n_outputs),
        "limit": str(network.input_limit),
        "run": f"{run}{'in' if inputs == 'features' else 'row'}, outputs)",
    }
    names["bad"] = "NaN or infinity"
    parts = [_NAMES.substitute(names)]
    columns = ticket.columns
    if columns is not None:
        names["bad"] = "a cell\n   that is infinite, or missing where none may be"
        names["read"] = _READ_COLUMNS.substitute(names)
        if inputs == "features":
            parts.append(columns_code(p, t, columns, scaling, names, used))
        else:
            parts.append(inputs_comment(columns))
    elif inputs == "features":
        for name, values in (("offset", scaling.offset), ("scale", scaling.scale)):
            texts = [f"{value.hex()}f" for value in values.tolist()]
            names[name] = texts[0].removesuffix("f")
            if len(texts) > 1:
                names[name] = f"(double){t}_{name}[i]"
                parts.append(array("float", f"{t}_{name}", texts))
        names["read"] = _READ.substitute(names)
    if inputs == "features":
        nats = f"{head.temperature!r} /* nats of logit per output */"
        parts.append(f"#define {t.upper()}_TEMPERATURE {nats}\n\n")
    parts += [_OUTPUTS[inputs].substitute(names), _BEST.substitute(names)]
    return "".join([*parts, labels(t, head.labels), "\n"])

"""Columns in generated C: what they are, as a comment and as constants, and what reads a row."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from string import Template
from typing import Any

import numpy as np
import numpy.typing as npt

from scratchcard.export.c_text import array, unsigned_type
from scratchcard.export.parts import wires_of
from scratchcard.text import printable
from scratchcard.ticket import InputScaling
from scratchcard.ticket.columns import Columns

__all__ = ["columns_code", "inputs_comment", "reserved"]

_LONGEST = 40  # characters of a name in a constant

_QUANTISE = Template("""\
/* The inputs of a row of columns. Returns -1 where a number is infinite, or missing and may not. */
static inline int ${t}_quantise(const double *row, ${t}_input *in)
{
$tables    for ($place i = 0; i < ${n_inputs}u; i++)
        in[i] = 0;
$loops    return 0;
}

""")

_NUMBERS = Template("""\
    for ($place i = 0; i < ${n}u; i++) {
        double number = row[number_column[i]];
$skip        if (!(number - number == 0.0))
            return -1;
        in[number_input[i]] =
            ${p}_scaled(number, $offset, $scale);
    }
""")

_VALUES = Template("""\
    for ($place i = 0; i < ${n}u; i++)
        if (row[value_column[i]] == (double)value_code[i])
            in[value_input[i]] = $limit;
""")

_MISSING = Template("""\
    for ($place i = 0; i < ${n}u; i++)
        if (row[missing_column[i]] != row[missing_column[i]])
            in[missing_input[i]] = $limit;
""")


def reserved(names: Sequence[str]) -> set[str]:
    """Return the names in capitals that a header has already, or may have.

    Parameters
    ----------
    names : sequence of str
        The names of its tickets in C.

    Returns
    -------
    set of str
        Names.
    """
    own = ("H", "FLASH", "READ_1", "READ_2", "READ_4", "INPUTS", "OUTPUTS", "LIMIT", "COLUMNS")
    return {f"{t.upper()}_{word}" for t in names for word in (*own, "TEMPERATURE")}


def columns_code(
    p: str, t: str, columns: Columns, scaling: InputScaling, kinds: dict[str, str], used: set[str]
) -> str:
    """Return what the columns of a ticket are, and the function that reads a row of them.

    Parameters
    ----------
    p, t : str
        What the names of the header and of the ticket start with.
    columns : Columns
        The columns.
    scaling : InputScaling
        How numbers become integers.
    kinds : dict of str to str
        Names of types, and ``limit`` of an input.
    used : set of str
        Names in capitals that are taken; those of constants are added.

    Returns
    -------
    str
        C.
    """
    wires = wires_of(columns)
    tables: dict[str, npt.NDArray[np.int64]] = {}
    loops = []

    def looked_up(group: str, inputs: npt.NDArray[np.int64], loop: Template, **more: str) -> None:
        if inputs.size:
            tables[f"{group}_column"], tables[f"{group}_input"] = wires.column[inputs], inputs
            names = kinds | {"p": p, "n": str(inputs.size)} | more
            loops.append(loop.substitute(names))

    may = np.array([column.missing for column in columns.columns], np.bool_)[wires.column]
    numbers = np.flatnonzero(wires.is_number)
    numbers = numbers[np.argsort(may[numbers], kind="stable")]  # those that may be missing last
    never = int((~may[numbers]).sum())
    skip = "number != number" if not never else f"i >= {never}u && number != number"
    pairs = {"offset": scaling.offset, "scale": scaling.scale}
    texts = {name: [f"{float(v).hex()}" for v in values] for name, values in pairs.items()}
    is_of_each = scaling.offset.size > 1
    looked_up(
        "number",
        numbers,
        _NUMBERS,
        skip="" if never == numbers.size else f"        if ({skip})\n            continue;\n",
        **{
            name: f"(double){name}[i]" if is_of_each else values[0]
            for name, values in texts.items()
        },
    )
    values = np.flatnonzero(~np.isnan(wires.code))
    looked_up("value", values, _VALUES)
    if values.size:
        tables["value_code"] = wires.code[values].astype(np.int64)
    looked_up("missing", np.flatnonzero(wires.is_missing), _MISSING)
    listed = []
    if is_of_each and numbers.size:
        for name, values_of in texts.items():
            listed.append(array("float", name, [f"{values_of[i]}f" for i in numbers]))
    for name, table in tables.items():
        listed.append(array(unsigned_type(int(table.max())), name, table))
    indented = "".join(f"    {line}\n" for line in "".join(listed).splitlines())
    code = "".join(loops) or "    (void)row;\n"
    names = kinds | {"t": t, "n_inputs": str(columns.n_inputs), "loops": code, "tables": indented}
    head = f"#define {t.upper()}_COLUMNS {columns.n_columns}\n"
    parts = [_comment(columns), head, _constants(t, columns, used), "\n"]
    return "".join([*parts, _QUANTISE.substitute(names)])


def inputs_comment(columns: Columns) -> str:
    """Return a comment that says what the inputs are that a ticket of tables reads."""
    lines = [
        f"   {number} {quoted(name)}"
        for number, name in enumerate(columns.input_names())
        if columns.kept[number]
    ]
    return "\n".join(["/* Inputs, of which no others are read:", *lines]) + " */\n"


def quoted(text: str) -> str:
    """Return text in quotes, in ASCII, that no comment of C ends with or warns of."""
    shown = json.dumps(printable(text))
    for dangerous in ("*/", "/*"):
        shown = shown.replace(dangerous, dangerous[0] + "\\" + dangerous[1])
    return shown.replace("??", "?\\u003f")


def _comment(columns: Columns) -> str:
    lines = [
        "/* Columns of a row. Of a category the cell is the number before its value, and -1 for",
        "   any other. NaN stands for a cell that is missing. Other columns are not read.",
        "",
    ]
    for column in columns.describe():
        name = "" if column["name"] is None else f"{quoted(column['name'])}, "
        line = f"   {column['column']}: {name}{column['kind']}"
        line += ", may be missing" if column["missing"] else ""
        values = [f"{code} {quoted(value)}" for code, value in enumerate(column.get("values", ()))]
        lines.append("\n      ".join([line, *values]))
    return "\n".join(lines) + " */\n"


def _constants(t: str, columns: Columns, used: set[str]) -> str:
    """Return constants for columns and values, by their names where columns have some."""
    if not columns.is_named:
        return ""
    of_columns, of_values = [], []
    for column in columns.describe():
        name = _identifier(f"{t}_COLUMN", [column["name"]], column["column"], used)
        of_columns.append(f"    {name} = {column['column']}")
        for code, value in enumerate(column.get("values", ())):
            name = _identifier(f"{t}_VALUE", [column["name"], value], code, used)
            of_values.append(f"    {name} = {code}")
    groups = [",\n".join(listed) for listed in (of_columns, of_values) if listed]
    return "".join(f"enum {{\n{group}\n}};\n" for group in groups)


def _identifier(start: str, names: Sequence[Any], number: int, used: set[str]) -> str:
    """Return a name in capitals that is not used yet; it ends with a number where it must."""
    plain = [re.sub(r"[^A-Z0-9]+", "_", str(name).upper()).strip("_")[:_LONGEST] for name in names]
    found = "_".join([start.upper(), *filter(None, plain)])
    if not all(plain) or found in used:
        found = f"{found}_{number}"
    while found in used:
        found += "_"
    used.add(found)
    return found

"""Generated C: labels, several tickets, names, types, and what is refused before a compiler is."""

from __future__ import annotations

import re
import shutil
import subprocess

import numpy as np
import pytest

from exported import c_rows, compiled, integers
from readers import table_of
from scratchcard import export
from scratchcard.ticket import Classes, InputScaling, Mask, Network, Ticket
from scratchcard.ticket.columns import Column, Columns
from ticket_strategies import random_ticket, small_column_ticket, small_map_ticket, small_ticket

SIZES = (12, 20, 3)


def ticket_with(labels, **settings):
    network = Network.dense((4, 6, len(labels)), 1, **settings)
    return Ticket(network, Mask.full(network.layers), InputScaling([0.0], [1.0]), Classes(labels))


LABELS = {
    "text": ['a "quoted" \\ one', "??=define", "*/ int x;", "é文\U0001f600", "%s\t\x01", ""],
    "hostile": [
        "</script><script>alert(1)</script>",
        "*/ int x; /*",
        '"; int x; //',
        '"\n#error\n',
        "\\",
        "\\\n",
        "??/",
        "\x1b[31m",
        "\u202e\u2066\u2028\ufeff",
        "\r\v\f\x7f\x85",
        "%n$x{}`${x}",
        "0",
    ],
    "integers": [-(2**63), 2**63 - 1, 0, -1],
    "numbers": [0.1, -1e300, 5e-324, 2.0**60],
    "booleans": [True, False],
    "counted": [0, 1, 2],
}
PRINTED = {
    "text": 'for (const char *at = ticket_label(i); *at; at++) printf("%02x", (unsigned char)*at);',
    "integers": 'printf("%lld", (long long)ticket_label(i));',
    "numbers": 'printf("%a", ticket_label(i));',
    "booleans": 'printf("%d", ticket_label(i));',
    "counted": 'printf("%d", ticket_label(i));',
}
PRINTED["hostile"] = PRINTED["text"]
READ = {
    "text": lambda line: bytes.fromhex(line).decode(),
    "hostile": lambda line: bytes.fromhex(line).decode(),
    "numbers": float.fromhex,
}


@pytest.mark.parametrize("kind", LABELS)
def test_labels(kind, tmp_path):
    ticket = ticket_with(LABELS[kind])
    (tmp_path / "ticket.h").write_text(export.c(ticket))
    loop = f'for (int i = 0; i < TICKET_OUTPUTS; i++) {{ {PRINTED[kind]} puts(""); }}'
    program = compiled(
        f'#include <stdio.h>\n#include "ticket.h"\nint main(void) {{ {loop} return 0; }}\n',
        tmp_path,
    )
    lines = subprocess.run([program], capture_output=True, text=True, check=True).stdout.split("\n")
    assert [READ.get(kind, int)(line) for line in lines[:-1]] == LABELS[kind]


def test_tickets_of_one_network_share_all_but_their_masks(tmp_path):
    network = Network.dense(SIZES, 5, input_bits=16)
    rng = np.random.default_rng(0)
    tickets = {
        name: Ticket(
            network,
            Mask.random(network.layers, density, rng),
            InputScaling(rng.normal(size=pairs), rng.uniform(0.1, 2, pairs)),
            Classes(labels),
        )
        for name, density, pairs, labels in (
            ("One", 0.2, 1, [0, 1, 2]),
            ("two-2", 0.02, 12, ["a", "b", "c"]),
            ("3", 0.9, 1, 3),
        )
    }
    X = rng.normal(size=(20, 12))
    for mode in export.c_code.MODES:
        header = export.c(tickets, mode=mode)
        names = re.findall(r"static inline int (\w+)_predict", header)
        assert names == ["one", "two_2", "ticket_3"]
        if mode == "small":
            assert header.count("0x9E3779B9u") == 1
            assert header.count("_mask[") == 3
        (tmp_path / "one.h").write_text(header)
        calls = "".join(f'printf("%d ", {name}_predict(row));' for name in names)
        program = compiled(
            '#include <stdio.h>\n#include "one.h"\nint main(void) { double row[ONE_INPUTS];\n'
            f"while (fread(row, sizeof row, 1, stdin) == 1) {{ {calls} }} return 0; }}\n",
            tmp_path,
        )
        said = subprocess.run(
            [program], input=c_rows(tickets["One"], X, "features"), capture_output=True
        )
        expected = [ticket.outputs(X).argmax(axis=1) for ticket in tickets.values()]
        assert np.array_equal(list(map(int, said.stdout.split())), np.transpose(expected).ravel())


@pytest.mark.parametrize(
    "name", ["*/ int x; /*", "a\n#error", "\x1b[31m", "\u202eé", "int", "??/", "\udcff", "9" * 99]
)
def test_any_name_is_an_identifier(name, tmp_path):
    (tmp_path / "one.h").write_text(export.c({name: small_ticket()}))
    found = re.search(r"static inline int (\w+)_predict", (tmp_path / "one.h").read_text("ascii"))
    program = compiled(
        '#include "one.h"\nint main(void) { double row[8] = {0}; '
        f"return {found[1]}_predict(row) < 0; }}\n",
        tmp_path,
    )
    assert subprocess.run([program]).returncode == 0


@pytest.mark.parametrize("value", ["0.0 / zero", "1.0 / zero", "-1.0 / zero"])
def test_features_that_are_not_finite_are_refused(value, tmp_path):
    (tmp_path / "ticket.h").write_text(export.c(small_ticket()))
    program = compiled(
        '#include <stdio.h>\n#include "ticket.h"\nint main(void) { volatile double zero = 0.0;\n'
        f"double row[8] = {{0}}; row[7] = {value};\n"
        'printf("%d", ticket_predict(row)); return 0; }\n',
        tmp_path,
    )
    assert subprocess.run([program], capture_output=True, text=True).stdout == "-1"


def test_integers_need_no_floating_point():
    for mode in export.c_code.MODES:
        header = export.c(
            random_ticket(np.random.default_rng(0), SIZES, 0.3), mode=mode, inputs="integers"
        )
        code = re.sub(r"/\*.*?\*/", "", header, flags=re.DOTALL)
        assert not re.search(r"float|double|\d\.\d", code)


def test_sums_take_32_bits_only_where_they_need_them():
    small = ticket_with([0, 1], weights="signed_constant", biases="zero", activation="step")
    assert "typedef int ticket_output;" in export.c(small)
    assert "typedef int32_t ticket_output;" in export.c(ticket_with([0, 1]))


def test_units_that_feed_nothing_take_no_bytes():
    network = Network.dense((64, 100, 10), 3)
    layers = [np.zeros((100, 64), bool), np.zeros((10, 100), bool)]
    layers[0][7, ::3] = layers[1][:, 7] = True
    ticket = Ticket(network, Mask.from_arrays(layers), InputScaling([0.0], [1.0]))
    mask = re.search(r"ticket_mask\[(\d+)\]", export.c(ticket))
    assert int(mask[1]) <= len(ticket.to_bytes())


def test_it_is_a_header_of_cplusplus_too(tmp_path):
    if shutil.which("g++") is None:
        pytest.skip("g++ is not installed")
    for mode in export.c_code.MODES:
        (tmp_path / "ticket.h").write_text(export.c(small_ticket(), mode=mode))
        (tmp_path / "uses.cpp").write_text('#include "ticket.h"\nint main() { return 0; }\n')
        flags = ["-Wall", "-Wextra", "-Werror", "-fsyntax-only"]
        subprocess.run(["g++", *flags, "uses.cpp"], cwd=tmp_path, check=True)


def test_integers_are_those_of_the_ticket():
    ticket = small_ticket()
    assert integers(ticket, np.array([[0, 0.25, 1, 0.5, 0.75, 0.9, 0.1, 0.6]])).tolist() == [
        [-127, -63, 127, 0, 64, 102, -102, 25]
    ]


@pytest.mark.parametrize(
    ("tickets", "settings", "message"),
    [
        ({}, {}, "at least one ticket, got none"),
        ({"a b": small_ticket(), "a-b": small_ticket()}, {}, "differ in C, got 'a b' as a_b twice"),
        (
            {"a": small_ticket(), "b": random_ticket(np.random.default_rng(0), SIZES, 0.5)},
            {},
            "of one network, got 8-3-2 with seed 7 and 12-20-3",
        ),
        (small_ticket(), {"mode": "tiny"}, "mode takes one of 'small', 'fast', got 'tiny'"),
        (small_ticket(), {"inputs": "bytes"}, "inputs takes one of 'features', 'integers'"),
        (ticket_with(["x" * 5000, "y"]), {}, "labels of at most 4095 bytes, got one of 5000"),
    ],
)
def test_what_c_cannot_hold_is_refused(tickets, settings, message):
    with pytest.raises(ValueError, match=message):
        export.c(tickets, **settings)


def test_a_layer_too_wide_for_a_stack_is_refused():
    network = Network.dense((200_000, 1))
    ticket = Ticket(network, Mask.full(network.layers), InputScaling([0.0], [1.0]))
    with pytest.raises(ValueError, match="at most 131072 values in a layer"):
        export.c(ticket)


def test_convolutions_are_for_the_mode_small_alone():
    header = export.c(small_map_ticket())
    assert "a convolution: 3 maps of 4 x 4 sums" in header
    with pytest.raises(ValueError, match="mode fast takes a ticket of dense layers, got one with"):
        export.c(small_map_ticket(), mode="fast")


def test_tickets_with_convolutions_of_one_network_share_all_but_their_masks(tmp_path):
    one = small_map_ticket()
    other = Ticket(one.network, Mask.full(one.network.layers), InputScaling([0.0], [1.0]))
    tickets, X = {"one": one, "two": other}, np.random.default_rng(0).normal(size=(9, 16))
    (tmp_path / "both.h").write_text(export.c(tickets))
    calls = "".join(f'printf("%d ", {name}_predict(row));' for name in tickets)
    program = compiled(
        '#include <stdio.h>\n#include "both.h"\nint main(void) { double row[ONE_INPUTS];\n'
        f"while (fread(row, sizeof row, 1, stdin) == 1) {{ {calls} }} return 0; }}\n",
        tmp_path,
    )
    said = subprocess.run([program], input=X.tobytes(), capture_output=True)
    expected = [ticket.outputs(X).argmax(axis=1) for ticket in tickets.values()]
    assert np.array_equal(list(map(int, said.stdout.split())), np.transpose(expected).ravel())


def test_too_many_outputs_are_refused():
    network = Network.dense((1, 40000))
    ticket = Ticket(network, Mask.full(network.layers), InputScaling([0.0], [1.0]))
    with pytest.raises(ValueError, match="at most 32767 outputs, got 40000"):
        export.c(ticket)


# -- tables ------------------------------------------------------------------------------------


def test_columns_and_values_have_names_in_c(tmp_path):
    ticket = small_column_ticket()
    header = export.c(ticket)
    assert '0: "width", number, may be missing' in header
    assert '1: "colour", category\n      0 "red"' in header
    (tmp_path / "ticket.h").write_text(header)
    program = compiled(
        """
        #include <stdio.h>
        #include "ticket.h"
        int main(void) {
            double row[TICKET_COLUMNS] = {0};
            ticket_output outputs[TICKET_OUTPUTS];
            row[TICKET_COLUMN_WIDTH] = 12;
            row[TICKET_COLUMN_COLOUR] = TICKET_VALUE_COLOUR_RED;
            ticket_outputs(row, outputs);
            printf("%ld %ld", (long)outputs[0], (long)outputs[1]);
            return 0;
        }
        """,
        tmp_path,
    )
    said = subprocess.run([program], capture_output=True, text=True).stdout
    row = np.array([[12.0, "red", 0]], object)
    assert list(map(int, said.split())) == ticket.outputs(row)[0].tolist()


@pytest.mark.parametrize("inputs", export.c_code.INPUTS)
@pytest.mark.parametrize("mode", export.c_code.MODES)
def test_names_of_columns_cannot_harm_a_header(mode, inputs, tmp_path):
    hostile = [*LABELS["hostile"], *LABELS["text"]]
    names = [*hostile, "inputs", "COLUMN_INPUTS", "a-b", "a b", "/*"]
    values = [tuple(hostile), *[("int", "*/ x;")] * (len(names) - 1)]
    listed = [Column("category", *one) for one in zip(names, values, strict=True)]
    n_inputs = sum(column.n_inputs for column in listed)
    network = Network.dense((n_inputs, 3), 1)
    columns = Columns(tuple(listed), True, np.ones(n_inputs, np.bool_))
    scaling = InputScaling(np.zeros(n_inputs), np.ones(n_inputs))
    ticket = Ticket(network, Mask.full(network.layers), scaling, None, columns)
    header = export.c(
        {"a": ticket, "a_column": ticket, "a_value": ticket}, mode=mode, inputs=inputs
    )
    assert header.isascii()
    (tmp_path / "a.h").write_text(header)
    codes = np.random.default_rng(0).integers(-1, 3, (9, len(names))).astype(float)
    kind, size = ("double", "COLUMNS") if inputs == "features" else ("a_input", "INPUTS")
    program = compiled(
        '#include <stdio.h>\n#include "a.h"\nint main(void) { '
        f"{kind} row[A_{size}]; while (fread(row, sizeof row, 1, stdin) == 1) "
        'printf("%d ", a_predict(row) + a_column_predict(row) + a_value_predict(row)); return 0; }',
        tmp_path,
    )
    said = subprocess.run([program], input=c_rows(ticket, codes, inputs), capture_output=True)
    classes = ticket.outputs(table_of(ticket, codes)).argmax(axis=1)
    assert list(map(int, said.stdout.split())) == (3 * classes).tolist()


def test_cells_that_a_number_cannot_have_are_refused(tmp_path):
    network = Network.dense((4, 2))
    columns = Columns(
        (Column("number"), Column("number", missing=True), Column("number"), Column("none")),
        False,
        np.array([1, 1, 1, 0], np.bool_),
    )
    scaling = InputScaling([0.0, 0, 0, 0], [0.5, 1, 1, 1])
    ticket = Ticket(network, Mask.full(network.layers), scaling, None, columns)
    (tmp_path / "ticket.h").write_text(export.c(ticket))
    program = compiled(
        '#include <stdio.h>\n#include "ticket.h"\nint main(void) { double row[4];\n'
        "while (fread(row, sizeof row, 1, stdin) == 1) {"
        'printf("%d ", ticket_predict(row) < 0); } return 0; }',
        tmp_path,
    )
    nan, inf = np.nan, np.inf
    sound = np.array([[1, 1, 1, 1], [1, nan, nan, nan], [1, 1, inf, -inf]])
    bad = np.array([[nan, 1, 1, 1], [inf, 1, 1, 1], [1, -inf, 1, 1]])
    data = np.vstack([sound, bad]).tobytes()
    said = subprocess.run([program], input=data, capture_output=True).stdout
    assert said.split() == [b"0"] * 3 + [b"1"] * 3

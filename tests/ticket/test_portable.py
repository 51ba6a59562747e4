"""portable/: the C and JavaScript readers give Python's integers and labels, and refuse alike."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clusterers import clouds, small
from readers import C_FLAGS, NO_ROWS, READERS, ROOT, Job, check, expected_rows, run_jobs, table_of
from scratchcard.ticket.columns import Column, Columns
from scratchcard.ticket.heads import Numbers
from scratchcard.ticket.mask import Mask
from scratchcard.ticket.network import Network
from scratchcard.ticket.scaling import InputScaling
from scratchcard.ticket.table import as_text
from scratchcard.ticket.ticket import Ticket, TicketError
from scratchcard.ticket.weights import WEIGHT_FAMILIES, biases, philox2x32, weight_at
from ticket_strategies import (
    codes_for,
    column_tickets,
    document_vectors,
    file_head,
    map_tickets,
    numbers,
    random_column_ticket,
    random_number_ticket,
    random_ticket,
    sealed,
    small_column_ticket,
    small_map_ticket,
    small_ticket,
    tickets,
)


def test_clusters_and_their_names_are_read_like_classes(reader, tmp_path):
    X, which = clouds()
    clusterer = small(n_init=1, max_iter=4).fit(X)
    named = clusterer.name_clusters(X[:9], np.array(["links", "mitte", "größer"])[which[:9]])
    for ticket in (clusterer.ticket_, named):
        (answer,) = run_jobs(reader, [Job(ticket.to_bytes(), X)], tmp_path)
        check(ticket, X, answer)
        clusters = clusterer.predict(X).tolist()
        assert [row[0] for row in answer.rows[:-1]] == clusters


# -- the same weights --------------------------------------------------------------------------

PHILOX_VECTORS = [  # Random123's known answers: counter0, counter1, key, x0, x1
    (0, 0, 0, 0xFF1DAE59, 0x6CD10DF2),
    (0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0x2C3F628B, 0xAB4FD7AD),
    (0x243F6A88, 0x85A308D3, 0x13198A2E, 0xDD7CE038, 0xF62A4C12),
]


def run_vectors(reader: list[str], lines: Sequence[tuple[int, ...]]) -> list[list[str]]:
    text = "\n".join(" ".join(map(str, line)) for line in lines)
    done = subprocess.run(reader, input=text, capture_output=True, text=True, check=True)
    return [line.split() for line in done.stdout.splitlines()]


def test_philox_known_answers(reader: list[str]) -> None:
    found = run_vectors(reader, [(0, key, c1, c0) for c0, c1, key, _, _ in PHILOX_VECTORS])
    assert [words[:2] for words in found] == [
        [f"{x0:08x}", f"{x1:08x}"] for *_, x0, x1 in PHILOX_VECTORS
    ]


def test_vectors_of_the_document(reader: list[str]) -> None:
    lines, expected = [], []
    for seed, layer, index, x0, x1, *weights, bias in document_vectors():
        for family, weight in enumerate(weights):
            lines.append((family, seed, 2 * layer, index))
            expected.append([f"{x0:08x}", f"{x1:08x}", str(weight), str(bias)])
    assert run_vectors(reader, lines) == expected


def test_weights(reader: list[str]) -> None:
    rng = np.random.default_rng(0)
    lines, expected = [], []
    for family in WEIGHT_FAMILIES.values():
        for _ in range(700):
            seed, index = (int(rng.integers(2**32)) for _ in range(2))
            layer, j = int(rng.integers(10)), int(rng.integers(1000))
            lines += [(family.code, seed, 2 * layer, index), (family.code, seed, 2 * layer, j)]
            words = philox2x32(index, 2 * layer, seed)
            weight = weight_at(family.name, seed, layer, index)
            expected.append([*(f"{int(word):08x}" for word in words), str(weight)])
            expected.append([str(biases("uniform", seed, layer, j + 1)[j])])
    found = run_vectors(reader, lines)
    assert [line[:3] for line in found[::2]] == expected[::2]
    assert [line[3:] for line in found[1::2]] == expected[1::2]


# -- the same predictions ----------------------------------------------------------------------


def test_random_tickets(reader: list[str], tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    made, jobs = [], []
    for _ in range(150):
        sizes = tuple(rng.integers(1, 40, rng.integers(2, 6)).tolist())
        ticket = random_ticket(rng, sizes, float(rng.choice([0.02, 0.1, 0.5, 1.0])))
        made.append(ticket)
        jobs.append(Job(ticket.to_bytes(), rng.normal(size=(8, sizes[0])) * 3))
    for ticket, job, answer in zip(made, jobs, run_jobs(reader, jobs, tmp_path), strict=True):
        check(ticket, job.rows, answer)


def test_random_tickets_that_answer_with_numbers(reader: list[str], tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    made, jobs = [], []
    for _ in range(150):
        sizes = tuple(rng.integers(1, 20, rng.integers(2, 5)).tolist())
        made.append(random_number_ticket(rng, sizes))
        jobs.append(Job(made[-1].to_bytes(), rng.normal(size=(8, sizes[0])) * 3))
    for ticket, job, answer in zip(made, jobs, run_jobs(reader, jobs, tmp_path), strict=True):
        check(ticket, job.rows, answer)


@pytest.mark.filterwarnings("ignore:column .* none of .* cells has a value that the ticket reads")
def test_random_tickets_of_tables(reader: list[str], tmp_path: Path) -> None:
    rng = np.random.default_rng(12)
    made, jobs = [], []
    for _ in range(150):
        ticket = random_column_ticket(rng, tuple(rng.integers(1, 20, rng.integers(1, 4)).tolist()))
        made.append(ticket)
        jobs.append(Job(ticket.to_bytes(), codes_for(ticket, rng, 12)))
    for ticket, job, answer in zip(made, jobs, run_jobs(reader, jobs, tmp_path), strict=True):
        check(ticket, job.rows, answer)


def test_exponentials_of_counts_at_their_limits(reader: list[str], tmp_path: Path) -> None:
    network = Network.dense((1, 1), biases="zero", input_bits=16)
    mask, scaling = Mask.full(network.layers), InputScaling([0.0], [1.0])
    rows = np.linspace(-1, 1, 400)[:, None]
    for offset, scale in ((0.0, 1e-3), (0.3, 2.0**-12), (-700.0, 1e-9), (3e38, 1.0), (-1e308, 0.0)):
        ticket = Ticket(network, mask, scaling, Numbers(offset, scale, "poisson"))
        check(ticket, rows, run_jobs(reader, [Job(ticket.to_bytes(), rows)], tmp_path)[0])


@pytest.mark.parametrize(
    "sizes", [(64, 100, 10), (784, 300, 100, 10), (2, 75, 2), (30000, 3, 2), (5, 70000, 3)]
)
def test_large_networks(reader: list[str], tmp_path: Path, sizes: tuple[int, ...]) -> None:
    rng = np.random.default_rng(2)
    made = [random_ticket(rng, sizes, density) for density in (0.02, 0.1, 1.0)]
    rows = rng.normal(size=(20, sizes[0]))
    jobs = [Job(ticket.to_bytes(), rows) for ticket in made]
    for ticket, answer in zip(made, run_jobs(reader, jobs, tmp_path), strict=True):
        check(ticket, rows, answer)


def test_inputs_at_the_edges_of_rounding(reader: list[str], tmp_path: Path) -> None:
    """Halves, the limits, huge and tiny numbers: rounded and clipped as Python does."""
    rng = np.random.default_rng(3)
    jobs, made = [], []
    for scale in (1.0, 0.1, 2.0**-7, 3e38, 0.0):
        ticket = random_ticket(rng, (6, 5, 3), 0.8)
        ticket = Ticket(ticket.network, ticket.mask, InputScaling([0.3], [scale]))
        limit = ticket.network.input_limit
        exact = (rng.integers(-limit, limit, (30, 6)) + 0.5) / limit + np.float32(0.3)
        near = np.nextafter(exact, rng.choice([-9.0, 9.0], exact.shape))
        far = rng.choice([0.0, -0.0, 1e308, -1e308, 5e-324, 1.0, -1.0, 1e17], (30, 6))
        jobs.append(Job(ticket.to_bytes(), np.vstack([exact, near, far])))
        made.append(ticket)
    for ticket, job, answer in zip(made, jobs, run_jobs(reader, jobs, tmp_path), strict=True):
        check(ticket, job.rows, answer)


def test_sums_at_the_limit(reader: list[str], tmp_path: Path) -> None:
    """Full masks, wide layers and extreme rows, where a 32-bit sum would overflow first."""
    rng = np.random.default_rng(4)
    made = [random_ticket(rng, (2000, 300, 20, 3), 1.0) for _ in range(6)]
    rows = np.vstack([np.full(2000, 1e9), np.full(2000, -1e9), rng.choice([-1e9, 1e9], 2000)])
    jobs = [Job(ticket.to_bytes(), rows) for ticket in made]
    for ticket, answer in zip(made, run_jobs(reader, jobs, tmp_path), strict=True):
        check(ticket, rows, answer)


@pytest.mark.parametrize(("width", "input_bits"), [(1599, 8), (687, 16)])
def test_the_shift_at_its_edge(
    reader: list[str], tmp_path: Path, width: int, input_bits: int
) -> None:
    """Shapes whose typical sum is 2048 * 2**s and a little: a shift of s is one too few."""
    network = Network.dense((width, 3, 2), input_bits=input_bits)
    scaling = InputScaling(np.array([0.0]), np.array([1.0]))
    ticket = Ticket(network, Mask.full(network.layers), scaling)
    rows = np.random.default_rng(6).normal(size=(10, width))
    check(ticket, rows, run_jobs(reader, [Job(ticket.to_bytes(), rows)], tmp_path)[0])


@pytest.fixture(scope="session")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("jobs")


@pytest.mark.parametrize("name", ["c_reader", "js_reader"])
def test_every_kind_of_ticket(name: str, request: pytest.FixtureRequest, scratch: Path) -> None:
    command = request.getfixturevalue(name)

    any_ticket = st.one_of(
        tickets(),
        tickets(heads=numbers),
        column_tickets(),
        column_tickets(heads=numbers),
        map_tickets(),
    )

    @settings(max_examples=8, deadline=None)
    @given(st.lists(any_ticket, min_size=20, max_size=20))
    def run(made: list[Ticket]) -> None:
        jobs = [Job(ticket.to_bytes(), np.zeros((0, ticket.n_columns))) for ticket in made]
        for ticket, job, answer in zip(made, jobs, run_jobs(command, jobs, scratch), strict=True):
            check(ticket, job.rows, answer)

    run()


# -- the same files refused --------------------------------------------------------------------


def test_codes_of_refusal(c_reader: list[str], tmp_path: Path) -> None:
    data = small_ticket().to_bytes()
    files = [b"", b"SCR", b"SCRU" + data[4:], data[:20], b"SCRT\3" + data[5:], b"SCRT\0" + data[5:]]
    files += [data[:-1], sealed(data[:-4] + b"\0"), data]
    answers = run_jobs(c_reader, [Job(file, NO_ROWS) for file in files], tmp_path)
    assert [answer.code for answer in answers] == [-1, -1, -1, -3, -2, -4, -3, -4, 0]


def test_c_plus_plus_takes_the_header(tmp_path: Path) -> None:
    if shutil.which("g++") is None:
        pytest.skip("g++ is not installed")
    source = tmp_path / "uses.cpp"
    source.write_text('#include "scratchcard.h"\nint main() { return 0; }\n')
    flags = ["-Wall", "-Wextra", "-Werror", "-fsyntax-only", f"-I{ROOT / 'portable'}"]
    subprocess.run(["g++", *flags, str(source)], check=True)


@pytest.mark.parametrize("rice", [0, 31, 32, 33, 40, 63, 64, 255])
def test_a_rice_parameter_above_31_is_refused(reader: list[str], tmp_path: Path, rice: int) -> None:
    """The file is otherwise whole: a first weight that survives, coded with this parameter."""
    bits = "1" + "0" * rice  # a gap of 0
    code = int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")
    data = sealed(file_head((300, 1)) + b"\0" + bytes((1, rice)) + code)
    (answer,) = run_jobs(reader, [Job(data, np.zeros((0, 300)))], tmp_path)
    if rice <= 31:
        check(Ticket.from_bytes(data), np.zeros((0, 300)), answer)
        return
    with pytest.raises(TicketError, match="Rice parameter"):
        Ticket.from_bytes(data)
    assert answer.code != 0


NOT_FINITE = [np.inf, -np.inf, np.nan]


@pytest.mark.parametrize("value", [*NOT_FINITE, -0.0, 1e308, 5e-324])
@pytest.mark.parametrize("place", range(4))
def test_offsets_and_scales_of_numbers(
    reader: list[str], tmp_path: Path, place: int, value: float
) -> None:
    """Offsets are binary64, scales binary32; neither may be -0."""
    lines = [np.ones(2, "<f8"), np.ones(2, "<f4")]
    with np.errstate(over="ignore"):
        lines[place // 2][place % 2] = value
    sound = np.isfinite(lines[place // 2]).all() and not np.signbit(lines[place // 2]).any()
    head = file_head((2, 2))
    # version 2: shape, layers, seed, scaling; then the code of the head and the loss
    data = b"SCRT\2\0" + b"\1\2" + b"\1\0\2" + b"\0" + head[-12:-4] + b"\1\0"
    data = sealed(data + lines[0].tobytes() + lines[1].tobytes() + b"\0")
    (answer,) = run_jobs(reader, [Job(data, np.zeros((0, 2)))], tmp_path)
    if sound:
        check(Ticket.from_bytes(data), np.zeros((0, 2)), answer)
        return
    assert answer.code != 0
    with pytest.raises(TicketError):
        Ticket.from_bytes(data)


def with_float(place: int, value: float) -> bytes:
    """Return a ticket of two features with a float32 of its own: offsets, scales, temperature."""
    floats = np.ones(5, "<f4")
    floats[place] = value
    head = file_head((2, 2), codes=64)
    return sealed(head[: -floats.nbytes] + floats.tobytes() + b"\0\0")


@pytest.mark.parametrize("value", [*NOT_FINITE, -0.0])
@pytest.mark.parametrize("place", range(5))
def test_numbers_that_are_not_finite_are_refused(
    reader: list[str], tmp_path: Path, place: int, value: float
) -> None:
    data, sound = with_float(place, value), with_float(place, 0.5)
    with pytest.raises(TicketError):
        Ticket.from_bytes(data)
    answers = run_jobs(reader, [Job(data, NO_ROWS), Job(sound, np.zeros((0, 2)))], tmp_path)
    assert answers[0].code != 0
    check(Ticket.from_bytes(sound), np.zeros((0, 2)), answers[1])


@pytest.mark.parametrize("value", NOT_FINITE)
def test_labels_that_are_not_finite_are_refused(
    reader: list[str], tmp_path: Path, value: float
) -> None:
    numbers = 3  # the kind of labels
    for labels, is_sound in (([0.5, 1.5], True), ([0.5, value], False), ([value, 0.5], False)):
        head = file_head((2, 2)) + bytes([numbers])
        data = sealed(head + np.array(labels, "<f8").tobytes() + b"\0")
        (answer,) = run_jobs(reader, [Job(data, np.zeros((0, 2)))], tmp_path)
        assert (answer.code == 0) == is_sound
        if not is_sound:
            with pytest.raises(TicketError):
                Ticket.from_bytes(data)


@pytest.mark.parametrize("feature", [0, 5])
@pytest.mark.parametrize("value", NOT_FINITE)
def test_c_refuses_features_that_are_not_finite(
    c_reader: list[str], tmp_path: Path, value: float, feature: int
) -> None:
    ticket = random_ticket(np.random.default_rng(8), (6, 5, 3), 0.8)
    rows = np.ones((3, 6))
    rows[1, feature] = value
    (answer,) = run_jobs(c_reader, [Job(ticket.to_bytes(), rows)], tmp_path)
    with pytest.raises(ValueError, match="finite"):
        ticket.predict(rows)
    assert answer.rows[1][0] < 0
    assert [answer.rows[0], answer.rows[2]] == expected_rows(ticket, rows[[0, 2]])


@pytest.mark.parametrize("value", ["Infinity", "-Infinity", "NaN", "undefined"])
def test_javascript_refuses_features_that_are_not_finite(
    js_reader: list[str], tmp_path: Path, value: str
) -> None:
    ticket = random_ticket(np.random.default_rng(8), (3, 5, 3), 0.8)
    (tmp_path / "t.ticket").write_bytes(ticket.to_bytes())
    script = tmp_path / "refuses.mjs"
    script.write_text(
        f"""import {{ readFileSync }} from "node:fs";
import {{ Ticket }} from {str(ROOT / "portable" / "scratchcard.mjs")!r};
const ticket = Ticket.fromBytes(new Uint8Array(readFileSync({str(tmp_path / "t.ticket")!r})));
for (const method of ["quantise", "outputs", "predict", "predictProba"]) {{
  ticket[method]([1, 2, 3]);
  try {{
    ticket[method]([1, {value}, 3]);
    console.log(method);
  }} catch (error) {{
    if (!(error instanceof RangeError)) throw error;
  }}
}}
"""
    )
    done = subprocess.run([js_reader[0], str(script)], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# -- tables ------------------------------------------------------------------------------------


def test_javascript_takes_cells_and_refuses_others(js_reader: list[str], tmp_path: Path) -> None:
    """Rows by place and by name; numbers become the text that Python gives them."""
    rng = np.random.default_rng(9)
    found = [0.5, 1e-5, 1e-4, 1e16, 1e15 + 0.5, 2.0**53, 2.0**53 - 1, -(2.0**60), 1e22, 5e-324]
    found += [1.0, -3.0, 123456.789, 1.7976931348623157e308, 0.1 + 0.2, 12.5e-7, 1e21, 9e15, 2**70]
    bits = rng.integers(0, 2**64, 2000, np.uint64, endpoint=False).view(np.float64)
    found += [*bits[np.isfinite(bits)].tolist(), *(10.0 ** rng.uniform(-7, 18, 2000)).tolist()]
    found += np.rint(10.0 ** rng.uniform(14, 18, 500)).tolist()
    ticket, texts = tmp_path / "table.ticket", tmp_path / "texts.json"
    small_column_ticket().save(ticket)
    texts.write_text(json.dumps([[float(number), as_text(float(number))] for number in found]))
    script = READERS / "columns.mjs"
    done = subprocess.run(
        [js_reader[0], str(script), str(ticket), str(texts)], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_c_refuses_cells_that_a_number_cannot_have(c_reader: list[str], tmp_path: Path) -> None:
    """A missing number where none may be, and an infinite one; what is not read may be anything."""
    network = Network.dense((4, 2))
    columns = Columns(
        (Column("number"), Column("category", None, ("a", "b")), Column("number")),
        False,
        np.array([1, 1, 1, 0], np.bool_),
    )
    scaling = InputScaling([0.0, 0, 0, 0], [0.5, 1, 1, 1])
    ticket = Ticket(network, Mask.full(network.layers), scaling, None, columns)
    nan, inf = np.nan, np.inf
    sound = np.array([[1, 0, 0], [1, nan, 0], [1, -1, nan], [1, 2, 0], [1, 0.5, 0], [1, 1, inf]])
    bad = np.array([[nan, 0, 0], [inf, 0, 0], [-inf, 0, 0]])
    answer = run_jobs(c_reader, [Job(ticket.to_bytes(), np.vstack([sound, bad]))], tmp_path)[0]
    finite = np.where(np.isinf(sound), 0, sound)
    assert answer.rows[: len(sound)] == expected_rows(ticket, finite)
    assert [row[0] for row in answer.rows[len(sound) : -1]] == [-7] * len(bad)
    with pytest.raises(ValueError, match="has no value in row 1"):
        ticket.outputs(table_of(ticket, bad[:1]))


def test_c_without_tables_or_convolutions_refuses_these_alone(
    c_reader: list[str], tmp_path: Path
) -> None:
    source = tmp_path / "plain.c"
    source.write_text(
        """#include <stdio.h>
#include "scratchcard.h"
int main(int argc, char **argv)
{
    static unsigned char file[999];
    static int16_t work[99];
    static scratchcard_ticket ticket;
    FILE *from = fopen(argv[argc - 1], "rb");
    size_t length = from ? fread(file, 1, sizeof file, from) : 0;
    double row[16] = {0};
    int32_t outputs[2] = {0};
    int error = scratchcard_open(&ticket, file, length, work, 99);
    int found = error ? error : scratchcard_predict(&ticket, row, outputs);
    printf("%d %ld", found, (long)outputs[0]);
    return 0;
}
"""
    )
    program = tmp_path / "plain"
    table, maps = small_column_ticket(), small_map_ticket()
    made = (small_ticket(), table, maps)
    for refused, option in ((table, "NO_COLUMNS"), (maps, "NO_CONVOLUTIONS")):
        flags = [*C_FLAGS, f"-DSCRATCHCARD_{option}", f"-I{ROOT / 'portable'}"]
        subprocess.run(["gcc", *flags, str(source), "-o", str(program)], check=True)
        for ticket in made:
            ticket.save(tmp_path / "a.ticket")
            command = [program, str(tmp_path / "a.ticket")]
            done = subprocess.run(command, capture_output=True, text=True)
            outputs = expected_rows(ticket, np.zeros((1, ticket.n_columns)))[0]
            said = list(map(int, done.stdout.split()))
            assert said == ([-4, 0] if ticket is refused else outputs[:2])

"""Runs what tickets were exported to: for each exporter, the outputs that it gives for rows."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from readers import described, table_of
from scratchcard import export
from scratchcard.ticket import Ticket

Outputs = list[np.ndarray]

C_FLAGS = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-O1"]
SANITIZE = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")

_MAIN = """\
static int {name}(void)
{{
    static {kind} row[{NAME}_{length}];
    static {name}_output outputs[{NAME}_OUTPUTS];
    for (int n = 0; n < {rows}; n++) {{
        if (fread(row, sizeof row, 1, stdin) != 1)
            return 1;
        {name}_outputs(row, outputs);
        printf("%d", {name}_predict(row));
        for (long i = 0; i < {NAME}_OUTPUTS; i++)
            printf(" %ld", (long)outputs[i]);
        printf("\\n");
    }}
    return 0;
}}
"""


def compiled(source: str, folder: Path) -> Path:
    """Return a program of C source, compiled with all warnings and sanitizers."""
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    (folder / "main.c").write_text(source)
    program = folder / "main"
    command = ["gcc", *C_FLAGS, str(folder / "main.c"), "-o", str(program)]
    done = subprocess.run([*command, *SANITIZE], capture_output=True, text=True)
    if done.returncode:
        subprocess.run(command, check=True)  # gcc without its sanitizers, or warnings: shown now
    return program


def run_c(mode: str, inputs: str) -> Callable[[list[Ticket], list[np.ndarray], Path], Outputs]:
    """Return what runs generated C: one program for all the tickets."""

    def run(tickets: list[Ticket], rows: list[np.ndarray], folder: Path) -> Outputs:
        source, data = ["#include <stdio.h>\n"], []
        for number, (ticket, X) in enumerate(zip(tickets, rows, strict=True)):
            name = f"t{number}"
            text = export.c({name: ticket}, mode=mode, inputs=inputs)
            assert text.isascii()
            if inputs == "integers":
                assert not re.search(r"\bfloat\b|row\[.*double", text)
            (folder / f"{name}.h").write_text(text)
            kind = "double" if inputs == "features" else f"{name}_input"
            source.append(f'#include "{name}.h"\n')
            is_table = ticket.columns is not None and inputs == "features"
            source.append(
                _MAIN.format(
                    name=name,
                    NAME=name.upper(),
                    kind=kind,
                    length="COLUMNS" if is_table else "INPUTS",
                    rows=len(X),
                )
            )
            data.append(c_rows(ticket, X, inputs))
        calls = " || ".join(f"t{number}()" for number in range(len(tickets)))
        program = compiled("".join([*source, f"int main(void) {{ return {calls}; }}\n"]), folder)
        done = subprocess.run([program], input=b"".join(data), capture_output=True)
        assert done.returncode == 0, done.stderr.decode()
        lines = [list(map(int, line.split())) for line in done.stdout.splitlines()]
        return with_classes(lines, [len(X) for X in rows])

    return run


def asked_of(ticket: Ticket, X: np.ndarray) -> Any:
    """Return rows as a ticket takes them: of tables, the rows that codes stand for."""
    return X if ticket.columns is None else table_of(ticket, X)


def c_rows(ticket: Ticket, X: np.ndarray, inputs: str) -> bytes:
    """Return rows as generated C reads them."""
    if inputs == "features":
        return np.asarray(X, np.float64).tobytes()
    return integers(ticket, X).tobytes()


def integers(ticket: Ticket, X: np.ndarray) -> np.ndarray:
    """Return rows scaled already, in the type that generated C takes."""
    limit = ticket.network.input_limit
    if ticket.columns is not None:
        X = ticket.columns.features(table_of(ticket, X), ticket.scaling)
    return ticket.scaling.quantise(X, limit).astype(np.int8 if limit < 128 else np.int16)


def with_classes(lines: list[list[int]], counts: list[int]) -> Outputs:
    """Return the outputs of lines "class output …", in parts; the classes are checked here."""
    found = []
    for count in counts:
        part, lines = np.array(lines[:count]), lines[count:]
        assert np.array_equal(part[:, 0], part[:, 1:].argmax(axis=1))
        found.append(part[:, 1:])
    assert not lines
    return found


def run_onnx(tickets: list[Ticket], rows: list[np.ndarray], folder: Path) -> Outputs:
    """Run ONNX models in ONNX Runtime, and check their labels."""
    onnxruntime = pytest.importorskip("onnxruntime")
    found = []
    for ticket, X in zip(tickets, rows, strict=True):
        data = export.EXPORTERS["onnx"].file({"ticket": ticket}, ".onnx")
        session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
        label, outputs, chances = session.run(None, {"features": X.astype(np.float64)})
        asked = asked_of(ticket, X)
        assert label.tolist() == ticket.predict(asked).tolist()
        np.testing.assert_allclose(chances, ticket.predict_proba(asked), atol=1e-9)
        props = session.get_modelmeta().custom_metadata_map
        listed = None if ticket.columns is None else described(ticket)
        assert (json.loads(props["columns"]) if props else None) == listed
        found.append(outputs)
    return found


def run_torch(tickets: list[Ticket], rows: list[np.ndarray], folder: Path) -> Outputs:
    """Run torch modules."""
    torch = pytest.importorskip("torch")
    return [
        export.torch(ticket)(torch.from_numpy(X.astype(np.float64))).numpy().astype(np.int64)
        for ticket, X in zip(tickets, rows, strict=True)
    ]


def run_numpy(tickets: list[Ticket], rows: list[np.ndarray], folder: Path) -> Outputs:
    """Run arrays from files, as docs/guide/export.md does."""
    found = []
    for ticket, X in zip(tickets, rows, strict=True):
        file = io.BytesIO(export.EXPORTERS["numpy"].file({"ticket": ticket}, ".npz"))
        arrays = np.load(file, allow_pickle=False)
        assert arrays["labels"].tolist() == ticket.head.labels.tolist()
        found.append(_predict(arrays, X.astype(np.float64)))
    return found


def _predict(arrays: Any, X: np.ndarray) -> np.ndarray:
    limits, has_maps = arrays["limits"], "shape" in arrays
    if "columns" in arrays:
        cells = X[:, arrays["column"]]
        lacks = np.isnan(cells)
        hit = (cells == arrays["code"]) | (arrays["is_missing"] & lacks)
        X = np.where(
            arrays["is_number"] & ~lacks, cells, np.where(hit, 1.0, arrays["offset"].astype(float))
        )
    with np.errstate(over="ignore"):
        scaled = (X - arrays["offset"].astype(float)) * arrays["scale"].astype(float) * limits[0]
    values = np.clip(np.floor(scaled + 0.5), -limits[0], limits[0]).astype(np.int64)
    values = values.reshape(len(X), *arrays["shape"]) if has_maps else values
    for number in range(len(limits)):
        weights = arrays[f"weights_{number}"].astype(np.int64)
        if weights.ndim == 2:
            values = values.reshape(len(X), weights.shape[1]) @ weights.T
            values += arrays[f"biases_{number}"]
        else:
            values = _convolved(arrays, number, weights, values)
        if number == len(limits) - 1:
            return values.reshape(len(X), -1)
        if arrays["activation"] == "relu":
            values = np.minimum(
                np.maximum(values, 0) >> arrays["shifts"][number], limits[number + 1]
            )
        else:
            low = -1 if arrays["activation"] == "sign" else 0
            values = np.maximum(np.sign(values), low) * arrays["ones"][number + 1]
    raise AssertionError("a network has a last layer")


def _convolved(arrays: Any, number: int, weights: np.ndarray, maps: np.ndarray) -> np.ndarray:
    around = (arrays["befores"][number], arrays["afters"][number])
    padded = np.pad(maps, ((0, 0), (0, 0), around, around))
    windows = np.lib.stride_tricks.sliding_window_view(padded, weights.shape[2:], axis=(2, 3))
    stride = arrays["strides"][number]
    sums = np.einsum("nirckl,jikl->njrc", windows[:, :, ::stride, ::stride], weights)
    sums += arrays[f"biases_{number}"][:, None, None]
    if arrays["pools"][number] == 1:
        return sums
    n, units, rows, columns = sums.shape
    squares = sums[:, :, : rows // 2 * 2, : columns // 2 * 2]
    return squares.reshape(n, units, rows // 2, 2, columns // 2, 2).max(axis=(3, 5))


def run_qr(tickets: list[Ticket], rows: list[np.ndarray], folder: Path) -> Outputs:
    """Read QR codes with another library, and run the tickets that they hold."""
    return [
        Ticket.from_bytes(qr_bytes(export.qr(ticket, "png"))).outputs(asked_of(ticket, X))
        for ticket, X in zip(tickets, rows, strict=True)
    ]


def qr_bytes(png: bytes) -> bytes:
    """Return what a QR code holds."""
    zxingcpp = pytest.importorskip("zxingcpp")
    image = pytest.importorskip("PIL.Image")
    (code,) = zxingcpp.read_barcodes(np.asarray(image.open(io.BytesIO(png)).convert("L")))
    return code.bytes


_ASKING = """
const asked = {asked};
const facts_of = (text) => text === null ? network : new Network(text);
const found = asked.map(([facts, rows]) => {{
  const one = facts_of(facts);
  return rows.map((row) => [winner(one.outputs(row)), ...one.outputs(row)]);
}});
"""


def run_html(tickets: list[Ticket], rows: list[np.ndarray], folder: Path) -> Outputs:
    """Open a page in Chromium and ask its network, and then those of the others' pages."""
    pages = [export.html(ticket) for ticket in tickets]
    facts = [None, *(facts_of(page) for page in pages[1:])]
    asked = [
        [one, np.where(np.isnan(X), None, X).tolist()] for one, X in zip(facts, rows, strict=True)
    ]
    found = in_browser(pages[0], _ASKING.format(asked=json.dumps(asked)), folder)
    return with_classes([line for part in found for line in part], [len(X) for X in rows])


def run_html_in_node(tickets: list[Ticket], rows: list[np.ndarray], folder: Path) -> Outputs:
    """Ask the arithmetic of pages, which knows no page, in Node."""
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    pages = [export.html(ticket) for ticket in tickets]
    asked = [
        [facts_of(page), np.where(np.isnan(X), None, X).tolist()]
        for page, X in zip(pages, rows, strict=True)
    ]
    start = pages[0].index("// The arithmetic of a ticket")
    arithmetic = pages[0][start : pages[0].index("// What a person gives a ticket")]
    asking = _ASKING.format(asked=json.dumps(asked))
    (folder / "asks.js").write_text(f"{arithmetic}{asking}console.log(JSON.stringify(found));")
    done = subprocess.run(["node", str(folder / "asks.js")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = [line for part in json.loads(done.stdout) for line in part]
    return with_classes(found, [len(X) for X in rows])


def facts_of(page: str) -> Any:
    """Return what a page computes with."""
    text = re.search(r'id="facts">(.*?)</script>', page)
    assert text is not None
    return json.loads(text[1])


def in_browser(page: str, script: str, folder: Path, width: int = 1280) -> Any:
    """Return what ``found`` is after a script ran at the end of a page in headless Chromium."""
    browser = next((name for name in _BROWSERS if shutil.which(name)), None)
    if browser is None:
        pytest.skip("Chromium is not installed")
    shown = 'document.body.append(element("pre", {id: "found", textContent: text}));'
    guarded = (
        f"<script>let text; try {{ {script} text = JSON.stringify(found); }} "
        f"catch (error) {{ text = JSON.stringify(String(error.stack)); }} {shown}</script></body>"
    )
    path = folder / "page.html"
    path.write_text(page.replace("</body>", guarded), encoding="utf-8")
    command = [browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    command += [f"--user-data-dir={folder / 'browser'}", f"--window-size={width},1000"]
    done = subprocess.run([*command, path.as_uri()], capture_output=True, text=True, timeout=120)
    text = re.search(r'<pre id="found">(.*?)</pre>', done.stdout, re.DOTALL)
    assert text is not None, done.stderr
    return json.loads(text[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))


RUNNERS = {
    "c, small, features": run_c("small", "features"),
    "c, small, integers": run_c("small", "integers"),
    "c, fast, features": run_c("fast", "features"),
    "c, fast, integers": run_c("fast", "integers"),
    "html": run_html,
    "html, in node": run_html_in_node,
    "onnx": run_onnx,
    "torch": run_torch,
    "numpy": run_numpy,
    "qr": run_qr,
}
"""What runs each exporter: ``(tickets, rows of each, folder) -> outputs of each``."""

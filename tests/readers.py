"""Runs the readers of portable/ on many files at once, and compares what they say with Python."""

from __future__ import annotations

import re
import struct
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from scratchcard.ticket.table import Table
from scratchcard.ticket.ticket import Ticket, TicketError

ROOT = Path(__file__).resolve().parents[1]
READERS = ROOT / "tests" / "ticket" / "portable"
C_FLAGS = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-ffp-contract=off", "-O1"]
SANITIZE = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
NO_ROWS = np.zeros((0, 0))


class Job(NamedTuple):
    """A file and the rows to predict with it, of columns their codes."""

    data: bytes
    rows: np.ndarray


class Answer(NamedTuple):
    """What a reader made of a job: code 0 if it opened the file, then labels and rows."""

    code: int
    labels: list[str]
    rows: list[list[int]]  # class index, outputs; the last row is made up by the reader
    numbers: list[list[str]]  # where answers are numbers, the bits of those of each row
    columns: list[str]  # place, kind, whether cells may be missing, and texts in hex


def compiled_reader(folder: Path) -> list[str]:
    """Return the command of the C reader, compiled with all warnings and sanitizers."""
    program = folder / "reader"
    command = ["gcc", *C_FLAGS, "-DSCRATCHCARD_MAX_LAYERS=255", f"-I{ROOT / 'portable'}"]
    command += [str(READERS / "reader.c"), "-o", str(program)]
    if subprocess.run([*command, *SANITIZE], capture_output=True).returncode:
        subprocess.run(command, check=True)  # gcc without its sanitizers, or warnings: shown now
    return [str(program)]


def write_jobs(jobs: list[Job], path: Path) -> None:
    """Write jobs as tests/ticket/portable/reader.c reads them."""
    parts = [struct.pack("<I", len(jobs))]
    for data, rows in jobs:
        values = np.asarray(rows, "<f8")
        parts += [struct.pack("<I", len(data)), data, struct.pack("<II", *values.shape)]
        parts.append(values.tobytes())
    path.write_bytes(b"".join(parts))


def run_jobs(reader: list[str], jobs: list[Job], folder: Path) -> list[Answer]:
    """Return what a reader makes of all the jobs, in one process."""
    path = folder / "jobs"
    write_jobs(jobs, path)
    done = subprocess.run([*reader, str(path)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    answers: list[Answer] = []
    for line in done.stdout.splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "ticket":
            answers.append(Answer(int(rest), [], [], [], []))
        elif kind == "numbers":
            answers[-1].numbers.append(rest.split())
        elif kind == "column":
            answers[-1].columns.append(rest)
        elif kind == "label":
            answers[-1].labels.append(rest)
        else:
            answers[-1].rows.append([int(word) for word in rest.split()])
    assert len(answers) == len(jobs)
    return answers


def bytes_grown(jobs: list[Job], folder: Path) -> list[int]:
    """Return by how many bytes a JavaScript process grew while it opened each job's file. Linux."""
    write_jobs(jobs, folder / "jobs")
    command = ["node", str(READERS / "grown.mjs"), str(folder / "jobs")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    grown = [int(line) for line in done.stdout.split()]
    assert len(grown) == len(jobs)
    return grown


def made_up_row(ticket: Ticket) -> np.ndarray:
    """Return the row that readers make up, of columns their codes."""
    row = np.array([(i * 37 % 101) / 25 - 2 for i in range(ticket.n_columns)])
    for column in described(ticket):
        place = column["column"]
        if column["missing"] and place % 3 == 0:
            row[place] = np.nan
        elif column["kind"] == "category":
            row[place] = place * 37 % 101 % (len(column["values"]) + 2) - 1
    return row[None]


def described(ticket: Ticket) -> list[dict[str, Any]]:
    return [] if ticket.columns is None else ticket.columns.describe()


def table_of(ticket: Ticket, codes: np.ndarray) -> Table:
    """Return the rows that codes stand for; a code of no value becomes an unknown one."""
    X, values = np.array(codes, np.float64), [None] * ticket.n_columns
    for column in described(ticket):
        if column["kind"] == "category":
            known, place = column["values"], column["column"]
            cells = X[:, place]
            unknown = ~np.isnan(cells) & ~np.isin(cells, np.arange(len(known)))
            X[unknown, place] = len(known)
            values[place] = (*known, "no such value")
    return Table(X, tuple(values))


def expected_rows(ticket: Ticket, rows: np.ndarray) -> list[list[int]]:
    outputs = ticket.outputs(rows if ticket.columns is None else table_of(ticket, rows))
    winners = outputs.argmax(axis=1).tolist()
    return [[winner, *row] for winner, row in zip(winners, outputs.tolist(), strict=True)]


def expected_columns(ticket: Ticket) -> list[str]:
    """Return what readers print of the columns that are read."""
    lines = []
    for column in described(ticket):
        texts = [column["name"], *column.get("values", [])]
        written = [f" .{text.encode().hex()}" for text in texts if text is not None]
        facts = f"{column['column']} {column['kind']} {int(column['missing'])}"
        lines.append(facts + "".join(written))
    return lines


def check_labels(ticket: Ticket, found: list[str]) -> None:
    kind = ticket.head.labels.dtype.kind
    if kind == "U":
        assert [bytes.fromhex(text).decode() for text in found] == ticket.head.labels.tolist()
    elif kind == "f":
        assert [float(text) for text in found] == ticket.head.labels.tolist()
    else:
        assert [int(text) for text in found] == ticket.head.labels.astype(np.int64).tolist()


def check(ticket: Ticket, rows: np.ndarray, answer: Answer) -> None:
    assert answer.code == 0
    everything = np.vstack([rows, made_up_row(ticket)])
    assert answer.columns == expected_columns(ticket)
    assert answer.rows == expected_rows(ticket, everything)
    if ticket.head.answers == "classes":
        check_labels(ticket, answer.labels)
        assert answer.numbers == []
    else:
        asked = everything if ticket.columns is None else table_of(ticket, everything)
        found = ticket.predict(asked).reshape(len(everything), -1)
        assert answer.labels == []
        assert answer.numbers == [
            [struct.pack(">d", value).hex() for value in row] for row in found
        ]


def judged(data: bytes) -> Ticket | TicketError:
    """Return what Python makes of a file: the ticket, or why it is none."""
    try:
        return Ticket.from_bytes(data)
    except TicketError as error:
        return error


def check_agrees(found: Ticket | TicketError, answer: Answer) -> None:
    """Check that a reader made of a file what Python made of it.

    What Python refused must be refused, but for labels that only Python checks.
    """
    if isinstance(found, Ticket):
        check(found, np.zeros((0, found.n_columns)), answer)
    else:
        only_python = re.search("label|UTF-8|NUL|decode|differ|one way|twice|named", str(found))
        assert only_python or answer.code != 0, str(found)

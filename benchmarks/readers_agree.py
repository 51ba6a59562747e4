"""Whether the readers in C and JavaScript answer as Python does, on all test rows of a data set.

    PYTHONPATH=tests python benchmarks/readers_agree.py TICKET DATA

Prints, for each reader, how many test rows it gives another label or other outputs. Needs gcc and
node.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

from readers import READERS, Job, compiled_reader, run_jobs
from scratchcard import Ticket
from scratchcard.datasets import load

ROWS_AT_ONCE = 1000  # the readers' answers are read as text


def main() -> None:
    """Print one row for each reader."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ticket", type=Path)
    parser.add_argument("data")
    arguments = parser.parse_args()
    ticket = Ticket.load(arguments.ticket)
    rows = np.asarray(load(arguments.data).test.X, dtype=float)
    outputs = ticket.outputs(rows)
    expected = np.column_stack([outputs.argmax(axis=1), outputs])
    with tempfile.TemporaryDirectory() as folder:
        readers = {
            "C": compiled_reader(Path(folder)),
            "JavaScript": ["node", str(READERS / "reader.mjs")],
        }
        for name, command in readers.items():
            wrong = np.zeros(2, dtype=int)
            for start in range(0, len(rows), ROWS_AT_ONCE):
                part = slice(start, start + ROWS_AT_ONCE)
                job = Job(arguments.ticket.read_bytes(), rows[part])
                (answer,) = run_jobs(command, [job], Path(folder))
                found = np.array(answer.rows[: len(rows[part])])  # the last row is made up
                differs = found != expected[part]
                wrong += [differs[:, 0].sum(), differs.any(axis=1).sum()]
            print(
                f"{name}: {wrong[0]} labels and {wrong[1]} rows of {len(rows)} differ", flush=True
            )


if __name__ == "__main__":
    main()

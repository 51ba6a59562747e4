"""Adult straight from its CSV files, categories and missing cells included, beside boosting.

    PYTHONPATH=tests python benchmarks/adult.py FOLDER [--seed 0] [--jobs 2]

FOLDER holds ``adult.data`` and ``adult.test`` of the UCI repository, which are CSV files without a
header, with ``?`` for what is missing; the second begins with a line that is no row, and its labels
end in a full stop. The ticket is found by default settings. The test rows then go through the
readers in C and JavaScript, too.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from readers import READERS, Job, compiled_reader, run_jobs
from scratchcard import TicketClassifier
from scratchcard.datasets.files import read_labelled
from scratchcard.ticket import Table
from scratchcard.ticket.columns_fit import fit_columns


def main() -> None:
    """Print the accuracy, bytes and seconds of each, and how many rows the readers differ on."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    table, y = read(arguments.folder / "adult.data")
    with tempfile.TemporaryDirectory() as name:
        test = Path(name) / "adult.csv"
        _, *lines = (arguments.folder / "adult.test").read_text().splitlines()
        test.write_text("\n".join(line.removesuffix(".") for line in lines))
        test_table, test_y = read(test)
    print(f"{table.n_rows} rows to search, {test_table.n_rows} to test")

    def show(model: str, labels: np.ndarray, size: int, began: float) -> None:
        accuracy = 100 * np.mean(labels == test_y)
        print(
            f"{model:30} {accuracy:6.2f} %  {size:9,} bytes  {time.perf_counter() - began:6.1f} s",
            flush=True,
        )

    began = time.perf_counter()
    found = TicketClassifier(random_state=arguments.seed, n_jobs=arguments.jobs)
    frame = as_frame(table)
    ticket = found.fit(frame, y).ticket_
    data = ticket.to_bytes()
    labels = ticket.predict(as_frame(test_table))
    show("ticket", labels, len(data), began)
    print(f"  {ticket.network.architecture}, {ticket.mask.surviving} weights")

    columns, scaling = fit_columns(table)
    X, test_X = (columns.features(rows, scaling) for rows in (table, test_table))
    for model in (
        GradientBoostingClassifier(random_state=0),
        HistGradientBoostingClassifier(random_state=0),
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
    ):
        began = time.perf_counter()
        model.fit(X, y)
        kind = type(model if not hasattr(model, "steps") else model[-1]).__name__
        with tempfile.TemporaryDirectory() as name:
            joblib.dump(model, Path(name) / "model")
            size = (Path(name) / "model").stat().st_size
        show(kind, model.predict(test_X), size, began)

    rows = ticket.columns.codes(Table.of(as_frame(test_table)))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        readers = {
            "C": compiled_reader(folder),
            "JavaScript": ["node", str(READERS / "reader.mjs")],
        }
        for language, reader in readers.items():
            (answer,) = run_jobs(reader, [Job(data, rows)], folder)
            texts = [bytes.fromhex(label).decode() for label in answer.labels]
            theirs = [texts[winner] for winner, *_ in answer.rows[: len(rows)]]
            wrong = int(np.sum(np.array(theirs) != labels))
            print(f"{language}: {len(theirs)} rows, {wrong} mismatches")


def read(path: Path) -> tuple[Table, np.ndarray]:
    """Return the rows and the labels of a file."""
    found = read_labelled(path, None, "classes")
    return found.table, found.answers


def as_frame(table: Table) -> pd.DataFrame:
    """Return the columns of a table by names, as a user's own frame would have them."""
    columns = {
        f"column {k}": [
            None if np.isnan(cell) else (float(cell) if values is None else values[int(cell)])
            for cell in table.X[:, k]
        ]
        for k, values in enumerate(table.values)
    }
    return pd.DataFrame(columns)


if __name__ == "__main__":
    main()

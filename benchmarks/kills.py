"""Kills searches at random moments, resumes them, and compares the tickets byte for byte.

    python benchmarks/kills.py [--kills 100] [--seed 0] [--kinds digits,iris] [--out kills.jsonl]

Each search is run once undisturbed. Then it is begun again and again with ``--checkpoint``, killed
(``kill -9``) at a moment drawn evenly over its duration, and resumed with another number of
threads; half of the time that is killed as well, and so on, until it ends. The ticket and the
report, without times, must be those of the undisturbed search, and no file may be left over.
Prints a line for each search, and how many kills each kind has had.

Every search is a process of its own that runs the command line. It is forked from this one, in
which all is imported and compiled, so that kills fall into the search and not into the imports.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from scratchcard.cli import main as main_of_cli

KINDS = {
    "settings on folds": "iris --evaluations 200000",
    "settings on folds, more rows": "digits --hidden 30 --evaluations 140000",
    "one setting": "digits --hidden 60 --init uniform --max-density 0.1 --generations 15",
    "genetic": "moons --algorithm genetic --generations 15",
    "networks within bytes": "wine --max-bytes 300 --evaluations 150000",
    "clusters": "iris --labels none --clusters 3 --generations 30",
    "numbers": "diabetes.csv --numbers --evaluations 120000",
    "counts": "counts.csv --numbers --objective poisson --hidden 30 --init uniform "
    "--max-density 0.2 --generations 20",
    "drawn rows": "blobs.csv --hidden 30 --init uniform --max-density 0.2 --generations 12",
    "shifted images": "digits --hidden 60 --init uniform --max-density 0.1 --augment shift "
    "--generations 12",
    "pruning": "breast_cancer --hidden 200 --init uniform --max-density 0.8 --prune train "
    "--generations 8",
    "a teacher": "wine.csv --target y --labels teacher:teacher.joblib --trust --evaluations 140000",
}
TIMES = ("seconds", "evaluations_per_second", "ticket")
TICKET, CHECKPOINT = "found.ticket", "search.checkpoint"


def main() -> None:
    """Print a line for each search, and the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100, help="kills in all, at least")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", help="kinds of search, by commas; all of them if left out")
    parser.add_argument("--out", type=Path, help="a file to which a line is added for each search")
    arguments = parser.parse_args()
    kinds = arguments.kinds.split(",") if arguments.kinds else list(KINDS)
    chance = random.Random(arguments.seed)
    kills, wrong = Counter[str](), 0
    with tempfile.TemporaryDirectory() as folder:
        make_files(Path(folder))
        whole = {}
        for kind in kinds:
            prepare(kind, folder)
            whole[kind] = run(kind, folder, "1")
            print(f"{kind}: {whole[kind]['took']:.1f} s undisturbed", flush=True)
        while kills.total() < arguments.kills:
            kind = min(kinds, key=lambda kind: kills[kind])
            row = killed(kind, folder, whole[kind], chance)
            kills[kind] += len(row["killed at"])
            wrong += not row["is right"]
            print(f"{kills.total()} kills, {wrong} wrong: {row}", flush=True)
            if arguments.out:
                with arguments.out.open("a") as file:
                    file.write(json.dumps(row) + "\n")
    for kind, count in kills.items():
        print(f"{count:4} {kind}")
    print(f"{kills.total()} kills, {wrong} searches ended with another ticket or a file left over")
    sys.exit(wrong > 0)


def make_files(folder: Path) -> None:
    """Write the tables and the teacher that searches read."""
    from joblib import dump
    from sklearn.datasets import load_diabetes, load_wine, make_blobs
    from sklearn.ensemble import RandomForestClassifier

    def write(name: str, X: Any, y: Any) -> None:
        header = ",".join([*(f"x{k}" for k in range(X.shape[1])), "y"])
        rows = np.column_stack([X, y])
        np.savetxt(folder / name, rows, "%.6g", delimiter=",", header=header, comments="")

    write("diabetes.csv", *load_diabetes(return_X_y=True))
    write("blobs.csv", *make_blobs(30_000, 20, centers=12, cluster_std=9.0, random_state=0))
    chance = np.random.default_rng(0)
    X = chance.normal(size=(2000, 6))
    write("counts.csv", X, chance.poisson(np.exp(X[:, 0] - X[:, 1] / 2)))
    X, y = load_wine(return_X_y=True)
    write("wine.csv", X, y)
    dump(RandomForestClassifier(20, random_state=0).fit(X, y), folder / "teacher.joblib")


def run(kind: str, folder: str, threads: str, *more: str, kill_after: float = math.inf) -> Any:
    """Run a search; return its report, its ticket and how long it took; None if it was killed."""
    data = [part.replace("teacher:", f"teacher:{folder}/") for part in KINDS[kind].split()]
    with tempfile.TemporaryDirectory() as own:
        ticket, said = Path(folder if more else own, TICKET), Path(own, "said")
        command = ["find", *data, "--json", "--jobs", threads, "--out", str(ticket), *more]
        began = time.monotonic()
        process = begun(command, folder, said)
        code = None
        while code is None:
            if time.monotonic() - began > kill_after:
                os.kill(process, signal.SIGKILL)
            time.sleep(0.002)
            ended, status = os.waitpid(process, os.WNOHANG)
            code = os.waitstatus_to_exitcode(status) if ended else None
        if code == -signal.SIGKILL:
            return None
        took, report = time.monotonic() - began, json.loads(said.read_text())
        if code != 0:
            raise RuntimeError(f"{' '.join(command)} failed with code {code}")
        report = {name: value for name, value in report.items() if name not in TIMES}
        return {"report": report, "ticket": ticket.read_bytes(), "took": took}


def prepare(kind: str, folder: str) -> None:
    """Run a search in this process, for all that it imports and compiles."""
    with tempfile.TemporaryDirectory() as own, redirect_stdout(StringIO()):
        data = [part.replace("teacher:", f"teacher:{folder}/") for part in KINDS[kind].split()]
        data = [os.path.join(folder, part) if part.endswith(".csv") else part for part in data]
        main_of_cli(["find", *data, "--out", str(Path(own, TICKET))])


def begun(command: list[str], folder: str, said: Path) -> int:
    """Begin a command in a folder; return its process, whose output goes into a file."""
    process = os.fork()
    if process:
        return process
    code = 1
    try:
        os.chdir(folder)
        os.dup2(os.open(said, os.O_CREAT | os.O_WRONLY), 1)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        code = main_of_cli(command)
        sys.stdout.flush()
    finally:
        os._exit(code)


def killed(kind: str, folder: str, whole: Any, chance: random.Random) -> dict[str, Any]:
    """Begin a search, kill and resume it until it ends; return what happened."""
    before = set(os.listdir(folder))
    checkpoint = Path(folder, CHECKPOINT)
    keeping = ("--checkpoint", str(checkpoint), "--checkpoint-every", "0")
    moments, saved, found = [], 0, None
    kills = 1
    while chance.random() < 0.5:
        kills += 1
    threads = chance.choice("12")
    while found is None:
        resuming = ("--resume", str(checkpoint)) if moments else ()
        moment = chance.uniform(0.0, whole["took"]) if len(moments) < kills else math.inf
        found = run(kind, folder, threads, *keeping, *resuming, kill_after=moment)
        if found is None:
            moments.append(round(moment, 2))
            saved += checkpoint.exists()
        threads = "2" if threads == "1" else "1"
    Path(folder, TICKET).unlink()
    left = sorted(set(os.listdir(folder)) - before)
    same = found["ticket"] == whole["ticket"], found["report"] == whole["report"]
    row = {"kind": kind, "killed at": moments, "with something saved": saved}
    row |= {"of": round(whole["took"], 2), "last part": round(found["took"], 2)}
    return (
        row
        | {"same ticket": same[0], "same report": same[1], "left over": left}
        | {"is right": all(same) and not left}
    )


if __name__ == "__main__":
    main()

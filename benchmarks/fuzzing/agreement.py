"""Damaged and forged files in Python, C under sanitizers and JavaScript: do they agree?

    PYTHONPATH=tests python benchmarks/fuzzing/agreement.py [--seconds 600] [--seed 0]

What Python accepts the others must accept, with the same labels, outputs and numbers. What it
refuses they must refuse as well, but for labels that only Python checks; and nothing crashes,
hangs, or takes more memory than docs/ticket-format.md says. Ends at the first file that breaks
this, and prints it.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from pathlib import Path
from random import Random

from seeds import tickets

from readers import (
    NO_ROWS,
    READERS,
    Answer,
    Job,
    bytes_grown,
    check_agrees,
    compiled_reader,
    judged,
    run_jobs,
)
from scratchcard.ticket import Ticket
from ticket_damage import damaged, forged, loaded, most_memory_of_javascript

BATCH = 2000  # files of one process


def main() -> None:
    """Run batches, and print how many files were tried and how many were accepted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rng, began = Random(arguments.seed), time.perf_counter()
    sound, n_files, n_tickets = [ticket.to_bytes() for ticket in tickets()], 0, 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        readers = [compiled_reader(folder), ["node", str(READERS / "reader.mjs")]]
        while time.perf_counter() - began < arguments.seconds:
            files = [changed(sound, rng) for _ in range(BATCH)]
            n_tickets += sum(opened(files, readers, folder))
            n_files += len(files)
            seconds = time.perf_counter() - began
            print(f"{seconds:.0f} s: {n_files} files, {n_tickets} of them tickets", flush=True)


def changed(sound: list[bytes], rng: Random) -> bytes:
    """Return a damaged file or a forged one."""
    return forged(rng) if rng.random() < 0.5 else damaged(rng.choice(sound), rng.choice(sound), rng)


def opened(files: list[bytes], readers: list[list[str]], folder: Path) -> list[bool]:
    """Return which files are tickets; exits with the first on which two languages differ."""
    jobs = [Job(data, NO_ROWS) for data in files]
    answers = [answers_of(reader, jobs, folder) for reader in readers]
    grown, found = bytes_grown(jobs, folder), []
    for number, data in enumerate(files):
        try:
            loaded(data)
            assert grown[number] < most_memory_of_javascript(len(data)), grown[number]
            in_python = judged(data)
            for of_reader in answers:
                check_agrees(in_python, of_reader[number])
            found.append(isinstance(in_python, Ticket))
        except Exception as error:
            raise SystemExit(f"{data.hex()}\n{type(error).__name__}: {error}") from error
    return found


def answers_of(reader: list[str], jobs: list[Job], folder: Path) -> list[Answer]:
    """Return a reader's answers; exits with the file at which it crashes or hangs."""
    try:
        return run_jobs(reader, jobs, folder)
    except (AssertionError, subprocess.TimeoutExpired):
        if len(jobs) == 1:
            raise SystemExit(f"{reader[0]} ends with {jobs[0].data.hex()}") from None
        half = len(jobs) // 2
        return answers_of(reader, jobs[:half], folder) + answers_of(reader, jobs[half:], folder)


if __name__ == "__main__":
    main()

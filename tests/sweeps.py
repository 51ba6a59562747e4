"""Sweeps that are run in the process of a test: a worker takes seconds to start."""

from __future__ import annotations

from scratchcard.research.sweep import SweepRuns
from scratchcard.research.sweep.runs import run_one


def do(runs: SweepRuns) -> None:
    """Do what is missing."""
    for job in [job for job in runs.sweep.jobs() if job.key not in runs.results]:
        row, ticket = run_one(runs.sweep, runs.sweep.dataset, runs.folder, job)
        (runs.folder / row["ticket"]).write_bytes(ticket)
        runs.results.add(row)

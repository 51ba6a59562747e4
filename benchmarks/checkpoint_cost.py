"""What checkpoints cost: the same search without them and with them, in turn.

    python benchmarks/checkpoint_cost.py [--repeats 3] [--cases digits,fashion-mnist,auto]

Once with a save every 30 seconds, as by default, and once with saves as often as may be. Prints the
processor's seconds of each search, their ratio, which share of the time with checkpoints went into
copies of the state and into saves, and whether the tickets are the same.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from scratchcard.datasets import load
from scratchcard.find import Search
from scratchcard.search import Limits
from scratchcard.search.callbacks.checkpoint import Snapshots
from scratchcard.search.journal import Journal

CASES = {
    "digits": {"hidden": (100,), "weights": "uniform", "max_density": 0.1, "generations": 60},
    "fashion-mnist": {"hidden": (256,), "max_density": 0.05, "weights": "uniform"},
    "auto": {"generations": 60},
}
CASES["fashion-mnist"]["generations"] = 6


class Timed:
    """Adds up how long a function takes: by the clock, and on the processor."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function, self.wall, self.cpu, self.calls = function, 0.0, 0.0, 0

    def __get__(self, owner: Any, kind: type) -> Callable[..., Any]:
        return lambda *arguments: self(owner, *arguments)

    def __call__(self, *arguments: Any) -> Any:
        wall, cpu = time.perf_counter(), time.thread_time()
        try:
            return self.function(*arguments)
        finally:
            self.wall += time.perf_counter() - wall
            self.cpu += time.thread_time() - cpu
            self.calls += 1


def main() -> None:
    """Print a line for each pair of searches."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--cases", default=",".join(CASES))
    parser.add_argument("--jobs", type=int, default=1)
    arguments = parser.parse_args()
    copies, saves = Timed(Snapshots._keep), Timed(Journal._write)
    Snapshots._keep, Journal._write = copies, saves  # type: ignore[assignment, method-assign]
    for case in arguments.cases.split(","):
        settings = dict(CASES[case])
        data = load("digits" if case == "auto" else case)
        limits = Limits(generations=settings.pop("generations"))
        search = Search(data, limits=limits, n_jobs=arguments.jobs, **settings)
        for every in (30.0, 0.0):
            ratios = []
            for _ in range(arguments.repeats):
                without, _, one = timed(search, Journal())
                for counter in (copies, saves):
                    counter.wall = counter.cpu = counter.calls = 0
                with tempfile.TemporaryDirectory() as folder:
                    journal = Journal(Path(folder, "search"), search.identity, seconds=every)
                    cpu, wall, other = timed(search, journal)
                    size = Path(folder, "search").stat().st_size
                ratios.append(cpu / without)
                print(
                    f"{case}, every {every:g} s: {without:.2f} s without, {cpu:.2f} s with "
                    f"checkpoints ({ratios[-1]:.3f}); {copies.calls} copies "
                    f"{copies.cpu / cpu:.2%}, {saves.calls} saves {saves.cpu / cpu:.2%} of the "
                    f"processor's time, {copies.wall / wall:.2%} and {saves.wall / wall:.2%} of "
                    f"{wall:.1f} s; {size:,} bytes; "
                    f"{'the same ticket' if one == other else 'ANOTHER TICKET'}",
                    flush=True,
                )
            print(f"{case}, every {every:g} s: median ratio {median(ratios):.3f}")


def timed(search: Search, journal: Journal) -> tuple[float, float, bytes]:
    """Search; return seconds of the processor and of the clock, and the ticket."""
    wall, cpu = time.perf_counter(), time.process_time()
    found = search.run(journal=journal)
    seconds = time.process_time() - cpu, time.perf_counter() - wall
    return *seconds, found.ticket.to_bytes()


if __name__ == "__main__":
    main()

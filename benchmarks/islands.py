"""Whether islands pay: accuracy against processor time, at the same number of candidates in all.

    python benchmarks/islands.py circles [--seeds 4] [--counts 1,4,8] [--evaluations 600000]
    python benchmarks/islands.py circles --counts 64 --each    (all candidates, for each island)

For each seed one long search, searches that exchange masks (islands), and as many that do not, of
which the best on validation rows is taken. The network is the same for a seed, and so is the number
of candidates in all; with ``--each`` it holds for each island, as if every island had a machine of
its own: one worker searches them one after the other. Prints one JSON object for each search, then
means. Test rows are read once, for each ticket, and choose nothing.
"""

from __future__ import annotations

import argparse
import json
import resource
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np

from scratchcard.datasets import Dataset, load
from scratchcard.find import find
from scratchcard.search import Limits
from scratchcard.search.islands import Islands
from scratchcard.search.problem import validation_loss

SETTINGS: dict[str, dict[str, Any]] = {
    "circles": {"hidden": (100,), "weights": "uniform", "max_density": 0.1},
    "digits": {"hidden": (100,), "weights": "uniform", "max_density": 0.1},
    "fashion-mnist": {"hidden": (256,), "weights": "uniform", "max_density": 0.05},
}
NEVER = 1 << 40
SHOWN = ("objective", "validation_loss", "validation", "test", "cpu_seconds")


def main() -> None:
    """Print a line for each search, and their means."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", choices=SETTINGS)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--counts", default="1,4,8", help="islands; 1 is one long search")
    parser.add_argument("--evaluations", type=int, default=600_000)
    parser.add_argument("--migrate-every", default="2,10", help="generations between exchanges")
    parser.add_argument("--each", action="store_true", help="all candidates for each island")
    arguments = parser.parse_args()
    data, found = load(arguments.data), defaultdict(list)
    for seed in range(arguments.first_seed, arguments.first_seed + arguments.seeds):
        for name, islands in _kinds(arguments.counts, arguments.migrate_every):
            times = islands.count if islands and arguments.each else 1
            limits = Limits(evaluations=arguments.evaluations * times)
            row = _row(arguments.data, data, seed, limits, islands)
            print(
                json.dumps({"data": arguments.data, "search": name, "seed": seed} | row), flush=True
            )
            found[name].append([row[key] for key in SHOWN])
    width = max(map(len, found))
    print(f"{'':{width}}  {'  '.join(f'{name:>15}' for name in SHOWN)}")
    for name, rows in found.items():
        print(f"{name:{width}}  {'  '.join(f'{mean:15.4f}' for mean in np.mean(rows, axis=0))}")


def _kinds(counts: str, exchanges: str) -> Iterator[tuple[str, Islands | None]]:
    for count in map(int, counts.split(",")):
        if count == 1:
            yield "1 long", None
            continue
        yield f"best of {count} apart", Islands(count, NEVER, workers=1)
        for every in map(int, exchanges.split(",")):
            yield f"{count} islands, every {every}", Islands(count, every, workers=1)


def _row(
    name: str, data: Dataset, seed: int, limits: Limits, islands: Islands | None
) -> dict[str, Any]:
    before = _cpu_seconds()
    found = find(data, **SETTINGS[name], seed=seed, limits=limits, islands=islands)
    seconds, outcome, report = _cpu_seconds() - before, found.outcome, found.report()
    return {
        "objective": outcome.objective,
        "validation_loss": validation_loss(found.search.problem, outcome),
        "validation": report["validation_accuracy"],
        "test": report["test_accuracy"],
        "evaluations": outcome.evaluations,
        "cpu_seconds": seconds,
        "search_seconds": getattr(outcome, "worker_seconds", outcome.seconds),
    }


def _cpu_seconds() -> float:
    """Return what this process and its workers have taken so far."""
    used = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


if __name__ == "__main__":
    main()

"""Kills workers, nodes and drivers of searches on islands, and compares the tickets byte for byte.

    python benchmarks/kills_islands.py [--runs 20] [--on ray] [--kills 3] [--seed 0]

A search is run once undisturbed, by one process. Then again and again by several workers; at
moments drawn evenly over its duration one of these is killed with signal 9: a worker, all of a node
(``--on ray`` starts a cluster of two nodes here), or the driver, which is then begun again with
``--resume``. The ticket must be the same, no island may ever fall behind a generation that was
saved, and neither files nor processes may be left over. Prints a line for each run, and counts.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from scratchcard.search import Population

FIND = [
    sys.executable, "-m", "scratchcard", "find", "iris", "--hidden", "100", "--init", "uniform",
    "--max-density", "0.3", "--generations", "60", "--islands", "4", "--migrate-every", "5",
    "--json",
]  # fmt: skip
CPUS = 2  # of a node
WORKER = {"processes": "scratchcard.workers.worker", "ray": "ray::_Actor"}
TRIES = 5
SHARE = 0.6  # of how long the run before took: kills come within it
PATIENCE = 600.0  # seconds after which a search is taken to hang


def main() -> None:
    """Print a line for each run, and the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--on", choices=WORKER, default="ray")
    parser.add_argument("--kills", type=int, default=3, help="in each run")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    chance, kills, wrong = random.Random(arguments.seed), Counter[str](), 0
    with tempfile.TemporaryDirectory() as folder, _cluster(arguments.on) as cluster:
        os.chdir(folder)
        plain = subprocess.run([*FIND, "--workers", "1", "--out", "plain.ticket"], check=True)
        assert plain.returncode == 0
        seconds = 15.0
        for number in range(arguments.runs):
            run = _Run(arguments.on, cluster, chance)
            began = time.monotonic()
            faults = run.faults(arguments.kills, seconds)
            seconds = SHARE * (time.monotonic() - began)
            kills += run.kills
            wrong += bool(faults)
            row = {"run": number, "kills": run.kills, "generations": run.saved, "faults": faults}
            print(json.dumps(row), flush=True)
        os.chdir("/")
    print(f"{arguments.runs} runs, kills: {dict(kills)}; {wrong} runs with a fault")


@contextlib.contextmanager
def _cluster(on: str) -> Iterator[Any]:
    """Start a cluster of two nodes, the second of which may be killed; None without Ray."""
    if on != "ray":
        yield None
        return
    from ray.cluster_utils import Cluster

    paths = os.pathsep.join(filter(None, sys.path))
    os.environ.update(RAY_USAGE_STATS_ENABLED="0", RAY_SCHEDULER_EVENTS="0", PYTHONPATH=paths)
    node = {"num_cpus": CPUS, "object_store_memory": 80 * 2**20, "include_dashboard": False}
    cluster = _started(lambda: Cluster(initialize_head=True, head_node_args=node))
    os.environ["RAY_ADDRESS"] = cluster.address
    try:
        yield _Nodes(cluster, node)
    finally:
        cluster.shutdown()


def _started(start: Callable[[], Any]) -> Any:
    """Start a node; on a busy machine Ray gives up after half a minute, and is asked again."""
    for _ in range(TRIES - 1):
        try:
            return start()
        except Exception as error:  # Ray has no other
            if "timed out" not in str(error):
                raise
    return start()


class _Nodes:
    """A cluster whose second node can be lost."""

    def __init__(self, cluster: Any, settings: dict[str, Any]) -> None:
        self.cluster, self.settings = cluster, settings
        self._add()

    def _add(self) -> None:
        self.second = _started(lambda: self.cluster.add_node(**self.settings))

    def kill(self) -> None:
        """Kill all of the second node, and add another."""
        self.cluster.remove_node(self.second, allow_graceful=False)
        self._add()


class _Run:
    """One search that is killed, and what was seen of it."""

    def __init__(self, on: str, nodes: _Nodes | None, chance: random.Random) -> None:
        self.on, self.nodes, self.chance = on, nodes, chance
        self.kills = Counter[str]()
        self.saved: dict[int, int] = {}  # the last generation that was saved of each island
        self.lost: list[str] = []

    def faults(self, n_kills: int, seconds: float) -> list[str]:
        """Run the search; return what went wrong."""
        kinds = ["worker", "driver", *(["node"] if self.nodes else [])]
        self.chance.shuffle(kinds)
        plan = [(self.chance.uniform(0, seconds), kinds[i % len(kinds)]) for i in range(n_kills)]
        began, process = time.monotonic(), self._start()
        try:
            for moment, kind in sorted(plan):
                while time.monotonic() < began + moment and process.poll() is None:
                    self._look()
                if process.poll() is not None:
                    break
                if self._kill(kind, process):
                    self.kills[kind] += 1
                if kind == "driver":
                    process.wait()
                    if os.path.exists("found.ticket"):  # it was over but for the report
                        return self._ended(None)
                    process = self._start()
            while process.poll() is None and time.monotonic() < began + PATIENCE:
                self._look()
        finally:
            process.kill()
        return self._ended(process)

    def _start(self) -> subprocess.Popen[bytes]:
        command = [*FIND, "--on", self.on, "--workers", "3", "--out", "found.ticket"]
        return subprocess.Popen(
            [*command, "--checkpoint", "kept", "--resume", "kept"],
            stdout=subprocess.DEVNULL,
            stderr=open("errors", "wb"),
        )

    def _kill(self, kind: str, process: subprocess.Popen[bytes]) -> bool:
        if kind == "node":
            assert self.nodes is not None
            self.nodes.kill()
            return True
        if kind == "driver":
            process.kill()
            return True
        # Ray's workers are processes of the nodes that this process has started.
        workers = _below(os.getpid(), WORKER[self.on])
        if not workers:
            return False
        os.kill(self.chance.choice(workers), signal.SIGKILL)
        return True

    def _look(self) -> None:
        """See that no island falls behind what was saved."""
        found: dict[int, int] = {}
        for path in Path("kept").glob("island-*.population"):
            island = int(path.name.split("-")[1])
            with contextlib.suppress(OSError):  # it was not needed any more
                found[island] = max(found.get(island, 0), Population.load(path).generation)
        for island, generation in found.items():
            if generation < self.saved.get(island, 0):
                self.lost.append(f"island {island}: {self.saved[island]}, then {generation}")
            self.saved[island] = max(generation, self.saved.get(island, 0))
        time.sleep(0.1)

    def _ended(self, process: subprocess.Popen[bytes] | None) -> list[str]:
        faults = list(self.lost)
        if process is not None and process.wait() != 0:
            errors = Path("errors").read_text(errors="replace")
            faults.append(f"exit code {process.returncode}: {errors[-500:]}")
        else:
            if Path("found.ticket").read_bytes() != Path("plain.ticket").read_bytes():
                faults.append("another ticket")
            os.remove("found.ticket")
        left = sorted(set(os.listdir()) - {"plain.ticket", "errors"})
        if left and process is None:  # killed while it removed the folder
            shutil.rmtree("kept", ignore_errors=True)
        elif left:
            faults.append(f"left over: {left}")
        time.sleep(1.0)
        if alive := _below(os.getpid(), WORKER[self.on]):
            faults.append(f"{len(alive)} workers are left")
        return faults


def _below(process: int, text: str) -> list[int]:
    """Return the processes below one that have this in their name."""
    command = ["ps", "-e", "-o", "pid=,ppid=,stat=,args="]
    rows = [
        line.split(None, 3)
        for line in subprocess.run(command, capture_output=True, text=True).stdout.splitlines()
    ]
    found, new = [], {process}
    while new:
        children = [row for row in rows if int(row[1]) in new and row[2][0] != "Z"]
        found += [int(row[0]) for row in children if text in row[3]]
        new = {int(row[0]) for row in children}
    return found


if __name__ == "__main__":
    main()

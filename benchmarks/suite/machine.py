"""The machine: as many cores as threads are asked for, and a description for the record.

Nothing here may import what starts threads of its own; :func:`limit_threads` comes before that.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
from pathlib import Path
from typing import Any

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
PACKAGES = ("numpy", "numba", "torch", "jax", "evosax", "pymoo")


def n_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def limit_threads(jobs: int) -> None:
    """Give this process ``jobs`` cores and everybody's pools as many threads.

    JAX takes one thread per core that it is allowed and heeds no variable, so cores are taken away,
    where the system can do that.
    """
    for name in THREAD_VARIABLES:
        os.environ[name] = str(jobs)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-jobs:])


def describe() -> dict[str, Any]:
    """Processor, cores, and the versions of what is compared."""
    return {
        "processor": _processor(),
        "cores": n_cores(),
        "system": platform.system(),
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in ("scratchcard", *PACKAGES)},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None

"""Contenders: who decides candidates, and how fast. Each stands in a file of its own.

A contender that needs a package which is not installed is left out.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib import import_module

from ..cases import Case
from ..reading import READINGS
from .base import Contender
from .dense import DenseContender
from .memetic import MemeticContender

DENSE = "dense"
PEERS = ("torch_dense", "torch_sparse", "evosax_masks", "pymoo_masks")

__all__ = ["DENSE", "PEERS", "Contender", "assembled"]


def assembled(case: Case) -> dict[str, Contender]:
    """Everybody who is there, made ready for a case: our readings, our dense engine, the peers."""
    found: dict[str, Contender] = {
        reading: _ready(reading, lambda reading=reading: MemeticContender(case, reading))
        for reading in READINGS
    }
    found[DENSE] = _ready(DENSE, lambda: DenseContender(case))
    for name in PEERS:
        try:
            module = import_module(f"{__name__}.{name}")
        except ModuleNotFoundError as missing:
            if (missing.name or "").startswith(("benchmarks", "scratchcard")):
                raise
            print(f"{name}: left out, for there is no {missing.name}", flush=True)
            continue
        found[name] = _ready(name, lambda module=module: module.contender(case))
    return found


def _ready(name: str, make: Callable[[], Contender]) -> Contender:
    began = time.perf_counter()
    made = make()
    print(f"{name}: ready after {time.perf_counter() - began:.0f} s", flush=True)
    return made

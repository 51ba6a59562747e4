"""Cores: how many threads are worth starting. The standard library only."""

from __future__ import annotations

import os


def usable_cores() -> int:
    """Return how many cores this process may use.

    Returns
    -------
    int
        At least 1.
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

"""How libraries in a worker are told how many threads they may start."""

from __future__ import annotations

NAMES = (
    "BLIS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def thread_limits(n_threads: int) -> dict[str, str]:
    """Return the environment variables that allow so many threads."""
    return dict.fromkeys(NAMES, str(n_threads))

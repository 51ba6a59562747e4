"""Makes workers of the backend that a user asks for."""

from __future__ import annotations

from scratchcard.checks import as_int
from scratchcard.workers.face import Work
from scratchcard.workers.pool import Workers
from scratchcard.workers.processes import Processes

BACKENDS = ("processes", "ray")
"""Names of the backends."""

MOST_WORKERS = 10_000


def workers(
    work: Work, *, on: str = "processes", n_workers: int | None = None, n_threads: int = 1
) -> Workers:
    """Return workers, to be used as a context; none is started before the first job.

    Parameters
    ----------
    work : callable
        What is done with each job: a function of a module that can be imported, a
        ``functools.partial`` of one, or an instance of a class with ``__call__``. It is pickled and
        sent to each worker **once**, so what all jobs share, such as a data set, belongs in it; and
        it lives as long as the worker does, so it may keep what several jobs need. Its
        arrays may be read-only.

        Results must depend on the job alone: a job whose worker dies is done again by another.
    on : str
        ``"processes"``: new processes on this machine. ``"ray"``: actors on the Ray cluster that
        this process is connected to, or else on the one that ``ray.init()`` finds or starts.
    n_workers : int or None
        How many there are at most; None for as many as there are processors for.
    n_threads : int
        How many threads a job may use. Numerical libraries in the workers are told so.

    Returns
    -------
    Workers
        The workers.

    Raises
    ------
    ValueError
        For a backend that does not exist, and numbers below 1.
    ImportError
        If Ray is asked for and not installed.
    WorkersError
        If a Ray cluster cannot be reached, or has no machine with ``n_threads`` processors.
    """
    if n_workers is not None:
        n_workers = as_int("n_workers", n_workers, 1, MOST_WORKERS)
    n_threads = as_int("n_threads", n_threads, 1, MOST_WORKERS)
    if on == "processes":
        return Workers(Processes(work, n_workers, n_threads))
    if on == "ray":
        from scratchcard.workers.ray_actors import RayActors

        return Workers(RayActors(work, n_workers, n_threads))
    raise ValueError(f"on takes {', '.join(BACKENDS)}, got {on!r}")

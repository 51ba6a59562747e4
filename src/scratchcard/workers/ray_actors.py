"""Workers that are actors on a Ray cluster. Needs the extra ``ray``.

An actor that waits for a processor is no worker yet: jobs are given only to those that have
started, so a cluster that shrinks makes the work slower and never lets it hang.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import socket
import sys
import threading
import time
from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import Any

from scratchcard import __version__
from scratchcard.workers.answers import answer
from scratchcard.workers.face import Event, Work, WorkersError
from scratchcard.workers.threads import thread_limits

try:
    import ray
    from ray.exceptions import RayError, RayTaskError
except ImportError as error:
    raise ImportError("workers on ray need Ray: pip install 'scratchcard[ray]'") from error

PATIENCE = 60.0  # seconds for which no worker at all may have a processor
SECONDS_TO_REACH = 10.0
QUIET = {
    "RAY_IGNORE_UNHANDLED_ERRORS": "1",  # one error is raised, the others need not be logged
    "RAY_SCHEDULER_EVENTS": "0",  # no messages of the autoscaler among a command's results
    "RAY_USAGE_STATS_ENABLED": "0",  # a cluster that is started here reports to nobody
}


class RayActors:
    """Actors on a Ray cluster, see :class:`.Backend`.

    Parameters
    ----------
    work : callable
        What they do, see :func:`.workers`.
    n_workers : int or None
        How many there are at most; no more than there are processors for.
    n_threads : int
        How many threads numerical libraries in each may start: the processors that it takes.

    Raises
    ------
    WorkersError
        If the cluster cannot be reached, or no machine in it has ``n_threads`` processors.
    """

    def __init__(self, work: Work, n_workers: int | None = None, n_threads: int = 1) -> None:
        self._connection = contextlib.ExitStack()
        self._connection.enter_context(_connected())
        self._n_threads = n_threads
        self._actors: list[Any] = []
        self._present: set[Any] = set()  # those that have a processor
        self._ready: set[Any] = set()  # those that have their work, too
        self._asked: dict[Any, Any] = {}  # who will give an answer
        self._since = time.monotonic()  # when some worker was present, or none was needed
        with contextlib.ExitStack() as undo:
            undo.callback(self.close)
            most = self._most_workers()
            if most == 0:
                raise WorkersError(
                    f"no machine of the Ray cluster has the {n_threads} processors that a worker "
                    "takes"
                )
            self._n_workers = min(most, n_workers or most)
            self._work = ray.put(work)
            undo.pop_all()
        limits = {"env_vars": thread_limits(n_threads)}
        self._actor = ray.remote(num_cpus=n_threads, max_restarts=0, runtime_env=limits)(_Actor)

    def _most_workers(self) -> int:
        """Return how many workers all machines of the cluster have processors for."""
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        return sum(int(resources.get("CPU", 0)) // self._n_threads for resources in nodes)

    @property
    def n_workers(self) -> int:
        """How many workers there can be at a time."""
        return self._n_workers

    def start(self) -> Hashable:
        """Ask for an actor, and return it; an event says when it is ready."""
        if not self._asked:
            self._since = time.monotonic()
        actor: Any = self._actor.remote()
        self._actors.append(actor)
        self._asked[actor.be_present.remote(__version__, sys.path)] = actor
        return actor  # type: ignore[no-any-return]

    def begin(self, worker: Hashable, job: Any) -> None:
        """Give a job to a worker that is ready and has none."""
        actor: Any = worker
        self._asked[actor.do.remote(pickle.dumps(job))] = actor

    def events(self, seconds: float) -> list[Event]:
        """Wait for an answer, at most so long; return none or one."""
        if not self._asked:
            time.sleep(seconds)
            return []
        done, _ = ray.wait(list(self._asked), num_returns=1, timeout=seconds)
        if not done:
            self._check_that_some_work()
        return [event for reference in done if (event := self._event(reference)) is not None]

    def _event(self, reference: Any) -> Event | None:
        """Return what an answer that has come says; None for one that only starting needs."""
        actor = self._asked.pop(reference)
        try:
            succeeded, value = pickle.loads(ray.get(reference))
        except RayTaskError as error:  # Ray could not do what it was asked
            return Event(actor, "failed", WorkersError(f"a Ray worker failed: {error}"))
        except RayError as error:  # its process, its machine or its answer was lost
            self._end(actor)
            return Event(actor, "died", str(error))
        if not succeeded:
            return Event(actor, "failed", value)
        if actor in self._ready:
            return Event(actor, "done", value)
        if actor in self._present:
            self._ready.add(actor)
            return Event(actor, "ready")
        self._present.add(actor)
        self._asked[actor.be_ready.remote([self._work])] = actor
        return None

    def _check_that_some_work(self) -> None:
        """Raise WorkersError if other programs have long had all processors of the cluster."""
        now = time.monotonic()
        if self._present:
            self._since = now
        elif now - self._since > PATIENCE:
            n_free = int(ray.available_resources().get("CPU", 0))
            if n_free < self._n_threads:
                n_all = int(ray.cluster_resources().get("CPU", 0))
                raise WorkersError(
                    f"no worker got a processor of the Ray cluster in {PATIENCE:.0f} s: of {n_all} "
                    f"processors {n_free} are free, and a worker takes {self._n_threads}"
                )

    def _end(self, actor: Any) -> None:
        """End an actor, whatever it does, also if it has ended."""
        self._actors.remove(actor)
        self._present.discard(actor)
        self._ready.discard(actor)
        with contextlib.suppress(RayError, ValueError):
            ray.kill(actor)

    def close(self) -> None:
        """End all workers at once, and the cluster if it was started for them."""
        for actor in list(self._actors):
            self._end(actor)
        self._asked.clear()
        self._connection.close()


class _Actor:
    """A worker. Its answers are pickled here, so that a broken one breaks nothing of Ray's."""

    _work: Work

    def be_present(self, version: str, paths: list[str]) -> bytes:
        """Find modules where the program finds them, too; fail for another version of this one."""
        sys.path += [path for path in paths if path not in sys.path]  # last, so nothing is hidden
        return answer(lambda: _check_version(version))

    def be_ready(self, work: list[Any]) -> bytes:
        """Get the work, which Ray sends once to each machine, and keep it."""
        return answer(lambda: self._keep(*ray.get(work)))

    def _keep(self, work: Work) -> None:
        self._work = work

    def do(self, job: bytes) -> bytes:
        """Do a job."""
        return answer(lambda: self._work(pickle.loads(job)))


def _check_version(version: str) -> None:
    if version != __version__:
        raise WorkersError(
            f"a machine of the Ray cluster, {socket.gethostname()}, has scratchcard {__version__}, "
            f"and this one has {version}: install the same on both"
        )


@contextlib.contextmanager
def _connected() -> Iterator[None]:
    """Connect to Ray, unless that was done before; on leaving, undo what was done."""
    if ray.is_initialized():
        yield
        return
    _check_address()
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    try:
        with _own_signals():
            ray.init(include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    except (OSError, RuntimeError, ValueError) as error:
        raise WorkersError(f"cannot connect to Ray: {error}") from error
    try:
        with _nothing_printed():
            yield
    finally:
        ray.shutdown()


def _check_address() -> None:
    """Raise WorkersError where nothing answers; Ray itself would try that for minutes."""
    address, source = os.environ.get("RAY_ADDRESS"), "RAY_ADDRESS"
    if address is None or address == "auto":
        started = Path(os.environ.get("RAY_TMPDIR", "/tmp"), "ray", "ray_current_cluster")
        with contextlib.suppress(OSError):
            address, source = started.read_text().strip(), f"the cluster of `ray start`, {started}"
    host, _, port = (address or "").rpartition(":")
    if "://" in host or not port.isdigit():  # Ray's client, or nothing known: left to Ray
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), SECONDS_TO_REACH).close()
    except OSError as error:
        reason = error.strerror or error
        raise WorkersError(f"cannot connect to Ray at {address} ({source}): {reason}") from error


@contextlib.contextmanager
def _own_signals() -> Iterator[None]:
    """Keep this program's own handler of SIGTERM, which Ray replaces."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def _nothing_printed() -> Iterator[None]:
    """Let Ray not print on standard output that a worker died; Ray has no setting for this."""
    module = ray._private.worker
    before = module.print_to_stdstream
    module.print_to_stdstream = lambda *_, **__: None
    try:
        yield
    finally:
        module.print_to_stdstream = before

"""Workers that are processes on this machine: new interpreters, nothing is forked."""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Hashable, Iterator
from typing import Any

from scratchcard.cores import usable_cores
from scratchcard.workers.face import Event, Work
from scratchcard.workers.threads import thread_limits

WORKER = "scratchcard.workers.worker"


class Processes:
    """Worker processes, see :class:`.Backend`.

    Parameters
    ----------
    work : callable
        What they do, see :func:`.workers`.
    n_workers : int or None
        How many there are at most; None for one for each ``n_threads`` usable cores.
    n_threads : int
        How many threads numerical libraries in each may start.
    """

    def __init__(self, work: Work, n_workers: int | None = None, n_threads: int = 1) -> None:
        self._n_workers = n_workers or max(1, usable_cores() // n_threads)
        self._work = pickle.dumps(work)
        self._environment = thread_limits(n_threads)
        self._workers: list[_Process] = []
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()

    @property
    def n_workers(self) -> int:
        """How many workers there can be at a time."""
        return self._n_workers

    def start(self) -> Hashable:
        """Start a process, and return it; an event says when it is ready."""
        worker = _Process(self._environment, self._events)
        self._workers.append(worker)
        worker.send(self._work)
        return worker

    def begin(self, worker: Hashable, job: Any) -> None:
        """Give a job to a worker that is ready and has none."""
        assert isinstance(worker, _Process)
        worker.send(pickle.dumps(job))

    def events(self, seconds: float) -> list[Event]:
        """Wait for an event, at most so long; return none or one."""
        with contextlib.suppress(queue.Empty):
            return [self._events.get(timeout=seconds)]
        return []

    def close(self) -> None:
        """End all workers at once, whatever they do."""
        for worker in self._workers:
            worker.popen.kill()
        for worker in self._workers:
            worker.bury()


class _Process:
    """A worker process, and the thread that reads its answers."""

    def __init__(self, environment: dict[str, str], events: queue.SimpleQueue[Event]) -> None:
        paths = os.pathsep.join(path or os.getcwd() for path in sys.path)
        with _signals_blocked():  # the worker must not be interrupted before it ignores them
            self.popen = subprocess.Popen(
                [sys.executable, "-P", "-m", WORKER],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=os.environ | environment | {"PYTHONPATH": paths},
            )
        assert self.popen.stdin is not None
        assert self.popen.stdout is not None
        self._in, self._out = self.popen.stdin, self.popen.stdout
        self._reader = threading.Thread(target=self._read, args=(events,), daemon=True)
        self._reader.start()

    def send(self, message: bytes) -> None:
        """Send what the worker is to have; that it died meanwhile is noticed by the reader."""
        with contextlib.suppress(OSError):
            pickle.dump(message, self._in)
            self._in.flush()

    def bury(self) -> None:
        """Release all that this process holds of one that has ended."""
        self.popen.wait()
        self._reader.join()
        for pipe in (self._in, self._out):
            with contextlib.suppress(OSError):  # what could not be written is not wanted now
                pipe.close()

    def _read(self, events: queue.SimpleQueue[Event]) -> None:
        """Pass on answers; the first of them says that the worker is ready."""
        try:
            succeeded, value = pickle.load(self._out)
            events.put(Event(self, "ready" if succeeded else "failed", value))
            while True:
                succeeded, value = pickle.load(self._out)
                events.put(Event(self, "done" if succeeded else "failed", value))
        except Exception:  # the pipe is closed, or what came is cut short
            events.put(Event(self, "died"))


@contextlib.contextmanager
def _signals_blocked() -> Iterator[None]:
    """Hold back signals that ask this process to end; a process started inside inherits that."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(
        signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    )
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

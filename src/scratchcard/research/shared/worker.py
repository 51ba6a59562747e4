"""The program of a worker process: does one job after another until its parent closes the pipe.

Jobs come in by standard input and answers go out by standard output, both pickled. Whatever a job
prints goes to standard error. Started by :mod:`scratchcard.research.shared.workers`.

A worker ignores the signals that end its parent: the parent is told, and ends its workers itself.
If the parent dies without doing so, the pipe closes, and the worker ends at once.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import sys
import threading
import traceback
from typing import BinaryIO


def main() -> None:
    """Do jobs until standard input ends."""
    _ignore_signals()
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    jobs: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(sys.stdin.buffer, jobs), daemon=True).start()
    while True:
        answers.write(_answer(jobs.get()))
        answers.flush()


def _ignore_signals() -> None:
    """Ignore interrupts, also one that came while this process was starting with them blocked."""
    numbers = {signal.SIGINT, signal.SIGTERM}
    if hasattr(signal, "SIGHUP"):
        numbers.add(signal.SIGHUP)
    for number in numbers:
        signal.signal(number, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, numbers)


def _receive(pipe: BinaryIO, jobs: queue.SimpleQueue[bytes]) -> None:
    """Pass jobs on, and end the process when no more can come: the parent is gone."""
    try:
        while True:
            jobs.put(pickle.load(pipe))
    except (EOFError, OSError):
        os._exit(0)


def _answer(job: bytes) -> bytes:
    """Do a job; return whether it succeeded, and its result or its exception, pickled."""
    try:
        work, argument = pickle.loads(job)
        return pickle.dumps((True, work(argument)))
    except BaseException as error:  # whatever it is, the parent is to hear of it
        error.add_note("in a worker process:\n" + traceback.format_exc())
        try:
            failure = pickle.dumps((False, error))
            pickle.loads(failure)  # some exceptions can be pickled and not be read again
        except Exception:
            failure = pickle.dumps((False, RuntimeError(f"{type(error).__name__}: {error}")))
        return failure


if __name__ == "__main__":
    main()

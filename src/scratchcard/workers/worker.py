"""The program of a worker process: does one job after another until its parent closes the pipe.

The work comes first, and jobs after it, by standard input; an answer to each goes out by standard
output, all pickled. Whatever a job prints goes to standard error. Started by
:mod:`scratchcard.workers.processes`.

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
from typing import Any, BinaryIO

from scratchcard.workers.answers import answer


def main() -> None:
    """Do jobs until standard input ends."""
    _ignore_signals()
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    messages: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(sys.stdin.buffer, messages), daemon=True).start()
    work: Any = None

    def be_ready() -> None:
        nonlocal work
        work = pickle.loads(messages.get())

    def do_job() -> Any:
        return work(pickle.loads(messages.get()))

    do = be_ready
    while True:
        answers.write(answer(do))
        answers.flush()
        do = do_job


def _ignore_signals() -> None:
    """Ignore interrupts, also one that came while this process was starting with them blocked."""
    numbers = {signal.SIGINT, signal.SIGTERM}
    if hasattr(signal, "SIGHUP"):
        numbers.add(signal.SIGHUP)
    for number in numbers:
        signal.signal(number, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, numbers)


def _receive(pipe: BinaryIO, messages: queue.SimpleQueue[bytes]) -> None:
    """Pass on what comes, and end the process when no more can come: the parent is gone."""
    try:
        while True:
            messages.put(pickle.load(pipe))
    except (EOFError, OSError):
        os._exit(0)


if __name__ == "__main__":
    main()

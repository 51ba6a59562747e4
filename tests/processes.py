"""Commands that are run for real and interrupted. Several tests use it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time

import psutil


@contextlib.contextmanager
def running(arguments):
    """The command in a process group of its own, as a shell starts it."""
    command = [sys.executable, "-m", "scratchcard", *arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command, **pipes, start_new_session=True)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def wait_until(process, holds) -> None:
    """Wait, but not longer than the process lives."""
    while not holds():
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)


def nothing_runs(group: int) -> bool:
    """Whether a process group has no process left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def eventually(holds, seconds: float = 60.0) -> bool:
    """Whether something holds before this time is over."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def is_alive(process: int) -> bool:
    """Whether a process runs; one that ended and that nobody has waited for does not."""
    try:
        return psutil.Process(process).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def below(process: int, text: str = "") -> list[int]:
    """The processes that a process has started, and those that they have, with this in a name."""
    return [
        one.pid for one in psutil.Process(process).children(recursive=True) if text in _name(one)
    ]


def _name(process: psutil.Process) -> str:
    """The whole command line; nothing for a process that has just ended."""
    try:
        return " ".join(process.cmdline())
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return ""

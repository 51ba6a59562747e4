# Ctrl-C, SIGTERM and SIGHUP for real: while a search starts, compiles, searches and prunes.
from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scratchcard import Ticket

FIND = [sys.executable, "-m", "scratchcard", "find"]
NOTHING = "scratchcard: interrupted before there was a result\n"


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def started(*arguments: str, ignoring: bool = False, **environment: str) -> tuple:
    """A search on a terminal of its own: the process, and the terminal's other end."""
    terminal, stderr = pty.openpty()
    process = subprocess.Popen(
        [*FIND, *arguments],
        stdout=subprocess.PIPE,
        stderr=stderr,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100", **environment},
        preexec_fn=(lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)) if ignoring else None,
    )
    os.close(stderr)
    return process, terminal


def shown_until(terminal: int, text: bytes) -> bytes:
    shown = b""
    while text not in shown:
        shown += os.read(terminal, 1000)
    return shown


def rest(terminal: int) -> str:
    shown = b""
    try:
        while more := os.read(terminal, 1000):
            shown += more
    except OSError:  # its other end is closed
        pass
    os.close(terminal)
    return shown.decode()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_search_with_its_ticket(number):
    process, terminal = started("iris", "--time", "5m", ignoring=True)
    shown_until(terminal, b"gen 1")
    process.send_signal(number)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"interrupt" in out
    assert Ticket.load("iris.ticket").network.sizes == (4, 100, 3)
    assert "Traceback" not in rest(terminal)


def test_ctrl_c_while_compiling_acts_at_once_and_leaves_nothing(tmp_path):
    Path("here").mkdir()
    os.chdir("here")
    process, terminal = started("iris", NUMBA_CACHE_DIR=str(tmp_path / "cache"))
    shown_until(terminal, b"preparing the search")
    time.sleep(1)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    seconds = time.monotonic() - began
    shown = rest(terminal)
    assert process.returncode == 130
    assert shown.replace("\r\n", "\n").endswith(NOTHING)
    assert "\x1b[?25h" in shown  # the cursor is back
    assert seconds < 2  # a second on a machine that does nothing else
    assert os.listdir() == []


def test_ctrl_c_stops_pruning():
    """Pruning half a million weights one by one takes minutes."""
    process, terminal = started(
        "digits", "--hidden", "1000,400", "--max-density", "1", "--generations", "1",
        "--evaluations", "1", "--prune", "train",
    )  # fmt: skip
    shown_until(terminal, b"gen 1")
    time.sleep(2)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 130
    assert b"interrupt" in out
    assert time.monotonic() - began < 15  # the report reads all rows with that many weights
    assert Ticket.load("digits.ticket").mask.surviving > 0
    rest(terminal)


LIBRARY = """
import os, signal, sys, threading, time
from scratchcard.interrupts import Interrupts, checkpoint
me = lambda: os.kill(os.getpid(), signal.SIGINT)
def wait(condition):
    until = time.monotonic() + 10
    while not condition() and time.monotonic() < until:
        time.sleep(0.01)
"""


def library(code: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", LIBRARY + code], capture_output=True, text=True, timeout=120
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_the_first_ctrl_c_sets_the_flag_and_raises_nothing():
    assert library("""
before = signal.getsignal(signal.SIGINT)
with Interrupts() as interrupts:
    interrupts.started()
    flag = interrupts.flag
    print(flag[0])
    me()
    wait(lambda: flag[0])
    checkpoint()
    print(flag[0], interrupts.interrupted)
print(signal.getsignal(signal.SIGINT) is before)
""") == ["0", "1", "True", "True"]


def test_before_there_is_a_result_ctrl_c_is_raised_where_it_is_safe():
    assert library("""
with Interrupts() as interrupts:
    me()
    wait(lambda: interrupts.interrupted)
    print("still here")
    try:
        checkpoint()
    except KeyboardInterrupt:
        print("raised")
""") == ["still", "here", "raised"]


def test_a_second_ctrl_c_works_where_the_first_did_not():
    assert library("""
try:
    with Interrupts() as interrupts:
        interrupts.started()
        me()
        time.sleep(2.2)
        me()
        time.sleep(5)
        print("deaf")
except KeyboardInterrupt:
    print("raised")
""") == ["raised"]


def test_a_program_leaves_at_the_second_ctrl_c_but_not_while_it_saves():
    assert library("""
def leave(before_a_result):
    print("saved" if saved else "lost", before_a_result, flush=True)
    os._exit(0)
saved = False
with Interrupts(leave) as interrupts:
    interrupts.started()
    with interrupts.saving():
        me(); wait(lambda: interrupts.interrupted); me()
        time.sleep(3)
        saved = True
    time.sleep(5)
    print("deaf")
""") == ["saved", "False"]


def test_another_thread_installs_nothing():
    assert library("""
def work():
    with Interrupts() as interrupts:
        print(signal.getsignal(signal.SIGINT) is signal.default_int_handler, interrupts.interrupted)
thread = threading.Thread(target=work); thread.start(); thread.join()
""") == ["True", "False"]


def test_a_handler_that_is_not_pythons_own_stays():
    """A worker that is told to ignore Ctrl-C goes on doing so, for its parent handles it."""
    assert library("""
signal.signal(signal.SIGINT, signal.SIG_IGN)
with Interrupts() as interrupts:
    me(); time.sleep(0.2)
    print(interrupts.interrupted)
""") == ["False"]


def test_ctrl_c_while_a_library_compiles(tmp_path):
    """It is raised between two functions, and the next search in the process works."""
    code = """
from scratchcard import Limits, Memetic
from scratchcard.datasets import load
from scratchcard.find import find
threading.Timer(2, me).start()
limits = Limits(evaluations=100)
try:
    find(load("iris"), limits=limits)
    print("not compiled?")
except KeyboardInterrupt:
    print("raised")
"""
    done = subprocess.run(
        [sys.executable, "-c", LIBRARY + code],
        capture_output=True,
        text=True,
        timeout=600,
        env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)},
    )
    assert (done.stdout, done.stderr) == ("raised\n", "")

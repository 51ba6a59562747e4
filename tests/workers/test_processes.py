"""Workers that are processes of this machine, and what a terminal or a system does to them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

import jobs
from processes import eventually, is_alive
from scratchcard.workers import run_all


def test_a_worker_ignores_what_ends_its_parent():
    assert list(run_all(jobs.interrupt_itself, [7], 1)) == [7]


def test_the_only_worker_that_is_ended_again_and_again_tells_of_memory():
    with pytest.raises(MemoryError, match="the worker was ended, 3 times in a row by the same job"):
        list(run_all(jobs.end_itself, [1], 1))


def test_stopped_before_the_first_job_no_process_is_started():
    with pytest.raises(KeyboardInterrupt):
        list(run_all(jobs.end_itself, [1], 1, stop=lambda: True))


PARENT = """
import sys
import jobs
from scratchcard.workers import run_all
list(run_all(jobs.sleep_after_telling, [sys.argv[1]] * 2, 2))
"""


@pytest.mark.parametrize("name", ["SIGKILL", "SIGHUP", "SIGTERM"])
def test_no_worker_outlives_its_parent(tmp_path, name):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path)], env=environment)
    try:
        assert eventually(lambda: len(list(tmp_path.iterdir())) == 2)
        parent.send_signal(getattr(signal, name))
        parent.wait(timeout=60)
        workers = [int(path.name) for path in tmp_path.iterdir()]
        assert eventually(lambda: not any(map(is_alive, workers)))
    finally:
        parent.kill()
        parent.wait()

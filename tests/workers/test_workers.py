"""Worker processes: every job is done, failures and deaths are told apart, nobody outlives us."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

import jobs
from processes import eventually
from scratchcard.workers import run_all


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_every_job_is_done(n_jobs):
    assert sorted(run_all(jobs.square, range(5), n_jobs)) == [0, 1, 4, 9, 16]
    with pytest.raises(ValueError, match="below zero"):
        list(run_all(jobs.square, [1, -1], n_jobs))
    assert list(run_all(jobs.square, [], n_jobs)) == []


def test_the_next_job_is_asked_for_when_the_results_so_far_are_known():
    done: list[int] = []

    def as_they_are_known():
        yield 2
        while done[-1] < 100:
            yield done[-1]

    for result in run_all(jobs.square, as_they_are_known(), 1):
        done.append(result)
    assert done == [4, 16, 256]


def test_a_process_that_the_system_ends_is_told_from_a_failure():
    with pytest.raises(MemoryError, match="one of 2 workers was ended"):
        list(run_all(jobs.end_itself, [1, 2], 2))
    with pytest.raises(MemoryError, match="the worker was ended"):
        list(run_all(jobs.end_itself, [1], 1))


def test_an_exception_that_cannot_be_sent_is_told_in_words():
    with pytest.raises(RuntimeError, match="PickyError: 3 and 3"):
        list(run_all(jobs.raise_picky, [3], 1))


def test_a_worker_has_one_thread_and_ignores_what_ends_its_parent():
    assert list(run_all(jobs.threads, [0], 1)) == ["1"]
    assert list(run_all(jobs.interrupt_itself, [7], 1)) == [7]


def test_stopping_ends_the_workers_at_once(tmp_path):
    def told() -> bool:
        return len(list(tmp_path.iterdir())) == 2

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        list(run_all(jobs.sleep_after_telling, [str(tmp_path)] * 2, 2, stop=told))
    assert time.monotonic() - began < 60
    assert not any(is_alive(int(path.name)) for path in tmp_path.iterdir())


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


def is_alive(process: int) -> bool:
    """Whether a process runs; one that ended and that nobody has waited for does not."""
    done = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True, check=False
    )
    return done.stdout.strip()[:1] not in ("", "Z")

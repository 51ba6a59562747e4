"""What all backends keep: every job is done, also when workers die; nobody outlives the context."""

from __future__ import annotations

import time

import numpy as np
import pytest

import jobs
from many_rows import many_rows
from processes import eventually, is_alive
from scratchcard.workers import run_all, workers


@pytest.fixture(scope="module")
def pool(on):
    """Two workers, for all tests that leave them as they are."""
    with workers(jobs.call, on=on, n_workers=2) as pool:
        yield pool


def results(pool, function, arguments) -> list:
    """The results, by argument."""
    for key, argument in enumerate(arguments):
        pool.begin(key, (function, argument))
    found = dict(pool.next_result() for _ in arguments)
    return [found[key] for key in range(len(arguments))]


def test_more_jobs_than_workers_may_be_begun(pool):
    for n in range(5):
        assert pool.has_room == (n < 2)
        pool.begin(n, (jobs.square, n))
    assert pool.n_unfinished == 5
    assert dict(pool.next_result() for _ in range(5)) == {n: n * n for n in range(5)}
    assert pool.n_unfinished == 0
    assert pool.has_room


def test_failures_are_told_and_other_jobs_go_on(pool):
    pool.begin("fails", (jobs.square, -1))
    with pytest.raises(ValueError, match="below zero") as caught:
        pool.next_result()
    assert "in square" in caught.value.__notes__[0]  # the traceback of the worker
    pool.begin("fails", (jobs.raise_picky, 3))
    with pytest.raises(RuntimeError, match="PickyError: 3 and 3"):
        pool.next_result()
    assert results(pool, jobs.square, [1, 2, 3]) == [1, 4, 9]


def test_a_worker_is_told_how_many_threads_to_start(pool):
    assert results(pool, jobs.threads, [0]) == ["1"]


def test_a_job_whose_worker_dies_is_done_again(pool, tmp_path):
    numbers = [(str(tmp_path), n) for n in range(6)]
    assert results(pool, jobs.die_once, numbers) == [0, 1, 2, 3, 4, 5]
    assert len(list(tmp_path.iterdir())) == 2  # workers that died


def test_a_job_that_workers_die_of_is_an_error(pool):
    pool.begin("kills", (jobs.end_itself, 1))
    with pytest.raises(MemoryError, match="one of 2 workers was ended, 3 times in a row by the"):
        pool.next_result()
    assert results(pool, jobs.square, [1, 2, 3]) == [1, 4, 9]


def test_the_work_is_sent_once_and_jobs_of_a_key_go_to_the_same_worker(on, tmp_path):
    done: dict[str, list[tuple[int, int, int]]] = {"a": [], "b": []}
    with workers(jobs.Counting(np.arange(1000)), on=on, n_workers=2) as pool:
        for n_together in (2, 0, 0, 0):  # at first each waits until both work
            for key in done:
                pool.begin(key, (str(tmp_path), n_together))
            for _ in done:
                key, result = pool.next_result()
                done[key].append(result)
    for of_key in done.values():
        assert len({process for process, _, _ in of_key}) == 1
        assert [n_before for _, n_before, _ in of_key] == [0, 1, 2, 3]
        assert {total for _, _, total in of_key} == {np.arange(1000).sum()}


def test_the_next_job_is_asked_for_when_the_results_so_far_are_known(on):
    done: list[int] = []

    def as_they_are_known():
        yield 2
        while done[-1] < 100:
            yield done[-1]

    for result in run_all(jobs.square, as_they_are_known(), 1, on=on):
        done.append(result)
    assert done == [4, 16, 256]
    assert list(run_all(jobs.square, [], 2, on=on)) == []


def test_stopping_ends_the_workers_at_once(on, tmp_path):
    def told() -> bool:
        return len(list(tmp_path.iterdir())) == 2

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        list(run_all(jobs.sleep_after_telling, [str(tmp_path)] * 2, 2, stop=told, on=on))
    assert time.monotonic() - began < 60
    assert eventually(lambda: not any(is_alive(int(path.name)) for path in tmp_path.iterdir()))


def test_work_that_workers_cannot_read_is_an_error(on):
    with pytest.raises(Exception, match="never to be read"):
        list(run_all(jobs.Unreadable(), [1], 1, on=on))


def test_a_search_gives_the_same_mask_anywhere(on):
    """Rows out of Ray's object store cannot be written to."""
    searching = jobs.Searching(many_rows(5000))
    assert list(run_all(searching, [0], 1, on=on)) == [searching(0)]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"on": "threads"}, "on takes processes, ray, got 'threads'"),
        ({"n_workers": 0}, "n_workers takes an integer 1..10000, got 0"),
        ({"n_threads": 1.5}, "n_threads takes an integer 1..10000, got 1.5"),
    ],
)
def test_settings_are_checked(settings, words):
    with pytest.raises(ValueError, match=words):
        workers(jobs.square, **settings)

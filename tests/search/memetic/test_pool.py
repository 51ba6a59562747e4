# The pool of a search: threads that work together change nothing, and end together.
from __future__ import annotations

import gc
import threading
import weakref

import numpy as np
import pytest

from many_rows import many_rows
from scratchcard.engines import DenseEngine, IncrementalEngine
from scratchcard.engines.incremental.threads import barrier, next_round
from scratchcard.objectives import OBJECTIVES, custom_objective
from scratchcard.rows import Rows
from scratchcard.search import Limits, Memetic, evolve
from scratchcard.search.memetic import pool
from scratchcard.search.memetic import search as memetic
from scratchcard.search.task import Task
from scratchcard.ticket.network import Network


@pytest.mark.parametrize("objective", ["cross_entropy", "balanced_accuracy"])
@pytest.mark.parametrize("population", [1, 2])
def test_the_number_of_threads_changes_nothing_on_many_rows(objective, population, monkeypatch):
    monkeypatch.setattr(pool, "PROBE", 2)  # together and alone in turn
    found = [
        evolve(
            Network.dense((16, 12, 3), seed=2),
            many_rows(7000),
            algorithm=Memetic(max_density=0.5, population=population, burst=5000),
            objective=objective,
            limits=Limits(generations=4),
            n_jobs=n_jobs,
        )
        for n_jobs in (1, 2, 3, 5)
    ]
    assert len({(one.mask, one.temperature, one.evaluations) for one in found}) == 1


@pytest.mark.parametrize("heaviest", [1, 1024])
def test_threads_agree_on_races_whatever_the_sums(heaviest):
    """Sums of squares beyond what float64 adds exactly: their order must not matter."""

    def steep(logits, target, out):
        gap = logits[target] - logits[(target + 1) % logits.size]
        out[0] = min(max(-40_000.0 * gap, -99_000.0), 99_000.0)

    random = np.random.default_rng(0)
    plain = many_rows(5000)
    weights = random.integers(heaviest // 2 + 1, heaviest + 1, len(plain)) if heaviest > 1 else None
    rows = Rows(plain.inputs, plain.targets, weights)
    objective = custom_objective("steep", steep)
    found = [
        evolve(
            Network.dense((16, 12, 3), seed=2),
            rows,
            algorithm=Memetic(max_density=0.5, population=1, burst=1000, race_error=0.3),
            objective=objective,
            limits=Limits(generations=3),
            n_jobs=n_jobs,
        )
        for n_jobs in (1, 2, 3)
    ]
    assert len({(one.mask, one.objective, one.evaluations) for one in found}) == 1


def test_what_threads_believe_of_their_window_is_what_the_dense_engine_computes():
    network, rows = Network.dense((16, 12, 3), seed=2), many_rows(5000)
    task = Task(network, rows, OBJECTIVES["cross_entropy"], 1e-4, n_jobs=2)
    search = Memetic(max_density=0.5, population=1).start(task)
    for fraction in (0.0, 0.4, 1.0):
        search.step(fraction)
        data = search.engine.data
        window = search.window
        counted = data.weights[window] > 0
        part = Rows(
            data.inputs[window].swapaxes(1, 2)[counted],
            data.targets[window][counted],
        )
        dense = DenseEngine(network, part, task.objective, search.engine.temperature)
        (best,) = search.individuals()
        assert dense.value(dense.evaluate(best.mask[None])[0]) == best.objective
    assert window == slice(0, search.engine.n_blocks)
    search.close()


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_a_closed_search_ends_at_once(n_jobs, monkeypatch):
    monkeypatch.setattr(memetic, "TRIALS_OF_WINDOW", 10**7)  # minutes
    rows = many_rows(9000)
    task = Task(Network.dense((16, 12, 3)), rows, OBJECTIVES["macro_f1"], 1e-4, n_jobs=n_jobs)
    search = Memetic(population=1, burst=10**7).start(task)
    search_thread = threading.Thread(target=search.step, args=(1.0,))
    search_thread.start()
    search_thread.join(1.0)
    assert search_thread.is_alive()
    search.close()
    search_thread.join(5)
    assert not search_thread.is_alive()


def test_newcomers_leave_no_trace_behind():
    task = Task(Network.dense((16, 12, 3)), many_rows(3000), OBJECTIVES["accuracy"], 1.0, n_jobs=4)
    search = Memetic(population=2, burst=50).start(task)
    worst = weakref.ref(search.members[-1])
    search.step(0.0)
    search._replace_worst()
    search._replace_worst()
    gc.collect()
    assert worst() is None or worst() in search.members
    search.close()


def test_a_search_is_no_worse_than_its_start():
    network, rows = Network.dense((16, 12, 3), seed=2), many_rows(5000)
    good = evolve(network, rows, algorithm=Memetic(max_density=0.5), limits=Limits(generations=5))
    hot = Memetic(max_density=0.5, population=1, heat=1e6, burst=2000)
    again = evolve(network, rows, algorithm=hot, limits=Limits(generations=1), start=good.mask)
    assert again.objective <= good.objective * 1.001


def test_a_thread_that_fails_stops_the_others():
    engine = IncrementalEngine(
        Network.dense((16, 12, 3)), many_rows(3000), OBJECTIVES["accuracy"], 1.0, block_rows=512
    )

    class Member:
        def share(self) -> None:
            pass

    def work(member, threads):
        if threads.number == 1:
            raise MemoryError("no memory for thread 1")
        for _ in range(1000):
            next_round(threads)
            barrier(threads)
        return 1

    three = pool.Pool(engine, 1, 3, np.zeros(1, np.int64))
    with pytest.raises(MemoryError, match="thread 1"):
        three.run(work, [Member()], even=True)

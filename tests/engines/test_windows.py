"""Searches on many rows: windows that grow, individuals that catch up, teams of threads."""

from __future__ import annotations

import gc
import threading
import weakref

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchcard.engines import DenseEngine, IncrementalEngine
from scratchcard.engines.incremental.threads import make_team, meet
from scratchcard.engines.incremental.windows import WindowedState, Windows
from scratchcard.objectives import OBJECTIVES
from scratchcard.rows import Rows
from scratchcard.search import Limits, Memetic, evolve
from scratchcard.search.memetic import pool as crew
from scratchcard.search.memetic import search as memetic
from scratchcard.search.task import Task
from scratchcard.ticket.network import Network


def many_rows(n_rows: int, n_features: int = 16, seed: int = 0) -> Rows:
    """Rows of three noisy classes."""
    random = np.random.default_rng(seed)
    centres = random.integers(-60, 61, (3, n_features))
    targets = random.integers(0, 3, n_rows)
    noise = random.integers(-60, 61, (n_rows, n_features))
    return Rows(centres[targets] + noise, targets)


@given(
    n_blocks=st.integers(1, 60),
    first_rows=st.integers(1, 5000),
    steps=st.integers(1, 40),
)
def test_windows_grow_to_all_rows_and_leave_none_out(n_blocks, first_rows, steps):
    windows = Windows(n_blocks, n_blocks * 100, first_rows)
    seen = [windows.next(k / steps) for k in range(steps)]
    lengths = [window.stop - window.start for window in seen]
    assert lengths == sorted(lengths)
    assert windows.next(1.0) == slice(0, n_blocks)
    assert all(0 <= window.start < window.stop <= n_blocks for window in seen)
    again = Windows(n_blocks, n_blocks * 100, first_rows)
    rounds = [again.next(0.5) for _ in range(2 * n_blocks)]
    assert set().union(*(range(w.start, w.stop) for w in rounds)) == set(range(n_blocks))


@pytest.mark.parametrize("name", ["cross_entropy", "macro_f1"])
@given(data=st.data())
@settings(max_examples=20)
def test_what_catches_up_is_what_is_computed_afresh(name, data):
    random = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    network = Network.dense((16, 9, 5, 3), seed=1)
    engine = IncrementalEngine(network, many_rows(150), OBJECTIVES[name], 1e-3, block_rows=32)
    n_blocks = len(engine.data.targets)
    state = WindowedState(engine, (random.random(network.n_weights) < 0.3).astype(np.uint8))
    alone = engine.team(1)[0]
    for _ in range(6):
        length = int(random.integers(1, n_blocks + 1))
        start = int(random.integers(0, n_blocks - length + 1))
        window = slice(start, start + length)
        flips = random.integers(0, network.n_weights, random.integers(0, 30))
        state.mask[flips] ^= 1
        if random.random() < 0.3:
            engine.temper(engine.temperature * 2)
        state.catch_up(window, alone)
        rows, part = state.open(window, 0)
        afresh = engine.state(state.mask)
        planes = [*range(3), 6]  # of the classes and of the target
        for kept in ("sums", "quanta", "hidden"):
            expected, found = getattr(afresh, kept)[window, 0], getattr(part, kept)[:, 0]
            assert np.array_equal(expected, found)
        assert np.array_equal(afresh.outputs[window][:, planes], part.outputs[:, planes])
        assert np.array_equal(afresh.exps[window, :3], part.exps[:, :3])
        assert rows.total_weight == engine.data.weights[window].sum()


@pytest.mark.parametrize("objective", ["cross_entropy", "balanced_accuracy"])
@pytest.mark.parametrize("population", [1, 2])
def test_the_number_of_threads_changes_nothing_on_many_rows(objective, population, monkeypatch):
    monkeypatch.setattr(crew, "PROBE", 2)  # together and alone in turn
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


def test_what_a_team_believes_of_its_window_is_what_the_dense_engine_computes():
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
    assert window == slice(0, len(data.targets))
    search.close()


def test_nobody_waits_for_a_rank_that_never_comes():
    first, _ = make_team(2, 1)
    first.turn[0] = 1
    waiting = threading.Thread(target=meet, args=(first,))
    waiting.start()
    waiting.join(0.2)
    assert waiting.is_alive()
    first.stop[0] = 1
    waiting.join(10)
    assert not waiting.is_alive()


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_a_closed_search_ends_at_once(n_jobs, monkeypatch):
    monkeypatch.setattr(memetic, "TURN", 10**7)  # minutes
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


def test_a_rank_that_fails_stops_the_others():
    engine = IncrementalEngine(
        Network.dense((16, 12, 3)), many_rows(3000), OBJECTIVES["accuracy"], 1.0, block_rows=512
    )

    class Member:
        def share(self) -> None:
            pass

    def work(member, team):
        if team.rank == 1:
            raise MemoryError("no memory for rank 1")
        for _ in range(1000):
            meet(team)
        return 1

    crew_of_three = crew.Crew(engine, 1, 3)
    with pytest.raises(MemoryError, match="rank 1"):
        crew_of_three.run(work, [Member()], even=True)


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


def test_copies_of_a_row_do_not_share_a_block():
    random = np.random.default_rng(0)
    kinds = random.integers(-9, 10, (8, 5))
    which = random.integers(0, 8, 4000)
    rows = Rows(kinds[which], which % 3)
    engine = IncrementalEngine(Network.dense((5, 4, 3)), rows, OBJECTIVES["accuracy"], 1.0, 256)
    for b in range(len(engine.data.targets)):
        block = engine.data.inputs[b].T[engine.data.weights[b] > 0]
        assert len(np.unique(block, axis=0)) == 8

# Landscape analysis: neighbourhoods are exact, statistics mean what they say, reports are complete.
from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registered import OF_CLASSES
from scratchcard.cli import main
from scratchcard.datasets import load
from scratchcard.engines import DenseEngine, IncrementalEngine
from scratchcard.find import Search
from scratchcard.objectives import OBJECTIVES
from scratchcard.objectives.base import bits_per_output
from scratchcard.objectives.margin import RANGE
from scratchcard.research.landscape import METRICS, Reader, Settings, Study, sweep_cases
from scratchcard.research.landscape.measures.distance import correlations, masks_around
from scratchcard.research.landscape.measures.guidance import guided
from scratchcard.research.landscape.measures.neighbours import groups, neighbourhood
from scratchcard.research.landscape.measures.plane import plane_masks
from scratchcard.research.landscape.measures.trajectory import random_like, trajectory
from scratchcard.research.landscape.measures.walks import autocorrelation, walk_flips, walk_values
from scratchcard.rows import Rows
from scratchcard.search import Limits, Memetic, evolve
from scratchcard.ticket.mask import Mask
from scratchcard.ticket.network import Network

SMALL = Settings(
    metrics=("accuracy", "scaled_cross_entropy"), evaluations=400, runs=1, points=3, randoms=1,
    walks=2, steps=40, max_lag=10, per_ring=2, grid=3,
)  # fmt: skip


@pytest.fixture(scope="module")
def search():
    return Search(load("iris"), hidden=(6, 5), max_density=0.4)


@pytest.fixture(scope="module")
def reader(search):
    return Reader(search.problem.network, search.problem.train, 0.4)


def random_mask(search, seed=0, density=0.4):
    random = np.random.default_rng(seed)
    return Mask.random(search.network.layers, density, random).flat()


# The engine and the margin


@pytest.mark.parametrize("name", OF_CLASSES)
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=10)
def test_every_flip_alone_is_what_the_dense_engine_says(name, seed):
    random = np.random.default_rng(seed)
    network = Network.dense((4, 5, 3, 3), seed=seed)
    inputs = random.integers(-127, 128, (40, 4)).astype(np.int16)
    rows = Rows(inputs, random.integers(0, 3, 40), random.integers(1, 4, 40))
    mask = Mask.random(network.layers, 0.5, random).flat()
    dense = DenseEngine(network, rows, OBJECTIVES[name], 1e-4)
    fast = IncrementalEngine(network, rows, OBJECTIVES[name], 1e-4, block_rows=16)
    flips = random.permutation(network.n_weights)
    state = fast.state(mask)
    expected = dense.trial_flips(dense.state(mask), flips)
    found = fast.trial_flips(state, flips)
    assert np.array_equal(found, expected)
    assert np.allclose(fast.values(found), dense.values(expected), rtol=1e-13, atol=1e-15)
    assert np.array_equal(state.mask, mask)  # nothing was flipped
    assert np.array_equal(fast.sums(state), dense.sums(dense.state(mask)))


def test_margin_is_the_gap_to_the_best_other_output_cut_to_its_range():
    outputs = np.array([[3, 1, 2], [1, 3, 2], [0, 0, 0], [100, 0, 50], [0, 0, 100]])
    targets, weights = np.array([0, 0, 0, 0, 1]), np.array([1, 2, 1, 1, 1])
    temperature = 0.5  # nats per unit
    gaps = np.array([-0.5, 1.0, 0.0, -RANGE, RANGE])
    sums = OBJECTIVES["margin"].statistics(outputs, targets, weights, bits_per_output(temperature))
    value = OBJECTIVES["margin"].value(sums, int(weights.sum()))
    assert value == pytest.approx(np.average(gaps, weights=weights), abs=1e-3)


# Neighbours


@pytest.mark.parametrize("metric", METRICS)
def test_neighbourhoods_are_exact(search, reader, metric):
    mask = random_mask(search)
    reader.temper(mask)
    around = neighbourhood(reader, metric, mask)
    engine = reader.engines[metric]
    masks = mask ^ np.eye(mask.size, dtype=np.uint8)
    expected = engine.values(engine.evaluate(masks)) - engine.values(engine.evaluate(mask[None]))
    assert np.allclose(around.changes, expected, rtol=0, atol=1e-12)
    assert np.array_equal(around.changes == 0, np.abs(expected) < 1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_groups_part_the_flips_and_dead_ones_change_nothing(search, reader, seed):
    mask = random_mask(search, seed, 0.15)
    reader.temper(mask)
    found = dict(groups(search.network, mask))
    for names in (
        ("additions", "removals"),
        ("layer 1", "layer 2", "layer 3"),
        ("on a path", "bias only", "dead"),
    ):
        assert (sum(found[name].astype(int) for name in names) == 1).all()
    path = Mask.from_flat(search.network.layers, mask).effective().flat()
    assert np.array_equal(found["on a path"] & (mask == 1), path == 1)
    assert found["dead"].any()
    for metric in METRICS:
        around = neighbourhood(reader, metric, mask)
        assert not around.changes[found["dead"]].any()
        summary = around.summary(found["all"])
        assert summary["neutral"] + summary["better"] + summary["worse"] == pytest.approx(1)
        assert around.summary(found["dead"])["neutral"] == 1.0


def test_a_greedy_descent_ends_in_a_local_optimum(search, reader):
    mask = random_mask(search)
    reader.temper(mask)
    around = neighbourhood(reader, "accuracy", mask)
    while not around.is_local_optimum:
        mask[around.changes.argmin()] ^= 1
        around = neighbourhood(reader, "accuracy", mask)
    assert around.summary(np.ones(mask.size, bool))["better_flips"] == 0
    for index in np.flatnonzero((around.changes == 0) & (mask == 1)):
        fewer = mask.copy()
        fewer[index] = 0
        assert reader.values(fewer[None])["accuracy"][0] == around.value


# Along a search


def test_a_trajectory_ends_with_the_ticket_of_the_same_search(search):
    problem = search.problem
    points = trajectory(problem, 0.4, 2000, 3, 4)
    outcome = evolve(
        problem.network,
        problem.train,
        algorithm=Memetic(max_density=0.4),
        limits=Limits(evaluations=2000),
        seed=3,
    )
    assert np.array_equal(points[-1].mask, outcome.mask.flat())
    assert points[-1].evaluations == outcome.evaluations
    assert points[0].evaluations == 0
    assert len(points) >= 3
    assert np.all(np.diff([point.evaluations for point in points]) > 0)


def test_guided_searches_do_not_depend_on_threads():
    problem = Search(load("iris"), hidden=(30,)).problem
    for metric in ("accuracy", "cross_entropy"):
        one, other = (guided(problem, metric, 0.5, 2000, 0, n_jobs) for n_jobs in (1, 2))
        del one["seconds"], other["seconds"]
        assert one == other
        assert one["train_accuracy"] > 0.4  # a third of the rows is of each class


# Walks, distances, planes


def test_walks_take_single_steps_and_keep_their_density(search, reader):
    mask = random_mask(search)
    flips = walk_flips(mask, 300, np.random.default_rng(0))
    steps = np.cumsum(np.eye(mask.size, dtype=int)[flips], axis=0) % 2 ^ mask
    assert 0.2 < steps.mean() < 0.6
    reader.temper(mask)
    for name, values in walk_values(reader, mask, flips).items():
        assert len(values) == 301
        assert values[-1] == reader.values(steps[-1:].astype(np.uint8))[name][0]


@pytest.mark.parametrize("length", [5.0, 1000.0])  # within the lags looked at, and beyond
def test_autocorrelation_of_a_known_process(length):
    random = np.random.default_rng(0)
    factor = np.exp(-1 / length)
    walks = np.empty((80, 2001))
    walks[:, 0] = random.normal(size=80)
    for step in range(1, 2001):
        walks[:, step] = factor * walks[:, step - 1] + np.sqrt(1 - factor**2) * random.normal(
            size=80
        )
    found = autocorrelation(walks, 200)
    assert found.length == pytest.approx(length, rel=0.25)
    assert found.correlations[0] == pytest.approx(factor, abs=0.02)
    assert autocorrelation(np.ones((2, 50)), 5).length == 0.0


def test_fitness_distance(search):
    ticket = random_mask(search)
    masks = masks_around(ticket, 3, np.random.default_rng(0))
    distances = np.count_nonzero(masks != ticket, axis=1)
    assert (masks.sum(axis=1) == ticket.sum()).all()
    assert distances.min() == 2
    assert distances.max() == 2 * min(ticket.sum(), (1 - ticket).sum())
    assert correlations(distances, distances**3.0)["spearman"] == pytest.approx(1)
    assert correlations(distances, -1.0 * distances)["pearson"] == pytest.approx(-1)
    assert correlations(distances, np.ones(len(distances)))["pearson"] == 0
    with pytest.raises(ValueError, match="ticket takes a mask with some weights"):
        masks_around(np.zeros(5, np.uint8), 1, np.random.default_rng(0))


def test_corners_of_a_plane(search):
    ticket, right, top = (random_mask(search, seed) for seed in range(3))
    shares, masks = plane_masks(ticket, right, top, 5, np.random.default_rng(0))
    assert shares.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert np.array_equal(masks[0, 0], ticket)
    assert np.array_equal(masks[0, -1], right)
    assert np.array_equal(masks[-1, 0], top)
    middle = np.count_nonzero(masks[0, 2] != ticket)
    assert middle == round(np.count_nonzero(right != ticket) / 2)


def test_random_masks_are_as_dense(search):
    mask = random_mask(search)
    other = random_like(search.problem, mask, np.random.default_rng(1))
    assert other.sum() == mask.sum()
    assert not np.array_equal(other, mask)


# Studies and their reports


def test_a_study_measures_everything_and_repeats_itself(search):
    one, other = (Study(search, SMALL).run() for _ in range(2))
    assert list(one) == ["neighbours", "walks", "distance", "plane", "guidance"]
    for tables in (one, other):
        for row in tables["neighbours"] + tables["guidance"]:
            row.pop("seconds", None)
            row.pop("flips_per_second", None)
    assert one == other
    assert {row["metric"] for row in one["guidance"]} == set(SMALL.metrics)
    assert len(one["plane"]) == 2 * 3 * 3
    assert {row["network"] for row in one["walks"]} == {"4-6-5-3"}


def test_sweeps(search):
    digits = [case.dataset.n_classes for case in sweep_cases("digits-3", "classes", search)]
    assert digits == [2, 3, 4, 5, 10]
    networks = [case.hidden for case in sweep_cases("iris", "network", search)]
    assert networks == [(20,), (75,), (100,), (50, 50)]
    assert list(sweep_cases("iris", None, search)) == [search]
    with pytest.raises(ValueError, match="sweep takes 'classes' of digits or blobs"):
        list(sweep_cases("iris", "classes", search))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"metrics": ("beauty",)}, "metrics takes names among accuracy"),
        ({"metrics": ()}, "got none"),
        ({"evaluations": 5}, "evaluations"),
        ({"steps": 100}, "max_lag takes less than steps"),
        ({"plane": "flat"}, "plane takes 'tickets'"),
    ],
)
def test_settings_that_make_no_sense(wrong, message):
    with pytest.raises(ValueError, match=message):
        Settings(**wrong)


ARGUMENTS = [
    "landscape", "iris", "--hidden", "5", "--max-density", "0.4", "--evaluations", "500",
    "--runs", "1", "--jobs", "1", "--metrics", "accuracy,scaled_cross_entropy",
]  # fmt: skip


def test_the_command(tmp_path, capsys):
    out = tmp_path / "new" / "folder"
    assert main([*ARGUMENTS, "--plane", "random", "--json", "--out", str(out)]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["seed"] == 0
    assert len(printed["neighbours"]) > 50
    tables = ["neighbours", "walks", "distance", "plane", "guidance"]
    assert all((out / f"{name}.csv").stat().st_size > 100 for name in tables)
    for name in ("neighbours", "walks", "plane", "guidance"):
        assert (out / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    summary = (out / "summary.md").read_text()
    assert "| scaled_cross_entropy |" in summary
    assert "local optimum" in summary


def test_a_sweep_shows_every_case(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr("scratchcard.research.landscape.cases.NETWORKS", ((3,), (4, 3)))
    one = ["--metrics", "accuracy", "--sweep", "network", "--out", str(tmp_path)]
    assert main([*ARGUMENTS, *one]) == 0
    shown = capsys.readouterr().out
    assert "4-3-3" in shown
    assert "4-4-3-3" in shown
    assert (tmp_path / "sweep.png").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["iris", "--metrics", "beauty"], "metrics takes names among"),
        (["iris", "--sweep", "classes"], "sweep takes 'classes' of digits or blobs"),
        (["iris", "--max-density", "2"], "max_density"),
        (["nowhere.csv"], "no data set or file"),
        (["iris", "--out", "/dev/null/x"], "cannot write into"),
    ],
)
def test_errors_take_one_line(arguments, message, capsys):
    assert main(["landscape", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert message in captured.err

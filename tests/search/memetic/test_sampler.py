"""Sampling: which rows are drawn and what they weigh; augmentation: how they are varied."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchcard import Conv2d, Dense, Genetic, Limits, Memetic, Network, evolve
from scratchcard.engines import DenseEngine, IncrementalEngine
from scratchcard.objectives import OBJECTIVES, get_objective
from scratchcard.objectives.base import QUANTUM
from scratchcard.rows import Rows
from scratchcard.rows.augmentation import shifted
from scratchcard.search.memetic.sampler import MANY, PERIOD, Sampler, weighted_draw
from scratchcard.search.task import Task


def random_rows(n_rows, n_features=6, n_classes=3, seed=0):
    random = np.random.default_rng(seed)
    inputs = random.integers(-127, 128, (n_rows, n_features))
    return Rows(inputs, inputs[:, :n_classes].argmax(axis=1))


def importance_of(losses):
    return OBJECTIVES["cross_entropy"].importance(losses)


def task_of(rows, objective="cross_entropy", augment=None):
    network = Network.dense((rows.inputs.shape[1], 5, 3))
    return Task(network, rows, get_objective(objective), 0.01, augment=augment)


@given(
    losses=st.lists(st.integers(-QUANTUM, 40 * QUANTUM), min_size=1, max_size=300),
    share=st.floats(0.01, 1.0),
    seed=st.integers(0, 2**32),
)
def test_as_many_rows_are_drawn_as_are_wanted(losses, share, seed):
    n_drawn = max(1, int(share * len(losses)))
    weights = np.arange(len(losses)) % 3 + 1
    chosen, new = weighted_draw(
        importance_of(np.array(losses, np.int32)), weights, n_drawn, np.random.default_rng(seed)
    )
    assert abs(len(chosen) - n_drawn) <= 1
    assert len(np.unique(chosen)) == len(chosen)
    assert (new >= 1).all()
    assert (new <= 1024).all()


def test_rows_without_weight_are_never_drawn():
    weights = np.array([0, 5] * 50)
    importance = importance_of(np.full(100, QUANTUM, np.int32))
    for seed in range(20):
        chosen, _ = weighted_draw(importance, weights, 20, np.random.default_rng(seed))
        assert (weights[chosen] == 5).all()


def test_sums_over_drawn_rows_are_unbiased():
    """The weighted mean of any number of a row's: over many draws that of all rows."""
    random = np.random.default_rng(0)
    losses = (QUANTUM * random.exponential(0.5, 2000) ** 3).astype(np.int32)
    values, weights = random.normal(1.0, 1.0, 2000) * losses, np.ones(2000, np.int64)
    estimates = []
    for seed in range(300):
        chosen, new = weighted_draw(
            importance_of(losses), weights, 400, np.random.default_rng(seed)
        )
        estimates.append(np.average(values[chosen], weights=new))
    error = np.std(estimates) / np.sqrt(len(estimates))
    assert abs(np.mean(estimates) - values.mean()) < 4 * error
    evenly = values.std() / np.sqrt(400) * np.sqrt(0.8)
    assert np.std(estimates) < 0.5 * evenly


def test_what_a_row_loses_makes_it_likely():
    losses = np.array([0] * 900 + [8 * QUANTUM] * 100, np.int32)
    weights = np.ones(1000, np.int64)
    chosen, new = weighted_draw(importance_of(losses), weights, 200, np.random.default_rng(0))
    assert np.count_nonzero(chosen >= 900) == 100  # all of them
    assert new[chosen < 900].min() > 5 * new[chosen >= 900].max()


@pytest.mark.parametrize(
    ("n_rows", "objective", "augment", "n_drawn"),
    [
        (MANY, "cross_entropy", None, None),  # too few to draw
        (50_000, "accuracy", None, None),  # no softmax
        (50_000, "cross_entropy", None, 20_000),
        (50_000, "brier", None, 20_000),
        (20_000, "cross_entropy", None, MANY),  # at least so many
        (100, "cross_entropy", "shift", 100),
    ],
)
def test_when_rows_are_drawn(n_rows, objective, augment, n_drawn):
    sampler = Sampler(task_of(random_rows(n_rows, 9), objective, augment), 0.4, IncrementalEngine)
    assert sampler.draws == (n_drawn is not None)
    rows = sampler.draw(np.zeros(5 * 12, np.uint8), 0.01)
    if n_drawn is None:
        assert rows is sampler.task.rows
        assert not sampler.is_due(100)
    else:
        assert abs(len(rows) - n_drawn) <= 1
        assert not sampler.is_due(PERIOD)
        assert sampler.is_due(PERIOD + 1)


def test_draws_differ_and_repeat():
    task = task_of(random_rows(20_000))
    mask = np.ones(5 * 9, np.uint8)
    one, other = (Sampler(task, 0.9, make) for make in (IncrementalEngine, DenseEngine))
    first, second = one.draw(mask, 0.01), one.draw(mask, 0.01)
    assert not np.array_equal(first.inputs, second.inputs)
    np.testing.assert_array_equal(first.inputs, other.draw(mask, 0.01).inputs)


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(["cross_entropy", "brier", "accuracy"]), st.integers(1, 5))
def test_threads_change_no_row_statistic_and_no_sum(name, n_jobs):
    rows = random_rows(700)
    engine = IncrementalEngine(
        Network.dense((6, 5, 3)), rows, OBJECTIVES[name], 0.01, block_rows=64
    )
    masks = np.random.default_rng(n_jobs).integers(0, 2, (3, 45), dtype=np.uint8)
    np.testing.assert_array_equal(engine.evaluate(masks, n_jobs=n_jobs), engine.evaluate(masks))
    found = engine.row_statistics(masks[0], n_jobs)
    assert found.sum() == engine.evaluate(masks[:1])[0, 0]
    alone = [
        IncrementalEngine(
            engine.network,
            Rows(rows.inputs[r : r + 1], rows.targets[r : r + 1]),
            OBJECTIVES[name],
            0.01,
        ).evaluate(masks[:1])[0, 0]
        for r in (0, 350, 699)
    ]
    assert found[[0, 350, 699]].tolist() == alone


@pytest.mark.parametrize("augment", [None, "shift"])
def test_the_ticket_does_not_depend_on_threads(augment):
    rows = random_rows(MANY + 2000, 9)
    network = Network.dense((9, 12, 3))
    algorithm = Memetic(max_density=0.5, population=1, burst=1500)
    found = [
        evolve(
            network,
            rows,
            algorithm=algorithm,
            limits=Limits(generations=30),
            n_jobs=n,
            augment=augment,
        )
        for n in (1, 2)
    ]
    assert found[0].mask == found[1].mask
    assert found[0].objective == found[1].objective
    outputs = network.outputs(found[0].mask, rows.inputs)
    right = np.mean(outputs.argmax(axis=1) == rows.targets)
    assert right > (0.7 if augment is None else 0.45)  # these are no images


def test_shifted_images_are_moved_by_a_pixel():
    image = np.arange(9, dtype=np.int16)
    images = shifted(np.tile(image, (200, 1)), np.random.default_rng(0)).reshape(-1, 3, 3)
    kinds = np.unique(images, axis=0).tolist()
    assert len(kinds) == 5
    assert [[0, 1, 2], [3, 4, 5], [6, 7, 8]] in kinds
    assert [[3, 4, 5], [6, 7, 8], [6, 7, 8]] in kinds  # up, the last line repeated
    assert [[0, 1, 2], [0, 1, 2], [3, 4, 5]] in kinds
    assert [[1, 2, 2], [4, 5, 5], [7, 8, 8]] in kinds
    assert [[0, 0, 1], [3, 3, 4], [6, 6, 7]] in kinds


@pytest.mark.parametrize(
    ("augment", "n_features", "algorithm", "message"),
    [
        ("shift", 12, Memetic(), "square"),
        ("rotate", 9, Memetic(), "'shift'"),
        ("shift", 9, Genetic(), "memetic"),
    ],
)
def test_augmentation_that_cannot_be(augment, n_features, algorithm, message):
    with pytest.raises(ValueError, match=message):
        evolve(
            Network.dense((n_features, 4, 3)),
            random_rows(30, n_features),
            algorithm=algorithm,
            augment=augment,
        )


def test_rows_are_shifted_as_the_images_that_the_network_reads():
    network = Network([Conv2d(2, 3), Dense(3)], (4, 3, 3))  # as many values as 6 x 6
    image = np.arange(36)
    rows = Rows(np.tile(image, (200, 1)), np.arange(200) % 3)
    task = Task(network, rows, get_objective("cross_entropy"), 0.01, augment="shift")
    drawn = Sampler(task, 1.0, IncrementalEngine).draw(np.ones(network.n_weights, np.uint8), 0.01)
    images = np.unique(drawn.inputs, axis=0).reshape(-1, 4, 3, 3)
    whole = image.reshape(4, 3, 3)
    assert len(images) == 5
    assert (images == whole[:, [1, 2, 2]]).all(axis=(1, 2, 3)).any()
    assert (images == whole[:, :, [0, 0, 1]]).all(axis=(1, 2, 3)).any()

"""Cluster: searches without labels, of which the one is kept whose answers neighbours share."""

from __future__ import annotations

import numpy as np
import pytest

from scratchcard import Limits, Network
from scratchcard.interrupts import Interrupts
from scratchcard.rows import Rows
from scratchcard.search import cluster

CENTRES = np.array([[-90, 0, 40], [80, 80, -50], [20, -90, 90]])
NETWORK = Network.dense((3, 20, 3), seed=1)
SHORT = {"limits": Limits(generations=12), "n_init": 4}


def blobs(n_rows, seed=0):
    random = np.random.default_rng(seed)
    which = np.arange(n_rows) % 3
    inputs = CENTRES[which] + random.integers(-25, 26, (n_rows, 3))
    return Rows(inputs, np.zeros(n_rows, np.int64)), which


def found_in(clustering, rows):
    return NETWORK.outputs(clustering.mask, rows.inputs).argmax(axis=1)


def test_it_finds_groups_that_lie_apart_and_knows_them_in_new_rows():
    rows, which = blobs(300)
    found = cluster(NETWORK, rows, limits=Limits(generations=40), n_init=4)
    new, which_new = blobs(90, seed=1)
    for some, truth in ((rows, which), (new, which_new)):
        pairs = set(zip(found_in(found, some).tolist(), truth.tolist(), strict=True))
        assert len(pairs) == 3
    assert found.mask.density <= 0.15
    assert found.score == found.scores[found.chosen] > 0.9
    assert len(found.scores) == 4
    assert found.stopped_by == "generations"


def same(one, other):
    return (one.mask, one.head, one.scores, one.chosen) == (
        other.mask,
        other.head,
        other.scores,
        other.chosen,
    )


def test_neither_labels_nor_threads_nor_the_order_of_rows_matter():
    rows, which = blobs(200)
    found = cluster(NETWORK, rows, **SHORT)
    assert same(found, cluster(NETWORK, rows, **SHORT, n_jobs=2))
    assert same(found, cluster(NETWORK, rows, **SHORT, n_jobs=5))
    labelled = Rows(rows.inputs, which)
    assert same(found, cluster(NETWORK, labelled, **SHORT))
    order = np.random.default_rng(0).permutation(200)
    assert same(found, cluster(NETWORK, Rows(rows.inputs[order], which), **SHORT))
    assert not same(found, cluster(NETWORK, rows, **SHORT, seed=1))


def test_a_row_of_weight_two_is_the_row_twice_and_one_of_none_is_not_there():
    rows, _ = blobs(200)
    weights = np.arange(200) % 3
    twice = np.repeat(np.arange(200), weights)
    weighted = cluster(NETWORK, Rows(rows.inputs, rows.targets, weights), **SHORT)
    assert same(weighted, cluster(NETWORK, Rows(rows.inputs[twice], rows.targets[twice]), **SHORT))


def test_starts_are_compared_on_rows_set_aside():
    rows, _ = blobs(200)
    aside, which = blobs(60, seed=3)
    found = cluster(NETWORK, rows, aside, **SHORT)
    plain = cluster(NETWORK, rows, **SHORT)
    assert found.scores != plain.scores
    labelled = Rows(aside.inputs, which)
    assert same(found, cluster(NETWORK, rows, labelled, **SHORT))


def test_limits_are_those_of_all_starts():
    rows, _ = blobs(200)
    found = cluster(NETWORK, rows, limits=Limits(evaluations=6000), n_init=4)
    assert 3000 < found.evaluations < 9000
    assert found.stopped_by == "evaluations"
    found = cluster(NETWORK, rows, limits=Limits(seconds=0.3), n_init=3, n_jobs=2)
    assert found.stopped_by == "seconds"
    assert found.mask.surviving > 0


def test_a_callback_sees_all_starts_and_may_end_them():
    rows, _ = blobs(200)
    seen = []
    found = cluster(NETWORK, rows, **SHORT, callbacks=[seen.append], n_jobs=2)
    n_rounds = 4 * 3 + 9  # one of four goes on after a quarter of its rounds
    assert len(seen) == found.generations == n_rounds
    assert [progress.generation for progress in seen] == list(range(1, n_rounds + 1))
    assert seen[-1].generations == n_rounds
    assert seen[-1].fraction == pytest.approx(1.0)
    assert seen[-1].evaluations == found.evaluations
    found = cluster(NETWORK, rows, **SHORT, callbacks=[lambda progress: progress.generation == 2])
    assert found.stopped_by == "callback"
    assert found.generations == 2
    assert np.isnan(found.scores[1:]).all()


def test_an_error_of_a_callback_ends_all_starts():
    def fail(progress):
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        cluster(NETWORK, blobs(200)[0], **SHORT, callbacks=[fail], n_jobs=2)


def test_an_interrupt_keeps_the_best_so_far():
    rows, _ = blobs(200)
    interrupts = Interrupts()

    def interrupt(progress):
        if progress.generation == 15:  # in the second part of the best start
            interrupts.flag[0] = 1

    found = cluster(NETWORK, rows, **SHORT, callbacks=[interrupt], interrupts=interrupts)
    assert found.stopped_by == "interrupt"
    assert 15 <= found.generations <= 16
    assert found.score == found.scores[found.chosen]
    assert found.mask.surviving > 0


def test_the_history_is_that_of_the_start_that_won():
    found = cluster(NETWORK, blobs(200)[0], **SHORT)
    assert [progress.generation for progress in found.history] == list(range(1, 13))


def test_a_start_that_was_paused_is_the_same_search():
    rows, _ = blobs(200)
    for seed in range(3):
        alone = cluster(NETWORK, rows, **(SHORT | {"n_init": 1}), seed=seed)
        some = cluster(NETWORK, rows, **SHORT, seed=seed)
        if some.chosen == 0:
            assert (some.mask, some.head) == (alone.mask, alone.head)


def test_of_many_rows_some_are_searched(monkeypatch):
    monkeypatch.setattr("scratchcard.search.clustering.MOST", 150)
    rows, which = blobs(400)
    found = cluster(NETWORK, rows, limits=Limits(generations=40), n_init=4)
    assert len(set(zip(found_in(found, rows).tolist(), which.tolist(), strict=True))) == 3


def test_few_rows_and_rows_of_few_values_are_put_into_several_clusters():
    two = Rows(np.array([[0, 0, 0], [90, 90, 90]]), np.zeros(2, int))
    found = cluster(Network.dense((3, 5, 2)), two, limits=Limits(generations=20), n_init=4)
    assert found.score == pytest.approx(np.log(2))
    bits = np.random.default_rng(0).integers(0, 2, (400, 6)) * 100
    network = Network.dense((6, 20, 4))
    found = cluster(
        network, Rows(bits, np.zeros(400, int)), limits=Limits(generations=20), n_init=4
    )
    counts = np.bincount(network.outputs(found.mask, bits).argmax(axis=1), minlength=4)
    assert counts.min() > 40


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (
            np.eye(2, 3, dtype=int),
            "as many different rows as there are clusters, 3, got 2",
        ),
        (np.ones((50, 3), dtype=int), "clusters, 3, got 1"),
        (np.eye(2, 4, dtype=int), "network's 3 features, got 4"),
    ],
)
def test_rows_without_clusters_are_refused(inputs, message):
    with pytest.raises(ValueError, match=message):
        cluster(NETWORK, Rows(inputs, np.zeros(len(inputs), int)))


def test_other_arguments_are_refused():
    rows, _ = blobs(30)
    with pytest.raises(ValueError, match="at least 2 outputs, one for each cluster, got 1"):
        cluster(Network.dense((3, 5, 1)), rows)
    with pytest.raises(ValueError, match="square images, got rows of 3 features"):
        cluster(NETWORK, rows, images=True)
    with pytest.raises(ValueError, match=r"limits.patience=3"):
        cluster(NETWORK, rows, limits=Limits(patience=3))
    with pytest.raises(ValueError, match="n_init takes"):
        cluster(NETWORK, rows, n_init=0)

"""TicketClusterer: scikit-learn's own checks, and what they do not look at."""

from __future__ import annotations

import pickle
import signal
import threading

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.metrics import adjusted_rand_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import parametrize_with_checks

from clusterers import clouds, small
from scratchcard import Ticket, TicketClusterer
from scratchcard.datasets import load
from scratchcard.search.controls import controls
from scratchcard.ticket.file import version_of


# No check is expected to fail.
@parametrize_with_checks([small(max_iter=10, n_init=2)])
def test_check(estimator, check):
    check(estimator)


def test_clouds_are_found_and_rows_that_were_not_searched_too():
    X, which = clouds()
    clusterer = small().fit(X)
    assert adjusted_rand_score(which, clusterer.labels_) == 1.0
    others, which = clouds(seed=1)
    assert adjusted_rand_score(which, clusterer.predict(others)) == 1.0


def test_attributes():
    X, _ = clouds()
    clusterer = small().fit(X)
    ticket = clusterer.ticket_
    assert isinstance(ticket, Ticket)
    assert clusterer.network_.sizes == (6, 20, 3)
    assert clusterer.network_.seed == 0
    assert 0 < clusterer.density_ == ticket.mask.density <= 0.5
    assert clusterer.labels_.dtype == np.int64
    assert np.array_equal(clusterer.labels_, clusterer.predict(X))
    assert np.array_equal(clusterer.labels_, ticket.predict(X))
    assert clusterer.n_features_in_ == 6
    assert 12 <= clusterer.n_iter_ <= 4 * 12
    assert clusterer.scores_.shape == (4,)
    assert clusterer.score_ == clusterer.scores_.max() <= np.log(3) + 1e-9


def test_defaults_are_those_that_the_documentation_names():
    clusterer = TicketClusterer()
    assert (clusterer.n_clusters, clusterer.hidden_layer_sizes) == (8, (100,))
    assert (clusterer.max_density, clusterer.n_init) == (0.15, 24)


def test_labels_are_never_read():
    X, which = clouds()
    tickets = [small().fit(X, y).ticket_ for y in (None, which, np.full(90, "a"), [None] * 90)]
    assert len({ticket.to_bytes() for ticket in tickets}) == 1


def test_neither_threads_nor_the_order_of_rows_nor_how_they_weigh_changes_the_ticket():
    X, _ = clouds()
    tickets = [small(n_jobs=n_jobs).fit(X).ticket_ for n_jobs in (None, 2, -1)]
    assert len(set(tickets)) == 1
    weights = np.arange(90) % 3
    ticket = small().fit(X, sample_weight=weights).ticket_
    order = np.random.default_rng(0).permutation(np.repeat(np.arange(90), weights))
    assert small().fit(X[order]).ticket_ == ticket
    assert ticket != tickets[0]


def test_random_state():
    X, _ = clouds()
    seeds = [small(random_state=seed).fit(X).network_.seed for seed in (7, np.int64(7))]
    assert seeds == [7, 7]
    random = np.random.RandomState(0)
    seeds = {small(random_state=random, n_init=1).fit(X).network_.seed for _ in range(2)}
    assert len(seeds) == 2


def test_ctrl_c_keeps_the_best_ticket_so_far():
    X, which = clouds()
    clusterer = small(n_init=1, max_iter=100_000)
    main = threading.main_thread().ident
    assert main is not None
    small(n_init=1, max_iter=1).fit(X)  # compiles
    timer = threading.Timer(1.0, signal.pthread_kill, (main, signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt, match="kept in ticket_"):
        clusterer.fit(X)
    timer.join()
    assert 0 < clusterer.n_iter_ < 100_000
    assert clusterer.labels_.shape == (90,)
    assert adjusted_rand_score(which, clusterer.predict(X)) > 0.9


def test_one_cluster_holds_all_rows_and_nothing_is_searched():
    """scikit-learn's checks ask for one cluster."""
    X, _ = clouds()
    clusterer = small(n_clusters=1).fit(X)
    assert set(clusterer.predict(X)) == set(clusterer.labels_) == {0}
    assert (clusterer.density_, clusterer.n_iter_, clusterer.score_) == (0, 0, 0)
    assert clusterer.scores_.tolist() == [0] * 4
    assert Ticket.from_bytes(clusterer.ticket_.to_bytes()) == clusterer.ticket_


@pytest.mark.parametrize("settings", [{"hidden_layer_sizes": 3}, {"max_density": 0.01}])
def test_one_cluster_needs_no_path(settings):
    X = clouds()[0][:, :3]
    assert not small(n_clusters=1, algorithm=None, **settings).fit(X).labels_.any()
    with pytest.raises(ValueError, match="a path from an input to an output needs 2"):
        small(n_clusters=2, algorithm=None, **(settings | {"max_density": 0.01})).fit(X)
    with pytest.raises(ValueError, match="images=True takes square images, got rows of 3"):
        small(n_clusters=1, images=True).fit(X)


def test_empty_clusters_are_told():
    X, _ = clouds()
    clusterer = small(n_clusters=30, max_iter=2, n_init=1)
    with pytest.warns(ConvergenceWarning, match="of n_clusters=30 clusters are empty") as caught:
        clusterer.fit(X)
    n_empty = 30 - len(set(clusterer.labels_))
    assert str(caught[0].message).startswith(f"{n_empty} of ")
    assert caught[0].filename == __file__


def test_limits():
    X, _ = clouds()
    assert 2 <= small(max_iter=2, n_init=3).fit(X).n_iter_ <= 6
    assert small(max_iter=None, max_evaluations=3000, n_init=2).fit(X).n_iter_ < 100
    assert small(max_iter=None, max_time=0.2, n_init=2).fit(X).n_iter_ >= 1


def test_it_says_how_far_it_is(capsys):
    X, _ = clouds()
    small(verbose=1, n_init=1, max_iter=3).fit(X)
    out = capsys.readouterr().out
    assert "Generation 3: loss" in out
    assert out.count("\n") == 3


def test_pictures():
    random = np.random.default_rng(0)
    which = np.arange(80) % 2
    X = np.zeros((80, 6, 6))
    for image, k, (row, column) in zip(X, which, random.integers(0, 3, (80, 2)), strict=True):
        image[row : row + 4, column + 1] = 1.0  # an upright bar
        if k == 1:
            image[row + 1, column : column + 4] = 1.0  # a cross
    clusterer = small(n_clusters=2, images=True).fit(X.reshape(80, 36))
    assert set(clusterer.labels_) == {0, 1}
    with pytest.raises(ValueError, match="images=True takes square images, got rows of 35"):
        small(images=True).fit(X.reshape(80, 36)[:, :35] + random.normal(size=(80, 35)))


def test_it_is_an_estimator_like_others(tmp_path):
    X, _ = clouds()
    clusterer = clone(small()).fit(X)
    again = pickle.loads(pickle.dumps(clusterer))
    assert np.array_equal(again.predict(X), clusterer.labels_)
    pipeline = make_pipeline(FunctionTransformer(), small())
    assert np.array_equal(pipeline.fit_predict(X), clusterer.labels_)
    assert np.array_equal(small().fit_predict(X), clusterer.labels_)
    clusterer.ticket_.save(tmp_path / "clusters.ticket")
    ticket = Ticket.load(tmp_path / "clusters.ticket")
    assert ticket.describe()["format_version"] == version_of(
        ticket.network, ticket.head, ticket.columns
    )
    assert ticket == clusterer.ticket_
    assert ticket.describe()["classes"] == [0, 1, 2]
    assert np.array_equal(ticket.predict(X), clusterer.labels_)


# Names


def test_clusters_are_named_by_a_handful_of_rows():
    X, which = clouds()
    clusterer = small().fit(X)
    names = np.array(["left", "right", "top"])
    handful = np.array([np.flatnonzero(which == k)[:2] for k in range(3)]).ravel()
    ticket = clusterer.name_clusters(X[handful], names[which[handful]])
    assert ticket.score(X, names[which]) == 1.0
    assert ticket.mask == clusterer.ticket_.mask
    assert Ticket.from_bytes(ticket.to_bytes()) == ticket
    assert clusterer.ticket_.head.labels.tolist() == [0, 1, 2]
    numbers = clusterer.name_clusters(X[handful], which[handful] * 10)
    assert numbers.score(X, which * 10) == 1.0


def test_rows_of_a_frame_are_named_by_its_columns():
    pandas = pytest.importorskip("pandas")
    X, which = clouds()
    frame = pandas.DataFrame(X, columns=list("abcdef"))
    names = np.array(["left", "right", "top"])[which]
    clusterer = small().fit(frame)
    ticket = clusterer.name_clusters(frame, pandas.Series(names))  # and no warning
    assert ticket == clusterer.name_clusters(frame, names.tolist())
    assert ticket.score(X, names) == 1.0
    with pytest.raises(ValueError, match="feature names should match"):
        clusterer.name_clusters(frame[list("bacdef")], names)
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        assert clusterer.name_clusters(X, names) == ticket


def test_names_may_be_objects_of_one_kind():
    X, which = clouds()
    clusterer = small().fit(X)
    for names in (np.array(["left", "right", "top"]), np.array([-7, 0, 2**62])):
        as_objects = np.array(names.tolist(), dtype=object)[which]
        assert clusterer.name_clusters(X, as_objects).score(X, names[which]) == 1.0


def test_a_cluster_that_no_row_names_keeps_its_number():
    X, _ = clouds()
    clusterer = small().fit(X)
    cluster = clusterer.labels_[0]
    ticket = clusterer.name_clusters(X[:1], ["mine"])
    assert ticket.head.labels[cluster] == "mine"
    rest = {f"cluster {k}" for k in range(3)} - {f"cluster {cluster}"}
    assert set(ticket.head.labels) == rest | {"mine"}
    labels = clusterer.name_clusters(X[:1], [-5]).head.labels
    assert labels[cluster] == -5
    assert max(np.delete(labels, cluster)) < -5
    other = {0, 1, 2} - {cluster}
    taken = clusterer.name_clusters(X[:1], [f"cluster {min(other)}"]).head.labels
    assert len(set(taken)) == 3


def test_each_name_goes_to_one_cluster_so_that_most_rows_are_right():
    X, which = clouds()
    clusterer = small().fit(X)
    y = np.array(["a", "b", "c"])[which]
    y[np.flatnonzero(which == 0)[:3]] = "b"  # a few are wrong
    assert clusterer.name_clusters(X, y).score(X, y) == pytest.approx(87 / 90)


def test_a_name_whose_rows_are_all_in_clusters_of_other_names_is_told():
    X, which = clouds()
    clusterer = small().fit(X)
    cloud = X[which == 0]
    with pytest.warns(UserWarning, match="no cluster is named 'b': its rows are in clusters"):
        ticket = clusterer.name_clusters(cloud, ["b"] + ["a"] * (len(cloud) - 1))
    assert set(ticket.predict(cloud)) == {"a"}
    assert "b" not in ticket.head.labels


def test_names_that_cannot_be_given_are_refused():
    X, which = clouds()
    clusterer = small()
    with pytest.raises(NotFittedError):
        clusterer.name_clusters(X, which)
    clusterer.fit(X)
    with pytest.raises(ValueError, match="y takes at most 3 names, one for each cluster, got 4"):
        clusterer.name_clusters(X[:4], [0, 1, 2, 3])
    with pytest.raises(ValueError, match="names that are text or integers, got float64"):
        clusterer.name_clusters(X[:2], [0.5, 1.0])
    for names, message in (
        ([1, "a"], "all of one kind, got 'a' and 1"),
        ([None, "a"], "got None"),
        ([True, 2], "got True"),
        ([0.5, "a"], "got 0.5"),
        ([2**70, 1], "of at most 64 bits"),
    ):
        with pytest.raises(
            ValueError, match=f"y takes names that are text or integers.* {message}"
        ):
            clusterer.name_clusters(X[:2], np.array(names, dtype=object))
    with pytest.raises(ValueError, match="y should be a 1d array"):
        clusterer.name_clusters(X[:2], [["a", "b"]] * 2)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        clusterer.name_clusters(X[:2], ["a"])
    with pytest.raises(ValueError, match="6 features"):
        clusterer.name_clusters(X[:1, :3], ["a"])


# What is refused


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_clusters": 0}, "n_clusters takes an integer from 1, got 0"),
        ({"n_clusters": True}, "n_clusters takes an integer from 1, got True"),
        ({"n_clusters": 2.0}, "n_clusters takes an integer from 1, got 2.0"),
        ({"n_clusters": 91}, "at least n_clusters=91 different rows, got n_samples=90"),
        ({"n_init": 0}, "n_init takes an integer from 1, got 0"),
        ({"max_iter": 0}, "max_iter takes an integer from 1 or None, got 0"),
        ({"max_time": 0}, "max_time takes seconds above 0 or None, got 0"),
        ({"validation_fraction": 1}, "validation_fraction takes a number between 0 and 1"),
        ({"hidden_layer_sizes": 0}, "hidden_layer_sizes takes an integer from 1"),
        ({"algorithm": None, "max_density": 0}, "max_density takes a number above 0 to 1"),
        ({"algorithm": "memetic"}, "algorithm takes an Algorithm or None, got 'memetic'"),
        ({"random_state": -1}, "random_state takes an integer"),
        ({"n_jobs": 0}, "n_jobs takes a number of threads"),
    ],
    ids=str,
)
def test_parameters_are_refused_by_name(settings, message):
    clusterer = small(**settings)
    with pytest.raises(ValueError, match=message):
        clusterer.fit(clouds()[0])
    with pytest.raises(NotFittedError):
        clusterer.predict(clouds()[0])


@pytest.mark.parametrize(
    ("X", "weights", "message"),
    [
        (np.arange(4.0)[:2, None], None, "n_clusters=3 different rows, got n_samples=2, of which"),
        (np.ones((50, 2)), None, "got n_samples=50, of which 1 are different"),
        (np.tile([[1.0, 2.0], [3.0, 4.0]], (25, 1)), None, "of which 2 are different"),
        (np.tile([[0.0], [-0.0], [1.0]], (9, 1)), None, "of which 2 are different"),
        (np.arange(9.0)[:, None], [1, 1] + [0] * 7, "got n_samples=2"),
        (
            [[0.0], [1e-9], [2e-9], [3e-9], [1e9]],
            None,
            "X takes at least n_clusters=3 rows that still differ when .* to 8 bits, got 2",
        ),
        ([[1.0], [np.inf], [3.0]], None, "infinity"),
        ([1.0, 2.0, 3.0], None, "Expected 2D array"),
        (np.zeros((0, 2)), None, "0 sample"),
        (np.arange(9.0)[:, None], [-1] * 9, "sample_weight takes numbers from 0"),
    ],
)
def test_rows_are_refused(X, weights, message):
    with pytest.raises(ValueError, match=message):
        small().fit(X, sample_weight=weights)


@pytest.mark.filterwarnings("ignore:.*clusters are empty")
@pytest.mark.parametrize("n_rows", [3, 4, 7])
def test_as_few_rows_as_clusters_are_enough(n_rows):
    X = np.arange(n_rows, dtype=float)[:, None] ** 2
    labels = small(n_init=1, max_iter=3).fit_predict(X)
    assert labels.shape == (n_rows,)


def test_its_controls_are_at_chance():
    """The same mask with its bits shuffled, or on other weights, knows nothing of the digits."""
    data = load("digits")
    clusterer = TicketClusterer(10, n_init=8, max_iter=80, random_state=0).fit(data.train.X)
    named = clusterer.name_clusters(*data.train)
    found = {one.name: one for one in controls(named, data, evaluations=20, draws=4)}
    assert found["ticket"].validation_accuracy > 0.7
    assert found["shuffled"].validation_accuracy < 0.25
    assert found["re-drawn"].validation_accuracy < 0.25

"""Tables as people have them: frames with categories, text, booleans and missing cells."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import get_tags

from scratchcard import Memetic, TicketClassifier, TicketClusterer, TicketRegressor

QUICK = Memetic(max_density=0.5, population=1, burst=300, generations=10)


def small(**settings):
    return TicketClassifier(20, algorithm=QUICK, random_state=0, **settings)


@pytest.fixture(scope="module")
def people():
    random = np.random.default_rng(0)
    n_rows = 240
    frame = pd.DataFrame(
        {
            "age": np.where(random.random(n_rows) < 0.1, np.nan, random.normal(50, 10, n_rows)),
            "job": random.choice(["baker", "cook", "guard"], n_rows),
            "size": pd.Categorical(random.choice(["S", "L"], n_rows)),
            "member": pd.array(random.random(n_rows) < 0.5, dtype="boolean"),
            "children": pd.array(random.choice([0, 1, 2, None], n_rows), dtype="Int64"),
            "planet": "earth",
        }
    )
    y = np.where((frame["age"].fillna(60) > 52) ^ (frame["job"] == "baker"), "yes", "no")
    return frame, y


def test_frames_of_all_libraries_give_the_same_ticket(people):
    frame, y = people
    found = small().fit(frame, y)
    arrow = pa.Table.from_pandas(frame, preserve_index=False)
    for other in (arrow, pl.from_arrow(arrow)):
        again = small().fit(other, y)
        assert again.ticket_ == found.ticket_
        assert np.array_equal(again.predict(other), found.predict(frame))
        assert again.feature_names_in_.tolist() == frame.columns.tolist()
    assert found.score(frame, y) > 0.65
    assert np.array_equal(found.ticket_.predict(frame[frame.columns[::-1]]), found.predict(frame))
    assert np.array_equal(pickle.loads(pickle.dumps(found)).predict(frame), found.predict(frame))


def test_a_table_is_cross_validated(people):
    frame, y = people
    rare = frame.assign(children=frame["children"].fillna(0))
    rare.loc[3, "children"] = None  # in one fold no training row lacks it
    assert cross_val_score(clone(small()), rare, y, cv=3).min() > 0.6


def test_other_columns_are_refused(people):
    frame, y = people
    found = small().fit(frame, y)
    for other in (frame[frame.columns[::-1]], frame.drop(columns="job"), frame.assign(new=1)):
        with pytest.raises(ValueError, match="feature names should match"):
            found.predict(other)
    with pytest.raises(ValueError, match="'age' takes numbers, got 'old'"):
        found.predict(frame.assign(age="old"))


def test_categories_by_place_name_and_flag():
    random = np.random.default_rng(1)
    X = random.choice([1.0, 2.0, 3.0], (200, 2))
    y = X[:, 0] == 2
    found = [
        small(categorical_features=given).fit(X, y) for given in ([0], np.array([0]), [True, False])
    ]
    assert found[0].ticket_ == found[1].ticket_ == found[2].ticket_
    assert found[0].ticket_.columns.columns[0].values == ("1", "2", "3")
    frame = pd.DataFrame(X, columns=["a", "b"])
    named = small(categorical_features=["a"]).fit(frame, y)
    assert named.ticket_.without_names() == found[0].ticket_
    assert found[0].score(X, y) == 1.0
    with pytest.raises(ValueError, match="takes numbers, got 'x'"):
        small(categorical_features=None).fit(pd.DataFrame({"a": ["x", "y"] * 9}), [0, 1] * 9)
    for wrong in ("all", 3.5, [[1]], [1.5]):
        with pytest.raises(ValueError, match="categorical_features takes"):
            small(categorical_features=wrong).fit(X, y)


def test_values_that_no_training_row_had(people):
    frame, y = people
    found = small().fit(frame, y)
    some = frame.assign(job=frame["job"].where(frame["job"] != "cook", "diver"))
    assert set(found.predict(some)) <= {"yes", "no"}
    with pytest.warns(UserWarning, match="'job': none of 240 cells has a value"):
        found.predict(frame.assign(job="diver"))


def test_a_warm_start_keeps_its_columns(people):
    frame, y = people
    found = small(warm_start=True).fit(frame, y)
    loss = found.loss_
    found.fit(frame, y)
    assert found.loss_ <= loss
    assert np.array_equal(found.ticket_.predict(frame), found.predict(frame))


def test_numbers_and_clusters_of_tables(people):
    frame, _ = people
    age = frame["age"].fillna(50)
    regressor = TicketRegressor(20, algorithm=QUICK, random_state=0).fit(frame, age)
    assert regressor.score(frame, age) > 0.5
    clusterer = TicketClusterer(2, n_init=2, max_iter=5, random_state=0).fit(frame)
    assert np.array_equal(clusterer.predict(frame), clusterer.labels_)
    named = clusterer.name_clusters(frame[:20], ["a", "b"] * 10)
    assert np.array_equal(named.outputs(frame), clusterer.ticket_.outputs(frame))


def test_what_scikit_learn_is_told():
    for estimator in (small(), TicketRegressor(), TicketClusterer()):
        assert get_tags(estimator).input_tags.allow_nan


def test_numbers_that_come_as_text_may_be_missing(people):
    frame, y = people
    full = frame.assign(age=frame["age"].fillna(50.0))
    found = small().fit(full, y)
    lacks = full.assign(age=full["age"].where(np.arange(len(full)) > 3))
    texts = [None if np.isnan(age) else repr(age) for age in lacks["age"].tolist()]
    assert np.array_equal(
        found.decision_function(full.assign(age=texts)), found.decision_function(lacks)
    )


def test_a_fit_that_fails_changes_no_answer(people):
    frame, y = people
    full = frame.assign(age=frame["age"].fillna(50.0))
    found = TicketClassifier(20, max_iter=2, random_state=0).fit(full, y)
    expected = found.decision_function(frame)
    with pytest.raises(ValueError, match="max_density"):
        found.set_params(max_density=7).fit(full.assign(age=full["age"] * 100), y)
    assert np.array_equal(found.decision_function(frame), expected)


@pytest.mark.parametrize(
    "categories",
    [["jop"], [6], [-1], ["age", 99], [True, False], [False] * 7],
    ids=["name", "place", "negative", "both", "too few", "too many"],
)
def test_categories_that_are_not_there_are_refused(people, categories):
    frame, y = people
    with pytest.raises(ValueError, match="categorical_features takes"):
        small(categorical_features=categories).fit(frame, y)
    with pytest.raises(ValueError, match="categorical_features takes"):
        small(categorical_features=categories).fit(np.ones((len(y), 6)), y)


def test_places_and_names_are_taken_side_by_side(people):
    frame, y = people
    mixed, names, flags = (
        small(categorical_features=given).fit(frame, y).ticket_
        for given in (
            [3, "children"],
            ["member", "children"],
            np.array([False, False, False, True, True, False]),
        )
    )
    assert mixed == names == flags


@pytest.mark.parametrize("column", [pd.Series([1.0, 2.0]), pl.Series([1.0, 2.0])])
def test_a_column_alone_is_refused(column):
    with pytest.raises(ValueError, match="X takes"):
        small().fit(column, [0, 1])


def test_a_stream_is_read(people):
    frame, y = people
    arrow = pa.Table.from_pandas(frame, preserve_index=False)
    assert small().fit(arrow.to_reader(), y).ticket_ == small().fit(arrow, y).ticket_


def test_a_teacher_sees_categories_as_they_are():
    random = np.random.default_rng(0)
    numbers = random.choice([3.0, 7.0, 8.0], (60, 1))
    teacher = DecisionTreeClassifier().fit(numbers, (numbers[:, 0] == 7).astype(int))
    found = small(categorical_features=[0]).fit(numbers, teacher=teacher)
    assert found.score(numbers, teacher.predict(numbers)) == 1
    text = random.choice(["a", "b"], (60, 1)).astype(object)
    pipeline = make_pipeline(OneHotEncoder(), DecisionTreeClassifier())
    pipeline.fit(text, text[:, 0] == "a")
    found = small(categorical_features=[0]).fit(text, teacher=pipeline)
    assert found.score(text, pipeline.predict(text)) == 1


def test_a_clusterer_takes_cells_that_only_rows_of_no_weight_lack():
    random = np.random.default_rng(0)
    X = random.normal(size=(80, 3)) + 6 * random.integers(0, 2, (80, 1))
    X[5, 1] = np.nan
    weights = np.ones(80)
    weights[5] = 0
    found = TicketClusterer(2, random_state=0, max_iter=2, n_init=1).fit(X, sample_weight=weights)
    assert np.array_equal(found.labels_, found.predict(X))


def test_a_warm_start_does_not_read_cells_of_rows_without_weight(people):
    frame, y = people
    full = frame.assign(age=frame["age"].fillna(50.0))
    texts = [repr(age) for age in full["age"].tolist()]
    texts[4] = "old"
    weights = np.ones(len(y))
    weights[4] = 0
    found = small(warm_start=True).fit(full, y)
    with pytest.raises(ValueError, match=r"'age' takes numbers, got 'old' in row 5"):
        found.fit(full.assign(age=texts), y)
    found.fit(full.assign(age=texts), y, weights)


def test_lists_may_lack_numbers():
    rows, y = [[1, None], [2, 3], [3, 4], [None, 4]] * 5, [0, 1, 0, 1] * 5
    expected = small().fit(np.array(rows, float), y)
    assert small().fit(rows, y).ticket_ == expected.ticket_
    assert np.array_equal(expected.predict(rows), expected.predict(np.array(rows, float)))
    with pytest.raises(ValueError, match="takes numbers, got 'a'"):
        small().fit([["a", None], ["b", None]], [0, 1])


def test_columns_that_a_ticket_does_not_read_may_hold_anything(people):
    frame, y = people
    ticket = small().fit(frame, y).ticket_
    expected = ticket.outputs(frame)
    odd = frame.assign(
        planet=pd.Timestamp(2020, 1, 1),
        when=pd.Timestamp(2020, 1, 1),
        far=np.inf,
        lists=[[1, 2]] * len(frame),
        mixed=pd.Series(["x", 1] * (len(frame) // 2), dtype=object),
    )
    assert np.array_equal(ticket.outputs(odd), expected)
    assert np.array_equal(ticket.outputs(odd[odd.columns[::-1]]), expected)
    twice = pd.concat([odd, odd[["when"]]], axis=1)
    assert np.array_equal(ticket.outputs(twice), expected)
    plain = odd.drop(columns="mixed")
    for other in (pa.Table.from_pandas(plain), pl.from_pandas(plain)):
        assert np.array_equal(ticket.outputs(other), expected)
    columns = {name: odd[name].astype(object).where(odd[name].notna(), None) for name in odd}
    assert np.array_equal(ticket.outputs(columns), expected)
    with pytest.raises(ValueError, match="X lacks the column 'age'"):
        ticket.outputs(frame.drop(columns="age"))

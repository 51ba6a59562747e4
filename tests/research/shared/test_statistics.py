"""Statistics of runs agree with textbooks: means, intervals, paired tests, corrections."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from accuracies import runs
from scratchcard.research.shared.statistics import (
    compared,
    described,
    holm,
    mean_interval,
    paired,
    pairs_needed,
    remark,
    signed_rank,
)


def test_means_deviations_and_intervals_are_the_textbooks():
    table = described(runs(a=[0.90, 0.92, 0.97], b=[0.5, 0.5, 0.5], c=[0.7]))
    assert list(table.index) == ["a", "b", "c"]
    a = table.loc["a"]
    assert a["mean"] == pytest.approx(0.93)
    assert a["deviation"] == pytest.approx(np.sqrt(0.0013))
    half = 4.302653 * a["deviation"] / np.sqrt(3)  # Student's t, 2 degrees of freedom, 97.5 %
    assert (a["low"], a["high"]) == pytest.approx((0.93 - half, 0.93 + half))
    assert a["median"] == 0.92
    assert tuple(table.loc["b", ["mean", "low", "high", "deviation"]]) == (0.5, 0.5, 0.5, 0.0)
    assert table.loc["c", "runs"] == 1
    assert np.isnan(table.loc["c", ["deviation", "low", "high"]].to_numpy(float)).all()


def test_intervals_hold_the_true_mean_as_often_as_they_say():
    draws = np.random.default_rng(0).normal(3.0, 2.0, (400, 8))
    held = [low <= 3.0 <= high for _, low, high in map(mean_interval, draws)]
    assert 0.92 < np.mean(held) < 0.98


def test_values_are_paired_by_seed_whatever_their_order():
    mixed = runs(a=[0.1, 0.2, 0.3], b=[0.4, 0.5]).sample(frac=1, random_state=1)
    table = paired(mixed)
    assert table.loc[1, ["a", "b"]].tolist() == [0.2, 0.5]
    assert np.isnan(table.loc[2, "b"])
    with pytest.raises(ValueError, match=r"seed 0, method a"):
        paired(pd.concat([mixed, runs(a=[0.1])]))


def test_tests_of_a_known_example():
    """Differences 1 … 8 points, of which the smallest goes the other way."""
    steps = np.array([-1, 2, 3, 4, 5, 6, 7, 8]) / 100
    table = compared(runs(ours=np.full(8, 0.5), theirs=0.5 - steps))
    row = table.loc["theirs"]
    assert row["p"] == pytest.approx(4 / 2**8)  # rank sums 0 and 1, on either side
    assert row["effect"] == pytest.approx(-(35 - 1) / 36)
    assert row["difference"] == pytest.approx(-steps.mean())
    assert (row["better"], row["equal"], row["worse"], row["pairs"]) == (1, 0, 7, 8)
    assert row["low"] < row["difference"] < row["high"] < 0
    assert row["significant"]


def test_any_method_can_be_the_reference():
    data = runs(a=[0.1, 0.2, 0.4], b=[0.2, 0.4, 0.8])
    one, other = compared(data, "a").loc["b"], compared(data, "b").loc["a"]
    assert one["difference"] == -other["difference"]
    assert one["effect"] == -other["effect"] == 1
    assert one["p"] == other["p"]
    with pytest.raises(ValueError, match="reference takes a, b, got 'c'"):
        compared(data, "c")


def test_equal_methods_differ_in_nothing():
    row = compared(runs(a=[0.1, 0.2, 0.3], b=[0.1, 0.2, 0.3])).loc["b"]
    assert (row["p"], row["effect"], row["difference"], row["equal"]) == (1, 0, 0, 3)


def test_methods_without_common_seeds_are_not_tested():
    data = runs(a=[0.1, 0.2], b=[0.3], c=[0.3, 0.4])
    data.loc[data["method"] == "b", "seed"] = 7
    table = compared(data)
    assert table.loc["b", "pairs"] == 0
    assert np.isnan(table.loc["b", ["p", "p_holm", "difference"]].to_numpy(float)).all()
    assert table.loc["c", "p_holm"] == table.loc["c", "p"]


@settings(max_examples=40)
@given(
    st.lists(st.sampled_from([-0.02, -0.01, 0.0, 0.01, 0.02, 0.1 + 0.2 - 0.3]), max_size=60),
)
def test_signed_rank_never_warns_and_mirrors(differences):
    """pytest turns warnings into errors."""
    found, mirrored = signed_rank(np.array(differences)), signed_rank(-np.array(differences))
    if not differences:
        assert np.isnan(found.p)
        return
    assert 0 <= found.p <= 1
    assert found.p == pytest.approx(mirrored.p)
    assert -1 <= found.effect <= 1
    assert found.effect == pytest.approx(-mirrored.effect)


@settings(max_examples=40)
@given(st.lists(st.integers(1, 1000), min_size=1, max_size=8, unique=True), st.data())
def test_p_is_exact_for_few_differences(sizes, data):
    """All signs of the differences are equally likely: count those as extreme."""
    signs = data.draw(st.lists(st.sampled_from([-1, 1]), min_size=len(sizes), max_size=len(sizes)))
    ranks = stats.rankdata(sizes)
    sums = np.array([np.dot(s, ranks) for s in itertools.product([-1, 1], repeat=len(sizes))])
    expected = np.mean(np.abs(sums) >= abs(np.dot(signs, ranks)))
    assert signed_rank(np.array(signs) * sizes / 1000).p == pytest.approx(expected)


def test_holm_corrects_step_by_step():
    assert holm(np.array([0.01, 0.04, 0.03, np.nan])) == pytest.approx(
        [0.03, 0.06, 0.06, np.nan], nan_ok=True
    )


@pytest.mark.parametrize("tests", [1, 2, 3, 6, 20])
def test_with_as_many_pairs_as_needed_a_difference_can_be_significant(tests):
    for n, possible in ((pairs_needed(tests), True), (pairs_needed(tests) - 1, False)):
        least = signed_rank(np.arange(1, n + 1) / 100).p
        assert (holm(np.array([least] + [1.0] * (tests - 1)))[0] < 0.05) == possible


def test_too_few_pairs_are_remarked_on():
    assert pairs_needed() == 6
    assert "With 3 pairs no difference can be significant" in remark(
        compared(runs(a=[0.1] * 3, b=[0.2] * 3))
    )
    assert remark(compared(runs(a=[0.1] * 6, b=[0.2] * 6))) == ""

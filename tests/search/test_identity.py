"""What tells one search from another: the same in every process, and different where it matters."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial

import numpy as np
import pytest

from scratchcard import Limits
from scratchcard.objectives import OBJECTIVES, custom_objective, get_objective
from scratchcard.search import CheckpointError, Genetic, Memetic
from scratchcard.search.identity import check_same, fingerprint, settings_of


def hinge(logits, target, out):
    out[0] = max(0.0, 1.0 - logits[target])


def other_hinge(logits, target, out):
    out[0] = max(0.0, 2.0 - logits[target])


def mutate_a(network, masks, random):
    return masks


def mutate_b(network, masks, random):
    return 1 - masks


def around(factor):
    def function(x):
        return factor * x

    return function


class Plain:
    """An object that says nothing of itself."""

    def __init__(self, number):
        self.number, self.own = number, self


DIFFERENT = [
    (Memetic(), Memetic(burst=5)),
    (Genetic(mutation=mutate_a), Genetic(mutation=mutate_b)),
    (Limits(generations=3), Limits(evaluations=3)),
    (custom_objective("hinge", hinge), custom_objective("hinge", other_hinge)),
    (custom_objective("margin", hinge), get_objective("margin")),
    (get_objective("quantile:0.2"), get_objective("quantile:0.3")),
    (around(1.5), around(2.5)),
    (lambda x: x + 1, lambda x: x + 2),
    (lambda x: x in {"a", "b"}, lambda x: x in {"a", "c"}),
    (Plain(1), Plain(2)),
    (np.zeros(2000), np.eye(1, 2000, 1000)[0]),
]


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_settings_that_differ_are_told_apart(one, other):
    assert settings_of("it", one) == settings_of("it", one)
    assert settings_of("it", one) != settings_of("it", other)


def test_what_is_made_again_is_the_same():
    for make in (
        lambda: custom_objective("hinge", hinge),
        lambda: get_objective("quantile:0.2"),
        lambda: around(1.5),
        lambda: Plain(1),
        lambda: Genetic(mutation=mutate_a),
    ):
        assert settings_of("it", make()) == settings_of("it", make())


def test_built_in_objectives_are_their_names():
    for name, objective in OBJECTIVES.items():
        assert settings_of("objective", objective) == {"objective": name}


SHOW = """
from scratchcard.search.identity import settings_of
from test_identity import DIFFERENT
print([settings_of("it", one) for pair in DIFFERENT for one in pair])
"""


def test_another_process_says_the_same():
    seed = {"PYTHONHASHSEED": "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"}
    paths = os.pathsep.join([os.path.dirname(__file__), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", SHOW],
        env={**os.environ, **seed, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    own = [settings_of("it", one) for pair in DIFFERENT for one in pair]
    assert done.stdout.replace("test_identity.", f"{__name__}.") == f"{own}\n"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (np.zeros(4, np.int32), np.zeros(4, np.int64)),
        (np.zeros((2, 3)), np.zeros((3, 2))),
        (np.arange(3), np.arange(3)[::-1]),
        (np.array(["a", None], object), np.array(["a", "None"], object)),
        (None, b""),
    ],
)
def test_arrays_that_differ_have_other_fingerprints(one, other):
    assert fingerprint(one) == fingerprint(one)
    assert fingerprint(one) != fingerprint(other)


def test_all_that_differs_is_named():
    check_same("it", {"a": "1"}, {"a": "1"})
    rows = "95 rows, " + fingerprint(b"")
    message = (
        r"it is of another search: b: 2 then, absent now; "
        r"c: 95 rows, [0-9a-f]{6}… then, none now; d: absent then, 4 now"
    )
    with pytest.raises(CheckpointError, match=message):
        check_same("it", {"a": "1", "b": "2", "c": rows}, {"a": "1", "c": "none", "d": "4"})


class Flip:
    """An operator that is an object."""

    def __init__(self, rate):
        self.rate = rate

    def __call__(self, masks):
        return masks


def by_keyword(rate):
    def flip(masks, *, share=rate):
        return masks

    return flip


@pytest.mark.parametrize("make", [Flip, lambda rate: partial(np.power, rate), by_keyword])
def test_callables_that_do_something_else_are_told_apart(make):
    assert settings_of("mutation", make(0.1)) == settings_of("mutation", make(0.1))
    assert settings_of("mutation", make(0.1)) != settings_of("mutation", make(0.2))

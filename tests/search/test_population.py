"""The state of a search as plain data: saved, loaded, refused when damaged, and gone on with."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import contracts
from scratchcard import Limits, Network, Rows, evolve
from scratchcard.search import (
    Callback,
    Checkpoint,
    CheckpointError,
    Genetic,
    Memetic,
    Population,
)
from scratchcard.search.sealed import write_sealed

NETWORK = Network.dense((9, 12, 3), seed=1)


class Dying(Callback):
    """Ends the search at a generation as if the process had died there."""

    def __init__(self, generation):
        self.generation = generation

    def on_generation(self, loop):
        if loop.generation == self.generation:
            raise RuntimeError("killed")


def rows_of_size(n):
    return contracts.random_rows(NETWORK, n, seed=n)


@pytest.mark.parametrize(
    ("algorithm", "n_rows", "settings"),
    [
        (Memetic(burst=3000), 5000, {"n_jobs": 2}),  # windows that move on
        (Memetic(burst=300, population=1), 20_000, {"n_jobs": 2}),  # rows that are drawn
        (Memetic(burst=100), 300, {"augment": "shift"}),
        (Memetic(burst=60), 200, {"patience": 3}),
        (Memetic(burst=300, max_bits=300, max_density=0.4), 200, {"n_jobs": 2}),
        (Genetic(population=12), 300, {}),
        (Genetic("GA (adaptive AB)", population=9, bound=0.4, draws=6), 300, {}),
    ],
)
@pytest.mark.parametrize("dies_after", [1, 4])
def test_a_search_that_died_ends_as_if_it_had_not(
    tmp_path, algorithm, n_rows, settings, dies_after
):
    path = tmp_path / "search.npz"
    settings = dict(settings)
    patience = settings.pop("patience", None)
    limits = Limits(generations=8, patience=patience)
    given = {"algorithm": algorithm, "limits": limits, "seed": 3, **settings}
    rows = (rows_of_size(n_rows), rows_of_size(50))
    whole = evolve(NETWORK, *rows, **given)
    if whole.generations > dies_after:
        with pytest.raises(RuntimeError, match="killed"):
            evolve(NETWORK, *rows, callbacks=[Checkpoint(path, 0), Dying(dies_after)], **given)
        given["n_jobs"] = 1
        again = evolve(NETWORK, *rows, resume=Population.load(path), **given)
        assert again.mask == whole.mask
        assert again.temperature == whole.temperature
        assert again.objective == whole.objective
        assert again.generations == whole.generations
        assert again.evaluations == whole.evaluations
        assert again.stopped_by == whole.stopped_by
    assert list(tmp_path.iterdir()) in ([], [path])


def test_a_checkpoint_is_written_when_it_is_due_and_at_the_end(tmp_path):
    path, sizes = tmp_path / "search.npz", []

    class Looking(Callback):
        def on_generation(self, loop):
            sizes.append(path.exists())

    evolve(
        NETWORK,
        rows_of_size(60),
        algorithm=Memetic(burst=5),
        limits=Limits(generations=3),
        callbacks=[Looking(), Checkpoint(path, 1000.0)],
    )
    assert sizes == [False, True, True]
    assert Population.load(path).generation == 3


@pytest.mark.parametrize("seconds", [-1.0, np.inf, np.nan])
def test_a_time_between_checkpoints_that_is_none_is_refused(seconds):
    with pytest.raises(ValueError, match="seconds takes a number from 0"):
        Checkpoint("search.npz", seconds)


def a_population():
    masks = np.random.default_rng(0).integers(0, 2, (3, NETWORK.n_weights)).astype(np.uint8)
    arrays = {"random": np.arange(6, dtype=np.uint64), "a name": np.array([0.5])}
    return Population("memetic", 7, 1234, masks, np.array([0.1, 0.2, np.inf]), arrays)


def test_a_population_is_what_was_saved(tmp_path):
    saved = a_population()
    saved.save(tmp_path / "population")
    loaded = Population.load(tmp_path / "population")
    assert (loaded.algorithm, loaded.generation, loaded.evaluations) == ("memetic", 7, 1234)
    np.testing.assert_array_equal(loaded.masks, saved.masks)
    np.testing.assert_array_equal(loaded.objectives, saved.objectives)
    assert loaded.arrays.keys() == saved.arrays.keys()
    for name, array in saved.arrays.items():
        np.testing.assert_array_equal(loaded.arrays[name], array)


@given(data=st.data())
@settings(max_examples=60)
def test_a_damaged_file_is_refused_or_says_the_same(data, tmp_path_factory):
    path = tmp_path_factory.mktemp("damaged") / "population"
    a_population().save(path)
    content = bytearray(path.read_bytes())
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content) - 1))]
    else:
        content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)
    try:
        loaded = Population.load(path)
    except CheckpointError as error:
        assert str(path) in str(error)  # noqa: PT017
    else:
        assert loaded.masks.dtype == np.uint8
        assert loaded.objectives.shape == loaded.masks.shape[:1]


def test_what_is_no_population_is_refused(tmp_path):
    path = tmp_path / "population"
    for values, reason in (({"kind": "search"}, "it holds a search"), ({}, "no 'kind'")):
        write_sealed(path, values, {})
        with pytest.raises(CheckpointError, match=f"population holds no population: {reason}"):
            Population.load(path)


@pytest.mark.parametrize(
    "changes",
    [
        {"n_weights": -8},
        {"n_weights": 8.0},
        {"n_weights": 10**30},
        {"generation": -1},
        {"evaluations": None},
        {"seconds": float("nan")},
        {"seconds": -1.0},
        {"identity": {"seed": 3}},
        {"identity": 7},
        {"masks": np.zeros((0, 18), np.uint8)},
        {"masks": np.zeros((3, 17), np.uint8)},
        {"masks": np.zeros(18, np.uint8)},
        {"masks": np.zeros((3, 18), np.int64)},
        {"objectives": np.zeros(2)},
        {"objectives": np.zeros(3, np.int64)},
        {"objectives": None},
    ],
    ids=str,
)
def test_parts_that_do_not_agree_are_refused(tmp_path, changes):
    head, arrays = a_population().parts()
    everything = {**head, **arrays, **changes}
    arrays = {n: v for n, v in everything.items() if isinstance(v, np.ndarray)}
    head = {n: v for n, v in everything.items() if n not in arrays and v is not None}
    write_sealed(tmp_path / "population", {"kind": "population", **head}, arrays)
    with pytest.raises(CheckpointError, match="population holds no population"):
        Population.load(tmp_path / "population")


def test_a_missing_file_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        Population.load(tmp_path / "none")


def test_a_population_of_another_search_is_refused():
    found = a_population()
    other = Population("genetic", 1, 1, found.masks[:, :5], found.objectives, {})
    rows = Rows(np.zeros((4, 9), np.int16), np.array([0, 1, 2, 0]))
    with pytest.raises(ValueError, match=r"resume takes .*memetic.* got .*genetic"):
        evolve(NETWORK, rows, resume=other)
    with pytest.raises(ValueError, match=r"resume takes masks of 144 weights, got 5"):
        evolve(NETWORK, rows, resume=Population("memetic", 1, 1, other.masks, other.objectives))

"""The genetic algorithm: the paper's rules hold, on either engine and any number of threads."""

from __future__ import annotations

import itertools
import math
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import hypergeom

from registered import OF_CLASSES
from scratchcard.datasets import load
from scratchcard.engines import DenseEngine, IncrementalEngine
from scratchcard.objectives import OBJECTIVES, get_objective
from scratchcard.objectives.counts import ACCURACY
from scratchcard.objectives.tempering import own_temperature
from scratchcard.rows import Rows
from scratchcard.search import Genetic, Limits, evolve
from scratchcard.search.genetic import arrivals
from scratchcard.search.genetic.arrivals import FLOOR, Arrivals
from scratchcard.search.genetic.evaluation import Evaluator
from scratchcard.search.genetic.operators import (
    flip_bit,
    lexicographic,
    random_masks,
    uniform_crossover,
)
from scratchcard.search.genetic.presets import PRESETS
from scratchcard.search.genetic.screening import CHANCE, LEAST_RATIO, SAMPLES, Screening, margin
from scratchcard.search.task import Task
from scratchcard.search.temperature import search_temperature
from scratchcard.ticket.mask import Mask
from scratchcard.ticket.network import Network
from scratchcard.ticket.scaling import InputScaling

AB = [name for name in PRESETS if name != "GA"]


@cache
def problem(name="digits-2", hidden=(8,), activation="relu"):
    data = load(name)
    network = Network.dense(
        (data.n_features, *hidden, data.n_classes), seed=3, activation=activation
    )
    scaling = InputScaling.fit(data.train.X)
    return network, *(
        Rows(scaling.quantise(part.X, network.input_limit)[:400], data.targets(part)[:400])
        for part in (data.train, data.validation)
    )


def start(settings=None, objective="cross_entropy", seed=0, n_jobs=1, mask=None, of=()):
    network, rows, _ = problem(*of)
    temperature = search_temperature(network, rows, 0.5)
    task = Task(network, rows, get_objective(objective), temperature, seed, n_jobs, mask)
    return (settings or Genetic(population=20, migrants=2)).start(task)


def live(search, generations):
    """Every generation's masks, objectives and count of evaluations."""
    lived = []
    for _ in range(generations):
        search.step(0.0)
        lived.append((search.masks.copy(), search.objectives.copy(), search.evaluations))
    search.close()
    return lived


def same(one, other):
    return all(
        np.array_equal(a[0], b[0]) and np.array_equal(a[1], b[1]) and a[2] == b[2]
        for a, b in zip(one, other, strict=True)
    )


# -- the same decisions ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("preset", "objective", "seed", "of"),
    [
        ("GA", "cross_entropy", 0, ("digits", (12,))),
        ("GA", "accuracy", 1, ("digits", (12,))),
        ("GA", "balanced_accuracy", 2, ("digits", (8, 8))),
        ("GA", "cross_entropy", 3, ("digits", (8, 8), "step")),
        ("GA (static AB)", "accuracy", 0, ()),
        ("GA (static AB)", "cross_entropy", 1, ()),
        ("GA (adaptive AB)", "accuracy", 0, ()),
        ("GA (adaptive AB)", "cross_entropy", 1, ("digits", (8,))),
    ],
)
def test_both_engines_make_the_same_decisions(preset, objective, seed, of):
    lived = {}
    for engine in ("incremental", "dense"):
        search = start(
            Genetic(preset, population=20, migrants=3, draws=20, engine=engine),
            objective,
            seed,
            of=of,
        )
        lived[engine] = live(search, 60 if preset == "GA" else 15)
    assert same(lived["incremental"], lived["dense"])


@cache
def crowd(n_rows, n_classes):
    """A network of two features and rows whose labels a search can learn."""
    random = np.random.default_rng(n_rows)
    network = Network.dense((2, 10, n_classes), seed=1)
    centres = random.normal(0, 1, (n_classes, 2))
    targets = random.integers(0, n_classes, n_rows)
    features = centres[targets] + random.normal(0, 0.4, (n_rows, 2))
    inputs = InputScaling.fit(features).quantise(features, network.input_limit)
    return network, Rows(inputs, targets, random.integers(0, 4, n_rows))


@pytest.mark.parametrize("n_rows", [700, 4500])  # small blocks, large ones
@pytest.mark.parametrize("objective", ["cross_entropy", "accuracy", "brier", "margin"])
def test_leaving_hopeless_masks_early_changes_nothing(objective, n_rows, monkeypatch):
    """A user's selection gets true values, so that with one every mask is computed to its end."""
    network, rows = crowd(n_rows, 3)
    temperature = search_temperature(network, rows, 0.5)
    values = []
    evaluate = Evaluator.__call__

    def spy(evaluator, masks, worst=math.inf):
        values.append(evaluate(evaluator, masks, worst))
        return values[-1]

    monkeypatch.setattr(Evaluator, "__call__", spy)
    lived = []
    for engine, n_jobs, selection in (
        ("incremental", 1, lambda *of: lexicographic(*of)),
        ("incremental", 1, "lexicographic"),
        ("incremental", 2, "lexicographic"),
        ("dense", 1, "lexicographic"),
    ):
        settings = Genetic(population=12, migrants=4, selection=selection, engine=engine)
        task = Task(network, rows, get_objective(objective), temperature, 0, n_jobs)
        lived.append(live(settings.start(task), 25))
        assert np.isinf(np.concatenate(values)).any() == isinstance(selection, str)
        values.clear()
    assert all(same(lived[0], other) for other in lived[1:])


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("name", OF_CLASSES)
def test_sums_of_a_mask_above_the_bound_show_it_and_all_others_are_exact(name, n_jobs):
    network, rows = crowd(4500, 3)
    temperature = search_temperature(network, rows, 0.5)
    engine = IncrementalEngine(network, rows, OBJECTIVES[name], temperature)
    masks = random_masks(network, 9, 0.5, np.random.default_rng(0))
    exact = engine.evaluate(masks)
    values = engine.values(exact)
    least, second = np.sort(values)[:2]
    for worst in (second, least / 10):
        sums = engine.evaluate(masks, n_jobs=n_jobs, worst=worst)
        good = values <= worst
        assert np.array_equal(sums[good], exact[good])
        assert (engine.values(sums[~good]) > worst).all()
    if OBJECTIVES[name].only_grows:
        assert (sums < exact).all()
    else:
        assert np.array_equal(sums, exact)


def test_anchors_are_used_and_change_nothing():
    """In a population that has converged, children are trials of a kept state."""
    settings = Genetic(population=20, migrants=1)
    search = start(settings, of=("digits", (12,)))
    lived = live(search, 150)
    assert search.fitness.anchors
    temperature = search.fitness.engine.temperature
    engine = DenseEngine(search.network, search.task.rows, search.task.objective, temperature)
    masks, objectives, _ = lived[-1]
    assert [engine.value(engine.sums(engine.state(mask))) for mask in masks] == list(objectives)


@pytest.mark.parametrize("preset", ["GA", "GA (adaptive AB)"])
def test_the_number_of_threads_does_not_matter(preset):
    lived = [
        live(start(Genetic(preset, population=30, draws=20), n_jobs=n, of=("digits", (12,))), 80)
        for n in (1, 3)
    ]
    assert same(*lived)


def test_a_seed_decides_everything_and_zero_is_a_seed():
    first, again, other = (live(start(seed=seed), 5) for seed in (0, 0, 1))
    assert same(first, again)
    assert not same(first, other)


@settings(max_examples=30)
@given(st.data())
def test_sums_of_many_masks_are_those_of_the_dense_engine(data):
    network = Network.dense(
        (5, *data.draw(st.lists(st.integers(1, 9), max_size=2)), 3),
        seed=data.draw(st.integers(0, 99)),
        activation=data.draw(st.sampled_from(["relu", "step", "sign"])),
    )
    random = np.random.default_rng(data.draw(st.integers(0, 99)))
    limit = network.input_limit
    rows = Rows(
        random.integers(-limit, limit + 1, (50, 5)),
        random.integers(0, 3, 50),
        random.integers(0, 4, 50) + (np.arange(50) == 0),
    )
    objective = OBJECTIVES[data.draw(st.sampled_from(list(OF_CLASSES)))]
    temperature = search_temperature(network, rows, 0.5)
    incremental = IncrementalEngine(network, rows, objective, temperature, block_rows=16)
    dense = DenseEngine(network, rows, objective, temperature)
    masks = random_masks(network, 6, data.draw(st.floats(0, 1)), random)
    near = incremental.state(masks[0])
    assert np.array_equal(incremental.evaluate(masks), dense.evaluate(masks))
    assert np.array_equal(incremental.evaluate(masks, near), dense.evaluate(masks))
    assert incremental.evaluate(masks[:0]).shape[0] == 0


# -- the paper's rules -----------------------------------------------------------------------------


def test_the_first_masks_keep_half_of_the_weights_and_the_population_keeps_its_size():
    search = start(Genetic())
    assert search.masks.shape == (100, search.network.n_weights)
    assert abs(search.masks.mean() - 0.5) < 0.01
    live(search, 3)
    assert len(search.masks) == 100


def test_the_best_never_gets_worse_and_the_population_is_in_order():
    lived = live(start(), 40)
    best = [objectives[0] for _, objectives, _ in lived]
    assert best == sorted(best, reverse=True)
    assert best[-1] < best[0]
    for masks, objectives, _ in lived:
        ranks = list(zip(objectives, masks.sum(axis=1), strict=True))
        assert ranks == sorted(ranks)


def test_about_a_third_recombine_with_the_best_and_a_tenth_mutate_children_included():
    pairs, mutated = [], []

    def recombine(network, firsts, mates, random):
        pairs.append((firsts, mates))
        return uniform_crossover(network, firsts, mates, random)

    def mutate(network, masks, random):
        mutated.append(len(masks))
        return flip_bit(network, masks, random)

    search = start(Genetic(recombination=recombine, mutation=mutate, migrants=0))
    for _ in range(30):
        best = {mask.tobytes() for mask in search.masks[:30]}
        search.step(0.0)
        assert {mate.tobytes() for mate in pairs[-1][1]} <= best
    assert abs(np.mean([len(firsts) for firsts, _ in pairs]) - 30) < 4
    assert abs(np.mean(mutated) - 13) < 3


def test_ten_migrants_arrive_in_a_generation():
    search = start(Genetic(recombination_share=0, mutation_share=0))
    before = search.evaluations
    search.step(0.0)
    assert search.evaluations - before == 10


def test_a_genome_that_is_there_already_is_not_evaluated_again():
    search = start(Genetic(recombination_share=1, mutation_share=0, mates=0.01, migrants=0))
    for _ in range(60):  # everybody mates with the best until all are alike
        search.step(0.0)
    before = search.evaluations
    search.step(0.0)
    assert len(np.unique(search.masks, axis=0)) == 1
    assert search.evaluations == before


@pytest.mark.parametrize(("preset", "bound"), [(AB[0], 0.4), (AB[1], 0.6)])
def test_individuals_of_the_bounded_presets_all_have_a_path(preset, bound):
    settings = Genetic(preset, population=20, bound=bound, draws=20, max_density=0.02)
    for masks, _, _ in live(start(settings), 20):
        assert all(Mask.from_flat(problem()[0].layers, mask).is_connected for mask in masks)
    unbounded = start(Genetic(population=50, max_density=0.02)).masks
    assert not all(Mask.from_flat(problem()[0].layers, mask).is_connected for mask in unbounded)


def test_the_bounds_of_the_presets_are_the_papers():
    assert start(Genetic("GA (static AB)", population=4), "accuracy").objectives.max() <= 0.3
    search = start(Genetic("GA (adaptive AB)", population=4, draws=10_000), "accuracy")
    assert search.objectives.max() <= 0.15


def test_a_bound_that_nothing_reaches_falls_or_is_refused(monkeypatch):
    monkeypatch.setattr(arrivals, "HOPELESS", 100)
    with pytest.raises(ValueError, match=r"bound=0\.99 .* 'GA \(adaptive AB\)'"):
        start(Genetic("GA (static AB)", bound=0.99), of=("digits", (8,)))
    search = start(Genetic("GA (adaptive AB)", population=3, draws=20), of=("digits", (8,)))
    assert search.arrivals.bound == FLOOR
    spent = search.evaluations
    search.step(0.0)
    assert search.evaluations - spent < 30  # any mask will do now


def arriving(accuracies, draws, bound=0.85):
    """The bound after one arrival out of masks with these accuracies."""
    numbers = itertools.count()
    made = Arrivals(
        lambda n: np.array([[next(numbers)] for _ in range(n)]),
        lambda mask: True,
        lambda masks, _: np.append(accuracies, np.zeros(2 * len(accuracies) + 99))[masks[:, 0]],
        bound,
        draws,
    )
    made(1)
    return made.bound


def test_the_adaptive_bound_falls_by_the_papers_formula():
    assert arriving([0.9], 10) == 0.85
    assert arriving([0.0] * 7 + [0.9], 10) == 0.85  # the eighth of ten is not late
    for late, lateness in ((9, 0.5), (10, 1.0)):
        fall = 0.1 * (0.051 + 0.93 * math.exp(-9.36 * lateness))
        assert arriving([0.0] * (late - 1) + [0.9], 10) == pytest.approx(0.85 - fall)
    # Nothing passed within ten draws: the largest fall, and the eleventh passes the lower bound.
    assert arriving([0.0] * 10 + [0.8], 10) == pytest.approx(0.85 - 0.1 * 0.981)
    assert arriving([0.0] * 100, 10, bound=0.55) == FLOOR


def test_what_was_drawn_before_the_bound_fell_is_judged_by_the_new_one():
    judged = []

    def accuracies(masks, bound):
        judged.append((masks[:, 0].tolist(), bound))
        return np.where(masks[:, 0] == 12, 0.8, 0.0)

    made = Arrivals(
        lambda n: np.arange(n)[:, None], lambda mask: True, accuracies, bound=0.85, draws=10
    )
    assert made(1)[0] == [12]
    assert judged == [(list(range(16)), 0.85), (list(range(10, 16)), made.bound)]


@pytest.mark.parametrize("engine", [IncrementalEngine, DenseEngine])
def test_screening_refuses_what_fails_and_tells_the_rest_exactly(engine):
    network, rows = crowd(30_000, 2)
    rows = Rows(rows.inputs, rows.targets)
    made = []

    def evaluator(rows):
        made.append(Evaluator(engine(network, rows, ACCURACY, 1.0)))
        return made[-1]

    screening = Screening(rows, evaluator(rows), evaluator)
    masks = random_masks(network, 200, 0.5, np.random.default_rng(0))
    exact = 1.0 - made[0](masks)
    for bound in (0.5, 0.6, 0.8):
        made[0].keep(masks[:0])
        found = screening(masks, bound)
        assert np.array_equal(found >= bound, exact >= bound)
        assert np.array_equal(found[exact >= bound], exact[exact >= bound])
    assert 100 < screening.refused < 600
    screening.close()


def test_a_sample_refuses_wrongly_less_than_once_in_a_billion():
    for n in SAMPLES:
        for n_rows in (LEAST_RATIO * n, 50_000):
            n_right = n_rows * 6 // 10  # a mask that just passes
            seen = hypergeom(n_rows, n_right, n)
            assert seen.cdf(np.ceil(n * (0.6 - margin(n, n_rows))) - 1) < CHANCE


def test_it_ends_without_change_after_patience_and_a_least_number_of_generations():
    network, train, validation = problem("digits", (8,))
    settings = Genetic(population=4, migrants=1, patience=5, min_generations=12)
    found = evolve(network, train, validation, algorithm=settings, objective="accuracy")
    assert found.stopped_by == "converged"
    assert found.generations >= 12
    objectives = [progress.objective for progress in found.history]
    assert len(set(objectives[-6:])) == 1
    for end in range(12, len(objectives)):  # it could not have ended before
        assert len(set(objectives[max(0, end - 6) : end])) > 1


@pytest.mark.parametrize("objective", ["accuracy", "cross_entropy"])
def test_it_ends_at_full_training_accuracy(objective):
    network, train, _ = problem("digits-2", (8,))
    found = evolve(network, train, algorithm=Genetic(patience=None), objective=objective)
    assert found.stopped_by == "converged"
    outputs = network.outputs(found.mask, train.inputs)
    assert np.array_equal(outputs.argmax(axis=1), train.targets)
    settings = Genetic(patience=None, target_accuracy=None)
    longer = Limits(generations=found.generations + 3)
    on = evolve(network, train, algorithm=settings, objective=objective, limits=longer)
    assert on.stopped_by == "generations"
    assert on.objective <= found.objective


def test_limits_of_a_search_hold_without_patience():
    network, train, validation = problem("digits", (8,))
    settings = Genetic(population=4, patience=None, min_generations=1)
    found = evolve(network, train, validation, algorithm=settings, limits=Limits(generations=30))
    assert (found.stopped_by, found.generations) == ("generations", 30)


def test_a_search_can_begin_from_a_mask():
    found = live(start(), 30)[-1]
    search = start(mask=found[0][0])
    assert search.objectives[0] <= found[1][0]
    assert (np.abs(search.masks.astype(int) - found[0][0]).sum(axis=1) <= 1).all()


def test_max_density_holds_for_every_individual():
    network, _, _ = problem()
    lived = live(start(Genetic(population=20, max_density=0.05)), 20)
    most = int(0.05 * network.n_weights)
    assert all((masks.sum(axis=1) <= most).all() for masks, _, _ in lived)
    assert lived[-1][1][0] < lived[0][1][0]


def test_the_softmax_reads_the_outputs_at_the_papers_scale_or_a_useful_one():
    network = Network.dense((64, 75, 10))
    paper = 1 / (127 * network.ones[-1])  # weights of -127..127 stand for -1..1
    assert own_temperature(network, paper / 5) == pytest.approx(paper)
    assert own_temperature(network, paper * 2) == pytest.approx(paper * 2)
    assert own_temperature(network, paper / 100) == pytest.approx(paper * 16 / 100)


# -- bad settings ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"preset": "SGD"}, "preset takes one of 'GA', .*, got 'SGD'"),
        ({"engine": "torch"}, "engine takes one of .*, got 'torch'"),
        ({"population": 0}, r"population takes an integer 1\.\..*, got 0"),
        ({"migrants": -1}, r"migrants takes an integer 0\.\..*, got -1"),
        ({"patience": 0}, r"patience takes an integer 1\.\..*, got 0"),
        ({"draws": 2.5}, r"draws takes an integer 1\.\..*, got 2.5"),
        ({"recombination_share": 1.5}, "recombination_share takes a number from 0 to 1, got 1.5"),
        ({"mates": 0}, "mates takes a number above 0 to 1, got 0"),
        ({"mates": "a"}, "mates takes a number above 0 to 1, got 'a'"),
        ({"mates": None}, "mates takes a number above 0 to 1, got None"),
        ({"mutation_share": True}, "mutation_share takes a number from 0 to 1, got True"),
        ({"max_density": 0.0}, "max_density takes a number above 0 to 1, got 0.0"),
        ({"bound": 0.8}, "bound is for the presets with an accuracy bound"),
        ({"mutation": "shift"}, "mutation takes one of bit, layer_bit, or a function, got 'shift'"),
        ({"selection": 3}, "selection takes a name or a function, got 3"),
    ],
)
def test_a_setting_that_cannot_be_is_named(settings, message):
    with pytest.raises(ValueError, match=message):
        Genetic(**settings)

"""What every layer, head, objective, engine, algorithm, callback and kind of targets must keep.

The tests of each room run these for every registered kind; test_extensions.py runs the same for
kinds that it defines itself, in one file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from scratchcard import Limits, Mask, Network, Rows, Ticket, evolve
from scratchcard.engines import DenseEngine, EngineMaker, IncrementalEngine
from scratchcard.objectives import Objective, get_objective
from scratchcard.search import Algorithm, Genetic, Memetic, Population, Task, prune
from scratchcard.ticket import Dense, Head, InputScaling, Layer, Lines
from scratchcard.ticket.heads.numbers import UNIT

SCALING = InputScaling(np.zeros(1), np.ones(1))


def random_rows(
    network: Network, n: int, seed: int = 0, group: int = 1, weighted: bool = False
) -> Rows:
    """Return rows that the network can read, with targets that its inputs have a say in."""
    random = np.random.default_rng(seed)
    limit = network.input_limit
    inputs = random.integers(-limit, limit + 1, (n, network.n_inputs)).astype(np.int16)
    targets = (inputs[:, : network.n_outputs].astype(int)).argmax(axis=1) % network.n_outputs
    weights = random.integers(0, 4, n // group).repeat(group) if weighted else None
    if weights is not None:
        weights[:group] = 1
    return Rows(inputs, targets, weights, group)


def number_rows(network: Network, n: int, seed: int = 0, weighted: bool = False) -> Rows:
    """Return rows whose targets are numbers that the inputs have a say in."""
    rows = random_rows(network, n, seed, weighted=weighted)
    random = np.random.default_rng(seed)
    sums = rows.inputs @ random.normal(size=(network.n_inputs, network.n_outputs))
    return rows.with_targets(np.rint(sums / sums.std() * UNIT).astype(np.int64))


def rows_for(
    objective: Objective, network: Network, n: int, seed: int = 0, weighted: bool = False
) -> Rows:
    """Return rows whose targets are those that an objective takes."""
    if objective.answers == "classes":
        return random_rows(network, n, seed, weighted=weighted)
    rows = number_rows(network, n, seed, weighted)
    return rows.with_targets(abs(rows.targets)) if objective.from_zero else rows


def random_mask(network: Network, density: float, seed: int) -> Mask:
    """Return a random mask of the network."""
    return Mask.random(network.layers, density, np.random.default_rng(seed))


# -- layers --------------------------------------------------------------------------------------


def check_layer(make: Callable[[int], Layer], activation: str = "relu") -> None:
    """Check a kind of layer.

    ``make(units)`` returns one that can stand on eight units, or on two maps of 5 x 4.
    """
    reads_maps = make(1).reads_maps
    cases = [[make(6), Dense(3)], [Dense(8), make(5), make(4), Dense(3)]]
    for layers in [cases[0], cases[1][1:]] if reads_maps else cases:
        shape = (2, 5, 4) if reads_maps else 8
        network = Network(layers, shape, seed=3, activation=activation)
        for number, layer in enumerate(network.layers):
            _check_wiring(layer)
            assert network.weights_of(number).shape == (layer.units, layer.fan_in)
        for seed in range(3):
            mask = random_mask(network, 0.5, seed)
            rows = random_rows(network, 40, seed)
            outputs = network.outputs(mask, rows.inputs)
            np.testing.assert_array_equal(outputs, _one_by_one(network, mask, rows.inputs))
            dropped = mask.without_dead()
            np.testing.assert_array_equal(network.outputs(dropped, rows.inputs), outputs)
            assert mask.effective().surviving <= dropped.surviving <= mask.surviving
            ticket = Ticket(network, mask, SCALING)
            again = Ticket.from_bytes(ticket.to_bytes())
            assert again == ticket
            assert again.network == network
            assert again.mask == dropped
        check_engine(IncrementalEngine, network)
        masks = [
            evolve(
                network,
                random_rows(network, 60),
                algorithm=algorithm,
                limits=Limits(generations=2),
            ).mask
            for algorithm in (
                Memetic(burst=60, population=2),
                Memetic(burst=60, population=2, engine="dense"),
            )
        ]
        assert masks[0] == masks[1]
        evolve(
            network,
            random_rows(network, 60),
            algorithm=Genetic("GA (static AB)", population=6, bound=0.1),
            limits=Limits(generations=3),
        )


def _check_wiring(layer: Layer) -> None:
    index = np.arange(layer.n_weights)
    sources, targets = layer.sources(index), layer.targets(index)
    assert 0 <= sources.min() <= sources.max() < layer.units_below
    np.testing.assert_array_equal(targets, np.repeat(np.arange(layer.units), layer.fan_in))
    np.testing.assert_array_equal(
        sources, layer.first_sources()[targets] + index % layer.fan_in // layer.span
    )
    bits = np.random.default_rng(1).random(layer.n_weights) < 0.3
    feeding = np.zeros(layer.n_sources, bool)
    for weight in np.flatnonzero(bits):
        for _, value in _reads(layer, int(weight)):
            feeding[value] = True
    np.testing.assert_array_equal(layer.read_by(np.flatnonzero(bits)), feeding)


def _reads(layer: Layer, weight: int) -> list[tuple[int, int]]:
    """List what a weight reads: for each sum of its unit, the value below."""
    slot, there = weight % layer.fan_in, layer.geometry
    source = int(layer.sources(weight))
    if there is None:
        return [(0, source * layer.positions_below + slot % layer.span)]
    row, column = divmod(slot % layer.span, there.kernel)
    found = []
    for r in range(there.rows // there.pool * there.pool):
        for c in range(there.columns // there.pool * there.pool):
            i = r * there.stride + row - there.before
            j = c * there.stride + column - there.before
            if 0 <= i < there.height and 0 <= j < there.width:
                value = (source * there.height + i) * there.width + j
                found.append((r * there.columns + c, value))
    return found


def _one_by_one(network: Network, mask: Mask, inputs: Any) -> Any:
    """Return outputs by the definition: one weight after the other, in Python's integers."""
    rows = []
    for row in inputs.tolist():
        values = row
        for number, (layer, bits) in enumerate(zip(network.layers, mask.arrays(), strict=True)):
            there = layer.geometry
            n_sums = 1 if there is None else there.rows * there.columns
            weights = network.weights_of(number).ravel()
            sums = [[bias] * n_sums for bias in network.biases_of(number).tolist()]
            for index in np.flatnonzero(bits):
                for place, value in _reads(layer, int(index)):
                    sums[index // layer.fan_in][place] += int(weights[index]) * values[value]
            counted = [one for unit in sums for one in _pooled(layer, unit)]
            is_last = number == network.n_layers - 1
            values = counted if is_last else _activated(network, number, counted)
        rows.append(values)
    return np.array(rows)


def _pooled(layer: Layer, sums: list[int]) -> list[int]:
    """Return the largest of each square of the sums of a unit, row by row."""
    there = layer.geometry
    if there is None:
        return sums
    side = range(there.pool)
    return [
        max(
            sums[(r * there.pool + i) * there.columns + c * there.pool + j]
            for i in side
            for j in side
        )
        for r in range(there.rows // there.pool)
        for c in range(there.columns // there.pool)
    ]


def _activated(network: Network, number: int, sums: list[int]) -> list[int]:
    limit, one = network.limits[number + 1], network.ones[number + 1]
    if network.activation == "relu":
        return [min(max(s, 0) >> network.shifts[number], limit) for s in sums]
    if network.activation == "step":
        return [one if s > 0 else 0 for s in sums]
    return [one * ((s > 0) - (s < 0)) for s in sums]


# -- heads ---------------------------------------------------------------------------------------


def check_head(head: Head, y: Any) -> None:
    """Check a head with three outputs; ``y`` holds answers that it knows."""
    network = Network.dense((8, 6, 3))
    assert head.n_outputs == 3
    targets = head.targets(y)
    assert targets.dtype == np.int64
    if head.answers == "classes":
        assert targets.shape == (len(y),)
        assert 0 <= targets.min() <= targets.max() < 3
    else:
        assert targets.shape == (len(y), 3)
        assert abs(targets).max() < 1 << 31
    outputs = np.random.default_rng(0).integers(-99, 99, (len(y), 3))
    answers = head.predict(outputs)
    assert len(answers) == len(y)
    assert head.score(outputs, answers) == 1.0
    judge = get_objective(head.judge)
    assert judge.answers == head.answers
    json_like = head.describe()
    assert json_like
    assert all(isinstance(name, str) for name in json_like)
    ticket = Ticket(network, random_mask(network, 0.5, 0), SCALING, head)
    again = Ticket.from_bytes(ticket.to_bytes())
    assert again.head == head
    assert type(again.head) is type(head)
    assert again.to_bytes() == ticket.to_bytes()
    X = np.random.default_rng(1).uniform(-1, 1, (20, 8))
    np.testing.assert_array_equal(again.predict(X), ticket.predict(X))
    rows = random_rows(network, len(y)).with_targets(targets)
    objective = "cross_entropy" if head.answers == "classes" else judge
    settings = {"head": head, "limits": Limits(generations=2), "objective": objective}
    outcome = evolve(network, rows, rows, **settings)
    assert type(outcome.head) is type(head)
    if head.answers == "classes":
        assert outcome.temperature == outcome.head.temperature > 0
        assert outcome.head.reading == outcome.temperature
    wrong = "squared_error" if head.answers == "classes" else "cross_entropy"
    with pytest.raises(ValueError, match=f"{head.judge}.*{wrong}"):
        evolve(network, rows, rows, **{**settings, "objective": wrong})


# -- objectives ----------------------------------------------------------------------------------


def reading_for(objective: Objective, network: Network, size: float) -> Any:
    """Return a reading at which a unit of output is about this much."""
    if objective.answers == "classes":
        return size
    each = np.arange(1, network.n_outputs + 1)
    return Lines(tuple((size * each).tolist()), tuple((0.1 * each - 0.2).tolist()))


def check_objective(objective: Objective, network: Network | None = None) -> None:
    """Check that an objective means the same in both engines, whatever the order and the blocks."""
    network = network or Network.dense((8, 7, 4), seed=2)
    rows = random_rows(network, 60 * objective.group, 1, objective.group, weighted=True)
    if objective.answers == "numbers":
        rows = rows_for(objective, network, 60, 1, weighted=True)
    random = np.random.default_rng(0)
    for size in (1e-5, 1e-3, 0.5):
        temperature = reading_for(objective, network, size)
        dense = DenseEngine(network, rows, objective, temperature)
        blocks = IncrementalEngine(network, rows, objective, temperature, block_rows=32)
        whole = IncrementalEngine(network, rows, objective, temperature)
        masks = np.array([random_mask(network, 0.4, seed).flat() for seed in range(3)])
        expected = dense.evaluate(masks)
        for engine in (blocks, whole):
            np.testing.assert_array_equal(engine.evaluate(masks, n_jobs=2), expected)
            states = engine.state(masks[0]), dense.state(masks[0])
            for _ in range(20):
                flips = random.integers(0, network.n_weights, 2)
                found = engine.trial(states[0], flips)
                np.testing.assert_array_equal(found, dense.trial(states[1], flips))
                engine.apply(states[0], flips)
                dense.apply(states[1], flips)
                np.testing.assert_array_equal(engine.sums(states[0]), found)
                assert np.isfinite(engine.value(found))
    order = random.permutation(len(rows) // objective.group)[:, None] * objective.group
    order = (order + np.arange(objective.group)).ravel()
    shuffled = Rows(rows.inputs[order], rows.targets[order], rows.weights[order], rows.group)
    again = DenseEngine(network, shuffled, objective, temperature).evaluate(masks)
    np.testing.assert_array_equal(again, dense.evaluate(masks))


# -- engines -------------------------------------------------------------------------------------


def check_engine(make: EngineMaker, network: Network | None = None) -> None:
    """Check that an engine equals the dense one in all that its face names."""
    network = network or Network.dense((8, 7, 4), seed=2)
    for name in ("cross_entropy", "macro_f1", "squared_error", "absolute_error"):
        objective = get_objective(name)
        rows = rows_for(objective, network, 90, weighted=True)
        engine = make(network, rows, objective, reading_for(objective, network, 1e-3))
        dense = DenseEngine(network, rows, objective, reading_for(objective, network, 1e-3))
        masks = np.array([random_mask(network, 0.5, seed).flat() for seed in range(4)])
        sums = dense.evaluate(masks)
        np.testing.assert_array_equal(engine.evaluate(masks), sums)
        np.testing.assert_array_equal(engine.evaluate(masks, near=engine.state(masks[0])), sums)
        np.testing.assert_array_equal(engine.values(sums), [dense.value(one) for one in sums])
        assert engine.evaluate(masks[:0]).shape == (0, sums.shape[1])
        assert engine.n_blocks >= 1
        assert engine.affordable_states(1 << 20) >= 0
        flips = np.arange(network.n_weights)
        state, other = engine.state(masks[0]), dense.state(masks[0])
        found = engine.trial_flips(state, flips)
        np.testing.assert_array_equal(found, dense.trial_flips(other, flips))
        np.testing.assert_array_equal(engine.sums(engine.derive(state, masks[1])), sums[1])
        engine.apply(state, flips[:3])
        dense.apply(other, flips[:3])
        np.testing.assert_array_equal(state.mask, other.mask)
        np.testing.assert_array_equal(engine.sums(state), dense.sums(other))
        other_reading = reading_for(objective, network, 0.3)
        engine.temper(other_reading)
        dense.temper(other_reading)
        assert engine.temperature == other_reading
        np.testing.assert_array_equal(engine.sums(state), dense.sums(other))
        np.testing.assert_array_equal(
            engine.trial(state, flips[5:6]), dense.trial(other, flips[5:6])
        )
        has_classes = objective.answers == "classes"
        turned = (rows.targets + 1) % network.n_outputs if has_classes else -rows.targets
        engine.retarget(turned)
        dense.retarget(turned)
        afresh = DenseEngine(network, rows.with_targets(turned), objective, other_reading)
        np.testing.assert_array_equal(engine.sums(state), afresh.sums(other))
        np.testing.assert_array_equal(
            engine.trial(state, flips[5:6]), afresh.trial(other, flips[5:6])
        )
        np.testing.assert_array_equal(engine.evaluate(masks), afresh.evaluate(masks))
        wrong = np.full(90, network.n_outputs) if has_classes else turned[:, 1:]
        with pytest.raises(ValueError, match="targets takes"):
            engine.retarget(wrong)
        dense = afresh
        outputs, some = engine.outputs(masks[0], 90)
        assert outputs.shape == (len(some), network.n_outputs)
        if name in ("cross_entropy", "absolute_error"):
            np.testing.assert_array_equal(
                engine.row_statistics(masks[0]), dense.row_statistics(masks[0])
            )


def check_engine_by_name(name: str) -> None:
    """Check that searches and pruning find on an engine what they find on others."""
    network = Network.dense((8, 7, 4), seed=2)
    rows = random_rows(network, 90)
    for kind in (
        lambda engine: Memetic(burst=40, population=3, engine=engine),
        lambda engine: Genetic(population=8, engine=engine),
    ):
        found = [
            evolve(network, rows, algorithm=kind(one), limits=Limits(generations=3))
            for one in (name, "incremental")
        ]
        assert found[0].mask == found[1].mask
        assert found[0].objective == found[1].objective
        assert found[0].evaluations == found[1].evaluations
    mask = random_mask(network, 0.8, 0)
    assert prune(network, mask, rows, engine=name) == prune(network, mask, rows)
    rows = number_rows(network, 90)
    found = [
        evolve(
            network,
            rows,
            objective="squared_error",
            algorithm=Memetic(burst=40, population=3, engine=one),
            limits=Limits(generations=3),
        )
        for one in (name, "incremental")
    ]
    assert found[0].mask == found[1].mask
    assert found[0].head == found[1].head


# -- algorithms ----------------------------------------------------------------------------------


def check_algorithm(algorithm: Algorithm, tmp_path: Any, name: str = "cross_entropy") -> None:
    """Check an algorithm: limits, determinism, its state as plain data, other targets, a stop."""
    assert isinstance(algorithm, Algorithm)
    network = Network.dense((8, 7, 4), seed=2)
    objective = get_objective(name)
    rows = rows_for(objective, network, 90)
    settings = {
        "algorithm": algorithm,
        "objective": objective,
        "limits": Limits(generations=6),
        "seed": 4,
    }
    found = evolve(network, rows, rows, **settings)
    assert found.generations == 6
    assert found.evaluations > 0
    if algorithm.max_density is not None:
        assert found.mask.density <= algorithm.max_density
    again = evolve(network, rows, rows, **settings, n_jobs=2)
    assert (again.mask, again.head) == (found.mask, found.head)
    start = evolve(network, rows, **{**settings, "seed": 9}).mask
    better = evolve(network, rows, **settings, start=start)
    if name == "cross_entropy":
        engine = IncrementalEngine(network, rows, objective, better.temperature)
        assert better.objective <= engine.value(engine.evaluate(start.flat()[None])[0]) + 1e-12
    task = Task(network, rows, objective, reading_for(objective, network, 1e-3), seed=4)
    _check_resuming(algorithm, replace(task, generations=6), tmp_path)
    _check_running(algorithm, replace(task, generations=9))
    _check_receiving(algorithm, replace(task, generations=9), tmp_path)
    smallest = {"algorithm": algorithm.smallest(), "limits": Limits(generations=1)}
    evolve(network, rows, **{**settings, **smallest})


def _check_resuming(algorithm: Algorithm, task: Task, tmp_path: Any) -> None:
    """A search that is saved and loaded after each of its generations ends as if it never was."""
    whole = algorithm.start(task)
    parts = algorithm.start(task)
    for generation in range(6):
        parts.population().save(tmp_path / "population.npz")
        parts.close()
        saved = Population.load(tmp_path / "population.npz")
        assert (saved.generation, saved.evaluations) == (generation, whole.evaluations)
        parts = algorithm.start(task, saved)
        for search in (whole, parts):
            search.step(generation / 6, np.inf)
        assert parts.evaluations == whole.evaluations
        for one, other in zip(parts.individuals(), whole.individuals(), strict=True):
            np.testing.assert_array_equal(one.mask, other.mask)
            assert one.objective == other.objective
    whole.close()
    parts.close()


def _check_receiving(algorithm: Algorithm, task: Task, tmp_path: Any) -> None:
    """What was taken of others keeps to the density, and is part of the state that is saved."""
    searches = [algorithm.start(replace(task, seed=seed)) for seed in (4, 5)]
    one, other = searches
    for generation in range(3):
        for search in searches:
            search.step(generation / 9, np.inf)
    one.population().save(tmp_path / "before.npz")
    again = algorithm.start(replace(task, seed=4), Population.load(tmp_path / "before.npz"))
    for search in (one, again):
        search.receive(np.array([other.individuals()[0].mask]), 3 / 9)
    _check_same(one, again)
    again.close()
    if algorithm.max_density is not None:
        n_most = max(1, int(algorithm.max_density * task.network.n_weights))
        assert all(found.surviving <= n_most for found in one.individuals())
    one.population().save(tmp_path / "received.npz")
    again = algorithm.start(replace(task, seed=4), Population.load(tmp_path / "received.npz"))
    searches.append(again)
    for search in (one, again):
        search.step(3 / 9, np.inf)
    _check_same(one, again)
    for search in searches:
        search.close()


def _check_same(one: Any, other: Any) -> None:
    assert one.evaluations == other.evaluations
    for mine, its in zip(one.individuals(), other.individuals(), strict=True):
        np.testing.assert_array_equal(mine.mask, its.mask)
        assert mine.objective == its.objective


def _check_running(algorithm: Algorithm, task: Task) -> None:
    """Other targets become what is good, and a stop is heeded at once."""
    task = replace(task, stop=np.zeros(1, np.int64))
    network, rows = task.network, task.rows
    search = algorithm.start(task)
    search.step(0.0, np.inf)
    targets = rows.targets[::-1].copy()
    if task.objective.answers == "classes":
        targets = (rows.targets + 1) % network.n_outputs
    search.retarget(targets, 0.1)
    search.step(0.1, np.inf)
    best = search.individuals()[0]
    engine = DenseEngine(network, rows.with_targets(targets), task.objective, task.temperature)
    assert np.isfinite(best.objective)
    assert np.isfinite(engine.value(engine.evaluate(best.mask[None])[0]))
    task.stop[0] = 1
    before = search.evaluations
    search.step(0.2, np.inf)
    assert search.evaluations - before < 100
    search.close()

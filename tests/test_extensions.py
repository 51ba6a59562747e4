"""One short file each: what is defined here alone runs through the checks of the built-in ones.

A layer, a head, an objective over groups of rows, an engine, an algorithm, a callback, a kind of
targets and an operator, none of which any other file knows of.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest

import contracts
from scratchcard import Limits, Network, evolve
from scratchcard.engines import ENGINES, DenseEngine
from scratchcard.objectives import OBJECTIVES, custom_objective
from scratchcard.search import Callback, Checkpoint, Genetic, Individual, Memetic, Population
from scratchcard.ticket import HEADS, LAYERS, Head, Layer, Mask

# -- a layer: every unit reads a band of the units below -------------------------------------------


@dataclass(frozen=True)
class Banded(Layer):
    width: int = 3

    name = "banded"
    code = 200

    @property
    def fan_in(self):
        return self.width

    def first_sources(self):
        return np.linspace(0, self.n_sources - self.width, self.units).astype(np.int64)

    def encode(self):
        return bytes([self.units, self.width])

    @classmethod
    def decode(cls, reader, most):
        return cls(reader.u8("units"), width=reader.u8("the width"))


@pytest.mark.parametrize("activation", ["relu", "step", "sign"])
def test_a_new_layer_is_one_class_and_one_row(monkeypatch, activation):
    monkeypatch.setitem(LAYERS, "banded", Banded)
    contracts.check_layer(Banded, activation)


# -- a head: it says so when two outputs are equally large -----------------------------------------


class Unsure(Head):
    name = "unsure"
    code = 201
    judge = "accuracy"
    n_outputs = 3
    temperature = 0.25

    def targets(self, y):
        return np.asarray(y, np.int64)

    def predict(self, outputs):
        best = np.sort(outputs, axis=1)
        return np.where(best[:, -1] == best[:, -2], -1, outputs.argmax(axis=1))

    def score(self, outputs, y):
        return float(np.mean(self.predict(outputs) == y))

    def calibrated(self, outputs, targets, weights, smoothing=None):
        return self

    def describe(self):
        return {"classes": [0, 1, 2]}

    def encode(self):
        return b"?"

    @classmethod
    def decode(cls, reader, n_outputs):
        reader.take(1, "the question mark")
        return cls()


def test_a_new_head_is_one_class_and_one_row(monkeypatch):
    monkeypatch.setitem(HEADS, "unsure", Unsure)
    contracts.check_head(Unsure(), [0, 1, 2, 2, 1, 0] * 5)


def test_probabilities_of_a_head_without_classes_are_refused(monkeypatch):
    with pytest.raises(ValueError, match="'unsure' has no probabilities"):
        Unsure().probabilities(np.zeros((1, 3)))


# -- an objective over groups of rows: the two rows of a pair should be answered alike -------------


def disagreement(logits, targets, out):
    total = 0.0
    for k in range(logits.shape[1]):
        total += abs(logits[0, k] - logits[1, k])
    out[0] = min(total, 1000.0) + (targets[0] != targets[1])


def test_a_new_objective_over_pairs_of_rows_is_one_function():
    pairs = custom_objective("pairs", disagreement, group=2)
    contracts.check_objective(pairs)
    network = Network.dense((8, 7, 4), seed=2)
    rows = contracts.random_rows(network, 200, group=2)
    for algorithm in (Memetic(burst=50), Memetic(burst=50, engine="dense"), Genetic(population=10)):
        found = evolve(
            network, rows, algorithm=algorithm, objective=pairs, limits=Limits(generations=4)
        )
        assert found.objective < found.history[0].objective + 1e-9


def test_rows_that_come_in_no_groups_are_refused():
    network = Network.dense((8, 7, 4))
    rows = contracts.random_rows(network, 20)
    with pytest.raises(ValueError, match=r"'pairs' takes rows in groups of 2, got groups of 1"):
        evolve(network, rows, objective=custom_objective("pairs", disagreement, group=2))


# -- an engine that asks the dense one for everything ----------------------------------------------


class Delegating:
    compiled = None
    n_blocks = 1

    def __init__(self, network, rows, objective, temperature, block_rows=None, is_shuffled=False):
        self.network, self.rows, self.objective = network, rows, objective
        self.dense = DenseEngine(network, rows, objective, temperature)

    def __getattr__(self, name):
        return getattr(self.dense, name)


def test_a_new_engine_is_one_class_and_one_row(monkeypatch):
    monkeypatch.setitem(ENGINES, "delegating", Delegating)
    contracts.check_engine(Delegating)
    contracts.check_engine_by_name("delegating")


class SevenAtOnce(DenseEngine):
    at_once = 7


@pytest.mark.parametrize("algorithm", [Memetic(burst=40, population=3), Genetic(population=8)])
def test_an_engine_may_be_handed_over_and_evaluate_many_masks_at_once(algorithm):
    network = Network.dense((8, 7, 4), seed=2)
    rows = contracts.random_rows(network, 90)
    one, other = (
        evolve(
            network, rows, algorithm=replace(algorithm, engine=engine), limits=Limits(generations=4)
        )
        for engine in ("dense", SevenAtOnce)
    )
    assert one.mask == other.mask
    assert one.evaluations == other.evaluations


# -- an algorithm: random masks, the best of which is kept -----------------------------------------


@dataclass(frozen=True)
class Luck:
    generations: int = 5
    name: ClassVar[str] = "luck"
    max_density: ClassVar[float] = 0.5
    draws_rows: ClassVar[bool] = False

    def start(self, task, population=None):
        return LuckySearch(task, population)

    def smallest(self):
        return self


class LuckySearch:
    converged = False

    def __init__(self, task, population):
        self.task, self.generation, self.evaluations = task, 0, 0
        self.best = Individual(np.zeros(task.network.n_weights, np.uint8), np.inf)
        if population is None:
            self._draw()
        else:
            self.generation, self.evaluations = population.generation, population.evaluations
            self.best = Individual(population.masks[0], float(population.objectives[0]))

    def _draw(self):
        random = np.random.default_rng([self.task.seed, self.generation])
        density = random.uniform(0.0, 0.4)
        mask = (random.random(self.task.network.n_weights) < density).astype(np.uint8)
        if self.task.start is not None and self.generation == 0:
            mask = self.task.start
        self._try(mask)

    def _try(self, mask):
        engine = DenseEngine(
            self.task.network, self.task.rows, self.task.objective, self.task.temperature
        )
        self.evaluations += 1
        value = engine.value(engine.evaluate(mask[None])[0])
        if value < self.best.objective:
            self.best = Individual(mask, value)

    def step(self, fraction, deadline):
        self.generation += 1
        self._draw()

    def individuals(self):
        return [self.best]

    temperature = 1e-3

    def outputs(self):
        mask = Mask.from_flat(self.task.network.layers, self.best.mask)
        return self.task.network.outputs(mask, self.task.rows.inputs)

    def retarget(self, targets, fraction):
        self.task = replace(self.task, rows=self.task.rows.with_targets(targets))

    def receive(self, masks, fraction):
        for mask in masks:
            self._try(mask)

    def population(self):
        return Population(
            "luck",
            self.generation,
            self.evaluations,
            self.best.mask[None],
            np.array([self.best.objective]),
        )

    def close(self):
        pass


def test_a_new_algorithm_is_one_file(tmp_path):
    contracts.check_algorithm(Luck(), tmp_path)


# -- a callback that stops -------------------------------------------------------------------------


class Stopping(Callback):
    def __init__(self):
        self.seen = []

    def on_start(self, loop):
        self.seen.append(("start", loop.generation, len(loop.individuals)))

    def on_generation(self, loop):
        self.seen.append(("generation", loop.generation, loop.history[-1].generation))
        if loop.generation == 3:
            loop.stop("enough")

    def on_end(self, loop):
        self.seen.append(("end", loop.generation, loop.stopped_by))


@pytest.mark.parametrize("algorithm", [Memetic(burst=20), Genetic(population=5)])
def test_a_new_callback_is_one_class(algorithm):
    network = Network.dense((8, 7, 4))
    stopping = Stopping()
    rows = contracts.random_rows(network, 30)
    found = evolve(network, rows, algorithm=algorithm, callbacks=[stopping])
    assert (found.stopped_by, found.generations) == ("enough", 3)
    assert [name for name, *_ in stopping.seen] == ["start", *["generation"] * 3, "end"]
    assert stopping.seen[1:4] == [("generation", g, g) for g in (1, 2, 3)]
    assert stopping.seen[4] == ("end", 3, "enough")


# -- targets that are asked for anew ---------------------------------------------------------------


class Turning:
    """The classes change places before the third generation."""

    def __init__(self, targets):
        self.targets, self.outputs = targets, []

    def first(self):
        return self.targets

    def is_due(self, generation):
        return generation == 3

    def renewed(self, outputs, temperature):
        self.outputs.append(outputs)
        return (self.targets + 1) % outputs.shape[1]


@pytest.mark.parametrize("algorithm", [Memetic(burst=200, max_density=0.5), Genetic(population=20)])
def test_a_new_kind_of_targets_is_one_class(algorithm):
    network = Network.dense((8, 12, 3), seed=1)
    rows = contracts.random_rows(network, 300)
    targets = Turning(rows.targets)
    found = evolve(
        network, rows, algorithm=algorithm, targets=targets, limits=Limits(generations=25)
    )
    assert [outputs.shape for outputs in targets.outputs] == [(300, 3)]
    labels = network.outputs(found.mask, rows.inputs).argmax(axis=1)
    turned = np.mean(labels == (rows.targets + 1) % 3)
    assert turned > 0.5
    assert turned > np.mean(labels == rows.targets)
    now = rows.with_targets((rows.targets + 1) % 3)
    engine = DenseEngine(network, now, OBJECTIVES["cross_entropy"], found.temperature)
    assert found.objective == engine.value(engine.evaluate(found.mask.flat()[None])[0])


def test_targets_that_were_renewed_are_part_of_the_population(tmp_path):
    network = Network.dense((8, 12, 3), seed=1)
    rows = contracts.random_rows(network, 300)
    path, stopping = tmp_path / "search", Stopping()
    given = {"algorithm": Memetic(burst=100), "limits": Limits(generations=6)}
    whole = evolve(network, rows, targets=Turning(rows.targets), **given)
    evolve(
        network,
        rows,
        targets=Turning(rows.targets),
        callbacks=[stopping, Checkpoint(path, 0)],
        **given,
    )
    saved = Population.load(path)
    assert saved.generation == 3
    again = evolve(network, rows, targets=Turning(rows.targets), resume=saved, **given)
    assert (again.mask, again.objective) == (whole.mask, whole.objective)


# -- an operator -----------------------------------------------------------------------------------


def test_a_new_operator_is_one_function():
    def scratch_one(network, masks, random):
        scratched = masks.copy()
        scratched[np.arange(len(masks)), random.integers(0, network.n_weights, len(masks))] = 0
        return scratched

    network = Network.dense((8, 7, 4))
    rows = contracts.random_rows(network, 60)
    algorithm = Genetic(population=10, mutation=scratch_one, mutation_share=1.0, migrants=0)
    found = evolve(network, rows, algorithm=algorithm, limits=Limits(generations=10))
    assert found.mask.density <= 0.6

"""Who takes part: for each family the settings that are tried, and the models that a fit gives."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.tree import DecisionTreeClassifier

from scratchcard import export

from . import emlearn_models
from .data import LIMITS, Task
from .integer_nets import integer_net
from .programs import Program
from .tickets import BUDGETS, seeds, ticket_within

Settings = dict[str, Any]

LEAVES = (2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 512, 1024, 2048)
TREES = (3, 5, 10, 20)
LEAVES_IN_FORESTS = (4, 8, 16, 32, 64, 128, 256)
MOST_LEAVES = 4096  # of a forest: more do not fit 32 kB
MOST_LEAVES_OF_SHARES = 1024  # the same where a leaf holds a number for each class
LEAST_LEAVES_IN_TABLES = 200  # below, the code that reads tables is more than they save
UNITS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)
INVERSE_PENALTIES = (0.01, 0.1, 1.0, 10.0, 100.0)
SEEDS = 3  # of nets; one on large data
LARGE, VAST = 100_000, 10_000_000  # values of all training rows
ROWS_TRAINED = 2_000_000  # rows that the training of a net reads, over all epochs
MOST_EPOCHS = 500


class Model(NamedTuple):
    """A model that was fitted: who made it, with what settings, as C, and the bits of its rows."""

    contender: str
    what: str
    program: Program
    bits: int


class Family(NamedTuple):
    """Models that are fitted alike.

    Attributes
    ----------
    settings : callable
        What is tried on a task: plain values, one dict for each fit.
    fit : callable
        Fits a task with settings and yields models.
    """

    settings: Callable[[Task], Iterator[Settings]]
    fit: Callable[[Task, Settings], Iterator[Model]]


def _some(values: tuple[int, ...], task: Task) -> tuple[int, ...]:
    """All values, or every second where fits take long."""
    return values[1::2] if task.data.train.X.size > VAST else values


def _tree_settings(task: Task) -> Iterator[Settings]:
    for bits in LIMITS:
        for leaves in _some(LEAVES, task):
            if _is_worthwhile(task, bits, leaves):
                for criterion in ("gini", "entropy"):
                    yield {"leaves": leaves, "criterion": criterion, "bits": bits}


def _fit_tree(task: Task, settings: Settings) -> Iterator[Model]:
    chosen = {"max_leaf_nodes": settings["leaves"], "criterion": settings["criterion"]}
    model = DecisionTreeClassifier(random_state=0, **chosen)
    what = f"{settings['leaves']} leaves"
    yield from _trees(task, model, settings["bits"], 0, "tree (emlearn)", what)


def _forest_settings(task: Task) -> Iterator[Settings]:
    for bits in LIMITS:
        for trees in _some(TREES, task):
            for leaves in LEAVES_IN_FORESTS:
                for leaf_bits, most in ((0, MOST_LEAVES), (8, MOST_LEAVES_OF_SHARES)):
                    if trees * leaves <= most and _is_worthwhile(task, bits, trees * leaves):
                        yield {
                            "trees": trees, "leaves": leaves, "leaf_bits": leaf_bits, "bits": bits
                        }  # fmt: skip


def _fit_forest(task: Task, settings: Settings) -> Iterator[Model]:
    trees, leaves, leaf_bits = (settings[key] for key in ("trees", "leaves", "leaf_bits"))
    model = RandomForestClassifier(trees, max_leaf_nodes=leaves, random_state=0)
    votes = "shares" if leaf_bits else "votes"
    what = f"{trees} trees of {leaves} leaves, {votes}"
    yield from _trees(task, model, settings["bits"], leaf_bits, "forest (emlearn)", what)


def _ways(task: Task, bits: int, leaves: int) -> list[tuple[str, str]]:
    """How emlearn may write trees for rows of these bits: as code, and as tables, of int16."""
    ways = [("inline", f"uint{bits}_t")] if bits in task.bits else []
    few_features = task.data.n_features <= emlearn_models.MOST_FEATURES_IN_TABLES
    if bits == 16 and few_features and leaves >= LEAST_LEAVES_IN_TABLES:
        ways.append(("loadable", "int16_t"))
    return ways


def _is_worthwhile(task: Task, bits: int, leaves: int) -> bool:
    return bool(_ways(task, bits, leaves))


def _trees(
    task: Task, model: Any, bits: int, leaf_bits: int, contender: str, what: str
) -> Iterator[Model]:
    """Fit, and yield what emlearn writes."""
    leaves = model.max_leaf_nodes * getattr(model, "n_estimators", 1)
    for method, kind in _ways(task, bits, leaves):
        model.fit(task.values("train", bits, kind), task.targets("train"))
        program = emlearn_models.trees(model, method, kind, leaf_bits)
        if program is not None:
            how = "code" if method == "inline" else "table"
            yield Model(contender, f"{what}, as {how}, {bits}-bit rows", program, bits)


def _regression_settings(task: Task) -> Iterator[Settings]:
    for bits in task.bits:
        for penalty in INVERSE_PENALTIES:
            yield {"C": penalty, "bits": bits}


def _fit_regression(task: Task, settings: Settings) -> Iterator[Model]:
    bits, rows = settings["bits"], task.rows("train", settings["bits"])
    steps = 100 if rows.size > VAST else 1000
    model = LogisticRegression(C=settings["C"], max_iter=steps)
    mean = _fitted(model, task, bits)
    biases = [model.intercept_ - model.coef_ @ mean]
    program = integer_net([model.coef_], biases, rows, LIMITS[bits])
    what = f"C={settings['C']:g}, {bits}-bit rows"
    yield Model("logistic regression (int8)", what, program, bits)


def _net_settings(task: Task) -> Iterator[Settings]:
    is_large = task.data.train.X.size > LARGE
    for bits in task.bits:
        for n_units in _some(UNITS, task):
            for centred in (True,) if is_large else (True, False):
                for seed in range(1 if is_large else SEEDS):
                    yield {"units": n_units, "seed": seed, "bits": bits, "centred": centred}


def _fit_net(task: Task, settings: Settings) -> Iterator[Model]:
    bits, rows = settings["bits"], task.rows("train", settings["bits"])
    epochs = min(MOST_EPOCHS, ROWS_TRAINED // len(rows))
    model = MLPClassifier((settings["units"],), max_iter=epochs, random_state=settings["seed"])
    mean = _fitted(model, task, bits, settings["centred"])
    model.intercepts_[0] = model.intercepts_[0] - mean @ model.coefs_[0]
    centred = "centred, " if settings["centred"] else ""
    what = f"{settings['units']} units, {centred}seed {settings['seed']}, {bits}-bit rows"
    weights = [layer.T for layer in model.coefs_]
    program = integer_net(weights, model.intercepts_, rows, LIMITS[bits])
    yield Model("net (int8)", what, program, bits)
    yield Model("net (emlearn, float)", what, emlearn_models.net(model), bits)


def _fitted(model: Any, task: Task, bits: int, centred: bool = True) -> NDArray[np.float64]:
    """Fit to rows less their mean, and return it: descent is slow where most pixels are -1.

    Not centred, the mean is 0.
    """
    values = task.values("train", bits, "float").astype(np.float64)
    mean: NDArray[np.float64] = values.mean(axis=0) * centred
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(values - mean, task.targets("train"))
    return mean


def _ticket_settings(task: Task) -> Iterator[Settings]:
    for most_bytes in BUDGETS[task.data.name]:
        for seed in seeds(task.data):
            yield {"bytes": most_bytes, "seed": seed}


def _fit_ticket(task: Task, settings: Settings) -> Iterator[Model]:
    ticket = ticket_within(task.data, settings["bytes"], seed=settings["seed"])
    if ticket is None:
        return
    network = ticket.network
    bits = 8 if network.input_limit == LIMITS[8] else 16
    header = export.c(ticket, mode="small", inputs="integers")
    size = len(ticket.to_bytes())
    program = Program(header, f"int{bits}_t", "ticket_predict(row)", payload=size)
    what = f"{network.architecture}, {network.weights}, {ticket.mask.surviving} weights"
    yield Model("ticket", f"{what}, seed {network.seed}", program, bits)


FAMILIES = {
    "trees": Family(_tree_settings, _fit_tree),
    "forests": Family(_forest_settings, _fit_forest),
    "regression": Family(_regression_settings, _fit_regression),
    "nets": Family(_net_settings, _fit_net),
    "tickets": Family(_ticket_settings, _fit_ticket),
}
"""The families by name."""

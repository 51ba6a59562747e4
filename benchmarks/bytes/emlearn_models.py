"""Trees, forests and nets as emlearn writes them in C.

emlearn writes a tree as code (``inline``) or as a table that a loop reads (``loadable``, at most
127 features). It compares ``feature < int(threshold)``, and scikit-learn ``feature <= threshold``,
so thresholds are made the next whole number first: the same for integers.

Its nets are of floats, which a Cortex-M0 computes in software: that is in their flash. Its
fixed-point nets are not finished (in 0.23.2 the loops that multiply are left out). The softmax at
the end changes no class and is left out.
"""

from __future__ import annotations

import copy
import math
from contextlib import chdir
from tempfile import TemporaryDirectory

from sklearn.ensemble import RandomForestClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.tree import DecisionTreeClassifier

from .programs import Program, emlearn

MOST_FEATURES_IN_TABLES = 127
MOST_NODES_IN_TABLES = 2**15  # a child's place has 16 bits


def trees(
    model: DecisionTreeClassifier | RandomForestClassifier, method: str, kind: str, leaf_bits: int
) -> Program | None:
    """A tree or a forest that was fitted to rows of integers; None where emlearn cannot hold it.

    A leaf of 0 bits votes for a class, one of 8 bits for the shares of all classes.
    """
    if method == "loadable" and model.n_features_in_ > MOST_FEATURES_IN_TABLES:
        return None
    written = emlearn().convert(model, method=method, dtype=kind, leaf_bits=leaf_bits)
    nodes = written.forest_[0]
    if method == "loadable" and len(nodes) >= MOST_NODES_IN_TABLES:
        return None
    for node in nodes:
        node[1] = math.floor(node[1]) + 1
    source = written.save(name="model", include_proba=False)
    call = f"model_predict(row, {model.n_features_in_})"
    return Program(source, kind, call, "emlearn", trees_are_code=method == "inline")


def net(model: MLPClassifier) -> Program:
    """A net of floats."""
    model = copy.deepcopy(model)
    if model.out_activation_ == "logistic":  # two classes: emlearn compares with 0.5
        model.intercepts_[-1] += 0.5
    model.out_activation_ = "identity"
    with TemporaryDirectory() as folder, chdir(folder):  # emlearn compiles it where it is
        written = emlearn().convert(model, method="loadable")
        source = written.save(name="model")
    return Program(source, "float", f"model_predict(row, {model.n_features_in_})", "emlearn")

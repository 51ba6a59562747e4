# What a teacher that is a torch module says of rows.
from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_iris

from scratchcard.search.targets.teacher import ask

torch = pytest.importorskip("torch")

X, _ = load_iris(return_X_y=True)


def module(n_features=4, n_classes=3):
    torch.manual_seed(0)
    layers = [torch.nn.Linear(n_features, 8), torch.nn.ReLU(), torch.nn.Dropout(0.9)]
    return torch.nn.Sequential(*layers, torch.nn.BatchNorm1d(8), torch.nn.Linear(8, n_classes))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_module_is_asked_as_it_answers_users(dtype):
    model = module().to(dtype)
    model[3].eval()  # one layer is frozen already, and stays so
    statistics = model[3].running_mean.clone()
    taught = ask(model, X)
    assert [part.training for part in model] == [True, True, True, False, True]
    assert model.training
    assert torch.equal(model[3].running_mean, statistics)
    assert all(parameter.grad is None for parameter in model.parameters())
    with torch.no_grad():
        logits = model.eval()(torch.tensor(X, dtype=dtype))
    assert np.array_equal(taught.labels, logits.argmax(1).numpy())
    assert taught.classes.tolist() == [0, 1, 2]


def test_a_module_is_asked_in_batches():
    rows = np.tile(X, (40, 1))
    model = module()
    assert np.array_equal(ask(model, rows).labels, np.tile(ask(model, X).labels, 40))


class _NaN(torch.nn.Module):
    def forward(self, rows):
        return rows.new_full((len(rows), 2), float("nan"))


@pytest.mark.parametrize(
    ("teacher", "message"),
    [
        (module(3), "teacher: Sequential cannot answer rows of 4 features: "),
        (module(4, 1), r"of two classes or more, Sequential gives shape \(150, 1\)"),
        (torch.nn.Flatten(0), r"of two classes or more, Flatten gives shape \(600,\)"),
        (_NaN(), "teacher: _NaN answers row 0 with NaN"),
    ],
)
def test_a_module_that_gives_no_logits_is_refused(teacher, message):
    with pytest.raises(ValueError, match=message):
        ask(teacher, X)

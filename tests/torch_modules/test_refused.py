# What find_mask refuses: each a ValueError that names the argument.
from __future__ import annotations

import subprocess
import sys
import threading

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402
from torch.utils.data import DataLoader, TensorDataset  # noqa: E402

from scratchcard.search import Checkpoint, Genetic, Limits, Memetic  # noqa: E402
from scratchcard.torch import find_mask  # noqa: E402

X, Y = torch.randn(20, 4, generator=torch.Generator().manual_seed(0)), torch.arange(20) % 3


def plain():
    return nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3))


def holed():
    module = plain()
    with torch.no_grad():
        module[0].weight[0, 0] = torch.nan
    return module


class Counting(nn.Module):
    """A module whose one parameter holds integers."""

    def __init__(self):
        super().__init__()
        whole = torch.ones(4, 3, dtype=torch.int64)
        self.weight = nn.Parameter(whole, requires_grad=False)

    def forward(self, x):
        return x @ self.weight.to(x)


class Summing(nn.Module):
    def __init__(self, answer):
        super().__init__()
        self.layer, self.answer = nn.Linear(4, 3), answer

    def forward(self, x):
        return self.answer(self.layer(x))


@pytest.mark.parametrize(
    ("module", "says"),
    [
        ("a module", "module takes a torch.nn.Module, got str"),
        (nn.ReLU(), "parameters takes at least one weight to mask, got none of none"),
        (nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3)), r"buffers.*module\.eval\(\)"),
        (nn.Sequential(nn.Linear(4, 3), nn.Dropout(0.5)), r"asked twice.*module\.eval\(\)"),
        (nn.LazyLinear(3), "'weight' has none yet"),
        (holed(), "module takes finite parameters, '0.weight' holds NaN"),
        (Summing(lambda out: (out, out)), "module takes one that returns a tensor, got tuple"),
        (Summing(lambda out: out.sum()), "a row of outputs for each of the 20 rows"),
    ],
)
def test_modules(module, says):
    with pytest.raises(ValueError, match=says):
        find_mask(module, F.cross_entropy, (X, Y))


@pytest.mark.parametrize(
    ("module", "parameters", "says"),
    [
        (plain(), ["0.weight", "7.weight"], "parameters takes names .*'0.weight'.*got '7.weight'"),
        (plain(), [], "parameters takes at least one weight"),
        (plain(), lambda name, parameter: False, "parameters takes at least one weight"),
        (Counting(), ["weight"], "floating-point numbers, 'weight' is torch.int64"),
        (Counting(), None, "parameters takes at least one weight"),
    ],
)
def test_parameters(module, parameters, says):
    with pytest.raises(ValueError, match=says):
        find_mask(module, F.cross_entropy, (X, Y), parameters=parameters)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ((X, Y[:19]), r"data takes as many rows .* got \[20\] rows of inputs and 19 targets"),
        ((X[:0], Y[:0]), "data takes at least one row, got none"),
        (TensorDataset(X[:0], Y[:0]), "data takes at least one row, got none"),
        (DataLoader(TensorDataset(X)), "data takes .inputs, targets."),
        (X, "data takes .inputs, targets., a Dataset or a DataLoader"),
        ((X, "labels"), "data takes tensors or arrays of numbers"),
        ((X.log(), Y), "data takes finite numbers, got NaN"),
        ((X, torch.tensor(3)), "data takes tensors with a row for each example"),
    ],
)
def test_data(data, says):
    with pytest.raises(ValueError, match=says):
        find_mask(plain(), F.cross_entropy, data)
    with pytest.raises(ValueError, match=says.replace("data takes", "validation takes")):
        find_mask(plain(), F.cross_entropy, (X, Y), validation=data)


@pytest.mark.parametrize(
    ("loss", "says"),
    [
        (None, "loss takes a function of outputs and targets, got None"),
        (lambda outputs, targets: outputs, r"one for each of the 20 rows, got shape \(20, 3\)"),
        (lambda outputs, targets: "low", "loss takes .* a number or a tensor, got 'low'"),
        (lambda outputs, targets: outputs.sum() * torch.nan, "finite numbers, got NaN"),
        (lambda outputs, targets: float("inf"), "finite numbers, got NaN"),
    ],
)
@pytest.mark.parametrize("algorithm", ["memetic", "genetic"])
def test_losses(loss, says, algorithm):
    with pytest.raises(ValueError, match=says):
        find_mask(plain(), loss, (X, Y), algorithm=algorithm)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"max_density": 0.0}, "max_density takes a number above 0 to 1, got 0.0"),
        ({"max_density": 1.5}, "max_density takes a number above 0 to 1, got 1.5"),
        ({"algorithm": "adam"}, "algorithm takes 'memetic', 'genetic'.*got 'adam'"),
        ({"algorithm": Memetic}, "algorithm takes 'memetic', 'genetic'"),
        ({"algorithm": Memetic(max_bits=80)}, "algorithm takes settings without max_bits"),
        ({"algorithm": Genetic("GA (static AB)")}, "preset .* takes an objective of classes"),
        ({"device": "abacus"}, "device takes one that this torch can use, got 'abacus'"),
        ({"device": "meta"}, "device takes one that this torch can use, got 'meta'"),
        ({"seed": -1}, "seed takes an integer"),
        ({"batch_size": 0}, "batch_size takes an integer"),
        ({"chunk_size": 0}, "chunk_size takes an integer"),
        ({"limits": Limits(patience=3)}, "patience takes validation data"),
    ],
)
def test_settings(settings, says):
    with pytest.raises(ValueError, match=says):
        find_mask(plain(), F.cross_entropy, (X, Y), **settings)


def test_without_torch_the_error_names_the_extra():
    code = "import sys; sys.modules['torch'] = None; import scratchcard.torch"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.strip().endswith(
        "ImportError: scratchcard.torch needs torch: pip install 'scratchcard[torch]'"
    )


class Writing(nn.Linear):
    """Changes what it reads."""

    def forward(self, x):
        return super().forward(x.mul_(0.5))


class Locked(nn.Linear):
    """Holds what has no copy."""

    def __init__(self, *sizes):
        super().__init__(*sizes)
        self.lock = threading.Lock()


@pytest.mark.parametrize(
    ("module", "changed", "says"),
    [
        (Writing(4, 3), {}, "leaves its inputs as they are"),
        (Locked(4, 3), {}, "one that can be copied"),
        (nn.Linear(5, 3), {}, "data takes what the module can read"),
        (nn.Linear(4, 3), {"algorithm": Memetic(), "max_density": 0.1}, "max_density is for an"),
        (nn.Linear(4, 3), {"callbacks": [Checkpoint("x")]}, "callbacks takes no Checkpoint"),
    ],
)
def test_what_cannot_be_searched(module, changed, says):
    data = torch.rand(20, 4), torch.arange(20) % 3
    with pytest.raises(ValueError, match=says):
        find_mask(module, F.cross_entropy, data, **changed)


def test_a_loss_that_changes_its_targets_is_refused():
    def loss(outputs, targets):
        return ((outputs - targets.mul_(0.5)) ** 2).mean()

    with pytest.raises(ValueError, match="leaves the targets as they are"):
        find_mask(nn.Linear(4, 3), loss, (torch.rand(20, 4), torch.rand(20, 3)))

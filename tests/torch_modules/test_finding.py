# Masks of torch modules: what is found, what is left alone, and what a seed fixes.
from __future__ import annotations

import signal
import threading
import warnings

import numpy as np
import pytest
from sklearn.datasets import load_digits

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402
from torch.utils.data import DataLoader, TensorDataset  # noqa: E402

from scratchcard.search import Callback, Genetic, Limits, Memetic  # noqa: E402
from scratchcard.torch import find_mask  # noqa: E402
from scratchcard.torch.engine import ModuleEngine  # noqa: E402
from scratchcard.torch.examples import read_examples  # noqa: E402
from scratchcard.torch.frozen import Frozen  # noqa: E402

SHORT = Limits(evaluations=200)
ALGORITHMS = [
    Memetic(max_density=0.5, population=2, burst=40),
    Genetic(max_density=0.5, population=20),
]


def drawn(module):
    """Return the module with weights of a fixed seed, whose outputs are a few units large."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if parameter.ndim > 1:
                spread = 2.0 / parameter[0].numel() ** 0.5
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * spread)
            elif name.endswith("bias"):
                parameter.zero_()
    return module


def dense(dtype=torch.float32):
    return drawn(nn.Sequential(nn.Linear(8, 12), nn.ReLU(), nn.Linear(12, 3))).to(dtype)


def convolutional(dtype=torch.float32):
    return drawn(
        nn.Sequential(
            nn.Unflatten(1, (1, 2, 4)),
            nn.Conv2d(1, 5, 3, padding=1),
            nn.BatchNorm2d(5),
            nn.ReLU(),
            nn.Conv2d(5, 6, 3, padding=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Dropout(0.5),
            nn.Linear(48, 3),
        )
    ).to(dtype)


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(2, 6, batch_first=True)
        self.out = nn.Linear(6, 3)

    def forward(self, x):
        return self.out(self.gru(x.reshape(-1, 4, 2))[0][:, -1])


class Attending(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(2, 8)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.out = nn.Linear(8, 3)

    def forward(self, x):
        x = self.embed(x.reshape(-1, 4, 2))
        return self.out((x + self.attention(x, x, x, need_weights=False)[0]).mean(1))


def rows(n=60, dtype=torch.float32):
    """Return rows of three classes that a few weights tell apart."""
    generator = torch.Generator().manual_seed(1)
    inputs = torch.randn(n, 8, generator=generator, dtype=torch.float64).to(dtype)
    return inputs, inputs[:, :3].argmax(1)


def errors(outputs, targets):
    """A loss that has no gradient, and is no tensor."""
    return float(np.mean(outputs.numpy().argmax(1) != targets.numpy()))


def same(one, other):
    return all(torch.equal(one.masks[name], other.masks[name]) for name in one.masks)


@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=lambda one: one.name)
@pytest.mark.parametrize("make", [dense, convolutional])
def test_a_mask_only_removes_and_the_module_stays_as_it_was(make, algorithm):
    module = make().eval()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    found = find_mask(module, F.cross_entropy, rows(), algorithm=algorithm, limits=SHORT)
    assert all(torch.equal(before[n], tensor) for n, tensor in module.state_dict().items())
    assert all(parameter.grad is None for parameter in module.parameters())
    weights = {name for name, one in module.named_parameters() if one.ndim > 1}
    assert set(found.masks) == weights
    state = found.module.state_dict()
    for name, tensor in before.items():
        mask = found.masks.get(name, torch.ones_like(tensor, dtype=torch.bool))
        assert torch.equal(state[name], tensor * mask)
    assert 0 < found.density <= 0.5
    fresh = make().eval()
    fresh.load_state_dict(state)
    inputs, targets = rows()
    with torch.no_grad():
        loss = float(F.cross_entropy(fresh(inputs), targets))
    assert loss == pytest.approx(found.loss, rel=1e-5)
    assert found.loss == found.history[-1].objective
    assert found.loss < found.history[0].objective


@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=lambda one: one.name)
@pytest.mark.parametrize("chunk_size", [1, 4])
def test_a_seed_fixes_the_mask(algorithm, chunk_size):
    def found(seed):
        return find_mask(
            convolutional().eval(),
            F.cross_entropy,
            rows(),
            algorithm=algorithm,
            limits=SHORT,
            seed=seed,
            chunk_size=chunk_size,
        )

    first, again, other = found(0), found(0), found(1)
    assert same(first, again)
    assert (first.loss, first.evaluations) == (again.loss, again.evaluations)
    assert not same(first, other)


@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=lambda one: one.name)
@pytest.mark.parametrize("make", [dense, convolutional])
def test_masks_at_once_do_not_change_what_is_found(make, algorithm):
    """Candidates are proposed ahead, and come out as if they were decided one after the other."""
    found = [
        find_mask(
            make(torch.float64).eval(),
            F.cross_entropy,
            rows(dtype=torch.float64),
            algorithm=algorithm,
            limits=SHORT,
            chunk_size=chunk_size,
            batch_size=batch_size,
        )
        for chunk_size, batch_size in ((1, 60), (3, 60), (16, 25))
    ]
    for other in found[1:]:
        assert same(found[0], other)
        assert found[0].loss == other.loss
        assert found[0].generations == other.generations


@pytest.mark.parametrize("make", [dense, convolutional])
@pytest.mark.parametrize("batch_size", [60, 7])
def test_many_masks_at_once_have_the_losses_of_each(make, batch_size):
    module, (inputs, targets) = make().eval(), rows()
    frozen = Frozen(module, None, None)
    examples = read_examples("data", (inputs, targets), batch_size, frozen.device, torch.float32)
    engine = ModuleEngine(frozen, F.cross_entropy, examples, 5)
    assert engine.at_once == 5
    random = np.random.default_rng(0)
    masks = (random.random((12, frozen.network.n_weights)) < 0.5).astype(np.uint8)
    losses = engine.values(engine.evaluate(masks))
    for mask, loss in zip(masks, losses, strict=True):
        each = {name: one[0] for name, one in frozen.split(torch.tensor(mask)[None]).items()}
        with torch.no_grad():
            expected = float(F.cross_entropy(frozen.masked(each)(inputs), targets))
        assert loss == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("make", [Recurrent, Attending])
def test_a_module_that_vmap_cannot_run_is_looped_over(make):
    module = drawn(make()).eval()
    with pytest.warns(UserWarning, match="one after the other, since vmap cannot run"):
        found = find_mask(module, F.cross_entropy, rows(), limits=SHORT, chunk_size=8)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # nothing is said where one after the other is asked for
        again = find_mask(module, F.cross_entropy, rows(), limits=SHORT, chunk_size=1)
    assert same(found, again)
    assert found.loss < found.history[0].objective


@pytest.mark.parametrize("algorithm", ["memetic", "genetic"])
def test_a_loss_needs_no_gradient(algorithm):
    inputs, targets = rows()
    found = find_mask(dense(), errors, (inputs, targets), algorithm=algorithm, limits=SHORT)
    with torch.no_grad():
        assert errors(found.module(inputs), targets) == pytest.approx(found.loss, rel=1e-6)
    assert found.loss < 0.5


def test_a_loss_may_be_one_number_for_each_row():
    def each(outputs, targets):
        return F.cross_entropy(outputs, targets, reduction="none")

    mean, rowwise = (
        find_mask(dense(torch.float64), loss, rows(dtype=torch.float64), limits=SHORT)
        for loss in (F.cross_entropy, each)
    )
    assert same(mean, rowwise)


def test_a_loss_may_be_of_any_size():
    """Heat, price and tolerance follow the size of the loss; powers of 2 round nothing."""

    def found(scale):
        def loss(outputs, targets):
            return F.cross_entropy(outputs, targets) * scale

        return find_mask(dense(), loss, rows(), limits=SHORT)

    plain, small, large = map(found, (1.0, 2.0**-20, 2.0**20))
    assert same(plain, small)
    assert same(plain, large)
    assert plain.loss == small.loss * 2**20 == large.loss / 2**20


def test_better_than_random_masks_of_the_same_density_on_digits():
    X, y = load_digits(return_X_y=True)
    inputs, targets = torch.tensor(X / 16, dtype=torch.float32), torch.tensor(y)
    module = drawn(nn.Sequential(nn.Linear(64, 40), nn.ReLU(), nn.Linear(40, 10)))
    found = find_mask(
        module, F.cross_entropy, (inputs[:200], targets[:200]), limits=Limits(evaluations=2500)
    )

    def accuracy(one):
        with torch.no_grad():
            return float((one(inputs[200:]).argmax(1) == targets[200:]).float().mean())

    frozen, generator = Frozen(module, None, None), torch.Generator().manual_seed(0)
    random = [
        {
            name: mask.flatten()[torch.randperm(mask.numel(), generator=generator)].view_as(mask)
            for name, mask in found.masks.items()
        }
        for _ in range(20)
    ]
    assert accuracy(found.module) > 0.5
    assert accuracy(found.module) > max(accuracy(frozen.masked(one)) for one in random) + 0.2


def test_chosen_parameters_alone_are_masked():
    by_name = find_mask(dense(), F.cross_entropy, rows(), parameters=["2.weight"], limits=SHORT)
    assert list(by_name.masks) == ["2.weight"]
    assert torch.equal(by_name.module[0].weight, dense()[0].weight)
    biases = find_mask(
        convolutional().eval(),
        F.cross_entropy,
        rows(),
        parameters=lambda name, parameter: name.startswith("4."),
        limits=SHORT,
    )
    assert list(biases.masks) == ["4.weight", "4.bias"]
    assert biases.masks["4.bias"].shape == (6,)


def test_parameters_that_are_shared_stay_shared():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second, self.out = nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 3)
            self.second.weight = self.first.weight

        def forward(self, x):
            return self.out(torch.relu(self.second(torch.relu(self.first(x)))))

    module = drawn(Tied())
    found = find_mask(module, F.cross_entropy, rows(), limits=SHORT)
    assert list(found.masks) == ["first.weight", "out.weight"]
    state = found.module.state_dict()
    assert torch.equal(state["first.weight"], state["second.weight"])
    inputs, targets = rows()
    fresh = Tied()
    fresh.load_state_dict(state)
    with torch.no_grad():
        loss = float(F.cross_entropy(fresh(inputs), targets))
    assert loss == pytest.approx(found.loss, rel=1e-5)


def test_data_may_be_a_dataset_a_loader_or_arrays():
    inputs, targets = rows()
    dataset = TensorDataset(inputs, targets)
    given = [
        (inputs, targets),
        (inputs.numpy(), targets.numpy()),
        dataset,
        DataLoader(dataset, batch_size=7),
    ]
    found = [find_mask(dense(), F.cross_entropy, one, limits=SHORT) for one in given]
    assert all(same(found[0], other) for other in found[1:])


def test_a_module_may_take_several_arguments():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.other = nn.Linear(5, 3), nn.Linear(3, 3)

        def forward(self, x, z):
            return self.one(x) + self.other(z)

    inputs, targets = rows()
    pair = (inputs[:, :5], inputs[:, 5:])
    parts = DataLoader(TensorDataset(*pair, targets), batch_size=9, collate_fn=_as_pairs)
    found = [
        find_mask(drawn(Two()), F.cross_entropy, one, limits=SHORT, chunk_size=4)
        for one in ((pair, targets), parts)
    ]
    assert same(*found)
    assert found[0].loss < found[0].history[0].objective


def _as_pairs(items):
    x, z, targets = map(torch.stack, zip(*items, strict=True))
    return (x, z), targets


def test_validation_data_choose_and_end_a_search():
    inputs, targets = rows(120)
    train, aside = (inputs[:60], targets[:60]), (inputs[60:], targets[60:])
    limits = Limits(evaluations=100_000, patience=3)
    found = find_mask(
        dense(),
        F.cross_entropy,
        train,
        validation=aside,
        algorithm=ALGORITHMS[0],
        limits=limits,
    )
    assert found.stopped_by == "early stopping"
    with torch.no_grad():
        loss = float(F.cross_entropy(found.module(aside[0]), aside[1]))
    assert loss == pytest.approx(found.validation_loss, rel=1e-5)


def test_callbacks_see_progress_and_stop():
    seen = []
    found = find_mask(
        dense(),
        F.cross_entropy,
        rows(),
        algorithm=ALGORITHMS[0],
        limits=Limits(generations=50),
        callbacks=[lambda progress: seen.append(progress) or len(seen) == 2],
    )
    assert (found.stopped_by, found.generations, len(seen)) == ("callback", 2, 2)


class Interrupting(Callback):
    def on_generation(self, loop):
        if loop.generation == 2:
            signal.raise_signal(signal.SIGINT)


def test_an_interrupt_returns_the_best_so_far():
    assert threading.current_thread() is threading.main_thread()
    found = find_mask(
        dense(),
        F.cross_entropy,
        rows(),
        algorithm=ALGORITHMS[0],
        limits=Limits(generations=10_000),
        callbacks=[Interrupting()],
    )
    assert found.stopped_by == "interrupt"
    assert found.generations <= 4
    assert found.loss == found.history[-1].objective


def test_the_search_takes_about_the_seconds_it_is_given():
    found = find_mask(dense(), F.cross_entropy, rows(), limits=Limits(seconds=0.5))
    assert found.stopped_by == "seconds"
    assert found.evaluations > 0


@pytest.mark.parametrize("algorithm", ["memetic", "genetic"])
def test_validation_data_choose(algorithm):
    module, data = dense().eval(), rows()
    inputs, targets = (one[30:] for one in rows(90))
    given = {"algorithm": algorithm, "limits": Limits(generations=8)}
    found = find_mask(module, F.cross_entropy, data, validation=(inputs, targets), **given)
    plain = find_mask(module, F.cross_entropy, data, **given)
    with torch.no_grad():
        last = float(F.cross_entropy(plain.module(inputs), targets))
    assert found.validation_loss <= last


def test_a_mask_whose_loss_is_no_number_is_worse_than_any_other():
    def odd(outputs, targets):
        loss = F.cross_entropy(outputs, targets)
        return torch.nan if int(outputs.abs().sum() * 1e6) % 3 == 0 else loss

    found = find_mask(dense().eval(), odd, rows(), limits=Limits(generations=5))
    assert np.isfinite(found.loss)


def test_arrays_of_numpy_are_read_in_the_precision_of_the_module():
    inputs, targets = rows()
    given = {"limits": Limits(generations=2)}
    found = find_mask(dense().eval(), F.cross_entropy, (inputs, targets), **given)
    arrays = inputs.double().numpy(), targets.numpy()
    assert find_mask(dense().eval(), F.cross_entropy, arrays, **given).loss == found.loss

"""Baselines: edge-popup, biprop and the dense twin, on the networks that tickets are made of."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from scratchcard import Conv2d, Dense  # noqa: E402
from scratchcard.datasets import load  # noqa: E402
from scratchcard.research.baselines import Biprop, Descent, EdgePopup, Twin  # noqa: E402
from scratchcard.research.baselines.floats import FloatNetwork  # noqa: E402
from scratchcard.research.baselines.scores import with_largest_scores  # noqa: E402
from scratchcard.rows import Rows  # noqa: E402
from scratchcard.search.problem import Labelled, Problem  # noqa: E402
from scratchcard.ticket.mask import Mask  # noqa: E402
from scratchcard.ticket.network import Network  # noqa: E402

FAMILIES = ["uniform", "signed_constant", "kaiming_normal"]
SMALL = Network.dense((64, 20, 10), seed=3)
MAPS = Network([Conv2d(8, 3, pool=2), Conv2d(16, 3), Dense(10)], (1, 8, 8), seed=3)
ALL = [EdgePopup(0.3), Biprop(0.3), Twin()]


def name(algorithm) -> str:
    return type(algorithm).__name__


@pytest.fixture(scope="module")
def digits() -> tuple[Rows, Rows]:
    dataset = load("digits")
    parts = [Labelled(p.X, dataset.targets(p)) for p in (dataset.train, dataset.validation)]
    problem = Problem.make(SMALL, *parts)
    return problem.train, problem.validation


def state(found):
    """What a run found, as bytes that can be compared."""
    if hasattr(found, "mask"):
        return found.mask.bits
    return b"".join(tensor.numpy().tobytes() for tensor in found.layers.weights)


# -- the floats are the integers -----------------------------------------------------------------


def compared(network: Network, mask: Mask, inputs) -> tuple[np.ndarray, np.ndarray]:
    """The outputs of a mask from integers and from floats, as logits with a spread of 1."""
    exact = network.outputs(mask, inputs)
    temperature = 1.0 / exact.std()
    floats = FloatNetwork.of(network, max(mask.density, 0.1), temperature)
    masked = tuple(
        weight * torch.tensor(layer)
        for weight, layer in zip(floats.weights, mask.arrays(), strict=True)
    )
    logits = replace(floats, weights=masked).logits(torch.tensor(inputs) / floats.input_unit)
    return exact * temperature, logits.numpy()


@pytest.mark.parametrize("weights", FAMILIES)
@pytest.mark.parametrize("sizes", [(64, 100, 10), (64, 50, 30, 10)])
@pytest.mark.parametrize("density", [0.1, 0.5, 1.0])
def test_floats_agree_with_the_integers_up_to_rounding(digits, weights, sizes, density):
    network = Network.dense(sizes, seed=7, weights=weights)
    mask = Mask.random(network.layers, density, np.random.default_rng(0))
    exact, logits = compared(network, mask, digits[1].inputs)
    np.testing.assert_allclose(logits, exact, atol=0.03)
    assert (logits.argmax(axis=1) == exact.argmax(axis=1)).mean() > 0.98


@pytest.mark.parametrize("pool", [1, 2])
@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("kernel", [1, 2, 3, 4])
def test_floats_convolve_as_the_integers_do(kernel, stride, padding, pool):
    """Here nothing is rounded: maps that are no squares, and kernels that pad the ends unevenly."""
    layers = [Conv2d(3, kernel, stride, padding, pool), Dense(4)]
    network = Network(layers, (2, 8, 11), seed=5, weights="signed_constant")
    assert network.shifts == (0,)
    rng = np.random.default_rng(kernel)
    inputs = rng.integers(-127, 128, (20, network.n_inputs)).astype(np.int16)
    mask = Mask.random(network.layers, 0.6, rng)
    np.testing.assert_allclose(*compared(network, mask, inputs), atol=1e-5)


@pytest.mark.parametrize(
    "layers",
    [
        (Conv2d(8, 3, pool=2), Conv2d(16, 3), Dense(10)),
        (Conv2d(6, 4), Conv2d(8, 2, stride=2), Conv2d(8, 3, padding="valid"), Dense(9), Dense(10)),
    ],
    ids=["pooled", "deep"],
)
@pytest.mark.parametrize(("weights", "atol"), [("uniform", 0.04), ("signed_constant", 0.1)])
@pytest.mark.parametrize("density", [0.3, 1.0])
def test_deep_maps_agree_up_to_rounding(digits, layers, weights, atol, density):
    """Sums of signed_constant weights are held to 16 bits, so their shifts round away more."""
    network = Network(layers, (1, 8, 8), seed=7, weights=weights)
    mask = Mask.random(network.layers, density, np.random.default_rng(0))
    exact, logits = compared(network, mask, digits[1].inputs)
    np.testing.assert_allclose(logits, exact, atol=atol)
    assert (logits.argmax(axis=1) == exact.argmax(axis=1)).mean() > 0.98


def test_floats_saturate_where_the_integers_do():
    network = Network.dense((8, 4000, 3), seed=1, input_bits=16)  # so wide that its limit is low
    assert network.limits[1] < 5000
    mask = Mask.full(network.layers)
    inputs = np.full((5, 8), network.input_limit, np.int16) - np.arange(5, dtype=np.int16)[:, None]
    exact = network.outputs(mask, inputs)
    floats = FloatNetwork.of(network, 1.0, 1.0 / np.abs(exact).max())
    logits = floats.logits(torch.tensor(inputs).float() / floats.input_unit).numpy()
    np.testing.assert_allclose(logits, exact / np.abs(exact).max(), atol=0.01)


@pytest.mark.parametrize("weights", FAMILIES)
def test_hidden_activations_are_neither_tiny_nor_huge(digits, weights):
    network = Network.dense((64, 50, 50, 50, 10), seed=0, weights=weights)
    floats = FloatNetwork.of(network, 0.5, 1e-5)
    values = torch.tensor(digits[1].inputs).float() / floats.input_unit
    before = values.square().mean().sqrt()
    mask = Mask.random(network.layers, 0.5, np.random.default_rng(0))
    for weight, bias, kept in zip(
        floats.weights[:-1], floats.biases[:-1], mask.arrays()[:-1], strict=True
    ):
        values = torch.nn.functional.linear(values, weight * torch.tensor(kept), bias).relu()
    assert 0.3 < values.square().mean().sqrt() / before < 3


# -- scores --------------------------------------------------------------------------------------


@pytest.mark.parametrize("density", [0.01, 0.29, 0.5, 1.0])
def test_survivors_have_the_largest_scores(density):
    scores = torch.randn(30, 10, generator=torch.Generator().manual_seed(0))
    kept = with_largest_scores(scores, density)
    assert kept.sum() == int(density * 300)
    assert density == 1 or scores[kept].abs().min() > scores[~kept].abs().max()


def test_ties_never_keep_too_many():
    assert with_largest_scores(torch.ones(4, 5), 0.5).sum() == 0
    assert with_largest_scores(torch.tensor([[3.0, -1.0, 1.0, -2.0]]), 0.75).sum() == 2


@pytest.mark.parametrize("network", [SMALL, MAPS], ids=["dense", "maps"])
@pytest.mark.parametrize("algorithm", [EdgePopup(0.3), Biprop(0.3)], ids=name)
def test_gradients_reach_scores_straight_through(digits, algorithm, network):
    """As if effective weights were |score| * frozen, to first order."""
    learner = algorithm._learner(network, 1e-4, torch.Generator().manual_seed(0))
    inputs = torch.tensor(digits[0].inputs[:50]).float() / learner.input_unit
    learner.logits(inputs).square().sum().backward()
    leaves = learner.selected()
    for weight in leaves.weights:
        weight.requires_grad_()
    leaves.logits(inputs).square().sum().backward()
    for scores, frozen, leaf in zip(
        learner.parameters, learner.frozen.weights, leaves.weights, strict=True
    ):
        torch.testing.assert_close(scores.grad, leaf.grad * frozen * scores.sign())


# -- what is learnt ------------------------------------------------------------------------------


def test_edge_popup_learns_digits(digits):
    train, validation = digits
    network = Network.dense((64, 100, 10), seed=0)
    before = network.flat_weights().copy()
    found = EdgePopup(density=0.5).fit(network, train, epochs=50)
    assert found.accuracy(validation) > 0.95
    assert np.array_equal(network.flat_weights(), before)
    assert found.mask.per_layer_density == pytest.approx((0.5, 0.5), abs=1e-3)
    outputs = network.outputs(found.mask, validation.inputs)
    assert np.array_equal(found.predict(validation.inputs), outputs.argmax(axis=1))


@pytest.mark.parametrize("weights", FAMILIES)
def test_edge_popup_respects_the_density(digits, weights):
    network = Network.dense((64, 40, 30, 10), seed=1, weights=weights)
    found = EdgePopup(density=0.15).fit(network, digits[0], epochs=20)
    assert max(found.mask.per_layer_density) <= 0.15
    assert found.mask.density > 0.145
    assert found.accuracy(digits[1]) > 0.5


@pytest.mark.parametrize("weights", FAMILIES)
def test_edge_popup_learns_digits_with_convolutions(digits, weights):
    train, validation = digits
    network = replace(MAPS, weights=weights)
    found = EdgePopup(0.5, descent=Descent("adam", 1e-2, weight_decay=0)).fit(
        network, train, epochs=30
    )
    assert found.accuracy(validation) > 0.9
    assert found.mask.layers == network.layers
    assert found.mask.per_layer_density == pytest.approx((0.5, 0.5, 0.5), abs=0.01)
    outputs = network.outputs(found.mask, validation.inputs)
    assert np.array_equal(found.predict(validation.inputs), outputs.argmax(axis=1))


@pytest.mark.parametrize("algorithm", [Biprop(0.5), Twin()], ids=name)
def test_models_with_weights_of_their_own_learn_digits_with_convolutions(digits, algorithm):
    train, validation = digits
    algorithm = replace(algorithm, descent=Descent("adam", 1e-2, weight_decay=0))
    found = algorithm.fit(MAPS, train, epochs=25)
    assert found.accuracy(validation) > 0.9
    assert found.predict(validation.inputs[:5]).shape == (5,)
    assert [tuple(one.shape) for one in found.layers.weights] == list(MAPS.shapes)


def test_biprop_learns_digits_with_one_magnitude_in_each_layer(digits):
    found = Biprop(density=0.3).fit(Network.dense((64, 100, 10), seed=0), digits[0], epochs=40)
    assert found.accuracy(digits[1]) > 0.93
    for weights in found.layers.weights:
        assert len(weights.abs().unique()) == 2  # 0 and alpha
    assert found.n_weights <= 0.3 * 7400
    assert found.predict(digits[1].inputs[:5]).shape == (5,)


def test_the_twin_learns_digits(digits):
    found = Twin().fit(Network.dense((64, 100, 10)), digits[0], epochs=100)
    assert found.accuracy(digits[1]) > 0.95


def test_row_weights_count(digits):
    """Rows of weight 0 teach nothing: here they would make half of the labels wrong."""
    train, validation = digits
    wrong = Rows(
        np.concatenate([train.inputs, train.inputs]),
        np.concatenate([train.targets, (train.targets + 1) % 10]),
        np.repeat([1, 0], len(train)),
    )
    assert EdgePopup().fit(SMALL, wrong, epochs=20).accuracy(validation) > 0.7


# -- runs ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("network", [SMALL, MAPS], ids=["dense", "maps"])
@pytest.mark.parametrize("algorithm", ALL, ids=name)
def test_the_same_seed_gives_the_same(digits, algorithm, network):
    found = [
        state(algorithm.fit(network, digits[0], epochs=2, seed=seed, n_jobs=jobs))
        for seed, jobs in ((0, 1), (0, 1), (1, 1))
    ]
    assert found[0] == found[1] != found[2]


@pytest.mark.parametrize("algorithm", ALL, ids=name)
def test_a_limit_in_seconds_holds_and_callbacks_are_free(digits, algorithm):
    seen = []

    def callback(progress):
        if progress.run.steps % 50 == 1:
            seen.append((progress.run.seconds, progress.model().accuracy(digits[1])))
            for _ in range(20):
                progress.model().accuracy(digits[1])

    found = algorithm.fit(SMALL, digits[0], seconds=0.5, callback=callback)
    assert found.run.stopped_by == "seconds"
    assert 0.5 <= found.run.seconds < 0.8
    assert [seconds for seconds, _ in seen] == sorted(seconds for seconds, _ in seen)
    assert seen[-1][1] > seen[0][1]


def test_epochs_history_and_callbacks(digits):
    calls = []
    found = EdgePopup().fit(SMALL, digits[0], epochs=3, callback=calls.append)
    assert (found.run.epochs, len(found.run.history), found.run.steps) == (3, 3, len(calls))
    assert found.run.history[-1].loss < found.run.history[0].loss
    assert (calls[-1].fraction, found.run.stopped_by) == (1.0, "epochs")
    assert [call.run.steps for call in calls] == list(range(1, len(calls) + 1))
    stopped = EdgePopup().fit(SMALL, digits[0], callback=lambda p: p.run.steps == 4)
    assert (stopped.run.steps, stopped.run.stopped_by) == (4, "callback")


def test_an_interrupt_returns_what_was_found(digits):
    def callback(progress):
        if progress.run.steps == 5:
            raise KeyboardInterrupt

    found = EdgePopup().fit(SMALL, digits[0], callback=callback)
    assert (found.run.steps, found.run.stopped_by) == (5, "interrupt")
    assert 0 < found.accuracy(digits[1]) < 1


def test_a_model_in_a_callback_does_not_change_afterwards(digits):
    models = []
    Twin().fit(SMALL, digits[0], epochs=1, callback=lambda p: models.append(p.model()))
    assert len({state(model) for model in models}) == len(models)


def test_threads_are_given_back(digits):
    before = torch.get_num_threads()
    EdgePopup().fit(SMALL, digits[0], epochs=1, n_jobs=before + 1)
    assert torch.get_num_threads() == before


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda rows: EdgePopup(density=0.0), "density takes"),
        (lambda rows: EdgePopup(sharpness=0.0), "sharpness takes"),
        (lambda rows: Descent("adagrad"), "optimizer takes 'sgd' or 'adam'"),
        (lambda rows: Descent(lr=0.0), "lr takes"),
        (lambda rows: Descent(batch=0), "batch takes"),
        (lambda rows: Twin().fit(SMALL, rows, epochs=0), "epochs takes"),
        (lambda rows: Twin().fit(SMALL, rows, n_jobs=0), "n_jobs takes"),
        (lambda rows: EdgePopup(0.001).fit(SMALL, rows), "leaves none of a layer's 200 weights"),
        (
            lambda rows: EdgePopup().fit(Network.dense((64, 20, 10), activation="step"), rows),
            "network takes activation 'relu'",
        ),
        (lambda rows: EdgePopup().fit(Network.dense((64, 20, 9)), rows), "targets below"),
        (lambda rows: EdgePopup().fit(Network.dense((63, 20, 10)), rows), "63 features"),
    ],
)
def test_wrong_settings_are_refused(digits, make, message):
    with pytest.raises(ValueError, match=message):
        make(digits[0])


@pytest.mark.parametrize(
    ("code", "printed"),
    [
        (
            "sys.modules['torch'] = None\ntry: import scratchcard.research.baselines\n"
            "except ImportError as error: print(error)",
            "scratchcard.research.baselines needs torch: pip install 'scratchcard[torch]'",
        ),
        (
            "from scratchcard import *\nimport scratchcard.find, scratchcard.search\n"
            "print('torch' in sys.modules)",
            "False",
        ),
    ],
)
def test_only_the_baselines_need_torch(code, printed):
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}"], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr, done.stdout.strip()) == (0, "", printed)

"""benchmarks/random_features: what enters the last layer, and what is made of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scratchcard import Conv2d, Dense, Mask, Network

ROOT = Path(__file__).parent.parent
if not (ROOT / "benchmarks").exists():
    pytest.skip("benchmarks are no part of the source distribution", allow_module_level=True)


@pytest.fixture(autouse=True)
def benchmarks_are_found(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))


@pytest.mark.parametrize("weights", ["uniform", "signed_constant"])
@pytest.mark.parametrize("density", [0.5, 1.0])
def test_features_are_what_the_last_layer_of_the_network_reads(weights, density):
    from benchmarks.random_features import features

    layers = [Conv2d(4, 3, stride=2), Conv2d(6, 3, pool=2), Dense(5), Dense(3)]
    network = Network(layers, (1, 9, 8), seed=2, weights=weights)
    rng = np.random.default_rng(0)
    mask = Mask.random(network.layers, density, rng)
    inputs = rng.integers(-127, 128, (300, network.n_inputs)).astype(np.int16)
    found = features(network, mask, inputs)
    last = network.weights_of(3).astype(np.int64) * mask.array(3)
    outputs = found.astype(np.int64) @ last.T + network.biases_of(3)
    assert np.array_equal(outputs, network.outputs(mask, inputs))


@pytest.mark.parametrize("n_bytes", [10, 500, 3000])
def test_a_mask_of_the_density_takes_the_bytes(n_bytes):
    from benchmarks.random_features import density_of

    density = density_of(n_bytes, 31_360)
    entropy = -density * np.log2(density) - (1 - density) * np.log2(1 - density)
    assert entropy * 31_360 / 8 == pytest.approx(n_bytes)
    assert density_of(4_000, 31_360) == 0.5


def test_four_bits_are_whole_steps_and_near():
    from benchmarks.random_features import in_four_bits

    weights = np.random.default_rng(0).normal(size=500)
    found = in_four_bits(weights)
    steps = found / np.abs(found[found != 0]).min()
    assert np.allclose(steps, np.rint(steps))
    assert np.abs(steps).max() <= 7
    assert np.square(found - weights).mean() < 0.03

"""Masks of torch modules: how good they get by so many candidates, and how slow that is.

    python benchmarks/torch_modules.py [--candidates 20000] [--models] [--engines] [--chunks]

--models   a dense, a convolutional, a recurrent and an attention module of some thousand weights,
           with random weights, beside the module without a mask and random masks with as many
           survivors in each parameter
--engines  candidates per second of the very same 64-100-10 network: this search beside the
           incremental engine
--chunks   masks per second by how many vmap computes at once

Validation rows choose; test rows are read once, at the end. Seconds are those of one thread on a
CPU, whatever else it does.
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from scratchcard import Limits, Mask, Memetic, Ticket, evolve, export
from scratchcard.datasets import load
from scratchcard.find import Search
from scratchcard.torch import find_mask
from scratchcard.torch.engine import ModuleEngine
from scratchcard.torch.examples import read_examples
from scratchcard.torch.frozen import Frozen

TRAIN, ASIDE = 500, 1000  # training and validation rows at most: every candidate reads all of them
RANDOM_MASKS = 20


class Recurrent(nn.Module):
    """Reads an image row by row."""

    def __init__(self) -> None:
        super().__init__()
        self.gru, self.out = nn.GRU(8, 32, batch_first=True), nn.Linear(32, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(self.gru(x.view(-1, 8, 8))[0][:, -1])


class Attending(nn.Module):
    """Attends to the rows of an image, each with a random position."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.place = nn.Linear(8, 32), nn.Parameter(torch.empty(8, 32))
        self.qkv, self.mix, self.out = nn.Linear(32, 96), nn.Linear(32, 32), nn.Linear(32, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.embed(x.view(-1, 8, 8)) + self.place
        q, k, v = self.qkv(h).chunk(3, dim=-1)
        h = h + self.mix((q @ k.transpose(-2, -1) / 32**0.5).softmax(-1) @ v)
        return self.out(torch.relu(h).mean(1))


def convolutional() -> nn.Module:
    return nn.Sequential(
        nn.Unflatten(1, (1, 28, 28)),
        nn.Conv2d(1, 16, 5, stride=3),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, stride=2),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(288, 10),
    )


def dense() -> nn.Module:
    return nn.Sequential(nn.Linear(64, 100), nn.ReLU(), nn.Linear(100, 10))


MODELS = {
    "dense": (dense, "digits"),
    "convolutional": (convolutional, "fashion-mnist"),
    "recurrent": (Recurrent, "digits"),
    "attention": (Attending, "digits"),
}


def main() -> None:
    """Run what is asked for, or all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--candidates", type=int, default=20_000)
    for name in ("models", "engines", "chunks"):
        parser.add_argument(f"--{name}", action="store_true")
    chosen = parser.parse_args()
    everything = not (chosen.models or chosen.engines or chosen.chunks)
    torch.set_num_threads(1)
    if chosen.models or everything:
        models(chosen.candidates)
    if chosen.engines or everything:
        engines()
    if chosen.chunks or everything:
        chunks()


def drawn(module: nn.Module, spread: float = 2.0) -> nn.Module:
    """Return the module with random weights, whose outputs stay large when half of them go."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, weight in module.named_parameters():
            if weight.ndim > 1:
                size = spread / weight[0].numel() ** 0.5
                weight.copy_(torch.randn(weight.shape, generator=generator) * size)
            elif "bias" in name:
                weight.zero_()
    return module.eval()


def rows_of(name: str) -> tuple[tuple[torch.Tensor, torch.Tensor], ...]:
    """Return training, validation and test rows, from 0 to 1."""
    data = load(name)
    largest = float(data.train.X.max())

    def part(one, n: int | None) -> tuple[torch.Tensor, torch.Tensor]:
        rows = np.random.default_rng(0).permutation(len(one.X))[:n]
        inputs = torch.tensor(one.X[rows].astype(np.float32) / largest)
        return inputs, torch.tensor(one.y[rows].astype(np.int64))

    return part(data.train, TRAIN), part(data.validation, ASIDE), part(data.test, None)


def accuracy(module: nn.Module, rows: tuple[torch.Tensor, torch.Tensor]) -> float:
    with torch.no_grad():
        return float((module(rows[0]).argmax(1) == rows[1]).float().mean())


def models(candidates: int) -> None:
    """Print what is found in each kind of module."""
    heads = "module", "data", "weights", "density", "validation", "test", "no mask", "random"
    print(f"| {' | '.join(heads)} | s | candidates/s |")
    print("|---|---|---|---|---|---|---|---|---|---|", flush=True)
    for kind, (make, data) in MODELS.items():
        train, aside, test = rows_of(data)
        module, began = drawn(make()), time.process_time()
        limits = Limits(evaluations=candidates)
        found = find_mask(module, F.cross_entropy, train, validation=aside, limits=limits)
        seconds = time.process_time() - began
        frozen = Frozen(module, None, None)
        by_chance = [accuracy(frozen.masked(one), test) for one in shuffled(found.masks)]
        print(
            f"| {kind} | {data} | {frozen.network.n_weights:,} | {found.density:.2f} "
            f"| {accuracy(found.module, aside):.1%} | {accuracy(found.module, test):.1%} "
            f"| {accuracy(module, test):.1%} "
            f"| {statistics.mean(by_chance):.1%} (best {max(by_chance):.1%}) "
            f"| {seconds:.0f} | {found.evaluations / seconds:,.0f} |",
            flush=True,
        )


def shuffled(masks: dict[str, torch.Tensor]):
    """Yield random masks with as many survivors in each parameter."""
    generator = torch.Generator().manual_seed(0)
    for _ in range(RANDOM_MASKS):
        yield {
            name: mask.flatten()[torch.randperm(mask.numel(), generator=generator)].view_as(mask)
            for name, mask in masks.items()
        }


def engines() -> None:
    """Print the candidates per second of both searches on the same integers, in turn."""
    search = Search(load("digits"), hidden=(100,), weights="uniform", max_density=0.1, n_jobs=1)
    problem = search.problem
    network, algorithm = problem.network, Memetic(max_density=0.1)
    found = evolve(network, problem.train, algorithm=algorithm, limits=Limits(generations=1))
    full = Ticket(network, Mask.full(network.layers), problem.scaling, found.head)
    exact = nn.Sequential(*export.torch(full)[1:])  # Linear layers of these integers, in float64
    inputs = torch.tensor(problem.train.inputs).double()
    expected = torch.tensor(network.outputs(full.mask, problem.train.inputs)).double()
    assert torch.equal(exact(inputs), expected)
    targets, temperature = torch.tensor(problem.train.targets), found.temperature

    def loss(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return F.cross_entropy(outputs * temperature, targets)

    as_floats = drawn(dense())

    def rate(search, n: int) -> float:
        began = time.process_time()
        return search(Limits(evaluations=n)).evaluations / (time.process_time() - began)

    def fast(limits: Limits):
        return evolve(network, problem.train, algorithm=algorithm, limits=limits)

    def exactly(limits: Limits):
        return find_mask(exact, loss, (inputs, targets), algorithm=algorithm, limits=limits)

    def in_floats(limits: Limits):
        data = inputs.float() / 127, targets
        return find_mask(as_floats, F.cross_entropy, data, algorithm=algorithm, limits=limits)

    for _ in range(3):
        rates = rate(fast, 300_000), rate(exactly, 3000), rate(in_floats, 3000)
        print(
            f"64-100-10, {len(targets)} rows: incremental engine {rates[0]:9,.0f} candidates/s; "
            f"the same integers as a module {rates[1]:6,.0f} (1/{rates[0] / rates[1]:,.0f}); "
            f"floats {rates[2]:6,.0f} (1/{rates[0] / rates[2]:,.0f})",
            flush=True,
        )


def chunks() -> None:
    """Print masks per second by how many are computed at once, and by the number of rows."""
    for name, make, width in (("dense", dense, 64), ("convolutional", convolutional, 784)):
        frozen, random = Frozen(drawn(make()), None, None), np.random.default_rng(0)
        masks = (random.random((64, frozen.network.n_weights)) < 0.5).astype(np.uint8)
        for n_rows in (20, 100, 300, 1000):
            rows = torch.rand(n_rows, width), torch.zeros(n_rows, dtype=torch.int64)
            rates = []
            for at_once in (1, 8, 32):
                examples = read_examples("data", rows, 1024, frozen.device, torch.float32)
                engine = ModuleEngine(frozen, F.cross_entropy, examples, at_once)
                engine.evaluate(masks[:at_once])
                took = []
                for _ in range(3):
                    began = time.perf_counter()
                    engine.evaluate(masks)
                    took.append(time.perf_counter() - began)
                rates.append(f"{at_once} at once {len(masks) / min(took):7,.0f}/s")
            print(f"{name}, {n_rows} rows: {', '.join(rates)}", flush=True)


if __name__ == "__main__":
    main()

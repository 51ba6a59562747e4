"""evosax, jitted on the CPU: SimpleGA over real vectors; what exceeds a threshold stays.

evosax has no binary genomes. A generation (ask, fitness of the population by ``vmap``, tell) is one
compiled function. The rows are read in blocks by a scan, which keeps the sums of hidden units in
the cache; the size of a block is tuned.
"""

from __future__ import annotations

from functools import partial
from statistics import NormalDist
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from evosax.algorithms import SimpleGA
from numpy.typing import NDArray

from ..affine import AffineNetwork
from ..cases import Case
from ..timing import fastest, per_second
from .base import ROW_BLOCKS, TUNING_ROWS, Contender

jax.config.update("jax_platforms", "cpu")


Blocks = tuple[jax.Array, jax.Array, jax.Array]


class EvosaxContender(Contender):
    """A genetic algorithm, generation after generation."""

    name = "evosax, SimpleGA (JAX, jitted)"

    def __init__(self, case: Case) -> None:
        super().__init__(case)
        net, n_rows = case.affine, len(case.rows)
        self.threshold = NormalDist().inv_cdf(1.0 - case.density)
        self.layers = [
            tuple(map(jnp.asarray, layer)) for layer in zip(net.weights, net.biases, strict=True)
        ]
        self.genetic = SimpleGA(self.population, jnp.zeros(case.network.n_weights))
        self.fitness, self.generation = jax.jit(self._fitness), jax.jit(self._generation)
        keys = jax.random.split(jax.random.key(case.seed), 3)
        genomes = jax.random.normal(keys[0], (self.population, case.network.n_weights))
        size = fastest(
            {
                size: partial(self._try, genomes, _blocks(net, size, min(TUNING_ROWS, n_rows)))
                for size in sorted({min(size, n_rows) for size in ROW_BLOCKS})
            }
        )
        self.blocks = _blocks(net, size, n_rows)
        fitness = self.fitness(genomes, self.blocks)
        self.key = keys[1]
        self.state = self.genetic.init(keys[2], genomes, fitness, self.genetic.default_params)
        self._step()  # compiles
        self.detail = f"population {self.population} × {size:,} rows"

    def rate(self, seconds: float) -> float:
        """Candidates per second."""
        return per_second(self._step, seconds)

    def losses(self, masks: NDArray[np.uint8]) -> NDArray[Any]:
        """In float32; a genome of ±infinity is a mask."""
        return np.asarray(self.fitness(jnp.where(masks > 0, jnp.inf, -jnp.inf), self.blocks))

    def _step(self) -> int:
        found = self.generation(self.key, self.state, self.blocks)
        self.key, self.state = jax.block_until_ready(found)
        return self.population

    def _try(self, genomes: jax.Array, blocks: Blocks) -> int:
        jax.block_until_ready(self.fitness(genomes, blocks))
        return len(genomes)

    def _generation(self, key: Any, state: Any, blocks: Blocks) -> tuple[Any, Any]:
        """Ask, judge, tell."""
        key, asking, telling = jax.random.split(key, 3)
        parameters = self.genetic.default_params
        genomes, state = self.genetic.ask(asking, state, parameters)
        fitness = self._fitness(genomes, blocks)
        state, _ = self.genetic.tell(telling, genomes, fitness, state, parameters)
        return key, state

    def _fitness(self, genomes: jax.Array, blocks: Blocks) -> jax.Array:
        """Mean cross-entropies, (population,), of genomes, (population, n_weights)."""
        masks = genomes > self.threshold

        def add(total: jax.Array, block: Blocks) -> tuple[jax.Array, None]:
            return total + jax.vmap(self._loss, (0, None))(masks, block), None

        return jax.lax.scan(add, jnp.zeros(len(genomes)), blocks)[0] / blocks[2].sum()

    def _loss(self, mask: jax.Array, block: Blocks) -> jax.Array:
        """Summed cross-entropy of one mask on one block of rows."""
        values, targets, counted = block
        parts = jnp.split(mask, self.case.affine.cuts)
        for k, (part, (weight, bias)) in enumerate(zip(parts, self.layers, strict=True)):
            values = jnp.maximum(values, 0.0) if k else values
            values = (part.reshape(weight.shape) * weight) @ values + bias[:, None]
        right = jnp.take_along_axis(values, targets[None], axis=0)[0]
        return ((jax.nn.logsumexp(values, axis=0) - right) * counted).sum()


def _blocks(net: AffineNetwork, size: int, n_rows: int) -> Blocks:
    """Inputs (blocks, features, rows), targets and ones (blocks, rows); padding counts nothing.

    They are arguments of what is compiled: constants would be folded, for minutes.
    """
    n_blocks = -(-n_rows // size)
    spare = n_blocks * size - n_rows
    inputs = np.pad(net.inputs[:, :n_rows], ((0, 0), (0, spare))).reshape(-1, n_blocks, size)
    targets = np.pad(net.targets[:n_rows], (0, spare)).astype(np.int32).reshape(n_blocks, size)
    counted = (np.arange(n_blocks * size) < n_rows).astype(np.float32).reshape(n_blocks, size)
    return jnp.asarray(inputs.swapaxes(0, 1)), jnp.asarray(targets), jnp.asarray(counted)


contender = EvosaxContender

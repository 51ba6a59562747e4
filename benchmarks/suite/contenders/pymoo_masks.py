"""pymoo's binary genetic algorithm, its fitness vectorised over the population with NumPy.

The first layer of several candidates is one float32 product, later layers are batched products. How
many candidates and rows are worked on at once is tuned. Uniform crossover and bit flips; the test
for duplicates, which would compare all pairs, is off.
"""

from __future__ import annotations

from functools import partial
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pymoo.algorithms.soo.nonconvex.ga import GA
from pymoo.core.problem import Problem
from pymoo.operators.crossover.ux import UniformCrossover
from pymoo.operators.mutation.bitflip import BitflipMutation

from ..cases import Case
from ..timing import fastest, per_second
from .base import POPULATIONS, ROW_BLOCKS, TUNING_ROWS, Contender


class PymooContender(Contender):
    """A genetic algorithm, generation after generation."""

    name = "pymoo, binary GA (NumPy)"

    def __init__(self, case: Case) -> None:
        super().__init__(case)
        n_rows = len(case.rows)
        masks = case.masks(self.population)
        sizes = sorted({min(rows, n_rows) for rows in ROW_BLOCKS})
        ways = {
            (at_once, rows): partial(self._try, masks[:at_once], at_once, rows)
            for at_once, rows in product(POPULATIONS, sizes)
        }
        self.at_once, self.rows = fastest(ways)
        self.detail = f"population {self.population}, {self.at_once} × {self.rows:,} rows"
        self.algorithm = GA(
            pop_size=self.population,
            sampling=masks.astype(bool),
            crossover=UniformCrossover(),
            mutation=BitflipMutation(),
            eliminate_duplicates=False,
        )
        self.algorithm.setup(_Masks(self), termination=("n_gen", 1 << 30), seed=1, verbose=False)

    def rate(self, seconds: float) -> float:
        """Candidates per second."""
        return per_second(self._step, seconds)

    def losses(self, masks: NDArray[Any]) -> NDArray[Any]:
        """In float32."""
        return self._losses(masks, self.at_once, self.rows, len(self.case.rows))

    def _step(self) -> int:
        asked = self.algorithm.ask()
        self.algorithm.evaluator.eval(self.algorithm.problem, asked)
        self.algorithm.tell(infills=asked)
        return len(asked)

    def _try(self, masks: NDArray[Any], at_once: int, size: int) -> int:
        self._losses(masks, at_once, size, min(TUNING_ROWS, len(self.case.rows)))
        return len(masks)

    def _losses(self, masks: NDArray[Any], at_once: int, size: int, n_rows: int) -> NDArray[Any]:
        """Mean cross-entropies, (n,), of flat masks, (n, n_weights), on the first rows."""
        net = self.case.affine
        total = np.zeros(len(masks))
        for first in range(0, len(masks), at_once):
            some = slice(first, first + at_once)
            parts = np.split(masks[some], net.cuts, axis=1)
            layers = [
                part.reshape(-1, *weight.shape) * weight
                for part, weight in zip(parts, net.weights, strict=True)
            ]
            for start in range(0, n_rows, size):
                rows = slice(start, min(start + size, n_rows))
                logits = _logits(layers, net.biases, net.inputs[:, rows])
                total[some] += _cross_entropy(logits, net.targets[rows])
        return total / n_rows


class _Masks(Problem):
    def __init__(self, contender: PymooContender) -> None:
        super().__init__(n_var=contender.case.network.n_weights, n_obj=1, vtype=bool)
        self.contender = contender

    def _evaluate(self, x: NDArray[np.bool_], out: dict[str, Any], *_: Any, **__: Any) -> None:
        out["F"] = self.contender.losses(x)[:, None]


def _logits(layers: list[Any], biases: tuple[Any, ...], inputs: Any) -> Any:
    """Logits, (population, classes, rows)."""
    n, fan_out, fan_in = layers[0].shape
    values = (layers[0].reshape(n * fan_out, fan_in) @ inputs).reshape(n, fan_out, -1)
    values += biases[0][:, None]
    for weight, bias in zip(layers[1:], biases[1:], strict=True):
        np.maximum(values, 0.0, out=values)
        values = weight @ values
        values += bias[:, None]
    return values


def _cross_entropy(logits: Any, targets: Any) -> Any:
    """Summed over rows, (population,)."""
    logits -= logits.max(axis=1, keepdims=True)
    right = logits[:, targets, np.arange(len(targets))]
    return (np.log(np.exp(logits).sum(axis=1)) - right).sum(axis=1, dtype=np.float64)


contender = PymooContender

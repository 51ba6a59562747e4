"""Logistic regression and nets of one hidden layer in plain C: int8 weights, int32 sums.

Weights are trained as floats and rounded: one factor for each layer makes the largest 127. A hidden
unit's sum is shifted to the right until it has 12 bits.
"""

from __future__ import annotations

from string import Template
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .programs import Program

LARGEST_WEIGHT = 127
LARGEST_HIDDEN = 4095

_HIDDEN = Template("""\
    int16_t hidden[$units];
    for (int j = 0; j < $units; j++) {
        int32_t sum = model_biases_0[j];
        for (int i = 0; i < $inputs; i++)
            sum += model_weights_0[j][i] * row[i];
        sum = sum < 0 ? 0 : sum >> $shift;
        hidden[j] = sum > $most ? $most : sum;
    }
""")
_CLASSES = Template("""\
    int best = 0;
    int32_t most = INT32_MIN;
    for (int j = 0; j < $units; j++) {
        int32_t sum = model_biases_$layer[j];
        for (int i = 0; i < $inputs; i++)
            sum += model_weights_$layer[j][i] * $values[i];
        if (sum > most) {
            most = sum;
            best = j;
        }
    }
    return best;
""")
_TWO_CLASSES = Template("""\
    int32_t sum = model_biases_$layer[0];
    for (int i = 0; i < $inputs; i++)
        sum += model_weights_$layer[0][i] * $values[i];
    return sum > 0;
""")


def integer_net(
    weights: list[NDArray[np.float64]],
    biases: list[NDArray[np.float64]],
    rows: NDArray[Any],
    limit: int,
) -> Program:
    """A net of one or two layers in integers.

    Parameters
    ----------
    weights, biases : list of ndarray
        Of each layer, (n_outputs, n_inputs) and (n_outputs,), for rows that are divided by limit.
        One output of the last layer says which of two classes it is, by its sign.
    rows : ndarray of shape (n_rows, n_features)
        Training rows, integers, by which the shift is chosen.
    limit : int
        The largest value of a row.
    """
    kind = "int8_t" if limit == 127 else "int16_t"
    tables, body = ["#include <stdint.h>\n"], []
    unit = float(limit)  # what stands for 1 in the values that a layer reads
    for layer, (real, bias) in enumerate(zip(weights, biases, strict=True)):
        factor = LARGEST_WEIGHT / np.abs(real).max()
        whole = np.rint(real * factor).astype(np.int64)
        offsets = np.rint(bias * factor * unit).astype(np.int64)
        tables += [_table("weights", layer, whole), _table("biases", layer, offsets)]
        names = {
            "layer": layer,
            "units": len(whole),
            "inputs": whole.shape[1],
            "values": "hidden" if layer else "row",
            "most": LARGEST_HIDDEN,
        }
        if layer == len(weights) - 1:
            last = _TWO_CLASSES if len(whole) == 1 else _CLASSES
            body.append(last.substitute(names))
        else:
            largest = int((rows.astype(np.int64) @ whole.T + offsets).max())
            shift = max(0, largest.bit_length() - LARGEST_HIDDEN.bit_length())
            unit = unit * factor / 2**shift
            body.append(_HIDDEN.substitute(names, shift=shift))
    head = f"static int model_predict(const {kind} *row)\n{{\n"
    return Program("".join([*tables, head, *body, "}\n"]), kind)


def _table(name: str, layer: int, values: NDArray[np.int64]) -> str:
    """A table of the smallest type that holds it."""
    bits = next(n for n in (8, 16, 32) if np.abs(values).max() < 1 << n - 1)
    text = ", ".join(_braced(row) for row in values) if values.ndim == 2 else _listed(values)
    shape = "".join(f"[{n}]" for n in values.shape)
    return f"static const int{bits}_t model_{name}_{layer}{shape} = {{{text}}};\n"


def _braced(row: NDArray[np.int64]) -> str:
    return f"{{{_listed(row)}}}"


def _listed(row: NDArray[np.int64]) -> str:
    return ", ".join(map(str, row.tolist()))

"""Objectives that read only the predicted label: accuracy, balanced accuracy and macro-F1.

All are losses, 1 minus the score, because lower is better everywhere. The predicted label is the
class with the largest output; the lowest index wins a tie.
"""

from __future__ import annotations

import numpy as np

from scratchcard.compiled.vectors import ZERO, copy, fill, if_greater
from scratchcard.objectives.base import Objective, one_statistic

UNIT = np.int32(1)


def _errors(outputs, targets, weights, scale):
    wrong = outputs.argmax(axis=1) != targets
    return np.array([weights[wrong].sum()], dtype=np.int64)


def _errors_block(block):
    # Wrong: an earlier class has at least the target's output, or a later class more than it.
    n_classes = block.where.size - 1
    target = block.outputs[block.where[n_classes]]
    targets, quanta = block.targets, block.quanta
    fill(quanta, ZERO)
    for k in range(n_classes):
        s = block.outputs[block.where[k]]
        this = np.int32(k)
        for r in range(targets.size):
            bar = np.int32(target[r] - if_greater(targets[r], this, UNIT, ZERO))
            quanta[r] |= if_greater(s[r], bar, UNIT, ZERO)
    return 0


def _errors_value(sums, total_weight):
    return sums[0] / total_weight


def _confusion(outputs, targets, weights, scale):
    n_classes = outputs.shape[1]
    table = np.zeros((n_classes, n_classes), dtype=np.int64)
    np.add.at(table, (targets, outputs.argmax(axis=1)), weights)
    return table.ravel()


def _confusion_block(block):
    n_classes = block.where.size - 1
    best = block.work[0].view(np.int32)
    label = block.work[1].view(np.int32)
    copy(best, block.outputs[block.where[0]])
    fill(label, ZERO)
    for k in range(1, n_classes):
        s = block.outputs[block.where[k]]
        this = np.int32(k)
        for r in range(best.size):
            label[r] = if_greater(s[r], best[r], this, label[r])
            best[r] = max(best[r], s[r])
    for r in range(best.size):
        block.sums[block.targets[r] * n_classes + label[r]] += block.weights[r]
    return 0


def _balanced_value(sums, total_weight):
    n_classes = int(np.sqrt(sums.size))
    recalls = 0.0
    present = 0
    for k in range(n_classes):
        row = sums[k * n_classes : (k + 1) * n_classes].sum()
        if row > 0:
            recalls += sums[k * n_classes + k] / row
            present += 1
    return 1.0 - recalls / max(present, 1)


def _macro_f1_value(sums, total_weight):
    n_classes = int(np.sqrt(sums.size))
    f1 = 0.0
    present = 0
    for k in range(n_classes):
        actual = 0
        predicted = 0
        for j in range(n_classes):
            actual += sums[k * n_classes + j]
            predicted += sums[j * n_classes + k]
        if actual + predicted > 0:
            f1 += 2.0 * sums[k * n_classes + k] / (actual + predicted)
            present += 1
    return 1.0 - f1 / max(present, 1)


def _square(n_classes: int) -> int:
    return n_classes * n_classes


ACCURACY = Objective(
    name="accuracy",
    n_statistics=one_statistic,
    statistics=_errors,
    block=_errors_block,
    value=_errors_value,
    reads_labels=True,
    is_mean=True,
    only_grows=True,
)
"""1 - accuracy: the weighted share of rows with a wrong label."""

BALANCED_ACCURACY = Objective(
    name="balanced_accuracy",
    n_statistics=_square,
    statistics=_confusion,
    block=_confusion_block,
    value=_balanced_value,
    reads_labels=True,
)
"""1 - the mean recall over the classes that occur."""

MACRO_F1 = Objective(
    name="macro_f1",
    n_statistics=_square,
    statistics=_confusion,
    block=_confusion_block,
    value=_macro_f1_value,
    reads_labels=True,
)
"""1 - the mean over classes of F1; a class neither present nor predicted does not count."""

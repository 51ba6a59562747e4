"""How a ticket does on rows: a confusion matrix, or right and predicted numbers. matplotlib."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchcard.drawing.style import COLOURS, GREY, MARKERS, label, short
from scratchcard.insight import Confusion, Judged

MOST_CLASSES_WITH_NUMBERS, MOST_CLASSES_WITH_NAMES = 12, 30  # in a confusion matrix
CELL = 16  # most characters of a class in a matrix


def draw_judged(axis: Any, judged: Judged) -> None:
    """Draw the confusion matrix of classes, or predicted numbers against the right ones."""
    if judged.confusion is None:
        _draw_numbers(axis, judged)
    else:
        _draw_confusion(axis, judged.confusion, judged)


def judged_height(judged: Judged) -> float:
    """Return how high that is drawn, in inches."""
    if judged.confusion is None:
        return 4.2
    return float(np.clip(0.4 * len(judged.confusion.labels) + 1.5, 3.2, 6.5))


def _draw_confusion(axis: Any, confusion: Confusion, judged: Judged) -> None:
    counts, n_classes = confusion.counts, len(confusion.labels)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    image = axis.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0)
    axis.grid(False)
    if n_classes <= MOST_CLASSES_WITH_NAMES:
        names = [short(str(one), CELL) for one in confusion.labels.tolist()]
        are_few = n_classes <= MOST_CLASSES_WITH_NUMBERS
        size = 9 if are_few else 7
        axis.set_xticks(range(n_classes), names, fontsize=size)
        if sum(map(len, names)) + n_classes > 40:  # side by side they would overlap
            turn = 45 if are_few else 90
            for text in axis.get_xticklabels():
                ends = {"ha": "right", "rotation_mode": "anchor"}
                text.set(rotation=turn, va="center" if turn == 90 else "top", **ends)
        axis.set_yticks(range(n_classes), names, fontsize=size)
    else:
        axis.set(xticks=[], yticks=[])
    axis.tick_params(length=0)
    if n_classes <= MOST_CLASSES_WITH_NUMBERS:
        for (row, column), count in np.ndenumerate(counts):
            if count:
                colour = "white" if shares[row, column] > 0.5 else "black"
                text = f"{count:,}"
                axis.text(column, row, text, ha="center", va="center", color=colour, fontsize=9)
    n_rows = len(judged.right)
    title = f"{100 * judged.score:.1f} % of {n_rows:,} test rows are right"
    label(axis, title, "the ticket answers", "right")
    axis.figure.colorbar(image, ax=axis, label="share of a class", shrink=0.8)


def _draw_numbers(axis: Any, judged: Judged) -> None:
    """Draw the predicted numbers of rows against the right ones."""
    right = judged.right.reshape(len(judged.right), -1)
    answers = judged.answers.reshape(right.shape)
    several = right.shape[1] > 1
    for k in range(min(right.shape[1], len(COLOURS))):
        axis.scatter(
            right[:, k],
            answers[:, k],
            s=14,
            alpha=0.6,
            color=COLOURS[k],
            marker=MARKERS[k],
            linewidths=0,
            label=f"number {k + 1}" if several else None,
        )
    middle = float(np.median(right))
    axis.axline((middle, middle), slope=1, color=GREY, lw=1, ls="--")
    title = f"R² {judged.score:.3f} on {len(right):,} test rows"
    label(axis, title, "right", "the ticket answers")
    if several:
        axis.legend()

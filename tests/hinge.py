"""A user's own objective, as a user would write it: the mean hinge loss. Several tests use it."""

from __future__ import annotations


def hinge(logits, target, out):
    other = -1e30
    for k in range(logits.size):
        if k != target:
            other = max(other, logits[k])
    out[0] = max(0.0, 1.0 - (logits[target] - other))

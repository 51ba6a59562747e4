"""Early stopping: ends a search when its validation score has not improved for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scratchcard.search.callbacks.base import Callback
from scratchcard.search.callbacks.choosing import Choosing

if TYPE_CHECKING:
    from scratchcard.search.loop import Loop


class EarlyStopping(Callback):
    """Stops after ``patience`` generations without a better validation score.

    Parameters
    ----------
    choosing : Choosing
        Knows when the score last improved.
    patience : int
        Generations.
    """

    def __init__(self, choosing: Choosing, patience: int) -> None:
        self.choosing = choosing
        self.patience = patience

    def on_start(self, loop: Loop) -> None:
        """Stop a search that is resumed where it would have been stopped."""
        self.on_generation(loop)

    def on_generation(self, loop: Loop) -> None:
        """Stop the search if the score has not improved for ``patience`` generations."""
        if loop.generation - self.choosing.improved >= self.patience:
            loop.stop("early stopping")

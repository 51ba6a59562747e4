"""Calling: makes a callback of a plain function."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from scratchcard.search.callbacks.base import Callback
from scratchcard.search.limits import Progress

if TYPE_CHECKING:
    from scratchcard.search.loop import Loop


class Calling(Callback):
    """Calls a function with the :class:`~scratchcard.Progress` of every generation.

    Parameters
    ----------
    function : callable
        ``f(progress)``; a true answer stops the search.
    """

    def __init__(self, function: Callable[[Progress], object]) -> None:
        self.function = function

    def on_generation(self, loop: Loop) -> None:
        """Call the function, and stop the search if its answer is true."""
        if self.function(loop.history[-1]):
            loop.stop("callback")

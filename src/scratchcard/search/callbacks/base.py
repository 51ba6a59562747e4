"""What a callback is: three places in a search where something else may be done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

if TYPE_CHECKING:
    from scratchcard.search.loop import Loop


class Callback:
    """Something that is done beside a search. Subclasses write what they need.

    A callback sees the :class:`~scratchcard.search.Loop`: the task, the running search and its
    individuals, the history. It may end the search with ``loop.stop(reason)``.
    """

    def on_start(self, loop: Loop) -> None:
        """Called once, when the first population is there, or one to go on with."""

    def on_generation(self, loop: Loop) -> None:
        """Called after every generation."""

    def on_end(self, loop: Loop) -> None:
        """Called once, whatever ended the search, while it can still be read."""

    def state(self) -> dict[str, NDArray[Any]]:
        """Return what the callback must remember for a search that is resumed."""
        return {}

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        """Take up what :meth:`state` gave."""

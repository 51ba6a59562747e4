"""The base class of callbacks: three places in a search where something else may be done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

if TYPE_CHECKING:
    from scratchcard.search.loop import Loop


class Callback:
    """Something that is done beside a search. Subclasses define the methods that they need.

    A callback sees the :class:`~scratchcard.search.Loop`: the task, the running search and its
    individuals, the history. It may end the search with ``loop.stop(reason)``.
    """

    def on_start(self, loop: Loop) -> None:
        """Do something once, when the first population exists, or the one to go on with.

        Parameters
        ----------
        loop : Loop
            The search.
        """

    def on_generation(self, loop: Loop) -> None:
        """Do something after every generation.

        Parameters
        ----------
        loop : Loop
            The search.
        """

    def on_end(self, loop: Loop) -> None:
        """Do something once, whatever ended the search, while it can still be read.

        Parameters
        ----------
        loop : Loop
            The search.
        """

    def state(self) -> dict[str, NDArray[Any]]:
        """Return what the callback must remember for a search that is resumed.

        Returns
        -------
        dict of str to ndarray
            Arrays that a :class:`~scratchcard.search.Population` can hold.
        """
        return {}

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        """Go on from what :meth:`state` returned in the search that is resumed.

        Parameters
        ----------
        state : dict of str to ndarray
            The arrays.
        """

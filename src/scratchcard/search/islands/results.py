"""What is known of an island after a job: its outcome so far, and the mask that it offers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scratchcard.search.evolution import Outcome
from scratchcard.search.outcomes import Parts, outcome_of
from scratchcard.search.sealed import CheckpointError
from scratchcard.ticket import Head, Network

LEG, PAUSE = "leg", "pause"
"""What stops a search that is to go on: the end of a leg, and the end of a job within a leg."""

KIND = "island"
BEST, PART = "best", "outcome "


@dataclass(frozen=True)
class Result:
    """What an island has found by the end of a job.

    Attributes
    ----------
    island, leg : int
        Their numbers, from 0.
    parts : tuple of dict and dict
        The outcome so far.
    best : ndarray of uint8
        The best individual's mask, by training rows alone, packed.
    """

    island: int
    leg: int
    parts: Parts
    best: NDArray[np.uint8]

    @property
    def is_pause(self) -> bool:
        """Whether the leg is to go on."""
        return bool(self.parts[0]["stopped_by"] == PAUSE)

    @property
    def has_ended(self) -> bool:
        """Whether the island's search is over."""
        return self.parts[0]["stopped_by"] not in (LEG, PAUSE)

    def outcome(self, network: Network, head: Head) -> Outcome:
        """Return the outcome so far.

        Parameters
        ----------
        network : Network
            The network that the island searches.
        head : Head
            What its outputs mean.

        Returns
        -------
        Outcome
            What was found.

        Raises
        ------
        CheckpointError
            For parts of something else.
        """
        return outcome_of(f"island {self.island}", self.parts, network, head)

    def for_file(self) -> Parts:
        """Return the result as plain values and arrays.

        Returns
        -------
        head : dict
            Plain values that JSON holds.
        arrays : dict of str to ndarray
            The arrays.
        """
        plain, arrays = self.parts
        head = {"kind": KIND, "island": self.island, "leg": self.leg, "outcome": plain}
        return head, {BEST: self.best, **{PART + name: array for name, array in arrays.items()}}

    @classmethod
    def from_file(cls, name: str, head: dict[str, Any], arrays: dict[str, Any]) -> Result:
        """Return the result that a file holds.

        Parameters
        ----------
        name : str
            Of the file.
        head : dict
            Plain values.
        arrays : dict of str to ndarray
            The arrays.

        Returns
        -------
        Result
            The result.

        Raises
        ------
        CheckpointError
            For a file of something else.
        """
        try:
            if head["kind"] != KIND:
                raise ValueError(f"it holds a {head['kind']}")
            plain = dict(head["outcome"])
            str(plain["stopped_by"])
            own = {n.removeprefix(PART): one for n, one in arrays.items() if n.startswith(PART)}
            return cls(int(head["island"]), int(head["leg"]), (plain, own), arrays[BEST])
        except (KeyError, TypeError, ValueError) as error:
            reason = f"no {error}" if isinstance(error, KeyError) else error
            raise CheckpointError(f"{name} holds no result of an island: {reason}") from None

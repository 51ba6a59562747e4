"""Journal: what a search has found so far, in one file, from which it goes on after any death.

What a user calls a search is often many: settings are tried on folds, networks by halving, clusters
from several starts. All between these is computed from what they found. So a search that is resumed
is run again from its beginning, but a part that had ended is not searched again: its outcome stands
in the journal. A part that had begun goes on from its population.
"""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import count
from types import TracebackType
from typing import Any, Self

from numpy.typing import NDArray

from scratchcard.objectives import get_objective
from scratchcard.rows import Rows
from scratchcard.search.callbacks.checkpoint import SECONDS, Complain, Pace, Saves, Snapshots, warn
from scratchcard.search.evolution import AnyCallback, Outcome, evolve
from scratchcard.search.identity import check_same
from scratchcard.search.loop import Loop
from scratchcard.search.outcomes import Parts, outcome_of, parts_of
from scratchcard.search.population import Population
from scratchcard.search.sealed import CheckpointError, read_sealed, write_sealed
from scratchcard.search.together import OF_ITSELF
from scratchcard.ticket import Network

__all__ = ["Journal"]

KIND = "search"
AT_ONCE = 5.0  # most seconds that a process which ends now waits for what is being saved


class Journal:
    """The parts of a search that have ended, and those that go on.

    As a context it saves them where KeyboardInterrupt leaves it.

    Parameters
    ----------
    path : str, path-like or None
        The file; None for a journal that keeps nothing.
    identity : mapping of str to str
        What tells this search from others.
    seconds : float
        Least time between two saves. Where saving takes long it is longer, so that at most a
        hundredth of the time goes into it.
    complain : callable
        Is told in a line where the file cannot be written, once until that works again. The search
        goes on.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        identity: Mapping[str, str] | None = None,
        *,
        seconds: float = SECONDS,
        complain: Complain = warn,
    ) -> None:
        self.path, self.identity, self.seconds = path, dict(identity or {}), seconds
        self._before = 0.0  # seconds that the search had taken when it was saved
        self._began: float | None = None
        self.complain, self._saves = complain, Saves(path, complain)
        self._pace = Pace(seconds)
        self._lock = threading.RLock()
        self._numbers = count()
        self._ended: dict[str, Parts] = {}
        self._populations: dict[str, Population] = {}
        self._is_saved = False

    @property
    def place(self) -> str | os.PathLike[str] | None:
        """What a user knows the journal by."""
        return self.path

    @staticmethod
    def is_there(path: str | os.PathLike[str]) -> bool:
        """Return whether an earlier process has saved something there.

        Parameters
        ----------
        path : str or path-like
            What :meth:`read` would be called with.

        Returns
        -------
        bool
            Whether there is a journal.
        """
        return os.path.exists(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if isinstance(error, KeyboardInterrupt):
            self.save()

    def began(self) -> float:
        """Return when the search would have begun if it had never been interrupted.

        Returns
        -------
        float
            A time of ``time.perf_counter``; its clock runs from the first call.
        """
        if self._began is None:
            self._began = time.perf_counter() - self._before
        return self._began

    def read(self, path: str | os.PathLike[str]) -> None:
        """Go on from what an earlier process has saved.

        Parameters
        ----------
        path : str or path-like
            The file.

        Raises
        ------
        OSError
            If it cannot be read.
        CheckpointError
            If it holds no journal, or that of another search.
        """
        head, arrays = read_sealed(path)
        try:
            if head["kind"] != KIND:
                raise ValueError(f"it holds a {head['kind']}")
            identity, before = dict(head["identity"]), float(head["seconds"])
            if not 0 <= before < math.inf:
                raise ValueError(f"it has taken {before} seconds")
            ended = {name: (dict(v), _under(f"ended {name}", arrays)) for name, v in head["ended"]}
            populations = {
                name: Population.of_parts(v, _under(f"going on {name}", arrays))
                for name, v in head["going on"]
            }
        except Exception as error:  # whatever is missing, or is something else than it should be
            reason = f"no {error}" if isinstance(error, KeyError) else error
            raise CheckpointError(f"{os.fspath(path)} holds no search: {reason}") from None
        check_same(os.fspath(path), identity, self.identity)
        self._before, self._ended, self._populations = before, ended, populations

    def evolve(
        self,
        network: Network,
        train: Rows,
        validation: Rows | None = None,
        *,
        part: str | None = None,
        ends: Sequence[str] = OF_ITSELF,
        callbacks: Sequence[AnyCallback] = (),
        resume: Population | None = None,
        **settings: Any,
    ) -> Outcome:
        """Search as :func:`scratchcard.evolve` does, or return what an earlier process found.

        Parameters
        ----------
        network : Network
            The frozen random network.
        train : Rows
            Rows that the search reads.
        validation : Rows or None
            Rows that choosing reads.
        part : str or None
            Name of this part of the whole search; None for its number, where parts are searched one
            after the other.
        ends : sequence of str
            What stops a part that is not to be searched again.
        callbacks : sequence of Callback or of callable
            What is done beside the search.
        resume : Population or None
            A population to go on from, where the journal knows no later one.
        **settings : object
            The other settings of :func:`scratchcard.evolve`.

        Returns
        -------
        Outcome
            What was found.

        Raises
        ------
        KeyboardInterrupt
            After Ctrl-C before there is a first mask.
        """
        if self.path is None:
            return evolve(
                network, train, validation, callbacks=callbacks, resume=resume, **settings
            )
        name = str(next(self._numbers)) if part is None else part
        if name in self._ended:
            head, interrupts = settings.get("head"), settings.get("interrupts")
            if head is None:
                objective = get_objective(settings.get("objective", "cross_entropy"))
                head = objective.head(network.n_outputs)
            outcome = outcome_of(f"part {name!r}", self._ended[name], network, head)
            if interrupts is not None:
                interrupts.started()
            return outcome
        outcome = evolve(
            network,
            train,
            validation,
            callbacks=[*callbacks, _Watching(self, name)],
            resume=self._populations.get(name, resume),
            **settings,
        )
        if outcome.stopped_by == "interrupt":
            self.save()
        elif outcome.stopped_by in ends:  # and not because others have failed, or by a callback
            with self._lock:
                self._ended[name], self._is_saved = parts_of(outcome), False
                self._populations.pop(name, None)
                self.save_if_due()
        return outcome

    def keep(self, name: str, population: Population) -> None:
        """Keep a population that a later part begins with.

        Parameters
        ----------
        name : str
            What :meth:`kept` finds it by; no part has this name.
        population : Population
            The population.
        """
        if self.path is not None:
            with self._lock:
                self._populations[name], self._is_saved = population, False

    def kept(self, name: str) -> Population | None:
        """Return a population that was kept.

        Parameters
        ----------
        name : str
            Its name.

        Returns
        -------
        Population or None
            None if there is none of this name.
        """
        return self._populations.get(name)

    def save_if_due(self) -> None:
        """Save all that is known, if enough time has passed since it was saved last."""
        with self._lock:
            if self._pace.is_due:
                self._pace.do(self.save)

    def save(self) -> bool:
        """Save all that is known, unless that was done or nothing is known yet.

        Returns
        -------
        bool
            Whether the file holds it now.
        """
        with self._lock:
            if self.path is None or not self._has_begun:
                return False
            if not self._is_saved:
                self._is_saved = self._write()
            return self._is_saved

    @property
    def _has_begun(self) -> bool:
        """Whether there is something to go on from."""
        return bool(self._ended or self._populations)

    def save_at_once(self) -> None:
        """Save all that is known, in a process that ends now; nothing is saved after that."""
        if self._lock.acquire(timeout=AT_ONCE):  # for good
            self.save()

    def _write(self) -> bool:
        return self._saves(lambda path: write_sealed(path, *self._content()))

    def _content(self) -> Parts:
        """Return all that is known as plain values and arrays."""
        ended = {f"ended {name}": part for name, part in self._ended.items()}
        going = {f"going on {name}": p.parts() for name, p in self._populations.items()}
        head = {
            "kind": KIND,
            "identity": self.identity,
            "seconds": self._before if self._began is None else time.perf_counter() - self._began,
            "ended": [(name, part[0]) for name, part in self._ended.items()],
            "going on": [(n, going[f"going on {n}"][0]) for n in self._populations],
        }
        arrays = {
            f"{owner}/{name}": array
            for owner, (_, own) in {**ended, **going}.items()
            for name, array in own.items()
        }
        return head, arrays

    def remove(self) -> None:
        """Remove the file, now that what was found is kept elsewhere."""
        if self.path is not None:
            with suppress(OSError):
                os.remove(self.path)


class _Watching(Snapshots):
    """Has the journal know how far one part is."""

    def __init__(self, journal: Journal, name: str) -> None:
        super().__init__()
        self._journal, self._name = journal, name

    def _keep(self, loop: Loop) -> None:
        super()._keep(loop)
        assert self.population is not None
        self._journal.keep(self._name, self.population)

    def on_generation(self, loop: Loop) -> None:
        """Have it save what it knows, where that is due."""
        super().on_generation(loop)
        self._journal.save_if_due()

    def on_end(self, loop: Loop) -> None:
        """Do nothing: the journal is told what was found."""


def _under(owner: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    start = f"{owner}/"
    return {n.removeprefix(start): array for n, array in arrays.items() if n.startswith(start)}

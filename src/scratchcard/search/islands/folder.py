"""The folder of a search on islands: whoever dies, the search goes on from what stands in it.

``search`` is the journal: what search this is, and what was found while its settings were chosen.
``driver`` says which process leads the search now, ``clock`` how long it has taken, and ``stop``
that workers are to save and return. Of each island there are the population of its leg, saved every
so often, and the results of its legs, as long as another island may ask for them. All files are
written whole.
"""

from __future__ import annotations

import os
import re
import secrets
import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scratchcard.files import write_whole
from scratchcard.search.identity import fingerprint
from scratchcard.search.islands.results import Result
from scratchcard.search.journal import Journal
from scratchcard.search.population import Population
from scratchcard.search.sealed import CheckpointError, read_sealed, write_sealed
from scratchcard.workers import WorkersError

JOURNAL, DRIVER, CLOCK, STOP = "search", "driver", "clock", "stop"
TEMPORARY = re.compile(r"\.scratchcard-.*\.tmp")  # what writers that were killed have left
FILES = re.compile(r"island-(\d{1,4})-leg-(\d{1,18})\.(population|result)")
SEARCH = "search"  # in the identity of a population: which search it is of


@dataclass(frozen=True)
class Folder:
    """The files of all islands, as driver and workers see them.

    Parameters
    ----------
    path : Path
        The folder.
    search : str
        Tells the search from others; stands in every file.
    """

    path: Path
    search: str

    def lead(self) -> str:
        """Let this process lead the search from now on.

        Returns
        -------
        str
            What its workers find in the folder while that is so.

        Raises
        ------
        WorkersError
            If it cannot be written.
        """
        token = secrets.token_hex(16)
        try:
            write_whole(self.path / DRIVER, token.encode())
            (self.path / STOP).unlink(missing_ok=True)
        except OSError as error:
            raise WorkersError(
                f"cannot write into the folder {str(self.path)!r} of the islands: "
                f"{error.strerror or error}"
            ) from None
        return token

    def check(self, token: str) -> None:
        """Raise WorkersError unless this is the folder that the driver leads a search in.

        Parameters
        ----------
        token : str
            What :meth:`lead` returned to the driver.

        Raises
        ------
        WorkersError
            It says what is wrong.
        """
        try:
            found = (self.path / DRIVER).read_bytes()
        except OSError as error:
            raise WorkersError(
                f"a worker on {socket.gethostname()} cannot read the search in {str(self.path)!r} "
                f"({error.strerror}); islands take a folder that all machines share, see "
                "--checkpoint"
            ) from None
        if found != token.encode():
            raise WorkersError(
                f"a worker on {socket.gethostname()} found another search in {str(self.path)!r}: "
                "another process goes on with it, or machines have different folders of this name"
            )

    @property
    def seconds(self) -> float:
        """Seconds that the search on islands has taken, as far as that was noted."""
        try:
            return max(0.0, float((self.path / CLOCK).read_text()))
        except (OSError, ValueError):
            return 0.0

    def note(self, seconds: float, token: str) -> None:
        """Note how many seconds the search on islands has taken; that it cannot be is no matter.

        Parameters
        ----------
        seconds : float
            Those of earlier drivers included.
        token : str
            What :meth:`lead` returned to the driver; nothing is noted once another one leads.
        """
        with suppress(OSError, WorkersError):
            self.check(token)
            write_whole(self.path / CLOCK, str(seconds).encode())

    def ask_to_stop(self, token: str) -> None:
        """Have all workers of a driver save what they have, and return.

        Parameters
        ----------
        token : str
            What :meth:`lead` returned to the driver. Workers of another one go on.
        """
        with suppress(OSError):
            write_whole(self.path / STOP, token.encode())

    def is_to_stop(self, token: str) -> bool:
        """Return whether the workers of a driver are to save what they have, and return.

        Parameters
        ----------
        token : str
            What :meth:`lead` returned to the driver.

        Returns
        -------
        bool
            Whether that driver has asked them to.
        """
        try:
            return (self.path / STOP).read_bytes() == token.encode()
        except OSError:
            return False

    def save(self, island: int, leg: int, population: Population) -> None:
        """Save how far an island is.

        Parameters
        ----------
        island, leg : int
            Their numbers.
        population : Population
            Its state.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        named = replace(population, identity={SEARCH: self.search, "island": str(island)})
        named.save(self._file(island, leg, "population"))

    def load(self, island: int, leg: int) -> Population | None:
        """Return how far an island was.

        Parameters
        ----------
        island, leg : int
            Their numbers.

        Returns
        -------
        Population or None
            None if nothing was saved in this leg.

        Raises
        ------
        CheckpointError
            For a file that is damaged, or of another search.
        """
        path = self._file(island, leg, "population")
        try:
            found = Population.load(path)
        except FileNotFoundError:
            return None
        if found.identity != {SEARCH: self.search, "island": str(island)}:
            raise CheckpointError(f"{os.fspath(path)} is of another search or island")
        return replace(found, identity={})

    def publish(self, result: Result) -> None:
        """Save the result of a leg.

        Parameters
        ----------
        result : Result
            The result.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        head, arrays = result.for_file()
        path = self._file(result.island, result.leg, "result")
        write_sealed(path, {**head, SEARCH: self.search}, arrays)

    def results(self) -> list[Result]:
        """Return all results that are there.

        Returns
        -------
        list of Result
            In the order of their legs.

        Raises
        ------
        CheckpointError
            For a file that is damaged, or of another search.
        """
        found = []
        for island, leg, kind in self._files():
            if kind == "result":
                path = os.fspath(self._file(island, leg, kind))
                head, arrays = read_sealed(path)
                result = Result.from_file(path, head, arrays)
                if (head.get(SEARCH), result.island, result.leg) != (self.search, island, leg):
                    raise CheckpointError(f"{path} is of another search or island")
                found.append(result)
        return sorted(found, key=lambda result: result.leg)

    def forget(self, island: int, leg: int, kind: str) -> None:
        """Remove a file that nobody can need any more, if it is there.

        Parameters
        ----------
        island, leg : int
            Their numbers.
        kind : str
            "population" or "result".
        """
        with suppress(OSError):
            os.remove(self._file(island, leg, kind))

    def remove(self) -> None:
        """Remove all files of the search, and the folder if nothing else is in it."""
        names = [name for name in self._names() if FILES.fullmatch(name)]
        names += [name for name in self._names() if TEMPORARY.fullmatch(name)]
        for name in (*names, STOP, CLOCK, DRIVER, JOURNAL):
            with suppress(OSError):
                os.remove(self.path / name)
        with suppress(OSError):
            os.rmdir(self.path)

    def _file(self, island: int, leg: int, kind: str) -> Path:
        return self.path / f"island-{island}-leg-{leg}.{kind}"

    def _files(self) -> list[tuple[int, int, str]]:
        named = map(FILES.fullmatch, self._names())
        return sorted((int(one[1]), int(one[2]), one[3]) for one in named if one)

    def _names(self) -> list[str]:
        with suppress(OSError):
            return os.listdir(self.path)
        return []


class FolderJournal(Journal):
    """The journal of a search on islands: a file in the folder of the islands.

    Parameters
    ----------
    path : str or path-like
        The folder.
    identity : mapping of str to str
        What tells this search from others.
    **settings : object
        The other settings of :class:`.Journal`.
    """

    def __init__(
        self, path: str | os.PathLike[str], identity: Mapping[str, str], **settings: Any
    ) -> None:
        path = Path(path).absolute()
        super().__init__(path / JOURNAL, identity, **settings)
        self.folder = Folder(path, fingerprint(repr(sorted(self.identity.items())).encode()))

    @property
    def place(self) -> Path:
        """The folder."""
        return self.folder.path

    @staticmethod
    def is_there(path: str | os.PathLike[str]) -> bool:
        """Return whether an earlier process has saved something in a folder.

        Parameters
        ----------
        path : str or path-like
            The folder.

        Returns
        -------
        bool
            Whether there is a journal.
        """
        return (Path(path) / JOURNAL).exists()

    def read(self, path: str | os.PathLike[str]) -> None:
        """Go on from what an earlier process has saved in the folder.

        Parameters
        ----------
        path : str or path-like
            The folder.

        Raises
        ------
        OSError
            If it cannot be read.
        CheckpointError
            If it holds no search, or another one.
        """
        super().read(Path(path) / JOURNAL)

    @property
    def _has_begun(self) -> bool:
        """True: it says what search the files beside it are of."""
        return True

    def remove(self) -> None:
        """Remove the folder, now that what was found is kept elsewhere."""
        self.folder.remove()

    @classmethod
    @contextmanager
    def temporary(cls, identity: Mapping[str, str]) -> Iterator[FolderJournal]:
        """Return a context with a folder that is removed when it is left.

        Parameters
        ----------
        identity : mapping of str to str
            What tells this search from others.

        Yields
        ------
        FolderJournal
            The journal in it.
        """
        with tempfile.TemporaryDirectory(prefix="scratchcard-", ignore_cleanup_errors=True) as path:
            yield cls(path, identity)

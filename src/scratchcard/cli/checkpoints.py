"""The options ``--checkpoint`` and ``--resume``: a search that outlives its process."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scratchcard.cli.console import complain, complain_at_once
from scratchcard.cli.options import InputError, check_output, reason_of
from scratchcard.cli.running import INTERRUPTED, check_folder

if TYPE_CHECKING:
    from scratchcard.find import Search
    from scratchcard.search.journal import Journal


checkpoint_option = click.option(
    "--checkpoint",
    type=click.Path(path_type=Path, readable=False),
    metavar="FILE",
    help="Save the search there every 30 seconds and when it is interrupted; with --islands a "
    "folder, which all workers must see. It is removed once the ticket is saved.",
)
resume_option = click.option(
    "--resume",
    type=click.Path(path_type=Path, readable=False),
    metavar="FILE",
    help="Go on from what --checkpoint has saved, and save there again. The ticket is the one that "
    "would have been found. With --checkpoint FILE too, begin if there is no such file.",
)
every_option = click.option(
    "--checkpoint-every",
    "every",
    type=click.FloatRange(min=0, max=1e9),
    metavar="SECONDS",
    help="Least time between two saves; more where saving would take over 0.5 % of it.  "
    "[default: 30]",
)


class Leaving:
    """Ends the process at once: before there is a result, or when a search does not end in time."""

    journal: Journal | None = None

    def __call__(self, before_a_result: bool) -> None:
        """Save what is known of the search, say why it ends, and end."""
        if self.journal is not None and not before_a_result:
            self.journal.save_at_once()
        what = "before there was a result" if before_a_result else "again, and ended at once"
        complain_at_once(f"interrupted {what}")
        os._exit(INTERRUPTED)


def check_checkpoint(checkpoint: Path | None, resume: Path | None, **others: str | Path) -> None:
    """Raise an error for a file that cannot be written, or would be overwritten.

    others: paths that are read or written as well, by the names of their arguments.
    """
    same = None not in (checkpoint, resume) and _is_same(checkpoint, resume)
    if resume is not None and not same and not os.path.exists(resume):
        raise InputError(f"--resume: no file {str(resume)!r}")
    if resume is not None and os.path.exists(resume) and not os.path.isfile(resume):
        of_islands = "; a search with --islands has a folder" if resume.is_dir() else ""
        raise InputError(f"--resume {str(resume)!r} is no ordinary file{of_islands}")
    path, option = (resume, "--resume") if checkpoint is None else (checkpoint, "--checkpoint")
    if path is None:
        return
    for name, other in others.items():
        if other != "-" and _is_same(path, other):
            raise click.UsageError(f"{option} {str(path)!r} is the same file as {name}")
    check_output(path, option)
    if path is checkpoint and not same and path.exists():
        raise click.UsageError(
            f"--checkpoint {str(path)!r} is there already; --resume {str(path)!r} goes on from it"
        )


def check_folder_of_islands(
    checkpoint: Path | None, resume: Path | None, **others: str | Path
) -> None:
    """Make the folder in which islands are saved, if one is asked for.

    Raises an error for something else than a folder, one that cannot be written to, and one with
    other files.

    others: paths that are read or written as well, by the names of their arguments.
    """
    folder, option = (resume, "--resume") if resume is not None else (checkpoint, "--checkpoint")
    if folder is None:
        return
    if resume is not None and checkpoint is not None and not _is_same(checkpoint, resume):
        raise click.UsageError(
            "islands go on in the folder of --resume; --checkpoint takes the same one, or nothing"
        )
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{option} takes a folder with --islands, got the file {str(folder)!r}")
    if checkpoint is None and not folder.is_dir():
        raise InputError(f"--resume: no folder {str(folder)!r}")
    for name, other in others.items():
        if other != "-" and _is_same(folder, other):
            raise click.UsageError(f"{option} {str(folder)!r} is the same as {name}")
    check_folder(folder)
    if resume is not None and any(folder.iterdir()) and not (folder / "search").is_file():
        raise InputError(f"{option} {str(folder)!r} holds no saved search, but other files")
    if resume is None and any(folder.iterdir()):
        raise click.UsageError(
            f"--checkpoint {str(folder)!r} is not empty; --resume {str(folder)!r} goes on from a "
            "search that was saved in it"
        )


def _is_same(path: str | Path | None, other: str | Path | None) -> bool:
    return os.path.realpath(str(path)) == os.path.realpath(str(other))


def open_journal(
    search: Search, checkpoint: Path | None, resume: Path | None, every: float | None
) -> Journal | None:
    """Return the journal of a search, with what was saved of it; None where none is asked for."""
    from scratchcard.search import CheckpointError

    path = checkpoint or resume
    if path is None:
        if every is not None:
            raise click.UsageError("--checkpoint-every takes --checkpoint or --resume")
        return None
    pace = {} if every is None else {"seconds": every}
    journal = search.journal(path, complain=complain, **pace)
    if resume is not None and (checkpoint is None or journal.is_there(resume)):
        try:
            journal.read(resume)
        except CheckpointError as error:
            raise InputError(str(error)) from error
        except OSError as error:
            raise InputError(f"cannot read {str(resume)!r}: {reason_of(error)}") from error
    return journal


@contextlib.contextmanager
def resumable(journal: Journal | None) -> Iterator[None]:
    """Say how a search goes on that ends in the context without a ticket.

    That is where workers cannot go on, memory is wanting, or an interrupt came early.
    """
    try:
        yield
    except (MemoryError, RuntimeError, KeyboardInterrupt):
        if journal is not None:
            put_away(journal, True, False)
        raise


def put_away(journal: Journal, is_interrupted: bool, is_kept: bool) -> None:
    """Remove the file of a search that has ended with a ticket in a file; else say where it is."""
    path = str(journal.place)
    if not is_interrupted and is_kept:
        journal.remove()
    elif journal.save() and journal.is_there(path):
        complain(f"--resume {path!r} goes on from here")
    elif journal.is_there(path):
        complain(f"--resume {path!r} goes on from what was saved before")

"""The options ``--checkpoint`` and ``--resume``: a search that outlives its process."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scratchcard.cli.console import complain
from scratchcard.cli.options import InputError, check_output, reason_of
from scratchcard.cli.running import check_folder
from scratchcard.interrupts import Interrupts

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


def check_checkpoint(checkpoint: Path | None, resume: Path | None, **others: str | Path) -> None:
    """Raise an error for a file that cannot be written, or would be overwritten.

    others: paths that are read or written as well, by the names of their arguments.
    """
    for option, path in (("--checkpoint", checkpoint), ("--resume", resume)):
        if path is not None and path.is_dir():
            raise InputError(
                f"{option} takes a file, got the folder {str(path)!r}; a search with --islands has "
                "a folder"
            )
    if resume is not None and resume != checkpoint and not resume.is_file():
        raise InputError(f"--resume: no file {str(resume)!r}")
    if checkpoint is not None:
        check_output(checkpoint, "--checkpoint", **others)
        if resume != checkpoint and checkpoint.exists():
            raise click.UsageError(
                f"--checkpoint {str(checkpoint)!r} is there already; --resume {str(checkpoint)!r} "
                "goes on from it"
            )
    elif resume is not None:
        check_output(resume, "--resume", **others)


def check_folder_of_islands(checkpoint: Path | None, resume: Path | None) -> Path | None:
    """Return the folder in which islands are saved; it is there, or None.

    Raises
    ------
    click.ClickException
        For something else than a folder, one that cannot be written to, or one with other files.
    """
    folder = checkpoint or resume
    if folder is None:
        return None
    if resume is not None and resume != folder:
        raise click.UsageError(
            "islands go on in the folder of --resume; --checkpoint takes the same one, or nothing"
        )
    option = "--checkpoint" if resume is None else "--resume"
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{option} takes a folder with --islands, got the file {str(folder)!r}")
    if checkpoint is None and not folder.is_dir():
        raise InputError(f"--resume: no folder {str(folder)!r}")
    check_folder(folder)
    if resume is None and any(folder.iterdir()):
        raise click.UsageError(
            f"--checkpoint {str(folder)!r} is there already, and not empty; --resume "
            f"{str(folder)!r} goes on from what is saved in it"
        )
    return folder


def open_journal(
    search: Search, checkpoint: Path | None, resume: Path | None, interrupts: Interrupts
) -> Journal | None:
    """Return the journal of a search, with what was saved of it; None where none is asked for."""
    from scratchcard.search import CheckpointError

    path = checkpoint or resume
    if path is None:
        return None
    journal = search.journal(path, complain=complain, saving=interrupts.saving)
    if resume is not None and (journal.is_there(resume) or checkpoint is None):
        try:
            journal.read(resume)
        except CheckpointError as error:
            raise InputError(str(error)) from error
        except OSError as error:
            raise InputError(f"cannot read {str(resume)!r}: {reason_of(error)}") from error
    return journal


def complain_of_what_is_left(journal: Journal) -> None:
    """Say how a search that was ended goes on."""
    complain(f"--resume {str(journal.place)!r} goes on from here")


@contextlib.contextmanager
def resumable(journal: Journal | None) -> Iterator[None]:
    """Say how the search goes on that an error ends in the context."""
    try:
        yield
    except (MemoryError, RuntimeError):
        if journal is not None:
            journal.save()
            complain_of_what_is_left(journal)
        raise

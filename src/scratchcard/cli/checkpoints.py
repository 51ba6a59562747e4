"""The options ``--checkpoint`` and ``--resume``: a search that outlives its process."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scratchcard.cli.console import complain
from scratchcard.cli.options import InputError, check_output, reason_of
from scratchcard.interrupts import Interrupts

if TYPE_CHECKING:
    from scratchcard.find import Search
    from scratchcard.search.journal import Journal

checkpoint_option = click.option(
    "--checkpoint",
    type=click.Path(path_type=Path, readable=False),
    metavar="FILE",
    help="Save the search there every 30 seconds and when it is interrupted. The file is removed "
    "once the ticket is saved.",
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


def open_journal(
    search: Search, checkpoint: Path | None, resume: Path | None, interrupts: Interrupts
) -> Journal | None:
    """Return the journal of a search, with what was saved of it; None where none is asked for."""
    from scratchcard.search import CheckpointError
    from scratchcard.search.journal import Journal

    if checkpoint is None and resume is None:
        return None
    journal = Journal(
        checkpoint or resume, search.identity, complain=complain, saving=interrupts.saving
    )
    if resume is not None and os.path.exists(resume):
        try:
            journal.read(resume)
        except CheckpointError as error:
            raise InputError(str(error)) from error
        except OSError as error:
            raise InputError(f"cannot read {str(resume)!r}: {reason_of(error)}") from error
    return journal

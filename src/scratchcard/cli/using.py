"""``scratchcard predict``: what a ticket answers."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scratchcard.cli.console import (
    complain_of_notes,
    is_read_by_a_person,
    say,
)
from scratchcard.cli.options import (
    InputError,
    OutputError,
    check_output,
    reading_options,
    reason_of,
)
from scratchcard.files import write_whole
from scratchcard.text import printable

if TYPE_CHECKING:
    from scratchcard.datasets import Known, ReadingOptions
    from scratchcard.ticket.ticket import Ticket

_FILE = click.Path(path_type=Path)


@click.command(short_help="Predict labels or numbers of rows.")
@click.argument("file", type=_FILE)
@click.argument("data")
@click.option("--target", metavar="COL", help="Column of DATA to leave out, such as the labels.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, readable=False),
    help="CSV file to write the answers to.  [default: standard output]",
)
@reading_options
def predict(
    file: Path, data: str, target: str | None, out: Path | None, reading: ReadingOptions | None
) -> None:
    """Predict a label, or numbers, for each row of DATA with the ticket in FILE.

    DATA is a CSV, Parquet or NPZ file, or - for standard input; of a name such as digits, or a
    folder with IDX files, the test rows are predicted. A ticket that knows the names of its columns
    finds them wherever they stand, and others are ignored; otherwise DATA has its columns in their
    order, but for --target and --drop. The answers are written as a CSV file in UTF-8 with one
    column, label or number, or with number_1, number_2, … On a terminal control characters in
    labels are shown as escapes.
    """
    if out is not None:
        check_output(out, FILE=file, DATA=data)
    ticket = load_ticket(file)

    from scratchcard.datasets import STANDARD_INPUT, load_table

    try:
        table, notes = load_table(data, target, reading, known_of(ticket))
        complain_of_notes(notes)
    except ValueError as error:
        raise InputError(str(error)) from error
    rows: Any = table.X if ticket.columns is None else table
    try:
        with warnings.catch_warnings():  # of categories, of which the notes have told
            warnings.simplefilter("ignore", UserWarning)
            answers = ticket.predict(rows)
    except ValueError as error:
        shown = "standard input" if data == STANDARD_INPUT else data
        raise InputError(f"{shown}: {error}") from error
    names = ["label" if ticket.head.name == "classes" else "number"]
    if answers.ndim == 2:
        names = [f"{names[0]}_{k + 1}" for k in range(answers.shape[1])]
    rows = [names, *answers.reshape(len(answers), -1).tolist()]
    cell = _shown_cell if out is None and is_read_by_a_person() else _cell
    written = "".join(",".join(map(cell, row)) + "\n" for row in rows).encode()
    if out is None:
        say(written)
        return
    try:
        write_whole(out, written)
    except OSError as error:
        raise OutputError(out, error) from error


def known_of(ticket: Ticket) -> Known:
    """Return what a ticket knows of the columns that it reads."""
    from scratchcard.datasets import Known

    if ticket.columns is None:
        return Known(ticket.n_columns)
    columns = ticket.columns
    as_they_stand = frozenset(
        place
        for place, column in enumerate(columns.columns)
        if column.kind != "number" or not columns.kept[list(columns.inputs_of(place))].any()
    )
    names = tuple(column.name for column in columns.columns) if columns.is_named else None
    values = {
        place: tuple(value for value in column.values if value is not None)
        for place, column in enumerate(columns.columns)
        if place in as_they_stand
    }
    values = {place: known for place, known in values.items() if known}
    return Known(ticket.n_columns, names, as_they_stand, values)


def _cell(label: object) -> str:
    """Return a label or a number as a cell of a CSV file."""
    text = str(label)
    if text and not any(character in text for character in ',"\r\n'):
        return text
    quoted = text.replace('"', '""')
    return f'"{quoted}"'


def _shown_cell(label: object) -> str:
    """Return a cell that moves no cursor of a terminal: control characters are shown as escapes."""
    return _cell(printable(str(label)))


def load_ticket(file: Path) -> Ticket:
    """Return the ticket in a file, or say in one line why there is none."""
    from scratchcard.ticket.ticket import Ticket

    try:
        return Ticket.load(file)
    except OSError as error:
        raise InputError(f"cannot read {str(file)!r}: {reason_of(error)}") from error
    except ValueError as error:
        raise InputError(str(error)) from error

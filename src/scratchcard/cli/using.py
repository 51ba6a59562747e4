"""``scratchcard show`` and ``scratchcard predict``: what a ticket is, and what it answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scratchcard.cli.console import (
    complain_of_notes,
    is_read_by_a_person,
    percent,
    print_table,
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
from scratchcard.text import printable, shortened

if TYPE_CHECKING:
    from scratchcard.datasets import Known, ReadingOptions
    from scratchcard.ticket.ticket import Ticket

_FILE = click.Path(path_type=Path)
_SHOWN_CLASSES = 12
_CLASS = 60  # characters of a class


@click.command(short_help="Show what a ticket is.")
@click.argument("file", type=_FILE)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of words.")
def show(file: Path, as_json: bool) -> None:
    """Show what the ticket in FILE is, in words and numbers."""
    described = {"file": str(file), **load_ticket(file).describe()}
    if as_json:
        say(json.dumps(described, indent=2, allow_nan=False))
    else:
        print_table(words(described))


def words(ticket: dict[str, Any]) -> list[tuple[str, str]]:
    """Return names and values that describe a ticket to a person."""
    layers = ", ".join(percent(density) for density in ticket["density_per_layer"])
    scaling = "one for all features" if ticket["scaling"]["kind"] == "global" else "per feature"
    return [
        ("file", f"{ticket['file']}, {ticket['bytes']} bytes, {ticket['mask_bytes']} of the mask"),
        ("network", f"{ticket['network']}, {ticket['activation']} activation"),
        (
            "drawn from",
            f"seed {ticket['seed']}, {ticket['weights']} weights, {ticket['biases']} biases",
        ),
        ("mask", f"{ticket['surviving_weights']} of {ticket['n_weights']} weights stay"),
        (
            "density",
            f"{percent(ticket['density'])} ({percent(ticket['effective_density'])} on a "
            f"path from an input to an output); per layer {layers}",
        ),
        (
            "inputs",
            f"{ticket['network'].split('-')[0]} features, {ticket['input_bits']} bits, "
            f"scaling {scaling}",
        ),
        *(_numbers(ticket) if "loss" in ticket else _classes(ticket)),
    ]


def _classes(ticket: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what the classes of a ticket are, in words."""
    classes = ticket["classes"]
    shown = ", ".join(
        shortened(printable(str(label)), _CLASS) for label in classes[:_SHOWN_CLASSES]
    )
    more = f", … ({len(classes)} in all)" if len(classes) > _SHOWN_CLASSES else ""
    return [("classes", shown + more), ("temperature", f"{ticket['temperature']:.6g}")]


def _numbers(ticket: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what the numbers of a ticket are, in words."""
    lines = [
        f"{offset:.12g} {'-' if scale < 0 else '+'} {abs(scale):.6g} * output"
        for offset, scale in zip(ticket["offset"], ticket["scale"], strict=True)
    ]
    shown = ", ".join(
        f"exp({line})" if ticket["loss"] == "poisson" else line for line in lines[:_SHOWN_CLASSES]
    )
    more = f", … ({len(lines)} in all)" if len(lines) > _SHOWN_CLASSES else ""
    return [("numbers", shown + more), ("least", ticket["loss"].replace("_", " "))]


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
    file: Path, data: str, target: str | None, out: Path | None, reading: ReadingOptions
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

    from scratchcard.datasets import load_table

    try:
        table, notes = load_table(data, target, reading, known_of(ticket))
        complain_of_notes(notes)
        rows: Any = table.X if ticket.columns is None else table
        answers = ticket.predict(rows)
    except ValueError as error:
        raise InputError(str(error)) from error
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
    return Known(ticket.n_columns, names, as_they_stand)


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

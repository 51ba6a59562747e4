"""``scratchcard export``: a ticket as C, a web page, a QR code and so on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from scratchcard.cli.console import complain_of_notes, print_table, say
from scratchcard.cli.options import (
    InputError,
    OutputError,
    check_output,
    reading_options,
    unused,
)
from scratchcard.cli.using import known_of, load_ticket
from scratchcard.files import write_whole
from scratchcard.text import printable

if TYPE_CHECKING:
    from scratchcard.datasets import ReadingOptions
    from scratchcard.export import Exporter
    from scratchcard.ticket.ticket import Ticket

_KINDS = ("c", "html", "onnx", "torch", "numpy", "qr")
_PICKED = 12  # rows that a page shows


@click.command(short_help="Export a ticket: C, a web page, ONNX, torch, NumPy, a QR code.")
@click.argument(
    "tickets", metavar="FILE…", type=click.Path(path_type=Path), nargs=-1, required=True
)
@click.option("--to", type=click.Choice(_KINDS), required=True, help="What to export to.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, readable=False),
    help="File to write.  [default: the name of FILE with .h, .html, .onnx, .pt2, .npz or .svg; "
    "a QR code may be .png too]",
)
@click.option(
    "--mode",
    type=click.Choice(["small", "fast"]),
    help="Of C: small draws the weights from the seed, fast has tables.  [default: small]",
)
@click.option(
    "--inputs",
    type=click.Choice(["features", "integers"]),
    help="Of C: rows of doubles as they are, or of integers that are scaled already, without any "
    "floating point.  [default: features]",
)
@click.option(
    "--data",
    help="Of html: the data set, whose column names the page shows, and rows to pick from: test "
    "rows of a named one or a folder, the first of a file.",
)
@click.option(
    "--target",
    metavar="COL",
    help="Column of --data to leave out.  [default: the last, if there is one more than features]",
)
@reading_options
@click.option(
    "--measure",
    is_flag=True,
    help="Of C: print flash and RAM on a Cortex-M0 and an AVR, with the cross-compilers installed.",
)
def export(
    *,
    tickets: tuple[Path, ...],
    to: str,
    out: Path | None,
    data: str | None,
    target: str | None,
    reading: ReadingOptions | None,
    measure: bool,
    **settings: Any,
) -> None:
    """Export the ticket in FILE so that it runs elsewhere, with the same answers.

    Several FILEs, for c alone, are tickets of one network: they share its code.
    """
    named = {path.stem: load_ticket(path) for path in tickets}

    from scratchcard.export import EXPORTERS

    exporter = EXPORTERS[to]
    options = {name: value for name, value in settings.items() if value is not None}
    if data is None and (target is not None or reading is not None):
        option = "--target" if reading is None else reading.given[0]
        raise click.UsageError(f"{option} goes with --data")
    _check_options(to, exporter, options, data, measure)
    if len(named) < len(tickets) or (len(tickets) > 1 and not exporter.several):
        takes = "files with different names" if exporter.several else "one ticket"
        raise click.UsageError(f"--to {to} takes {takes}, got {len(tickets)}")
    path = out or unused(Path(f"{tickets[0].stem}{exporter.suffixes[0]}"))
    if path.suffix.lower() not in exporter.suffixes:
        raise click.UsageError(
            f"--out takes a name that ends in {' or '.join(exporter.suffixes)}, got {str(path)!r}"
        )
    check_output(path, **{f"FILE {file}": file for file in tickets})
    try:
        if data is not None:
            (ticket,) = named.values()
            options |= _rows_of(data, target, reading, ticket)
        written = exporter.file(named, path.suffix.lower(), **options)
    except (ValueError, ImportError) as error:
        raise InputError(str(error)) from error
    try:
        write_whole(path, written)
    except OSError as error:
        raise OutputError(path, error) from error
    say(f"{printable(str(path))}: {exporter.what}, {len(written):,} bytes")
    if measure:
        _print_sizes(written.decode(), list(named))


def _check_options(
    to: str, exporter: Exporter, options: dict[str, Any], data: str | None, measure: bool
) -> None:
    """Raise an error for an option that this exporter does not take."""
    given = dict.fromkeys(options, "")
    if data is not None:
        given["rows"] = "data"
    if measure:
        given["mode"] = "measure"
    for name, shown in given.items():
        if name not in exporter.options:
            raise click.UsageError(f"--{shown or name} is no option of --to {to}")


def _rows_of(
    data: str, target: str | None, reading: ReadingOptions | None, ticket: Ticket
) -> dict[str, Any]:
    from scratchcard.datasets import load_table

    like = known_of(ticket)
    table, notes = load_table(data, target, reading, like, spare_last=True)
    complain_of_notes(notes)
    if like.names is not None and table.names is not None:  # found by their names
        return {"rows": table.take(np.arange(min(_PICKED, table.n_rows)))}
    if table.n_columns != ticket.n_columns:
        raise ValueError(
            f"--data takes rows of {ticket.n_columns} features, as the ticket does, got "
            f"{table.n_columns} in {data}"
        )
    picked = table.take(np.arange(min(_PICKED, table.n_rows)))
    return {"rows": picked.X if picked.is_plain else picked, "names": table.names}


def _print_sizes(header: str, names: list[str]) -> None:
    from scratchcard.export.c_text import c_names
    from scratchcard.export.measure import measure

    print_table(
        [
            (size.board, size.problem or f"{size.flash} bytes of flash, {size.ram} of RAM")
            for size in measure(header, tuple(c_names(names)))
        ]
    )

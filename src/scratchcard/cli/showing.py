"""``scratchcard show``: what a ticket is, what it reads, and how it does on rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scratchcard.cli.console import complain, complain_of_notes, print_table, say
from scratchcard.cli.described import (
    OnRows,
    columns_in_words,
    print_columns,
    print_confusion,
    print_layers,
    rows_in_words,
    words,
)
from scratchcard.cli.options import InputError, OutputError, check_output, reading_options
from scratchcard.cli.using import load_ticket
from scratchcard.files import write_whole
from scratchcard.text import printable

if TYPE_CHECKING:
    from scratchcard.datasets import Answers, Dataset, ReadingOptions
    from scratchcard.insight import LayerUse, Use
    from scratchcard.ticket import Ticket

_FILE = click.Path(path_type=Path)
_SLOW = 100  # columns; permuting more takes a while


@click.command(short_help="Show what a ticket is, what it reads, and how it does.")
@click.argument("file", type=_FILE)
@click.option(
    "--data",
    help="Data set that the ticket was found on: how the ticket does on its test rows, and what "
    "it loses without each column.",
)
@click.option(
    "--target", metavar="COL", help="Column of --data with the answers.  [default: the last]"
)
@click.option(
    "--picture",
    type=click.Path(path_type=Path, readable=False),
    metavar="OUT",
    help="Draw the ticket into this file, .png, .svg or .pdf.",
)
@reading_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of words.")
def show(
    *,
    file: Path,
    data: str | None,
    target: str | None,
    picture: Path | None,
    reading: ReadingOptions | None,
    as_json: bool,
) -> None:
    """Show what the ticket in FILE is and which columns it reads, in words and numbers.

    With --data, a name or a file, DATA is cut as find cuts it, and of its test rows are shown: the
    accuracy and the confusion matrix, or R² and the mean error of numbers; and for each column what
    is lost when its values are permuted among the rows (the mean of 10 permutations, 5 of more than
    100 columns, ± their standard deviation). This looks at test rows, so it is for a ticket that is
    final: what is chosen by it has to be judged on other rows.

    Of a ticket with convolutions, which reads all pixels alike, its layers are shown instead of
    columns: how many weights stay, and in how many kernels. The picture then has the first layer's
    filters, and with --data what the ticket makes of the first test row.
    """
    if data is None and (target is not None or reading is not None):
        option = "--target" if reading is None else reading.given[0]
        raise click.UsageError(f"{option} goes with --data")
    if picture is not None:
        _check_picture(picture, file, data)
    ticket = load_ticket(file)

    from scratchcard.insight import MOST_INPUTS

    is_wide = ticket.network.n_inputs > MOST_INPUTS and not ticket.network.has_maps
    if is_wide and data is None and picture is None:
        _tell(file, ticket, [], None, as_json)
        return
    try:
        dataset = None if data is None else _dataset(ticket, data, target, reading)
        uses = _uses(ticket, dataset)
        rows = None if dataset is None else _on_test_rows(ticket, dataset, uses)
        if picture is not None:
            _draw(picture, file, ticket, uses, rows)
    except (ValueError, ImportError) as error:
        raise InputError(str(error)) from error
    _tell(file, ticket, uses, rows, as_json)
    if picture is not None and not as_json:
        say(f"\n{printable(str(picture))}: a picture, {picture.stat().st_size:,} bytes")


# What is read, and drawn


def _uses(ticket: Ticket, dataset: Dataset | None) -> list[Use]:
    """Return how far the ticket reads each column; nothing where it has a convolution."""
    from scratchcard.insight import columns_of, uses_of

    if ticket.network.has_maps:
        return []
    names = None if dataset is None else dataset.table_of(dataset.test).names
    return uses_of(ticket, columns_of(ticket, names))


def _check_picture(picture: Path, file: Path, data: str | None) -> None:
    """Raise an error unless the picture can be drawn into its file."""
    from scratchcard.drawing import KINDS
    from scratchcard.research.shared.libraries import require

    *kinds, last = (f".{kind}" for kind in KINDS)
    if picture.suffix.lower() not in (*kinds, last):
        raise click.UsageError(
            f"--picture takes a name that ends in {', '.join(kinds)} or {last}, "
            f"got {str(picture)!r}"
        )
    inputs: dict[str, str | Path] = {"FILE": file}
    check_output(picture, "--picture", **(inputs if data is None else inputs | {"--data": data}))
    try:
        require("show --picture", "matplotlib")
    except ImportError as error:
        raise InputError(str(error)) from error


def _dataset(
    ticket: Ticket, data: str, target: str | None, reading: ReadingOptions | None
) -> Dataset:
    """Return the data set, or raise ValueError if it does not suit the ticket."""
    from scratchcard.datasets import as_read_by, load
    from scratchcard.datasets.dataset import AS_FOUND

    answers: Answers = "classes" if ticket.head.name == "classes" else "numbers"
    dataset = load(data, target, answers, reading)
    complain_of_notes(dataset.notes)
    dataset = as_read_by(dataset, ticket)
    if dataset.n_features != ticket.network.n_inputs:
        raise ValueError(
            f"--data takes rows of {ticket.network.n_inputs} features, as the ticket does, got "
            f"{dataset.n_features} beside the answers in {data}{AS_FOUND}"
        )
    return dataset


def _on_test_rows(ticket: Ticket, dataset: Dataset, uses: list[Use]) -> OnRows:
    from scratchcard.insight import judged

    if len(uses) > _SLOW:
        complain(f"permuting each of {len(uses)} columns")
    try:
        columns = [use.column for use in uses]
        return OnRows(dataset, judged(dataset.on_features(ticket), columns, dataset.test))
    except ValueError as error:
        raise ValueError(f"{dataset.name}: {error}") from error


def _draw(picture: Path, file: Path, ticket: Ticket, uses: list[Use], rows: OnRows | None) -> None:
    from scratchcard import drawing
    from scratchcard.export.web_page import image_side

    is_named = ticket.columns is not None and ticket.columns.is_named
    is_nameless = not is_named and (rows is None or rows.dataset.feature_names is None)
    are_pixels = all(len(use.column.inputs) == 1 for use in uses)
    drawn = drawing.picture(
        ticket,
        uses,
        None if rows is None else rows.judged,
        name=file.name,
        kind=picture.suffix.lower().removeprefix("."),
        side=image_side(len(uses), is_nameless) if are_pixels and uses else 0,
        row=None if rows is None else rows.dataset.test.X[:1],
    )
    try:
        write_whole(picture, drawn)
    except OSError as error:
        raise OutputError(picture, error) from error


# What is told


def _tell(file: Path, ticket: Ticket, uses: list[Use], rows: OnRows | None, as_json: bool) -> None:
    from scratchcard.insight import layers_of

    described = {"file": str(file), **ticket.describe()}
    layers = layers_of(ticket) if ticket.network.has_maps else []
    if as_json:
        say(json.dumps(described | as_values(uses, rows, layers), indent=2, allow_nan=False))
        return
    told = words(described)
    if uses:
        told += columns_in_words(ticket, uses)
    if rows is not None:
        told += rows_in_words(rows)
    print_table(told)
    if layers:
        say("")
        print_layers(layers)
    if any(use.survivors for use in uses):
        say("")
        print_columns(uses, rows)
    if rows is not None and rows.judged.confusion is not None:
        say("")
        print_confusion(rows.judged.confusion)


def as_values(uses: list[Use], rows: OnRows | None, layers: list[LayerUse]) -> dict[str, Any]:
    """Return what is shown of layers, columns and rows as plain values that JSON holds."""
    found = {"layers": [one._asdict() for one in layers]} if layers else _columns(uses, rows)
    return found if rows is None else found | {"on_rows": _on_rows(rows)}


def _columns(uses: list[Use], rows: OnRows | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    lost = None if rows is None else rows.judged.importance
    read = []
    for number, use in enumerate(uses):
        if not use.survivors:
            continue
        value = {
            "column": use.column.name,
            "inputs": list(use.column.inputs),
            "connections": use.survivors,
            "units": use.units,
        }
        if lost is not None:
            value["lost"] = float(lost.lost[number])
            value["lost_deviation"] = float(lost.deviation[number])
        read.append(value)
    found["columns_read"] = read
    found["columns_not_read"] = [use.column.name for use in uses if not use.survivors]
    return found


def _on_rows(rows: OnRows) -> dict[str, Any]:
    judged, lost = rows.judged, rows.judged.importance
    told: dict[str, Any] = {
        "dataset": rows.dataset.name,
        "rows": "test",
        "n_rows": len(judged.right),
    }
    if lost is not None:
        told |= {"n_permuted_rows": lost.n_rows, "permutations": lost.permutations}
    if judged.confusion is None:
        told |= {"r2": judged.score, "mean_absolute_error": judged.mean_absolute_error}
    else:
        told |= {
            "accuracy": judged.score,
            "confusion": {
                "labels": judged.confusion.labels.tolist(),
                "right_by_answered": judged.confusion.counts.tolist(),
            },
        }
    return told

"""``scratchcard show``: what a ticket is, what it reads, and how it does on rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from scratchcard.cli.console import percent, print_cells, print_table, say
from scratchcard.cli.options import InputError, OutputError, check_output
from scratchcard.cli.using import load_ticket
from scratchcard.files import write_whole
from scratchcard.text import printable, shortened

if TYPE_CHECKING:
    from scratchcard.datasets import Dataset
    from scratchcard.insight import Confusion, Judged, Use
    from scratchcard.ticket import Ticket

_FILE = click.Path(path_type=Path)
_KINDS = ".png", ".svg", ".pdf"
_SHOWN = 12  # classes, or columns that are not read
_CLASS = 60  # characters of a class
_SHOWN_COLUMNS = 20
_COLUMN, _CLASS_CELL = 40, 14  # characters of a table's cell
_MISTAKES = 10  # pairs of classes, where there are too many for a matrix
_SLOW = 100  # columns; permuting more takes a while


class _Rows(NamedTuple):
    """A data set, and how the ticket does on its test rows."""

    dataset: Dataset
    judged: Judged


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
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of words.")
def show(
    *, file: Path, data: str | None, target: str | None, picture: Path | None, as_json: bool
) -> None:
    """Show what the ticket in FILE is and which columns it reads, in words and numbers.

    With --data, a name or a file, DATA is cut as find cuts it, and of its test rows are shown: the
    accuracy and the confusion matrix, or R² and the mean error of numbers; and for each column
    what is lost when its values are permuted among the rows (the mean of 10 permutations, 5 of more
    than 100 columns, ± their standard deviation). Nothing may be chosen by test rows any more
    that somebody has looked at: for a ticket that is final.
    """
    if target is not None and data is None:
        raise click.UsageError("--target goes with --data")
    if picture is not None:
        _check_picture(picture, file, data)
    ticket = load_ticket(file)
    described = {"file": str(file), **ticket.describe()}

    from scratchcard.insight import MOST_INPUTS, columns_of, uses_of

    if ticket.network.n_inputs > MOST_INPUTS and data is None and picture is None:
        _tell(described, [], None, as_json)
        return
    try:
        dataset = None if data is None else _dataset(ticket, data, target)
        columns = columns_of(ticket, None if dataset is None else dataset.feature_names)
        uses = uses_of(ticket, columns)
        rows = None if dataset is None else _on_test_rows(ticket, dataset, uses)
        if picture is not None:
            _draw(picture, file, ticket, uses, rows)
    except (ValueError, ImportError) as error:
        raise InputError(str(error)) from error
    _tell(described, uses, rows, as_json)
    if picture is not None and not as_json:
        say(f"\n{printable(str(picture))}: a picture, {picture.stat().st_size:,} bytes")


# What is read, and drawn


def _check_picture(picture: Path, file: Path, data: str | None) -> None:
    """Raise an error unless the picture can be drawn into its file."""
    from scratchcard.research.shared.libraries import require

    if picture.suffix.lower() not in _KINDS:
        raise click.UsageError(
            f"--picture takes a name that ends in {', '.join(_KINDS[:-1])} or {_KINDS[-1]}, "
            f"got {str(picture)!r}"
        )
    inputs: dict[str, str | Path] = {"FILE": file}
    check_output(picture, "--picture", **(inputs if data is None else inputs | {"--data": data}))
    try:
        require("show --picture", "matplotlib")
    except ImportError as error:
        raise InputError(str(error)) from error


def _dataset(ticket: Ticket, data: str, target: str | None) -> Dataset:
    """Return the data set, or raise ValueError if it does not suit the ticket."""
    from scratchcard.datasets import load

    dataset = load(data, target, "classes" if ticket.head.name == "classes" else "numbers")
    if dataset.n_features != ticket.network.n_inputs:
        raise ValueError(
            f"--data takes rows of {ticket.network.n_inputs} features, as the ticket does, got "
            f"{dataset.n_features} beside the answers in {data}"
        )
    return dataset


def _on_test_rows(ticket: Ticket, dataset: Dataset, uses: list[Use]) -> _Rows:
    from scratchcard.insight import judged

    if len(uses) > _SLOW:
        click.echo(f"scratchcard: permuting each of {len(uses)} columns", err=True)
    try:
        return _Rows(dataset, judged(ticket, [use.column for use in uses], dataset.test))
    except ValueError as error:
        raise ValueError(f"{dataset.name}: {error}") from error


def _draw(picture: Path, file: Path, ticket: Ticket, uses: list[Use], rows: _Rows | None) -> None:
    from scratchcard import drawing
    from scratchcard.export.web_page import image_side

    is_nameless = rows is None or rows.dataset.feature_names is None
    drawn = drawing.picture(
        ticket,
        uses,
        None if rows is None else rows.judged,
        name=file.name,
        kind=picture.suffix.lower().removeprefix("."),
        side=image_side(ticket.network.n_inputs, is_nameless),
    )
    try:
        write_whole(picture, drawn)
    except OSError as error:
        raise OutputError(picture, error) from error


# What is told


def _tell(described: dict[str, Any], uses: list[Use], rows: _Rows | None, as_json: bool) -> None:
    if as_json:
        say(json.dumps(described | as_values(uses, rows), indent=2, allow_nan=False))
        return
    told = words(described)
    if uses:
        told += _columns(described, uses)
    if rows is not None:
        told += _on_rows(rows)
    print_table(told)
    if any(use.survivors for use in uses):
        say("")
        _print_columns(uses, rows)
    if rows is not None and rows.judged.confusion is not None:
        say("")
        _print_confusion(rows.judged.confusion)


def as_values(uses: list[Use], rows: _Rows | None) -> dict[str, Any]:
    """Return what is shown of columns and rows as plain values that JSON holds."""
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
    if rows is None or lost is None:
        return found
    judged = rows.judged
    told: dict[str, Any] = {
        "dataset": rows.dataset.name,
        "rows": "test",
        "n_rows": len(judged.right),
        "n_permuted_rows": lost.n_rows,
        "permutations": lost.permutations,
    }
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
    return found | {"on_rows": told}


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
        *(_numbers_of(ticket) if "loss" in ticket else _classes_of(ticket)),
    ]


def _classes_of(ticket: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what the classes of a ticket are, in words."""
    classes = ticket["classes"]
    shown = ", ".join(shortened(printable(str(label)), _CLASS) for label in classes[:_SHOWN])
    more = f", … ({len(classes)} in all)" if len(classes) > _SHOWN else ""
    return [("classes", shown + more), ("temperature", f"{ticket['temperature']:.6g}")]


def _numbers_of(ticket: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what the numbers of a ticket are, in words."""
    lines = [
        f"{offset:.12g} {'-' if scale < 0 else '+'} {abs(scale):.6g} * output"
        for offset, scale in zip(ticket["offset"], ticket["scale"], strict=True)
    ]
    shown = ", ".join(
        f"exp({line})" if ticket["loss"] == "poisson" else line for line in lines[:_SHOWN]
    )
    more = f", … ({len(lines)} in all)" if len(lines) > _SHOWN else ""
    return [("numbers", shown + more), ("least", ticket["loss"].replace("_", " "))]


def _columns(ticket: dict[str, Any], uses: list[Use]) -> list[tuple[str, str]]:
    """Return in words how many columns are read, and which are not."""
    read = [use for use in uses if use.survivors]
    unread = [use.column.name for use in uses if not use.survivors]
    to = "hidden units" if ticket["network"].count("-") > 1 else "outputs"
    connections = sum(use.survivors for use in read)
    told = [
        (
            "columns",
            f"{len(read)} of {len(uses)} are read, through {connections} connections to {to}",
        )
    ]
    if unread:
        shown = ", ".join(shortened(printable(name), _COLUMN) for name in unread[:_SHOWN])
        more = f", … ({len(unread)} in all)" if len(unread) > _SHOWN else ""
        told.append(("not read", shown + more))
    return told


def _on_rows(rows: _Rows) -> list[tuple[str, str]]:
    """Return in words how a ticket does on rows."""
    judged, on = rows.judged, f"the {len(rows.judged.right):,} test rows of {rows.dataset.name}"
    if judged.confusion is not None:
        return [("accuracy", f"{percent(judged.score)} of {on}")]
    return [
        ("R²", f"{judged.score:.3f} on {on}"),
        ("error", f"{judged.mean_absolute_error:.4g} in the mean, without its sign"),
    ]


def _print_columns(uses: list[Use], rows: _Rows | None) -> None:
    """Print what is read of the columns that matter most."""
    found = None if rows is None else rows.judged.importance
    is_share = rows is not None and rows.judged.confusion is not None
    read = [number for number, use in enumerate(uses) if use.survivors]

    def rank(number: int) -> tuple[float, int]:
        return (0.0 if found is None else -found.lost[number], -uses[number].survivors)

    read.sort(key=rank)
    has_several = any(len(use.column.inputs) > 1 for use in uses)
    header = ["column", "connections", *(["units"] if has_several else [])]
    if found is not None:
        header.append("accuracy lost" if is_share else "R² lost")
    cells = []
    for number in read[:_SHOWN_COLUMNS]:
        use = uses[number]
        row = [shortened(printable(use.column.name), _COLUMN), f"{use.survivors:,}"]
        row += [f"{use.units:,}"] if has_several else []
        if found is not None:
            row.append(_lost(found.lost[number], found.deviation[number], is_share))
        cells.append(row)
    print_cells(header, cells)
    if rest := read[_SHOWN_COLUMNS:]:
        connections = sum(uses[number].survivors for number in rest)
        at_most = ""
        if found is not None:
            largest = rest[0]
            lost = _lost(found.lost[largest], found.deviation[largest], is_share)
            at_most = f"; each loses {lost} at most"
        say(f"… and {len(rest)} columns more, with {connections:,} connections{at_most}")
    if rows is not None and found is not None:
        say(
            f"Lost: where a column's values are permuted among {_of_rows(rows)}; mean ± standard "
            f"deviation of {found.permutations} times"
        )


def _of_rows(rows: _Rows) -> str:
    n_rows, n_permuted = len(rows.judged.right), rows.judged.importance.n_rows
    if n_permuted < n_rows:
        return f"{n_permuted:,} of the {n_rows:,} test rows"
    return f"the {n_rows:,} test rows"


def _lost(mean: float, deviation: float, is_share: bool) -> str:
    if is_share:
        return f"{100 * mean:.1f} ± {100 * deviation:.1f} %"
    return f"{mean:.3f} ± {deviation:.3f}"


def _print_confusion(confusion: Confusion) -> None:
    """Print how often each class is taken for each; of many classes, the commonest mistakes."""
    names = [shortened(printable(str(one)), _CLASS_CELL) for one in confusion.labels.tolist()]
    counts = confusion.counts
    if len(names) <= _SHOWN:
        rows = [
            [name, *(f"{count:,}" for count in row)]
            for name, row in zip(names, counts.tolist(), strict=True)
        ]
        print_cells(["right ↓  answered →", *names], rows)
        return
    pairs = [
        (int(counts[right, said]), int(right), int(said))
        for right, said in zip(*counts.nonzero(), strict=True)
        if right != said
    ]
    pairs.sort(key=lambda pair: (-pair[0], *pair[1:]))
    if not pairs:
        say("no row is taken for another class")
        return
    wrong = sum(count for count, _, _ in pairs)
    print_cells(
        ["right", "answered", "test rows"],
        [[names[right], names[said], f"{count:,}"] for count, right, said in pairs[:_MISTAKES]],
    )
    if len(pairs) > _MISTAKES:
        say(f"… and {len(pairs) - _MISTAKES} pairs of classes more; {wrong:,} rows are wrong")

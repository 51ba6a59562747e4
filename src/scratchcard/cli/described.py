"""What ``scratchcard show`` says of a ticket: what it is, which columns it reads, how it does."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

from scratchcard.cli.console import percent, print_cells, say
from scratchcard.text import printable, shortened

if TYPE_CHECKING:
    from scratchcard.datasets import Dataset
    from scratchcard.insight import Confusion, Importance, Judged, LayerUse, Use
    from scratchcard.ticket import Ticket

Lines = list[tuple[str, str]]

_SHOWN = 12  # classes, or columns that are not read
_CLASS = 60  # characters of a class
_SHOWN_COLUMNS = 20
_COLUMN, _CLASS_CELL = 40, 14  # characters of a table's cell
_MISTAKES = 10  # pairs of classes, where there are too many for a matrix


class OnRows(NamedTuple):
    """A data set, and how the ticket does on its test rows."""

    dataset: Dataset
    judged: Judged


def words(ticket: dict[str, Any]) -> Lines:
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
            f"{_features_of(ticket)}, {ticket['input_bits']} bits, scaling {scaling}",
        ),
        *(_numbers_of(ticket) if "loss" in ticket else _classes_of(ticket)),
    ]


def _features_of(ticket: dict[str, Any]) -> str:
    """Return how many features a ticket has, in words; of images their shape."""
    sizes = ticket["network"].split("-")[0].split("x")
    shape = f" (an image of {' × '.join(sizes)})" if len(sizes) > 1 else ""
    return f"{prod(map(int, sizes))} features{shape}"


def _classes_of(ticket: dict[str, Any]) -> Lines:
    """Return what the classes of a ticket are, in words."""
    classes = ticket["classes"]
    shown = ", ".join(shortened(printable(str(label)), _CLASS) for label in classes[:_SHOWN])
    more = f", … ({len(classes)} in all)" if len(classes) > _SHOWN else ""
    return [("classes", shown + more), ("temperature", f"{ticket['temperature']:.6g}")]


def _numbers_of(ticket: dict[str, Any]) -> Lines:
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


def columns_in_words(ticket: Ticket, uses: list[Use]) -> Lines:
    """Return in words how many columns are read, and which are not."""
    from scratchcard.insight import ColumnInputs, uses_of

    read = [use for use in uses if use.survivors]
    unread = [use.column.name for use in uses if not use.survivors]
    network = ticket.network
    (every,) = uses_of(ticket, [ColumnInputs("all", tuple(range(network.n_inputs)))])
    units = "hidden units" if network.n_layers > 1 else "outputs"
    to = f"{every.units} of {network.layers[0].units} {units}"
    shown = f"{len(read)} of {len(uses)} are read"
    told = [("columns", f"{shown}, through {every.survivors:,} connections to {to}")]
    if unread:
        shown = ", ".join(shortened(printable(name), _COLUMN) for name in unread[:_SHOWN])
        more = f", … ({len(unread)} in all)" if len(unread) > _SHOWN else ""
        told.append(("not read", shown + more))
    return told


def print_layers(layers: list[LayerUse]) -> None:
    """Print what stays of each layer of a ticket with convolutions."""
    header = ["layer", "units", "weights that stay", "density", "units in use", "kernels in use"]
    cells = [
        [
            one.layer,
            " × ".join(map(str, one.shape)),
            f"{one.survivors:,} of {one.weights:,}",
            percent(one.density),
            f"{one.units:,} of {one.shape[0]:,}",
            "" if one.kernels is None else f"{one.kernels_used:,} of {one.kernels:,}",
        ]
        for one in layers
    ]
    print_cells(header, cells)
    say("A convolution reads all pixels alike, so single columns are not told apart here")


def rows_in_words(rows: OnRows) -> Lines:
    """Return in words how a ticket does on rows."""
    judged, on = rows.judged, f"the {len(rows.judged.right):,} test rows of {rows.dataset.name}"
    if judged.confusion is not None:
        return [("accuracy", f"{percent(judged.score)} of {on}")]
    return [
        ("R²", f"{judged.score:.3f} on {on}"),
        ("error", f"{judged.mean_absolute_error:.4g} in the mean, without its sign"),
    ]


def print_columns(uses: list[Use], rows: OnRows | None) -> None:
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
            largest = float(found.lost[rest[0]])
            at_most = "; none of them loses more than " + _amount(max(largest, 0.0), is_share)
        say(f"… and {len(rest)} columns more, with {connections:,} connections{at_most}")
    if rows is not None and found is not None:
        say(
            f"Lost: by permuting a column among {_of_rows(rows, found)}, "
            f"{found.permutations} times; "
            "mean ± standard deviation"
        )


def _of_rows(rows: OnRows, found: Importance) -> str:
    n_rows, n_permuted = len(rows.judged.right), found.n_rows
    if n_permuted < n_rows:
        return f"{n_permuted:,} of the {n_rows:,} test rows"
    return f"the {n_rows:,} test rows"


def _lost(mean: float, deviation: float, is_share: bool) -> str:
    unit = " %" if is_share else ""
    return f"{_amount(mean, is_share).removesuffix(unit)} ± {_amount(deviation, is_share)}"


def _amount(value: float, is_share: bool) -> str:
    """Return a loss of accuracy in points of percent, or of R²; never as -0."""
    found = round(100 * value, 1) if is_share else round(value, 3)
    return f"{found + 0.0:.1f} %" if is_share else f"{found + 0.0:.3f}"


def print_confusion(confusion: Confusion) -> None:
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
        n_left=2,
    )
    if len(pairs) > _MISTAKES:
        say(f"… and {len(pairs) - _MISTAKES} pairs of classes more; {wrong:,} rows are wrong")

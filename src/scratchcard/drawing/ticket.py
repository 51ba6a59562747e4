"""The picture of a ticket: its network, and how it does on rows where there are any. matplotlib.

Survivors are bright, and what was scratched off is hardly visible. Beside the network stand the
confusion matrix, or right and predicted numbers, and what is lost without each column.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scratchcard.drawing.maps import draw_filters, draw_row, filters_height, row_height
from scratchcard.drawing.network import (
    SCRATCHED,
    Counted,
    counted,
    draw_maps,
    draw_units_and_lines,
    is_drawn_by_unit,
    places,
)
from scratchcard.drawing.rows import draw_judged, judged_height
from scratchcard.drawing.style import BLACK, BLUE, GREY, VERMILION, label, sheet, short
from scratchcard.insight import Judged, Use
from scratchcard.ticket import Classes, Ticket

DPI = 110
KINDS = ("png", "svg", "pdf")
"""The kinds of file that a picture can be."""
MOST_WEIGHTS = 1 << 22
MOST_NAMES = 40  # of columns, or of classes, beside the network
MOST_BARS = 20
NAME, CLASS = 28, 24  # most characters: of a column, of a class
WIDE_FONTS = (
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "Hiragino Sans",
    "PingFang SC",
    "Yu Gothic",
    "Microsoft YaHei",
    "Malgun Gothic",
    "WenQuanYi Zen Hei",
)
"""Fonts with Chinese, Japanese or Korean characters; one of them is on most machines of users."""


def picture(
    ticket: Ticket,
    uses: Sequence[Use],
    judged: Judged | None = None,
    *,
    name: str,
    kind: str,
    side: int = 0,
    row: NDArray[Any] | None = None,
) -> bytes:
    """Draw a ticket.

    Parameters
    ----------
    ticket : Ticket
        The ticket, of at most 2**22 weights.
    uses : sequence of Use
        How far it reads each of its columns; not read for one with a convolution.
    judged : Judged or None
        How it does on rows; None for the network alone.
    name : str
        What the ticket is called in the title.
    kind : {"png", "svg", "pdf"}
        Kind of file.
    side : int
        Side of the square image that columns are the pixels of; 0 where they are none.
    row : ndarray of shape (1, n_features) or None
        An image that is shown with what a ticket with convolutions makes of it.

    Returns
    -------
    bytes
        The file.

    Raises
    ------
    ValueError
        For a ticket with more weights.
    ImportError
        Without matplotlib.
    """
    if ticket.network.n_weights > MOST_WEIGHTS:
        raise ValueError(
            f"a picture takes a ticket of at most {MOST_WEIGHTS} weights, "
            f"got {ticket.network.n_weights}"
        )
    import matplotlib.pyplot as plt

    counts, written = counted([ticket]), BytesIO()
    # A name is no formula, whatever stands in it.
    settings = {"text.parse_math": False, "font.sans-serif": _fonts()}
    with plt.rc_context(settings), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        if ticket.network.has_maps:
            figure = _figure_of_maps(ticket, counts, judged, row)
        else:
            figure = _figure(ticket, counts, uses, judged, side)
        mask = ticket.mask
        figure.suptitle(
            f"{short(name, 40)}: {mask.surviving:,} of {mask.n_weights:,} random weights stay, "
            f"a file of {len(ticket.to_bytes()):,} bytes",
        )
        figure.savefig(
            written, format=kind, dpi=DPI, metadata={} if kind == "png" else {_DATE[kind]: None}
        )
        plt.close(figure)
    return written.getvalue()


def _fonts() -> list[str]:
    """Return matplotlib's own font, and those of this machine that have what it lacks."""
    from matplotlib import font_manager

    there = font_manager.get_font_names()
    return ["DejaVu Sans", *(font for font in WIDE_FONTS if font in there)]


_DATE = {"svg": "Date", "pdf": "CreationDate"}


def _figure(
    ticket: Ticket, counts: Counted, uses: Sequence[Use], judged: Judged | None, side: int
) -> Any:
    """Return the figure: the network on the left, what rows say on the right."""
    by_unit = is_drawn_by_unit(counts)
    rows = _network_height(counts, uses) if by_unit else 3.6 * (len(counts.shares) + (side > 0))
    if judged is None:
        figure = sheet((9.5, rows))
        left = figure
    else:
        heights = [judged_height(judged), _columns_height(uses, side)]
        figure = sheet((15.5, max(rows, sum(heights))))
        left, right = figure.subfigures(1, 2, width_ratios=(9, 6.5))
        upper, lower = right.subplots(2, 1, height_ratios=heights)
        draw_judged(upper, judged)
        _draw_columns(lower, uses, judged, side)
    if by_unit:
        _draw_network(left.subplots(), ticket, counts, uses)
        return figure
    axes = left.subplots(len(counts.shares) + (side > 0), 1, squeeze=False)[:, 0]
    if side:
        connections = np.array([use.survivors for use in uses], dtype=np.float64)
        _draw_pixels(axes[0], connections, side, "Connections from each pixel", "connections")
    draw_maps(axes[len(axes) - len(counts.shares) :], counts)
    return figure


def _figure_of_maps(
    ticket: Ticket, counts: Counted, judged: Judged | None, row: NDArray[Any] | None
) -> Any:
    """Return the figure of a ticket with convolutions: filters, then a heat map of each layer."""
    heights = [filters_height(ticket), *(3.3 for _ in counts.shares[1:])]
    if judged is None:
        figure = left = sheet((9.5, sum(heights)))
    else:
        beside = [judged_height(judged), 0.0 if row is None else row_height(ticket)]
        figure = sheet((15.5, max(sum(heights), sum(beside))))
        left, right = figure.subfigures(1, 2, width_ratios=(9, 6.5))
        if row is None:
            draw_judged(right.subplots(), judged)
        else:
            upper, lower = right.subfigures(2, 1, height_ratios=beside)
            draw_judged(upper.subplots(), judged)
            draw_row(lower, ticket, row, judged.right[0])
    axes = left.subplots(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0]
    draw_filters(axes[0], ticket)
    draw_maps(axes[1:], counts, first=1)
    return figure


# The network


def _network_height(counts: Counted, uses: Sequence[Use]) -> float:
    names = [len(uses), counts.sizes[-1]]
    most = max(0.2 * n for n in (0, *names) if n <= MOST_NAMES)
    return float(np.clip(max(most, 0.06 * max(counts.sizes)) + 1.4, 5.0, 11.0))


def _draw_network(axis: Any, ticket: Ticket, counts: Counted, uses: Sequence[Use]) -> None:
    heights, last = places(counts, centred=True), len(counts.sizes) - 1
    lines = max(int(np.count_nonzero(share)) for share in counts.shares)
    thickness = float(np.clip(12.0 / max(1, lines) ** 0.5, 0.4, 0.8))
    draw_units_and_lines(axis, counts, scratched=True, thickness=thickness)
    n_inputs, *hidden, n_outputs = counts.sizes
    is_named = len(uses) <= MOST_NAMES
    if is_named:
        drawn = [use for use in uses if use.column.inputs]  # a constant column becomes no input
        at = [float(heights[0][list(use.column.inputs)].mean()) for use in drawn]
        axis.set_yticks(at, [short(use.column.name, NAME) for use in drawn], fontsize=9)
        for text, use in zip(axis.get_yticklabels(), drawn, strict=True):
            text.set_color("black" if use.survivors else GREY)
    if n_outputs <= MOST_NAMES:
        for text, height in zip(_outputs(ticket), heights[-1], strict=True):
            axis.text(last + 0.05, height, text, va="center", fontsize=9)
    what = "classes" if isinstance(ticket.head, Classes) else "numbers"
    inputs = f"{len(uses)} columns" if is_named and len(uses) != n_inputs else f"{n_inputs} inputs"
    outputs = what.removesuffix("s") if n_outputs == 1 else f"{n_outputs} {what}"
    axis.set_xticks(
        range(last + 1), [inputs, *(f"{units} hidden units" for units in hidden), outputs]
    )
    axis.set_xlim(-0.05, last + 0.05)
    handles = _legend(counts)
    axis.legend(
        handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.06), ncols=5, fontsize=9
    )


def _outputs(ticket: Ticket) -> list[str]:
    """Return what stands beside each output."""
    if isinstance(ticket.head, Classes):
        return [short(str(one), CLASS) for one in ticket.head.labels.tolist()]
    n_outputs = ticket.network.n_outputs
    return [f"number {k + 1}" for k in range(n_outputs)] if n_outputs > 1 else ["number"]


def _legend(counts: Counted) -> list[Any]:
    from matplotlib.lines import Line2D

    lines = [(BLUE, "stays, weight above 0"), (VERMILION, "stays, weight below 0")]
    assert counts.signs is not None  # one ticket has one network
    layers = zip(counts.shares, counts.signs, strict=True)
    if any(((share > 0) & (sign == 0)).any() for share, sign in layers):
        lines.append((BLACK, "stays, weight 0"))
    lines.append((SCRATCHED, "scratched off"))
    dot = Line2D([], [], marker="o", mfc="white", mec="black", ls="", ms=5, label="not in use")
    return [*(Line2D([], [], color=colour, label=name) for colour, name in lines), dot]


# How it does on rows


def _columns_height(uses: Sequence[Use], side: int) -> float:
    return 4.0 if side else 0.24 * min(len(_read(uses)), MOST_BARS) + 1.5


def _read(uses: Sequence[Use]) -> list[int]:
    return [number for number, use in enumerate(uses) if use.survivors]


def _draw_columns(axis: Any, uses: Sequence[Use], judged: Judged, side: int) -> None:
    """Draw what is lost without each column: as pixels, or as bars, the largest on top."""
    found = judged.importance
    assert found is not None  # which only tickets with convolutions lack
    is_share = judged.confusion is not None
    unit = 100.0 if is_share else 1.0
    what = "percentage points of accuracy" if is_share else "R²"
    if side:
        title = "Lost where a pixel is permuted"
        _draw_pixels(axis, found.lost * unit, side, title, what)
        return
    read = _read(uses)
    if not read:
        axis.set_axis_off()
        axis.text(0.5, 0.5, "no column is read", ha="center", va="center")
        return
    order = sorted(read, key=lambda number: -found.lost[number])[:MOST_BARS]
    axis.barh(
        range(len(order)),
        found.lost[order] * unit,
        xerr=found.deviation[order] * unit,
        color=BLUE,
        height=0.7,
        error_kw={"elinewidth": 1.2, "ecolor": "black"},
    )
    names = [short(uses[number].column.name, NAME) for number in order]
    axis.set_yticks(range(len(order)), names, fontsize=9)
    axis.invert_yaxis()
    axis.axvline(0, color="black", lw=0.8)
    axis.grid(axis="y", visible=False)
    axis.tick_params(axis="y", length=0)
    of = f" ({len(order)} of {len(read)})" if len(order) < len(read) else ""
    label(axis, f"Lost where a column is permuted{of}", what, "")


def _draw_pixels(axis: Any, values: NDArray[np.float64], side: int, title: str, what: str) -> None:
    image = axis.imshow(values.reshape(side, side), cmap="cividis", vmin=0.0)
    axis.grid(False)
    label(axis, title, "column", "row")
    axis.figure.colorbar(image, ax=axis, label=what, shrink=0.8)

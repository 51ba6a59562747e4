"""Pictures of what survives: overlaps of masks, weights, degrees of hidden units, and inputs."""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from scratchcard.drawing import BLACK, BLUE, ORANGE, canvas, counted, label, save
from scratchcard.research.survivors.network_picture import draw_network
from scratchcard.research.survivors.runs import Row, Survivors, degrees_of
from scratchcard.ticket import Ticket

MAX_CHANNELS = 8  # of the first kernels, beside each other
MAX_TICKETS_WITH_NUMBERS = 10  # with more the cells are too small for a number
MAX_TICKETS_WITH_NAMES = 40
MAX_BINS = 32


def draw(
    found: Survivors, tickets: Sequence[Ticket], out: Path, names: Sequence[str]
) -> list[Path]:
    """Draw everything that was found about these tickets into a folder; return the files."""
    drawn = []
    groups = [group for group in found.groups if group.same_weights] or found.groups
    for number, group in enumerate(groups, 1):
        shape = tickets[0].network.architecture
        title = f"{shape}, {group.name}: {len(group.members)} runs"
        counts = counted([tickets[i] for i in group.members])
        drawn += draw_network(counts, title, out, f"network-{number}")
    drawn += draw_overlap(found.pairs, names, out)
    drawn += draw_weights(tickets, out)
    if tickets[0].network.n_layers > 1:
        drawn += draw_degrees(tickets, out)
    return drawn + draw_inputs(found.inputs, len(tickets), out)


def draw_overlap(pairs: Sequence[Row], names: Sequence[str], out: Path) -> list[Path]:
    """Draw a heat map of the Jaccard index of every two masks, named by their tickets."""
    at = {name: i for i, name in enumerate(names)}
    overlap = np.full((len(names), len(names)), np.nan)
    for pair in pairs:
        a, b = at[pair["a"]], at[pair["b"]]
        overlap[a, b] = overlap[b, a] = pair["jaccard"]
    side = float(np.clip(0.7 * len(names), 4.0, 12.0))
    figure, axes = canvas(size=(side + 2.4, side + 0.8))
    axis = axes[0, 0]
    image = axis.imshow(overlap, cmap="cividis", vmin=0.0)
    axis.grid(False)
    if len(names) <= MAX_TICKETS_WITH_NAMES:
        axis.set_xticks(range(len(names)), names, rotation=60, ha="right", rotation_mode="anchor")
        axis.set_yticks(range(len(names)), names)
    if len(names) <= MAX_TICKETS_WITH_NUMBERS:
        middle = np.nanmax(overlap) / 2
        for i, j in np.argwhere(np.isfinite(overlap)):
            colour = "white" if overlap[i, j] < middle else "black"
            axis.text(j, i, f"{overlap[i, j]:.2f}", ha="center", va="center", color=colour)
    axis.set_title("Overlap of masks")
    figure.colorbar(image, ax=axis, label="shared / survivors of either (Jaccard)", shrink=0.8)
    return save(figure, out, "overlap")


def draw_weights(tickets: Sequence[Ticket], out: Path) -> list[Path]:
    """Draw, for each layer, how surviving weights are distributed, against all weights."""
    layers = tickets[0].network.n_layers
    figure, axes = canvas(columns=layers, size=(5.0, 4.0))
    for layer, axis in enumerate(axes[0]):
        every = [ticket.network.weights_of(layer) for ticket in tickets]
        alive = [w[t.mask.arrays()[layer]] for w, t in zip(every, tickets, strict=True)]
        values, live = np.concatenate([w.ravel() for w in every]), np.concatenate(alive)
        widest = int(np.abs(values.astype(np.int64)).max()) or 1
        bins = int(np.clip(len(live) ** 0.5, 5, min(MAX_BINS, 2 * widest + 1)))
        edges = np.linspace(-widest - 0.5, widest + 0.5, bins + 1)
        draws: list[tuple[Any, str, str, str]] = [
            (values, "all weights", BLACK, "--"),
            (live, "survivors", BLUE, "-"),
        ]
        for drawn, name, colour, dashes in draws:
            if len(drawn):
                heights = np.histogram(drawn, edges)[0] / len(drawn)
                axis.stairs(heights, edges, color=colour, ls=dashes, lw=1.8, label=name)
        label(axis, f"Layer {layer + 1}", "weight", "share of weights in a bin")
        axis.set_ylim(0, 1.2 * axis.get_ylim()[1])
        axis.legend(loc="upper center", ncols=2)
    return save(figure, out, "weights")


def draw_degrees(tickets: Sequence[Ticket], out: Path) -> list[Path]:
    """Draw, for each hidden layer, how many survivors enter and leave units; chance is dashed."""
    hidden = tickets[0].network.n_layers - 1
    figure, axes = canvas(columns=2, rows=hidden, size=(5.0, 3.8))
    for layer in range(hidden):
        found = [degrees_of(ticket.mask, layer) for ticket in tickets]
        for axis, name, way in zip(axes[layer], ("in", "out"), ("into", "out of"), strict=True):
            degrees, fan = np.concatenate([one[name][0] for one in found]), found[0][name][1]
            step = max(1, -(-int(degrees.max()) // MAX_BINS))
            edges = np.arange(0, degrees.max() + 2 * step, step)
            heights = np.histogram(degrees, edges)[0] / len(degrees)
            axis.stairs(heights, edges - 0.5, fill=True, color=ORANGE, alpha=0.8, label="survivors")
            chance = np.diff(stats.binom.cdf(edges - 1, fan, degrees.mean() / fan))
            axis.stairs(chance, edges - 0.5, color=BLACK, ls="--", lw=1.5, label="by chance")
            title = f"Survivors {way} a unit" + (f", layer {layer + 1}" if hidden > 1 else "")
            label(axis, title, "survivors", "share of hidden units")
    axes[0, 0].legend()
    return save(figure, out, "degrees")


def draw_inputs(inputs: Sequence[Row], runs: int, out: Path) -> list[Path]:
    """Draw how many survivors read each input: pixels where inputs make a square, else bars."""
    reads = np.array([row["survivors"] for row in inputs])
    side = isqrt(len(reads))
    what = f"survivors, mean of {runs} tickets"
    if "input" not in inputs[0]:
        return _draw_kernel(inputs, what, out)
    if side < 3 or side * side != len(reads):
        figure, axes = canvas(size=(float(np.clip(0.4 * len(reads), 4.0, 10.0)), 4.0))
        axes[0, 0].bar(np.arange(len(reads)), reads, color=BLUE)
        axes[0, 0].xaxis.get_major_locator().set_params(integer=True)
        label(axes[0, 0], "Survivors that read each input", "input", what)
        return save(figure, out, "inputs")
    figure, axes = canvas(size=(5.6, 4.6))
    image = axes[0, 0].imshow(reads.reshape(side, side), cmap="cividis", vmin=0.0)
    axes[0, 0].grid(False)
    label(axes[0, 0], "Survivors that read each pixel", "column", "row")
    figure.colorbar(image, ax=axes[0, 0], label=what)
    return save(figure, out, "inputs")


def _draw_kernel(inputs: Sequence[Row], what: str, out: Path) -> list[Path]:
    """Draw how many survivors stand at each place of the first kernels, channel beside channel."""
    size = max(row["row"] for row in inputs) + 1
    values = np.array([row["survivors"] for row in inputs]).reshape(-1, size, size)
    n_channels, values = len(values), values[:MAX_CHANNELS]
    figure, axes = canvas(columns=len(values), size=(4.6, 4.2))
    for channel, (axis, one) in enumerate(zip(axes[0], values, strict=True)):
        image = axis.imshow(one, cmap="cividis", vmin=0.0, vmax=float(values.max()) or 1.0)
        axis.grid(False)
        of = f", channel {channel + 1} of {n_channels}" if n_channels > 1 else ""
        label(axis, f"Survivors at each place of a kernel{of}", "column", "row")
        for one_axis in (axis.xaxis, axis.yaxis):
            one_axis.get_major_locator().set_params(integer=True)
    figure.colorbar(image, ax=axes[0, -1], label=what)
    return save(figure, out, "inputs")

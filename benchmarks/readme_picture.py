"""Draw the picture of the README: a digits ticket, with what was scratched off faint.

    python benchmarks/readme_picture.py

searches a ticket of a 64-40-10 network with the embedded digits, which takes some seconds, and
writes docs/images/ticket.png. Needs matplotlib (the extra ``experiments``).
"""

from __future__ import annotations

import argparse
from io import BytesIO
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from scratchcard import Ticket, TicketClassifier
from scratchcard.drawing import counted, places

OUT = Path(__file__).parent.parent / "docs" / "images" / "ticket.png"
POSITIVE, NEGATIVE, SCRATCHED = "#0072B2", "#D55E00", "#9a9a9a"
HIDDEN, DENSITY = 40, 0.08
FAINT = ((0.25, 0.16), (0.4, 0.4))  # width and opacity; the second layer has far fewer lines
SHADES = 5  # of each colour in the file: more would make it larger and look the same


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=OUT)
    out = parser.parse_args().out
    X, y = load_digits(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
    model = TicketClassifier(
        hidden_layer_sizes=(HIDDEN,), max_density=DENSITY, random_state=0, n_jobs=-1
    ).fit(X_train, y_train)
    draw(model.ticket_, model.score(X_test, y_test), out)
    print(f"{out}: {out.stat().st_size / 1000:.0f} kB, {len(model.ticket_.to_bytes())} bytes")


def draw(ticket: Ticket, accuracy: float, out: Path) -> None:
    counts = counted([ticket])
    assert counts.signs is not None  # those of one network
    layers = [(share > 0, signs) for share, signs in zip(counts.shares, counts.signs, strict=True)]
    heights = places(counts)
    figure, axis = plt.subplots(figsize=(9, 4.6), layout="constrained")
    for layer, (kept, signs) in enumerate(layers):
        ends = (layer, heights[layer], heights[layer + 1])
        connect(axis, ends, ~kept, SCRATCHED, *FAINT[layer])
        connect(axis, ends, kept & (signs > 0), POSITIVE, 0.9, 0.9)
        connect(axis, ends, kept & (signs < 0), NEGATIVE, 0.9, 0.9)
    for layer, at in enumerate(heights):
        axis.scatter(np.full(at.size, layer), at, s=9, color="black", zorder=3, linewidths=0)
    for label, at in zip(range(10), heights[-1], strict=True):
        axis.text(2.03, at, str(label), va="center", fontsize=10)
    n_weights = sum(kept.size for kept, _ in layers)
    surviving = sum(int(kept.sum()) for kept, _ in layers)
    axis.set_title(
        f"{surviving} of {n_weights:,} random weights stay: {accuracy:.1%} of the test digits, "
        f"a file of {len(ticket.to_bytes())} bytes",
        fontsize=11,
    )
    axis.set_xticks([0, 1, 2], ["64 pixels", f"{HIDDEN} hidden units", "10 digits"])
    axis.set(xlim=(-0.03, 2.08), ylim=(-0.01, 1.01), yticks=[])
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)
    for colour, text in (
        (POSITIVE, "stays, weight above 0"),
        (NEGATIVE, "stays, weight below 0"),
        (SCRATCHED, "scratched off"),
    ):
        axis.plot([], [], color=colour, label=text)
    figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    out.parent.mkdir(parents=True, exist_ok=True)
    drawn = BytesIO()
    figure.savefig(drawn, dpi=100)
    few = Image.open(drawn).convert("RGB").quantize(palette=palette(), dither=Image.Dither.NONE)
    few.save(out, optimize=True)


def palette() -> Image.Image:
    """Return the colours of the file: shades of each colour of the picture, mixed with white."""
    colours = np.array([to_rgb(name) for name in ("black", POSITIVE, NEGATIVE, SCRATCHED)])
    mixed = [1 - (1 - colours) * (share + 1) / SHADES for share in range(SHADES)]
    values = np.concatenate([np.ones((1, 3)), *mixed])
    image = Image.new("P", (1, 1))
    image.putpalette(np.rint(values * 255).astype(int).ravel().tolist())
    return image


def connect(
    axis: plt.Axes,
    ends: tuple[int, np.ndarray, np.ndarray],
    chosen: np.ndarray,
    colour: str,
    width: float,
    alpha: float,
) -> None:
    """Draw the chosen connections of a layer as lines."""
    layer, sources, targets = ends
    to, source = np.nonzero(chosen)
    lines = [
        [(layer, a), (layer + 1, b)] for a, b in zip(sources[source], targets[to], strict=True)
    ]
    axis.add_collection(LineCollection(lines, colors=colour, linewidths=width, alpha=alpha))


if __name__ == "__main__":
    main()

"""How all pictures look: Okabe and Ito's colours, and markers and dashes as well. matplotlib."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from scratchcard.text import printable, shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, ORANGE, GREEN = "#0072B2", "#E69F00", "#009E73"
VERMILION, PURPLE, SKY, BLACK = "#D55E00", "#CC79A7", "#56B4E9", "#000000"
GREY = "#767676"
COLOURS = (BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY, BLACK)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")

STYLE: dict[str, Any] = {
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "figure.dpi": 100,
    "font.size": 11,
    "grid.alpha": 0.35,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "lines.markersize": 6,
    "savefig.dpi": 150,
    "svg.hashsalt": "scratchcard",
}


def canvas(columns: int = 1, rows: int = 1, size: tuple[float, float] = (6.4, 4.4)) -> Any:
    """Return a figure that is drawn to files only, and its axes.

    Parameters
    ----------
    columns, rows : int
        How many axes there are.
    size : tuple of float
        Width and height of each, in inches.

    Returns
    -------
    Figure, (rows, columns) array of Axes
    """
    figure = sheet((size[0] * columns, size[1] * rows))
    return figure, figure.subplots(rows, columns, squeeze=False)


def sheet(size: tuple[float, float]) -> Any:
    """Return a figure without axes that is drawn to files only.

    Parameters
    ----------
    size : tuple of float
        Width and height, in inches.

    Returns
    -------
    Figure
    """
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    plt.rcParams.update(STYLE)
    return plt.figure(figsize=size, layout="constrained")


def save(figure: Figure, out: Path, name: str) -> list[Path]:
    """Write the figure as PNG and SVG, close it, and return the paths."""
    import matplotlib.pyplot as plt

    paths = [out / f"{name}.png", out / f"{name}.svg"]
    for path in paths:
        figure.savefig(path)
    plt.close(figure)
    return paths


def plain_ticks(axis: Any) -> None:
    """Write the numbers of a logarithmic axis out instead of as powers of ten."""
    axis.set_major_formatter(lambda value, _: f"{value:,.10g}")


def label(axes: Axes, title: str, x: str, y: str) -> None:
    """Write the title and the names of the axes."""
    axes.set(title=title, xlabel=x, ylabel=y)


def patch(colour: str, name: str, hatch: str = "") -> Any:
    """Return an entry of a legend for bars."""
    from matplotlib.patches import Patch

    return Patch(facecolor=colour, edgecolor="white", hatch=hatch, label=name)


def short(text: str, most: int) -> str:
    """Return a text as it can be drawn, of so many characters at most."""
    return shortened(printable(text), most)

"""The picture of a sweep: score against bytes, of all runs and of the front. matplotlib."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from scratchcard.drawing import BLACK, COLOURS, MARKERS, canvas, label, plain_ticks, save

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from pandas import DataFrame

MOST_GROUPS = len(COLOURS) - 1  # black is the front's


def score_name(answers: str) -> str:
    """Return what a score is called: of classes the accuracy in percent, of numbers R²."""
    return "accuracy %" if answers == "classes" else "R²"


def draw_front(runs: DataFrame, front: DataFrame, folder: Path) -> list[Path]:
    """Draw validation scores against bytes: all runs, the front as a staircase, its test scores.

    Parameters
    ----------
    runs : DataFrame
        A row for each run.
    front : DataFrame
        Those on the front, the smallest first, with their scores on test rows.
    folder : Path
        An existing folder.

    Returns
    -------
    list of Path
        The files that were written.
    """
    from matplotlib.ticker import LogLocator, NullFormatter

    answers = runs["answers"].iloc[0]
    scale = 100 if answers == "classes" else 1
    figure, axes = canvas(size=(8.0, 4.8))
    here = axes[0, 0]
    groups = list(runs.groupby(_groups(runs), sort=False))
    for place, (name, group) in enumerate(groups):
        here.plot(
            group["bytes"],
            scale * group["validation_score"],
            MARKERS[place],
            color=COLOURS[place],
            alpha=0.5,
            markeredgewidth=0,
            label=name,
        )
    _draw_stairs(here, front, scale, runs["bytes"].max())
    here.set_xscale("log")
    wide = runs["bytes"].max() > 50 * runs["bytes"].min()
    here.xaxis.set_major_locator(LogLocator(subs=(1,) if wide else (1, 2, 5)))
    here.xaxis.set_minor_formatter(NullFormatter())
    plain_ticks(here.xaxis)
    label(
        here,
        f"{runs['data'].iloc[0]}, {len(runs)} runs, on validation rows",
        "bytes of the ticket",
        score_name(answers),
    )
    figure.legend(loc="outside right center")
    return save(figure, folder, "front")


def _draw_stairs(here: Axes, front: DataFrame, scale: float, most: float) -> None:
    """Draw the best score that so many bytes have room for, up to the most, and the front on it."""
    sizes, scores = list(front["bytes"]), list(scale * front["validation_score"])
    look: dict[str, Any] = {"color": BLACK, "zorder": 3}
    here.step([*sizes, most], [*scores, scores[-1]], where="post", linewidth=1.4, **look)
    here.plot(sizes, scores, "o", fillstyle="none", markersize=9, label="front", **look)
    tests = scale * front["test_score"]
    look |= {"markersize": 11, "markeredgewidth": 2, "label": "front, on test rows"}
    here.plot(sizes, tests, "_", **look)


def _groups(runs: DataFrame) -> list[str]:
    """Return the group of each run: its network, or all together where these are many."""
    names = [f"{row.network}, {row.weights}" for row in runs.itertuples()]
    return names if len(set(names)) <= MOST_GROUPS else ["runs"] * len(runs)

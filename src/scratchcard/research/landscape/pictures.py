"""Pictures of a study: neighbours along a search, random walks, the plane of masks, guidance."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scratchcard.drawing import COLOURS, MARKERS, canvas, label, plain_ticks, save
from scratchcard.research.landscape.measures.metrics import METRICS
from scratchcard.research.landscape.runs import Tables
from scratchcard.research.landscape.tables import CASE, places
from scratchcard.research.shared.words import frame

if TYPE_CHECKING:
    from pandas import DataFrame

DASHES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)))
LOOKS = {
    name: {"color": COLOURS[m], "marker": MARKERS[m], "linestyle": DASHES[m]}
    for m, name in enumerate(METRICS)
}
NAMES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "cross_entropy": "cross-entropy, plain",
    "scaled_cross_entropy": "cross-entropy, scaled",
    "brier": "Brier",
    "margin": "margin",
}


def draw(tables: Tables, out: Path) -> list[Path]:
    """Write the pictures that these tables have data for, and return their paths."""
    neighbours, guidance = frame(tables["neighbours"]), frame(tables["guidance"])
    if len(guidance.drop_duplicates(CASE)) > 1:
        return _sweep(neighbours, guidance, out)
    written = [
        *_along_search(neighbours, out),
        *_walks(frame(tables["walks"]), out),
        *_guidance(guidance, out),
    ]
    if "plane" in tables:
        written += _plane(frame(tables["plane"]), out)
    return written


def _title(rows: DataFrame) -> str:
    return f"{rows['data'].iloc[0]}, {rows['network'].iloc[0]}"


def _by_metric(rows: DataFrame) -> Iterator[tuple[DataFrame, dict[str, Any]]]:
    for metric, part in rows.groupby("metric", sort=False):
        yield part, LOOKS[metric] | {"label": NAMES[metric]}


def _along_search(neighbours: DataFrame, out: Path) -> list[Path]:
    figure, axes = canvas(2, size=(5.2, 4.4))
    whole = neighbours[(neighbours["group"] == "all") & (neighbours["mask"] != "random")]
    for at, share in zip(axes[0], ("neutral", "better"), strict=True):
        for part, look in _by_metric(whole):
            at.plot(part["as_dense_as_after"], 100 * part[share], **look)
        label(at, f"{_title(whole)}: {share} flips", "evaluations", "% of all one-flip neighbours")
        at.set_xscale("symlog", linthresh=float(whole["as_dense_as_after"].max()) / 20)
        plain_ticks(at.xaxis)
        at.set_ylim(bottom=0)
    _legend(figure, axes[0][0])
    return save(figure, out, "neighbours")


def _walks(walks: DataFrame, out: Path) -> list[Path]:
    figure, axes = canvas()
    for part, look in _by_metric(walks):
        axes[0][0].plot(part["lag"], part["correlation"], **look)
    label(axes[0][0], f"{_title(walks)}: random walks", "flips apart", "autocorrelation")
    axes[0][0].set_xscale("log")
    plain_ticks(axes[0][0].xaxis)
    axes[0][0].legend()
    return save(figure, out, "walks")


def _guidance(guidance: DataFrame, out: Path) -> list[Path]:
    figure, axes = canvas()
    for at, (part, look) in enumerate(_by_metric(guidance)):
        points = {key: look[key] for key in ("color", "marker")}
        axes[0][0].plot(
            100 * part["train_accuracy"],
            [at - 0.12] * len(part),
            linestyle="",
            markerfacecolor="none",
            **points,
        )
        axes[0][0].plot(
            100 * part["validation_accuracy"], [at + 0.12] * len(part), linestyle="", **points
        )
    metrics = [NAMES[name] for name in guidance["metric"].unique()]
    axes[0][0].set_yticks(range(len(metrics)), metrics)
    axes[0][0].invert_yaxis()
    title = f"{_title(guidance)}: searches guided by"
    label(axes[0][0], title, "accuracy, %: hollow training, filled validation rows", "")
    return save(figure, out, "guidance")


def _plane(plane: DataFrame, out: Path) -> list[Path]:
    metrics = list(plane["metric"].unique())
    columns = min(3, len(metrics))
    rows = -(-len(metrics) // columns)
    figure, axes = canvas(columns, rows, size=(3.8, 3.2))
    for at in axes.flat[len(metrics) :]:
        at.set_visible(False)
    for at, metric in zip(axes.flat, metrics, strict=False):
        grid = plane[plane["metric"] == metric].pivot(index="y", columns="x", values="loss")
        mesh = at.pcolormesh(grid.columns, grid.index, grid, cmap="viridis", shading="nearest")
        at.grid(False)
        at.plot(0, 0, marker="*", color="white", markeredgecolor="black", markersize=13)
        at.set_title(NAMES[metric], fontsize=11)
        figure.colorbar(mesh, ax=at, label="loss")
    figure.supxlabel("share of the bits moved to the first mask (star: the ticket)", fontsize=11)
    figure.supylabel("share moved to the second", fontsize=11)
    figure.suptitle(f"{_title(plane)}: a plane of masks", fontsize=12)
    return save(figure, out, "plane")


def _sweep(neighbours: DataFrame, guidance: DataFrame, out: Path) -> list[Path]:
    """Draw three panels over the cases: what grows with the classes or the network."""
    by_classes = guidance["classes"].nunique() > 1
    key = "classes" if by_classes else "network"
    figure, axes = canvas(3, size=(4.1, 3.9))
    scores = guidance.groupby([key, "metric"], sort=False)["validation_accuracy"].mean()
    start = places(neighbours)["start"].set_index([key, "metric"])
    errors = (100 * (1 - scores)).reset_index(name="shown")
    neutral = (100 * start["neutral"]).reset_index(name="shown")
    agreement = start["agreement"].reset_index(name="shown")
    base = guidance["data"].iloc[0].split("-")[0]
    for at, (rows, title, y) in zip(
        axes[0],
        (
            (errors, "guided searches", "validation error, %"),
            (neutral, "neutral at the start", "% of all one-flip neighbours"),
            (
                agreement,
                "what flips do to other rows",
                "agreement, rank correlation",
            ),
        ),
        strict=True,
    ):
        for part, look in _by_metric(rows):
            at.plot(part[key], part["shown"], **look)
        label(at, f"{base}: {title}", key, y)
        if by_classes:
            at.set_xticks(sorted(guidance["classes"].unique()))
        else:
            at.tick_params(axis="x", labelrotation=20)
    _legend(figure, axes[0][0])
    return save(figure, out, "sweep")


def _legend(figure: Any, axes: Any) -> None:
    """Draw one legend for all panels, below them."""
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=3)

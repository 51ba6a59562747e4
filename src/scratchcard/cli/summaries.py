"""The table at the end of a search: names and values that a person reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scratchcard.cli.console import clock, percent
from scratchcard.cli.simple import simple_lines

Report = dict[str, Any]
Lines = list[tuple[str, str]]


def summary(report: Report) -> Lines:
    """Return the names and values of the table at the end of a search."""
    n_weights = round(report["surviving_weights"] / report["density"]) if report["density"] else 0
    return [
        ("ticket", f"{report['ticket'] or 'in no file'}, {report['ticket_bytes']} bytes"),
        (
            "network",
            f"{report['network']} {report['activation']}, {report['weights']} weights, "
            f"{report['biases']} biases, seed {report['seed']}",
        ),
        *JUDGED[report["goal"]](report),
        *simple_lines(report),
        (
            "density",
            f"{percent(report['density'])}, {report['surviving_weights']} of {n_weights} "
            f"weights ({percent(report['effective_density'])} on a path)",
        ),
        (
            "search",
            f"{report['algorithm']}, {report['generations']} generations, "
            f"{report['evaluations']:,} candidates in {clock(report['seconds'])} "
            f"({report['evaluations_per_second']:,.0f}/s)",
        ),
        *_of_islands(report),
        ("stopped by", report["stopped_by"]),
    ]


def _of_islands(report: Report) -> Lines:
    if "islands" not in report:
        return []
    islands = report["islands"]
    of_networks = f" on {islands['networks']} networks" if islands["networks"] > 1 else ""
    scores = islands["validation_accuracies"] or islands["validation_losses"]
    shown = [
        "–" if one is None else percent(one) if islands["validation_accuracies"] else f"{one:.4g}"
        for one in scores
    ]
    return [
        (
            "islands",
            f"{islands['count']}{of_networks}, number {islands['chosen']} won; on validation rows "
            f"{', '.join(shown)}; {clock(islands['worker_seconds'])} of workers' time in all",
        )
    ]


def _of_classes(report: Report) -> Lines:
    rows = report["rows"]
    return [
        (
            "test accuracy",
            f"{percent(report['test_accuracy'])} of {rows['test']} rows "
            f"(always the commonest class: {percent(report['majority_accuracy'])})",
        ),
        (
            "validation accuracy",
            f"{percent(report['validation_accuracy'])} of {rows['validation']} rows",
        ),
        ("train accuracy", f"{percent(report['train_accuracy'])} of {rows['train']} rows"),
    ]


def _of_numbers(report: Report) -> Lines:
    """Return lines that judge numbers by what they are to be: means, medians or quantiles."""
    kind = report["objective"].partition(":")[0]
    rows, found = report["rows"], []
    if kind == "quantile":
        found.append(
            (
                "rows not above",
                f"{percent(report['test_share_not_above'])} of {rows['test']} test rows (asked "
                f"for: {percent(report['level'])})",
            )
        )
    if kind in LOSSES:
        what, constant = LOSSES[kind]
        always = f" (always the {constant}: {report['test_loss_of_constant']:.4g})"
        for name in ("test", "validation", "train"):
            found.append(
                (
                    f"{name} loss",
                    f"{report[f'{name}_loss']:.4g} on {rows[name]} rows"
                    + (f", {what}{always}" if name == "test" else ""),
                )
            )
        return found
    return [
        ("test R²", f"{report['test_r2']:.3f} on {rows['test']} rows (always the mean: 0)"),
        (
            "test error",
            f"{report['test_mean_absolute_error']:.4g} in the mean, without its sign (always the "
            f"mean: {report['mean_absolute_error_of_mean']:.4g})",
        ),
        ("validation R²", f"{report['validation_r2']:.3f} on {rows['validation']} rows"),
        ("train R²", f"{report['train_r2']:.3f} on {rows['train']} rows"),
    ]


LOSSES = {
    "absolute_error": ("the mean distance", "median"),
    "quantile": ("the pinball loss", "same quantile"),
    "poisson": ("the Poisson deviance", "mean"),
}
"""What a loss is, and what constant is the best for it; the squared error is shown as R²."""


def _of_clusters(report: Report) -> Lines:
    rows, shares = report["rows"], sorted(report["test_shares"], reverse=True)
    empty = report["empty_clusters"]
    used = shares[: len(shares) - empty]
    found = [
        (
            "clusters",
            f"{report['clusters']}{f', {empty} of them empty' if empty else ''}, the largest with "
            f"{percent(used[0])} of the test rows, the smallest with {percent(used[-1])}",
        )
    ]
    if "test_accuracy" not in report:
        return [*found, ("not read", "labels: there are none that clusters can be held against")]
    for name in ("test", "validation", "train"):
        found.append(
            (
                f"{name} agreement",
                f"{percent(report[f'{name}_accuracy'])} of {rows[name]} rows, matched with their "
                f"labels; NMI {report[f'{name}_nmi']:.3f}",
            )
        )
    return [*found, ("not read", "labels, by the search and its choices; only by this report")]


def _of_teacher(report: Report) -> Lines:
    rows, found = report["rows"], []
    for name in ("test", "validation", "train"):
        found.append(
            (
                f"{name} agreement",
                f"{percent(report[f'{name}_agreement'])} of {rows[name]} rows, with the teacher "
                f"({report['teacher']})",
            )
        )
    if "test_accuracy" not in report:
        return [*found, ("not read", "labels: there are none")]
    by = ", each answer matched with one of them" if report["matched"] else ""
    accuracy = (
        "test accuracy",
        f"{percent(report['test_accuracy'])} by the labels in the data{by} (the teacher: "
        f"{percent(report['teacher_test_accuracy'])})",
    )
    return [*found, accuracy, ("not read", "labels, by the search; only by this report")]


JUDGED: dict[str, Callable[[Report], Lines]] = {
    "classes": _of_classes,
    "numbers": _of_numbers,
    "clusters": _of_clusters,
    "teacher": _of_teacher,
}
"""How good a ticket is, in words, by the name of its goal."""

"""``find --compare-simple``: a plain tree and a linear model beside the ticket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from scratchcard.cli.console import complain, percent

if TYPE_CHECKING:
    from scratchcard.cli.goals import Labels
    from scratchcard.find import Found, Search
    from scratchcard.interrupts import Interrupts

NAMES = {
    "tree": "a plain tree",
    "logistic_regression": "logistic regression",
    "ridge": "ridge regression",
    "commonest_class": "always the commonest class",
    "mean": "always the mean",
}
SCORES = {"classes": "test_accuracy", "teacher": "test_agreement", "numbers": "test_r2"}
"""The key of a model's score on the test rows, by the goal of the search; a ticket has it too."""


def check_simple(labels: Labels) -> None:
    """Raise click.UsageError where nothing says what is right."""
    if labels.kind == "none":
        raise click.UsageError(
            "--compare-simple takes labels that say what is right; --labels none has none "
            "(scratchcard compare DATA --labels none compares with k-means and others)"
        )


def check_objective(search: Search) -> None:
    """Raise click.UsageError for numbers that are not least in squared errors, as R² is."""
    name = search.chosen_objective.name
    if search.chosen_goal.name == "numbers" and name != "squared_error":
        raise click.UsageError(
            "--compare-simple compares R², so for numbers it takes --objective squared_error, "
            f"got {name}"
        )


def beside(found: Found, interrupts: Interrupts) -> dict[str, Any]:
    """Fit the simple models to the rows of a search and hold them against its ticket.

    With a teacher, who says what is right, they are fitted to what it says, as the ticket is.

    Returns
    -------
    dict
        By the name of each model plain values that JSON holds; empty after an interrupt.
    """
    from scratchcard.datasets import Part
    from scratchcard.insight import MANY_VALUES, Split, beside_simple

    data, goal = found.search.dataset, found.search.chosen_goal
    if data.train.X.size > MANY_VALUES:
        complain("fitting simple models, which takes minutes; Ctrl-C leaves them out")
    train, validation, test = (
        Part(part.X, goal.right(data, part)) for part in (data.train, data.validation, data.test)
    )
    models = beside_simple(
        Split(train, validation, test),
        found.ticket.without_columns().predict(data.test.X),
        numbers=goal.name == "numbers",
        stop=lambda: interrupts.interrupted,
    )
    score = SCORES[goal.name]
    return {
        model.name: {score: model.test_score, "verdict": model.verdict, **model.settings}
        for model in models
    }


def simple_lines(report: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the lines of a report about simple models, if it has any."""
    if "simple" not in report:
        return []
    if not report["simple"]:
        return [("simple models", "not fitted: interrupted")]
    lines = []
    for name, model in report["simple"].items():
        how = ""
        if "depth" in model:
            how = f", {model['depth']} deep with {model['leaves']} leaves, by validation rows"
        on = "on" if report["goal"] == "numbers" else "of"
        shown = f"{_score(report, model)} {on} the test rows{how}"
        lines.append((NAMES[name].removeprefix("a ").removeprefix("always the "), shown))
    return lines


def sentence(report: dict[str, Any]) -> str:
    """Return one sentence where a simple model is as good as the ticket or better; else none."""
    models = report.get("simple", {})
    score = SCORES.get(report["goal"], "")
    good = [name for name, model in models.items() if model["verdict"] != "worse"]
    if not good:
        return ""
    best = max(good, key=lambda name: models[name][score])
    name, is_better = NAMES[best], models[best]["verdict"] == "better"
    how = "better" if is_better else "as good"
    rows = "" if is_better else f", as far as {report['rows']['test']:,} test rows can tell"
    scores = f"{_score(report, models[best])}, the ticket {_score(report, report)}"
    return f"{name[0].upper()}{name[1:]} is {how} here{rows}: {scores}."


def _score(report: dict[str, Any], of: dict[str, Any]) -> str:
    value = of[SCORES[report["goal"]]]
    return f"R² {value:.3f}" if report["goal"] == "numbers" else percent(value)

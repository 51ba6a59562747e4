"""Options that say what a ticket is to answer, and who says what is right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import click

if TYPE_CHECKING:
    from scratchcard.datasets import Answers
    from scratchcard.goals import Goal

Kind = Literal["given", "none"]


def labels_kind(text: str) -> Kind:
    """Return where labels come from: given with the data, or nowhere."""
    if text == "given":
        return "given"
    if text == "none":
        return "none"
    raise click.BadParameter(f"{text!r} is neither given nor none")


def goal_options(command: Any) -> Any:
    """Add the options to a command."""
    for option in (
        click.option(
            "--classes/--numbers",
            "are_classes",
            default=None,
            help="What the answers in the data are, where numbers could be either.",
        ),
        click.option(
            "--labels",
            type=labels_kind,
            default="given",
            show_default=True,
            metavar="KIND",
            help="Who says what is right: given, with the data; none, to find clusters.",
        ),
        click.option(
            "--clusters", type=click.IntRange(min=2), help="How many, with --labels none."
        ),
        click.option(
            "--images",
            is_flag=True,
            help="With --labels none: rows are square images, shifted or not.",
        ),
    ):
        command = option(command)
    return command


def answers_of(are_classes: bool | None, labels: Kind, clusters: int | None) -> Answers | None:
    """Return what a search may read of the answers in the data; None if nobody said."""
    if (labels == "none") != (clusters is not None):
        raise click.UsageError(
            "--labels none takes --clusters N, how many to find"
            if clusters is None
            else "--clusters takes --labels none"
        )
    if labels == "none":
        if are_classes is not None:
            raise click.UsageError("--labels none takes neither --classes nor --numbers")
        return "none"
    if are_classes is None:
        return None
    return "classes" if are_classes else "numbers"


def goal_for(clusters: int | None, images: bool) -> Goal | None:
    """Return the goal of a search; None for the one that the data set has by itself."""
    from scratchcard.goals import ClusterGoal

    if clusters is None:
        if images:
            raise click.UsageError("--images takes --labels none")
        return None
    return ClusterGoal(clusters, images=images)

"""Options that say what a ticket is to answer, and who says what is right."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import click

from scratchcard.cli.console import complain
from scratchcard.cli.teachers import read_teacher
from scratchcard.text import one_line

if TYPE_CHECKING:
    from scratchcard.datasets import Answers, Dataset
    from scratchcard.goals import Goal

TEACHER = "teacher:"


class Labels(NamedTuple):
    """Where labels come from: with the data, from nowhere, or from the teacher in a file."""

    kind: Literal["given", "none", "teacher"]
    teacher: Path | None = None


def labels_kind(text: str) -> Labels:
    """Return where labels come from."""
    if text == "given":
        return Labels("given")
    if text == "none":
        return Labels("none")
    if text.startswith(TEACHER) and text != TEACHER:
        return Labels("teacher", Path(text.removeprefix(TEACHER)))
    raise click.BadParameter(f"{text!r} is neither given, none nor teacher:FILE")


answers_option = click.option(
    "--classes/--numbers",
    "are_classes",
    default=None,
    help="What the answers in the data are, where numbers could be either.",
)


def goal_options(command: Any) -> Any:
    """Add the options to a command."""
    for option in (
        answers_option,
        click.option(
            "--labels",
            type=labels_kind,
            default="given",
            show_default=True,
            metavar="KIND",
            help="Who says what is right: given, with the data; none, to find clusters; "
            "teacher:FILE, a fitted scikit-learn model that joblib saved.",
        ),
        click.option(
            "--trust",
            is_flag=True,
            help="With --labels teacher:FILE: let the file run code, as loading a pickle does.",
        ),
        click.option(
            "--clusters", type=click.IntRange(2, 1024), help="How many, with --labels none."
        ),
        click.option(
            "--images",
            is_flag=True,
            help="With --labels none: rows are square images, shifted or not.",
        ),
    ):
        command = option(command)
    return command


def answers_of(
    are_classes: bool | None, labels: Labels, clusters: int | None, trust: bool
) -> Answers | None:
    """Return what a search may read of the answers in the data; None if nobody said."""
    if labels.teacher is None and trust:
        raise click.UsageError("--trust takes --labels teacher:FILE")
    if labels.teacher is not None and not trust:
        raise click.UsageError(
            f"--labels {TEACHER}FILE takes --trust: {labels.teacher.name!r} is a pickle, and "
            "loading one runs whatever code is in it; say --trust if you know who made it"
        )
    if (labels.kind == "none") != (clusters is not None):
        raise click.UsageError(
            "--labels none takes --clusters N, how many to find"
            if clusters is None
            else "--clusters takes --labels none"
        )
    if labels.kind != "given":
        if are_classes is not None:
            raise click.UsageError(f"--labels {labels.kind} takes neither --classes nor --numbers")
        return "none"
    return said_to_be(are_classes)


def said_to_be(are_classes: bool | None) -> Answers | None:
    """Return what the answers in the data were said to be; None if nobody said."""
    if are_classes is None:
        return None
    return "classes" if are_classes else "numbers"


def goal_for(labels: Labels, clusters: int | None, images: bool) -> Goal | None:
    """Return the goal of a search; None for the one that the data set has by itself."""
    from scratchcard.goals import ClusterGoal, TeacherGoal

    if clusters is not None:
        return ClusterGoal(clusters, images=images)
    if images:
        raise click.UsageError("--images takes --labels none")
    return None if labels.teacher is None else TeacherGoal(read_teacher(labels.teacher))


def complain_of_names(goal: Goal | None, dataset: Dataset) -> None:
    """Say that a teacher's columns cannot be looked for in data without names."""
    own = getattr(getattr(goal, "teacher", None), "feature_names_in_", None)
    if own is not None and dataset.feature_names is None:
        complain(
            f"{dataset.name} has no names of columns: the teacher is asked as if they were those "
            f"that it was fitted to, in the same order, {one_line(', '.join(own), 200)}"
        )

"""``scratchcard find``: search a ticket for a data set, save it, and report on it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scratchcard.cli.checkpoints import (
    Leaving,
    check_checkpoint,
    check_folder_of_islands,
    checkpoint_option,
    every_option,
    open_journal,
    put_away,
    resumable,
    resume_option,
)
from scratchcard.cli.console import (
    ProgressLine,
    complain,
    complain_of_notes,
    print_table,
    say,
)
from scratchcard.cli.goals import (
    Labels,
    answers_of,
    complain_of_names,
    goal_for,
    goal_options,
)
from scratchcard.cli.islands import islands_options
from scratchcard.cli.layers import LAYERS_HELP, check_layers, image_shape_option, layers
from scratchcard.cli.options import (
    WEIGHTS,
    InputError,
    StandardOutputError,
    biases_option,
    check_output,
    duration,
    reading_options,
    sizes,
    stem_of,
    threads_option,
    unread_target_option,
    unused,
)
from scratchcard.cli.running import INTERRUPTED
from scratchcard.cli.saving import Saved, save
from scratchcard.cli.simple import beside, check_objective, check_simple, sentence
from scratchcard.cli.summaries import summary
from scratchcard.cores import usable_cores
from scratchcard.interrupts import Interrupts

if TYPE_CHECKING:
    from scratchcard.datasets import ReadingOptions


@click.command(short_help="Find a ticket for a data set.")
@click.argument("data")
@unread_target_option
@reading_options
@goal_options
@click.option(
    "--hidden",
    type=sizes,
    metavar="N,…",
    help="Units per layer.  [default: what is best on rows held back, or with --max-bytes on "
    "validation rows; 100 if genetic or without labels]",
)
@click.option("--layers", type=layers, metavar="LAYER,…", help=LAYERS_HELP)
@image_shape_option
@click.option(
    "--max-density",
    type=float,
    help="Largest share of weights that may stay.  [default: chosen with the network, as are "
    "the other settings of the search; 0.4 with a convolution; 0.15 with --labels none; no limit "
    "if genetic]",
)
@click.option(
    "--max-bytes",
    type=click.IntRange(min=1),
    metavar="N",
    help="Most bytes of the file, instead of --max-density. What --hidden and --init leave "
    "open is tried and chosen on validation rows, in about the time of six searches.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Of the random weights, and of the search.",
)
@click.option(
    "--search-seed",
    type=click.IntRange(0, 2**32 - 1),
    help="Of the search alone, to search the same weights again.  [default: the same as --seed]",
)
@click.option("--time", "seconds", type=duration, metavar="TIME", help="Stop after 60s, 2m, 1h.")
@click.option(
    "--generations",
    type=click.IntRange(min=1),
    help="Stop after so many generations; with --labels none, of each of the 24 starts.",
)
@click.option("--evaluations", type=click.IntRange(min=1), help="Stop after so many candidates.")
@click.option(
    "--algorithm",
    type=click.Choice(["memetic", "genetic"]),
    default="memetic",
    show_default=True,
)
@click.option(
    "--objective",
    help="What to optimise on the training rows: cross_entropy (the default), accuracy, "
    "balanced_accuracy, macro_f1, brier or margin; of numbers squared_error (the default), "
    "absolute_error, quantile:0.9 or poisson.",
)
@click.option(
    "--init",
    "weights",
    type=WEIGHTS,
    help="Family of the random weights.  [default: as for --hidden; uniform if genetic or "
    "without labels; signed_constant with a convolution]",
)
@biases_option
@click.option(
    "--activation",
    type=click.Choice(["relu", "step", "sign"]),
    default="relu",
    show_default=True,
)
@click.option(
    "--prune",
    type=click.Choice(["train", "validation"]),
    help="Afterwards scratch off what costs no accuracy on these rows.",
)
@click.option(
    "--augment",
    type=click.Choice(["shift"]),
    help="Search images, half of them shifted by a pixel, anew each time rows are drawn; square "
    "ones, or of --image-shape; memetic only.",
)
@click.option(
    "--bare",
    is_flag=True,
    help="Leave the names of columns out of the ticket: it is smaller, and finds them by their "
    "places.",
)
@threads_option
@islands_options
@checkpoint_option
@resume_option
@every_option
@click.option(
    "--out",
    type=click.Path(path_type=Path, readable=False),
    help="Where to save the ticket.  [default: DATA's name.ticket, or -2, -3, … if it is there]",
)
@click.option(
    "--compare-simple",
    is_flag=True,
    help="Fit a plain tree and a linear model to the same rows and say how good they are.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
def find(
    *,
    data: str,
    target: str | None,
    reading: ReadingOptions | None,
    are_classes: bool | None,
    labels: Labels,
    trust: bool,
    clusters: int | None,
    images: bool,
    seconds: float | None,
    generations: int | None,
    evaluations: int | None,
    bare: bool,
    jobs: int | None,
    islands: dict[str, Any] | None,
    checkpoint: Path | None,
    resume: Path | None,
    every: float | None,
    out: Path | None,
    compare_simple: bool,
    as_json: bool,
    max_density: float | None,
    **settings: Any,
) -> int:
    """Find a ticket for DATA and save it.

    DATA is a name (digits, iris, wine, breast_cancer, moons, circles, blobs, fashion-mnist,
    digits-2, blobs-5, …), a CSV, Parquet or NPZ file, - for standard input, or a folder with the
    four IDX files of MNIST's kind. What is assumed of a file is said in a line. The search reads
    training rows, choosing reads validation rows, and the test rows are read once, at the end.
    Ctrl-C or a limit ends the search with the best ticket so far; --checkpoint keeps the search
    itself, whatever ends it.

    With --labels none, or teacher:FILE, no label is read but by the report. Every column of a file
    is a feature then, except --target.
    """
    answers = answers_of(are_classes, labels, clusters, trust)
    check_layers(settings["layers"], settings["hidden"], settings["image_shape"])
    if compare_simple:
        check_simple(labels)
    default = Path(f"{stem_of(data) or 'found'}.ticket")
    check_output(out or unused(default), DATA=data)
    check = check_checkpoint if islands is None else check_folder_of_islands
    check(checkpoint, resume, DATA=data, **({} if out is None else {"--out": out}))
    leaving = Leaving()
    with Interrupts(leaving) as interrupts:
        from scratchcard.datasets import load
        from scratchcard.find import Search
        from scratchcard.search import Limits
        from scratchcard.search.islands import Islands
        from scratchcard.search.problem import AUTO

        try:
            limits = Limits(generations=generations, evaluations=evaluations, seconds=seconds)
            dataset = load(data, target, answers, reading, bare=bare)
            complain_of_notes(dataset.notes)
            goal = goal_for(labels, clusters, images)
            complain_of_names(goal, dataset)
            search = Search(
                dataset,
                goal=goal,
                limits=limits,
                n_jobs=jobs or usable_cores(),
                islands=None if islands is None else Islands(**islands),
                max_density=AUTO if max_density is None else max_density,
                **settings,
            )
            if compare_simple:
                check_objective(search)
        except ValueError as error:
            raise InputError(str(error)) from error
        journal = leaving.journal = open_journal(search, checkpoint, resume, every)
        with ProgressLine() as progress, resumable(journal):
            found = search.run([progress], interrupts, journal)
        with interrupts.saving():
            saved = save(found.ticket, out, default)
        if saved.problem:
            complain(saved.problem)
        if journal is not None:
            leaving.journal = None  # nothing is left to save
            put_away(journal, found.outcome.stopped_by == "interrupt", saved.path is not None)
        report = found.report()
        if compare_simple:
            report["simple"] = beside(found, interrupts)
        return _tell(report, saved, as_json)


def _tell(report: dict[str, Any], saved: Saved, as_json: bool) -> int:
    """Print the report, and return the exit code."""
    report |= {"ticket": None if saved.path is None else str(saved.path)}
    if saved.text is not None:
        report["ticket_base64"] = saved.text
    if not report["connected"]:
        complain(
            "no path leads from an input to an output, so the ticket answers the same for every "
            "row; try more weights or a longer search"
        )
    try:
        if as_json:
            say(json.dumps(report, indent=2, allow_nan=False))
        else:
            print_table(summary(report))
            if verdict := sentence(report):
                say(f"\n{verdict}")
            if saved.text is not None:
                say(f"\nThe ticket's file, in base64:\n{saved.text}")
    except StandardOutputError as error:
        if saved.path is not None:
            complain(f"the ticket is in {str(saved.path)!r}")
        raise error
    if saved.problem:
        return 1
    return INTERRUPTED if report["stopped_by"] == "interrupt" else 0

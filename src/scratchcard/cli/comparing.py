"""``scratchcard compare``: methods side by side on one data set, with paired tests."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scratchcard.cli.comparing_clusters import METHODS as CLUSTERERS
from scratchcard.cli.comparing_clusters import compare_clusters
from scratchcard.cli.console import complain_of_notes
from scratchcard.cli.layers import LAYERS_HELP, check_layers, image_shape_option, layers
from scratchcard.cli.options import (
    InputError,
    OutputError,
    biases_option,
    duration,
    init_option,
    reading_options,
    sizes,
    stem_of,
    unread_target_option,
)
from scratchcard.cli.running import (
    INTERRUPTED,
    Interrupt,
    check_folder,
    follow,
    interruptible,
    jobs_on,
    jobs_option,
    names,
    on_option,
    say,
    say_interrupted,
)

if TYPE_CHECKING:
    from scratchcard.research.compare import ComparisonRuns
    from scratchcard.research.shared.results import Row


METHODS = "memetic,ga,edge-popup,twin"


@click.command(short_help="Compare methods on a data set.")
@click.argument("data")
@unread_target_option
@reading_options
@click.option(
    "--hidden", type=sizes, metavar="N,…", help="Units per layer.  [default: 100 without --layers]"
)
@click.option("--layers", type=layers, metavar="LAYER,…", help=LAYERS_HELP)
@image_shape_option
@init_option
@biases_option
@click.option(
    "--labels",
    type=click.Choice(["given", "none"]),
    default="given",
    show_default=True,
    help="none: compare clusterers; labels are read by the judge alone.",
)
@click.option(
    "--seeds",
    type=click.IntRange(1, 10_000),
    help="Random networks; each method searches every one.  [default: 20; 10 of clusterers]",
)
@click.option(
    "--methods",
    type=names,
    metavar="NAME[@DENSITY],…",
    help="The first is what the others are tested against.  "
    f"[default: {METHODS}; of clusterers {CLUSTERERS}]",
)
@click.option(
    "--clusters", type=click.IntRange(min=2), help="Clusterers: how many.  [default: the labels']"
)
@click.option(
    "--starts", type=click.IntRange(min=1), help="Clusterers: of a ticket's search.  [default: its]"
)
@click.option("--images", is_flag=True, help="Clusterers: rows are square images, for the ticket.")
@click.option("--all-rows", is_flag=True, help="Clusterers: search the test rows too.")
@click.option(
    "--max-density",
    type=float,
    help="Share of weights that may stay, for methods that have no @DENSITY.  [default: 0.1; 0.15 "
    "for clusterers]",
)
@click.option("--time", "seconds", type=duration, metavar="TIME", help="Of every run: 60s, 2m, 1h.")
@click.option("--generations", type=click.IntRange(min=1), help="Limit of evolution.")
@click.option("--evaluations", type=click.IntRange(min=1), help="Limit of evolution.")
@click.option("--epochs", type=click.IntRange(min=1), help="Limit of training and edge-popup.")
@click.option(
    "--controls",
    "controlled",
    type=click.IntRange(min=1),
    help="Seeds whose tickets are held against their controls.  [default: 1]",
)
@jobs_option
@on_option
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the results.  [default: DATA's name-comparison]",
)
@click.option("--format", type=click.Choice(["csv", "parquet"]), default="csv", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of tables.")
def compare(
    *,
    data: str,
    labels: str,
    seeds: int | None,
    methods: tuple[str, ...] | None,
    clusters: int | None,
    starts: int | None,
    images: bool,
    all_rows: bool,
    seconds: float | None,
    generations: int | None,
    evaluations: int | None,
    epochs: int | None,
    controlled: int | None,
    jobs: int | None,
    on: str,
    out: Path | None,
    format: str,
    as_json: bool,
    max_density: float | None,
    **settings: Any,
) -> int:
    """Compare methods on DATA, each on the same random networks.

    Methods: memetic (the search of `scratchcard find`); ga, ga-static and ga-adaptive (the paper's
    genetic algorithm); edge-popup and biprop (gradients choose the mask); twin (the same network,
    all of it trained); mlp (scikit-learn's, not with convolutions). edge-popup, biprop and twin
    need the extra torch.

    Without limits every method works as long as it does by default; --time gives all of them but
    mlp the same. Search reads training rows, choosing reads validation rows, and test rows are read
    once, when a run is over. Every finished run is kept: the same command goes on after Ctrl-C, and
    more --seeds and --methods may be asked for later.

    With --labels none the methods are clusterers: ticket (TicketClusterer), kmeans, gaussian,
    spectral, ward, and umap (UMAP and k-means, with the extra clusters). None of them is given a
    label; the judge reads them once a run is over. Test rows are set aside, and put into clusters
    by those that can.
    """
    of_maps = {name: settings.pop(name) for name in ("layers", "image_shape")}
    check_layers(of_maps["layers"], settings["hidden"], of_maps["image_shape"])
    if settings["hidden"] is None:
        del settings["hidden"]
    if max_density is not None:
        settings["max_density"] = max_density
    of_clusterers = {"clusters": clusters, "starts": starts, "images": images, "all_rows": all_rows}
    if labels == "none":
        _refuse("is not for clusterers", epochs=epochs, controls=controlled, **of_maps)
        settings |= of_clusterers | {"seeds": seeds or 10}
        settings["methods"] = names(CLUSTERERS) if methods is None else methods
        settings |= {"generations": generations, "evaluations": evaluations, "seconds": seconds}
        folder = out or Path(f"{stem_of(data) or 'data'}-clusters")
        return compare_clusters(data, folder, (jobs, on), format, as_json, settings)
    _refuse("takes --labels none", **of_clusterers)
    settings |= {"seeds": seeds or 20, "methods": names(METHODS) if methods is None else methods}
    settings |= of_maps
    folder = out or Path(f"{stem_of(data) or 'data'}-comparison")
    runs: ComparisonRuns | None = None
    try:
        with interruptible() as interrupt:
            interrupt.nothing_to_lose = True
            _require_libraries()
            jobs = jobs_on(on, jobs)
            effort = {"generations": generations, "evaluations": evaluations, "epochs": epochs}
            runs = _prepared(data, folder, effort | {"seconds": seconds}, settings, interrupt)
            for run in runs.lost:
                say(f"scratchcard: {_name(run)} is done again, for its ticket cannot be read")
            found = runs.run(jobs, interrupt, on)
            follow(found, runs.total - runs.missing, runs.total, _name)
            if not as_json:
                say("scratchcard: holding the ticket against its controls")
            controls = runs.controls(controlled or 1, stop=interrupt)
            _report(runs.rows, controls, folder, format, as_json)
            interrupt.check()
    except KeyboardInterrupt:
        if runs is None:
            raise click.Abort from None
        say_interrupted(len(runs.rows), folder)
        return INTERRUPTED
    except ImportError as error:
        raise InputError(str(error)) from error
    except OSError as error:
        raise OutputError(folder, error) from error
    return 0


def _refuse(why: str, **options: object) -> None:
    """Raise click.UsageError for an option that was given and does not fit the others."""
    for name, value in options.items():
        if value is not None and value is not False:
            raise click.UsageError(f"--{name.replace('_', '-')} {why}")


def _require_libraries() -> None:
    from scratchcard.research.compare.tables import LIBRARIES
    from scratchcard.research.shared.libraries import require

    require("compare", *LIBRARIES)


def _prepared(
    data: str,
    folder: Path,
    effort: dict[str, Any],
    settings: dict[str, Any],
    interrupt: Interrupt,
) -> ComparisonRuns:
    """Check everything and open the folder."""
    from scratchcard.research.compare import Comparison, ComparisonRuns
    from scratchcard.research.shared.instance import Effort

    try:
        comparison = Comparison(data, effort=Effort(**effort), **settings)
        comparison.check()
        complain_of_notes(comparison.dataset.notes)
        interrupt.nothing_to_lose = False
        check_folder(folder)
        return ComparisonRuns(comparison, folder)
    except ValueError as error:
        raise InputError(str(error)) from error


def _name(run: Row) -> str:
    return f"{run['method']}, seed {run['seed']}"


def _report(rows: list[Row], controls: list[Row], folder: Path, format: str, as_json: bool) -> None:
    from scratchcard.research.compare.tables import plain_report, write
    from scratchcard.research.shared.statistics import compared, described
    from scratchcard.research.shared.words import frame

    runs = frame(rows)
    paths = write(runs, controls, folder, format)
    if not as_json:
        click.echo(plain_report(runs, controls))
        click.echo(f"\nwritten: {', '.join(map(str, paths))}")
        return
    found = {
        "methods": json.loads(described(runs).to_json(orient="index")),
        "tests": json.loads(compared(runs).to_json(orient="index")),
        "controls": controls,
        "runs": rows,
        "files": [os.fspath(path) for path in paths],
    }
    click.echo(json.dumps(found, indent=2, allow_nan=False))

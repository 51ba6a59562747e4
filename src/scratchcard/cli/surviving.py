"""``scratchcard survivors``: what the masks of several tickets have in common."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from scratchcard.cli.options import InputError, OutputError
from scratchcard.cli.running import check_folder
from scratchcard.cli.using import load_ticket


@click.command(short_help="Say which connections survive in several tickets.")
@click.argument("tickets", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False, readable=False),
    metavar="FOLDER",
    help="Where to write CSV tables, Markdown and pictures; made if it is not there.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of tables.")
def survivors(tickets: tuple[Path, ...], out: Path | None, as_json: bool) -> None:
    """Compare the masks of TICKETS, at least two of one network shape.

    Which connections survive in all, most, few or none of the runs; how much masks overlap, on the
    same weights (tickets found with the same --seed and another --search-seed) and on different
    ones; which weights, units and inputs the search prefers; all against chance.
    """
    loaded = [load_ticket(path) for path in tickets]
    names = _short_names(tickets)

    from scratchcard.research.shared.libraries import require
    from scratchcard.research.survivors import survivors as compare
    from scratchcard.research.survivors.tables import LIBRARIES, summary, write_report

    try:
        require("survivors", *LIBRARIES)
        if out is not None:
            check_folder(out)
        found = compare(loaded, names)
    except (ValueError, ImportError) as error:
        raise InputError(str(error)) from error
    if out is not None:
        try:
            write_report(found, loaded, out, names)
        except OSError as error:
            raise OutputError(out, error) from error
    click.echo(json.dumps(asdict(found), indent=2, allow_nan=False) if as_json else summary(found))


def _short_names(paths: tuple[Path, ...]) -> list[str]:
    """Return the files' names without suffix, or whole paths where those would not differ."""
    stems = [path.stem for path in paths]
    return stems if len(set(stems)) == len(stems) else [str(path) for path in paths]

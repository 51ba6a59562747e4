"""The options of ``scratchcard find`` for several searches that exchange masks."""

from __future__ import annotations

import functools
from typing import Any

import click

from scratchcard.cli.options import InputError
from scratchcard.cli.running import jobs_on, on_option

_OPTIONS = (
    click.option(
        "--islands",
        "count",
        type=click.IntRange(1, 1 << 12),
        metavar="N",
        help="Search N times with seeds of their own; the searches exchange their best masks, and "
        "the best on validation rows wins. --generations holds for each, --evaluations and --time "
        "for all together.",
    ),
    click.option(
        "--workers",
        type=click.IntRange(1, 10_000),
        help="Islands that are searched at a time, each with --jobs threads or one; the ticket "
        "does not depend on it.  [default: as many as there are cores for]",
    ),
    click.option(
        "--migrate-every",
        type=click.IntRange(min=1),
        metavar="N",
        help="Generations after which islands exchange masks.  [default: 10]",
    ),
    click.option(
        "--networks",
        type=click.IntRange(min=1),
        metavar="N",
        help="Random networks that the islands are dealt out to; those of the same one exchange "
        "masks.  [default: 1]",
    ),
    on_option,
)


def islands_options(command: Any) -> Any:
    """Add the options of islands; the command takes them as ``islands``, None if not asked for."""

    @functools.wraps(command)
    def with_islands(
        *,
        count: int | None,
        workers: int | None,
        migrate_every: int | None,
        networks: int | None,
        on: str,
        jobs: int | None,
        **others: Any,
    ) -> Any:
        if count is None:
            named: dict[str, int | str | None] = {
                "workers": workers,
                "migrate-every": migrate_every,
                "networks": networks,
            }
            named["on"] = None if on == "processes" else on
            for name, value in named.items():
                if value is not None:
                    raise click.UsageError(f"--{name} is for a search with --islands")
            return command(islands=None, jobs=jobs, **others)
        try:
            jobs_on(on, jobs)
        except ImportError as error:
            raise InputError(str(error)) from error
        settings = {"migrate_every": migrate_every, "networks": networks, "threads": jobs}
        given = {name: value for name, value in settings.items() if value is not None}
        return command(
            islands={"count": count, "workers": workers, "on": on, **given}, jobs=jobs, **others
        )

    for option in reversed(_OPTIONS):
        with_islands = option(with_islands)
    return with_islands

"""What a study leaves behind: its tables as CSV, a summary in Markdown, pictures. pandas."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scratchcard.research.landscape.runs import Tables
from scratchcard.research.shared.words import frame, markdown, percent, percent_with_deviation

if TYPE_CHECKING:
    from pandas import DataFrame

LIBRARIES = ("pandas", "matplotlib", "tabulate")
CASE = ["data", "network"]


def merged(parts: list[Tables]) -> Tables:
    """Return the tables of several cases as one set, without those that are empty."""
    names = dict.fromkeys(name for part in parts for name in part)
    found = {name: [row for part in parts for row in part.get(name, [])] for name in names}
    return {name: rows for name, rows in found.items() if rows}


def summaries(tables: Tables) -> dict[str, DataFrame]:
    """Return the tables that people read, by their titles."""
    found = {
        "All one-flip neighbours": _neighbours(frame(tables["neighbours"])),
        "Is the ticket a local optimum?": _optima(frame(tables["neighbours"])),
        "Ruggedness and direction": _directions(tables),
        "Searches guided by each metric": _guidance(frame(tables["guidance"])),
    }
    return {title: table.reset_index() for title, table in found.items()}


def places(neighbours: DataFrame) -> dict[str, DataFrame]:
    """Return rows about all flips at the search's start, its ticket, and random masks as dense."""
    whole = neighbours[neighbours["group"] == "all"]
    last = whole.groupby(CASE)["as_dense_as_after"].transform("max")
    return {
        "start": whole[(whole["mask"] == "search") & (whole["as_dense_as_after"] == 0)],
        "ticket": whole[whole["mask"] == "ticket"],
        "random": whole[(whole["mask"] == "random") & (whole["as_dense_as_after"] == last)],
    }


def _neighbours(neighbours: DataFrame) -> DataFrame:
    import pandas as pd

    found: dict[str, Any] = {}
    for place, rows in places(neighbours).items():
        means = rows.groupby([*CASE, "metric"], sort=False)[["neutral", "better"]].mean()
        found[f"{place}: neutral / better %"] = (
            means["neutral"].map(percent) + " / " + means["better"].map(percent)
        )
    whole = neighbours[neighbours["group"] == "all"].groupby([*CASE, "metric"], sort=False)
    cost = whole[["seconds", "flips_per_second"]].median()
    found["seconds"] = cost["seconds"].map("{:.3f}".format)
    found["flips/s"] = cost["flips_per_second"].map("{:,.0f}".format)
    return pd.DataFrame(found)


def _optima(neighbours: DataFrame) -> DataFrame:
    import pandas as pd

    ticket = neighbours[neighbours["mask"] == "ticket"]
    better = ticket.pivot_table(
        index=[*CASE, "metric"], columns="group", values="better_flips", sort=False
    )[["additions", "removals"]]
    better = better.astype(int)
    whole = ticket[ticket["group"] == "all"].set_index([*CASE, "metric"])
    best = whole["change_0%"].clip(upper=0).map("{:.4g}".format)
    return pd.DataFrame(
        {
            "local optimum": whole["local_optimum"].map({True: "yes", False: "no"}),
            "flips": whole["flips"],
            "better additions": better["additions"],
            "better removals": better["removals"],
            "neutral removals": whole["neutral_removals"].astype(int),
            "best change": best,
        }
    )


def _directions(tables: Tables) -> DataFrame:
    import pandas as pd

    walks, distance = frame(tables["walks"]), frame(tables["distance"])
    index = [*CASE, "metric"]
    length = walks.groupby(index, sort=False)["correlation_length"].first()
    near = distance[distance["sample"] == "around the ticket"].set_index(index)
    anywhere = distance[distance["sample"] == "random"].set_index(index)
    found = {
        "walk length": length.map("{:.0f}".format),
        "FDC Pearson": near["pearson"].map("{:.2f}".format),
        "FDC Spearman": near["spearman"].map("{:.2f}".format),
        "FDC random": anywhere["spearman"].map("{:.2f}".format),
    }
    for place, rows in places(frame(tables["neighbours"])).items():
        if place != "random":
            agreement = rows.set_index(index)["agreement"]
            found[f"agreement {place}"] = agreement.map("{:.2f}".format)
    return pd.DataFrame(found)


def _guidance(guidance: DataFrame) -> DataFrame:
    import pandas as pd

    groups = guidance.groupby([*CASE, "metric"], sort=False)
    means = groups[["density", "better_flips", "neutral"]].mean()
    found: dict[str, Any] = {}
    for part in ("train", "validation"):
        scores = groups[f"{part}_accuracy"].agg(["mean", "std"])
        found[f"{part} %"] = list(map(percent_with_deviation, scores["mean"], scores["std"]))
    found["density %"] = means["density"].map(percent)
    found["better flips left"] = means["better_flips"].map("{:.0f}".format)
    found["neutral flips %"] = means["neutral"].map(percent)
    return pd.DataFrame(found)


def write(tables: Tables, out: Path, facts: Mapping[str, Any]) -> list[Path]:
    """Write CSV files, summary.md and pictures into an existing folder.

    Parameters
    ----------
    tables : dict
        As ``Study.run`` returns them.
    out : Path
        The folder.
    facts : Mapping
        Names and values that the summary begins with: command, seed, time.

    Returns
    -------
    list of Path
        The files that were written.
    """
    from scratchcard.research.landscape.pictures import draw

    written = []
    for name, rows in tables.items():
        path = out / f"{name}.csv"
        frame(rows).to_csv(path, index=False)
        written.append(path)
    parts = ["# Landscape analysis", "\n".join(f"- {name}: {facts[name]}" for name in facts)]
    for title, table in summaries(tables).items():
        parts.append(f"## {title}\n\n{markdown(table)}")
    path = out / "summary.md"
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return [*written, path, *draw(tables, out)]

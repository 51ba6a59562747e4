"""The paper's claims, each held against the runs. pandas.

Every figure is computed from the runs; those of the paper are data here. Where runs are missing,
a claim says so. A file of its own, since it is about the paper and not about our tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from scratchcard.research.paper.cases import EDGE_POPUPS, ENTRANTS
from scratchcard.research.paper.tables import medians
from scratchcard.research.shared.statistics import ROUNDING, compared
from scratchcard.research.shared.words import p_value, percent

if TYPE_CHECKING:
    from pandas import DataFrame

CONFIRMED, SURPASSED, NOT_CONFIRMED = "confirmed", "surpassed", "not confirmed"
NOT_RUN, ELSEWHERE = "not run", "elsewhere"

GA_SPARSITIES = {
    "moons": {"2-20-2": 0.732, "2-75-2": 0.592, "2-100-2": 0.561, "2-50-50-2": 0.546},
    "circles": {"2-20-2": 0.663, "2-75-2": 0.623, "2-100-2": 0.539, "2-50-50-2": 0.581},
}
"""Sparsities of the GA, as the paper's authors have them."""

MOONS_MEDIANS = {"ga-adaptive": 0.9207, "mlp": 0.9999}
"""Median test accuracies on moons, 2-20-2, as the paper's authors have them."""

SPARSITY_TOLERANCE, ACCURACY_TOLERANCE = 0.05, 0.01
HIGH_SPARSITY = 0.9


class Claim(NamedTuple):
    """A claim of the paper, whether the runs bear it out, and their figures.

    ``memetic`` is the verdict on the memetic search in the place of the paper's method.
    """

    text: str
    verdict: str
    figures: str = ""
    memetic: str = ""


def paper_claims(runs: DataFrame) -> list[Claim]:
    """Return the paper's claims with verdicts, in the order of its abstract, then its figures."""
    found: list[Claim] = []
    for claims in (_accuracy, _sparsity, _high_sparsity, _metric, _ga_sparsities, _moons_medians):
        found += claims(runs)
    return found


# -- the abstract ----------------------------------------------------------------------------------


def _accuracy(runs: DataFrame) -> Iterator[Claim]:
    """Test the GA against each edge-popup, over all cases of two and over those of more classes."""
    many = runs["network"].str.rpartition("-")[2].astype(int) > 2
    for name, group in (("binary", runs[~many]), ("multi-class", runs[many])):
        text = f"The GA is more accurate than edge-popup on {name} instances"
        verdict, figures = _ahead(group, "ga")
        memetic, more = _ahead(group, "memetic")
        if memetic == NOT_RUN:
            yield Claim(text, verdict, figures)
        else:
            yield Claim(text, verdict, f"{figures}. Memetic: {more}", memetic)


def _ahead(runs: DataFrame, method: str) -> tuple[str, str]:
    """Return whether a method is significantly ahead of every edge-popup, and figures."""
    present = [one for one in EDGE_POPUPS if one in set(runs["method"])]
    if method not in set(runs["method"]) or not present:
        return NOT_RUN, ""
    chosen = runs[runs["method"].isin([method, *present])]
    tests = compared(chosen, method, pairs=("data", "network", "seed"))
    figures = "; ".join(
        f"{0.0 - 100 * test['difference']:+.2f} points on {ENTRANTS[str(other)].label} "
        f"({test['worse']} runs better, {test['better']} worse, p {p_value(test['p_holm'])})"
        for other, test in tests.iterrows()
    )
    ahead = bool(((tests["difference"] < 0) & tests["significant"]).all())
    return CONFIRMED if ahead else NOT_CONFIRMED, figures


def _sparsity(runs: DataFrame) -> Iterator[Claim]:
    """Hold the GA's density, and the memetic search's, against the half that edge-popup keeps."""
    text = "The GA's masks are sparser than those of edge-popup (half of the weights)"
    density = runs.groupby("method")[["density", "pruned_density"]].max()
    if "ga" not in density.index:
        yield Claim(text, NOT_RUN)
        return
    worst, memetic = density.loc["ga"], ""
    figures = (
        f"densest GA mask: {percent(worst['density'])} % after evolution, "
        f"{percent(worst['pruned_density'])} % after pruning"
    )
    if "memetic" in density.index:
        own = density.loc["memetic", "density"]
        figures += f"; densest memetic mask: {percent(own)} %"
        memetic = _beyond(own < min(worst["density"], 0.5), own < 0.5)
    yield Claim(text, _beyond(False, worst["density"] < 0.5), figures, memetic)


def _high_sparsity(runs: DataFrame) -> Iterator[Claim]:
    """Count the cases in which the median sparsity is over nine tenths."""
    text = "Over 90 % sparsity"
    stages = [medians(runs, name).unstack("method") for name in ("density", "pruned_density")]
    if "ga" not in stages[0]:
        yield Claim(text, NOT_RUN)
        return
    counts = {
        name: [int((table[name] < 1 - HIGH_SPARSITY - ROUNDING).sum()) for table in stages]
        for name in ("ga", "memetic")
        if name in stages[0]
    }
    figures = "; ".join(
        f"{name}: in {evolved} of {len(stages[0])} cases after evolution, in {pruned} after pruning"
        for name, (evolved, pruned) in counts.items()
    )
    memetic = ""
    if "memetic" in counts:
        evolved, after_pruning = counts["memetic"]
        memetic = _beyond(evolved > counts["ga"][0], after_pruning > 0)
    yield Claim(text, _beyond(False, counts["ga"][1] > 0), figures, memetic)


def _metric(runs: DataFrame) -> Iterator[Claim]:
    text = "The evaluation metric matters as networks and tasks grow"
    yield Claim(text, ELSEWHERE, "docs/metrics.md")


# -- its figures -----------------------------------------------------------------------------------


def _ga_sparsities(runs: DataFrame) -> Iterator[Claim]:
    evolved, then = (medians(runs, name) for name in ("density", "pruned_density"))
    for data, networks in GA_SPARSITIES.items():
        for network, theirs in networks.items():
            text = f"{data}, {network}: the GA's sparsity is {100 * theirs:.1f} %"
            key = (data, network, "ga")
            if key not in evolved.index:
                yield Claim(text, NOT_RUN)
                continue
            before, after = 1 - evolved[key], 1 - then[key]
            near = min(abs(before - theirs), abs(after - theirs)) <= SPARSITY_TOLERANCE
            figures = (
                f"median {percent(before)} % after evolution, {percent(after)} % after pruning"
            )
            memetic = ""
            density = evolved.get((data, network, "memetic"))
            if density is not None:
                own = 1 - density
                figures += f"; memetic: {percent(own)} % after evolution"
                memetic = _beyond(own > theirs, own >= theirs - SPARSITY_TOLERANCE)
            yield Claim(text, _beyond(after > theirs, near), figures, memetic)


def _moons_medians(runs: DataFrame) -> Iterator[Claim]:
    found = medians(runs)
    for method, theirs in MOONS_MEDIANS.items():
        name = {"ga-adaptive": "GA (adaptive AB)", "mlp": "backprop"}[method]
        text = f"moons, 2-20-2: {name} has a median test accuracy of {100 * theirs:.2f} %"
        own = found.get(("moons", "2-20-2", method))
        memetic = found.get(("moons", "2-20-2", "memetic"))
        if own is None:
            yield Claim(text, NOT_RUN)
            continue
        figures, verdict = f"{percent(own)} %", ""
        if memetic is not None:
            figures += f"; memetic: {percent(memetic)} %"
            verdict = _near(memetic, theirs)
        yield Claim(text, _near(own, theirs), figures, verdict)


def _near(own: float, theirs: float) -> str:
    """Return the verdict on an accuracy."""
    return _beyond(own > theirs + ACCURACY_TOLERANCE, own >= theirs - ACCURACY_TOLERANCE)


def _beyond(surpassed: bool, confirmed: bool) -> str:
    """Return the verdict, by whether a claim is surpassed, or at least borne out."""
    return SURPASSED if surpassed else CONFIRMED if confirmed else NOT_CONFIRMED


def claims_table(claims: list[Claim]) -> DataFrame:
    """Return a row for each claim; the memetic search has a column where it has verdicts."""
    import pandas as pd

    table = pd.DataFrame(claims, columns=["claim", "verdict", "figures", "memetic"])
    table = table[["claim", "verdict", "memetic", "figures"]]
    return table if table["memetic"].any() else table.drop(columns="memetic")

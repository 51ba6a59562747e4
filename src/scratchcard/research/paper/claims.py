"""The paper's claims and what was to be reached, point by point, held against the runs.

Every figure is computed from the runs; those of the paper are data here. Where runs are missing,
a claim says so. pandas.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from scratchcard.research.paper.cases import EDGE_POPUPS, ENTRANTS, OPPONENTS, REFERENCE
from scratchcard.research.paper.tables import medians, percent
from scratchcard.research.statistics import TIE, compared

if TYPE_CHECKING:
    from pandas import DataFrame, Series

CONFIRMED, SURPASSED, NOT_CONFIRMED = "confirmed", "surpassed", "not confirmed"
NOT_RUN, ELSEWHERE = "not run", "elsewhere"
REACHED, MISSED = "reached", "missed"

GA_SPARSITIES = {
    "moons": {"2-20-2": 0.732, "2-75-2": 0.592, "2-100-2": 0.561, "2-50-50-2": 0.546},
    "circles": {"2-20-2": 0.663, "2-75-2": 0.623, "2-100-2": 0.539, "2-50-50-2": 0.581},
}
"""Of the GA, as the paper's authors have them."""

MOONS_MEDIANS = {"ga-adaptive": 0.9207, "mlp": 0.9999}
"""Median test accuracies on moons, 2-20-2, as the paper's authors have them."""

SPARSITY_TOLERANCE, ACCURACY_TOLERANCE = 0.05, 0.01
HIGH_SPARSITY = 0.9
TWIN_MARGIN = 0.005

TARGETS = (
    ("moons", "2-100-2", 0.99),
    ("moons", "2-50-50-2", 0.99),
    ("moons", "2-20-2", 0.93),
    ("circles", "2-100-2", 0.92),
)
"""Median test accuracies that the memetic search is to reach."""


class Claim(NamedTuple):
    """What is claimed, whether the runs bear it out, and their figures.

    ``memetic`` is the verdict on the memetic search in the place of the paper's method.
    """

    text: str
    verdict: str
    figures: str = ""
    memetic: str = ""


def paper_claims(runs: DataFrame) -> list[Claim]:
    """The paper's claims, in the order of its abstract, then its figures."""
    found: list[Claim] = []
    for claims in (_accuracy, _sparsity, _high_sparsity, _metric, _ga_sparsities, _moons_medians):
        found += claims(runs)
    return found


def targets(runs: DataFrame) -> list[Claim]:
    """What the memetic search is to reach."""
    found = medians(runs)
    return [*_planar_targets(found), _digits_target(found)]


# -- the abstract ----------------------------------------------------------------------------------


def _accuracy(runs: DataFrame) -> Iterator[Claim]:
    """GA against each edge-popup over all cases of two, and of more classes."""
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
    """Verdict on whether a method is significantly ahead of every edge-popup, and figures."""
    present = [one for one in EDGE_POPUPS if one in set(runs["method"])]
    if method not in set(runs["method"]) or not present:
        return NOT_RUN, ""
    chosen = runs[runs["method"].isin([method, *present])]
    tests = compared(chosen, method, pairs=("data", "network", "seed"))
    figures = "; ".join(
        f"{0.0 - 100 * test['difference']:+.2f} points on {ENTRANTS[str(other)].label} "
        f"({test['worse']} runs better, {test['better']} worse, p {test['p_holm']:.2g})"
        for other, test in tests.iterrows()
    )
    ahead = bool(((tests["difference"] < 0) & tests["significant"]).all())
    return CONFIRMED if ahead else NOT_CONFIRMED, figures


def _sparsity(runs: DataFrame) -> Iterator[Claim]:
    """GA's density against the half that edge-popup keeps, memetic's beside it."""
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
    """Cases in which median sparsity passes nine tenths."""
    text = "Over 90 % sparsity"
    stages = [medians(runs, name).unstack("method") for name in ("density", "pruned_density")]
    if "ga" not in stages[0]:
        yield Claim(text, NOT_RUN)
        return
    counts = {
        name: [int((table[name] < 1 - HIGH_SPARSITY - TIE).sum()) for table in stages]
        for name in ("ga", "memetic")
        if name in stages[0]
    }
    figures = "; ".join(
        f"{name}: in {evolved} of {len(stages[0])} cases after evolution, in {pruned} after pruning"
        for name, (evolved, pruned) in counts.items()
    )
    memetic = ""
    if "memetic" in counts:
        evolved, pruned = counts["memetic"]
        memetic = _beyond(evolved > counts["ga"][0], pruned > 0)
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
    """Verdict on an accuracy."""
    return _beyond(own > theirs + ACCURACY_TOLERANCE, own >= theirs - ACCURACY_TOLERANCE)


def _beyond(surpassed: bool, confirmed: bool) -> str:
    """The verdict, by whether a claim is gone beyond, or at least borne out."""
    return SURPASSED if surpassed else CONFIRMED if confirmed else NOT_CONFIRMED


# -- what was to be reached ------------------------------------------------------------------------


def _planar_targets(found: Series) -> Iterator[Claim]:
    """Of the memetic search; on signed-constant weights too, where it was run there."""
    for data, network, least in TARGETS:
        twins = {
            label: found[data, network, name]
            for name, label in (("twin", "Adam"), ("mlp", "scikit-learn"))
            if (data, network, name) in found.index
        }
        beside = "".join(
            f"; trained with {name}: {percent(value)} %" for name, value in twins.items()
        )
        for reference in OPPONENTS:
            label = ENTRANTS[reference].label
            own = found.get((data, network, reference))
            if own is not None or reference == REFERENCE:
                text = f"{data}, {network}: {label} median of at least {100 * least:.0f} %"
                yield _target(text, own, least, beside)


def _digits_target(found: Series) -> Claim:
    text = (
        "digits, 64-100-10, 90 % sparsity: memetic not below the trained dense twin by more than "
        "half a point (medians)"
    )
    own, twin = (found.get(("digits", "64-100-10", name)) for name in ("memetic", "twin"))
    if twin is None:
        return Claim(text, NOT_RUN)
    beside = f"; trained with Adam: {percent(twin)} %"
    return _target(text, own, twin - TWIN_MARGIN, beside)


def _target(text: str, value: float | None, least: float, beside: str) -> Claim:
    if value is None:
        return Claim(text, NOT_RUN)
    verdict = REACHED if value >= least - TIE else MISSED
    return Claim(text, verdict, f"{percent(value)} %{beside}")


def claims_table(claims: list[Claim]) -> DataFrame:
    """Claims in columns; that of the memetic search only where it has verdicts."""
    import pandas as pd

    table = pd.DataFrame(claims, columns=["claim", "verdict", "figures", "memetic"])
    table = table[["claim", "verdict", "memetic", "figures"]]
    return table if table["memetic"].any() else table.drop(columns="memetic")

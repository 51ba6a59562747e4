"""The paper's claims and what was to be reached, point by point, held against the runs.

Every figure is computed from the runs; those of the paper are data here. Where runs are missing,
a claim says so. pandas.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from scratchcard.experiments.paper.cases import EDGE_POPUPS
from scratchcard.experiments.paper.tables import medians, percent
from scratchcard.experiments.statistics import TIE, compared

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
    """What is claimed, whether the runs bear it out, and their figures."""

    text: str
    verdict: str
    figures: str


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
        present = [one for one in EDGE_POPUPS if one in set(group["method"])]
        if "ga" not in set(group["method"]) or not present:
            yield Claim(text, NOT_RUN, "")
            continue
        chosen = group[group["method"].isin(["ga", *present])]
        tests = compared(chosen, "ga", pairs=("data", "network", "seed"))
        ahead = bool(((tests["difference"] < 0) & tests["significant"]).all())
        figures = "; ".join(
            f"{-100 * test['difference']:+.2f} points on {method} "
            f"({test['worse']} pairs better, {test['better']} worse, p {test['p_holm']:.2g})"
            for method, test in tests.iterrows()
        )
        verdict = CONFIRMED if ahead else NOT_CONFIRMED
        yield Claim(text, verdict, f"GA: {figures}. Memetic: see the paired tests")


def _sparsity(runs: DataFrame) -> Iterator[Claim]:
    """GA's density against the half that edge-popup keeps, memetic's beside it."""
    text = "The GA's masks are sparser than those of edge-popup (half of the weights)"
    density = runs.groupby("method")[["density", "pruned_density"]].max()
    if "ga" not in density.index:
        yield Claim(text, NOT_RUN, "")
        return
    worst = density.loc["ga"]
    verdict = CONFIRMED if worst["density"] < 0.5 else NOT_CONFIRMED
    figures = (
        f"densest GA mask: {percent(worst['density'])} % after evolution, "
        f"{percent(worst['pruned_density'])} % after pruning"
    )
    if "memetic" in density.index:
        own = density.loc["memetic"]
        verdict = SURPASSED if own["density"] < worst["density"] else verdict
        figures += f"; densest memetic mask: {percent(own['density'])} %"
    yield Claim(text, verdict, figures)


def _high_sparsity(runs: DataFrame) -> Iterator[Claim]:
    """Cases in which median sparsity passes nine tenths."""
    text = "Over 90 % sparsity"
    evolved = medians(runs, "density").unstack("method")
    then = medians(runs, "pruned_density").unstack("method")
    if "ga" not in evolved:
        yield Claim(text, NOT_RUN, "")
        return
    most = 1 - HIGH_SPARSITY + 1e-9
    counts = {
        (name, stage): int((table[name] <= most).sum())
        for name in ("ga", "memetic")
        for stage, table in (("evolved", evolved), ("pruned", then))
        if name in table
    }
    figures = (
        f"GA: in {counts['ga', 'evolved']} of {len(evolved)} cases after evolution, "
        f"in {counts['ga', 'pruned']} after pruning"
    )
    verdict = CONFIRMED if counts["ga", "pruned"] else NOT_CONFIRMED
    if "memetic" in evolved:
        figures += (
            f"; memetic: in {counts['memetic', 'evolved']}, and in {counts['memetic', 'pruned']}"
        )
        if counts["memetic", "evolved"] > counts["ga", "evolved"]:
            verdict = SURPASSED
    yield Claim(text, verdict, figures)


def _metric(runs: DataFrame) -> Iterator[Claim]:
    text = "The evaluation metric matters as networks and tasks grow"
    yield Claim(text, ELSEWHERE, "[metrics.md](metrics.md)")


# -- its figures -----------------------------------------------------------------------------------


def _ga_sparsities(runs: DataFrame) -> Iterator[Claim]:
    evolved, then = (medians(runs, name) for name in ("density", "pruned_density"))
    for data, networks in GA_SPARSITIES.items():
        for network, theirs in networks.items():
            text = f"{data}, {network}: the GA's sparsity is {100 * theirs:.1f} %"
            key = (data, network, "ga")
            if key not in evolved.index:
                yield Claim(text, NOT_RUN, "")
                continue
            before, after = 1 - evolved[key], 1 - then[key]
            near = min(abs(before - theirs), abs(after - theirs)) <= SPARSITY_TOLERANCE
            verdict = SURPASSED if after > theirs else CONFIRMED if near else NOT_CONFIRMED
            figures = (
                f"median {percent(before)} % after evolution, {percent(after)} % after pruning"
            )
            yield Claim(text, verdict, figures)


def _moons_medians(runs: DataFrame) -> Iterator[Claim]:
    found = medians(runs)
    for method, theirs in MOONS_MEDIANS.items():
        name = {"ga-adaptive": "GA (adaptive AB)", "mlp": "backprop"}[method]
        text = f"moons, 2-20-2: {name} has a median test accuracy of {100 * theirs:.2f} %"
        key = ("moons", "2-20-2", method)
        if key not in found.index:
            yield Claim(text, NOT_RUN, "")
            continue
        own = found[key]
        near = abs(own - theirs) <= ACCURACY_TOLERANCE
        verdict = CONFIRMED if near else SURPASSED if own > theirs else NOT_CONFIRMED
        figures = f"{percent(own)} %"
        memetic = found.get(("moons", "2-20-2", "memetic"))
        if memetic is not None:
            figures += f"; memetic: {percent(memetic)} %"
            if method == "ga-adaptive" and memetic > max(own, theirs):
                verdict = SURPASSED
        yield Claim(text, verdict, figures)


# -- what was to be reached ------------------------------------------------------------------------


def _planar_targets(found: Series) -> Iterator[Claim]:
    for data, network, least in TARGETS:
        text = f"{data}, {network}: memetic median of at least {100 * least:.0f} %"
        own = found.get((data, network, "memetic"))
        twins = {
            label: found[data, network, name]
            for name, label in (("twin", "Adam"), ("mlp", "scikit-learn"))
            if (data, network, name) in found.index
        }
        beside = "".join(
            f"; trained with {name}: {percent(value)} %" for name, value in twins.items()
        )
        yield _target(text, own, least, beside)


def _digits_target(found: Series) -> Claim:
    text = (
        "digits, 64-100-10, 90 % sparsity: memetic not below the trained dense twin by more than "
        "half a point (medians)"
    )
    own, twin = (found.get(("digits", "64-100-10", name)) for name in ("memetic", "twin"))
    if twin is None:
        return Claim(text, NOT_RUN, "")
    beside = f"; trained with Adam: {percent(twin)} %"
    return _target(text, own, twin - TWIN_MARGIN, beside)


def _target(text: str, value: float | None, least: float, beside: str) -> Claim:
    if value is None:
        return Claim(text, NOT_RUN, "")
    verdict = REACHED if value >= least - TIE else MISSED
    return Claim(text, verdict, f"{percent(value)} %{beside}")


def claims_table(claims: list[Claim]) -> DataFrame:
    """Claims in three columns."""
    import pandas as pd

    return pd.DataFrame(claims, columns=["claim", "verdict", "figures"])

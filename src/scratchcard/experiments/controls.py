"""Controls: what a ticket must be held against before anyone believes it.

A strong ticket is a mask that fits *these* weights. So it must fall to chance when its bits are
shuffled within each layer, and when its weights are drawn again; and it must be out of reach of
luck: of random masks, and of the best of very many. ("Sanity-checking pruning methods: random
tickets can win the jackpot", Su et al. 2020, is why the middle two are asked for.)

Masks are chosen on training rows, looked at on validation rows, and read test rows only if told to.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from statistics import fmean, stdev
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scratchcard.data import Dataset, Part
from scratchcard.engines import IncrementalEngine, Rows
from scratchcard.engines.rows import shuffled
from scratchcard.evolution.driver import accuracy
from scratchcard.evolution.temperature import search_temperature
from scratchcard.mask import Mask
from scratchcard.network import Network
from scratchcard.objectives import Objective, get_objective
from scratchcard.ticket import Ticket
from scratchcard.weights import as_int

MAX_DRAWS = 10_000
MAX_EVALUATIONS = 10**12
SCREEN_ROWS = 4096  # random masks are compared on so many training rows, the best then on all
FINALISTS = 32
BATCH = 16  # masks that a thread draws and reads at once
BATCH_BYTES = 1 << 26

Flat = NDArray[np.uint8]


@dataclass(frozen=True)
class Control:
    """Accuracies of a ticket, or of one kind of control. Fractions of 1; plain values.

    name : "ticket", "random", "best of random", "shuffled", "re-drawn" or "unmasked".
    masks : how many masks (or networks) the figures are means of; chosen_from : among how many.
    *_deviation : between masks, sample standard deviation; None of one mask.
    test_* : None where the test rows were not read.
    """

    name: str
    masks: int
    chosen_from: int
    density: float
    effective_density: float
    validation_accuracy: float
    validation_deviation: float | None
    test_accuracy: float | None = None
    test_deviation: float | None = None


@dataclass(frozen=True)
class Chance:
    """Accuracies that need no network: guessing, and always the commonest class of training."""

    one_of_n_classes: float
    commonest_validation: float
    commonest_test: float | None


class _Masked(NamedTuple):
    network: Network
    mask: Mask


class _Judges(NamedTuple):
    validation: Rows
    test: Rows | None


def controls(
    ticket: Ticket,
    dataset: Dataset,
    *,
    evaluations: int,
    seconds: float | None = None,
    objective: str | Objective = "accuracy",
    draws: int = 10,
    test: bool = False,
    seed: int = 0,
    n_jobs: int = 1,
) -> list[Control]:
    """Hold a ticket against its controls; the ticket itself comes first.

    Of a ``Found``: ``controls(found.ticket, found.search.dataset,
    evaluations=found.outcome.evaluations)``.

    Parameters
    ----------
    evaluations : random masks to choose the best from: as many as the search evaluated.
    seconds : stop drawing them after this time; ``chosen_from`` says how many they were.
    objective : what chooses it. Training accuracy finds the strongest control: at random masks a
        cross-entropy hardly goes along with accuracy, it picks flat outputs.
    draws : masks, shuffles and networks of each other kind.
    test : read the test rows as well: for a final report.
    seed : of all draws; without ``seconds`` the result depends on nothing else, threads included.

    Random masks have as many survivors as the ticket, anywhere; shuffled ones, and those that the
    best is chosen from, as many in each layer. Re-drawn networks have the ticket's shape, families
    and mask, and other seeds.
    Raises ValueError for data that is not the ticket's, and for other settings out of range.
    """
    chosen_by = get_objective(objective)
    as_int("draws", draws, 1, MAX_DRAWS)
    as_int("evaluations", evaluations, 1, MAX_EVALUATIONS)
    if seconds is not None and not seconds > 0:
        raise ValueError(f"seconds takes a number above 0 or None, got {seconds!r}")
    network, mask = ticket.network, ticket.mask
    train = as_rows(ticket, dataset.train)
    last = as_rows(ticket, dataset.test) if test else None
    judges = _Judges(as_rows(ticket, dataset.validation), last)
    streams = np.random.default_rng(as_int("seed", seed, 0, 2**32 - 1)).spawn(3)

    whole, layers = [network.n_weights], [out * into for out, into in network.shapes]
    kept = [int(np.count_nonzero(layer)) for layer in mask.layers()]
    best, tried = best_of_random(
        network,
        train,
        kept,
        objective=chosen_by,
        evaluations=evaluations,
        seconds=seconds,
        seed=seed,
        n_jobs=n_jobs,
    )

    def drawn(lengths: list[int], counts: list[int], rng: np.random.Generator) -> list[_Masked]:
        flats = (scattered(lengths, counts, rng) for _ in range(draws))
        return [_Masked(network, Mask.from_flat(network.shapes, flat)) for flat in flats]

    redrawn = [_Masked(replace(network, seed=s), mask) for s in _seeds(network, streams[2], draws)]
    return [
        _measured("ticket", [_Masked(network, mask)], judges),
        _measured("random", drawn(whole, [mask.surviving], streams[0]), judges),
        _measured("best of random", [_Masked(network, best)], judges, tried),
        _measured("shuffled", drawn(layers, kept, streams[1]), judges),
        _measured("re-drawn", redrawn, judges),
        _measured("unmasked", [_Masked(network, Mask.full(network.shapes))], judges),
    ]


def chance(dataset: Dataset, *, test: bool = False) -> Chance:
    """What a data set yields without a network; test: read the labels of the test rows as well."""
    commonest = dataset.classes[np.bincount(dataset.targets(dataset.train)).argmax()]

    def share(part: Part) -> float:
        return float(np.mean(part.y == commonest))

    return Chance(
        1 / dataset.n_classes, share(dataset.validation), share(dataset.test) if test else None
    )


def as_rows(ticket: Ticket, part: Part) -> Rows:
    """Rows of a data set in the integers and class indices of a ticket.

    Raises ValueError for another number of features, and for labels that the ticket does not know.
    """
    if part.X.shape[1] != ticket.network.n_inputs:
        raise ValueError(
            f"data takes rows of the ticket's {ticket.network.n_inputs} features, "
            f"got {part.X.shape[1]}"
        )
    index = {label: i for i, label in enumerate(ticket.classes.tolist())}
    unknown = [label for label in np.unique(part.y).tolist() if label not in index]
    if unknown:
        raise ValueError(f"data takes the ticket's classes, got the label {unknown[0]!r}")
    targets = np.array([index[label] for label in part.y.tolist()])
    return Rows(ticket.scaling.quantise(part.X, ticket.network.input_limit), targets)


def best_of_random(
    network: Network,
    train: Rows,
    kept: Sequence[int],
    *,
    objective: Objective,
    evaluations: int,
    seconds: float | None = None,
    seed: int = 0,
    n_jobs: int = 1,
) -> tuple[Mask, int]:
    """The best of very many random masks on the training rows, and how many were drawn.

    kept : survivors in each layer. seconds : a limit by the clock; at least one batch is drawn.

    All are compared on the same 4,096 training rows, or all if there are fewer; the 32 best of
    them on all training rows.
    """
    temperature = search_temperature(network, train, sum(kept) / network.n_weights)
    screen = IncrementalEngine(network, _sample(train), objective, temperature)
    lengths = [out * into for out, into in network.shapes]
    size = max(1, min(BATCH, BATCH_BYTES // network.n_weights))

    def read(start: int) -> list[tuple[float, int, Flat]]:
        rng = np.random.default_rng([seed, start])  # of its own: threads do not change the draws
        numbers = range(start, min(start + size, evaluations))
        masks = np.array([scattered(lengths, kept, rng) for _ in numbers])
        values = [screen.value(sums) for sums in screen.evaluate(masks)]
        return heapq.nsmallest(FINALISTS, zip(values, numbers, masks, strict=True), key=_rank)

    finalists: list[tuple[float, int, Flat]] = []
    deadline = time.perf_counter() + (np.inf if seconds is None else seconds)
    with ThreadPoolExecutor(n_jobs) as threads:
        for round_ in _rounds(range(0, evaluations, size), n_jobs):
            for found in threads.map(read, round_):
                finalists = heapq.nsmallest(FINALISTS, [*finalists, *found], key=_rank)
            tried = min(round_[-1] + size, evaluations)
            if time.perf_counter() > deadline:
                break
    judge = IncrementalEngine(network, train, objective, temperature)
    masks = np.array([flat for _, _, flat in finalists])
    best = int(np.argmin([judge.value(sums) for sums in judge.evaluate(masks)]))
    return Mask.from_flat(network.shapes, masks[best]), tried


def scattered(lengths: Sequence[int], kept: Sequence[int], rng: np.random.Generator) -> Flat:
    """A flat random mask whose pieces of these lengths have exactly so many survivors."""
    flat = np.zeros(sum(lengths), np.uint8)
    start = 0
    for length, count in zip(lengths, kept, strict=True):
        flat[start + rng.choice(length, count, replace=False, shuffle=False)] = 1
        start += length
    return flat


def _rank(candidate: tuple[float, int, Flat]) -> tuple[float, int]:
    return candidate[:2]


def _rounds(starts: range, n_jobs: int) -> Iterator[range]:
    """Batches that threads read before the clock is looked at again."""
    for i in range(0, len(starts), n_jobs):
        yield starts[i : i + n_jobs]


def _sample(rows: Rows) -> Rows:
    if len(rows) <= SCREEN_ROWS:
        return rows
    first = shuffled(rows)[:SCREEN_ROWS]
    return Rows(rows.inputs[first], rows.targets[first], rows.weights[first])


def _seeds(network: Network, rng: np.random.Generator, n: int) -> list[int]:
    """Seeds of other networks, all different and none the network's own."""
    found: dict[int, None] = {}
    while len(found) < n:
        found[int(rng.integers(2**32))] = None
        found.pop(network.seed, None)
    return list(found)


def _measured(
    name: str, cases: list[_Masked], judges: _Judges, chosen_from: int | None = None
) -> Control:
    def accuracies(rows: Rows | None) -> tuple[float | None, float | None]:
        if rows is None:
            return None, None
        found = [accuracy(network, mask.flat(), rows) for network, mask in cases]
        return fmean(found), stdev(found) if len(found) > 1 else None

    validation, deviation = accuracies(judges.validation)
    assert validation is not None
    return Control(
        name,
        len(cases),
        len(cases) if chosen_from is None else chosen_from,
        fmean(case.mask.density for case in cases),
        fmean(case.mask.effective_density for case in cases),
        validation,
        deviation,
        *accuracies(judges.test),
    )

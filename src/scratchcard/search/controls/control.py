"""Compares a ticket with its controls, before anyone believes it.

A strong ticket is a mask that fits *these* weights. So it must fall to chance when its bits are
shuffled within each layer, and when its weights are drawn again; and neither random masks nor the
best of very many of them may reach it. Shuffling within layers and drawing weights again are the
checks of Su et al., "Sanity-checking pruning methods: random tickets can win the jackpot" (2020).

The best is chosen on training rows. Figures are of validation rows, and of test rows if asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import fmean, stdev
from typing import NamedTuple

import numpy as np

from scratchcard.checks import as_int
from scratchcard.datasets import Dataset, Part, as_read_by
from scratchcard.objectives import Objective, get_objective
from scratchcard.rows import Rows
from scratchcard.search import accuracy
from scratchcard.search.controls.random_masks import best_of_random, scattered
from scratchcard.ticket import Mask, Network, Ticket

MAX_DRAWS = 10_000
MAX_EVALUATIONS = 10**12
MAX_THREADS = 1 << 16


@dataclass(frozen=True)
class Control:
    """Accuracies of a ticket, or of one kind of control, as fractions of 1.

    Parameters
    ----------
    name : str
        "ticket", "random", "best of random", "shuffled", "re-drawn" or "unmasked".
    masks : int
        How many masks (or networks) the figures are means of.
    chosen_from : int
        How many masks these were chosen from.
    density, effective_density : float
        Shares of the weights that stay, and that lie on a path from an input to an output.
    validation_accuracy, test_accuracy : float or None
        Means; None where the test rows were not read.
    validation_deviation, test_deviation : float or None
        Sample standard deviations between masks; None for one mask.
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
    """Accuracies without a network.

    Attributes
    ----------
    one_of_n_classes : float
        Accuracy of guessing one of the classes, all alike.
    commonest_validation : float
        Accuracy of always the commonest training class, on validation rows.
    commonest_test : float or None
        The same on test rows; None where they were not read.
    """

    one_of_n_classes: float
    commonest_validation: float
    commonest_test: float | None


class _Masked(NamedTuple):
    network: Network
    mask: Mask


class _Judges(NamedTuple):
    """The rows that figures are computed on."""

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
    """Compare a ticket with its controls.

    Random masks have as many survivors as the ticket, anywhere. Shuffled masks, and those that the
    best is chosen from, have as many in each layer. Re-drawn networks have the ticket's shape,
    families and mask, and other seeds.

    Parameters
    ----------
    ticket : Ticket
        The ticket.
    dataset : Dataset
        The data that it was found on.
    evaluations : int
        Random masks to choose the best from: as many as the search evaluated.
    seconds : float or None
        How long they may be drawn; ``chosen_from`` says how many they were.
    objective : str or Objective
        What chooses the best. Training accuracy finds the strongest control: among random masks
        cross-entropy has little to do with accuracy, because it prefers flat outputs.
    draws : int
        Masks, shuffles and networks of each other kind.
    test : bool
        Whether the test rows are read as well, for a final report.
    seed : int
        Seed of all draws. Without ``seconds`` the result depends on nothing else, threads included.
    n_jobs : int
        Threads.

    Returns
    -------
    list of Control
        The ticket itself comes first.

    Raises
    ------
    ValueError
        For data that is not the ticket's, and for settings that are out of range.
    """
    chosen_by = get_objective(objective)
    as_int("draws", draws, 1, MAX_DRAWS)
    as_int("evaluations", evaluations, 1, MAX_EVALUATIONS)
    as_int("n_jobs", n_jobs, 1, MAX_THREADS)
    if seconds is not None and not seconds > 0:
        raise ValueError(f"seconds takes a number above 0 or None, got {seconds!r}")
    dataset = as_read_by(dataset, ticket)
    ticket = dataset.on_features(ticket)
    network, mask = ticket.network, ticket.mask
    train = as_rows(ticket, dataset.train)
    last = as_rows(ticket, dataset.test) if test else None
    judges = _Judges(as_rows(ticket, dataset.validation), last)
    streams = np.random.default_rng(as_int("seed", seed, 0, 2**32 - 1)).spawn(3)

    whole, layers = [network.n_weights], [layer.n_weights for layer in network.layers]
    kept = [int(np.count_nonzero(layer)) for layer in mask.arrays()]
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
        return [_Masked(network, Mask.from_flat(network.layers, flat)) for flat in flats]

    redrawn = [_Masked(replace(network, seed=s), mask) for s in _seeds(network, streams[2], draws)]
    return [
        _measured("ticket", [_Masked(network, mask)], judges),
        _measured("random", drawn(whole, [mask.surviving], streams[0]), judges),
        _measured("best of random", [_Masked(network, best)], judges, tried),
        _measured("shuffled", drawn(layers, kept, streams[1]), judges),
        _measured("re-drawn", redrawn, judges),
        _measured("unmasked", [_Masked(network, Mask.full(network.layers))], judges),
    ]


def chance(dataset: Dataset, *, test: bool = False) -> Chance:
    """Return the accuracies on a data set without a network.

    Parameters
    ----------
    dataset : Dataset
        The data set.
    test : bool
        Whether the test labels are read as well.

    Returns
    -------
    Chance
        The accuracies.
    """
    commonest = dataset.classes[np.bincount(dataset.targets(dataset.train)).argmax()]

    def share(part: Part) -> float:
        return float(np.mean(part.y == commonest))

    return Chance(
        1 / dataset.n_classes, share(dataset.validation), share(dataset.test) if test else None
    )


def as_rows(ticket: Ticket, part: Part) -> Rows:
    """Return rows of a data set in the integers and class indices of a ticket.

    Parameters
    ----------
    ticket : Ticket
        The ticket.
    part : Part
        The rows.

    Returns
    -------
    Rows
        The rows as an engine reads them.

    Raises
    ------
    ValueError
        For another number of features, for labels that the ticket does not know, and for a ticket
        that does not answer with classes.
    """
    if ticket.head.answers != "classes":
        raise ValueError(
            "ticket takes one that answers with classes, whose accuracies are compared, got one "
            f"with a head of kind {ticket.head.name!r}"
        )
    if part.X.shape[1] != ticket.network.n_inputs:
        raise ValueError(
            f"data takes rows of the ticket's {ticket.network.n_inputs} features, "
            f"got {part.X.shape[1]}"
        )
    index = {label: i for i, label in enumerate(ticket.head.describe()["classes"])}
    unknown = [label for label in np.unique(part.y).tolist() if label not in index]
    if unknown:
        raise ValueError(f"data takes the ticket's classes, got the label {unknown[0]!r}")
    targets = np.array([index[label] for label in part.y.tolist()])
    return Rows(ticket.scaling.quantise(part.X, ticket.network.input_limit), targets)


def _seeds(network: Network, rng: np.random.Generator, n: int) -> list[int]:
    """Return seeds of other networks, all different and none of them the network's own."""
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

"""Find a ticket for a data set and report on it: what the command line and benchmarks share.

``find`` searches on the training rows and chooses on the validation rows. The test rows are read by
``Found.report``, once, when the search is over.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from scratchcard.checks import as_int
from scratchcard.datasets import Dataset, Part, as_images
from scratchcard.goals import Goal, goal_of
from scratchcard.interrupts import Interrupts
from scratchcard.objectives import Objective, get_objective
from scratchcard.rows.augmentation import check_augmentation
from scratchcard.search import Algorithm, Limits, Outcome, prune
from scratchcard.search.automatic import search_best
from scratchcard.search.evolution import MAX_THREADS, AnyCallback
from scratchcard.search.identity import fingerprint, of_rows, settings_of, this_version
from scratchcard.search.islands import Archipelago, FolderJournal, Islands, evolve_islands
from scratchcard.search.journal import Journal
from scratchcard.search.problem import AUTO, Labelled, Problem
from scratchcard.search.rule import Setting, settings_for
from scratchcard.search.wanted import Wanted, as_layers
from scratchcard.search.within_bytes import WithinBytes
from scratchcard.ticket import Head, InputScaling, Layer, Network, Ticket
from scratchcard.ticket.file import MAX_LAYERS, MAX_WEIGHTS, weights_allowed
from scratchcard.ticket.layers import read_maps
from scratchcard.ticket.scaling import needed_bits

# Settings of a search that decide what is found, beside its data, its goal and its objective.
DECIDING = (
    "hidden",
    "layers",
    "image_shape",
    "max_density",
    "max_bytes",
    "algorithm",
    "weights",
    "biases",
    "activation",
    "input_bits",
    "seed",
    "search_seed",
    "limits",
    "prune",
    "augment",
)


@dataclass(frozen=True)
class Found:
    """A finished search: the ticket, how the search went, and what it searched.

    Attributes
    ----------
    ticket : Ticket
        What was found.
    outcome : Outcome
        How the search went.
    search : Search
        The data and the settings.
    """

    ticket: Ticket
    outcome: Outcome
    search: Search

    def report(self) -> dict[str, Any]:
        """Evaluate the ticket on all three parts of the data set.

        Returns
        -------
        dict
            Plain values that JSON holds. Accuracies, densities and shares are fractions of 1. How
            good the ticket is stands there as its goal judges.
        """
        data, ticket, outcome = self.search.dataset, self.ticket, self.outcome
        return {
            "dataset": data.name,
            "goal": self.search.chosen_goal.name,
            "rows": {
                "train": len(data.train.y),
                "validation": len(data.validation.y),
                "test": len(data.test.y),
            },
            "network": ticket.network.architecture,
            "weights": ticket.network.weights,
            "biases": ticket.network.biases,
            "activation": ticket.network.activation,
            "seed": ticket.network.seed,
            "search_seed": self.search.seed_of_search,
            "algorithm": str(self.search.algorithm),
            "objective": self.search.chosen_objective.name,
            **self.search.chosen_goal.judged(data, ticket.without_columns()),
            "density": ticket.mask.density,
            "effective_density": ticket.mask.effective_density,
            "surviving_weights": ticket.mask.surviving,
            "connected": ticket.mask.is_connected,
            "ticket_bytes": len(ticket.to_bytes()),
            "generations": outcome.generations,
            "evaluations": outcome.evaluations,
            "seconds": outcome.seconds,
            "evaluations_per_second": outcome.evaluations_per_second,
            "stopped_by": outcome.stopped_by,
            **self._of_islands(),
        }

    def _of_islands(self) -> dict[str, Any]:
        outcome, islands = self.outcome, self.search.islands
        if islands is None or not isinstance(outcome, Archipelago):
            return {}
        return {
            "islands": {
                "count": islands.count,
                "networks": islands.networks,
                "migrate_every": islands.migrate_every,
                "chosen": outcome.chosen,
                "validation_losses": outcome.losses,
                "validation_accuracies": outcome.accuracies,
                "worker_seconds": outcome.worker_seconds,
            }
        }


@dataclass(frozen=True)
class Search:
    """A search that is ready to run; making one checks every setting.

    Parameters
    ----------
    dataset : Dataset
        Rows to search, choose and test on.
    hidden : tuple of int or None
        Units in each hidden layer; None for what is best on rows held back from the training rows,
        or with ``max_bytes`` on validation rows. The genetic algorithm, and one with settings of
        its own, then search one layer of 100.
    layers : sequence of Layer or None
        The layers before the output layer, instead of ``hidden``, as ``[Conv2d(32, 3, stride=2)]``
        for rows that are images. With a convolution nothing is left open: weights are
        "signed_constant" unless others are asked for.
    image_shape : tuple of int or None
        Shape of these images, (height, width) or (channels, height, width); None for one square
        channel.
    max_density : float, "auto" or None
        Largest share of the weights that may stay, above 0 and at most 1. "auto" leaves it open,
        and with it all settings of the memetic search: they are chosen with the network
        (:mod:`scratchcard.search.rule`). None is 0.1 for the memetic algorithm, or 0.4 with a
        convolution, and so is "auto" then; it is no limit for the genetic one.
    max_bytes : int or None
        Most bytes of the ticket's file, instead of ``max_density``. What ``hidden`` and ``weights``
        leave open is tried in several short searches and chosen by validation rows, which takes
        about as long as six searches. For the memetic algorithm.
    algorithm : str or Algorithm
        "memetic", "genetic" (the paper's), or one with settings of its own, such as
        ``Memetic(max_density=0.05, sample=0.6)``, whose own density holds.
    objective : str, Objective or None
        What the search minimises: a name of :data:`scratchcard.objectives.OBJECTIVES`, or an
        objective; None for that of the goal, for classes "cross_entropy".
    goal : Goal or None
        What the ticket is to answer; None for the classes or numbers of the data set.
    weights, biases, activation : str or None
        Families of the random weights and biases, and the activation of hidden units; see
        :class:`scratchcard.Network`. For weights None leaves them open, as for ``hidden``; where
        nothing is chosen they are "uniform".
    input_bits : int or None
        Bits of a scaled feature, 8 or 16; None for 8, or 16 where a feature takes more than 256
        different values.
    seed : int
        Seed of the network, 0 to 2**32 - 1.
    search_seed : int or None
        Seed of the search alone, 0 to 2**32 - 1, for several searches on the same weights; None for
        the same as ``seed``.
    limits : Limits or None
        When to stop; None for the algorithm's own limits, which no clock enters.
    prune : {"train", "validation"} or None
        The rows on which, after the search, one greedy pass scratches off every weight whose loss
        costs no accuracy. The head is then calibrated anew. An interrupted search is not pruned.
    augment : {"shift"} or None
        "shift" for rows that are square images, or images of a shape that is given: half of the
        training rows are shifted by a pixel, anew each time they are drawn, so that none is learnt
        by heart. For the memetic algorithm.
    n_jobs : int
        Threads, at least 1; the ticket does not depend on it.
    islands : Islands or None
        Several searches that exchange masks, on workers of their own, instead of the last, whole
        search. What is left open is chosen before, in this process.

    Raises
    ------
    ValueError
        For a setting that is out of range, before anything is searched; also for labels and layers
        that no ticket can hold.
    """

    dataset: Dataset
    hidden: tuple[int, ...] | None = None
    layers: Sequence[Layer] | None = None
    image_shape: tuple[int, ...] | None = None
    max_density: float | str | None = AUTO
    max_bytes: int | None = None
    algorithm: str | Algorithm = "memetic"
    objective: str | Objective | None = None
    goal: Goal | None = None
    weights: str | None = None
    biases: str = "uniform"
    activation: str = "relu"
    input_bits: int | None = None
    seed: int = 0
    search_seed: int | None = None
    limits: Limits | None = None
    prune: str | None = None
    augment: str | None = None
    n_jobs: int = 1
    islands: Islands | None = None

    def __post_init__(self) -> None:
        if self.goal is not None and not isinstance(self.goal, Goal):
            raise ValueError(f"goal takes a Goal or None, got {self.goal!r}")
        self._check_layers()
        objective = self.chosen_objective
        self.chosen_goal.check(objective, self.augment, self.prune, self.max_bytes)
        if objective.group > 1:
            raise ValueError(
                f"objective {objective.name!r} takes rows in groups of {objective.group}, such as "
                "pairs of a row and a neighbour; the rows of a data set come one by one"
            )
        as_int("n_jobs", self.n_jobs, 1, MAX_THREADS)
        self._check_islands()
        if self.search_seed is not None:
            as_int("search_seed", self.search_seed, 0, 2**32 - 1)
        if isinstance(self.max_density, str) and self.max_density != AUTO:
            raise ValueError(
                "max_density takes a number above 0 and at most 1, None or 'auto', "
                f"got {self.max_density!r}"
            )
        if not isinstance(self.algorithm, str) and self._given_density is not None:
            raise ValueError(
                "max_density is for an algorithm by name; one with settings of its own has its own "
                f"max_density, got both {self.max_density} and {self.algorithm!r}"
            )
        if self.max_bytes is not None and self._given_density is not None:
            raise ValueError(
                f"max_density takes None with max_bytes, got {self.max_density} and "
                f"max_bytes={self.max_bytes}"
            )
        for network in self.networks:
            what = "hidden" if self.layers is None else "layers"
            if network.n_layers > MAX_LAYERS:
                raise ValueError(
                    f"{what} takes at most {MAX_LAYERS - 1} layers, got {network.n_layers - 1}"
                )
            if network.n_weights > MAX_WEIGHTS:
                raise ValueError(
                    f"{what} takes layers with at most {MAX_WEIGHTS} weights in all, "
                    f"got {network.n_weights}"
                )
            allowed = weights_allowed(network.n_weights // 8)  # in the longest code of a mask
            if network.n_values > allowed:
                raise ValueError(
                    f"layers takes at most {allowed} values in a row or a layer of a network with "
                    f"{network.n_weights} weights, whose file is no larger, got {network.n_values}"
                )
            algorithm = self._algorithm(network)
            check_augmentation(self.augment, network.input_shape, algorithm.draws_rows)
        if self.prune not in (None, "train", "validation"):
            raise ValueError(f"prune takes 'train', 'validation' or None, got {self.prune!r}")

    def _check_layers(self) -> None:
        """Check what is said of layers; rows that are images are plain numbers from here on."""
        if self.layers is not None and self.hidden is not None:
            raise ValueError(
                f"hidden takes None with layers, got {self.hidden} and layers={self.layers!r}"
            )
        if self.layers is not None and read_maps(as_layers(self.layers)):
            object.__setattr__(self, "dataset", as_images(self.dataset))

    def _check_islands(self) -> None:
        if self.islands is None:
            return
        if not self.chosen_goal.chooses:
            raise ValueError(
                "islands takes None without labels, where a search has starts of its own, got "
                f"{self.islands}"
            )
        if self.max_bytes is not None:
            raise ValueError(
                "islands takes None with max_bytes, where several networks are searched, got "
                f"{self.islands}"
            )

    def run(
        self,
        callbacks: Sequence[AnyCallback] = (),
        interrupts: Interrupts | None = None,
        journal: Journal | None = None,
    ) -> Found:
        """Search until a limit, an interrupt, or a callback that stops; then prune.

        An interrupt while pruning gives what the search found, not pruned.

        Parameters
        ----------
        callbacks : sequence of Callback or of callable
            What is done beside the search, as for :func:`scratchcard.evolve`.
        interrupts : Interrupts or None
            Holds the flag that ends the search, as for :func:`scratchcard.evolve`.
        journal : Journal or None
            Keeps what is found, so that the search can be resumed: what :meth:`journal` makes.
            Islands without one have a temporary folder.

        Returns
        -------
        Found
            The ticket, and how the search went.

        Raises
        ------
        KeyboardInterrupt
            After Ctrl-C before there is a first mask.
        """
        if self.islands is not None and journal is None:
            with FolderJournal.temporary(self.identity) as journal:
                return self.run(callbacks, interrupts, journal)
        with Journal() if journal is None else journal as journal:
            problem, outcome = self._searched(callbacks, interrupts, journal)
            if isinstance(outcome, Archipelago):
                problem = replace(problem, network=outcome.network)
            if self.prune and outcome.stopped_by != "interrupt":
                try:
                    outcome = self._pruned(problem, outcome, interrupts)
                except KeyboardInterrupt:
                    outcome = replace(outcome, stopped_by="interrupt")
            if outcome.stopped_by == "interrupt":
                journal.save()
            return Found(problem.ticket(outcome), outcome, self)

    def _searched(
        self, callbacks: Sequence[AnyCallback], interrupts: Interrupts | None, journal: Journal
    ) -> tuple[Problem, Outcome]:
        """Choose what is left open, and search."""
        within = self.within_bytes

        def search(
            problem: Problem,
            algorithm: Algorithm,
            limits: Limits | None,
            callbacks: Sequence[AnyCallback],
        ) -> Outcome:
            return self.chosen_goal.search(
                problem,
                journal,
                algorithm=algorithm,
                objective=self.chosen_objective,
                limits=limits,
                seed=self.seed_of_search,
                n_jobs=self.n_jobs,
                callbacks=callbacks,
                augment=self.augment,
                head=self.head,
                interrupts=interrupts,
            )

        def on_islands(
            problem: Problem,
            algorithm: Algorithm,
            limits: Limits | None,
            callbacks: Sequence[AnyCallback],
        ) -> Outcome:
            assert self.islands is not None
            if not isinstance(journal, FolderJournal):
                raise ValueError(f"journal takes one that Search.journal makes, got {journal!r}")
            return evolve_islands(
                problem,
                self.islands,
                journal,
                algorithm=algorithm,
                objective=self.chosen_objective,
                limits=limits,
                seed=self.seed_of_search,
                callbacks=callbacks,
                augment=self.augment,
                head=self.head,
                interrupts=interrupts,
            )

        last = search if self.islands is None else on_islands
        if self._leaves_open:
            problem, outcome, _ = search_best(
                self._settings(),
                self._problem,
                self.chosen_objective,
                self.limits,
                search,
                callbacks,
                self.seed_of_search,
                last=last,
            )
            return problem, outcome
        if within is None:
            return self.problem, last(self.problem, self.chosen_algorithm, self.limits, callbacks)
        return within.search(
            self.networks, self._problem, self.algorithm, self.limits, search, callbacks
        )

    def _pruned(self, problem: Problem, outcome: Outcome, interrupts: Interrupts | None) -> Outcome:
        assert problem.validation is not None
        rows = problem.train if self.prune == "train" else problem.validation
        stop = None if interrupts is None else interrupts.flag
        mask = prune(problem.network, outcome.mask, rows, stop=stop)
        if interrupts is not None and interrupts.interrupted:
            return replace(outcome, stopped_by="interrupt")
        return problem.with_mask(outcome, mask, self.chosen_objective)

    def journal(self, path: str | os.PathLike[str], **settings: Any) -> Journal:
        """Return a journal of this search, with which it can be resumed.

        Parameters
        ----------
        path : str or path-like
            A file; with islands a folder.
        **settings : object
            The other settings of a :class:`~scratchcard.search.journal.Journal`.

        Returns
        -------
        Journal
            The journal, which knows nothing yet.
        """
        kind = Journal if self.islands is None else FolderJournal
        return kind(path, self.identity, **settings)

    @cached_property
    def identity(self) -> dict[str, str]:
        """What tells this search from those that would end with another ticket."""
        rows, columns = self.problem, self.dataset.columns
        found = {
            "scratchcard": this_version(),
            "training rows": of_rows(rows.train),
            "validation rows": of_rows(rows.validation),
            "inputs": fingerprint(repr(columns).encode(), rows.scaling.offset, rows.scaling.scale),
            "goal": self.chosen_goal.name,
            "head": fingerprint(self.head.encode()),
        } | settings_of("objective", self.chosen_objective)
        for name, value in self.chosen_goal.settings().items():
            found |= settings_of(name, value)
        for name in DECIDING:
            found |= settings_of(name, getattr(self, name))
        for name, value in ({} if self.islands is None else self.islands.deciding).items():
            found |= settings_of(name, value)
        return found

    @property
    def seed_of_search(self) -> int:
        """The seed that the search draws from."""
        return self.seed if self.search_seed is None else self.search_seed

    @cached_property
    def chosen_goal(self) -> Goal:
        """What the ticket is to answer."""
        return goal_of(self.dataset) if self.goal is None else self.goal

    @cached_property
    def chosen_objective(self) -> Objective:
        """What the search minimises."""
        return get_objective(self.objective or self.chosen_goal.objective)

    @cached_property
    def chosen_algorithm(self) -> Algorithm:
        """What searches, with its settings."""
        return self._algorithm(self.network)

    def _algorithm(self, network: Network) -> Algorithm:
        if self.within_bytes is not None:
            return self.within_bytes.algorithm(self.algorithm, network)
        return self.chosen_goal.algorithm(self.algorithm, self._given_density, network)

    @property
    def _given_density(self) -> float | None:
        return None if isinstance(self.max_density, str) else self.max_density

    @property
    def _leaves_open(self) -> bool:
        """Whether a network or settings of the search are to be chosen by the rule."""
        goal, objective = self.chosen_goal, self.chosen_objective
        if self.algorithm != "memetic" or self.max_bytes is not None or not goal.chooses:
            return False
        is_open = self.wanted.is_open or self.max_density == AUTO
        return is_open and objective.reads_targets and not self.wanted.reads_maps

    def _settings(self) -> list[Setting]:
        """Return what the rule has to choose from."""
        return settings_for(
            self.problem.train,
            self.network,
            self.wanted,
            None if self.max_density == AUTO else self.chosen_algorithm,
            self.chosen_objective,
        )

    @cached_property
    def within_bytes(self) -> WithinBytes | None:
        """The limit on the bytes of the file, if there is one."""
        if self.max_bytes is None:
            return None
        return WithinBytes(
            self.max_bytes, self.head, self.scaling, self.chosen_objective, self.dataset.columns
        )

    @cached_property
    def head(self) -> Head:
        """What the outputs mean, not calibrated yet."""
        return self.chosen_goal.head(self.dataset, self.chosen_objective)

    @cached_property
    def scaling(self) -> InputScaling:
        """How features become integers."""
        own = self.dataset.scaling
        return InputScaling.fit(self.dataset.train.X) if own is None else own

    @cached_property
    def networks(self) -> list[Network]:
        """The random networks to choose from."""
        bits = self.input_bits
        plain = self.wanted.network(
            self.dataset.n_features,
            self.head.n_outputs,
            seed=self.seed,
            biases=self.biases,
            activation=self.activation,
            input_bits=needed_bits(self.dataset.train.X) if bits is None else bits,
        )
        if self.within_bytes is None:
            return [plain]
        return self.within_bytes.networks(plain, self.wanted)

    @cached_property
    def wanted(self) -> Wanted:
        """What is asked of the network, and what is left open."""
        return Wanted.of(
            self.hidden, self.layers, self.weights, self.image_shape, self.dataset.n_features
        )

    @property
    def network(self) -> Network:
        """The random network, where there is one alone; else the first to choose from."""
        return self.networks[0]

    @cached_property
    def problem(self) -> Problem:
        """The network, and the training and validation rows in its integers."""
        return self._problem(self.network)

    def _problem(self, network: Network) -> Problem:
        """Return a network, and the training and validation rows in its integers."""
        data, goal = self.dataset, self.chosen_goal

        def labelled(part: Part) -> Labelled:
            return goal.labelled(data, part, self.head)

        parts = labelled(data.train), labelled(data.validation)
        return Problem.make(network, *parts, self.scaling, data.columns)


def find(
    dataset: Dataset,
    *,
    callbacks: Sequence[AnyCallback] = (),
    interrupts: Interrupts | None = None,
    **settings: Any,
) -> Found:
    """Search a ticket for a data set.

    Parameters
    ----------
    dataset : Dataset
        Rows to search, choose and test on.
    callbacks : sequence of Callback or of callable
        What is done beside the search, as for :func:`scratchcard.evolve`.
    interrupts : Interrupts or None
        Holds the flag that ends the search, as for :func:`scratchcard.evolve`.
    **settings : object
        The other settings of :class:`Search`.

    Returns
    -------
    Found
        The ticket, and how the search went.

    Raises
    ------
    ValueError
        For a setting that is out of range.
    KeyboardInterrupt
        After Ctrl-C before there is a first mask.
    """
    return Search(dataset, **settings).run(callbacks, interrupts)

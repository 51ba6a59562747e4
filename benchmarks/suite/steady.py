"""The rate of a search that is under way: what it takes to start is measured and taken away.

Reading 60,000 rows into the engine takes seconds, once. What the peers do once (compiling, tuning,
copying rows) is not counted either. A search that stops at once tells what starting takes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from scratchcard.search import Limits, Memetic, Outcome, evolve

from .cases import Case

AT_ONCE = Limits(seconds=1e-3)


@dataclass
class SteadySearch:
    """Searches of one case; making one compiles what is needed and finds how long starting takes.

    Without validation rows: nothing but deciding candidates goes on.
    """

    case: Case
    algorithm: Memetic
    objective: str = "cross_entropy"
    start: float = field(init=False)

    def __post_init__(self) -> None:
        self._run(AT_ONCE)
        self._run(Limits(seconds=0.5))  # compiles what only a trial runs
        self.start = self._run(AT_ONCE).history[-1].seconds

    def rate(self, seconds: float) -> float:
        """Candidates decided per second in a search that goes on for so long once it has begun.

        Twice as long where no candidate was decided in that time.
        """
        last = self._run(Limits(seconds=self.start + seconds)).history[-1]
        if not last.evaluations:
            return self.rate(2 * seconds)
        return last.evaluations / max(last.seconds - self.start, seconds / 2)

    def _run(self, limits: Limits) -> Outcome:
        case = self.case
        return evolve(
            case.network,
            case.rows,
            algorithm=self.algorithm,
            objective=self.objective,
            limits=limits,
            seed=case.seed,
            n_jobs=case.jobs,
        )

"""Workers that are no processes: jobs are done here, in a random order, and workers die of some.

So that the order of jobs, and deaths, are tried by hundreds, which real workers are too slow for.
"""

from __future__ import annotations

import pickle

import numpy as np

from scratchcard.workers.face import Event


class Inline:
    """A backend of :mod:`scratchcard.workers`.

    Parameters
    ----------
    work : callable
        What is done with each job.
    n_workers : int
        How many jobs go on at a time.
    seed : int
        Says in which order jobs are done, and which workers die.
    deaths : float
        Share of the jobs whose worker dies, some before their work is done, some after; no job is
        one that two workers have died of in a row.
    """

    def __init__(self, work, n_workers=1, seed=0, deaths=0.0):
        self.work, self.n_workers, self.deaths = pickle.dumps(work), n_workers, deaths
        self.random = np.random.default_rng(seed)
        self.born, self.alive, self.new, self.jobs = 0, {}, [], {}
        self.died: list[bytes] = []

    def start(self):
        self.born += 1
        self.new.append(self.born)
        self.alive[self.born] = pickle.loads(self.work)
        return self.born

    def begin(self, worker, job):
        self.jobs[worker] = pickle.dumps(job)

    def events(self, seconds):
        if self.new:
            return [Event(self.new.pop(), "ready")]
        if not self.jobs:
            return []
        worker = self.random.choice(sorted(self.jobs))
        job = self.jobs.pop(worker)
        dies = self.random.random() < self.deaths and self.died.count(job) < 2
        if dies:
            self.died.append(job)
        if dies and self.random.random() < 0.5:
            return [self._dead(worker)]
        try:
            result = self.alive[worker](pickle.loads(job))
        except Exception as error:
            return [Event(worker, "failed", error)]
        return [self._dead(worker) if dies else Event(worker, "done", result)]

    def _dead(self, worker):
        del self.alive[worker]
        return Event(worker, "died")

    def close(self):
        self.jobs.clear()

"""Islands on a Ray cluster end with the ticket that they end with here."""

from __future__ import annotations

import os
import signal

from processes import below
from scratchcard.datasets import load
from scratchcard.find import find
from scratchcard.search import Limits, Memetic
from scratchcard.search.islands import Islands


def test_the_ticket_is_the_same_also_when_workers_are_killed(ray_address):
    given = {
        "hidden": (8,),
        "weights": "uniform",
        "algorithm": Memetic(max_density=0.5, burst=100),
        "limits": Limits(generations=12),
    }
    iris, killed = load("iris"), []

    def kill(progress):
        if not killed:
            killed.append(below(os.getpid(), "ray::_Actor")[0])
            os.kill(killed[0], signal.SIGKILL)

    here, there = (
        find(iris, **given, callbacks=callbacks, islands=Islands(3, 3, workers=workers, on=on))
        for on, workers, callbacks in (("processes", 1, []), ("ray", 2, [kill]))
    )
    assert len(killed) == 1
    assert here.ticket == there.ticket
    assert here.outcome.evaluations == there.outcome.evaluations

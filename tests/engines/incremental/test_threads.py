# Threads that decide together: none waits for one that will not come.
from __future__ import annotations

import threading

from scratchcard.engines.incremental.threads import CALLED_OFF, DONE, barrier, make_threads


def test_nobody_waits_for_a_thread_that_never_comes():
    first, _ = make_threads(2, 1)
    first.round[DONE] = 1
    waiting = threading.Thread(target=barrier, args=(first,))
    waiting.start()
    waiting.join(0.2)
    assert waiting.is_alive()
    first.failed[0] = CALLED_OFF
    waiting.join(10)
    assert not waiting.is_alive()

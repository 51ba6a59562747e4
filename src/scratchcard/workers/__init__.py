"""Does jobs elsewhere: in processes on this machine, or on a Ray cluster.

Needs the standard library alone; Ray is imported when it is asked for.
"""

from scratchcard.workers.face import Work, WorkersError
from scratchcard.workers.independent import never, run_all
from scratchcard.workers.making import BACKENDS, workers
from scratchcard.workers.pool import Workers

__all__ = ["BACKENDS", "Work", "Workers", "WorkersError", "never", "run_all", "workers"]

"""A team: threads that decide the same trials together, each on its own blocks of rows.

Every rank of a team runs the same burst with its own copy of the mask and of the random stream. All
they exchange is the statistics of each block, on a board that all can read; statistics are integers
and are summed in the order of the blocks, so every rank takes the same decision, and the decision
is the one that a single thread would take. A meeting costs well below a microsecond, because
ranks wait for each other in a loop instead of asleep; a rank that waits long lets others run.
"""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

import numpy as np
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

LINE = 8  # int64 numbers in a cache line: ranks write to lines of their own
PATIENCE = 4000  # looks at the others before a rank lets another thread have the core


class Team(NamedTuple):
    """One rank's view of its team; the arrays but ``turn`` are shared."""

    rank: int
    size: int
    turn: NDArray[np.int64]  # (1,) meetings so far, this rank's own
    arrived: NDArray[np.int64]  # (size, LINE) [:, 0]: meetings that each rank has come to
    stop: NDArray[np.int64]  # (1,) not 0: nobody waits any longer, results do not count
    board: NDArray[np.int64]  # (2, blocks, n_statistics, padded) sums under trial, by turn's parity
    evidence: NDArray[np.float64]  # (2, blocks, 2, padded) of races: changes and squares, summed


def make_team(size: int, n_blocks: int, n_statistics: int) -> list[Team]:
    """Every rank's view of a new team, for states of at most so many blocks."""
    arrived = np.zeros((size, LINE), dtype=np.int64)
    stop = apart(1)
    board = np.zeros((2, n_blocks, n_statistics + LINE), dtype=np.int64)
    evidence = np.zeros((2, n_blocks, 2 + LINE))
    return [Team(rank, size, apart(1), arrived, stop, board, evidence) for rank in range(size)]


def apart(length: int, dtype: type = np.int64) -> NDArray[Any]:
    """Zeros, (length,), that share no cache line with anything else.

    What one rank writes all the time must not lie beside what another reads: small arrays that are
    made one after the other do.
    """
    return np.zeros(length + 2 * LINE, dtype=dtype)[LINE : LINE + length]


@intrinsic
def _release(typing_context: Any, array: Any, index: Any, value: Any) -> Any:
    """``array[index] = value``, seen by others only after all that was written before."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = _place(context, builder, signature, arguments)
        builder.store_atomic(arguments[2], place, "release", 8)
        return context.get_dummy_value()

    return types.void(array, types.int64, types.int64), generate


@intrinsic
def _acquire(typing_context: Any, array: Any, index: Any) -> Any:
    """``array[index]``; all that was written before its release is seen from now on."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = _place(context, builder, signature, arguments)
        return builder.load_atomic(place, "acquire", 8)

    return types.int64(array, types.int64), generate


def _place(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """Pointer to ``array.flat[index]`` of a C-contiguous array."""
    array = context.make_array(signature.args[0])(context, builder, arguments[0])
    return builder.gep(array.data, [arguments[1]])


if sys.platform == "win32":  # spins on

    @njit(cache=True)
    def _yield_core():
        pass
else:
    _yield_core = types.ExternalFunction("sched_yield", types.int32())


@njit(cache=True, nogil=True, _nrt=False)
def meet(team):
    """Wait until every rank has come to this meeting, or someone calls off the work.

    What was written to the board before, at the parity of ``turn``, is there for all to read; the
    next meeting's goes to the other half, so nobody has to wait for those who still read.
    """
    team.turn[0] += 1
    if team.size > 1:
        turn = team.turn[0]
        _release(team.arrived, team.rank * LINE, turn)
        for other in range(team.size):
            looks = 0
            while _acquire(team.arrived, other * LINE) < turn:
                looks += 1
                if looks % PATIENCE == 0:
                    if _acquire(team.stop, 0) != 0:
                        return
                    _yield_core()

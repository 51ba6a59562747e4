"""A team: threads that decide the same trials together, each on its own blocks of rows.

Every rank of a team runs the same burst with its own copy of the mask and of the random stream. All
they exchange is what each has summed up, one short message per rank and meeting, on a board that
all can read. What is summed are integers, so every rank takes the same decision, and the decision
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

from scratchcard.compiled.vectors import fill

LINE = 32  # int64 numbers in four cache lines: ranks write where no other's prefetcher looks
PATIENCE = 4000  # looks at the others before a rank lets another thread have the core


class Team(NamedTuple):
    """One rank's view of its team; ``board`` and ``stop`` are shared.

    A message is the turn that it belongs to, then its words. Turns have two places by turns: a
    message is written over when its writer is two turns ahead, and then all have been to the
    meeting between, so they have read it.
    """

    rank: int
    size: int
    turn: NDArray[np.int64]  # (1,) turns so far, this rank's own
    stop: NDArray[np.int64]  # (1,) not 0: nobody waits any longer, results do not count
    board: NDArray[np.int64]  # (2, size, 1 + words, padded) messages, by the turn's parity


def make_team(size: int, n_words: int) -> list[Team]:
    """Every rank's view of a new team whose messages have so many words."""
    length = -(-(1 + n_words) // LINE) * LINE + LINE
    stop, board = apart(1), np.zeros((2, size, length), dtype=np.int64)
    return [Team(rank, size, apart(1), stop, board) for rank in range(size)]


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


@njit(inline="always")
def message(team, rank):
    """The words of a rank's message of this turn."""
    return team.board[team.turn[0] & 1, rank, 1:]


@njit(inline="always")
def take_turn(team):
    """Begin a turn, as all ranks must; returns the words of this rank's message, all 0."""
    team.turn[0] += 1
    words = message(team, team.rank)
    fill(words, 0)
    return words


@njit(cache=True, nogil=True, _nrt=False)
def meet(team):
    """Let the others read this rank's message, and wait for theirs or until work is called off."""
    turn = team.turn[0]
    first = (turn & 1) * team.size
    length = team.board.shape[2]
    _release(team.board, (first + team.rank) * length, turn)
    for other in range(team.size):
        looks = 0
        while _acquire(team.board, (first + other) * length) < turn:
            looks += 1
            if looks % PATIENCE == 0:
                if _acquire(team.stop, 0) != 0:
                    return
                _yield_core()

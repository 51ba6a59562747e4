"""Threads that decide the same trials together, each on its own blocks of rows.

Every thread runs the same burst with its own copy of the mask and of the random stream. All they
exchange is what each has summed up: one short message of each thread in each round, on a board that
all can read. The sums are integers, so every thread takes the same decision, and it is the one that
a single thread would take. A round costs well below a microsecond, because threads wait for each
other in a loop and not asleep; one that waits long lets others run. A request to stop goes through
the board as well, so that all threads end at the same trial.
"""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

import numpy as np
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from scratchcard.compiled.cache import jit
from scratchcard.compiled.vectors import fill

LINE = 32  # int64 numbers in four cache lines: so far apart no prefetcher reads another's line
PATIENCE = 4000  # times that a waiting thread looks at the others before it yields its core

CALLED_OFF, BAD_STATISTIC, BAD_VALUE = 1, 2, 3  # values of Threads.failed: why work has failed
DONE, STOPPED = 0, 1  # places in Threads.round


class Threads(NamedTuple):
    """One thread's view of those that work together; all but ``round`` is shared.

    A message is the number of the round that it belongs to, followed by its words. Even and odd
    rounds have a place each. A message is written over when its writer is two rounds ahead; by then
    every thread has been in the round between, so it has read the message.
    """

    number: int  # this thread's, from 0
    n_threads: int
    round: NDArray[np.int64]  # (2,) rounds begun; whether all threads know that they are to stop
    stop: NDArray[np.int64]  # (1,) above 0: the work is to end, at a trial that all agree on
    failed: NDArray[np.int64]  # (1,) not 0: no thread waits any longer, and results do not count
    board: NDArray[np.int64]  # (2, n_threads, 1 + words, padded) messages of even and odd rounds


def make_threads(count: int, n_words: int, stop: NDArray[np.int64] | None = None) -> list[Threads]:
    """Return every thread's view of a new group of threads.

    Parameters
    ----------
    count : int
        How many threads the group has.
    n_words : int
        Words in a message.
    stop : ndarray of shape (1,), int64, or None
        Set above 0 by others to end the work.

    Returns
    -------
    list of Threads
        The view of each thread.
    """
    length = -(-(1 + n_words) // LINE) * LINE + LINE
    board, failed = np.zeros((2, count, length), dtype=np.int64), apart(1)
    flag = apart(1) if stop is None else stop
    return [Threads(number, count, apart(2), flag, failed, board) for number in range(count)]


def apart(length: int, dtype: type = np.int64) -> NDArray[Any]:
    """Return zeros that share no cache line with anything else.

    What one thread writes all the time must not lie beside what another reads. Small arrays that
    are made one after the other do.

    Parameters
    ----------
    length : int
        How many numbers.
    dtype : type
        Their type.

    Returns
    -------
    ndarray of shape (length,)
        The zeros.
    """
    return np.zeros(length + 2 * LINE, dtype=dtype)[LINE : LINE + length]


@intrinsic
def _release(typing_context: Any, array: Any, index: Any, value: Any) -> Any:
    """Set ``array[index] = value``, seen by others only after all that was written before."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = _place(context, builder, signature, arguments)
        builder.store_atomic(arguments[2], place, "release", 8)
        return context.get_dummy_value()

    return types.void(array, types.int64, types.int64), generate


@intrinsic
def _acquire(typing_context: Any, array: Any, index: Any) -> Any:
    """Return ``array[index]``; all that was written before its release is seen from now on."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = _place(context, builder, signature, arguments)
        return builder.load_atomic(place, "acquire", 8)

    return types.int64(array, types.int64), generate


def _place(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """Return a pointer to ``array.flat[index]`` of a C-contiguous array."""
    array = context.make_array(signature.args[0])(context, builder, arguments[0])
    return builder.gep(array.data, [arguments[1]])


if sys.platform == "win32":  # a thread that waits keeps its core

    @jit
    def _yield_core():
        pass
else:
    _yield_core = types.ExternalFunction("sched_yield", types.int32())


@jit(inline="always")
def message(threads, number):
    """Return the words of a thread's message of this round."""
    return threads.board[threads.round[DONE] & 1, number, 1:]


@jit(inline="always")
def next_round(threads):
    """Begin a round, as all threads must, and return the words of this thread's message, all 0."""
    threads.round[DONE] += 1
    words = message(threads, threads.number)
    fill(words, 0)
    return words


@jit(nogil=True, _nrt=False)
def barrier(threads):
    """Let the others read this thread's message, and wait for theirs or until work has failed."""
    number = threads.round[DONE]
    first = (number & 1) * threads.n_threads
    length = threads.board.shape[2]
    _release(threads.board, (first + threads.number) * length, number)
    for other in range(threads.n_threads):
        looks = 0
        while _acquire(threads.board, (first + other) * length) < number:
            looks += 1
            if looks % PATIENCE == 0:
                if _acquire(threads.failed, 0) != 0:
                    return
                _yield_core()

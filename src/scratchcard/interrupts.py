"""Ctrl-C, SIGTERM and SIGHUP while something is searched: a flag that the search reads.

A handler that raises KeyboardInterrupt raises it anywhere: in a callback of the compiler or of the
garbage collector, where Python drops it and nothing is interrupted. So while :class:`Interrupts` is
entered no handler raises. A thread of its own learns of every signal at once, also while the main
thread is in compiled code or in the compiler, and sets the flag; the search looks at it several
times a second, ends, and what it has found is kept.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Interrupts", "checkpoint"]

PATIENCE = 2.0  # seconds after the first signal from which a second one ends the process
SAVING = 30.0  # most seconds that a second signal waits for a file that is being written
_END = b"\0"  # no signal has this number


class Interrupts:
    """A context in which the first interrupt only sets a flag.

    Outside of the main thread no handler is installed, because Python allows it there alone; the
    flag stays 0.

    Parameters
    ----------
    leave : callable or None
        Ends the process, for a program such as the command line. It is called with True, in another
        thread, by a signal that comes before there is a result (see :meth:`started`), when nothing
        can be lost; and with False by a later signal, once the search has had two seconds to end in
        since the first. It never returns. With ``leave``, SIGTERM and SIGHUP are handled as Ctrl-C
        is. None is for a library in another program's process: it never ends that process, handles
        Ctrl-C alone, and only where Ctrl-C would raise KeyboardInterrupt. Another Ctrl-C, two
        seconds after the first or later, raises it.
    """

    def __init__(self, leave: Callable[[bool], object] | None = None) -> None:
        self._leave = leave
        self._words = memoryview(bytearray(8)).cast("q")
        self._has_result = False
        self._first: float | None = None  # when the first signal came
        self._was_handled = False
        self._before: dict[int, Any] = {}
        self._starting = threading.Lock()  # between a signal and started()
        self._saving = threading.Lock()
        self._over = threading.Event()

    @property
    def flag(self) -> NDArray[np.int64]:
        """The flag, (1,) int64, not 0 once a signal came; compiled code may read it."""
        import numpy as np

        return np.frombuffer(self._words, np.int64)

    @property
    def interrupted(self) -> bool:
        """Whether a signal came."""
        return bool(self._words[0])

    def started(self) -> None:
        """Say that there is a result from now on, so that the first signal only sets the flag."""
        with self._starting:
            self._has_result = True

    def check(self) -> None:
        """Raise KeyboardInterrupt if a signal came before there was a result."""
        if self.interrupted and not self._has_result:
            raise KeyboardInterrupt

    @contextlib.contextmanager
    def saving(self) -> Iterator[None]:
        """Hold off signals in a context in which a file is written; none ends the process."""
        with self._saving:
            yield

    def __enter__(self) -> Self:
        if threading.current_thread() is not threading.main_thread():
            return self
        if not (numbers := list(self._wanted())):
            return self
        self._reader, self._writer = socket.socketpair()
        self._writer.setblocking(False)
        self._thread = threading.Thread(target=self._watch, name="interrupts", daemon=True)
        self._thread.start()
        self._older_fd = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        for number in numbers:
            self._before[number] = signal.signal(number, self._handle)
        _entered.append(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if not self._before:
            return
        _entered.remove(self)
        self._over.set()
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._older_fd, warn_on_full_buffer=False)
        self._writer.send(_END)
        self._thread.join()
        self._before = {}
        self._reader.close()
        self._writer.close()

    def _wanted(self) -> Iterator[int]:
        """Yield the signals to handle."""
        if self._leave is None:
            if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
                yield signal.SIGINT
            return
        # Also where the shell that started this in the background told it to ignore Ctrl-C.
        yield from (signal.SIGINT, signal.SIGTERM)
        hangup = getattr(signal, "SIGHUP", None)
        if hangup is not None and signal.getsignal(hangup) is not signal.SIG_IGN:  # as by nohup
            yield hangup

    def _handle(self, number: int, frame: FrameType | None) -> None:
        """Leave all to the other thread, but for a library's second Ctrl-C.

        This may be called late, when the main thread comes out of compiled code.
        """
        is_later, self._was_handled = self._was_handled, True
        if self._leave is not None or not is_later or self._first is None:
            return
        if time.monotonic() - self._first >= PATIENCE:
            self._before[number](number, frame)

    def _watch(self) -> None:
        """Read the numbers of signals as they come, until the context is left."""
        while (number := self._reader.recv(1)) not in (_END, b""):
            if number[0] in self._before:
                self._arrived()
            elif self._older_fd >= 0:
                with contextlib.suppress(OSError):
                    os.write(self._older_fd, number)

    def _arrived(self) -> None:
        now = time.monotonic()
        with self._starting:
            self._words[0] = 1
            if self._leave is not None and not self._has_result:
                self._leave(True)
        if self._first is None:
            self._first = now
            return
        left = self._first + PATIENCE - now
        if self._leave is None or (left > 0 and self._over.wait(left)):
            return
        self._saving.acquire(timeout=SAVING)
        if not self._over.is_set():
            self._leave(False)


_entered: list[Interrupts] = []


def checkpoint() -> None:
    """Raise KeyboardInterrupt in the main thread if one was asked for before there was a result.

    For places where it does no harm, such as between two functions that are compiled.
    """
    if _entered and threading.current_thread() is threading.main_thread():
        _entered[-1].check()

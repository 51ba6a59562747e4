"""python -m scratchcard, and the command scratchcard: the command line as a program.

Before anything else is imported it sees to what can be wrong around a program: Ctrl-C while it
starts, standard streams that are closed, an encoding that lacks a character.
"""

import contextlib
import os
import signal
import sys
from types import FrameType


def main() -> int:
    """Run the command line as a program and return its exit code."""
    _mind_signals(130, "scratchcard: interrupted\n")
    _mend_streams()
    from scratchcard.cli import main as run

    code = run()
    _mind_signals(code)  # what is left is to end
    return code


def _mind_signals(code: int, message: str = "") -> None:
    """End the process at Ctrl-C from now on, without a traceback, unless a command takes over."""
    process = os.getpid()

    def leave(number: int, frame: FrameType | None) -> None:
        if os.getpid() == process:  # and not one that it has started
            with contextlib.suppress(OSError):
                os.write(2, message.encode())
        os._exit(code)

    signal.signal(signal.SIGINT, leave)


def _mend_streams() -> None:
    """Keep numbers 0 to 2 from other files, and let standard output write what it can.

    Where a standard stream is closed, the next file that is opened gets its number, and what is
    meant for the stream would be written into that file.
    """
    while (number := os.open(os.devnull, os.O_RDONLY)) <= 2:
        pass
    os.close(number)
    if sys.stdout is None:  # closed: an error as soon as something is written, as of a full disk
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    elif hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    raise SystemExit(main())

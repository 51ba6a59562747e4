"""Opens the ticket file argv[1] and writes it again; prints by how many bytes it grew until each.

For tests/ticket/test_memory.py, in a process of its own. Linux.
"""

import re
import sys
from pathlib import Path

from scratchcard.ticket.ticket import Ticket


def peak() -> int:
    """Return the most bytes this program held; unlike ru_maxrss it starts anew with it."""
    found = re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text("ascii"))
    assert found is not None
    return 1024 * int(found[1])


data = Path(sys.argv[1]).read_bytes()
before = peak()
ticket = Ticket.from_bytes(data)
loaded = peak() - before
assert len(ticket.to_bytes()) <= len(data)
print(loaded, peak() - before)

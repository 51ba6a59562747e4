"""Libraries of the extra ``experiments``: one that is missing is named before hours are spent."""

from __future__ import annotations

import importlib.util


def require(command: str, *libraries: str, extra: str = "experiments") -> None:
    """Raise ImportError, with the extra that has it, for a library that a command needs."""
    for library in libraries:
        if importlib.util.find_spec(library) is None:
            raise ImportError(f"{command} needs {library}: pip install 'scratchcard[{extra}]'")

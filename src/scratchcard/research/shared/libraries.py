"""Names a missing library of an extra before hours are spent."""

from __future__ import annotations

import importlib.util


def require(command: str, *libraries: str, extra: str = "experiments") -> None:
    """Check that libraries are installed.

    Parameters
    ----------
    command : str
        What needs them, for the message.
    libraries : str
        Names of modules.
    extra : str
        The extra of this package that installs them.

    Raises
    ------
    ImportError
        For one that is missing; it names the extra.
    """
    for library in libraries:
        if importlib.util.find_spec(library) is None:
            raise ImportError(f"{command} needs {library}: pip install 'scratchcard[{extra}]'")

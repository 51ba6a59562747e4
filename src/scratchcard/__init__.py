"""scratchcard: find the good network that is already inside a random one.

Every name is imported when it is first asked for, so ``from scratchcard import Ticket`` needs NumPy
alone; the search's own dependencies are imported when a search is.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scratchcard.estimators import TicketClassifier, TicketClusterer, TicketRegressor
    from scratchcard.rows import Rows
    from scratchcard.search import Genetic, Limits, Memetic, Outcome, Progress, evolve
    from scratchcard.ticket import (
        Conv2d,
        Dense,
        InputScaling,
        Mask,
        Network,
        Ticket,
        TicketError,
    )

__version__ = "0.1.0"

__all__ = [
    "Conv2d",
    "Dense",
    "Genetic",
    "InputScaling",
    "Limits",
    "Mask",
    "Memetic",
    "Network",
    "Outcome",
    "Progress",
    "Rows",
    "Ticket",
    "TicketClassifier",
    "TicketClusterer",
    "TicketError",
    "TicketRegressor",
    "__version__",
    "evolve",
]

_HOME_OF = {
    "Conv2d": "ticket",
    "Dense": "ticket",
    "Genetic": "search",
    "InputScaling": "ticket",
    "Limits": "search",
    "Mask": "ticket",
    "Memetic": "search",
    "Network": "ticket",
    "Outcome": "search",
    "Progress": "search",
    "Rows": "rows",
    "Ticket": "ticket",
    "TicketClassifier": "estimators",
    "TicketClusterer": "estimators",
    "TicketError": "ticket",
    "TicketRegressor": "estimators",
    "evolve": "search",
}


def __getattr__(name: str) -> Any:
    """Import the module that defines a public name, the first time the name is used (PEP 562)."""
    if name == "export":  # a package whose functions are called through it: export.c(ticket)
        return import_module("scratchcard.export")
    if name not in _HOME_OF:
        raise AttributeError(f"module 'scratchcard' has no attribute {name!r}")
    value = getattr(import_module(f"scratchcard.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, also those not imported yet."""
    return sorted(set(globals()) | set(__all__))

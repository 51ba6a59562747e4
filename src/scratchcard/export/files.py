"""The table of exporters: what each writes into a file, and which options it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from scratchcard.export.arrays import numpy_file
from scratchcard.export.c_code import c
from scratchcard.export.onnx_model import onnx_file
from scratchcard.export.qr_code import qr
from scratchcard.export.torch_module import torch_file
from scratchcard.export.web_page import html
from scratchcard.ticket import Ticket

__all__ = ["EXPORTERS", "Exporter"]

Tickets = Mapping[str, Ticket]


class Exporter(NamedTuple):
    """One kind of file that tickets are exported to.

    Attributes
    ----------
    what : str
        What the file is, in words.
    suffixes : tuple of str
        How the file's name may end; the first is the usual one.
    file : callable
        ``(tickets, suffix, **options) -> bytes``: tickets by name, one unless ``several``.
    options : tuple of str
        The options that it takes: ``mode`` and ``inputs`` of C; ``rows`` and ``names`` of a page.
    several : bool
        Whether one file may hold several tickets.
    """

    what: str
    suffixes: tuple[str, ...]
    file: Callable[..., bytes]
    options: tuple[str, ...] = ()
    several: bool = False


def _only(tickets: Tickets) -> Ticket:
    (ticket,) = tickets.values()
    return ticket


def _c(tickets: Tickets, suffix: str, **options: Any) -> bytes:
    return c(tickets, **options).encode("ascii")


def _html(tickets: Tickets, suffix: str, **options: Any) -> bytes:
    ((name, ticket),) = tickets.items()
    return html(ticket, title=name, **options).encode()


EXPORTERS = {
    "c": Exporter("a C99 header", (".h",), _c, ("mode", "inputs"), True),
    "html": Exporter("a web page that needs no network", (".html",), _html, ("rows", "names")),
    "onnx": Exporter("an ONNX model", (".onnx",), lambda one, suffix: onnx_file(_only(one))),
    "torch": Exporter("a torch program", (".pt2",), lambda one, suffix: torch_file(_only(one))),
    "numpy": Exporter("NumPy arrays", (".npz",), lambda one, suffix: numpy_file(_only(one))),
    "qr": Exporter(
        "a QR code", (".svg", ".png"), lambda one, suffix: qr(_only(one), suffix.lstrip("."))
    ),
}
"""What tickets can be exported to. A new kind is a file of this folder and a row here."""

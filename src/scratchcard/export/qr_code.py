"""``qr``: the whole file of a ticket as a picture that a phone reads."""

from __future__ import annotations

import io

from scratchcard.checks import as_family
from scratchcard.export.parts import check_ticket, library
from scratchcard.ticket import Ticket

__all__ = ["MAX_QR", "qr"]

MAX_QR = 2953  # bytes in the largest QR code, version 40 with the least error correction
_KINDS = {"svg": "svg", "png": "png"}
_PIXELS = 6  # of a module's side


def qr(ticket: Ticket, kind: str = "svg") -> bytes:
    """Return a QR code that holds the ticket's file, byte for byte.

    Parameters
    ----------
    ticket : Ticket
        A ticket whose file has at most 2,953 bytes.
    kind : {"svg", "png"}
        The kind of picture.

    Returns
    -------
    bytes
        The picture's file.

    Raises
    ------
    ValueError
        For anything else.
    ImportError
        Where segno is not installed.
    """
    check_ticket(ticket)
    as_family("kind", kind, _KINDS)
    data = ticket.to_bytes()
    if len(data) > MAX_QR:
        raise ValueError(
            f"export to qr takes a ticket of at most {MAX_QR} bytes, got one of {len(data)}"
        )
    segno = library("segno", "qr")
    code = segno.make_qr(data, error="l", mode="byte")
    file = io.BytesIO()
    options = {"xmldecl": True} if kind == "svg" else {}
    code.save(file, kind=kind, scale=_PIXELS, light="white", **options)
    return file.getvalue()

"""``torch``: a ticket as a torch module with ordinary weights, and as a program in a file."""

from __future__ import annotations

import io
import json
from typing import Any

from scratchcard.export.parts import classes_of, library
from scratchcard.ticket import Ticket

__all__ = ["torch", "torch_file"]


def torch(ticket: Ticket) -> Any:
    """Return a ticket as a torch module with ordinary weights and a ``state_dict``.

    Parameters
    ----------
    ticket : Ticket
        A ticket of dense layers and convolutions, whatever its outputs mean.

    Returns
    -------
    torch.nn.Sequential
        A module that takes rows (n_rows, n_columns), not scaled and finite, and returns the
        outputs, (n_rows, n_outputs), float64. Of a ticket of tables rows are
        ``ticket.columns.codes(table)``, where NaN stands for a missing cell.

    Raises
    ------
    ValueError
        For another ticket.
    ImportError
        Where torch is not installed.

    Notes
    -----
    It computes in float64, which holds every integer here: all sums are below 2**31. Where outputs
    are classes, the label is ``ticket.head.labels[int(outputs[0].argmax())]``. Whatever they mean,
    ``ticket.head.predict(outputs.numpy())`` are the answers.
    """
    library("torch", "torch", extra="torch")
    from scratchcard.export.torch_layers import module_of

    return module_of(ticket)


def torch_file(ticket: Ticket) -> bytes:
    """Return a ``.pt2`` file, which ``torch.export.load`` reads where scratchcard is not installed.

    Its extra file ``labels.json`` lists the labels, and ``columns.json`` the columns that a ticket
    of tables reads, with the values whose places are their codes.
    """
    pytorch = library("torch", "torch", extra="torch")
    labels = json.dumps(classes_of(ticket, "torch").labels.tolist())
    extra = {"labels.json": labels}
    if ticket.columns is not None:
        extra["columns.json"] = json.dumps(ticket.columns.describe())
    example = pytorch.zeros(2, ticket.n_columns, dtype=pytorch.float64)
    rows = pytorch.export.Dim("rows")
    program = pytorch.export.export(torch(ticket), (example,), dynamic_shapes=({0: rows},))
    file = io.BytesIO()
    pytorch.export.save(program, file, extra_files=extra)
    return file.getvalue()

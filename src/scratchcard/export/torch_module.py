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
        A ticket of dense layers, whatever its outputs mean.

    Returns
    -------
    torch.nn.Sequential
        A module that takes features (n_rows, n_features), not scaled and finite, and returns the
        outputs, (n_rows, n_outputs), float64.

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

    Its extra file ``labels.json`` lists the labels.
    """
    pytorch = library("torch", "torch", extra="torch")
    labels = json.dumps(classes_of(ticket, "torch").labels.tolist())
    example = pytorch.zeros(2, ticket.network.n_inputs, dtype=pytorch.float64)
    rows = pytorch.export.Dim("rows")
    program = pytorch.export.export(torch(ticket), (example,), dynamic_shapes=({0: rows},))
    file = io.BytesIO()
    pytorch.export.save(program, file, extra_files={"labels.json": labels})
    return file.getvalue()

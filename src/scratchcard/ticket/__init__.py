"""The ticket: network + seed + mask + what prediction needs, and its file. NumPy alone."""

from __future__ import annotations

from scratchcard.ticket.codec import TicketError
from scratchcard.ticket.columns import Column, Columns
from scratchcard.ticket.heads import HEADS, Classes, Head, Lines, Numbers, Reading
from scratchcard.ticket.layers import LAYERS, Conv2d, Dense, Layer
from scratchcard.ticket.mask import Mask
from scratchcard.ticket.network import Network
from scratchcard.ticket.scaling import InputScaling
from scratchcard.ticket.table import Table
from scratchcard.ticket.ticket import Ticket
from scratchcard.ticket.weights import WEIGHT_FAMILIES

__all__ = [
    "HEADS",
    "LAYERS",
    "WEIGHT_FAMILIES",
    "Classes",
    "Column",
    "Columns",
    "Conv2d",
    "Dense",
    "Head",
    "InputScaling",
    "Layer",
    "Lines",
    "Mask",
    "Network",
    "Numbers",
    "Reading",
    "Table",
    "Ticket",
    "TicketError",
]

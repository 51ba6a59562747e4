"""Heads: what outputs mean. A new one is a file here and a row in the table below."""

from __future__ import annotations

from scratchcard.ticket.heads.base import Head
from scratchcard.ticket.heads.classes import Classes
from scratchcard.ticket.heads.lines import Lines, Reading
from scratchcard.ticket.heads.numbers import Numbers

HEADS: dict[str, type[Head]] = {head.name: head for head in (Classes, Numbers)}
"""The kinds of heads by name."""

__all__ = ["HEADS", "Classes", "Head", "Lines", "Numbers", "Reading"]

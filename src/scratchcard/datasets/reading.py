"""ReadingOptions: what a user says of how a file is written; Known: what a ticket knows of columns.

The standard library only.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from scratchcard.datasets.dataset import DataError

__all__ = ["Known", "ReadingOptions"]

WORDS = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "bar": "|", "space": " "}
_NO_DELIMITERS = '"\r\n.+-'


@dataclass(frozen=True)
class ReadingOptions:
    """How a file with a table is written. What is None is found out.

    Parameters
    ----------
    delimiter : str or None
        What parts columns: one character, or ``comma``, ``semicolon``, ``tab``, ``bar``, ``space``.
    decimal : {".", ","} or None
        The decimal mark.
    encoding : str or None
        The encoding, as Python names it.
    header : bool or None
        Whether the first row names the columns.
    drop : tuple of str
        Columns to leave out: their names, or their places from 0 where they have no names.
    missing : tuple of str
        Cells that stand for a missing value, beside empty ones, ``?``, ``NA``, ``N/A``, ``nan`` and
        ``null``.

    Raises
    ------
    DataError
        For a delimiter, decimal mark or encoding that there is not.
    """

    delimiter: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    header: bool | None = None
    drop: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.delimiter is not None:
            delimiter = WORDS.get(self.delimiter.lower(), self.delimiter)
            is_one = len(delimiter) == 1 and delimiter.isascii() and not delimiter.isalnum()
            if not is_one or delimiter in _NO_DELIMITERS:
                raise DataError(
                    "--delimiter (delimiter) takes one character such as ; or one of comma, "
                    f"semicolon, tab, bar and space, got {self.delimiter!r}"
                )
            object.__setattr__(self, "delimiter", delimiter)
        if self.decimal not in (None, ".", ","):
            raise DataError(f"--decimal (decimal) takes '.' or ',', got {self.decimal!r}")
        if self.encoding is not None:
            try:
                is_text = codecs.lookup(self.encoding)._is_text_encoding
            except (LookupError, ValueError):
                is_text = False
            if not is_text:
                raise DataError(
                    "--encoding (encoding) takes the name of an encoding, such as utf-8, latin-1, "
                    f"cp1252 or utf-16, got {self.encoding!r}"
                )

    @property
    def of_text(self) -> list[str]:
        """The options given that only a file of text takes."""
        given = {
            "--delimiter": self.delimiter,
            "--decimal": self.decimal,
            "--encoding": self.encoding,
            "--header/--no-header": self.header,
        }
        return [option for option, value in given.items() if value is not None]

    @property
    def given(self) -> list[str]:
        """The options given."""
        more = {"--drop": self.drop, "--missing": self.missing}
        return self.of_text + [option for option, value in more.items() if value]


class Known(NamedTuple):
    """What a ticket knows of the columns that it reads.

    Attributes
    ----------
    n_columns : int
        How many they are.
    names : tuple of str or None, or None
        Their names, None of one that the ticket does not read; None if they are known by their
        places alone.
    categories : frozenset of int
        Places of those whose cells are read as they stand: categories, and what it does not read.
    values : dict of int to tuple of str
        By the places of categories, the values that it reads.
    """

    n_columns: int
    names: tuple[str | None, ...] | None = None
    categories: frozenset[int] = frozenset()
    values: Mapping[int, tuple[str, ...]] = MappingProxyType({})

"""Text: the bytes of a file as text, whatever it is encoded in. The standard library only."""

from __future__ import annotations

import codecs
import gzip
import re
import zlib

from scratchcard.datasets.dataset import DataError

__all__ = ["decoded", "line_at", "unpacked"]

GZIP = b"\x1f\x8b"
_MARKS = (  # the longer ones first
    (codecs.BOM_UTF8, "utf-8-sig", ""),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_LINE_END = re.compile(r"\r\n|\r|\n")
_SAYS = "--encoding (encoding) says which it is"


def unpacked(shown: str, content: bytes) -> bytes:
    """Return what is in a gzip file; other bytes as they are.

    Parameters
    ----------
    shown : str
        The file, for errors.
    content : bytes
        Its bytes.

    Returns
    -------
    bytes
        What was packed.

    Raises
    ------
    DataError
        For a file that is cut short or damaged.
    """
    if not content.startswith(GZIP):
        return content
    try:
        return gzip.decompress(content)
    except EOFError as error:
        raise DataError(f"{shown}: the gzip file is cut short") from error
    except (OSError, zlib.error) as error:
        raise DataError(f"{shown}: the gzip file is damaged: {error}") from error


def decoded(shown: str, content: bytes, encoding: str | None) -> tuple[str, str]:
    """Return the text in some bytes, and the name of an encoding that was found out.

    Without a mark it is UTF-8; where that cannot be, Windows-1252 or Latin-1.

    Parameters
    ----------
    shown : str
        The file, for errors.
    content : bytes
        Its bytes.
    encoding : str or None
        The encoding; None to find out.

    Returns
    -------
    tuple of str and str
        The text without a mark, and the name of the encoding, "" for UTF-8 and one that was given.

    Raises
    ------
    DataError
        For what is no text, or in another encoding than the one given.
    """
    if encoding is not None:
        text, name = _strictly(shown, content, encoding), ""
    else:
        marked = [(known, name) for mark, known, name in _MARKS if content.startswith(mark)]
        if marked:
            text, name = _strictly(shown, content, marked[0][0]), marked[0][1]
        else:
            text, name = _without_a_mark(shown, content)
    place = text.find("\0")
    if place >= 0:
        raise DataError(
            f"{shown}: line {line_at(text, place)} holds a NUL character, so this is no text; of "
            "UTF-16 without a mark --encoding (encoding) takes utf-16-le or utf-16-be"
        )
    return text.removeprefix("\ufeff"), name


def _strictly(shown: str, content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeError as error:
        start = error.start if isinstance(error, UnicodeDecodeError) else 0
        line = line_at(content[:start].decode(encoding, "replace"))
        raise DataError(f"{shown}: line {line} is not text in {encoding}; {_SAYS}") from error


def _without_a_mark(shown: str, content: bytes) -> tuple[str, str]:
    try:
        return content.decode("utf-8"), ""
    except UnicodeDecodeError as error:
        line = line_at(content[: error.start].decode("utf-8"))
        text = content.decode("utf-8", "replace")
        if any(c != "\ufffd" and not c.isascii() for c in text):
            raise DataError(
                f"{shown}: line {line} is not text in UTF-8, though others seem to be; {_SAYS}"
            ) from error
    try:
        text, name = content.decode("cp1252"), "Windows-1252"
    except UnicodeDecodeError:  # it leaves some bytes open
        text, name = content.decode("latin-1"), "Latin-1"
    if text == content.decode("latin-1"):
        name = "Latin-1"
    if _CONTROL.search(text):
        raise DataError(f"{shown}: line {line} is not text in UTF-8, nor in Latin-1; {_SAYS}")
    return text, name


def line_at(text: str, place: int | None = None) -> int:
    """Return the line that a place in a text is in.

    Parameters
    ----------
    text : str
        The text.
    place : int or None
        The place; None for its end.

    Returns
    -------
    int
        The line, from 1.
    """
    end = len(text) if place is None else place
    return 1 + sum(1 for _ in _LINE_END.finditer(text, 0, end))

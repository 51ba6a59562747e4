"""Text that people read: control characters are shown, and nothing is longer than it has to be.

Names of classes, columns and files come from anywhere; printed as they are they could move the
cursor of a terminal, break a table, or fill the screen. The standard library only.
"""

from __future__ import annotations

__all__ = ["one_line", "printable", "shortened"]

LONGEST = 300  # most characters of an error
_GAP = " … "
_JOINERS = "\u200c\u200d"  # Persian words and emoji are written with them; they have no width


def printable(text: str) -> str:
    r"""Return the text with characters that are not printed as themselves as escapes like ``\x1b``.

    Those are control characters, line ends, and what turns the direction of writing.

    Parameters
    ----------
    text : str
        The text.

    Returns
    -------
    str
        The printable text.
    """
    if text.isprintable():
        return text
    return "".join(
        c
        if c.isprintable() or c in _JOINERS
        else c.encode("unicode_escape", "surrogatepass").decode()
        for c in text
    )


def shortened(text: str, most: int = LONGEST) -> str:
    """Return the text, with its middle cut out if it is too long.

    Parameters
    ----------
    text : str
        The text.
    most : int
        Most characters.

    Returns
    -------
    str
        The text in at most ``most`` characters.
    """
    if len(text) <= most:
        return text
    half = (most - len(_GAP)) // 2
    return text[: most - len(_GAP) - half] + _GAP + text[-half:]


def one_line(text: str, most: int = LONGEST) -> str:
    """Return the text as one printable line.

    Parameters
    ----------
    text : str
        The text.
    most : int
        Most characters.

    Returns
    -------
    str
        At most ``most`` characters, with control characters as escapes.
    """
    text = shortened(text, 8 * most)  # so that what follows takes no time for a text of megabytes
    return shortened(printable(" ".join(text.split())), most)

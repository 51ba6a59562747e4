"""What a person sees: the live progress line on standard error, and tables on standard output."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

import click
from rich.console import Console
from rich.live import Live
from rich.text import Text

if TYPE_CHECKING:
    from scratchcard.search import Progress

_REFRESH = 0.1  # seconds between two updates of the live line
_PLAIN = 10.0  # seconds between two lines where standard error is not a terminal
_FIRST = "preparing the search (the first one compiles the engine, which takes a while)"


class ProgressLine:
    """A callback for a search, and the context in which its line is on the screen.

    On a terminal one line is kept up to date, and vanishes at the end. Elsewhere a plain line is
    written every ten seconds.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False)
        self._live: Live | None = None
        self._next = 0.0

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live = Live(
                _line(_FIRST), console=self._console, auto_refresh=False, transient=True
            )
            self._live.start(refresh=True)
        else:
            self._next = time.monotonic() + _PLAIN
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._live:
            self._live.stop()

    def __call__(self, progress: Progress) -> bool:
        """Show how far the search is; never asks it to stop."""
        now = time.monotonic()
        if now < self._next:
            return False
        if self._live:
            self._live.update(_line(describe(progress)), refresh=True)
            self._next = now + _REFRESH
        else:
            self._console.print(describe(progress), soft_wrap=True)
            self._next = now + _PLAIN
        return False


def _line(text: str) -> Text:
    return Text(text, no_wrap=True, overflow="ellipsis")


def describe(progress: Progress) -> str:
    """Return one line that says how far a search is."""
    of_all = "" if progress.generations is None else f"/{progress.generations}"
    parts = [f"gen {progress.generation}{of_all}"]
    if 0 < progress.fraction <= 1:
        left = progress.seconds * (1 - progress.fraction) / progress.fraction
        parts.append(f"{clock(left)} left")
    parts.append(f"objective {progress.objective:.4f}")
    if progress.validation_accuracy is not None:
        parts.append(f"val {percent(progress.validation_accuracy)}")
    parts.append(f"density {percent(progress.density)}")
    parts.append(f"{thousands(progress.evaluations_per_second)}/s")
    return "  ".join(parts)


def percent(share: float) -> str:
    """Return a share of 1 in percent: 97.3 %, 9.82 %, 0.0512 %."""
    return f"{100 * share:.1f} %" if share >= 0.1 or share == 0 else f"{100 * share:.3g} %"


def clock(seconds: float) -> str:
    """Return a time as minutes:seconds, or hours:minutes:seconds."""
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}:{rest:02}"
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def thousands(rate: float) -> str:
    """Return a rate in few characters: 940, 12k, 3.1M."""
    if rate >= 1e6:
        return f"{rate / 1e6:.1f}M"
    return f"{rate / 1e3:.0f}k" if rate >= 1e4 else f"{rate:.0f}"


def print_table(rows: Sequence[tuple[str, str]]) -> None:
    """Print names and values in two columns on standard output."""
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        click.echo(click.style(name.ljust(width), bold=True) + f"  {value}")

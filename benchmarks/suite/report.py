"""What a part hands in: rows of plain values, written as JSON and shown as a Markdown table."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Table:
    """A table for people: a title, and rows that share their keys, which head the columns."""

    title: str
    rows: Sequence[Row]
    note: str = ""

    def markdown(self) -> str:
        """The table as Markdown."""
        if not self.rows:
            return f"### {self.title}\n\nNothing was measured.\n"
        heads = list(self.rows[0])
        lines = [f"### {self.title}", ""]
        lines += [self.note, ""] if self.note else []
        lines.append(f"| {' | '.join(heads)} |")
        lines.append(f"|{'---|' * len(heads)}")
        lines += [f"| {' | '.join(shown(row.get(head)) for head in heads)} |" for row in self.rows]
        return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Part:
    """What one part of the suite measured: data for machines, tables for people, pictures."""

    data: Any
    tables: Sequence[Table]
    pictures: Sequence[Path] = field(default_factory=tuple)


def shown(value: Any) -> str:
    """A cell: numbers to three figures, with thousands set apart."""
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def percent(share: float | None) -> str | None:
    """An accuracy as people read it."""
    return None if share is None else f"{100 * share:.2f} %"


def write_json(path: Path, content: Any) -> None:
    """Write plain values, made readable."""
    path.write_text(json.dumps(content, indent=1, default=str) + "\n", encoding="utf-8")

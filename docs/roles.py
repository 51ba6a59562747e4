"""A hook of mkdocs: makes links of roles in docstrings, as of ``:class:`~scratchcard.Mask```."""

from __future__ import annotations

import re

ROLE = re.compile(
    r":(?:class|data|exc|func|meth|mod|attr):<code>(?P<short>~)?(?:(?P<text>[^<&]+?) &lt;)?"
    r"(?P<name>[\w.]+)(?:&gt;)?</code>"
)


def on_page_content(html: str, **_: object) -> str:
    """Return the page with each role as a reference; one that leads nowhere stays plain code."""
    return ROLE.sub(_reference, html)


def _reference(role: re.Match[str]) -> str:
    name = role["name"].lstrip(".")
    text = role["text"] or (name.rsplit(".", 1)[-1] if role["short"] else name)
    if not name.startswith("scratchcard"):
        name = f"scratchcard.{name}"
    return f'<autoref optional identifier="{name}"><code>{text}</code></autoref>'

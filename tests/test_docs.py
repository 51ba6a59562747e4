# The README and the site: they build, their links lead somewhere, and examples run.
from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import click
import pytest

from scratchcard.cli import cli

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PAGES = [README, ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
EXAMPLES = [page for page in PAGES if "guide" in page.parts and "```python" in page.read_text()]
BEFORE = """
from sklearn.datasets import load_digits

X, y = load_digits(return_X_y=True)
X_train, y_train, X_validation, y_validation = X[:1500], y[:1500], X[1500:], y[1500:]
"""  # what readers bring along
API = [path.stem for path in sorted((ROOT / "docs" / "api").glob("*.md"))]


class Parts(HTMLParser):
    """The anchors of a page, and the addresses of what a browser loads to show it."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.loaded: list[str] = []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        found = {name: value or "" for name, value in attrs}
        if "id" in found:
            self.anchors.add(found["id"])
        if tag == "link" and found.get("rel") not in ("canonical", "next", "prev"):
            self.loaded.append(found.get("href", ""))
        elif tag in ("script", "img", "iframe", "source"):
            self.loaded.append(found.get("src", ""))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site, built as a reader would build it."""
    for tool in ("mkdocs", "material", "mkdocstrings", "mkdocs_click"):
        pytest.importorskip(tool, reason="the extra docs is not installed")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}  # an advertisement, not a warning
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "WARNING" not in said, said
    return folder


def test_site_builds_without_warnings_and_has_a_page_for_each_file(site):
    for page in (ROOT / "docs").rglob("*.md"):
        assert (site / page.relative_to(ROOT / "docs")).with_suffix(".html").is_file()


def test_reading_the_site_needs_no_network(site):
    for page in site.rglob("*.html"):
        outside = [url for url in Parts(page).loaded if re.match(r"(https?:)?//", url)]
        assert not outside, page


def test_site_names_every_command_and_option(site):
    text = (site / "cli.html").read_text(encoding="utf-8")
    for name, command in _commands("scratchcard", cli):
        assert f">{name}<" in text, name
        for parameter in command.params:
            for option in parameter.opts if isinstance(parameter, click.Option) else ():
                assert option in text, (name, option)


def _commands(name, command):
    yield name, command
    for below, one in getattr(command, "commands", {}).items():
        yield from _commands(f"{name} {below}", one)


@pytest.mark.parametrize("page", API)
def test_site_has_every_public_name(site, page):
    package = "scratchcard" if page == "scratchcard" else f"scratchcard.{page}"
    anchors = Parts(site / "api" / f"{page}.html").anchors
    names = set(importlib.import_module(package).__all__) - {"__version__"}
    assert {f"{package}.{name}" for name in names} <= anchors


def test_example_of_the_readme_runs_as_it_stands(tmp_path):
    (example,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", example], cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    accuracy, density = map(float, done.stdout.split("\n")[0].split())
    assert accuracy > 0.95
    assert density <= 0.1
    assert (tmp_path / "digits.ticket").stat().st_size < 600


@pytest.mark.parametrize("page", EXAMPLES, ids=lambda page: page.stem)
def test_examples_of_the_guide_run(page, tmp_path):
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    code = "\n".join([BEFORE, *blocks])
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_readme_takes_no_more_than_two_screens():
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 110


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_that_exist(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    links = re.findall(r"\]\(([^)#\s]+)", text)
    missing = [
        link
        for link in links
        if not re.match(r"[a-z]+:", link) and not (page.parent / link).exists()
    ]
    assert not missing

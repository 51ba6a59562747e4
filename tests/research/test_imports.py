"""What researchers run uses the library as any user would: only by names its packages export."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

import pytest

import scratchcard.research

FOLDER = Path(scratchcard.research.__file__).parent
FILES = sorted(FOLDER.rglob("*.py"))
PUBLIC = (
    "scratchcard",
    "scratchcard.checks",
    "scratchcard.datasets",
    "scratchcard.drawing",
    "scratchcard.engines",
    "scratchcard.objectives",
    "scratchcard.rows",
    "scratchcard.search",
    "scratchcard.search.controls",
    "scratchcard.files",
    "scratchcard.goals",
    "scratchcard.ticket",
    "scratchcard.workers",
)
FIND = {"Found", "Search", "find"}  # of scratchcard.find, which has no list of its public names


def imported(path: Path):
    """The module and the name of everything that a file imports; no name for a whole module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, None
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            for alias in node.names:
                yield node.module, alias.name


def is_ours(module: str) -> bool:
    return module == "scratchcard" or module.startswith("scratchcard.")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(FOLDER).as_posix())
def test_only_public_names_of_the_library_are_imported(path):
    for module, name in imported(path):
        if not is_ours(module) or module.startswith("scratchcard.research."):
            continue
        if (module, name) == ("scratchcard", "research") or module == "scratchcard.research":
            continue
        assert name is not None, f"import {module}: import its names instead"
        if module == "scratchcard.find":
            assert name in FIND
            continue
        assert module in PUBLIC, f"{module} is no package with public names"
        assert name in import_module(module).__all__, f"{module} does not export {name}"


def test_studies_share_only_what_is_shared():
    """A study can be read, and removed, without the others."""
    studies = ("compare", "landscape", "paper", "survivors", "sweep")
    for study in studies:
        others = tuple(f"scratchcard.research.{other}" for other in studies if other != study)
        for path in (FOLDER / study).rglob("*.py"):
            assert not [module for module, _ in imported(path) if module.startswith(others)], path
    for shared in ("shared", "baselines"):
        for path in (FOLDER / shared).rglob("*.py"):
            for module, _ in imported(path):
                assert not module.startswith(tuple(f"scratchcard.research.{s}" for s in studies))


def test_nothing_below_imports_what_researchers_run():
    package = FOLDER.parent
    for path in package.rglob("*.py"):
        if FOLDER not in path.parents and package / "cli" not in path.parents:
            assert not [m for m, _ in imported(path) if m.startswith("scratchcard.research")], path


def test_every_file_that_is_searched_is_there():
    assert {path.parent.name for path in FILES} >= {"compare", "paper", "landscape", "survivors"}
    assert len(FILES) > 30

# The package as a whole: its public names, what importing it costs, and its own tools' opinion.
from __future__ import annotations

import ast
import importlib
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

import scratchcard

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "src").rglob("*.py"))
MOST_POSITIONAL = 7
FLOORS = (
    ("cli", "__main__"),
    ("research",),
    ("drawing",),
    ("estimators",),
    ("find",),
    ("insight",),
    ("goals",),
    ("search",),
    ("workers",),
    ("datasets",),
    ("engines",),
    ("objectives",),
    ("compiled",),
    ("rows",),
    ("export",),
    ("ticket",),
    ("interrupts", "files", "text", "checks", "distinct", "cores", "__init__"),
)
"""The rooms of docs/architecture.md, from top to bottom."""


def test_every_public_name_can_be_had():
    for name in scratchcard.__all__:
        assert getattr(scratchcard, name) is not None
    assert set(scratchcard.__all__) <= set(dir(scratchcard))
    assert set(scratchcard._HOME_OF) == set(scratchcard.__all__) - {"__version__"}


def test_export_can_be_had_without_importing_it():
    code = "import scratchcard; print(*sorted(scratchcard.export.EXPORTERS))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["c", "html", "numpy", "onnx", "qr", "torch"]


def test_other_names_are_refused():
    with pytest.raises(AttributeError, match="no attribute 'Tickets'"):
        _ = scratchcard.Tickets


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import scratchcard", {"numpy"}),
        (
            "from scratchcard import Mask, Network, Ticket, TicketError",
            {"sklearn", "scipy", "numba", "rich", "click", "pyarrow", "pandas"},
        ),
        ("from scratchcard import export", {"sklearn", "scipy", "numba", "torch", "onnx", "segno"}),
        ("import scratchcard.cli", {"sklearn", "scipy", "numba", "pyarrow", "pandas"}),
    ],
)
def test_imports_no_more_than_needed(code, absent):
    code = f"import sys\n{code}\nprint(*sorted({absent} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr, done.stdout.strip()) == (0, "", "")


def test_ci_runs_the_command_that_the_readme_gives():
    command = (ROOT / ".ci" / "run").read_text().splitlines()[-1]
    assert command in (ROOT / "README.md").read_text().splitlines()


@pytest.mark.parametrize(("tool", "arguments"), [("ruff", ("check", ".")), ("mypy", ())])
def test_tool_finds_nothing(tool, arguments):
    if importlib.util.find_spec(tool) is None:
        pytest.skip(f"{tool} is not installed")
    command = [sys.executable, "-m", tool, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_function_takes_many_positional_arguments(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            names = [one.arg for one in (*node.args.posonlyargs, *node.args.args)]
            own = names[1:] if names[:1] in (["self"], ["cls"]) else names
            assert len(own) <= MOST_POSITIONAL, f"line {node.lineno} takes {own}"


def test_no_two_public_things_share_a_name():
    """A name in ``__all__`` of a package means one thing, wherever it can be imported from."""
    meanings: dict[str, object] = {}
    for path in SOURCES:
        if path.name == "__init__.py" and "research" not in path.parts:
            package = ".".join(path.parent.relative_to(ROOT / "src").parts)
            module = importlib.import_module(package)
            for name in set(getattr(module, "__all__", ())) - {"__version__"}:
                thing = getattr(module, name)
                assert meanings.setdefault(name, thing) is thing, f"{name} in {package}"


def floor_of(module: str) -> int:
    room = [*module.split("."), "__init__"][1]
    return next(number for number, rooms in enumerate(FLOORS) if room in rooms)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_only_point_down(path):
    """What is imported inside a function counts too; what only types need does not."""
    module = ".".join(path.relative_to(ROOT / "src").with_suffix("").parts)
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body.clear()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "scratchcard":
            assert floor_of(node.module) >= floor_of(module), f"line {node.lineno}: {node.module}"

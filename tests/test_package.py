# The package as a whole: its public names, what importing it costs, and its own tools' opinion.
from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

import scratchcard

ROOT = Path(__file__).parent.parent


def test_every_public_name_can_be_had():
    for name in scratchcard.__all__:
        assert getattr(scratchcard, name) is not None
    assert set(scratchcard.__all__) <= set(dir(scratchcard))
    assert set(scratchcard._HOME_OF) == set(scratchcard.__all__) - {"__version__"}


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

"""The table of commands: every command is found by its row, and a new one is a row."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from scratchcard.cli import COMMANDS, cli, main

HEAVY = "sklearn", "scipy", "numba", "pyarrow", "pandas", "matplotlib", "torch"


@click.command(short_help="Count what it is given.")
@click.argument("things", nargs=-1)
def count(things: tuple[str, ...]) -> int:
    """Count THINGS, as a study that somebody adds might."""
    click.echo(len(things))
    return 0


def test_a_new_command_is_a_row(monkeypatch, capsys):
    monkeypatch.setitem(COMMANDS, "count", f"{__name__}:count")
    assert main(["count", "a", "b"]) == 0
    assert capsys.readouterr().out == "2\n"
    assert main(["--help"]) == 0
    assert "Count what it is given." in capsys.readouterr().out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_help_text(name, capsys):
    assert main([name, "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"Usage: scratchcard {name}")


def test_commands_import_no_heavy_library_before_they_work():
    code = (
        "import sys, click; from scratchcard.cli import cli; context = click.Context(cli)\n"
        "commands = [cli.get_command(context, name) for name in cli.list_commands(context)]\n"
        f"print(len(commands), [name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == f"{len(COMMANDS)} []\n"


def test_an_unknown_command_is_none_of_the_rows():
    assert cli.get_command(click.Context(cli), "search") is None

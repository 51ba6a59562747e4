"""The command line: ``scratchcard find``, ``predict``, ``compare`` and the others. click and rich.

Exit codes: 0 done; 1 a result could not be written; 2 bad usage or input, with one line on standard
error that says what is wrong; 130 interrupted, after the best ticket so far, or the
runs that were over, had been saved.

Where a ticket could not be written to its place but to another, that is code 1, and where a result
could not be printed either. What is printed shows control characters as escapes.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

import click

from scratchcard import __version__
from scratchcard.cli.console import checked_output, complain
from scratchcard.cli.running import INTERRUPTED

COMMANDS = {
    "find": "scratchcard.cli.finding:find",
    "export": "scratchcard.cli.exporting:export",
    "show": "scratchcard.cli.showing:show",
    "predict": "scratchcard.cli.using:predict",
    "landscape": "scratchcard.cli.landscape:landscape",
    "compare": "scratchcard.cli.comparing:compare",
    "sweep": "scratchcard.cli.sweeping:sweep",
    "controls": "scratchcard.cli.controlling:controls",
    "survivors": "scratchcard.cli.surviving:survivors",
    "reproduce": "scratchcard.cli.reproducing:reproduce",
}
"""Where each command is, as module:name. A new command, or a study's, is a row here."""


class _LazyGroup(click.Group):
    """A group that imports a command when it is asked for."""

    def list_commands(self, context: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, attribute = COMMANDS[name].split(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command


@click.group(
    cls=_LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="scratchcard")
@click.pass_context
def cli(context: click.Context) -> None:
    """Find the good network that is already inside a random one."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help(), err=True)
        context.exit(2)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; never shows a traceback for bad input."""
    try:
        with checked_output():
            code = cli.main(arguments, prog_name="scratchcard", standalone_mode=False)
    except click.ClickException as error:
        complain(error.format_message())
        return error.exit_code
    except click.Abort:
        complain("interrupted before there was a result")
        return INTERRUPTED
    except (ValueError, OSError, MemoryError, RuntimeError) as error:  # foreseen by no command
        out_of = "out of memory: " if isinstance(error, MemoryError) else ""
        complain(out_of + (str(error) or type(error).__name__))
        return 2
    return int(code or 0)

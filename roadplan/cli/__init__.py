"""The command line: thin shells that read arguments, call the library and show the result.

Exit codes: 0 done; 1 the input or the thing checked has faults, or a file cannot be written; 2 the
command was called wrongly; 3 an outside service did not answer; 130 interrupted.
"""

from __future__ import annotations

import importlib
import os
import sys

import click

from roadplan import __version__
from roadplan.errors import RoadplanError, ServiceError

_COMMANDS = {
    "corridor": (
        "roadplan.cli.corridor:corridor",
        "Locate, check, import, export and refresh the road.",
    ),
    "progress": ("roadplan.cli.progress:progress", "Keep the ledger of the works and forecast."),
    "run": ("roadplan.cli.run:run", "Make every page and table of a corridor in one go."),
    "storm": ("roadplan.cli.storm:storm", "List, draw and read storms."),
    "traffic": ("roadplan.cli.traffic:traffic", "Simulate queues and jams."),
    "winter": ("roadplan.cli.winter:winter", "Place the crews and plan what they clear."),
}
"""Command → where it is and its line in the help, so that help needs no heavy import."""

EXIT_FAULTS = 1
EXIT_SERVICE = 3
EXIT_INTERRUPTED = 130


class LazyGroup(click.Group):
    """A group that imports a command only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names of the commands."""
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return one command."""
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), name)
        if not isinstance(command, click.Command):
            raise TypeError(f"{_COMMANDS[cmd_name][0]} is no command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands with their short help."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, _COMMANDS[name][1]) for name in self.list_commands(ctx)])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done; 1 faults in the input; 2 wrong call; 3 a service did not answer.",
)
@click.version_option(__version__, prog_name="roadplan")
def cli() -> None:
    """Model a highway, track its works and plan its snow clearing."""


def main(args: list[str] | None = None) -> None:
    """Run the command line and leave with its exit code; errors are one message, no traceback."""
    # A console in a legacy code page must not turn a Cyrillic name into a crash.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        result = cli.main(args=args, prog_name="roadplan", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("Interrupted.", err=True)
        sys.exit(EXIT_INTERRUPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except ServiceError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(EXIT_SERVICE)
    except RoadplanError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(EXIT_FAULTS)
    except BrokenPipeError:
        # Whoever read our output, as `head`, has seen enough; nothing more may be flushed to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(EXIT_FAULTS)
    except OSError as error:
        # A full disk, a folder that may not be written: the system's own words and the file.
        place = f"{error.filename}: " if error.filename else ""
        click.echo(f"Error: {place}{error.strerror or error}", err=True)
        sys.exit(EXIT_FAULTS)
    sys.exit(result if isinstance(result, int) else 0)

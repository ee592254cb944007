"""The command line: which command is in which file, and how every command ends.

Commands are loaded when they are called: `hotspare status` must be quick, so it may load no screen, no server and no
database. Standard output is data, standard error is narration, exit codes are the contract's; never a traceback.
"""

import contextlib
import importlib
import keyword
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from hotspare.app import ending
from hotspare.app.options import Chosen, config_option, port_option

_FILES = {
    "run": ("demo", "serve"),
    "attach": ("up", "attach", "down", "relay"),
    "look": ("status", "models", "about"),
    "requests": ("requests", "explain"),
    "past": ("errors", "slow", "callers", "cost", "history", "journal"),
    "act": (
        "force", "skip-primary", "release", "disable", "enable", "drain", "clear", "priorities", "undo", "redo",
    ),
    "send": ("prompt", "resend"),
    "configure": ("check", "providers", "actions"),
    "convert": ("import",),
    "config": ("schema", "config"),
    "begin": ("init", "doctor"),
    "keep": ("store", "logs"),
}  # fmt: skip
_FILE_OF = {name: file for file, names in _FILES.items() for name in names}


class Commands(click.Group):
    """The commands of the table above, each loaded when it is asked for."""

    def list_commands(self, _context: click.Context) -> list[str]:
        return list(_FILE_OF)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        file = _FILE_OF.get(name)
        if file is None:
            return None
        attribute = name.replace("-", "_") + ("_" if keyword.iskeyword(name) else "")
        found = getattr(importlib.import_module(f"hotspare.app.commands.{file}"), attribute)
        return found if isinstance(found, click.Command) else None


def _show_version(context: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted:
        from hotspare.app.version import version  # noqa: PLC0415 - reading the package's metadata takes 40 ms

        click.echo(f"hotspare {version()}")
        context.exit()


@click.group(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@config_option
@port_option
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Say the version and end.",
)
@click.pass_context
def hotspare(context: click.Context, config: Path | None, port: int | None) -> None:
    """Watch live LLM traffic fall back, and steer it.

    Without a command: the console, with the gateway in it. `hotspare demo` needs no key and no configuration.
    """
    context.obj = Chosen(config=config, port=port)
    if context.invoked_subcommand is None:
        from hotspare.app.commands.run import console  # noqa: PLC0415 - the screen and the server, only where wanted

        context.exit(console(context.obj))


def run(arguments: Sequence[str]) -> int:
    """Carry one command line out and give its exit code; whatever happens is told in a sentence."""
    try:
        result: Any = hotspare.main(list(arguments), prog_name="hotspare", standalone_mode=False)
        sys.stdout.flush()
    except BaseException as error:  # noqa: BLE001 - the top of the program: everything becomes a sentence
        return ending.tell(error)
    return result if isinstance(result, int) else 0


def main() -> None:
    """The entry point of the installed program."""
    code = run(sys.argv[1:])
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
    sys.exit(code)

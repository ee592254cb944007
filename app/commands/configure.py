"""The commands about the configuration: what a file means, and what can be done."""

import os
from datetime import UTC, datetime
from pathlib import Path

import click

from hotspare.app import printing
from hotspare.app.actions import as_rows
from hotspare.app.options import json_option
from hotspare.app.printing import Column
from hotspare.widgets.plain import plain

ACTION_COLUMNS: tuple[Column, ...] = (("keys", "keys"), ("title", "what"), ("tier", "tier"), ("command", "command"))


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@json_option
def check(file: Path, *, as_json: bool) -> int:
    """Say what Hotspare understands of FILE: its chains and models, and what comes of every key.

    The exit code is 1 where the file is understood and could not be served here.
    """
    from hotspare.configuration.check import lines, report  # noqa: PLC0415 - the readers of all formats

    found = report(file, os.environ, datetime.now(UTC).date())
    if as_json:
        printing.print_json(found.as_json())
    else:
        for line in lines(found):
            click.echo(plain(line, 2000))
    return 0 if found.runnable else 1


@click.command()
@json_option
def actions(*, as_json: bool) -> None:
    """List everything an operator can do: keys, and the command that does the same."""
    found = as_rows()
    if as_json:
        printing.print_json(found)
    else:
        shown = [{**row, "keys": " ".join(row["keys"])} for row in found]
        printing.print_table(shown, ACTION_COLUMNS, empty="")

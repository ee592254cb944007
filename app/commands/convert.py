"""The command that makes another program's configuration ours."""

import os
from datetime import UTC, datetime
from pathlib import Path

import click

from hotspare.app import printing
from hotspare.app.options import json_option
from hotspare.router.error import HotspareError
from hotspare.widgets.plain import plain

LINE_CHARACTERS = 2000


class Exists(HotspareError):
    """The file that was to be written is there already."""

    exit_code = 4


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Where to write it; else printed."
)
@click.option("--yes", is_flag=True, help="Write over a file that is there.")
@json_option
def import_(file: Path, output: Path | None, *, yes: bool, as_json: bool) -> None:
    """Turn another program's configuration into a hotspare.toml, and say what becomes of every key of it.

    FILE is one of LiteLLM, DocETL, TinyLLM, HumanLayer, Portkey or claude-code-router, or a fallback_chain.
    """
    from hotspare.configuration.importing import imported, lines  # noqa: PLC0415 - the readers of all formats
    from hotspare.configuration.writing import write_atomically  # noqa: PLC0415

    found = imported(file, os.environ, datetime.now(UTC).date())
    if output is not None:
        if output.exists() and not yes:
            raise Exists(f"{output} is there already", "name another file, or say --yes to write over it")
        write_atomically(output, found.text.encode())
    if as_json:
        printing.print_json(found.as_json())
        return
    if output is None:
        click.echo(found.text, nl=False)
    for line in lines(found):
        click.echo(plain(line, LINE_CHARACTERS), err=output is None)
    if output is not None:
        click.echo(f"hotspare: written: {output}\n  look at it: hotspare check {output}", err=True)

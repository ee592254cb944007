"""The commands about the configuration: what a file means, and what can be done."""

import contextlib
import os
from datetime import UTC, datetime
from pathlib import Path

import click

from hotspare.app import printing
from hotspare.app.actions import as_rows
from hotspare.app.options import json_option
from hotspare.app.printing import Column
from hotspare.widgets.plain import plain

PROVIDER_COLUMNS: tuple[Column, ...] = (
    ("name", "name"),
    ("dialect", "dialect"),
    ("needs", "needs"),
    ("proved", "proved"),
    ("proxy", "proxy"),
    ("base_url", "address"),
)
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
@click.pass_context
def providers(context: click.Context, *, as_json: bool) -> None:
    """List the providers that are known, and the configuration's own: what each needs, and whether it is there."""
    from hotspare.configuration.listing import full_name, needs_in_words, report  # noqa: PLC0415 - the readers of all formats
    from hotspare.configuration.presets import ON_A_DOUBLE  # noqa: PLC0415 - likewise

    found = report(_path(context), os.environ, datetime.now(UTC).date())
    if as_json:
        printing.print_json([row.as_json() for row in found])
        return
    rows = [{**row.as_json(), "name": full_name(row), "needs": needs_in_words(row)} for row in found]
    proxied = any(row.proxy for row in found)
    printing.print_table(rows, [c for c in PROVIDER_COLUMNS if proxied or c[0] != "proxy"], empty="")
    click.echo(f"proved {ON_A_DOUBLE}: against a server on loopback that speaks the documented format", err=True)


def _path(context: click.Context) -> Path | None:
    """The configuration that is named, or found; None where there is none: the presets are known without."""
    from hotspare.configuration.error import ConfigurationError  # noqa: PLC0415 - as above
    from hotspare.configuration.finding import find  # noqa: PLC0415 - as above

    if context.obj is not None and context.obj.config is not None:
        return Path(context.obj.config)
    with contextlib.suppress(ConfigurationError):
        return find(os.environ, Path.cwd())
    return None


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

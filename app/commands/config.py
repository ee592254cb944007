"""The commands about the configuration as it stands: what holds, its schema, and writing decisions into it."""

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from hotspare.app import instance as instances
from hotspare.app import printing
from hotspare.app.ending import say
from hotspare.app.options import Chosen, config_option, instance_option, json_option
from hotspare.app.printing import Column
from hotspare.app.reach import look, named, running
from hotspare.router.error import HotspareError
from hotspare.widgets.plain import plain

KEY_COLUMNS: tuple[Column, ...] = (("key", "key"), ("value", "value"))
ORIGIN: tuple[Column, ...] = (("origin", "from"),)
LINE_CHARACTERS = 2000


class Unwritten(HotspareError):
    """What was shown is not written yet, or may not be."""

    exit_code = 4


@click.command()
def schema() -> None:
    """Print a JSON Schema of hotspare.toml, for editors."""
    from hotspare.configuration import schema as made  # noqa: PLC0415 - pydantic only where needed

    printing.print_json(made.schema())


@click.group()
def config() -> None:
    """Look at the configuration that holds, and write decisions into it."""


@config.command()
@config_option
@instance_option
@click.option("--origin", is_flag=True, help="Say where each value comes from.")
@json_option
@click.pass_obj
def show(chosen: Chosen, config: Path | None, instance: str | None, *, origin: bool, as_json: bool) -> None:
    """Print every key that holds: the file's, the environment's, the flags', the defaults, what operators decided."""
    from hotspare.app.settings import keys_of, written  # noqa: PLC0415 - the readers of all formats

    path = _path(config or chosen.config, instance)
    rows = keys_of(path, chosen.port) + _decided(instance, path)
    if as_json:
        printing.print_json(rows)
        return
    columns = KEY_COLUMNS + (ORIGIN if origin else ())
    printing.print_table([{**row, "value": written(row["value"])} for row in rows], columns, empty="")


@config.command()
@config_option
@instance_option
@click.option("--yes", is_flag=True, help="Write it.")
@json_option
@click.pass_obj
def write(chosen: Chosen, config: Path | None, instance: str | None, *, yes: bool, as_json: bool) -> None:
    """Write what operators have decided for good into the file: priorities, models disabled and enabled.

    Shows the difference; writes it with --yes, keeps the old file beside it.
    """
    from hotspare.configuration import writeback  # noqa: PLC0415 - the readers of all formats

    snapshot = look(instance, config or chosen.config).snapshot()
    if snapshot.instance.read_only:
        raise Unwritten("this instance is read-only: nothing is written", "set read_only = false under [console]")
    path = Path(snapshot.instance.config_path) if snapshot.instance.config_path else _path(config, instance)
    proposal = writeback.propose(path, writeback.wanted(snapshot), os.environ, datetime.now(UTC).date())
    backup = writeback.write(proposal, time.time()) if yes and not proposal.is_empty else None
    if as_json:
        printing.print_json(_outcome(proposal, backup, written=yes and not proposal.is_empty))
    else:
        for line in proposal.diff():
            click.echo(plain(line, LINE_CHARACTERS))
    for left in proposal.left:
        say(f"not written: {plain(left, LINE_CHARACTERS)}")
    _tell(proposal, backup, yes=yes)


def _tell(proposal: Any, backup: Path | None, *, yes: bool) -> None:
    if proposal.is_empty:
        say(f"nothing to write: {proposal.path} says it already")
    elif yes:
        kept = f"; the old one is {backup}" if backup else ""
        say(f"written: {proposal.path}{kept}")
    else:
        raise Unwritten("nothing is written yet", "to write it: hotspare config write --yes")


def _outcome(proposal: Any, backup: Path | None, *, written: bool) -> dict[str, Any]:
    return {
        "path": str(proposal.path),
        "diff": proposal.diff(),
        "left": list(proposal.left),
        "written": written,
        "backup": None if backup is None else str(backup),
    }


def _path(path: Path | None, instance: str | None) -> Path:
    """The file that is meant: the one named, that of the running instance, else the first one found."""
    if path is not None:
        return path
    running_one = instances.alive(instance) if instance else next(iter(instances.running()), None)
    if running_one is not None and running_one.config:
        return Path(running_one.config)
    from hotspare.configuration.finding import find  # noqa: PLC0415 - the readers of all formats

    return find(os.environ, Path.cwd())


def _decided(instance: str | None, path: Path) -> list[dict[str, Any]]:
    """What operators decided above the file, where the instance of that file runs."""
    from hotspare.app.settings import decided  # noqa: PLC0415 - likewise

    try:
        snapshot = running(named(instance, path)).snapshot()
    except HotspareError:
        return []
    return decided(snapshot)

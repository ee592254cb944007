"""The commands about what is kept on disk: where the store and the log are."""

from pathlib import Path

import click

from hotspare.app import instance as instances
from hotspare.app import printing
from hotspare.app.options import Chosen, looking
from hotspare.app.reach import named


@click.group()
def store() -> None:
    """Look after the database."""


@click.group()
def logs() -> None:
    """Look after the log."""


@store.command("path")
@looking
@click.pass_obj
def store_path(chosen: Chosen, instance: str | None, *, as_json: bool) -> None:
    """Print where the database is."""
    _print(_note(chosen.config, instance).store, as_json=as_json)


@logs.command("path")
@looking
@click.pass_obj
def logs_path(chosen: Chosen, instance: str | None, *, as_json: bool) -> None:
    """Print where the log is: JSON lines, one a decision."""
    _print(_note(chosen.config, instance).log, as_json=as_json)


def _print(path: str, *, as_json: bool) -> None:
    if as_json:
        printing.print_json({"path": path})
    else:
        click.echo(path)


def _note(config: Path | None, name: str | None) -> instances.Note:
    """The instance that is meant: the one that runs, else the one of the configuration."""
    try:
        return instances.find(named(name, config))
    except instances.NothingRuns as nothing:
        from hotspare.app.past import note_of  # noqa: PLC0415 - reads a configuration, only where nothing can be asked

        return note_of(name, config, nothing)
